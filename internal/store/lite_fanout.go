package store

import (
	"context"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	liteFanOut = `SELECT cursor, made FROM fanouts WHERE event_id = ?`

	liteOrdered = `SELECT ordered FROM endpoints WHERE id = ?`

	liteMoveFanOut = `UPDATE fanouts SET cursor = ?, made = ?, leased_until = 0 WHERE event_id = ?`

	liteCountFanOut = `UPDATE events SET deliveries = ? WHERE id = ?`

	liteEndFanOut = `DELETE FROM fanouts WHERE event_id = ?`
)

// stepSize: the other writers stand while a step is stored.
func (q *liteQueue) stepSize() int { return 500 }

func (q *liteQueue) advance(ctx context.Context, step webhook.FanOutStep, deliveries []webhook.Delivery) error {
	return q.inTx(ctx, func(t *liteTx) error {
		event := step.Event.ID.UUID[:]
		var cursor uid
		var made int
		there, err := t.one(liteFanOut, []any{event}, &cursor, &made)
		if err != nil || !there || webhook.UUID(cursor) != step.From.UUID {
			return err
		}
		ordered, err := t.ordered(deliveries)
		if err != nil {
			return err
		}
		rows, waiting := stepRows(step, deliveries, ordered, t.now)
		for i := range rows {
			if err := t.storeDelivery(&rows[i]); err != nil {
				return err
			}
		}
		if err := t.lower(waiting); err != nil {
			return err
		}
		return t.moveFanOut(step, made+len(rows))
	})
}

// ordered are the endpoints of deliveries that take them in order.
func (t *liteTx) ordered(deliveries []webhook.Delivery) (map[uid]bool, error) {
	found := map[uid]bool{}
	for _, d := range deliveries {
		var ordered bool
		if _, err := t.one(liteOrdered, []any{d.EndpointID.UUID[:]}, &ordered); err != nil {
			return nil, err
		}
		if ordered {
			found[uid(d.EndpointID.UUID)] = true
		}
	}
	return found, nil
}

func (t *liteTx) moveFanOut(step webhook.FanOutStep, made int) error {
	event := step.Event.ID.UUID[:]
	if !step.Last {
		_, err := t.exec(liteMoveFanOut, step.To.UUID[:], made, event)
		return err
	}
	if _, err := t.exec(liteCountFanOut, made, event); err != nil {
		return err
	}
	_, err := t.exec(liteEndFanOut, event)
	return err
}
