package dispatch_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/dispatch"
	"github.com/bellwire/bellwire/internal/webhook"
)

// publish stores a delivery as the publisher does: handed off if there is room.
func (r *rig) publish(endpoint webhook.EndpointID) webhook.DeliveryID {
	if !r.Reserve(endpoint) {
		id := r.table.add(endpoint)
		r.Wake()
		return id
	}
	job := r.table.hand(endpoint)
	r.Submit([]webhook.Job{job})
	return job.Delivery.ID
}

// wait is how long after its publishing a delivery's first request began; -1
// if it has not.
func (r *rig) wait(id webhook.DeliveryID) time.Duration {
	r.receiver.mu.Lock()
	defer r.receiver.mu.Unlock()
	at, sent := r.receiver.first[id]
	if !sent {
		return -1
	}
	return at.Sub(r.table.delivery(id).CreatedAt)
}

// openTo counts the open requests to some endpoints.
func (r *receiver) openTo(endpoints ...webhook.EndpointID) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, id := range endpoints {
		n += r.open[id]
	}
	return n
}

// except answers all but the endpoints given at once, those by another way.
func except(answer func(context.Context, sending) webhook.Attempt, endpoints ...webhook.EndpointID) func(context.Context, sending) webhook.Attempt {
	others := map[webhook.EndpointID]bool{}
	for _, id := range endpoints {
		others[id] = true
	}
	return func(ctx context.Context, s sending) webhook.Attempt {
		if others[s.target.ID] {
			return answer(ctx, s)
		}
		return ok()
	}
}

func TestSlowEndpointsUnderTrafficLeaveHalfOfThePoolToTheOthers(t *testing.T) {
	for name, known := range map[string]bool{"known to be quick before": true, "never seen": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, dispatch.Options{Workers: 80}, func(t *testing.T, r *rig) {
				healthy := r.quick(1)[0]
				var slowOnes []webhook.EndpointID
				if known {
					slowOnes = r.quick(40)
				} else {
					for range 40 {
						slowOnes = append(slowOnes, r.table.endpoint())
					}
				}
				r.receiver.answer = except(slow(10*time.Second), slowOnes...)
				var sent []webhook.DeliveryID
				for i := range 400 { // twenty seconds
					for j := range 4 {
						r.publish(slowOnes[(4*i+j)%40])
					}
					sent = append(sent, r.publish(healthy))
					time.Sleep(50 * time.Millisecond)
					if n := r.receiver.openTo(slowOnes...); i > 250 && n > 40 {
						t.Fatalf("%d of 80 workers are with slow endpoints after %d ms", n, 50*i)
					}
				}
				late := 0
				for i, id := range sent {
					if w := r.wait(id); i > 40 && (w < 0 || w > 20*time.Millisecond) {
						late++
					}
				}
				if late > 0 {
					t.Errorf("%d of %d deliveries to the quick endpoint waited for slow ones", late, len(sent))
				}
				if n := r.receiver.openTo(slowOnes...); n < 35 {
					t.Errorf("%d requests are open to slow endpoints, which may have 40", n)
				}
			})
		})
	}
}

func TestADeadEndpointWithHundredsWaitingHoldsNobodyUp(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		healthy, dead := r.quick(1)[0], r.table.endpoint()
		r.receiver.answer = except(func(ctx context.Context, s sending) webhook.Attempt {
			_ = slow(15*time.Second)(ctx, s)
			return webhook.Attempt{Outcome: webhook.OutcomeFailed, Cause: webhook.CauseTimeout}
		}, dead)
		for range 500 {
			r.table.add(dead)
		}
		r.Wake()
		for i := range 400 {
			r.publish(dead)
			id := r.publish(healthy)
			time.Sleep(100 * time.Millisecond)
			if w := r.wait(id); w != 0 {
				t.Fatalf("delivery %d to the quick endpoint waited %s", i, w)
			}
			if n := r.receiver.openTo(dead); n > webhook.DefaultMaxInFlight || i > 160 && n > 8 || i > 320 && n > 1 {
				t.Fatalf("%d requests are open to the dead endpoint after %d ms", n, 100*i)
			}
		}
		if n := r.table.inState(webhook.Sending); n > 8 {
			t.Errorf("%d deliveries of the dead endpoint are claimed", n)
		}
	})
}

func TestASlowEndpointGetsEightAtOnceUntilItIsQuickAgain(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.quick(1)[0]
		r.receiver.answer = slow(1100 * time.Millisecond)
		for range 200 {
			r.table.add(endpoint)
		}
		r.Wake()
		time.Sleep(900 * time.Millisecond)
		if n := r.receiver.openTo(endpoint); n != webhook.DefaultMaxInFlight {
			t.Errorf("%d requests are open before any is late, want %d", n, webhook.DefaultMaxInFlight)
		}
		for range 40 {
			time.Sleep(150 * time.Millisecond)
			if n := r.receiver.openTo(endpoint); n > 8 && n != webhook.DefaultMaxInFlight {
				t.Fatalf("%d requests are open to a slow endpoint", n)
			}
		}
		if n := r.receiver.openTo(endpoint); n != 8 {
			t.Errorf("%d requests are open to a slow endpoint, want 8", n)
		}
		if n := r.table.inState(webhook.Sending); n != 8 {
			t.Errorf("%d deliveries of a slow endpoint are claimed, want 8", n)
		}
		r.receiver.change(slow(700 * time.Millisecond))
		for range 300 {
			r.table.add(endpoint)
		}
		time.Sleep(4 * time.Second)
		if n := r.receiver.openTo(endpoint); n != webhook.DefaultMaxInFlight {
			t.Errorf("%d requests are open to an endpoint that is quick again", n)
		}
	})
}

