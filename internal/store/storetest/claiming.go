package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

func claiming(t *testing.T, fresh func(t *testing.T) *Harness) {
	t.Run("a claim leases what is due and tells all a worker needs", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		d := h.Publish(e)[0]
		j := h.ClaimOne()
		if j.Delivery.ID != d.ID || j.Delivery.State != webhook.Sending || j.Delivery.Attempts != 1 || j.Delivery.AttemptID.IsZero() {
			t.Errorf("delivery %+v", j.Delivery)
		}
		if string(j.Event.Data) != `{"n":1.0}` || j.Event.Topic != "product.viewed" || j.Event.ID != d.EventID || j.Event.OccurredAt.IsZero() || j.Event.PublishedBy.Name != "key" {
			t.Errorf("event %+v", j.Event)
		}
		if j.LeaseFor != e.LeaseFor() || j.ClaimedAt.IsZero() || time.Since(j.ClaimedAt) > time.Minute {
			t.Errorf("lease for %v from %v", j.LeaseFor, j.ClaimedAt)
		}
		if row := h.Row(d.ID); row.AttemptID != j.Delivery.AttemptID || row.State != webhook.Sending {
			t.Errorf("the row is %+v", row)
		}
		if jobs := h.Claim(10); len(jobs) != 0 {
			t.Errorf("claimed %d twice", len(jobs))
		}
		h.CheckInvariants("the claim")
	})
	t.Run("a claim takes the oldest due first and no more than its limit", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		var want []webhook.DeliveryID
		for range 5 {
			want = append(want, h.Publish(e)[0].ID)
		}
		for i := 0; i < 4; i += 2 {
			jobs := h.Claim(2)
			if len(jobs) != 2 || jobs[0].Delivery.ID != want[i] && jobs[1].Delivery.ID != want[i] {
				t.Fatalf("claimed %d, want deliveries %d and %d", len(jobs), i, i+1)
			}
			h.Pass(10 * time.Millisecond)
		}
		h.ClaimOne()
	})
	t.Run("projects take turns", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		busy := h.Endpoint()
		for range 20 {
			h.Publish(busy)
		}
		h.Project = h.NewProject("small")
		small := h.Publish(h.Endpoint())[0]
		found := false
		for _, j := range h.Claim(4) {
			found = found || j.Delivery.ID == small.ID
		}
		if !found {
			t.Error("the small project did not get one of four slots")
		}
	})
	t.Run("next says when something will be due", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		h.Publish(e)
		h.Record(h.Failed(h.ClaimOne(), 30*time.Second))
		_, next, err := h.Store.Claim(t.Context(), h.Node, webhook.Room{Slots: 10})
		if err != nil {
			t.Fatal(err)
		}
		if next < 20*time.Second || next > 30*time.Second {
			t.Errorf("next is %v, want just under 30 s", next)
		}
	})
	t.Run("an endpoint's own limit holds over all claims, and a slot that is freed is used", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint(func(s *webhook.Settings) { s.MaxInFlight = 2 })
		for range 5 {
			h.Publish(e)
		}
		jobs := h.Claim(10)
		if len(jobs) != 2 {
			t.Fatalf("claimed %d, want 2", len(jobs))
		}
		if more := h.Claim(10); len(more) != 0 {
			t.Fatalf("claimed %d over the limit", len(more))
		}
		h.Record(h.Delivered(jobs[0]))
		if more := h.Claim(10); len(more) != 1 {
			t.Errorf("claimed %d after one ended, want 1 at once", len(more))
		}
		h.CheckInvariants("the claims")
	})
	t.Run("a rate holds over claims", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint(func(s *webhook.Settings) { s.RatePerSecond = 1 })
		for range 5 {
			h.Publish(e)
		}
		total := 0
		for range 5 {
			total += len(h.Claim(10))
		}
		if total != 1 {
			t.Errorf("claimed %d at once at 1/s", total)
		}
		h.Pass(time.Second)
		if n := len(h.Claim(10)); n != 1 {
			t.Errorf("claimed %d a second later, want 1", n)
		}
		h.CheckInvariants("the claims")
	})
	t.Run("an endpoint that fails twenty times is tried one at a time", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		for range 25 {
			h.Publish(e)
		}
		for _, j := range h.Claim(20) {
			h.Record(h.Failed(j, time.Hour))
		}
		if n := len(h.Claim(20)); n != 1 {
			t.Errorf("claimed %d, want 1", n)
		}
	})
	t.Run("a slow endpoint has eight out over all nodes, and none without room for it", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		slow, quick := h.Endpoint(), h.Endpoint()
		for range 20 {
			h.Publish(slow)
		}
		pace := func(id webhook.EndpointID) webhook.Pace {
			if id == slow.ID {
				return webhook.PaceSlow
			}
			return webhook.PaceQuick
		}
		claim := func(lagging int) (jobs []webhook.Job) {
			jobs, _, err := h.Store.Claim(t.Context(), webhook.NodeID{UUID: mint.UUID(time.Now())}, webhook.Room{Slots: 50, Lagging: lagging, Pace: pace})
			h.must(err)
			return jobs
		}
		first := claim(5)
		if n := len(first); n != 5 {
			t.Errorf("the first node claimed %d with room for 5", n)
		}
		if n := len(claim(50)); n != 3 {
			t.Errorf("the second node claimed %d with 5 out, want 3", n)
		}
		h.Record(h.Delivered(first[0]))
		d := h.Publish(quick)[0]
		if jobs := claim(0); len(jobs) != 1 || jobs[0].Delivery.ID != d.ID {
			t.Errorf("claimed %d without room for slow ones, want the quick endpoint's only", len(jobs))
		}
		h.Pass(time.Second)
		if n := len(claim(50)); n != 1 {
			t.Errorf("claimed %d after one ended, want 1", n)
		}
		h.CheckInvariants("the claims")
	})
	t.Run("held deliveries cost a claim nothing and wait", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		d := h.Publish(e)[0]
		if err := h.Store.PauseBy(t.Context(), h.Project, e.ID, webhook.PausedByPerson, h.audit("endpoint.paused")); err != nil {
			t.Fatal(err)
		}
		if jobs := h.Claim(10); len(jobs) != 0 {
			t.Fatal("claimed from a paused endpoint")
		}
		if h.State(d.ID) != webhook.Waiting {
			t.Errorf("the delivery is %s; held is never written", h.State(d.ID))
		}
		if err := h.Store.ResumeBy(t.Context(), h.Project, e.ID, 0, h.audit("endpoint.resumed")); err != nil {
			t.Fatal(err)
		}
		h.ClaimOne()
		h.CheckInvariants("the resume")
	})
	t.Run("a resumed endpoint drains at the chosen rate, and then freely", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		for range 3 {
			h.Publish(e)
		}
		if err := h.Store.PauseBy(t.Context(), h.Project, e.ID, webhook.PausedByPerson, h.audit("endpoint.paused")); err != nil {
			t.Fatal(err)
		}
		h.Pass(time.Second)
		if err := h.Store.ResumeBy(t.Context(), h.Project, e.ID, 0.5, h.audit("endpoint.resumed")); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if n := len(h.Claim(10)); n != 1 {
				t.Fatalf("step %d: claimed %d, want 1", i, n)
			}
			h.Exec("UPDATE endpoint_queue SET rate_tat = rate_tat - 2000000")
		}
		for range 4 {
			h.Publish(e)
		}
		if n := len(h.Claim(10)); n != 4 {
			t.Errorf("claimed %d after the backlog, want all 4", n)
		}
	})
	t.Run("a rate that is lifted keeps nobody waiting", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint(func(s *webhook.Settings) { s.RatePerSecond = 0.001 })
		for range 3 {
			h.Publish(e)
		}
		h.ClaimOne()
		h.update(e, func(s *webhook.Settings) { s.RatePerSecond = 0 })
		if n := len(h.Claim(10)); n != 2 {
			t.Errorf("claimed %d after the change, want the other 2", n)
		}
		h.Publish(e)
		h.Publish(e)
		for _, rate := range []float64{0.001, 0} {
			h.must(h.Store.PauseBy(t.Context(), h.Project, e.ID, webhook.PausedByPerson, h.audit("endpoint.paused")))
			h.Pass(time.Second)
			h.must(h.Store.ResumeBy(t.Context(), h.Project, e.ID, rate, h.audit("endpoint.resumed")))
			if n := len(h.Claim(10)); n != 1 {
				t.Errorf("claimed %d after the resume at %v, want 1", n, rate)
			}
		}
	})
	t.Run("concurrent claims never share a delivery", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		var endpoints []webhook.Endpoint
		for range 5 {
			endpoints = append(endpoints, h.Endpoint())
		}
		for range 40 {
			h.Publish(endpoints...)
		}
		var mu sync.Mutex
		seen := map[webhook.DeliveryID]int{}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for empty := 0; empty < 5; {
					jobs, _, err := h.Store.Claim(t.Context(), h.Node, webhook.Room{Slots: 7})
					if err != nil {
						t.Error(err)
						return
					}
					if len(jobs) == 0 {
						empty++
						time.Sleep(2 * time.Millisecond)
					}
					mu.Lock()
					for _, j := range jobs {
						seen[j.Delivery.ID]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(seen) != 200 {
			t.Errorf("claimed %d of 200", len(seen))
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s was claimed %d times", id, n)
			}
		}
		h.CheckInvariants("the claims")
	})
}
