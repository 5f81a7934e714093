package store

import (
	"context"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// houseStep is how many rows one transaction of the housekeeping touches:
	// on SQLite nobody else writes meanwhile.
	houseStep = 500
	// statisticsFor is how long hours are kept.
	statisticsFor = 400 * 24 * time.Hour
)

// Housekeep clears what has grown old, a few hundred rows per transaction, and
// stops when ctx ends; the next round goes on. Every node may do it.
func (s *Store) Housekeep(ctx context.Context, retention time.Duration) error {
	now, err := s.hot.now(ctx)
	if err != nil {
		return wrap("keep house", err)
	}
	before := at(now).Add(-retention)
	if err := s.rollStatistics(ctx, at(now).Add(-rollAfter)); err != nil {
		return wrap("add up statistics", err)
	}
	if err := s.foldStatistics(ctx, at(now).Add(-foldAfter)); err != nil {
		return wrap("fold statistics", err)
	}
	for _, chore := range s.chores(now, before) {
		for done := int64(houseStep); done >= houseStep && ctx.Err() == nil; {
			if done, err = s.do(ctx, chore); err != nil {
				return wrap("keep house: "+chore.name, err)
			}
		}
	}
	return wrap("make partitions", s.hot.partitions(ctx, before))
}

// chore is a step that is taken until its last statement finds less than
// houseStep to do. Each statement is a transaction and must find its rows by an
// index even if there are none: on SQLite it holds the only writing connection.
// CROSS JOIN keeps SQLite to the order that the tables are named in, so that it
// begins with what was deleted, which is mostly nothing, and not with the log.
type chore struct {
	name  string
	steps []statement
}

type statement struct {
	sql  string
	args []any
}

func simple(name, sql string, args ...any) chore { return chore{name, []statement{{sql, args}}} }

func (s *Store) do(ctx context.Context, c chore) (done int64, err error) {
	for _, one := range c.steps {
		result := s.write.WithContext(ctx).Exec(one.sql, one.args...)
		if done, err = result.RowsAffected, result.Error; err != nil {
			break
		}
	}
	return done, err
}

// chores in their order: what is live at its age is ended before it is deleted,
// and deliveries go before what they point to.
func (s *Store) chores(now int64, before time.Time) []chore {
	old := uid(webhook.FloorUUID(before))
	list := []chore{
		simple("deliveries of deleted endpoints", "UPDATE deliveries SET state = 'cancelled', ended_at = ?, reason = "+whyCancelled+`deliveries.endpoint_id)
 WHERE id IN (SELECT d.id FROM endpoints o CROSS JOIN endpoint_queue q CROSS JOIN deliveries d WHERE o.deleted_at <> 0 AND q.endpoint_id = o.id
 AND (q.next_due_at < ? OR q.line_due_at < ?) AND d.endpoint_id = o.id AND d.state = 'waiting' LIMIT ?) AND state = 'waiting'`, now, never, never, houseStep),
		simple("queue rows of deleted endpoints", `UPDATE endpoint_queue SET next_due_at = ?, line_due_at = ? WHERE (next_due_at < ? OR line_due_at < ?)
 AND endpoint_id IN (SELECT id FROM endpoints WHERE deleted_at <> 0)
 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint_id = endpoint_queue.endpoint_id AND d.state IN ('waiting', 'sending'))`, never, never, never, never),
		simple("expired deliveries", `UPDATE deliveries SET state = 'cancelled', ended_at = ?, reason = 'expired: it was not delivered in the time that payloads are kept'
 WHERE id IN (SELECT id FROM deliveries WHERE id < ? AND state = 'waiting' LIMIT ?) AND state = 'waiting'`, now, old, houseStep),
		simple("idempotency keys", "DELETE FROM idempotency WHERE (project_id, key) IN (SELECT project_id, key FROM idempotency WHERE created_at < ? LIMIT ?)",
			now-keyFor.Milliseconds(), houseStep),
		simple("sessions", "DELETE FROM sessions WHERE token_hash IN (SELECT token_hash FROM sessions WHERE expires_at < ? LIMIT ?)", now, houseStep),
		// Invitations that ran out are shown for a month, to be renewed.
		simple("links", "DELETE FROM links WHERE id IN (SELECT id FROM links WHERE expires_at < ? AND (kind <> 'invitation' OR used_at <> 0 OR expires_at < ?) LIMIT ?)",
			now-24*time.Hour.Milliseconds(), now-30*24*time.Hour.Milliseconds(), houseStep),
		simple("secrets after their grace", "UPDATE secrets SET sealed = NULL WHERE sealed IS NOT NULL AND expires_at > 0 AND expires_at < ?", now),
		simple("nodes", "DELETE FROM nodes WHERE heartbeat_at < ?", now-24*time.Hour.Milliseconds()),
		// The head of a line may have ended above: those behind it are looked at.
		simple("lines", "UPDATE endpoint_queue SET line_due_at = ? WHERE line_due_at > ? AND line_due_at < ?", look, now, never),
	}
	return slices.Concat(list, statisticsChores(now), purgeChores(), s.logChores(old))
}

// logChores delete the log before a moment. PostgreSQL drops whole partitions of
// events and attempts; only what had none is deleted by row.
func (s *Store) logChores(old uid) []chore {
	events, attempts := "events", "attempts"
	if s.dialect == Postgres {
		events, attempts = "events_default", "attempts_default"
	}
	ended := "(SELECT id FROM deliveries WHERE id < ? AND state IN ('delivered', 'exhausted', 'cancelled') ORDER BY id LIMIT ?)"
	return []chore{
		{"deliveries", []statement{
			{"DELETE FROM " + attempts + " WHERE delivery_id IN " + ended, []any{old, houseStep}},
			{"DELETE FROM deliveries WHERE id IN " + ended, []any{old, houseStep}},
		}},
		simple("search values", `DELETE FROM event_search WHERE event_id IN (SELECT event_id FROM event_search WHERE event_id < ?
 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = event_search.event_id) ORDER BY event_id LIMIT ?)`, old, houseStep),
		simple("events", "DELETE FROM "+events+" WHERE id IN (SELECT e.id FROM "+events+` e WHERE e.id < ?
 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = e.id) AND NOT EXISTS (SELECT 1 FROM fanouts f WHERE f.event_id = e.id) LIMIT ?)`, old, houseStep),
	}
}
