package dispatch_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/dispatch"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Dispatchers come and go on one table, in real time, while deliveries are
// handed off, claimed, failed and woken for from many goroutines. In the end
// each is delivered, by requests that the log knows one by one.
func TestDispatchersThatComeAndGoLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	b, r := newTable(t), newReceiver()
	b.leaseFor = time.Hour
	r.answer = func(ctx context.Context, s sending) webhook.Attempt {
		a := slow(time.Duration(rand.IntN(3))*time.Millisecond)(ctx, s)
		if s.Delivery.Attempts == 1 && rand.IntN(4) == 0 {
			return failed(503)
		}
		return a
	}
	var endpoints []webhook.EndpointID
	for range 20 {
		endpoints = append(endpoints, b.endpoint(func(e *webhook.Target) {
			e.Retry = webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond}}
		}))
	}
	const rounds, publishers, each = 6, 8, 40
	for range rounds {
		d := dispatch.New(b, r, dispatch.NewTargets(b, opener{}, nil), dispatch.Options{
			Node: webhook.NodeID{UUID: mint.UUID(time.Now())}, Workers: 50,
		})
		ctx, stop := context.WithCancel(t.Context())
		var work, publishing sync.WaitGroup
		work.Go(func() { _ = d.Run(ctx) })
		for range publishers {
			publishing.Go(func() {
				for range each {
					publishOne(b, d, endpoints[rand.IntN(len(endpoints))])
				}
			})
		}
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		stop()
		publishing.Wait()
		work.Wait()
		if n := b.inState(webhook.Sending); n != 0 {
			t.Errorf("%d deliveries are still sending after a stop", n)
		}
	}

	d := dispatch.New(b, r, dispatch.NewTargets(b, opener{}, nil), dispatch.Options{})
	ctx, stop := context.WithCancel(t.Context())
	var last sync.WaitGroup
	last.Go(func() { _ = d.Run(ctx) })
	for deadline := time.Now().Add(20 * time.Second); b.inState(webhook.Delivered) < rounds*publishers*each && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	last.Wait()
	logEqualsWire(t, b, r)
}

// publishOne stores a delivery, handed off if there is room.
func publishOne(b *table, d *dispatch.Dispatcher, endpoint webhook.EndpointID) {
	if !d.Reserve(endpoint) {
		b.add(endpoint)
		d.Wake()
		return
	}
	if rand.IntN(10) == 0 { // the commit failed
		d.Release(endpoint)
		b.add(endpoint)
		d.Wake()
		return
	}
	d.Submit([]webhook.Job{b.hand(endpoint)})
}

func logEqualsWire(t *testing.T, b *table, r *receiver) {
	t.Helper()
	onWire := map[webhook.AttemptID]int{}
	for _, s := range r.requests() {
		onWire[s.Delivery.AttemptID]++
	}
	logged := 0
	for id := range b.rows {
		got := b.delivery(id)
		if got.State != webhook.Delivered {
			t.Errorf("delivery %s is %s", id, got.State)
		}
		if got.Attempts != len(got.attempts) {
			t.Errorf("delivery %s counts %d attempts and has %d rows", id, got.Attempts, len(got.attempts))
		}
		for _, a := range got.attempts {
			logged++
			if onWire[a.ID] != 1 {
				t.Errorf("attempt %s was sent %d times", a.ID, onWire[a.ID])
			}
		}
	}
	if logged != len(r.requests()) {
		t.Errorf("the log has %d attempts, the wire had %d requests", logged, len(r.requests()))
	}
}
