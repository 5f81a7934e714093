// Package bench measures the product from outside: a scenario starts the built
// binary on an empty database, fills it, asks what people and programs ask, and
// holds what it measured against the house's bars. It knows the public
// interfaces and, to fill a log in minutes, storeseed; nothing else inside.
package bench

import (
	"context"
	"errors"
	"io"
	"time"
)

// Options are what every scenario needs to know.
type Options struct {
	// Binary is the built program.
	Binary string
	// DatabaseURL names an empty database, or one that the same scenario filled
	// before. Empty: an SQLite file that is removed afterwards.
	DatabaseURL string
	// DatabasePID is the process of PostgreSQL, where it can't be found.
	DatabasePID int
	// Settle is how long duplicates are waited for after the last delivery,
	// while the server writes down what it sent.
	Settle time.Duration
	// Log is told what is being done.
	Log io.Writer
}

// Scenario is one way of measuring; the command line has a subcommand for each.
type Scenario interface {
	// Run measures. An error means that nothing was measured; what missed a
	// bar stands in the result.
	Run(ctx context.Context, o Options) (Result, error)
}

// ErrMissed is that a bar was missed.
var ErrMissed = errors.New("the measurement misses its bar")

// millis is a duration in milliseconds.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
