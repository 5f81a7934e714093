package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/store"
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
		if err := h.Store.AdvanceFanOut(h.T.Context(), *s, h.Item(s.Event, false, s.Endpoints...).Deliveries); err != nil {
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
		advance(h, first)
		if n := h.Number("SELECT count(*) FROM deliveries"); n != 1 {
			t.Errorf("%d deliveries, want 1: the first node's step was stored, too", n)
		}
	})
	t.Run("steps go on where the last one stored ended, and each endpoint is dealt with once", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		made := h.Clones(h.Endpoint(), 2200) + 1
		event := wide(h)
		first := step(h)
		if first.Last || len(first.Endpoints) > 1000 || first.To != first.Endpoints[len(first.Endpoints)-1].ID {
			t.Fatalf("the first step has %d endpoints, last %v", len(first.Endpoints), first.Last)
		}
		h.Pass(time.Minute) // its node died before it stored anything
		if again := step(h); again.From != first.From || again.To != first.To {
			t.Errorf("the step of a lost node begins again at %s, not %s", again.From, first.From)
		}
		advance(h, first)
		advance(h, first)
		if n := h.Number("SELECT count(*) FROM deliveries"); n != int64(len(first.Endpoints)) {
			t.Errorf("a step that was stored twice made %d deliveries of %d endpoints", n, len(first.Endpoints))
		}
		for s, last := step(h), first.To; s != nil; s = step(h) {
			if s.From != last {
				t.Errorf("a step begins at %s, the one before ended at %s", s.From, last)
			}
			last = s.To
			advance(h, s)
		}
		if n := h.Number("SELECT count(DISTINCT endpoint_id) FROM deliveries"); n != int64(made) || h.Number("SELECT count(*) FROM deliveries") != n {
			t.Errorf("%d of %d endpoints got a delivery", n, made)
		}
		if n := h.Number("SELECT deliveries FROM events WHERE id = %s", h.Lit(event.ID.UUID)); n != int64(made) {
			t.Errorf("the event counts %d deliveries", n)
		}
		h.CheckInvariants("the fan-out")
		if n := len(h.Claim(400)); n < 200 {
			t.Errorf("a claim for 400 took %d of %d endpoints that are ready", n, made)
		}
	})
	t.Run("endpoints that came after the event are passed over, a whole step of them too", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		h.Clones(h.Endpoint(), 1100)
		h.Exec("UPDATE endpoint_versions SET created_at = created_at + 50000")
		last := h.Endpoint()
		wide(h)
		for s := step(h); s != nil; s = step(h) {
			if s.From == s.To {
				t.Fatal("a step without an endpoint of the moment goes nowhere")
			}
			advance(h, s)
		}
		if n := h.Number("SELECT count(*) FROM deliveries WHERE endpoint_id = %s", h.Lit(last.ID.UUID)); n != 1 || h.Number("SELECT count(*) FROM deliveries") != 1 {
			t.Errorf("the endpoint behind them has %d deliveries", n)
		}
	})
	t.Run("a restart on SQLite does not wait for the step of the process that died", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		h.Endpoint()
		wide(h)
		step(h)
		if err := h.Store.EndLeases(t.Context()); err != nil {
			t.Fatal(err)
		}
		if again := step(h) != nil; again != (h.Store.Dialect() == store.SQLite) {
			t.Errorf("after the leases were ended the step is free: %v", again)
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
		if err := h.Store.Expunge(t.Context(), event.ID, time.Now(), h.audit("event.expunged")); err != nil {
			t.Fatal(err)
		}
		advance(h, s)
		if n := h.Number("SELECT count(*) FROM deliveries"); n != 0 || step(h) != nil {
			t.Errorf("%d deliveries were made", n)
		}
		h.CheckInvariants("the step")
	})
}

// Clones makes n endpoints like one, later than it by their ids, all at once.
func (h *Harness) Clones(of webhook.Endpoint, n int) int {
	h.T.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = "(" + h.Lit(mint.UUID(of.CreatedAt.Add(time.Millisecond))) + ")"
	}
	twins := "WITH twin (id) AS (VALUES " + strings.Join(ids, ", ") + ") "
	for _, into := range []struct{ table, key, columns string }{
		{"endpoints", "id", "project_id, version, settings, kind, url, timeout_ms, created_at, updated_at"},
		{"endpoint_versions", "endpoint_id", "version, settings, created_at"},
		{"endpoint_queue", "endpoint_id", "project_id"},
	} {
		h.Exec("%s", twins+"INSERT INTO "+into.table+" ("+into.key+", "+into.columns+") SELECT twin.id, "+into.columns+
			" FROM twin CROSS JOIN "+into.table+" o WHERE o."+into.key+" = "+h.Lit(of.ID.UUID))
	}
	return n
}
