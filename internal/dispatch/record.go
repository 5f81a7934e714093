package dispatch

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// maxRecord is how many results go into one transaction.
	maxRecord = 500
	// maxUnrecorded is how many results may be held before nothing new is
	// taken on.
	maxUnrecorded = 4 * maxRecord
	// keepResults is how long a result is tried; then its lease decides.
	keepResults = 60 * time.Second
	// linger is how long a recorder waits for company while lingerBusy or more
	// requests are open: fewer, larger transactions.
	linger     = 2 * time.Millisecond
	lingerBusy = 16
	// The pause before a result is tried again grows between these.
	retryFirst = 50 * time.Millisecond
	retryLast  = 2 * time.Second
	// maxTries is how often a single result that the database refuses, though
	// it can be reached, is tried.
	maxTries = 5
)

// result is a settled attempt on its way to the database.
type result struct {
	settled webhook.Settled
	at      time.Time
	// wakes: others may have become due by this.
	wakes bool
	// recorded is closed once the result is stored or given up; nil if nobody
	// waits.
	recorded chan struct{}
}

// recorder writes results in batches. Workers add, run takes. A second run
// helps out while more wait than one transaction holds: with fewer to write, two
// transactions would only wait for each other at the rows of a busy endpoint.
type recorder struct {
	d          *Dispatcher
	more       chan struct{} // results were added; capacity 1
	many       chan struct{} // more than one transaction holds; capacity 1
	closed     chan struct{} // no more will be added
	unrecorded atomic.Int64
	failing    atomic.Bool // the last write failed

	mu      sync.Mutex
	pending []*result // guarded by mu
	flushBy time.Time
}

func newRecorder(d *Dispatcher) *recorder {
	return &recorder{d: d, more: make(chan struct{}, 1), many: make(chan struct{}, 1), closed: make(chan struct{})}
}

// keepsUp reports whether results reach the database about as fast as they
// come in.
func (r *recorder) keepsUp() bool { return r.unrecorded.Load() < maxUnrecorded }

func (r *recorder) add(one *result) {
	r.unrecorded.Add(1)
	r.mu.Lock()
	r.pending = append(r.pending, one)
	many := len(r.pending) > maxRecord
	r.mu.Unlock()
	if signal(r.more); many {
		signal(r.many)
	}
}

// close makes run write what is left and return.
func (r *recorder) close() {
	r.mu.Lock()
	r.flushBy = r.d.now().Add(flushPatience)
	r.mu.Unlock()
	close(r.closed)
}

// run writes results until close.
func (r *recorder) run() {
	for {
		batch := r.take(nil)
		if len(batch) > 0 {
			r.store(r.company(batch))
			continue
		}
		select {
		case <-r.more:
		case <-r.closed:
			if batch = r.take(nil); len(batch) == 0 {
				return
			}
			r.store(batch)
		}
	}
}

// help writes results along with run until close, as long as there are many.
func (r *recorder) help() {
	for {
		select {
		case <-r.many:
			r.store(r.take(nil))
		case <-r.closed:
			return
		}
	}
}

// take fills a batch with pending results.
func (r *recorder) take(batch []*result) []*result {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.pending), maxRecord-len(batch))
	batch = append(batch, r.pending[:n]...)
	if n == len(r.pending) {
		clear(r.pending)
		r.pending = r.pending[:0]
		return batch
	}
	r.pending = append([]*result(nil), r.pending[n:]...)
	if signal(r.more); len(r.pending) > maxRecord {
		signal(r.many)
	}
	return batch
}

// company waits a moment for more results where many are about to come.
func (r *recorder) company(batch []*result) []*result {
	if len(batch) >= lingerBusy || r.d.pool.busy() < lingerBusy {
		return batch
	}
	within(linger, r.closed)
	return r.take(batch)
}

// store writes a batch, again and again while the database can't be reached.
// One that refuses a batch gets it in halves, so that a single bad result does
// not hold up the others.
func (r *recorder) store(batch []*result) {
	pause := retryFirst
	for try := 1; len(batch) > 0; try++ {
		err := r.write(batch)
		if err == nil {
			r.settled(batch, nil)
			return
		}
		if !r.failing.Swap(true) {
			r.d.log.Error("results can't be recorded", "results", len(batch), "error", err)
		}
		reached := webhook.KindOf(err) != webhook.KindUnavailable && !errors.Is(err, context.DeadlineExceeded)
		switch {
		case reached && len(batch) > 1:
			r.store(batch[:len(batch)/2])
			r.store(batch[len(batch)/2:])
			return
		case reached && try >= maxTries:
			r.settled(batch, err)
			return
		}
		within(pause, nil)
		pause = min(2*pause, retryLast)
		batch = r.dropOld(batch, err)
	}
}

// write records a batch, in the order in which the store writes.
func (r *recorder) write(batch []*result) error {
	slices.SortStableFunc(batch, func(a, b *result) int {
		return bytes.Compare(a.settled.DeliveryID.UUID[:], b.settled.DeliveryID.UUID[:])
	})
	settled := make([]webhook.Settled, len(batch))
	for i, one := range batch {
		settled[i] = one.settled
	}
	ctx, cancel := context.WithTimeout(context.Background(), queryPatience)
	defer cancel()
	return r.d.queue.Record(ctx, r.d.node, settled)
}

// dropOld gives up results that were tried for too long.
func (r *recorder) dropOld(batch []*result, err error) []*result {
	r.mu.Lock()
	flushBy := r.flushBy
	r.mu.Unlock()
	now := r.d.now()
	if !flushBy.IsZero() && now.After(flushBy) {
		r.settled(batch, err)
		return nil
	}
	kept, old := make([]*result, 0, len(batch)), make([]*result, 0, len(batch))
	for _, one := range batch {
		if now.Sub(one.at) < keepResults {
			kept = append(kept, one)
		} else {
			old = append(old, one)
		}
	}
	r.settled(old, err)
	return kept
}

// settled ends results that were written, or with an error given up: their
// leases end and the sweep records them as unknown.
func (r *recorder) settled(batch []*result, err error) {
	if len(batch) == 0 {
		return
	}
	if err != nil {
		r.d.log.Error("results given up; their leases will end", "results", len(batch), "error", err)
	} else if r.failing.Swap(false) {
		r.d.log.Info("results are recorded again")
	}
	wakes := false
	for _, one := range batch {
		if one.recorded != nil {
			close(one.recorded)
		}
		wakes = wakes || one.wakes
		if err == nil {
			r.d.tellExhausted(one.settled)
		}
	}
	if r.unrecorded.Add(-int64(len(batch))); wakes || r.d.backlog.Load() {
		r.d.Wake()
	}
}

// tellExhausted logs a delivery that was given up: ids, no address.
func (d *Dispatcher) tellExhausted(s webhook.Settled) {
	if s.State != webhook.Exhausted || s.Test {
		return
	}
	d.log.Warn("delivery exhausted", "delivery", s.DeliveryID.String(), "endpoint", s.EndpointID.String(), "project", s.ProjectID.String(),
		"status", s.Attempt.Response.Status, "cause", string(s.Attempt.Cause))
}
