package store

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// fanOutLease is how long a node may take for a step before another tries.
const fanOutLease = 15 * time.Second

type fanOutRow struct {
	EventID     uid `gorm:"primaryKey"`
	Cursor      uid
	Made        int
	LeasedUntil int64
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
}

// fanOutEndpoints reads endpoints in order of id from behind the cursor, each
// with the last version of its settings that there was at a moment, 0 if it had
// none. It walks an index from the cursor on; whether all projects' or one's,
// the text says, since a plan for both would walk through everything.
const fanOutEndpoints = `SELECT e.id, e.project_id, e.state, e.created_at, e.updated_at, e.deleted_at, e.paused_because, e.paused_at,
 COALESCE((SELECT v.version FROM endpoint_versions v WHERE v.endpoint_id = e.id AND v.created_at <= ? ORDER BY v.version DESC LIMIT 1), 0) AS version,
 (SELECT v.settings FROM endpoint_versions v WHERE v.endpoint_id = e.id AND v.created_at <= ? ORDER BY v.version DESC LIMIT 1) AS settings
 FROM endpoints e WHERE e.id > ? AND (e.deleted_at = 0 OR e.deleted_at > ?)`

// FanOutStep leases the next piece of the oldest wide event to this node, nil
// if there is none to do. It has the endpoints that stood when the event was
// accepted, with the settings of that moment.
func (s *Store) FanOutStep(ctx context.Context) (*webhook.FanOutStep, error) {
	row, err := s.leaseFanOut(ctx)
	if err != nil || row == nil {
		return nil, wrap("read the next fan-out step", err)
	}
	var event eventRow
	if err := s.db(ctx).Raw("SELECT * FROM events WHERE id = ?", row.EventID).Take(&event).Error; err != nil {
		return nil, wrap("read the next fan-out step", err)
	}
	rows, err := s.fanOutEndpoints(ctx, event, row.Cursor)
	if err != nil {
		return nil, wrap("read the next fan-out step", err)
	}
	step := &webhook.FanOutStep{Event: event.event(), From: webhook.EndpointID{UUID: webhook.UUID(row.Cursor)}, Last: len(rows) < s.hot.stepSize()}
	step.To = step.From
	if len(rows) > 0 {
		step.To = webhook.EndpointID{UUID: webhook.UUID(rows[len(rows)-1].ID)}
	}
	stood := rows[:0]
	for _, r := range rows {
		if r.Version > 0 {
			stood = append(stood, r)
		}
	}
	step.Endpoints, err = toEndpoints(stood)
	return step, wrap("read the next fan-out step", err)
}

func (s *Store) fanOutEndpoints(ctx context.Context, event eventRow, cursor uid) (rows []endpointRow, err error) {
	then := event.AcceptedAt
	text, args := fanOutEndpoints, []any{then, then, scope(cursor), then}
	if event.ProjectID != (uid{}) {
		text, args = text+" AND e.project_id = ?", append(args, event.ProjectID)
	}
	err = s.db(ctx).Raw(text+" ORDER BY e.id LIMIT ?", append(args, s.hot.stepSize())...).Scan(&rows).Error
	return rows, err
}

// leaseFanOut takes the oldest fan-out that no other node is at, nil if there
// is none.
func (s *Store) leaseFanOut(ctx context.Context) (*fanOutRow, error) {
	var there bool
	if err := s.db(ctx).Raw("SELECT EXISTS (SELECT 1 FROM fanouts)").Scan(&there).Error; err != nil || !there {
		return nil, err
	}
	var found []fanOutRow
	err := s.tx(ctx, "lease a fan-out", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		skip := s.lock()
		if skip != "" {
			skip += " SKIP LOCKED"
		}
		err = tx.Raw("SELECT * FROM fanouts WHERE leased_until <= ? ORDER BY created_at, event_id LIMIT 1"+skip, now).Scan(&found).Error
		if err != nil || len(found) == 0 {
			return err
		}
		return tx.Exec("UPDATE fanouts SET leased_until = ? WHERE event_id = ?", now+fanOutLease.Milliseconds(), found[0].EventID).Error
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// AdvanceFanOut stores a step's deliveries and moves the cursor behind the last
// endpoint that the step looked at; the last step ends the fan-out. A step that
// another node has done meanwhile stores nothing, nor does one of an event that
// was expunged.
func (s *Store) AdvanceFanOut(ctx context.Context, step webhook.FanOutStep, deliveries []webhook.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	return wrap("store a fan-out step", again(func() error { return s.hot.advance(ctx, step, deliveries) }))
}

// stepRows are a step's new rows and what they make due. ordered are the
// endpoints that take theirs in order.
func stepRows(step webhook.FanOutStep, deliveries []webhook.Delivery, ordered map[uid]bool, now int64) ([]deliveryRow, heads) {
	rows, waiting := make([]deliveryRow, len(deliveries)), heads{}
	for i, d := range deliveries {
		rows[i] = newDeliveryRow(d)
		r := &rows[i]
		r.EventID, r.Topic, r.Seq, r.Ordered = uid(step.Event.ID.UUID), step.Event.Topic, step.Event.Seq, ordered[r.EndpointID]
		r.State, r.CreatedAt, r.DueAt, r.Attempts, r.AttemptID, r.LeaseUntil = string(webhook.Waiting), now, now, 0, uid{}, 0
	}
	waiting.addRows(rows)
	return rows, waiting
}
