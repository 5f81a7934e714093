package storetest

import (
	"fmt"

	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/webhook"
)

// logRows is more than one page of a filter without an index looks at.
const logRows = 15_000

// numbered writes the id of row i of a long log into SQL: ids of rising time,
// a second apart, from 2020 on.
func (h *Harness) numbered(kind byte) string {
	const start = 1_577_836_800_000
	if h.Store.Dialect() == store.Postgres {
		return fmt.Sprintf("(substr(lpad(to_hex(%d + i * 1000), 12, '0'), 1, 8) || '-' || substr(lpad(to_hex(%d + i * 1000), 12, '0'), 9, 4) || '-7000-80%02x-000000000000')::uuid", start, start, kind)
	}
	return fmt.Sprintf("unhex(printf('%%012x', %d + i * 1000) || '700080%02x000000000000')", start, kind)
}

// LongLog fills the logs with rows of one project, of which only the oldest is
// exhausted, failed with 404 and of the topic "rare".
func (h *Harness) LongLog(e webhook.Endpoint, rows int) {
	h.T.Helper()
	numbers := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)", rows)
	topic := "CASE WHEN i = 1 THEN 'rare' ELSE 'product.viewed' END"
	h.Exec("%s", numbers+" INSERT INTO events (id, seq, project_id, audience, topic, data, occurred_at, accepted_at) SELECT "+
		h.numbered(1)+", i, "+h.Lit(h.Project.UUID)+", 'project', "+topic+", '{}', i, i FROM n")
	h.Exec("%s", numbers+` INSERT INTO deliveries (id, project_id, event_id, endpoint_id, endpoint_version, topic, seq, state, due_at, created_at, ended_at, last_status)
 SELECT `+h.numbered(2)+", "+h.Lit(h.Project.UUID)+", "+h.numbered(1)+", "+h.Lit(e.ID.UUID)+", 1, "+topic+
		", i, CASE WHEN i = 1 THEN 'exhausted' ELSE 'delivered' END, i, i, i, CASE WHEN i = 1 THEN 404 ELSE 200 END FROM n")
}

// pages lists to the end and answers how many items came, on how many pages,
// and on how many of them the search stopped early.
func pages[T any](h *Harness, list func(cursor string) (webhook.Page[T], error)) (counts [3]int) {
	h.T.Helper()
	for cursor := ""; ; {
		page, err := list(cursor)
		h.must(err)
		counts[0], counts[1] = counts[0]+len(page.Items), counts[1]+1
		if !page.SearchedBackTo.IsZero() {
			counts[2]++
			if page.Next == "" {
				h.T.Fatal("a search that stopped early can't go on")
			}
		}
		if cursor = page.Next; cursor == "" {
			return counts
		}
	}
}

