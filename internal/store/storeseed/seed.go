// Package storeseed writes a made-up past straight into the tables, so that
// pages can be measured over a log that would take days to make by publishing.
// It is for the bench and for tests: it goes past every rule of publish and
// dispatch, and must only be pointed at a database that nobody else uses, with
// no server running on it.
package storeseed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Plan is the past that is wanted.
type Plan struct {
	// Projects and their endpoints exist already; they are made older than the
	// log.
	Projects []Project
	Topics   []Topic
	// Deliveries is about how many there shall be, between Since and Until.
	Deliveries   int
	Since, Until time.Time
	// Seed makes the same choices again.
	Seed uint64
}

// Project is one tenant of the plan.
type Project struct {
	ID        webhook.ProjectID
	Endpoints []Endpoint
}

// Endpoint is one destination of the plan.
type Endpoint struct {
	ID  webhook.EndpointID
	URL string
	// Share is its part of all deliveries, compared with the others' shares;
	// none if zero.
	Share float64
	// Failing is the part of its deliveries that are given up, 0 to 1.
	Failing float64
	// Paused holds what is not sent; the endpoint is paused already.
	Paused bool
}

// Topic is what events are about. Those without a share are published never.
type Topic struct {
	Name  string
	Share float64
}

// Filled says what was written.
type Filled struct {
	Events, Deliveries, Attempts, Statistics int
	// Widest is the event with the most deliveries; the narrow one has a
	// few.
	Widest, Narrow webhook.EventID
	// WidestIn and NarrowIn are their projects.
	WidestIn, NarrowIn webhook.ProjectID
	// Value is what many events carry in a search key, Rare what one carries.
	Value, Rare string
}

// Fill writes the plan's past. It does not begin on a database that has any
// event.
func Fill(ctx context.Context, url string, plan Plan) (Filled, error) {
	into, err := open(ctx, url)
	if err != nil {
		return Filled{}, fmt.Errorf("open the database to fill: %w", err)
	}
	h := newHistory(plan, into)
	err = h.write(ctx)
	return h.filled, errors.Join(err, into.close(ctx))
}

// Empty refuses a database that holds anybody's projects or users. It applies
// the migrations.
func Empty(ctx context.Context, url string) error {
	if err := migrate(ctx, url); err != nil {
		return err
	}
	into, err := open(ctx, url)
	if err != nil {
		return err
	}
	n, err := into.count(ctx, "SELECT (SELECT count(*) FROM projects) + (SELECT count(*) FROM users)")
	if err == nil && n > 0 {
		err = webhook.Conflict("the database holds projects or users of somebody: give an empty one")
	}
	return errors.Join(err, into.close(ctx))
}

func migrate(ctx context.Context, url string) error {
	s, err := store.Open(ctx, store.Options{URL: url})
	if err != nil {
		return err
	}
	return errors.Join(s.Migrate(ctx), s.Close())
}

// sink is where rows go: the two dialects take them in bulk in their own ways.
type sink interface {
	// rows adds rows to a table; ids are [16]byte, nil for none.
	rows(ctx context.Context, table, columns string, rows [][]any) error
	exec(ctx context.Context, sql string, args ...any) error
	count(ctx context.Context, sql string) (int, error)
	// value reads one of the instance's values, nil for none.
	value(ctx context.Context, key string) ([]byte, error)
	// day makes room for the rows of one day.
	day(ctx context.Context, start time.Time) error
	// commit ends a batch.
	commit(ctx context.Context) error
	// settle does what the database would have done by itself over the days.
	settle(ctx context.Context) error
	close(ctx context.Context) error
}

func open(ctx context.Context, url string) (sink, error) {
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		return openLite(ctx, path)
	}
	return openPostgres(ctx, url)
}

// dice are the choices of a plan.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 7))} }

// id is a UUIDv7 of a moment that the same seed makes again.
func (d dice) id(at time.Time) [16]byte {
	var random [10]byte
	for i := range random {
		random[i] = byte(d.Uint32())
	}
	return webhook.MakeUUID(at, random)
}

// chance is true with probability p.
func (d dice) chance(p float64) bool { return d.Float64() < p }

// shares picks positions in proportion to their weights.
type shares struct{ sums []float64 }

func (s *shares) add(weight float64) {
	last := 0.0
	if len(s.sums) > 0 {
		last = s.sums[len(s.sums)-1]
	}
	s.sums = append(s.sums, last+weight)
}

func (s *shares) pick(d dice) int {
	want := d.Float64() * s.sums[len(s.sums)-1]
	low, high := 0, len(s.sums)-1
	for low < high {
		if middle := (low + high) / 2; s.sums[middle] > want {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}
