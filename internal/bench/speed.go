package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Speed publishes in several ways, counts what arrives, and puts each rate
// beside what the same machine reaches in the same minutes without a store.
type Speed struct {
	// Rounds is how often everything is measured; medians count.
	Rounds int
	// Events are those of a round with one delivery each; the other courses
	// follow from it.
	Events int
	// Drain is the length of a backlog over ten endpoints; one endpoint's is a
	// tenth. Paced is how many events are published at 50 a second.
	Drain, Paced int
	// Idle is how long the server is left alone before its memory is read.
	Idle time.Duration
	// Only, if set, leaves the courses whose name holds it.
	Only string
}

// The courses' names.
const (
	single32  = "single, 32 publishers"
	single128 = "single, 128 publishers"
	fanOut10  = "fan-out 10"
	batch100  = "batches of 100"
	paced50   = "paced, 50/s"
	draining  = "drain of a backlog"
	drainOne  = "drain of one endpoint"
	senderOf  = "limit: sender alone"
	chainOf   = "limit: chain, "
)

const (
	fanOut        = 10
	batchSize     = 100
	perSecond     = 50
	senderWorkers = 64
	chainWorkers  = 128
)

// courses are the ways of publishing, but for the drain.
func (s Speed) courses() []course {
	all := []course{
		{name: single32, publishers: 32, batch: 1, fanOut: 1, events: s.Events},
		{name: single128, publishers: 128, batch: 1, fanOut: 1, events: s.Events},
		{name: fanOut10, publishers: 32, batch: 1, fanOut: fanOut, events: max(1, s.Events/2)},
		{name: batch100, publishers: 8, batch: batchSize, fanOut: 1, events: 2 * s.Events},
		{name: paced50, publishers: 64, batch: 1, fanOut: 1, events: s.Paced, rate: perSecond},
	}
	var wanted []course
	for _, c := range all {
		if s.wants(c.name) {
			wanted = append(wanted, c)
		}
	}
	return wanted
}

func (s Speed) wants(name string) bool { return strings.Contains(name, s.Only) }

// Run measures.
func (s Speed) Run(ctx context.Context, o Options) (Result, error) {
	if s.Rounds < 1 || s.Events < 1 || s.Drain < 1 || s.Paced < 1 {
		return Result{}, errors.New("speed needs a round, and events for each course")
	}
	return onStage(ctx, o, receiverPlan{}, s.measure)
}

// measured is what the rounds came to, by the names of courses and limits.
type measured struct {
	order       []string
	rounds      map[string][]flow
	idle, share float64 // MiB: resident, and the part that counts as its own
}

func (m *measured) add(name string, f flow) {
	if m.rounds[name] == nil {
		m.order = append(m.order, name)
	}
	m.rounds[name] = append(m.rounds[name], f)
}

func (s Speed) measure(ctx context.Context, t *stage) (Result, error) {
	r := t.server.result(ctx, "speed", flowColumns...)
	say(t.Log, "leaving the server alone for %s", s.Idle)
	pause(ctx, s.Idle)
	m := &measured{rounds: map[string][]flow{}}
	m.idle, m.share = resident(t.server.PID()), memory(t.server.PID(), "smaps_rollup", "Pss")
	if err := t.enter(ctx); err != nil {
		return r, err
	}
	yards, err := s.yards(ctx, t)
	if err != nil {
		return r, err
	}
	for round := range s.Rounds {
		if err := s.round(ctx, t, yards, m, round); err != nil {
			return r, err
		}
	}
	r.Machine.LoadAfter = load()
	s.judge(&r, t, m)
	return r, nil
}

// yards makes a project for each course and warms it.
func (s Speed) yards(ctx context.Context, t *stage) (map[string]yard, error) {
	yards := map[string]yard{}
	for i, c := range s.courses() {
		y, err := t.yard(ctx, fmt.Sprintf("course-%d", i), c.fanOut, 1)
		if err == nil {
			_, err = t.drive(ctx, c.warm(), t.source(y, c.fanOut))
		}
		if err != nil {
			return nil, err
		}
		yards[c.name] = y
	}
	for name, endpoints := range drains {
		if !s.wants(name) {
			continue
		}
		y, err := t.yard(ctx, fmt.Sprintf("drain-%d", endpoints), endpoints, endpoints)
		if err != nil {
			return nil, err
		}
		yards[name] = y
	}
	return yards, nil
}

// drains are the backlogs by the number of their endpoints.
var drains = map[string]int{draining: topicsMade, drainOne: 1}

// warm is the same with few events, as fast as it goes.
func (c course) warm() course {
	c.events, c.rate = min(c.events, 4*c.batch*c.publishers/c.fanOut+1), 0
	return c
}

// round measures everything once. The limit comes before or after, in turn.
func (s Speed) round(ctx context.Context, t *stage, yards map[string]yard, m *measured, round int) error {
	say(t.Log, "round %d of %d", round+1, s.Rounds)
	for _, c := range s.courses() {
		var ours, limit flow
		steps := []func() error{
			func() (err error) { limit, err = t.chain(ctx, c); return err },
			func() (err error) { ours, err = t.drive(ctx, c, t.source(yards[c.name], c.fanOut)); return err },
		}
		for i := range steps {
			if err := steps[(i+round)%len(steps)](); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		ours.limit, limit.limit = limit.rate, limit.rate
		say(t.Log, "%s: %.0f/s, the chain without a store %.0f/s", c.name, ours.rate, limit.rate)
		m.add(c.name, ours)
		m.add(chainOf+c.name, limit)
	}
	return s.drains(ctx, t, yards, m)
}

// drains measures the backlogs and, once for both, the sender alone.
func (s Speed) drains(ctx context.Context, t *stage, yards map[string]yard, m *measured) error {
	var limit flow
	for _, name := range []string{draining, drainOne} {
		y, wanted := yards[name]
		if !wanted {
			continue
		}
		var err error
		if limit.rate == 0 {
			if limit, err = t.sender(ctx, max(s.Events, s.Drain/3)); err != nil {
				return err
			}
			limit.limit = limit.rate
			m.add(senderOf, limit)
		}
		ours, err := t.drain(ctx, y, max(1, s.Drain*len(y.endpoints)/topicsMade))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		ours.limit = limit.rate
		say(t.Log, "%s: %.0f/s, the sender alone %.0f/s", name, ours.rate, limit.rate)
		m.add(name, ours)
	}
	return nil
}
