package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Neighbour measures the delay of a healthy endpoint alone, and beside a dead
// one with many deliveries waiting and others that take their time to answer.
type Neighbour struct {
	Rounds int
	// Events go to the healthy endpoint at 50 a second.
	Events int
	// Waiting deliveries are due for the dead endpoint when a round begins.
	Waiting int
	// Slow endpoints answer after SlowFor; each gets SlowPerSecond deliveries.
	Slow          int
	SlowFor       time.Duration
	SlowPerSecond float64
	// Ramp is how long the trouble lasts before the delay is measured.
	Ramp time.Duration
}

// mostBeside is the bar: so many times the delay alone.
const mostBeside = 2

// Run measures.
func (n Neighbour) Run(ctx context.Context, o Options) (Result, error) {
	if n.Rounds < 1 || n.Events < 1 || n.Waiting < 1 || n.Slow < 1 || n.SlowPerSecond <= 0 {
		return Result{}, errors.New("neighbours need a round, events, waiting deliveries and slow endpoints")
	}
	return onStage(ctx, o, receiverPlan{SlowFor: n.SlowFor}, n.measure)
}

// street is a project with a healthy endpoint and its neighbours.
type street struct {
	healthy, dead, slow yard
}

// trouble is the neighbours together.
func (s street) trouble() yard { return yard{endpoints: append(s.slow.endpoints, s.dead.endpoints...)} }

// street makes them: each kind hears of a topic of its own.
func (n Neighbour) street(ctx context.Context, t *stage) (s street, err error) {
	project, err := makeProject(ctx, t.admin, "street")
	if err != nil {
		return s, err
	}
	key, err := t.publishingKey(ctx, project)
	if err != nil {
		return s, err
	}
	for i, kind := range []struct {
		into  *yard
		name  string
		under string
		n     int
	}{{&s.healthy, "healthy", "/ok/healthy/", 1}, {&s.dead, "dead", "/dead/", 1}, {&s.slow, "slow", "/slow/", n.Slow}} {
		*kind.into = yard{name: kind.name, project: project, key: key, topics: []string{topic(i)}}
		for at := range kind.n {
			id, err := t.endpoint(ctx, project, kind.under, at, kind.into.topics)
			if err != nil {
				return s, err
			}
			kind.into.endpoints = append(kind.into.endpoints, id)
		}
	}
	return s, t.switchAll(ctx, s.trouble(), "pause")
}

// besides are the rounds' figures.
type besides struct {
	alone, beside []flow
	// dead and slow count requests to the neighbours while the delay was
	// measured.
	dead, slow int
}

func (n Neighbour) measure(ctx context.Context, t *stage) (Result, error) {
	r := t.server.result(ctx, "neighbour", flowColumns...)
	if err := t.enter(ctx); err != nil {
		return r, err
	}
	s, err := n.street(ctx, t)
	if err != nil {
		return r, err
	}
	pace := course{name: paced50, publishers: 64, batch: 1, fanOut: 1, events: n.Events, rate: perSecond}
	if _, err := t.drive(ctx, pace.warm(), t.source(s.healthy, 1)); err != nil {
		return r, err
	}
	var all besides
	for round := range n.Rounds {
		say(t.Log, "round %d of %d", round+1, n.Rounds)
		alone, err := t.drive(ctx, pace, t.source(s.healthy, 1))
		if err != nil {
			return r, err
		}
		beside, err := n.beside(ctx, t, s, pace, &all)
		if err != nil {
			return r, err
		}
		say(t.Log, "p99 %.1f ms alone, %.1f ms beside the others", alone.p99, beside.p99)
		all.alone, all.beside = append(all.alone, alone), append(all.beside, beside)
	}
	r.Machine.LoadAfter = load()
	n.judge(&r, all)
	return r, nil
}

