package storetest

import (
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

func fanningOut(t *testing.T, fresh func(t *testing.T) *Harness) {
	// wide publishes an event for all projects.
	wide := func(h *Harness) webhook.Event {
		h.T.Helper()
		event := h.Event()
		event.ProjectID, event.Audience, event.FanOut = webhook.ProjectID{}, webhook.AudienceAll, true
		if a := h.Admit(webhook.AdmissionItem{Event: event}); a.Err != nil || a.Stale || !a.Receipts[0].FanOut {
			h.T.Fatalf("admitted %+v", a)
		}
		return event
	}
	step := func(h *Harness) *webhook.FanOutStep {
		h.T.Helper()
		s, err := h.Store.FanOutStep(h.T.Context())
		if err != nil {
			h.T.Fatal(err)
		}
		return s
	}
	advance := func(h *Harness, s *webhook.FanOutStep) {
		h.T.Helper()
		var cursor webhook.EndpointID
		for _, e := range s.Endpoints {
			cursor = e.ID
		}
		if err := h.Store.AdvanceFanOut(h.T.Context(), s.Event.ID, cursor, s.Last, h.Item(s.Event, false, s.Endpoints...).Deliveries); err != nil {
			h.T.Fatal(err)
		}
	}
	t.Run("a step has the endpoints of the accept moment with their settings of then", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		changed, deleted := h.Endpoint(), h.Endpoint()
		other := h.EndpointOf(h.NewProject("other"))
		event := wide(h)
		if p, err := h.Store.FanOutOf(t.Context(), event.ID); err != nil || p != (webhook.FanOutProgress{Pending: true}) {
			t.Errorf("the fan-out is at %+v, %v", p, err)
		}
		time.Sleep(2 * time.Millisecond) // what follows is later by the clock
		changed.Name, changed.UpdatedAt = "renamed", time.Now()
		if err := h.Store.UpdateEndpoint(t.Context(), changed, h.audit("endpoint.updated")); err != nil {
			t.Fatal(err)
		}
		if err := h.Store.DeleteEndpoint(t.Context(), h.Project, deleted.ID, time.Now().Add(time.Second), h.audit("endpoint.deleted")); err != nil {
			t.Fatal(err)
		}
		late := h.Endpoint()
		h.Exec("UPDATE endpoint_versions SET created_at = created_at + 5000 WHERE endpoint_id = %s", h.Lit(late.ID.UUID))
		s := step(h)
		if s.Event.ID != event.ID || string(s.Event.Data) == "" || !s.Last || len(s.Endpoints) != 3 {
			t.Fatalf("the step has %d endpoints, last %v", len(s.Endpoints), s.Last)
		}
		for _, e := range s.Endpoints {
			if e.ID == changed.ID && (e.Name != "hook" || e.Version != 1) {
				t.Errorf("the changed endpoint came as %q, version %d", e.Name, e.Version)
			}
		}
		if s.Endpoints[2].ID != other.ID && s.Endpoints[1].ID != other.ID && s.Endpoints[0].ID != other.ID {
			t.Error("the other project's endpoint is missing")
		}
	})
	t.Run("the last step ends it and its deliveries can be claimed", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		h.Endpoint()
		h.Endpoint(func(s *webhook.Settings) { s.Ordered = true })
		event := wide(h)
		advance(h, step(h))
		if p, err := h.Store.FanOutOf(t.Context(), event.ID); err != nil || p.Pending {
			t.Errorf("the ended fan-out is at %+v, %v", p, err)
		}
		h.CheckInvariants("the step")
		if n := len(h.Claim(10)); n != 2 {
			t.Errorf("claimed %d, want 2", n)
		}
		if s := step(h); s != nil {
			t.Error("there is another step")
		}
		if n := h.Number("SELECT deliveries FROM events WHERE id = %s", h.Lit(event.ID.UUID)); n != 2 {
			t.Errorf("the event counts %d deliveries", n)
		}
	})
	t.Run("a step in progress is not given to anybody else, until its node is taken for lost", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		h.Endpoint()
		wide(h)
		first := step(h)
		if step(h) != nil {
			t.Fatal("the step was given twice")
		}
		h.Pass(time.Minute)
		second := step(h)
		if second == nil {
			t.Fatal("the step was not given again")
		}
		advance(h, second)
		if err := h.Store.AdvanceFanOut(t.Context(), first.Event.ID, first.Endpoints[0].ID, true, h.Item(first.Event, false, first.Endpoints...).Deliveries); err == nil {
			t.Error("the first node's step was stored, too")
		}
		if n := h.Number("SELECT count(*) FROM deliveries"); n != 1 {
			t.Errorf("%d deliveries, want 1", n)
		}
	})
	t.Run("a wide event of one project stays in it", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		own := h.Endpoint()
		h.EndpointOf(h.NewProject("other"))
		event := h.Event()
		event.FanOut = true
		h.Admit(h.Item(event, false))
		if s := step(h); len(s.Endpoints) != 1 || s.Endpoints[0].ID != own.ID {
			t.Errorf("the step has %d endpoints", len(s.Endpoints))
		}
	})
	t.Run("a payload that was expunged meanwhile is not sent", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		h.Endpoint()
		event := wide(h)
		s := step(h)
		h.Exec("UPDATE events SET data = NULL WHERE id = %s", h.Lit(event.ID.UUID))
		advance(h, s)
		if n := len(h.Claim(10)); n != 0 {
			t.Errorf("claimed %d", n)
		}
		h.CheckInvariants("the step")
	})
}
