// Command faultlab disturbs the built product and checks that nothing accepted
// is lost; docs/faults.md says how. It is for development only.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/bellwire/bellwire/internal/faultlab"
)

type commands struct {
	Run runCommand `cmd:"" default:"withargs" help:"Disturb the product and check its promises (the default)."`
}

// run is what every command takes.
type run struct {
	Binary string  `help:"The built program. Default: built from here." type:"path" placeholder:"FILE"`
	Seed   uint64  `help:"Load and faults come in the same order for the same seed. Default: from the clock." env:"FAULTLAB_SEED"`
	Rate   float64 `help:"Events published a second." default:"20"`
}

type runCommand struct {
	run      `embed:""`
	Database string        `help:"sqlite, postgres, or both in turn." enum:"sqlite,postgres,both" default:"both"`
	Nodes    int           `help:"Servers that share a PostgreSQL." default:"3"`
	Time     time.Duration `help:"How long faults come, on each database." default:"60s" env:"FAULTLAB_TIME"`
	Faults   []string      `help:"Only these kinds." placeholder:"KIND"`
	Dir      string        `help:"Where database and journals lie; kept. Default: a temporary one, kept after a failure." type:"path"`
}

func (c *runCommand) Run(ctx context.Context) error {
	o := faultlab.Options{Binary: c.Binary, Seed: c.Seed, For: c.Time, Rate: c.Rate, Faults: c.Faults, Dir: c.Dir, Log: os.Stderr}
	if o.Seed == 0 {
		o.Seed = uint64(time.Now().UnixNano()) % 1e6
	}
	if o.Binary == "" {
		built, clean, err := faultlab.Build(ctx, nil)
		if err != nil {
			return err
		}
		defer clean()
		o.Binary = built
	}
	var broken error
	for _, postgres := range map[string][]bool{"sqlite": {false}, "postgres": {true}, "both": {false, true}}[c.Database] {
		if o.Postgres, o.Nodes = postgres, 0; postgres {
			o.Nodes = c.Nodes
		}
		report, err := faultlab.Run(ctx, o)
		if err != nil {
			return err
		}
		report.Print(os.Stdout)
		if err := report.Err(); err != nil {
			broken = err
		}
	}
	return broken
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var c commands
	parsed := kong.Parse(&c, kong.Name("faultlab"), kong.ShortUsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Description("Kills, stops, cuts and fills what Bellwire stands on, and checks that nothing accepted is lost."))
	if err := parsed.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "faultlab: %v\n", err)
		stop()
		os.Exit(1)
	}
}
