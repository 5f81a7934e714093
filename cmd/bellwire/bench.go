package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/bellwire/bellwire/internal/bench"
)

// benchmark is what every scenario takes.
type benchmark struct {
	DatabaseURL string `help:"An EMPTY database, or one that this scenario filled before. Default: an SQLite file that is removed afterwards." env:"BELLWIRE_BENCH_DATABASE_URL"`
	JSON        string `help:"Also write the result, with every detail, to this file." type:"path" name:"json" placeholder:"FILE"`
}

// flowing is what every scenario takes that publishes events.
type flowing struct {
	benchmark   `embed:""`
	DatabasePID int           `help:"PostgreSQL's first process, whose processor time counts. Default: found, if it runs on this machine." placeholder:"PID"`
	Settle      time.Duration `help:"How long duplicates are waited for after the last delivery." default:"500ms"`
}

func (f flowing) run(ctx context.Context, s bench.Scenario) error {
	return f.measure(ctx, s, bench.Options{DatabasePID: f.DatabasePID, Settle: f.Settle})
}

func (b benchmark) run(ctx context.Context, s bench.Scenario) error {
	return b.measure(ctx, s, bench.Options{})
}

// measure measures, prints, and fails if a bar was missed.
func (b benchmark) measure(ctx context.Context, s bench.Scenario, o bench.Options) (err error) {
	if o.Binary, err = os.Executable(); err != nil {
		return err
	}
	o.DatabaseURL, o.Log = b.DatabaseURL, os.Stderr
	result, err := s.Run(ctx, o)
	if err != nil {
		return err
	}
	result.Print(os.Stdout)
	if b.JSON != "" {
		err = writeJSON(b.JSON, result)
	}
	return errors.Join(err, result.Err())
}

func writeJSON(path string, result bench.Result) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return errors.Join(result.WriteJSON(file), file.Close())
}

type benchPagesCommand struct {
	benchmark  `embed:""`
	Deliveries int           `help:"Length of the log." default:"1000000"`
	Endpoints  int           `help:"Endpoints of the busiest project." default:"200"`
	Wide       int           `help:"Endpoints of the project with the most." default:"2000"`
	Rounds     int           `help:"How often each address is asked for." default:"30"`
	Limit      time.Duration `help:"The bar for the 95th percentile of each address." default:"100ms"`
	Only       string        `help:"Ask only for addresses with this in their name."`
}

func (b *benchPagesCommand) Run(ctx context.Context) error {
	return b.run(ctx, bench.Pages{
		Deliveries: b.Deliveries, Endpoints: b.Endpoints, Wide: b.Wide, Rounds: b.Rounds, Limit: b.Limit, Only: b.Only,
	})
}
