package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

func admission(t *testing.T, fresh func(t *testing.T) *Harness) {
	t.Run("an event is stored with its deliveries", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		event := h.Event()
		event.Search = []string{"sku-1", "with \x00 NUL"}
		item := h.Item(event, false, h.Endpoint(), h.Endpoint())
		a := h.Admit(item)
		if a.Err != nil || a.Stale || len(a.Receipts) != 1 {
			t.Fatalf("admitted %+v", a)
		}
		r := a.Receipts[0]
		if r.ID != event.ID || r.Deliveries != 2 || r.Duplicate || r.Seq == 0 || len(r.HandedOff) != 0 {
			t.Errorf("receipt %+v", r)
		}
		if n := h.Number("SELECT count(*) FROM deliveries WHERE seq = %d AND state = 'waiting'", r.Seq); n != 2 {
			t.Errorf("%d deliveries, want 2", n)
		}
		if n := h.Number("SELECT count(*) FROM event_search WHERE value = 'sku-1'"); n != 1 {
			t.Errorf("%d search values, want 1", n)
		}
		h.CheckInvariants("the admission")
	})
	t.Run("an event of a person leaves one audit entry, a repeat none", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		entry := h.audit("event.published")
		item := h.Item(h.Event(), false, h.Endpoint())
		item.Event.Key, item.Audit = "once", &entry
		h.Admit(item)
		again, second := item, h.audit("event.published")
		again.Event.ID, again.Audit = webhook.EventID{UUID: mint.UUID(time.Now())}, &second
		if a := h.Admit(again); a.Err != nil || !a.Receipts[0].Duplicate {
			t.Fatalf("the repeat is answered %+v", a)
		}
		page, err := h.Store.Audit(t.Context(), webhook.AuditFilter{ProjectID: h.Project, Action: "event"})
		if err != nil || len(page.Items) != 1 || page.Items[0].ID != entry.ID || page.Items[0].Actor != entry.Actor {
			t.Errorf("%v, the log has %+v", err, page.Items)
		}
	})
	t.Run("a hand-off is granted to an idle endpoint and leased", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		item := h.Item(h.Event(), true, e)
		r := h.Admit(item).Receipts[0]
		if len(r.HandedOff) != 1 || r.HandedOff[0] != item.Deliveries[0].ID {
			t.Fatalf("handed off %v", r.HandedOff)
		}
		row := h.Row(r.HandedOff[0])
		if row.State != webhook.Sending || row.Attempts != 1 || row.AttemptID != item.Deliveries[0].AttemptID {
			t.Errorf("the row is %+v", row)
		}
		if left := time.Until(row.LeaseUntil); left < 30*time.Second || left > 40*time.Second {
			t.Errorf("the lease ends in %v, want 35 s", left)
		}
		if jobs := h.Claim(10); len(jobs) != 0 {
			t.Errorf("claimed %d beside the hand-off", len(jobs))
		}
		h.CheckInvariants("the hand-off")
	})
	t.Run("a hand-off does not overtake what is due", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		h.Publish(e)
		if r := h.Admit(h.Item(h.Event(), true, e)).Receipts[0]; len(r.HandedOff) != 0 {
			t.Error("handed off although a delivery is due")
		}
		if jobs := h.Claim(10); len(jobs) != 2 {
			t.Errorf("claimed %d, want both", len(jobs))
		}
		h.CheckInvariants("the claim")
	})
	t.Run("a paused, ordered or held endpoint gets no hand-off", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		paused, ordered, held := h.Endpoint(), h.Endpoint(func(s *webhook.Settings) { s.Ordered = true }), h.Endpoint()
		if err := h.Store.PauseBy(t.Context(), h.Project, paused.ID, webhook.PausedByPerson, h.audit("endpoint.paused")); err != nil {
			t.Fatal(err)
		}
		h.Publish(held)
		job := h.ClaimOne()
		failed := h.Failed(job, time.Hour)
		failed.HoldFor = time.Hour
		h.Record(failed)
		for _, e := range []webhook.Endpoint{paused, ordered, held} {
			if r := h.Admit(h.Item(h.Event(), true, e)).Receipts[0]; len(r.HandedOff) != 0 {
				t.Errorf("endpoint %s got a hand-off", e.ID)
			}
		}
		h.CheckInvariants("the admissions")
	})
	t.Run("an admission that was matched against an older catalogue is stale and stores nothing", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		old := h.Item(h.Event(), false, e)
		h.Endpoint()
		good := h.Item(h.Event(), false, e)
		answers, err := h.Store.Admit(t.Context(), []webhook.Admission{{Items: []webhook.AdmissionItem{good, old}}, {Items: []webhook.AdmissionItem{h.Item(h.Event(), false, e)}}})
		if err != nil {
			t.Fatal(err)
		}
		if !answers[0].Stale || answers[1].Stale || answers[1].Err != nil {
			t.Errorf("answers %+v", answers)
		}
		if n := h.Number("SELECT count(*) FROM events"); n != 1 {
			t.Errorf("%d events stored, want 1", n)
		}
	})
	t.Run("an event of a project that is gone is stale", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		item := webhook.AdmissionItem{Event: h.Event()}
		item.Event.ProjectID = webhook.ProjectID{UUID: mint.UUID(time.Now())}
		if a := h.Admit(item); !a.Stale {
			t.Errorf("admitted %+v", a)
		}
	})
}

