package dispatch_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/dispatch"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// inBubble runs a test on a clock of its own with a running dispatcher.
func inBubble(t *testing.T, o dispatch.Options, test func(t *testing.T, r *rig)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, o)
		r.run()
		defer r.halt()
		test(t, r)
	})
}

func TestAFailingDeliveryFollowsTheScheduleAndThenEnds(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		r.receiver.answer = func(context.Context, sending) webhook.Attempt { return failed(500) }
		id := r.table.add(r.table.endpoint())
		r.Wake()
		time.Sleep(5 * 24 * time.Hour)

		var gaps []time.Duration
		sent := r.receiver.requests()
		for i := 1; i < len(sent); i++ {
			gaps = append(gaps, sent[i].at.Sub(sent[i-1].at).Round(time.Second))
		}
		want := []time.Duration{
			5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
			10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
		}
		if diff := cmp.Diff(want, gaps); diff != "" {
			t.Error(diff)
		}
		got := r.table.delivery(id)
		if got.State != webhook.Exhausted || len(got.attempts) != 10 {
			t.Errorf("delivery is %s with %d attempts, want exhausted with 10", got.State, len(got.attempts))
		}
		for i, a := range got.attempts {
			if a.Number != i+1 || a.ID != sent[i].Delivery.AttemptID {
				t.Errorf("attempt %d has number %d and id %s, the wire said %s", i+1, a.Number, a.ID, sent[i].Delivery.AttemptID)
			}
		}
	})
}

func TestARetryThatSucceedsEndsTheDelivery(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		r.receiver.answer = func(_ context.Context, s sending) webhook.Attempt {
			if s.Delivery.Attempts < 3 {
				return failed(500)
			}
			return ok()
		}
		id := r.table.add(r.table.endpoint())
		r.Wake()
		time.Sleep(time.Hour)
		if got := r.table.delivery(id); got.State != webhook.Delivered || len(got.attempts) != 3 {
			t.Errorf("delivery is %s with %d attempts, want delivered with 3", got.State, len(got.attempts))
		}
	})
}

func TestAWakeUpMakesADeliveryGoAtOnce(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.table.endpoint()
		time.Sleep(10*time.Second + 300*time.Millisecond)
		addedAt := time.Now()
		r.table.add(endpoint)
		r.Wake()
		synctest.Wait()
		if sent := r.receiver.requests(); len(sent) != 1 || !sent[0].at.Equal(addedAt) {
			t.Errorf("%d requests were sent, want one at the moment of the wake-up", len(sent))
		}
	})
}

func TestAHandOffIsSentWithoutAClaim(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		synctest.Wait()
		endpoint := r.table.endpoint()
		claims := r.table.count("claim")
		if !r.Reserve(endpoint) {
			t.Fatal("there was no room for a hand-off")
		}
		job := r.table.hand(endpoint)
		r.Submit([]webhook.Job{job})
		synctest.Wait()
		if got := r.table.delivery(job.Delivery.ID); got.State != webhook.Delivered {
			t.Errorf("delivery is %s, want delivered", got.State)
		}
		if n := r.table.count("claim"); n != claims {
			t.Errorf("the hand-off cost %d claims", n-claims)
		}
		if s := r.Stats(); s.Free != s.Slots {
			t.Errorf("%d of %d slots are free afterwards", s.Free, s.Slots)
		}
	})
}

func TestNeverMoreRequestsThanWorkers(t *testing.T) {
	inBubble(t, dispatch.Options{Workers: 20}, func(t *testing.T, r *rig) {
		r.receiver.answer = slow(900 * time.Millisecond)
		for range 10 {
			endpoint := r.table.endpoint()
			for range 20 {
				r.table.add(endpoint)
			}
		}
		r.Wake()
		time.Sleep(3 * time.Second)
		if claimed := r.table.inState(webhook.Sending); claimed > 40 {
			t.Errorf("%d deliveries are claimed with 40 slots", claimed)
		}
		time.Sleep(time.Minute)
		if most, _ := r.receiver.mostOpen(webhook.EndpointID{}); most != 20 {
			t.Errorf("%d requests were open at once, want 20", most)
		}
		if n := r.table.inState(webhook.Delivered); n != 200 {
			t.Errorf("%d of 200 were delivered", n)
		}
	})
}

func TestOneEndpointGetsItsLimitAndTheOthersGoOn(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		hanging, healthy := r.table.endpoint(), r.table.endpoint()
		r.receiver.answer = func(ctx context.Context, s sending) webhook.Attempt {
			if s.target.ID == hanging {
				return slow(14*time.Second)(ctx, s)
			}
			return ok()
		}
		for range 200 {
			r.table.add(hanging)
		}
		r.Wake()
		time.Sleep(time.Second)
		id := r.table.add(healthy)
		r.Wake()
		time.Sleep(20 * time.Millisecond)
		if got := r.table.delivery(id); got.State != webhook.Delivered {
			t.Errorf("the healthy endpoint's delivery is %s, want delivered", got.State)
		}
		time.Sleep(5 * time.Minute)
		if _, most := r.receiver.mostOpen(hanging); most != webhook.DefaultMaxInFlight {
			t.Errorf("%d requests were open to one endpoint, want %d", most, webhook.DefaultMaxInFlight)
		}
		if n := r.table.inState(webhook.Delivered); n != 201 {
			t.Errorf("%d of 201 were delivered", n)
		}
	})
}

