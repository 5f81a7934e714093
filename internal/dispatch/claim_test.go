package dispatch_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bellwire/bellwire/internal/dispatch"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestClaimsGrowWhileTheyComeBackFull(t *testing.T) {
	inBubble(t, dispatch.Options{Workers: 1000}, func(t *testing.T, r *rig) {
		endpoints := r.quick(40)
		r.receiver.answer = slow(10 * time.Second)
		for _, endpoint := range endpoints {
			for range 50 {
				r.table.add(endpoint)
			}
		}
		before := r.table.count("claim")
		r.Wake()
		time.Sleep(time.Second)
		if n := r.table.inState(webhook.Sending); n != 1250 {
			t.Errorf("%d deliveries are claimed, want all that can be open and some at hand", n)
		}
		if n := r.table.count("claim") - before; n > 4 {
			t.Errorf("1250 deliveries took %d claims, want one of 250 and two of 500", n)
		}
	})
}

func TestAClaimThatFindsNothingLeavesRoomForHandOffs(t *testing.T) {
	inBubble(t, dispatch.Options{Workers: 40}, func(t *testing.T, r *rig) {
		endpoints := r.quick(80)
		granted := make(chan int, 1)
		r.table.setRefuse(func(call string, _ []webhook.Settled) error {
			if call == "claim" && len(granted) == 0 {
				granted <- reserveAll(r, endpoints)
			}
			return nil
		})
		r.Wake()
		n := <-granted
		if n < 60 {
			t.Errorf("%d of 80 slots were left during a claim", n)
		}
		releaseAll(r, endpoints[:n])
	})
}

// reserveAll reserves a slot for one endpoint after the other while there are
// some, and answers how many there were.
func reserveAll(r *rig, endpoints []webhook.EndpointID) (n int) {
	for n < len(endpoints) && r.Reserve(endpoints[n]) {
		n++
	}
	return n
}

func releaseAll(r *rig, endpoints []webhook.EndpointID) {
	for _, id := range endpoints {
		r.Release(id)
	}
}

func numbered(n int) webhook.EndpointID {
	return webhook.EndpointID{UUID: webhook.UUID{byte(n), byte(n >> 8)}}
}

func TestReservationsStopBeforeTheSlotsRunOut(t *testing.T) {
	inBubble(t, dispatch.Options{Workers: 8}, func(t *testing.T, r *rig) {
		endpoints := r.quick(20)
		granted := reserveAll(r, endpoints)
		if granted != 14 {
			t.Errorf("%d of 16 slots were granted, want 14: the rest is for what waits in the database", granted)
		}
		releaseAll(r, endpoints[:granted])
		if s := r.Stats(); s.Free != 16 {
			t.Errorf("%d of 16 slots are free afterwards", s.Free)
		}
	})
}

func TestADeliveryIsFoundWithoutAWakeUpWithinASecond(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		time.Sleep(10 * time.Second)
		r.table.add(r.table.endpoint())
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(r.receiver.requests()); n != 1 {
			t.Errorf("%d requests were sent, want 1", n)
		}
	})
}

func TestANewDeliveryIsFoundAlthoughTheNextOneIsDueInHours(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.table.endpoint()
		r.table.add(endpoint, func(d *webhook.Delivery) { d.DueAt = time.Now().Add(5 * time.Hour) })
		time.Sleep(10 * time.Second)
		r.table.add(endpoint)
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(r.receiver.requests()); n != 1 {
			t.Errorf("%d requests were sent, want 1", n)
		}
	})
}

func TestTheBacklogOfOneEndpointGoesAsFastAsItAnswers(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		r.receiver.answer = slow(10 * time.Millisecond)
		endpoint := r.table.endpoint()
		for range 3200 {
			r.table.add(endpoint)
		}
		r.Wake()
		time.Sleep(time.Second)
		if n := r.table.inState(webhook.Delivered); n != 3200 {
			t.Errorf("%d of 3200 were delivered in a second by an endpoint that answers 64 in 10 ms", n)
		}
	})
}

func TestAResultLetsTheNextDeliveryOfALimitedEndpointGoAtOnce(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		r.receiver.answer = slow(10 * time.Millisecond)
		endpoint := r.table.endpoint(func(e *webhook.Target) { e.Ordered = true })
		for range 20 {
			r.table.add(endpoint)
		}
		r.Wake()
		time.Sleep(300 * time.Millisecond)
		if n := r.table.inState(webhook.Delivered); n != 20 {
			t.Errorf("%d of 20 were delivered in 300 ms by an endpoint that takes 10 ms for each", n)
		}
		if _, most := r.receiver.mostOpen(endpoint); most != 1 {
			t.Errorf("%d requests of an ordered endpoint were open at once", most)
		}
		for i, s := range r.receiver.requests() {
			if s.Delivery.Seq != int64(i+1) {
				t.Errorf("request %d was delivery %d of its line", i+1, s.Delivery.Seq)
			}
		}
	})
}