func idempotency(t *testing.T, fresh func(t *testing.T) *Harness) {
	keyed := func(h *Harness, key string, body byte, e webhook.Endpoint) webhook.AdmissionItem {
		event := h.Event()
		event.Key = key
		item := h.Item(event, false, e)
		item.Fingerprint = [32]byte{body}
		return item
	}
	t.Run("a repeat gets the first answer", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		first := h.Admit(keyed(h, "k", 1, e)).Receipts[0]
		second := h.Admit(keyed(h, "k", 1, e)).Receipts[0]
		if first.Duplicate || !second.Duplicate || second.ID != first.ID || second.Deliveries != 1 {
			t.Errorf("first %+v, second %+v", first, second)
		}
		if n := h.Number("SELECT count(*) FROM deliveries"); n != 1 {
			t.Errorf("%d deliveries, want 1", n)
		}
	})
	t.Run("another body is a conflict, refuses its whole request and no other", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		h.Admit(keyed(h, "k", 1, e))
		answers, err := h.Store.Admit(t.Context(), []webhook.Admission{
			{Items: []webhook.AdmissionItem{keyed(h, "other", 1, e), keyed(h, "k", 2, e), keyed(h, "", 3, e)}},
			{Items: []webhook.AdmissionItem{keyed(h, "third", 1, e)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if webhook.KindOf(answers[0].Err) != webhook.KindConflict || answers[0].Refused != 1 || answers[1].Err != nil {
			t.Errorf("answers %+v", answers)
		}
		if r := h.Admit(keyed(h, "other", 9, e)); r.Err != nil || r.Receipts[0].Duplicate {
			t.Errorf("a refused request kept its key: %+v", r)
		}
	})
	t.Run("one key within a group counts once", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		one, two, other := keyed(h, "k", 1, e), keyed(h, "k", 1, e), keyed(h, "k", 2, e)
		answers, err := h.Store.Admit(t.Context(), []webhook.Admission{{Items: []webhook.AdmissionItem{one}}, {Items: []webhook.AdmissionItem{two}}, {Items: []webhook.AdmissionItem{other}}})
		if err != nil {
			t.Fatal(err)
		}
		if r := answers[1].Receipts[0]; !r.Duplicate || r.ID != one.Event.ID {
			t.Errorf("the second got %+v", r)
		}
		if webhook.KindOf(answers[2].Err) != webhook.KindConflict {
			t.Errorf("the third got %+v", answers[2])
		}
	})
	t.Run("a key is forgotten after a day", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		h.Admit(keyed(h, "k", 1, e))
		h.Pass(25 * time.Hour)
		if a := h.Admit(keyed(h, "k", 2, e)); a.Err != nil || a.Receipts[0].Duplicate {
			t.Errorf("admitted %+v", a)
		}
	})
	t.Run("keys of two projects are two keys", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		h.Admit(keyed(h, "k", 1, h.Endpoint()))
		h.Project = h.NewProject("other")
		if a := h.Admit(keyed(h, "k", 2, h.Endpoint())); a.Err != nil || a.Receipts[0].Duplicate {
			t.Errorf("admitted %+v", a)
		}
	})
	t.Run("many at once under one key make one event", func(t *testing.T) {
		t.Parallel()
		h := fresh(t)
		e := h.Endpoint()
		items := make([]webhook.AdmissionItem, 20)
		for i := range items {
			items[i] = keyed(h, "k", 1, e)
		}
		ids := make([]webhook.EventID, len(items))
		var wg sync.WaitGroup
		for i := range items {
			wg.Go(func() {
				answers, err := h.Store.Admit(t.Context(), []webhook.Admission{{Items: items[i : i+1]}})
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = answers[0].Receipts[0].ID
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Fatalf("two events: %s and %s", ids[0], id)
			}
		}
		if n := h.Number("SELECT count(*) FROM events"); n != 1 {
			t.Errorf("%d events, want 1", n)
		}
	})
}