func TestSlowReceiversGetMoreWorkersAndTheyGoAgain(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		if n := r.Stats().Workers; n != 0 {
			t.Errorf("%d workers stand idle before the first job", n)
		}
		endpoints := r.quick(6)
		r.receiver.answer = slow(2 * time.Second)
		for _, endpoint := range endpoints {
			for range 60 {
				r.table.add(endpoint)
			}
		}
		r.Wake()
		time.Sleep(500 * time.Millisecond)
		if s := r.Stats(); s.Running != 360 {
			t.Errorf("%d requests are open, want all 360", s.Running)
		}
		time.Sleep(10 * time.Second)
		if s := r.Stats(); s.Workers > 32 || s.Running != 0 {
			t.Errorf("%d workers stay, %d requests are open; want at most 32 and 0", s.Workers, s.Running)
		}
	})
}

func TestABurstCostsOneReadingOfItsEndpoints(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		for range 5 {
			endpoint := r.table.endpoint()
			for range 200 {
				r.table.add(endpoint)
			}
		}
		r.Wake()
		time.Sleep(500 * time.Millisecond)
		if n := r.table.inState(webhook.Delivered); n != 1000 {
			t.Errorf("%d of 1000 were delivered", n)
		}
		if n := r.table.count("targets"); n > 20 {
			t.Errorf("1000 deliveries to 5 endpoints cost %d readings", n)
		}
		if n := r.table.count("record"); n > 100 {
			t.Errorf("1000 results cost %d transactions", n)
		}
	})
}

func TestANewVersionOfAnEndpointCountsAtOnce(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.table.endpoint()
		r.table.add(endpoint)
		r.Wake()
		synctest.Wait()
		r.table.change(endpoint, func(e *webhook.Target) { e.Version, e.URL = 2, "https://new.example" })
		r.table.add(endpoint)
		r.Wake()
		synctest.Wait()
		r.table.change(endpoint, func(e *webhook.Target) { e.Secrets[0].ID = webhook.SecretID{UUID: webhook.UUID{8}} })
		r.EndpointsChanged()
		r.table.add(endpoint)
		r.Wake()
		synctest.Wait()
		sent := r.receiver.requests()
		if len(sent) != 3 || sent[1].target.URL != "https://new.example" {
			t.Fatalf("%d requests were sent, the second to %q", len(sent), sent[1].target.URL)
		}
		if got := sent[2].target.Secrets[0]; got.ID.UUID[0] != 8 || got.Value != "opened "+webhook.SecretField {
			t.Errorf("the third was signed with secret %s %q", got.ID, got.Value)
		}
	})
}

func TestTheSweepRecordsLostAttemptsAndSendsAgain(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.table.endpoint()
		job := r.table.hand(endpoint) // leased, and nobody sends it
		tenth := r.table.add(endpoint, func(d *webhook.Delivery) {
			d.State, d.Attempts, d.Unknowns = webhook.Sending, 10, 9
			d.AttemptID, d.LeaseUntil = webhook.AttemptID{UUID: mint.UUID(time.Now())}, time.Now().Add(-time.Second)
		})
		test := r.table.add(endpoint, func(d *webhook.Delivery) {
			d.State, d.Attempts, d.Test, d.LeaseUntil = webhook.Sending, 1, true, time.Now().Add(-time.Second)
		})
		r.table.change(endpoint, func(e *webhook.Target) {
			e.Retry = webhook.RetryPolicy{Policy: webhook.RetryCustom}
		})
		time.Sleep(35*time.Second + 10*time.Second)

		got := r.table.delivery(job.Delivery.ID)
		if got.State != webhook.Delivered || len(got.attempts) != 2 {
			t.Fatalf("the lost delivery is %s with %d attempts 45 s after its claim, want delivered with 2", got.State, len(got.attempts))
		}
		lost := got.attempts[0]
		if lost.Outcome != webhook.OutcomeUnknown || lost.ID != job.Delivery.AttemptID || lost.Number != 1 || !lost.StartedAt.Equal(job.ClaimedAt) {
			t.Errorf("the lost attempt reads %+v", lost)
		}
		if got.attempts[1].Number != 2 {
			t.Errorf("the second attempt has number %d", got.attempts[1].Number)
		}
		if got := r.table.delivery(tenth); got.State != webhook.Exhausted {
			t.Errorf("the tenth unknown with an empty schedule is %s, want exhausted", got.State)
		}
		if got := r.table.delivery(test); got.State != webhook.Exhausted || len(r.receiver.requests()) != 1 {
			t.Errorf("the lost test is %s", got.State)
		}
	})
}

func TestALateResultCompletesItsUnknownRow(t *testing.T) {
	inBubble(t, dispatch.Options{}, func(t *testing.T, r *rig) {
		endpoint := r.table.endpoint()
		r.receiver.answer = slow(60 * time.Second) // a node that was stopped for a minute
		job := r.table.hand(endpoint)
		r.Reserve(endpoint)
		r.Submit([]webhook.Job{job})
		time.Sleep(70 * time.Second)
		got := r.table.delivery(job.Delivery.ID)
		if got.State != webhook.Delivered || got.attempts[0].Outcome != webhook.OutcomeDelivered {
			t.Errorf("delivery is %s and its first attempt %s; a late success ends it", got.State, got.attempts[0].Outcome)
		}
	})
}
