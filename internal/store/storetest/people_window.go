package storetest

import (
	"fmt"

	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/webhook"
)

// logRows is more than one page of a filter without an index looks at.
const logRows = 30_000

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
		h.same(deliveries(webhook.DeliveryFilter{State: webhook.Exhausted}), [3]int{1, 2, 1})
		h.same(deliveries(webhook.DeliveryFilter{EndpointID: e.ID, Topic: "rare"}), [3]int{1, 2, 1})
		h.same(deliveries(webhook.DeliveryFilter{State: webhook.Held}), [3]int{0, 2, 1})
		h.same(deliveries(webhook.DeliveryFilter{Status: 404, Limit: 1}), [3]int{1, 2, 1})

		events := webhook.EventFilter{ProjectID: h.Project, Topic: "rare"}
		h.same(pages(h, func(cursor string) (webhook.Page[webhook.Event], error) {
			events.Cursor = cursor
			return h.Store.Events(ctx, events)
		}), [3]int{1, 2, 1})
		page, err := h.Store.Deliveries(ctx, webhook.DeliveryFilter{ProjectID: h.Project, Limit: 10})
		h.must(err)
		if len(page.Items) != 10 || page.Next == "" || !page.SearchedBackTo.IsZero() {
			h.T.Errorf("an unfiltered page is cut: %d items, back to %v", len(page.Items), page.SearchedBackTo)
		}
	}},
}
