package storetest

import (
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

func ordering(t *testing.T, fresh func(t *testing.T) *Harness) {
	inOrder := func(s *webhook.Settings) { s.Ordered = true }
	t.Run("a resumed line drains at the chosen rate over a failing head, and then freely", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint(inOrder)
		for range 3 {
			h.Publish(e)
		}
		h.must(h.Store.PauseBy(t.Context(), h.Project, e.ID, webhook.PausedByPerson, h.audit("endpoint.paused")))
		h.Pass(time.Second)
		h.must(h.Store.ResumeBy(t.Context(), h.Project, e.ID, 0.5, h.audit("endpoint.resumed")))
		next := func() { h.Exec("UPDATE endpoint_queue SET rate_tat = rate_tat - 2000000") }
		h.Record(h.Failed(h.ClaimOne(), 0))
		for i := range 3 {
			if n := len(h.Claim(10)); n != 0 {
				t.Fatalf("step %d: %d went before its time", i, n)
			}
			next()
			h.Record(h.Delivered(h.ClaimOne()))
		}
		next()
		h.Publish(e)
		h.ClaimOne()
		if n := h.Number("SELECT count(*) FROM endpoint_queue WHERE drain_rate > 0"); n != 0 {
			t.Error("what is new still goes at the rate of the resume")
		}
	})
	t.Run("an ordered endpoint sends one at a time, oldest first", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint(inOrder)
		var want []webhook.DeliveryID
		for range 3 {
			want = append(want, h.Publish(e)[0].ID)
		}
		for i, id := range want {
			j := h.ClaimOne()
			if j.Delivery.ID != id {
				t.Fatalf("number %d is not the next in line", i)
			}
			if n := len(h.Claim(10)); n != 0 {
				t.Fatalf("%d more are out", n)
			}
			h.Record(h.Delivered(j))
			h.CheckInvariants("a step of the line")
		}
	})
	t.Run("a failing delivery blocks those behind it until it ends", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint(inOrder)
		first, second := h.Publish(e)[0], h.Publish(e)[0]
		h.Record(h.Failed(h.ClaimOne(), time.Minute))
		if n := len(h.Claim(10)); n != 0 {
			t.Fatal("the line went on past a failing delivery")
		}
		h.CheckInvariants("the failure")
		h.Pass(time.Minute)
		j := h.ClaimOne()
		if j.Delivery.ID != first.ID {
			t.Fatal("the retry is not first")
		}
		exhausted := h.Failed(j, 0)
		exhausted.State = webhook.Exhausted
		h.Record(exhausted)
		if j = h.ClaimOne(); j.Delivery.ID != second.ID {
			t.Error("the second is not next")
		}
	})
	t.Run("cancelling the head lets the line go on", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint(inOrder)
		first, second := h.Publish(e)[0], h.Publish(e)[0]
		h.Record(h.Failed(h.ClaimOne(), time.Minute))
		h.Claim(10)
		if err := h.Store.CancelBy(t.Context(), h.Project, first.ID, "not needed", h.audit("delivery.cancelled")); err != nil {
			t.Fatal(err)
		}
		h.CheckInvariants("the cancel")
		if j := h.ClaimOne(); j.Delivery.ID != second.ID {
			t.Error("the second is not next")
		}
	})
	t.Run("resends stay outside the line", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint(inOrder)
		first := h.Publish(e)[0]
		h.Publish(e)
		h.Record(h.Delivered(h.ClaimOne()))
		h.Record(h.Failed(h.ClaimOne(), time.Hour))
		again := h.Resend(first.ID)
		if j := h.ClaimOne(); j.Delivery.ID != again {
			t.Error("the resend waits behind the line")
		}
		h.CheckInvariants("the resend")
	})
	t.Run("an older event that comes later waits for the one that is out", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint(inOrder)
		h.Publish(e)
		out := h.ClaimOne()
		older := h.Publish(e)[0] // as a fan-out step may bring it
		h.Exec("UPDATE deliveries SET seq = -1 WHERE id = %s", h.Lit(older.ID.UUID))
		if err := h.Store.SendNowBy(t.Context(), h.Project, older.ID, h.audit("delivery.sent-now")); err != nil {
			t.Fatal(err)
		}
		if n := len(h.Claim(10)); n != 0 {
			t.Fatal("two of the line are out")
		}
		h.Record(h.Delivered(out))
		if j := h.ClaimOne(); j.Delivery.ID != older.ID {
			t.Error("the older one is not next")
		}
		h.CheckInvariants("the line")
	})
	t.Run("a line survives that the endpoint's order is switched off", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint(inOrder)
		h.Publish(e)
		h.Publish(e)
		e.Ordered = false
		if err := h.Store.UpdateEndpoint(t.Context(), e, h.audit("endpoint.updated")); err != nil {
			t.Fatal(err)
		}
		e.Version++
		h.Publish(e)
		if n := len(h.Claim(10)); n != 2 {
			t.Errorf("claimed %d, want the head of the line and the free one", n)
		}
		h.CheckInvariants("the claim")
	})
}
