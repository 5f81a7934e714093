package storetest

import (
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

func results(t *testing.T, fresh func(t *testing.T) *Harness) {
	t.Run("a success ends the delivery and is logged whole", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		d := h.Publish(e)[0]
		j := h.ClaimOne()
		h.Record(h.Delivered(j))
		row := h.Row(d.ID)
		if row.State != webhook.Delivered || row.EndedAt.IsZero() || row.LastStatus != 200 || row.LastDurationMS != 3 {
			t.Errorf("the row is %+v", row)
		}
		attempts, err := h.Store.Attempts(t.Context(), h.Project, d.ID)
		if err != nil || len(attempts) != 1 {
			t.Fatalf("%d attempts, %v", len(attempts), err)
		}
		a := attempts[0]
		if a.ID != j.Delivery.AttemptID || a.Number != 1 || string(a.Response.Body) != "\x00\xff" || a.NodeID != h.Node {
			t.Errorf("the attempt is %+v", a)
		}
		if len(a.Response.Headers) != 2 || a.Response.Headers[0].Value != "a: b" || a.Response.Headers[1].Name != "Empty" {
			t.Errorf("headers %+v", a.Response.Headers)
		}
		h.CheckInvariants("the success")
	})
	t.Run("a failure waits for its retry and counts up", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		d := h.Publish(h.Endpoint())[0]
		for i := 1; i <= 3; i++ {
			j := h.ClaimOne()
			if j.Delivery.Attempts != i || j.Delivery.Failures != i-1 {
				t.Fatalf("attempt %d, failures %d", j.Delivery.Attempts, j.Delivery.Failures)
			}
			h.Record(h.Failed(j, time.Minute))
			if n := len(h.Claim(10)); n != 0 {
				t.Fatal("claimed before it was due")
			}
			h.CheckInvariants("the failure")
			h.Pass(time.Minute)
		}
		if n := h.Attempts(d.ID, webhook.OutcomeFailed); n != 3 {
			t.Errorf("%d failed attempts in the log, want 3", n)
		}
	})
	t.Run("what was out when its endpoint was deleted is not tried again", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e, other := h.Endpoint(), h.Endpoint()
		h.Publish(e, other)
		h.Publish(e)
		var failed, unsent webhook.Job
		for _, j := range h.Claim(10) {
			switch {
			case j.Delivery.EndpointID == other.ID:
				h.Record(h.Failed(j, time.Hour))
			case failed.Delivery.ID.IsZero():
				failed = j
			default:
				unsent = j
			}
		}
		if err := h.Store.DeleteEndpoint(t.Context(), h.Project, e.ID, time.Now(), h.audit("endpoint.deleted")); err != nil {
			t.Fatal(err)
		}
		h.Record(h.Failed(failed, time.Hour))
		if err := h.Store.Release(t.Context(), []webhook.Job{unsent}); err != nil {
			t.Fatal(err)
		}
		for _, j := range []webhook.Job{failed, unsent} {
			if row := h.Row(j.Delivery.ID); row.State != webhook.Cancelled || row.Reason != "the endpoint was deleted" {
				t.Errorf("it is %s: %q", row.State, row.Reason)
			}
		}
		if n := h.Number("SELECT count(*) FROM deliveries WHERE state = 'waiting'"); n != 1 {
			t.Errorf("%d wait, want the other endpoint's one", n)
		}
		h.CheckInvariants("the deletion")
	})
	t.Run("recording a result again changes nothing", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		d := h.Publish(e)[0]
		failed := h.Failed(h.ClaimOne(), 0)
		h.Record(failed)
		j := h.ClaimOne()
		h.Record(failed)
		if row := h.Row(d.ID); row.State != webhook.Sending || row.AttemptID != j.Delivery.AttemptID {
			t.Errorf("the row is %+v", row)
		}
		if n := h.Number("SELECT sum(n) FROM endpoint_minute"); n != 1 {
			t.Errorf("counted %d times", n)
		}
		if n := h.Number("SELECT consecutive_failures FROM endpoints"); n != 1 {
			t.Errorf("%d failures in a row, want 1", n)
		}
		h.CheckInvariants("the repeat")
	})
	t.Run("a lost worker's attempt is logged as unknown and its late result completes it", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		d := h.Publish(h.Endpoint())[0]
		j := h.ClaimOne()
		if jobs := h.expired(); len(jobs) != 0 {
			t.Fatal("a lease that runs was swept")
		}
		h.Pass(time.Minute)
		swept := h.expired()
		if len(swept) != 1 || swept[0].Delivery.AttemptID != j.Delivery.AttemptID {
			t.Fatalf("swept %+v", swept)
		}
		h.Record(h.Unknown(swept[0]))
		h.CheckInvariants("the sweep")
		if row := h.Row(d.ID); row.State != webhook.Waiting || row.Unknowns != 1 || row.Failures != 0 {
			t.Errorf("the row is %+v", row)
		}
		h.Record(h.Delivered(j))
		if row := h.Row(d.ID); row.State != webhook.Delivered {
			t.Errorf("a late success left it %s", row.State)
		}
		if h.Attempts(d.ID, webhook.OutcomeUnknown) != 0 || h.Attempts(d.ID, webhook.OutcomeDelivered) != 1 {
			t.Error("the unknown attempt was not completed")
		}
		h.CheckInvariants("the late success")
		if n := len(h.Claim(10)); n != 0 {
			t.Error("claimed a delivered delivery")
		}
	})
	t.Run("a late failure does not touch the delivery's new claim", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		d := h.Publish(h.Endpoint())[0]
		old := h.ClaimOne()
		h.Pass(time.Minute)
		h.Record(h.Unknown(h.expired()[0]))
		again := h.ClaimOne()
		h.Record(h.Failed(old, time.Hour))
		if row := h.Row(d.ID); row.State != webhook.Sending || row.AttemptID != again.Delivery.AttemptID {
			t.Errorf("the row is %+v", row)
		}
		h.CheckInvariants("the late failure")
	})
	t.Run("success is terminal", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		d := h.Publish(h.Endpoint())[0]
		old := h.ClaimOne()
		h.Pass(time.Minute)
		h.Record(h.Unknown(h.expired()[0]))
		again := h.ClaimOne()
		h.Record(h.Delivered(old))
		h.Record(h.Failed(again, 0))
		if state := h.State(d.ID); state != webhook.Delivered {
			t.Errorf("it is %s", state)
		}
		h.CheckInvariants("both results")
	})
	t.Run("two results of one delivery in one batch both count", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		d := h.Publish(h.Endpoint())[0]
		old := h.ClaimOne()
		h.Pass(time.Minute)
		h.Record(h.Unknown(h.expired()[0]))
		again := h.ClaimOne()
		h.Record(h.Failed(again, 0), h.Delivered(old))
		if state := h.State(d.ID); state != webhook.Delivered {
			t.Errorf("it is %s", state)
		}
		h.CheckInvariants("the batch")
	})
	t.Run("an attempt that was given back unsent leaves no trace", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		d := h.Publish(h.Endpoint())[0]
		j := h.ClaimOne()
		if err := h.Store.Release(t.Context(), []webhook.Job{j}); err != nil {
			t.Fatal(err)
		}
		h.CheckInvariants("the release")
		h.Record(h.Unknown(j)) // a sweep that read the lease before
		if row := h.Row(d.ID); row.State != webhook.Waiting || row.Attempts != 0 || !row.AttemptID.IsZero() {
			t.Errorf("the row is %+v", row)
		}
		if j = h.ClaimOne(); j.Delivery.Attempts != 1 {
			t.Errorf("the next attempt is number %d", j.Delivery.Attempts)
		}
		h.CheckInvariants("the next claim")
	})
	t.Run("health and statistics follow, without tests and with resends only counted", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		h.Publish(e)
		h.Record(h.Failed(h.ClaimOne(), time.Hour))
		d := h.Publish(e)[0]
		h.Record(h.Delivered(h.ClaimOne()))
		h.Claim(10) // the retry came due by the success
		h.Resend(d.ID)
		h.Record(h.Failed(h.ClaimOne(), time.Hour))
		h.Record(h.Delivered(h.test(e)))
		got, err := h.Store.Endpoint(t.Context(), h.Project, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.ConsecutiveFailures != 0 || got.LastSuccessAt.IsZero() || got.LastFailureAt.IsZero() {
			t.Errorf("health %d, %v, %v", got.ConsecutiveFailures, got.LastSuccessAt, got.LastFailureAt)
		}
		if n := h.Number("SELECT sum(n) FROM endpoint_minute WHERE cause = ''"); n != 1 {
			t.Errorf("%d successes counted, want 1", n)
		}
		if n := h.Number("SELECT sum(b2) FROM endpoint_minute WHERE cause = 'http_status'"); n != 2 {
			t.Errorf("%d failures of 3 ms counted, want 2", n)
		}
	})
	t.Run("the first success after failures makes the endpoint's retries due", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		for range 3 {
			h.Publish(e)
		}
		for _, j := range h.Claim(10) {
			h.Record(h.Failed(j, time.Hour))
		}
		h.Publish(e)
		h.Record(h.Delivered(h.ClaimOne()))
		if n := len(h.Claim(10)); n != 3 {
			t.Errorf("claimed %d, want the 3 retries", n)
		}
		h.CheckInvariants("the recovery")
	})
	t.Run("Retry-After keeps the endpoint quiet", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		h.Publish(e)
		failed := h.Failed(h.ClaimOne(), time.Minute)
		failed.HoldFor = time.Minute
		h.Publish(e)
		h.Record(failed)
		if n := len(h.Claim(10)); n != 0 {
			t.Fatal("claimed although the receiver asked for quiet")
		}
		h.CheckInvariants("the hold")
		h.Pass(time.Minute)
		if n := len(h.Claim(10)); n != 2 {
			t.Errorf("claimed %d afterwards, want 2", n)
		}
	})
	t.Run("a result can pause its endpoint", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		h.Publish(e)
		gone := h.Failed(h.ClaimOne(), 0)
		gone.Pause = webhook.PausedAsGone
		before, _, _ := h.Store.CatalogueVersion(t.Context(), h.Project)
		h.Record(gone)
		got, err := h.Store.Endpoint(t.Context(), h.Project, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.State != webhook.EndpointPaused || got.PausedBecause != webhook.PausedAsGone || got.PausedAt.IsZero() {
			t.Errorf("the endpoint is %s because %s", got.State, got.PausedBecause)
		}
		if after, _, _ := h.Store.CatalogueVersion(t.Context(), h.Project); after == before {
			t.Error("the catalogue did not move on")
		}
		if n := len(h.Claim(10)); n != 0 {
			t.Error("claimed from a paused endpoint")
		}
		h.CheckInvariants("the pause")
	})
	t.Run("a test is never claimed, and one that was not sent is cancelled", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		j := h.test(e)
		h.CheckInvariants("the test")
		if err := h.Store.Release(t.Context(), []webhook.Job{j}); err != nil {
			t.Fatal(err)
		}
		if state := h.State(j.Delivery.ID); state != webhook.Cancelled {
			t.Errorf("it is %s", state)
		}
		if n := len(h.Claim(10)); n != 0 {
			t.Error("claimed a test")
		}
	})
}

// expired reads ended leases.
func (h *Harness) expired() []webhook.Job {
	h.T.Helper()
	jobs, err := h.Store.Expired(h.T.Context(), 100)
	if err != nil {
		h.T.Fatal(err)
	}
	return jobs
}

// test stores a test delivery.
func (h *Harness) test(e webhook.Endpoint) webhook.Job {
	h.T.Helper()
	event := h.Event()
	d := webhook.Delivery{
		ID: webhook.DeliveryID{UUID: mint.UUID(time.Now())}, ProjectID: e.ProjectID, EventID: event.ID, EndpointID: e.ID, EndpointVersion: e.Version,
		Topic: event.Topic, State: webhook.Sending, Attempts: 1, AttemptID: webhook.AttemptID{UUID: mint.UUID(time.Now())}, Test: true,
	}
	if err := h.Store.CreateTest(h.T.Context(), event, d, e.LeaseFor()); err != nil {
		h.T.Fatal(err)
	}
	return webhook.Job{Event: event, Delivery: d, LeaseFor: e.LeaseFor()}
}
