package storeseed

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// minutes are the statistics that recording the attempts would have written.
type minutes map[minuteKey]*counted

// minuteKey names a row of endpoint_minute, or with a width one of stats_sum.
type minuteKey struct {
	scope [16]byte
	width int64
	start int64
	cause webhook.Cause
}

// counted is a row's figures; project is of rows of endpoint_minute.
type counted struct {
	project [16]byte
	n       int64
	latency webhook.Latency
}

// What a server with nothing to do has added up: all but the last minutes, and
// only hours of what is older than two days.
const (
	rolledAfter = 6 * time.Minute
	foldedAfter = 48 * time.Hour
	minuteWidth = int64(time.Minute / time.Millisecond)
	hourWidth   = int64(time.Hour / time.Millisecond)
)

func (h *history) rolledTo() int64 {
	return h.Until.Add(-rolledAfter).Truncate(time.Minute).UnixMilli()
}

func (h *history) foldedTo() int64 { return h.Until.Add(-foldedAfter).Truncate(time.Hour).UnixMilli() }

func (h *history) record(p place, started time.Time, a answer) {
	endpoint, project := [16]byte(p.ID.UUID), [16]byte(h.Projects[p.project].ID.UUID)
	minute := started.UnixMilli() - started.UnixMilli()%minuteWidth
	if minute >= h.foldedTo() {
		h.minutes.add(minuteKey{endpoint, 0, minute, a.cause}, project, a)
	}
	if minute >= h.rolledTo() {
		return
	}
	hour := minute - minute%hourWidth
	h.minutes.add(minuteKey{endpoint, hourWidth, hour, a.cause}, project, a)
	for _, scope := range [][16]byte{project, {}} {
		h.minutes.add(minuteKey{scope, hourWidth, hour, a.cause}, project, a)
		if minute >= h.foldedTo() {
			h.minutes.add(minuteKey{scope, minuteWidth, minute, a.cause}, project, a)
		}
	}
}

func (m minutes) add(key minuteKey, project [16]byte, a answer) {
	c := m[key]
	if c == nil {
		c = &counted{project: project}
		m[key] = c
	}
	c.n++
	c.latency.Add(a.took)
}

// statistics writes them in the order of time.
func (h *history) statistics(ctx context.Context) error {
	buckets := ""
	for i := range len(webhook.Latency{}) {
		buckets += fmt.Sprintf(" b%d", i)
	}
	keys := make([]minuteKey, 0, len(h.minutes))
	for key := range h.minutes {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b minuteKey) int {
		return cmp.Or(cmp.Compare(a.start, b.start), slices.Compare(a.scope[:], b.scope[:]), cmp.Compare(a.width, b.width), cmp.Compare(a.cause, b.cause))
	})
	for part := range slices.Chunk(keys, batch) {
		var own, sums [][]any
		for _, key := range part {
			c := h.minutes[key]
			row := []any{key.scope, key.start, h.node, string(key.cause), c.project, c.n}
			if key.width > 0 {
				row = []any{key.scope, key.width, key.start, string(key.cause), c.n}
			}
			for _, b := range c.latency {
				row = append(row, b)
			}
			if key.width > 0 {
				sums = append(sums, row)
			} else {
				own = append(own, row)
			}
		}
		if err := h.into.rows(ctx, "endpoint_minute", "endpoint_id minute node_id cause project_id n"+buckets, own); err != nil {
			return fmt.Errorf("fill statistics: %w", err)
		}
		if err := h.into.rows(ctx, "stats_sum", "scope_id width start cause n"+buckets, sums); err != nil {
			return fmt.Errorf("fill the sums of statistics: %w", err)
		}
	}
	if err := h.into.exec(ctx, "UPDATE stats_rolled SET rolled_to = ?, folded_to = ?", h.rolledTo(), h.foldedTo()); err != nil {
		return err
	}
	h.filled.Statistics = len(keys)
	return h.into.commit(ctx)
}

// audit writes what people did meanwhile.
func (h *history) audit(ctx context.Context) error {
	actions := []string{"endpoint.updated", "delivery.resent", "endpoint.paused", "endpoint.resumed", "secret.revealed", "session.started", "key.created"}
	n := h.Deliveries * audited / 100
	span := h.Until.Sub(h.Since)
	rows := make([][]any, n)
	for i := range rows {
		at := h.Since.Add(time.Duration(float64(i) / float64(n) * float64(span)))
		p := h.places[h.all.pick(h.dice)]
		rows[i] = []any{
			h.id(at), at.UnixMilli(), [16]byte(h.Projects[p.project].ID.UUID), "user", "somebody@example.com", actions[h.IntN(len(actions))],
			p.ID.String(), "endpoint", "changed by the bench", "192.0.2.7",
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
