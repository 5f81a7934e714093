package dispatch

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// maxClaim is how many deliveries one claim leases at most. A first claim
	// asks for an eighth of the slots and each that came back full is followed by
	// one claimGrowth times as large: slots that a claim holds in vain are
	// refused to hand-offs.
	maxClaim    = 500
	claimGrowth = 4
	// pollEvery is how long the claimer sleeps at most: the backstop for wake-ups
	// that got lost.
	pollEvery = time.Second
	// backlogWithin: a claim that says that more is due so soon has left behind
	// endpoints with all their requests out.
	backlogWithin = 250 * time.Millisecond
	// sweepEvery is how often ended leases are looked for.
	sweepEvery = 5 * time.Second
	// maxSweep is how many ended leases are settled at once.
	maxSweep = 500
)

// claim feeds the pool from the queue until ctx ends.
func (d *Dispatcher) claim(ctx context.Context) {
	pause := retryFirst
	first := max(1, d.pool.slots/8)
	size := first
	failing := false
	for ctx.Err() == nil {
		claimed, full, next, err := d.claimOnce(size)
		switch {
		case err != nil:
			if !failing {
				d.log.Error("deliveries can't be claimed", "error", err)
			}
			failing = true
			d.await(ctx, pause, nil)
			pause = min(2*pause, retryLast)
			continue
		case claimed < 0:
			d.await(ctx, pollEvery, d.pool.freed)
		case full:
			size = min(size*claimGrowth, maxClaim)
		default:
			size = first
			d.backlog.Store(next <= backlogWithin)
			d.await(ctx, next, d.wake)
		}
		if failing && claimed >= 0 {
			d.log.Info("deliveries are claimed again")
		}
		failing, pause = failing && claimed < 0, retryFirst
	}
}

// claimOnce claims up to size deliveries, as far as there are slots. claimed is -1 when
// there are none; full says that more may be due; otherwise next is how long
// to sleep. It does not end with the claimer's context: a lease that was
// granted must become known.
func (d *Dispatcher) claimOnce(size int) (claimed int, full bool, next time.Duration, err error) {
	slots := 0
	if d.records.keepsUp() {
		slots = d.pool.reserveMany(size)
	}
	if slots == 0 {
		return -1, false, 0, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), queryPatience)
	defer cancel()
	jobs, next, err := d.queue.Claim(ctx, d.node, d.pool.room(slots))
	if err != nil {
		d.pool.unreserve(slots)
		return 0, false, 0, err
	}
	d.pool.unreserve(slots - len(jobs))
	d.giveBack(d.pool.submit(jobs, false)...)
	if next <= 0 || next > pollEvery {
		next = pollEvery
	}
	return len(jobs), len(jobs) == slots, next, nil
}

// await sleeps until a signal, a time or the end.
func (d *Dispatcher) await(ctx context.Context, patience time.Duration, signalled <-chan struct{}) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-signalled:
	case <-timer.C:
	}
}

// grow watches for jobs that wait for a worker until ctx ends.
func (d *Dispatcher) grow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.pool.pressed:
		}
		d.press(ctx)
	}
}

// press starts and dismisses workers until no job waits for one. If nothing has
// begun for a while, all of them wait for their receivers: that has been looked
// at for long enough.
func (d *Dispatcher) press(ctx context.Context) {
	var g growth
	since, finished := d.pool.still()
	since = min(since, growEvery)
	at, watch := time.Now().Add(-since), growEvery-since
	for ctx.Err() == nil {
		d.await(ctx, watch, nil)
		var c crowd
		c, finished = d.pool.crowd(finished, time.Since(at))
		at = time.Now()
		if c.startable == 0 {
			d.pool.hire(0)
			return
		}
		var workers int
		workers, watch = g.step(c)
		d.pool.hire(workers)
	}
}

// sweep settles attempts whose lease is over and lets idle workers go, at once
// and then every sweepEvery until ctx ends.
func (d *Dispatcher) sweep(ctx context.Context) {
	failing := false
	for ctx.Err() == nil {
		again, err := d.sweepOnce()
		if err != nil && !failing {
			d.log.Error("ended leases can't be swept", "error", err)
		}
		if failing = err != nil; again {
			continue
		}
		d.pool.thin()
		d.await(ctx, sweepEvery, nil)
	}
}

// sweepOnce settles one batch and reports whether there are more. It holds off
// while results of this node can't be recorded: they are better than unknown.
func (d *Dispatcher) sweepOnce() (more bool, err error) {
	if d.records.failing.Load() && d.records.unrecorded.Load() > 0 {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), queryPatience)
	defer cancel()
	jobs, err := d.queue.Expired(ctx, maxSweep)
	if err != nil || len(jobs) == 0 {
		return false, err
	}
	settled := make([]webhook.Settled, 0, len(jobs))
	for _, job := range jobs {
		settled = append(settled, d.lost(ctx, job))
	}
	if err := d.queue.Record(ctx, d.node, settled); err != nil {
		return false, err
	}
	d.Wake()
	return len(jobs) == maxSweep, nil
}

// lost settles an attempt whose worker never told its result. The schedule
// counts only from the tenth in a row; if the endpoint can't be read then, the
// standard one does.
func (d *Dispatcher) lost(ctx context.Context, job webhook.Job) webhook.Settled {
	policy := webhook.RetryPolicy{}
	if job.Delivery.Unknowns+1 >= maxUnknowns {
		if t, err := d.targets.get(ctx, job.Delivery.EndpointID, job.Delivery.EndpointVersion); err == nil && !t.gone {
			policy = t.Retry
		}
	}
	return Settle(job.Delivery, webhook.Attempt{
		ID:              job.Delivery.AttemptID,
		DeliveryID:      job.Delivery.ID,
		Number:          job.Delivery.Attempts,
		StartedAt:       job.Delivery.AttemptID.Time(), // made with the claim
		EndpointVersion: job.Delivery.EndpointVersion,
		Outcome:         webhook.OutcomeUnknown,
		Cause:           webhook.CauseWorkerLost,
		Error:           "the worker was lost; the request may or may not have been sent",
	}, policy, d.jitter())
}
