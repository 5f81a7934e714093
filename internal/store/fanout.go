package store

import (
	"context"
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

const (
	// fanOutSize is how many endpoints one step looks at, and so the most
	// deliveries that it makes.
	fanOutSize = 1000
	// fanOutLease is how long a node may take for a step before another tries.
	fanOutLease = 30 * time.Second
)

// fanOuts remembers where the steps that this node is at began, so that a step
// is stored only onto the cursor that it was made from.
type fanOuts struct {
	mu   sync.Mutex
	from map[webhook.EventID]uid
}

func (f *fanOuts) began(event webhook.EventID, cursor uid) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.from == nil {
		f.from = map[webhook.EventID]uid{}
	}
	f.from[event] = cursor
}

func (f *fanOuts) take(event webhook.EventID) (uid, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	cursor, there := f.from[event]
	delete(f.from, event)
	return cursor, there
}

type fanOutRow struct {
	EventID     uid `gorm:"primaryKey"`
	Cursor      uid
	Made        int
	LeasedUntil int64
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
}

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
	var rows []endpointRow
	err = s.db(ctx).Raw(`SELECT e.id, e.project_id, v.version, v.settings, e.state, e.created_at, e.updated_at, e.deleted_at, e.paused_because, e.paused_at
 FROM endpoints e JOIN endpoint_versions v ON v.endpoint_id = e.id
 AND v.version = (SELECT max(w.version) FROM endpoint_versions w WHERE w.endpoint_id = e.id AND w.created_at <= ?)
 WHERE e.id > ? AND (e.deleted_at = 0 OR e.deleted_at > ?) AND (? OR e.project_id = ?)
 ORDER BY e.id LIMIT ?`,
		event.AcceptedAt, scope(row.Cursor), event.AcceptedAt, event.ProjectID == uid{}, scope(event.ProjectID), fanOutSize).Scan(&rows).Error
	if err != nil {
		return nil, wrap("read the next fan-out step", err)
	}
	endpoints, err := toEndpoints(rows)
	if err != nil {
		return nil, wrap("read the next fan-out step", err)
	}
	step := &webhook.FanOutStep{Event: event.event(), Endpoints: endpoints, Last: len(rows) < fanOutSize}
	s.fanOuts.began(step.Event.ID, row.Cursor)
	return step, nil
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
// another node has done meanwhile stores nothing.
func (s *Store) AdvanceFanOut(ctx context.Context, event webhook.EventID, cursor webhook.EndpointID, last bool, deliveries []webhook.Delivery) error {
	from, ours := s.fanOuts.take(event)
	if !ours {
		return webhook.Conflict("the fan-out step was not begun on this node")
	}
	return s.tx(ctx, "store a fan-out step", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		var found []fanOutRow
		if err := tx.Raw("SELECT * FROM fanouts WHERE event_id = ?"+s.lock(), uid(event.UUID)).Scan(&found).Error; err != nil {
			return err
		}
		if len(found) == 0 || found[0].Cursor != from {
			return nil
		}
		if err := storeStep(tx, uid(event.UUID), deliveries, now); err != nil {
			return err
		}
		made := found[0].Made + len(deliveries)
		if !last {
			return tx.Exec("UPDATE fanouts SET cursor = ?, made = ?, leased_until = 0 WHERE event_id = ?", uid(cursor.UUID), made, uid(event.UUID)).Error
		}
		if err := tx.Exec("UPDATE events SET deliveries = ? WHERE id = ?", made, uid(event.UUID)).Error; err != nil {
			return err
		}
		return tx.Exec("DELETE FROM fanouts WHERE event_id = ?", uid(event.UUID)).Error
	})
}

// storeStep inserts waiting deliveries of one event.
func storeStep(tx *gorm.DB, event uid, deliveries []webhook.Delivery, now int64) error {
	if len(deliveries) == 0 {
		return nil
	}
	var accepted eventRow
	if err := tx.Raw("SELECT seq, topic, data FROM events WHERE id = ?", event).Take(&accepted).Error; err != nil {
		return err
	}
	ordered, err := orderedOnes(tx, deliveries)
	if err != nil {
		return err
	}
	waiting := heads{}
	rows := make([]deliveryRow, len(deliveries))
	for i, d := range deliveries {
		rows[i] = newDeliveryRow(d)
		r := &rows[i]
		r.EventID, r.Topic, r.Seq, r.Ordered = event, accepted.Topic, accepted.Seq, ordered[r.EndpointID]
		r.State, r.CreatedAt, r.DueAt, r.Attempts, r.AttemptID, r.LeaseUntil = string(webhook.Waiting), now, now, 0, uid{}, 0
		if accepted.Data == nil { // expunged since: there is nothing to send
			r.State, r.EndedAt, r.Reason = string(webhook.Cancelled), now, "the payload was expunged"
		}
	}
	waiting.addRows(rows)
	if err := tx.CreateInBatches(rows, 200).Error; err != nil {
		return err
	}
	for _, h := range waiting.sorted() {
		if err := lowerOne(tx, h.endpoint, h.free, h.line); err != nil {
			return err
		}
	}
	return nil
}

// orderedOnes are the endpoints of the deliveries that take them in order.
func orderedOnes(tx *gorm.DB, deliveries []webhook.Delivery) (map[uid]bool, error) {
	ids := make([]uid, len(deliveries))
	for i, d := range deliveries {
		ids[i] = uid(d.EndpointID.UUID)
	}
	var found []uid
	err := tx.Raw("SELECT id FROM endpoints WHERE id IN ? AND ordered", ids).Scan(&found).Error
	ordered := make(map[uid]bool, len(found))
	for _, id := range found {
		ordered[id] = true
	}
	return ordered, err
}
