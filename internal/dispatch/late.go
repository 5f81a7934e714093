package dispatch

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// lookEvery is how often open requests are looked at, at most.
const lookEvery = 10 * time.Millisecond

// worker is what a goroutine that sends has in hand.
type worker struct {
	// Set before the worker's next request to the pool, by itself.
	sent   bool // the attempt was made and has ended, so that the rest counts
	failed bool
	took   time.Duration

	// Set by the pool, under its mutex. The worker may read the lane, what was
	// known of it when the job began, and whether others wait for its end.
	lane    *lane
	limits  limits
	awaited bool
	number  uint64 // of the job, among all that the pool began
	began   time.Time
	late    bool // the request took over webhook.SlowAfter already

	links[*worker] // among the open requests that are not late
}

// overdue notes which open requests have become late, and takes what lanes
// that turn out slow hold beyond their bound: it is better kept in the table.
// wait is the time until the next one may be late, 0 if none is open.
func (p *pool) overdue() (surplus []webhook.Job, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for w := p.openings.oldest; w != nil; w = p.openings.oldest {
		if wait = w.began.Add(webhook.SlowAfter).Sub(now); wait >= 0 {
			break
		}
		p.openings.remove(w)
		w.late = true
		w.lane.late++
		w.lane.silent = w.lane.answered < w.number
		p.recount(w.lane)
		surplus = append(surplus, p.surplus(w.lane)...)
	}
	p.leave(len(surplus))
	if p.watched = p.openings.oldest != nil; p.watched {
		return surplus, max(wait, lookEvery)
	}
	return surplus, 0
}

// surplus takes the youngest queued jobs of a slow lane that it can't start
// soon; it needs p.mu.
func (p *pool) surplus(l *lane) []webhook.Job {
	keep := max(0, l.bound-l.running)
	if !l.slow || len(l.queue) <= keep {
		return nil
	}
	surplus := append([]webhook.Job(nil), l.queue[keep:]...)
	p.queued -= len(surplus)
	l.queue = l.queue[:keep:keep]
	p.recount(l)
	return surplus
}

// watch looks after open requests until ctx ends.
func (d *Dispatcher) watch(ctx context.Context) {
	for ctx.Err() == nil {
		surplus, wait := d.pool.overdue()
		d.giveBack(surplus...)
		if wait > 0 {
			d.await(ctx, wait, nil)
			continue
		}
		select {
		case <-ctx.Done():
		case <-d.pool.opened:
		}
	}
}
