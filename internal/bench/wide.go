package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Wide publishes one event to every endpoint of an instance, and again with the
// server killed in the middle.
type Wide struct {
	// Endpoints is how many there are, divided between projects.
	Endpoints int
	Projects  int
	// Kill publishes the second event and kills the server.
	Kill bool
}

// The bars of a wide event.
const (
	wideAccepted = 200.0 // milliseconds
	wideGrowth   = 50.0  // MiB
	// takenOver is how long deliveries that a killed server held may be away,
	// with time to spare.
	takenOver = 90 * time.Second
)

// Run measures.
func (w Wide) Run(ctx context.Context, o Options) (Result, error) {
	if w.Projects < 1 || w.Endpoints < w.Projects {
		return Result{}, errors.New("a wide event needs projects, and an endpoint in each")
	}
	return onStage(ctx, o, receiverPlan{}, w.measure)
}

// wideRun is what one wide event came to.
type wideRun struct {
	flow
	growth  float64 // MiB
	unknown int     // attempts whose server was lost
}

func (w Wide) measure(ctx context.Context, t *stage) (Result, error) {
	r := t.server.result(ctx, "fanout", "accept ms", "per s", "last after s", "growth MiB", "CPU s/1000", "lost", "twice", "unknown")
	r.Facts = append(r.Facts, fmt.Sprintf("one event to all of %d endpoints in %d projects", w.Endpoints, w.Projects))
	if err := t.enter(ctx); err != nil {
		return r, err
	}
	if err := w.endpoints(ctx, t); err != nil {
		return r, err
	}
	whole, err := w.whole(ctx, t)
	if err != nil {
		return r, err
	}
	w.note(&r, "undisturbed", whole)
	r.miss("accepted after, ms", whole.acceptP50, wideAccepted)
	r.miss("growth of memory, MiB", whole.growth, wideGrowth)
	if w.Kill {
		broken, err := w.broken(ctx, t)
		if err != nil {
			return r, err
		}
		w.note(&r, "killed in the middle", broken)
	}
	r.Machine.LoadAfter = load()
	return r, nil
}

func (w Wide) note(r *Result, name string, run wideRun) {
	last := 0.0
	if run.rate > 0 {
		last = float64(run.deliveries) / run.rate
	}
	r.Figures = append(r.Figures, Figure{Name: name, Values: []float64{
		run.acceptP50, run.rate, last, run.growth, run.cpu, float64(run.lost), float64(run.duplicates), float64(run.unknown),
	}})
	run.duplicates = max(0, run.duplicates-run.unknown) // the log says of those that it does not know
	r.Missed = append(r.Missed, run.missed(name)...)
}

// endpoints makes them through the API, several projects at a time.
func (w Wide) endpoints(ctx context.Context, t *stage) error {
	say(t.Log, "making %d endpoints", w.Endpoints)
	group, making := errgroup.WithContext(ctx)
	group.SetLimit(8)
	var saying sync.Mutex
	made := 0
	for i := range w.Projects {
		group.Go(func() error {
			project, err := makeProject(making, t.admin, fmt.Sprintf("wide-%d", i))
			if err != nil {
				return err
			}
			for at := i; at < w.Endpoints; at += w.Projects {
				if _, err := t.endpoint(making, project, "/ok/wide/", at, []string{topic(0)}); err != nil {
					return err
				}
			}
			saying.Lock()
			defer saying.Unlock()
			if made++; made%10 == 0 {
				say(t.Log, "%d of %d projects are made", made, w.Projects)
			}
			return nil
		})
	}
	return group.Wait()
}

// event is one wide event.
func (w Wide) event(t *stage, run string) loadPlan {
	return loadPlan{URLs: []string{t.server.URL}, Key: t.key, Run: run, Events: 1, Batch: 1, Topics: []string{topic(0)}, Audience: "all", Publishers: 1}
}

func (w Wide) whole(ctx context.Context, t *stage) (one wideRun, err error) {
	run, err := t.begin(ctx)
	if err != nil {
		return one, err
	}
	before := resident(t.server.PID())
	process, more := t.processes()
	m := newMeter(process, more...)
	done, err := t.publish(ctx, w.event(t, run))
	var got receipts
	if err == nil {
		got, err = t.inbox.wait(ctx, "/ok/wide/", w.Endpoints, patience)
	}
	used := m.stop()
	one.flow = newFlow(got, w.Endpoints, done.First)
	one.acceptP50, one.growth = millis(done.P50), math.Max(0, m.peak-before)
	one.spent(used, m.peak)
	return one, err
}

// broken kills the server after half of the deliveries, and starts another one.
func (w Wide) broken(ctx context.Context, t *stage) (one wideRun, err error) {
	run, err := t.begin(ctx)
	if err != nil {
		return one, err
	}
	done, err := t.publish(ctx, w.event(t, run))
	if err != nil {
		return one, err
	}
	half, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := t.inbox.until(half, "/ok/wide/", w.Endpoints/2); err != nil {
		return one, err
	}
	t.server.Kill()
	at := time.Now()
	say(t.Log, "killed; waiting for what it held")
	if err := t.server.Start(ctx); err != nil {
		return one, err
	}
	process, more := t.processes()
	m := newMeter(process, more...)
	got, err := t.inbox.wait(ctx, "/ok/wide/", w.Endpoints, takenOver)
	if err == nil && dialect(t.DatabaseURL) != "SQLite" { // whose only server takes all over at once
		got, err = t.heldBack(ctx, "/ok/wide/", at)
	}
	used := m.stop()
	one.flow = newFlow(got, w.Endpoints, done.First)
	one.acceptP50 = millis(done.P50)
	one.spent(used, m.peak)
	if err == nil {
		one.unknown, err = unknown(ctx, t.admin)
	}
	return one, err
}

// heldBack counts again once the leases of a server that was killed are over:
// what it sent and could not write down comes twice then.
func (t *stage) heldBack(ctx context.Context, under string, killed time.Time) (receipts, error) {
	pause(ctx, time.Until(killed.Add(takeover*time.Second)))
	return t.inbox.receipts(ctx, under)
}

// unknown is how many attempts a server found whose worker was lost.
func unknown(ctx context.Context, v *visitor) (int, error) {
	m, err := v.metrics(ctx)
	return int(m[`bellwire_attempts_total{cause="worker_lost",outcome="unknown"}`]), err
}