// windows: a filter without an index looks at a bounded part of the log and
// says so.
var windows = []scene{
	{"a filter without an index stops after some rows and goes on from there", func(h *Harness) {
		ctx, e := h.T.Context(), h.Endpoint()
		h.LongLog(e, logRows)
		deliveries := func(f webhook.DeliveryFilter) [3]int {
			h.T.Helper()
			f.ProjectID = h.Project
			return pages(h, func(cursor string) (webhook.Page[webhook.DeliveryRow], error) {
				f.Cursor = cursor
				return h.Store.Deliveries(ctx, f)
			})
		}
		h.same(deliveries(webhook.DeliveryFilter{State: webhook.Exhausted}), [3]int{1, 1, 0})
		h.same(deliveries(webhook.DeliveryFilter{EndpointID: e.ID, State: webhook.Exhausted, Topic: "rare"}), [3]int{1, 1, 0})
		h.same(deliveries(webhook.DeliveryFilter{State: webhook.Cancelled}), [3]int{0, 1, 0})
		h.same(deliveries(webhook.DeliveryFilter{EndpointID: e.ID, Topic: "rare"}), [3]int{1, 2, 1})
		h.same(deliveries(webhook.DeliveryFilter{State: webhook.Held}), [3]int{0, 1, 0})
		h.same(deliveries(webhook.DeliveryFilter{State: webhook.Delivered, Topic: "rare"}), [3]int{0, 2, 1})
		h.same(deliveries(webhook.DeliveryFilter{Status: 404, Limit: 1}), [3]int{1, 2, 1})

		events := webhook.EventFilter{ProjectID: h.Project, Topic: "rare"}
		h.same(pages(h, func(cursor string) (webhook.Page[webhook.Event], error) {
			events.Cursor = cursor
			return h.Store.Events(ctx, events)
		}), [3]int{1, 2, 1})
		h.Exec("INSERT INTO event_search (project_id, value, event_id) SELECT project_id, 'prod_1', id FROM events WHERE seq <= 5000")
		searched := webhook.EventFilter{ProjectID: h.Project, Topic: "rare", Query: "prod_1"}
		h.same(pages(h, func(cursor string) (webhook.Page[webhook.Event], error) {
			searched.Cursor = cursor
			return h.Store.Events(ctx, searched)
		}), [3]int{1, 6, 5})
		page, err := h.Store.Deliveries(ctx, webhook.DeliveryFilter{ProjectID: h.Project, Limit: 10})
		h.must(err)
		if len(page.Items) != 10 || page.Next == "" || !page.SearchedBackTo.IsZero() {
			h.T.Errorf("an unfiltered page is cut: %d items, back to %v", len(page.Items), page.SearchedBackTo)
		}
	}}, {"what is live or was given up is found anywhere in the log, over pages, by every other filter", func(h *Harness) {
		e, line := h.Endpoint(), h.Endpoint(func(s *webhook.Settings) { s.Ordered = true })
		h.LongLog(e, logRows)
		// Rows 1 to 9 are the oldest: three each wait after a failure, wait for
		// the first time, and are out.
		for i, change := range []string{
			"state = 'waiting', last_cause = 'timeout'", "state = 'waiting', last_cause = ''", "state = 'sending', lease_until = 9000000000000",
		} {
			h.Exec("UPDATE deliveries SET ended_at = 0, %s WHERE seq > %d AND seq <= %d", change, i*3, i*3+3)
		}
		h.Exec("UPDATE deliveries SET state = 'exhausted' WHERE seq IN (10, 14000)")
		h.Exec("UPDATE deliveries SET endpoint_id = %s, ordered = (1 = 1) WHERE seq = 5", h.Lit(line.ID.UUID))
		h.Exec("UPDATE endpoint_queue SET next_due_at = 0") // as it is where something waits
		listed := func(f webhook.DeliveryFilter) int {
			f.ProjectID = h.Project
			ids := h.listed(f)
			for i := range ids[:max(0, len(ids)-1)] {
				if ids[i].String() <= ids[i+1].String() {
					h.T.Errorf("%+v is out of order at %d", f, i)
				}
			}
			return len(ids)
		}
		for _, c := range []struct {
			filter webhook.DeliveryFilter
			want   int
		}{
			{webhook.DeliveryFilter{State: webhook.Waiting}, 6},
			{webhook.DeliveryFilter{State: webhook.Waiting, EndpointID: line.ID}, 1},
			{webhook.DeliveryFilter{State: webhook.Waiting, Topic: "rare"}, 1},
			{webhook.DeliveryFilter{State: webhook.Waiting, Topic: "commerce"}, 0},
			{webhook.DeliveryFilter{State: webhook.Sending}, 3},
			{webhook.DeliveryFilter{State: webhook.Sending, EndpointID: line.ID}, 0},
			{webhook.DeliveryFilter{State: webhook.Exhausted}, 2},
			{webhook.DeliveryFilter{State: webhook.Exhausted, Status: 404}, 0},
			{webhook.DeliveryFilter{State: webhook.Failed}, 5},
			{webhook.DeliveryFilter{State: webhook.Failed, EndpointID: e.ID, Topic: "product.viewed"}, 4},
		} {
			if got := listed(c.filter); got != c.want {
				h.T.Errorf("%+v finds %d, want %d", c.filter, got, c.want)
			}
		}
		h.must(h.Store.PauseBy(h.T.Context(), h.Project, e.ID, webhook.PausedByPerson, h.audit("endpoint.paused")))
		h.same(listed(webhook.DeliveryFilter{State: webhook.Held}), 5)
		h.same(listed(webhook.DeliveryFilter{State: webhook.Held, EndpointID: line.ID}), 0)
		other := webhook.DeliveryFilter{ProjectID: h.NewProject("other"), State: webhook.Failed}
		h.same(len(h.listed(other)), 0)
	}},
}
