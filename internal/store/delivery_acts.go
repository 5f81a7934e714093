package store

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

func newID(now int64) webhook.UUID { return mint.UUID(at(now)) }

// ResendBy stores a new waiting delivery of the same event. A Conflict in words
// if the first has not ended, its endpoint is deleted or its event's data
// expunged.
func (s *Store) ResendBy(ctx context.Context, project webhook.ProjectID, of webhook.DeliveryID, again webhook.Delivery, entry webhook.AuditEntry) error {
	return s.tx(ctx, "resend the delivery", func(tx *gorm.DB) error {
		return s.resend(tx, manage.Again{ProjectID: project, Delivery: again, Of: of, Entry: entry})
	})
}

// resentAtOnce is how many resends one transaction writes: it holds SQLite's
// only writer.
const resentAtOnce = 25

// ResendManyBy is ResendBy for many. What one can't be sent for is answered in
// its place and stops no other; an error of another kind stops all that follow.
func (s *Store) ResendManyBy(ctx context.Context, many []manage.Again) ([]error, error) {
	refused := make([]error, len(many))
	for first := 0; first < len(many); first += resentAtOnce {
		last := min(first+resentAtOnce, len(many))
		if err := s.tx(ctx, "resend deliveries", func(tx *gorm.DB) error { return s.resendPart(tx, many[first:last], refused[first:last]) }); err != nil {
			return nil, err
		}
	}
	return refused, nil
}

// resendPart may run again from its start, as transactions do.
func (s *Store) resendPart(tx *gorm.DB, many []manage.Again, refused []error) error {
	for i, one := range many {
		refused[i] = s.resend(tx, one)
		if kind := webhook.KindOf(refused[i]); refused[i] != nil && kind != webhook.KindConflict && kind != webhook.KindNotFound {
			return refused[i]
		}
	}
	return nil
}

func (s *Store) resend(tx *gorm.DB, a manage.Again) error {
	row, now, err := s.resendRow(tx, a.ProjectID, a.Of, a.Delivery)
	if err != nil {
		return err
	}
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	if err := lowerOne(tx, row.EndpointID, now, never); err != nil {
		return err
	}
	return addAudit(tx, a.Entry)
}

// resendRow is the delivery to make, or says why there can't be one. What it is
// of comes from the first; who asked, its id and its version from again.
func (s *Store) resendRow(tx *gorm.DB, project webhook.ProjectID, of webhook.DeliveryID, again webhook.Delivery) (deliveryRow, int64, error) {
	row := newDeliveryRow(again)
	now, err := s.clock(tx)
	if err != nil {
		return row, 0, err
	}
	first, err := s.lockDelivery(tx, project, of)
	if err != nil {
		return row, 0, err
	}
	var endpoint endpointRow
	if err := tx.Raw("SELECT * FROM endpoints WHERE id = ?", first.EndpointID).Take(&endpoint).Error; err != nil {
		return row, 0, missing(err, "endpoint")
	}
	var payload struct {
		Gone bool
	}
	if err := tx.Raw("SELECT data IS NULL AS gone FROM events WHERE id = ?", first.EventID).Take(&payload).Error; err != nil {
		return row, 0, missing(err, "event")
	}
	switch {
	case !webhook.State(first.State).Ended():
		return row, 0, webhook.Conflict("the delivery has not ended: it is %s", first.State)
	case endpoint.DeletedAt != 0:
		return row, 0, webhook.Conflict("the endpoint is deleted")
	case payload.Gone:
		return row, 0, webhook.Conflict("the event's payload was expunged")
	}
	row.ProjectID, row.EventID, row.EndpointID, row.Topic, row.Seq = first.ProjectID, first.EventID, first.EndpointID, first.Topic, first.Seq
	row.EndpointVersion, row.ResendOf, row.State = endpoint.Version, first.ID, string(webhook.Waiting)
	row.CreatedAt, row.DueAt, row.Test = now, now, false
	return row, now, nil
}

