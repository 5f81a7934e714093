// Command faultlab disturbs the built product and checks that nothing accepted
// is lost; docs/faults.md says how. It is for development only.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/bellwire/bellwire/internal/faultlab"
)

type commands struct {
	Run   runCommand   `cmd:"" default:"withargs" help:"Disturb the product and check its promises (the default)."`
	Bites bitesCommand `cmd:"" help:"Break the product in known ways; each must be noticed."`
}

// run is what every command takes.
type run struct {
	Seed uint64  `help:"Load and faults come in the same order for the same seed. Default: from the clock." env:"FAULTLAB_SEED"`
	Rate float64 `help:"Events published a second." default:"20"`
}

type runCommand struct {
	run      `embed:""`
	Binary   string        `help:"The built program. Default: built from here." type:"path" placeholder:"FILE"`
	Database string        `help:"sqlite, postgres, or both in turn." enum:"sqlite,postgres,both" default:"both"`
	Nodes    int           `help:"Servers that share a PostgreSQL." default:"3"`
	Time     time.Duration `help:"How long faults come, on each database." default:"60s" env:"FAULTLAB_TIME"`
	Faults   []string      `help:"Only these kinds." placeholder:"KIND"`
	Dir      string        `help:"Where database and journals lie; kept. Default: a temporary one, kept after a failure." type:"path"`
}

func (c *runCommand) Run(ctx context.Context) error {
	o := c.options()
	o.Binary, o.For, o.Faults, o.Dir = c.Binary, c.Time, c.Faults, c.Dir
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

// options are those of every run.
func (r run) options() faultlab.Options {
	o := faultlab.Options{Seed: r.Seed, Rate: r.Rate, Log: os.Stderr}
	if o.Seed == 0 {
		o.Seed = uint64(time.Now().UnixNano()) % 1e6
	}
	return o
}

type bitesCommand struct {
	run  `embed:""`
	Only []string `help:"Only these." placeholder:"NAME"`
}

func (c *bitesCommand) Run(ctx context.Context) error {
	escaped := 0
	for _, bite := range faultlab.Bites() {
		if len(c.Only) > 0 && !slices.Contains(c.Only, bite.Name) {
			continue
		}
		result, err := bite.Run(ctx, c.options())
		if err != nil {
			return err
		}
		verdict := "caught"
		if !result.Caught {
			verdict, escaped = "NOT CAUGHT", escaped+1
		}
		fmt.Printf("%-18s %s after %s, by %s (seed %d): %s\n", bite.Name, verdict, result.Took.Round(time.Second), strings.Join(result.Rules, ", "), result.Seed, bite.Breaks)
	}
	if escaped > 0 {
		return fmt.Errorf("%d broken builds were not noticed", escaped)
	}
	return nil
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