func TestAFailingEndpointGetsEightAtOnceAndThenOne(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.quick(1)[0]
		var answered atomic.Int64
		r.receiver.answer = func(ctx context.Context, s sending) webhook.Attempt {
			if _, open := r.receiver.mostOpen(endpoint); open == 0 {
				t.Error("nothing is open")
			}
			time.Sleep(100 * time.Millisecond)
			after := answered.Add(1)
			if n := r.receiver.openTo(endpoint); after > 64+10 && n > 8 || after > 64+30 && n > 1 {
				t.Errorf("%d requests are open after %d failures", n, after)
			}
			return failed(500)
		}
		for range 200 {
			r.table.add(endpoint)
		}
		r.Wake()
		time.Sleep(4 * time.Second)
		if answered.Load() < 64+30 {
			t.Errorf("only %d were tried", answered.Load())
		}
	})
}

func TestARequestThatIsOpenForASecondCountsAsSlowAtOnce(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		hanging := r.table.endpoint()
		r.receiver.answer = slow(14 * time.Second)
		for range 100 {
			if !r.Reserve(hanging) {
				t.Fatal("an endpoint that nothing bad is known of gets no hand-off")
			}
			r.Submit([]webhook.Job{r.table.hand(hanging)})
		}
		time.Sleep(900 * time.Millisecond)
		if !r.Reserve(hanging) {
			t.Error("an endpoint gets no hand-off although nothing is open for a second")
		}
		r.Release(hanging)
		time.Sleep(200 * time.Millisecond)
		if r.Reserve(hanging) {
			t.Error("an endpoint whose first requests are open for over a second gets a hand-off")
		}
		if n := r.table.inState(webhook.Waiting); n != 100-webhook.DefaultMaxInFlight {
			t.Errorf("%d deliveries were given back, want all that are not open", n)
		}
		// It is remembered when nothing is left of it here.
		time.Sleep(time.Hour)
		if r.table.inState(webhook.Delivered) != 100 || r.Reserve(hanging) {
			t.Errorf("%d of 100 are delivered; an hour later a hand-off is granted again", r.table.inState(webhook.Delivered))
		}
	})
}

func TestBusyEndpointsThatAllHangAtOnceHoldTheOthersUpForASecondAtMost(t *testing.T) {
	inBubble(t, dispatch.Options{Workers: 100}, func(t *testing.T, r *rig) {
		healthy, hanging := r.quick(1)[0], r.quick(10)
		r.receiver.answer = except(slow(15*time.Second), hanging...)
		for range 30 {
			for _, id := range hanging {
				r.publish(id)
			}
		}
		time.Sleep(500 * time.Millisecond)
		if n := r.receiver.openTo(hanging...); n != 100 {
			t.Errorf("%d of 100 workers are taken", n)
		}
		time.Sleep(700 * time.Millisecond)
		for i := range 50 {
			id := r.publish(healthy)
			time.Sleep(50 * time.Millisecond)
			if w := r.wait(id); w < 0 || w > 10*time.Millisecond {
				t.Fatalf("delivery %d to the quick endpoint waited %s while requests hang", i, w)
			}
		}
		if all, _ := r.receiver.mostOpen(healthy); all > 150 {
			t.Errorf("%d requests were open at once, want no more than half as many again", all)
		}
	})
}

func TestOneEndpointDoesNotFillTheSlotsWithHandOffs(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		for name, c := range map[string]struct {
			endpoint webhook.EndpointID
			want     int
		}{"one that answered": {r.quick(1)[0], 512}, "a new one": {numbered(1), 128}} {
			n := 0
			for r.Reserve(c.endpoint) {
				n++
			}
			if n != c.want {
				t.Errorf("%s got %d of 1024 slots, want %d", name, n, c.want)
			}
			other := numbered(2)
			if !r.Reserve(other) {
				t.Error("there was no slot for another one")
			}
			r.Release(other)
			for range n {
				r.Release(c.endpoint)
			}
		}
	})
}

func TestHandOffsThatWaitInASlowishLaneAreBounded(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.quick(1)[0]
		r.receiver.answer = slow(900 * time.Millisecond)
		handed := 0
		for range 60 {
			for range 50 {
				if r.Reserve(endpoint) {
					handed++
					r.Submit([]webhook.Job{r.table.hand(endpoint)})
				}
			}
			time.Sleep(10 * time.Millisecond)
			if n := r.table.inState(webhook.Sending); n > 512 {
				t.Fatalf("%d deliveries of one endpoint hold slots", n)
			}
		}
		time.Sleep(400 * time.Millisecond)
		if r.Reserve(endpoint) {
			t.Error("a hand-off is granted although the ones before it wait for long")
		}
		if handed == 0 {
			t.Error("none was granted")
		}
	})
}
