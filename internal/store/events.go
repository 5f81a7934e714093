package store

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// EventOwner finds the project of an event, zero for one for all.
func (s *Store) EventOwner(ctx context.Context, id webhook.EventID) (webhook.ProjectID, error) {
	row, err := one[eventRow](s.db(ctx), "event", "SELECT e.project_id FROM events e WHERE e.id = ? AND "+ofStanding, uid(id.UUID))
	return webhook.ProjectID{UUID: webhook.UUID(row.ProjectID)}, wrap("read an event", err)
}

// Event reads one event that a project sees; project zero sees all.
func (s *Store) Event(ctx context.Context, project webhook.ProjectID, id webhook.EventID) (webhook.Event, error) {
	var where conditions
	where.and("e.id = ?", uid(id.UUID))
	where.and(ofStanding)
	if !project.IsZero() {
		where.and("(e.project_id = ? OR e.project_id IS NULL AND "+seen+")", uid(project.UUID), uid(project.UUID))
	}
	row, err := one[eventRow](s.db(ctx), "event", "SELECT "+eventColumns+", e.data FROM events e"+where.sql(), where.args...)
	return row.event(), wrap("read an event", err)
}

// OutcomesOf counts what became of each event in a project, by endpoint. An
// event that no endpoint of it was meant to get has no entry.
func (s *Store) OutcomesOf(ctx context.Context, project webhook.ProjectID, ids []webhook.EventID) (map[webhook.EventID]webhook.Outcomes, error) {
	counts := make(map[webhook.EventID]webhook.Outcomes, len(ids))
	if len(ids) == 0 {
		return counts, nil
	}
	var rows []struct {
		EventID               uid
		Made, Delivered, Live int
	}
	err := s.db(ctx).Raw(`SELECT d.event_id, count(DISTINCT d.endpoint_id) AS made,
 count(DISTINCT CASE WHEN d.state = 'delivered' THEN d.endpoint_id END) AS delivered,
 count(CASE WHEN d.state IN ('waiting', 'sending') THEN 1 END) AS live FROM deliveries d
 WHERE d.project_id = ? AND d.event_id IN ? AND NOT d.test GROUP BY d.event_id`, uid(project.UUID), uids(ids)).Scan(&rows).Error
	for _, r := range rows {
		counts[webhook.EventID{UUID: webhook.UUID(r.EventID)}] = webhook.Outcomes{Made: r.Made, Delivered: r.Delivered, Live: r.Live}
	}
	return counts, wrap("count an event's deliveries", err)
}

// FanOutOf is how far a wide event has come; zero for one that is done.
func (s *Store) FanOutOf(ctx context.Context, id webhook.EventID) (webhook.FanOutProgress, error) {
	var rows []fanOutRow
	err := s.db(ctx).Raw("SELECT made FROM fanouts WHERE event_id = ?", uid(id.UUID)).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return webhook.FanOutProgress{}, wrap("read a fan-out", err)
	}
	return webhook.FanOutProgress{Pending: true, Made: rows[0].Made}, nil
}

// Expunge removes an event's data and search values for good. What is left to
// be sent of it is cancelled; a Conflict if it has been done.
func (s *Store) Expunge(ctx context.Context, id webhook.EventID, since time.Time, entry webhook.AuditEntry) error {
	return s.tx(ctx, "expunge an event", func(tx *gorm.DB) error {
		row, err := one[eventRow](tx, "event", "SELECT "+eventColumns+" FROM events e WHERE e.id = ?"+s.lock(), uid(id.UUID))
		if err != nil {
			return err
		}
		if row.ExpungedAt != 0 {
			return webhook.Conflict("the event's payload has been expunged already")
		}
		for _, sql := range []string{
			"UPDATE events SET data = NULL, search = '', expunged_at = @at WHERE id = @id",
			"DELETE FROM event_search WHERE event_id = @id",
			"DELETE FROM fanouts WHERE event_id = @id",
			`UPDATE deliveries SET state = 'cancelled', ended_at = @at, reason = 'the payload was expunged' WHERE event_id = @id AND state = 'waiting'`,
			// Those behind it in an ordered endpoint's line may go now.
			`UPDATE endpoint_queue SET line_due_at = @at WHERE line_due_at > @at AND endpoint_id IN
 (SELECT d.endpoint_id FROM deliveries d WHERE d.event_id = @id AND d.ordered)`,
		} {
			if err := tx.Exec(sql, map[string]any{"at": ms(since), "id": uid(id.UUID)}).Error; err != nil {
				return err
			}
		}
		return addAudit(tx, entry)
	})
}
