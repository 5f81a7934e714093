package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

const retention = 720 * time.Hour

// ago is a moment before now.
func ago(d time.Duration) time.Time { return time.Now().Add(-d) }

func housekeeping(t *testing.T, fresh func(t *testing.T) *Harness) {
	keep := func(h *Harness) {
		h.T.Helper()
		if err := h.Store.Housekeep(h.T.Context(), retention); err != nil {
			h.T.Fatal(err)
		}
		h.CheckInvariants("the housekeeping")
	}
	// old stores an event of the past with one delivery to each endpoint.
	old := func(h *Harness, age time.Duration, endpoints ...webhook.Endpoint) []webhook.Delivery {
		h.T.Helper()
		event := h.Event()
		event.ID.UUID = mint.UUID(time.Now().Add(-age))
		item := h.Item(event, false, endpoints...)
		for i := range item.Deliveries {
			item.Deliveries[i].ID.UUID = mint.UUID(time.Now().Add(-age))
		}
		h.Admit(item)
		return item.Deliveries
	}
	t.Run("what ended long ago goes with its log, what is young stays", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		gone := old(h, retention+time.Hour, e)[0]
		h.Record(h.Delivered(h.ClaimOne()))
		kept := old(h, retention-48*time.Hour, e)[0]
		h.Record(h.Delivered(h.ClaimOne()))
		keep(h)
		if n := h.Number("SELECT count(*) FROM deliveries WHERE id = %s", h.Lit(gone.ID.UUID)); n != 0 {
			t.Error("the old delivery is still there")
		}
		if n := h.Number("SELECT count(*) FROM events WHERE id = %s", h.Lit(gone.EventID.UUID)); n != 0 {
			t.Error("the old event is still there")
		}
		if h.Attempts(kept.ID, webhook.OutcomeDelivered) != 1 || h.State(kept.ID) != webhook.Delivered {
			t.Error("the young delivery or its log is gone")
		}
	})
	t.Run("what still waits at that age expires and is kept until the next time", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		line := h.Endpoint(func(s *webhook.Settings) { s.Ordered = true })
		expired := old(h, retention+time.Hour, line)[0]
		h.Record(h.Failed(h.ClaimOne(), time.Hour))
		young := h.Publish(line)[0]
		h.Claim(1)
		if err := h.Store.Housekeep(t.Context(), retention); err != nil {
			t.Fatal(err)
		}
		if n := h.Number("SELECT count(*) FROM deliveries WHERE id = %s AND state <> 'cancelled'", h.Lit(expired.ID.UUID)); n != 0 {
			t.Error("the expired delivery is live")
		}
		if j := h.ClaimOne(); j.Delivery.ID != young.ID {
			t.Error("the line did not go on")
		}
	})
	t.Run("a delivery that is out is never removed", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		d := old(h, retention+time.Hour, h.Endpoint())[0]
		j := h.ClaimOne()
		keep(h)
		if h.State(d.ID) != webhook.Sending {
			t.Fatalf("it is %s", h.State(d.ID))
		}
		h.Record(h.Delivered(j))
		keep(h)
	})
	t.Run("an event that was resent is kept as long as the resend", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		d := old(h, retention+48*time.Hour, h.Endpoint())[0]
		h.Record(h.Delivered(h.ClaimOne()))
		again := h.Resend(d.ID)
		keep(h)
		if j := h.ClaimOne(); j.Delivery.ID != again || len(j.Event.Data) == 0 {
			t.Error("the resend lost its event")
		}
	})
	t.Run("what a deleted endpoint has left is cancelled", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		h.Publish(e)
		j := h.ClaimOne()
		d := h.Publish(e)[0]
		if err := h.Store.DeleteEndpoint(t.Context(), h.Project, e.ID, time.Now(), h.audit("endpoint.deleted")); err != nil {
			t.Fatal(err)
		}
		if h.State(d.ID) != webhook.Cancelled {
			t.Errorf("the waiting one is %s", h.State(d.ID))
		}
		h.Record(h.Failed(j, time.Second))
		// As a node that failed between the two steps of Record would leave it.
		h.Exec("UPDATE deliveries SET state = 'waiting', ended_at = 0, reason = '' WHERE id = %s", h.Lit(j.Delivery.ID.UUID))
		h.Exec("UPDATE endpoint_queue SET next_due_at = 1")
		h.Pass(time.Minute)
		if n := len(h.Claim(10)); n != 0 {
			t.Error("claimed for a deleted endpoint")
		}
		keep(h)
		if h.State(j.Delivery.ID) != webhook.Cancelled {
			t.Errorf("the one that was out is %s", h.State(j.Delivery.ID))
		}
	})
	t.Run("minutes are folded to hours without losing a count", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		for range 4 {
			h.Publish(e)
		}
		for i, j := range h.Claim(10) {
			h.Record(h.Delivered(j))
			h.Exec("UPDATE endpoint_minute SET minute = %d WHERE minute > %d", ago(72*time.Hour).Truncate(time.Hour).Add(time.Duration(i*10)*time.Minute).UnixMilli(), ago(48*time.Hour).UnixMilli())
		}
		if n := h.Number("SELECT count(*) FROM endpoint_minute"); n != 4 {
			t.Errorf("%d minutes, want 4", n)
		}
		keep(h)
		keep(h)
		if n := h.Number("SELECT count(*) FROM endpoint_minute"); n != 0 {
			t.Errorf("%d minutes are left", n)
		}
		if n := h.Number("SELECT count(*) FROM stats_sum WHERE width = 60000"); n != 0 {
			t.Errorf("%d minutes of projects are left", n)
		}
		if n := h.Number("SELECT sum(n * 1000 + b2) FROM stats_sum WHERE start %% 3600000 = 0"); n != 3*4004 {
			t.Errorf("n and the 4 ms bucket of endpoint, project and all are %d, want 3 times 4004", n)
		}
	})
	t.Run("secrets are wiped after their grace", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		h.Endpoint()
		h.Endpoint()
		h.Exec("UPDATE secrets SET expires_at = 1000 WHERE id = (SELECT id FROM secrets ORDER BY id LIMIT 1)")
		keep(h)
		if n := h.Number("SELECT count(*) FROM secrets WHERE sealed IS NULL"); n != 1 {
			t.Errorf("%d secrets wiped, want 1", n)
		}
	})
	t.Run("a node that lives is known, the backlog counts endpoints", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		for range 2 {
			if err := h.Store.Heartbeat(t.Context(), h.Node, "host", "1.0"); err != nil {
				t.Fatal(err)
			}
		}
		if n := h.Number("SELECT count(*) FROM nodes"); n != 1 {
			t.Errorf("%d nodes, want 1", n)
		}
		h.Publish(h.Endpoint(), h.Endpoint())
		h.Pass(time.Second)
		b, err := h.Store.Backlog(t.Context())
		if err != nil || b.Ready != 2 || b.Oldest < time.Second {
			t.Errorf("backlog %+v, %v", b, err)
		}
	})
}