// beside makes trouble, measures, and ends it.
func (n Neighbour) beside(ctx context.Context, t *stage, s street, pace course, all *besides) (f flow, err error) {
	if _, err := t.publish(ctx, backlog(t.server.URL, s.dead, "dead", n.Waiting)); err != nil {
		return f, err
	}
	if err := t.switchAll(ctx, s.trouble(), "resume"); err != nil {
		return f, err
	}
	traffic, err := startPart(ctx, t.Options, "load", loadPlan{
		URLs: []string{t.server.URL}, Key: s.slow.key, Run: "slow", Events: 1 << 30, Batch: 1, Topics: s.slow.topics, Publishers: 8, Rate: n.SlowPerSecond, Within: publishWithin,
	})
	if err != nil {
		return f, err
	}
	pause(ctx, n.Ramp)
	pace.within = besideWithin
	f, err = t.drive(ctx, pace, t.source(s.healthy, 1))
	traffic.stop()
	if err != nil {
		return f, err
	}
	for under, into := range map[string]*int{"/dead/": &all.dead, "/slow/": &all.slow} {
		got, err := t.inbox.receipts(ctx, under)
		if err != nil {
			return f, err
		}
		*into += got.Duplicates // what another load sent
	}
	err = n.calm(ctx, t, s, &f)
	return f, err
}

// besideWithin is how long the healthy endpoint's deliveries are waited for
// while the trouble lasts; they may come after it.
const besideWithin = time.Minute

// calm ends the trouble and waits until nothing of it is left. What had to wait
// for the healthy endpoint comes now, and counts with its delay.
func (n Neighbour) calm(ctx context.Context, t *stage, s street, f *flow) error {
	if err := t.switchAll(ctx, s.trouble(), "pause"); err != nil {
		return err
	}
	expected := f.deliveries + f.lost
	got, err := t.inbox.wait(ctx, s.healthy.under(), expected, patience+4*n.SlowFor)
	if err != nil {
		return err
	}
	last := newFlow(got, expected, f.first)
	f.deliveries, f.lost, f.duplicates, f.rate, f.p50, f.p99 = last.deliveries, last.lost, last.duplicates, last.rate, last.p50, last.p99
	for end := time.Now().Add(patience + 4*n.SlowFor); ctx.Err() == nil && time.Now().Before(end); pause(ctx, askEvery) {
		m, err := t.admin.metrics(ctx)
		if err != nil || m[`bellwire_dispatch_slots{state="used"}`] == 0 {
			return err
		}
	}
	return nil
}

func (n Neighbour) judge(r *Result, all besides) {
	r.Columns = append([]string{"per s", "p99 alone", "times"}, flowColumns[3:]...)
	var times []float64
	for i := range all.alone {
		times = append(times, all.beside[i].p99/max(all.alone[i].p99, .001))
	}
	for _, row := range []struct {
		name string
		all  []flow
		than float64
	}{{"alone", all.alone, 1}, {"beside the others", all.beside, median(times)}} {
		f := figure(row.name, row.all)
		f.Values[1], f.Values[2] = figure("", all.alone).Values[4], row.than
		r.Figures = append(r.Figures, f)
		for i, one := range row.all {
			r.Missed = append(r.Missed, one.missed(row.name)...)
			r.Details = append(r.Details, Figure{Name: fmt.Sprintf("%s, round %d", row.name, i+1), Values: one.values(), Note: one.complaint})
		}
	}
	r.Facts = append(r.Facts,
		fmt.Sprintf("medians of %d rounds, in turn; %d events at %d/s to the healthy endpoint", n.Rounds, n.Events, perSecond),
		fmt.Sprintf("the others, in the same project: a dead endpoint (503) with %d waiting, and %d that answer after %s and get %g deliveries a second each; they got %d and %d requests meanwhile",
			n.Waiting, n.Slow, n.SlowFor, n.SlowPerSecond, all.dead, all.slow))
	r.miss("p99 beside the others, times that alone", median(times), mostBeside)
	if all.slow == 0 {
		r.Missed = append(r.Missed, "the slow endpoints got nothing while the delay was measured")
	}
}