// SendNowBy makes a waiting delivery due; a Conflict for any other.
func (s *Store) SendNowBy(ctx context.Context, project webhook.ProjectID, id webhook.DeliveryID, entry webhook.AuditEntry) error {
	return s.tx(ctx, "send the delivery now", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		row, err := s.lockWaiting(tx, project, id)
		if err != nil {
			return err
		}
		if err := tx.Exec("UPDATE deliveries SET due_at = ? WHERE id = ?", min(now, row.DueAt), row.ID).Error; err != nil {
			return err
		}
		free, line := now, never
		if row.Ordered {
			free, line = never, look
		}
		if err := lowerOne(tx, row.EndpointID, free, line); err != nil {
			return err
		}
		return addAudit(tx, entry)
	})
}

// CancelBy ends a waiting delivery; a Conflict for any other.
func (s *Store) CancelBy(ctx context.Context, project webhook.ProjectID, id webhook.DeliveryID, reason string, entry webhook.AuditEntry) error {
	return s.tx(ctx, "cancel the delivery", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		row, err := s.lockWaiting(tx, project, id)
		if err != nil {
			return err
		}
		if err := tx.Exec("UPDATE deliveries SET state = 'cancelled', ended_at = ?, reason = ? WHERE id = ?", now, clean(reason), row.ID).Error; err != nil {
			return err
		}
		if row.Ordered { // those behind it may go now
			if err := lowerOne(tx, row.EndpointID, never, look); err != nil {
				return err
			}
		}
		return addAudit(tx, entry)
	})
}

// CreateTest stores a test event and its delivery, in state Sending and leased
// for leaseFor; the queue never sees it.
func (s *Store) CreateTest(ctx context.Context, event webhook.Event, delivery webhook.Delivery, leaseFor time.Duration) error {
	return s.tx(ctx, "store the test", func(tx *gorm.DB) error {
		now, err := s.clock(tx)
		if err != nil {
			return err
		}
		e := newEventRow(event)
		e.AcceptedAt, e.Deliveries = now, 1
		if err := tx.Omit("Seq").Create(&e).Error; err != nil {
			return err
		}
		d := newDeliveryRow(delivery)
		if err := tx.Raw("SELECT seq FROM events WHERE id = ?", e.ID).Scan(&d.Seq).Error; err != nil {
			return err
		}
		d.EventID, d.Topic, d.State, d.Test, d.Attempts = e.ID, e.Topic, string(webhook.Sending), true, 1
		d.CreatedAt, d.DueAt, d.LeaseUntil = now, now, now+leaseFor.Milliseconds()
		return tx.Create(&d).Error
	})
}

// lockDelivery holds a delivery of a project.
func (s *Store) lockDelivery(tx *gorm.DB, project webhook.ProjectID, id webhook.DeliveryID) (deliveryRow, error) {
	var row deliveryRow
	err := tx.Raw("SELECT * FROM deliveries WHERE id = ? AND project_id = ?"+s.lock(), uid(id.UUID), uid(project.UUID)).Take(&row).Error
	return row, missing(err, "delivery")
}

// lockWaiting holds a delivery that waits.
func (s *Store) lockWaiting(tx *gorm.DB, project webhook.ProjectID, id webhook.DeliveryID) (deliveryRow, error) {
	row, err := s.lockDelivery(tx, project, id)
	if err == nil && row.State != string(webhook.Waiting) {
		err = webhook.Conflict("the delivery is not waiting: it is %s", row.State)
	}
	return row, err
}

// lowerOne tells the queue that something of an endpoint becomes due; never for
// what does not.
func lowerOne(tx *gorm.DB, endpoint uid, free, line int64) error {
	return tx.Exec(`UPDATE endpoint_queue SET next_due_at = CASE WHEN next_due_at > ? THEN ? ELSE next_due_at END,
 line_due_at = CASE WHEN line_due_at > ? THEN ? ELSE line_due_at END, turn_at = 0 WHERE endpoint_id = ?`, free, free, line, line, endpoint).Error
}
