package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Restart kills a server with many deliveries waiting and starts it again.
type Restart struct {
	// Waiting deliveries are in the table.
	Waiting int
	// Rounds is how often it is killed.
	Rounds int
	// Delivered is how many a round waits for, for a minute at most.
	Delivered int
}

// The bars of a restart.
const (
	firstWithin   = 3.0 // seconds
	restartMemory = 286 // MiB: 300 MB
	restartLasts  = time.Minute
)

// Run measures.
func (s Restart) Run(ctx context.Context, o Options) (Result, error) {
	if s.Waiting < 1 || s.Rounds < 1 || s.Delivered < 1 || s.Rounds*s.Delivered > s.Waiting {
		return Result{}, errors.New("a restart needs a round, and for each round as many waiting deliveries as it waits for")
	}
	return onStage(ctx, o, receiverPlan{}, s.measure)
}

// started is what one start came to.
type started struct {
	first, most float64 // seconds to the first delivery, MiB
	flow        flow
}

func (s Restart) measure(ctx context.Context, t *stage) (Result, error) {
	r := t.server.result(ctx, "restart", "s to first", "peak MiB", "per s", "CPU s/1000", "delivered")
	if err := t.enter(ctx); err != nil {
		return r, err
	}
	y, err := t.yard(ctx, "restart", topicsMade, topicsMade)
	if err != nil {
		return r, err
	}
	run, err := s.fill(ctx, t, y)
	if err != nil {
		return r, err
	}
	var all []started
	for range s.Rounds {
		one, err := s.again(ctx, t, y, run)
		if err != nil {
			return r, err
		}
		say(t.Log, "first delivery after %.2f s, %.0f MiB", one.first, one.most)
		all = append(all, one)
	}
	r.Machine.LoadAfter = load()
	s.judge(&r, all)
	return r, nil
}

// fill publishes the deliveries while nothing may go, lets all go and pulls
// the plug.
func (s Restart) fill(ctx context.Context, t *stage, y yard) (run string, err error) {
	if err := t.switchAll(ctx, y, "pause"); err != nil {
		return "", err
	}
	if run, err = t.begin(ctx); err != nil {
		return "", err
	}
	say(t.Log, "publishing %d events that must wait", s.Waiting)
	done, err := t.publish(ctx, backlog(t.server.URL, y, run, s.Waiting))
	if err == nil && done.Accepted < s.Waiting {
		err = fmt.Errorf("only %d were accepted: %s", done.Accepted, done.Complaint)
	}
	if err != nil {
		return "", err
	}
	err = t.switchAll(ctx, y, "resume")
	t.server.Kill()
	return run, err
}

// again starts the server, watches its first minute and kills it.
func (s Restart) again(ctx context.Context, t *stage, y yard, run string) (one started, err error) {
	pause(ctx, t.Settle) // what the killed one sent may still be read
	if err := t.inbox.begin(ctx, run); err != nil {
		return one, err
	}
	begin := time.Now()
	if err := t.server.Launch(ctx); err != nil {
		return one, err
	}
	process, more := t.processes()
	m := newMeter(process, more...)
	watched, cancel := context.WithTimeout(ctx, restartLasts)
	defer cancel()
	err = t.inbox.until(watched, y.under(), s.Delivered)
	got, wrong := t.inbox.receipts(ctx, y.under())
	used := m.stop()
	one.most = max(m.peak, memory(process, "status", "VmHWM"))
	t.server.Kill()
	if err = errors.Join(err, wrong); err != nil {
		return one, err
	}
	if got.Unique == 0 {
		return one, fmt.Errorf("nothing was delivered within %s of the start:\n%s", restartLasts, t.server.Log())
	}
	one.first = time.Duration(got.First - begin.UnixNano()).Seconds()
	one.flow = newFlow(got, got.Unique, got.First)
	one.flow.spent(used, one.most)
	return one, nil
}

func (s Restart) judge(r *Result, all []started) {
	r.Facts = append(r.Facts, fmt.Sprintf("%d deliveries were waiting when the server was killed, and killed again after each start", s.Waiting),
		"from the start of the process; the rate and the processor time are of all until the round's last delivery")
	columns := make([][]float64, len(r.Columns))
	for i, one := range all {
		values := []float64{one.first, one.most, one.flow.rate, one.flow.cpu, float64(one.flow.deliveries)}
		r.Details = append(r.Details, Figure{Name: fmt.Sprintf("start %d", i+1), Values: values})
		for at, v := range values {
			columns[at] = append(columns[at], v)
		}
	}
	f := Figure{Name: fmt.Sprintf("restart with %d waiting", s.Waiting)}
	for _, values := range columns {
		f.Values = append(f.Values, median(values))
	}
	r.Figures = append(r.Figures, f)
	r.miss("first delivery after, s", f.Values[0], firstWithin)
	r.miss("memory at its peak, MiB", f.Values[1], restartMemory)
}