// nodes proves what is known of server processes.
func nodes(t *testing.T, fresh func(t *testing.T) *Harness) {
	beat := func(h *Harness, node webhook.NodeID, name string) {
		h.T.Helper()
		if err := h.Store.Heartbeat(h.T.Context(), node, name, "1.0"); err != nil {
			h.T.Fatal(err)
		}
	}
	listed := func(h *Harness) []webhook.Node {
		h.T.Helper()
		found, err := h.Store.Nodes(h.T.Context())
		if err != nil {
			h.T.Fatal(err)
		}
		return found
	}
	t.Run("each node is listed with what it has in hand, the oldest first", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		other := webhook.NodeID{UUID: mint.UUID(time.Now())}
		beat(h, h.Node, "first")
		h.Exec("UPDATE nodes SET started_at = started_at - 5000")
		beat(h, other, "second")
		h.Publish(h.Endpoint(), h.Endpoint(), h.Endpoint())
		if n := len(h.Claim(2)); n != 2 {
			t.Fatalf("claimed %d", n)
		}
		found := listed(h)
		if len(found) != 2 || found[0].Name != "first" || found[1].Name != "second" || found[0].ID != h.Node || found[0].Version != "1.0" {
			t.Fatalf("listed %+v", found)
		}
		if found[0].Sending != 2 || !found[0].LeasedUntil.After(time.Now()) || found[1].Sending != 0 || !found[1].LeasedUntil.IsZero() {
			t.Errorf("in hand: %+v", found)
		}
		if age := time.Since(found[1].HeartbeatAt); age < -time.Minute || age > time.Minute {
			t.Errorf("the heartbeat is %s old", age)
		}
	})
	t.Run("what is handed off at the publish is in the hand of the node that took it", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		beat(h, h.Node, "here")
		e := h.Endpoint()
		if a := h.Admit(h.Item(h.Event(), true, e)); len(a.Receipts) != 1 || len(a.Receipts[0].HandedOff) != 1 {
			t.Fatalf("not handed off: %+v", a)
		}
		h.Publish(e)
		if found := listed(h); len(found) != 1 || found[0].Sending != 1 {
			t.Errorf("in hand: %+v", found)
		}
	})
	t.Run("a node that ends in good order is on no list any more", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		other := webhook.NodeID{UUID: mint.UUID(time.Now())}
		beat(h, h.Node, "stays")
		beat(h, other, "goes")
		if err := h.Store.Leave(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		if found := listed(h); len(found) != 1 || found[0].Name != "stays" {
			t.Errorf("listed %+v", found)
		}
	})
	t.Run("the backlog counts wide events, and the database says what it is", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		h.Endpoint()
		event := h.Event()
		event.FanOut = true
		h.Admit(h.Item(event, false))
		h.Exec("UPDATE fanouts SET made = 7")
		if b, err := h.Store.Backlog(t.Context()); err != nil || b.Wide != 1 || b.Made != 7 || b.Ready != 0 {
			t.Errorf("backlog %+v, %v", b, err)
		}
		d, err := h.Store.Database(t.Context())
		if err != nil || d.Kind != h.Store.Dialect() || d.Size < 50_000 || strings.Count(d.Version, ".") < 1 || strings.ContainsAny(d.Version, " (") {
			t.Errorf("the database is %+v, %v", d, err)
		}
	})
}
