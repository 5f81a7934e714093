package storeseed

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// minutes are the statistics that recording the attempts would have written,
// folded to hours where they are old.
type minutes map[minuteKey]*counted

type minuteKey struct {
	place  int
	minute int64
	folded bool
	cause  webhook.Cause
}

type counted struct {
	n       int64
	latency webhook.Latency
}

func (m minutes) add(place int, started, now time.Time, a answer) {
	key := minuteKey{place, started.Truncate(time.Minute).UnixMilli(), false, a.cause}
	if now.Sub(started) > foldedAfter {
		key.minute, key.folded = started.Truncate(time.Hour).UnixMilli(), true
	}
	c := m[key]
	if c == nil {
		c = &counted{}
		m[key] = c
	}
	c.n++
	c.latency.Add(a.took)
}

// statistics writes them in the order of time.
func (h *history) statistics(ctx context.Context) error {
	columns := "endpoint_id minute node_id cause project_id n"
	for i := range len(webhook.Latency{}) {
		columns += fmt.Sprintf(" b%d", i)
	}
	keys := make([]minuteKey, 0, len(h.minutes))
	for key := range h.minutes {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b minuteKey) int {
		return cmp.Or(cmp.Compare(a.minute, b.minute), cmp.Compare(a.place, b.place), strings.Compare(string(a.cause), string(b.cause)))
	})
	for part := range slices.Chunk(keys, batch) {
		rows := make([][]any, len(part))
		for i, key := range part {
			p, c, node := h.places[key.place], h.minutes[key], h.node
			if key.folded {
				node = [16]byte{}
			}
			rows[i] = []any{[16]byte(p.ID.UUID), key.minute, node, string(key.cause), [16]byte(h.Projects[p.project].ID.UUID), c.n}
			for _, b := range c.latency {
				rows[i] = append(rows[i], b)
			}
		}
		if err := h.into.rows(ctx, "endpoint_minute", columns, rows); err != nil {
			return fmt.Errorf("fill statistics: %w", err)
		}
	}
	h.filled.Statistics = len(keys)
	return h.into.commit(ctx)
}

// audit writes what people did meanwhile.
func (h *history) audit(ctx context.Context) error {
	actions := []string{"endpoint.updated", "delivery.resent", "endpoint.paused", "endpoint.resumed", "secret.revealed", "session.started", "key.created"}
	n := h.Plan.Deliveries * audited / 100
	span := h.Until.Sub(h.Since)
	rows := make([][]any, n)
	for i := range rows {
		at := h.Since.Add(time.Duration(float64(i) / float64(n) * float64(span)))
		p := h.places[h.all.pick(h.dice)]
		rows[i] = []any{
			h.id(at), at.UnixMilli(), [16]byte(h.Projects[p.project].ID.UUID), "user", "somebody@example.com", actions[h.IntN(len(actions))],
			webhook.UUID(p.ID.UUID).String(), "endpoint", "changed by the bench", "192.0.2.7",
		}
	}
	if err := h.into.rows(ctx, "audit", "id at project_id actor_type actor_name action object object_name detail addr", rows); err != nil {
		return fmt.Errorf("fill the audit log: %w", err)
	}
	return h.into.commit(ctx)
}

// queue tells the queue of what waits.
func (h *history) queue(ctx context.Context) error {
	for i, p := range h.places {
		if h.due[i] == 0 {
			continue
		}
		if err := h.into.exec(ctx, "UPDATE endpoint_queue SET next_due_at = ? WHERE endpoint_id = ?", h.due[i], [16]byte(p.ID.UUID)); err != nil {
			return fmt.Errorf("fill the queue: %w", err)
		}
	}
	return h.into.commit(ctx)
}

// health is what recording would have left on the endpoints.
func (h *history) health(ctx context.Context) error {
	now := h.Until.UnixMilli()
	for i, p := range h.places {
		if p.Share == 0 {
			continue
		}
		failures := 0
		if p.Failing > .2 {
			failures = 3 + i%40
		}
		err := h.into.exec(ctx, "UPDATE endpoints SET last_success_at = ?, last_failure_at = ?, consecutive_failures = ?, failing_since = ? WHERE id = ?",
			now-int64(failures)*600_000-int64(h.IntN(600_000)), now-int64(h.IntN(600_000)), failures, now-int64(failures)*600_000, [16]byte(p.ID.UUID))
		if err != nil {
			return fmt.Errorf("fill the endpoints' health: %w", err)
		}
	}
	return h.into.commit(ctx)
}
