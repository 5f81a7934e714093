package dispatch

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/bellwire/bellwire/internal/webhook"
)

// worker sends job after job until the pool has no use for it.
func (d *Dispatcher) worker() {
	w := &worker{}
	for {
		job, ok := d.pool.next(w)
		if !ok {
			return
		}
		d.attempt(job, w)
	}
}

// attempt does one job: it is sent and its result goes to the recorder, or it
// is given back unsent.
func (d *Dispatcher) attempt(job webhook.Job, w *worker) {
	t, err := d.targets.get(d.work, job.Delivery.EndpointID, job.Delivery.EndpointVersion)
	if err != nil {
		if !d.troubled.Swap(true) {
			d.log.Error("deliveries wait: their endpoints can't be read", "error", err)
		}
		d.giveBack(job)
		return
	}
	d.troubled.Store(false)
	switch {
	case t.gone:
		d.giveBack(job)
	case t.Unreadable != "":
		t.paused.Do(func() { d.pause(t) })
		d.giveBack(job)
	case d.now().Sub(job.ClaimedAt)+t.Timeout+leaseMargin > job.LeaseFor:
		d.giveBack(job)
	default:
		if now := (limits{t.MaxInFlight, t.Ordered, t.ConsecutiveFailures}); now != w.limits {
			d.pool.limit(w.lane, now)
		}
		a := d.send(job, t, func(ctx context.Context) webhook.Attempt { return d.sender.Send(ctx, job, &t.Target) })
		if a.Outcome == webhook.OutcomeUnsent {
			d.giveBack(job)
			return
		}
		w.sent, w.took, w.failed = a.Outcome != webhook.OutcomeUnknown, a.Duration, a.Outcome != webhook.OutcomeDelivered
		r := d.settle(job, a, t)
		r.wakes = r.wakes || w.awaited
		d.records.add(r)
	}
}

// pause holds an endpoint that can't be signed for: nothing is sent unsigned.
func (d *Dispatcher) pause(t *target) {
	ctx, cancel := context.WithTimeout(context.Background(), queryPatience)
	defer cancel()
	d.log.Error("endpoint paused", "endpoint", t.ID.String(), "reason", t.Unreadable)
	actor := webhook.Actor{Type: webhook.ActorSystem, Name: "Bellwire"}
	reason := webhook.PausedBySecret
	if t.Kind == webhook.KindSlack {
		reason = webhook.PausedBySlack
	}
	if err := d.targets.source.PauseEndpoint(ctx, t.ProjectID, t.ID, reason, actor); err != nil {
		d.log.Error("endpoint could not be paused", "endpoint", t.ID.String(), "error", err)
	}
}

// send runs one request under the work context. A panic becomes a failed
// attempt; a request that the stop cut off ends unknown, since it may have
// arrived.
func (d *Dispatcher) send(job webhook.Job, t *target, request func(context.Context) webhook.Attempt) (a webhook.Attempt) {
	startedAt := d.now()
	defer func() {
		if cause := recover(); cause != nil {
			d.log.Error("sending panicked", "delivery", job.Delivery.ID.String(), "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
			a = webhook.Attempt{
				StartedAt: startedAt, Duration: d.now().Sub(startedAt), EndpointVersion: t.Version,
				Outcome: webhook.OutcomeFailed, Cause: webhook.CauseInternal, Error: "an internal error stopped the attempt",
			}
		}
		a.ID, a.DeliveryID, a.Number, a.NodeID = job.Delivery.AttemptID, job.Delivery.ID, job.Delivery.Attempts, d.node
	}()
	a = request(d.work)
	if d.work.Err() != nil && a.Outcome == webhook.OutcomeFailed && a.Response.Status == 0 {
		a.Outcome, a.Cause = webhook.OutcomeUnknown, webhook.CauseWorkerLost
		a.Error = "the server was stopped before the receiver answered; the request may or may not have arrived"
	}
	return a
}

// settle decides about the delivery and says what others must hear of it.
func (d *Dispatcher) settle(job webhook.Job, a webhook.Attempt, t *target) *result {
	s := Settle(job.Delivery, a, t.Retry, d.jitter())
	limited := t.Ordered || t.MaxInFlight > 0 || t.RatePerSecond > 0
	return &result{
		settled: s,
		at:      d.now(),
		// A success of an endpoint without limits changes nothing for others.
		wakes: s.State != webhook.Delivered || limited || t.ConsecutiveFailures > 0 || job.Delivery.Failures > 0,
	}
}

// Late records a result that came after nobody waited for it any more: it
// completes the attempt, and ends the delivery if the attempt is its present
// one, or if it is a success.
func (d *Dispatcher) Late(ctx context.Context, delivery webhook.Delivery, a webhook.Attempt) error {
	t, err := d.targets.get(ctx, delivery.EndpointID, delivery.EndpointVersion)
	if err != nil {
		return err
	}
	s := Settle(delivery, a, t.Retry, d.jitter())
	if s.Attempt.NodeID.IsZero() {
		s.Attempt.NodeID = d.node
	}
	if err := d.queue.Record(ctx, d.node, []webhook.Settled{s}); err != nil {
		return err
	}
	d.Wake()
	return nil
}

// giveBack returns jobs that were not sent. If that fails, their leases end.
func (d *Dispatcher) giveBack(jobs ...webhook.Job) {
	if len(jobs) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), queryPatience)
	defer cancel()
	if err := d.queue.Release(ctx, jobs); err != nil {
		d.log.Error("deliveries could not be given back; their leases will end", "deliveries", len(jobs), "error", err)
	}
}

// Test sends a job that is stored as a test already, at once and through the
// same path as any other, and answers its attempt when that is recorded. A
// caller who leaves does not stop it.
func (d *Dispatcher) Test(ctx context.Context, job webhook.Job, useNext bool) (webhook.Attempt, error) {
	if !d.pool.enter() {
		return webhook.Attempt{}, webhook.Unavailable(fmt.Errorf("test: the dispatcher has stopped"))
	}
	recorded := make(chan struct{})
	answer := make(chan webhook.Attempt, 1)
	go func() {
		defer d.pool.exit()
		// Somebody looks at this one: it shows the endpoint as it is now.
		d.targets.Forget()
		t, err := d.targets.get(d.work, job.Delivery.EndpointID, job.Delivery.EndpointVersion)
		if err != nil {
			t = &target{Target: webhook.Target{Unreadable: err.Error()}}
		}
		r := d.settle(job, d.sendTest(job, t, useNext), t)
		r.recorded = recorded
		answer <- r.settled.Attempt
		d.records.add(r)
	}()
	select {
	case <-recorded:
		return <-answer, nil
	case <-ctx.Done():
		return webhook.Attempt{}, fmt.Errorf("test: %w", ctx.Err())
	}
}

// sendTest also tells in an attempt why nothing could be sent.
func (d *Dispatcher) sendTest(job webhook.Job, t *target, useNext bool) webhook.Attempt {
	return d.send(job, t, func(ctx context.Context) webhook.Attempt {
		unsent := webhook.Attempt{
			StartedAt: d.now(), EndpointVersion: t.Version, Outcome: webhook.OutcomeFailed, Cause: webhook.CauseInternal,
		}
		switch {
		case t.gone:
			unsent.Error = "not sent: the endpoint is deleted"
		case t.Unreadable != "":
			unsent.Error = "not sent: " + t.Unreadable
		default:
			return d.sender.SendTest(ctx, job, &t.Target, useNext)
		}
		return unsent
	})
}
