package store

import (
	"context"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/jackc/pgx/v5"
)

const (
	pgFanOut = `SELECT cursor, made FROM fanouts WHERE event_id = $1 FOR UPDATE`

	pgOrdered = `SELECT id FROM endpoints WHERE id = ANY($1::uuid[]) AND ordered`

	pgMoveFanOut = `UPDATE fanouts SET cursor = $1, made = $2, leased_until = 0 WHERE event_id = $3`

	pgCountFanOut = `UPDATE events SET deliveries = $1 WHERE id = $2`

	pgEndFanOut = `DELETE FROM fanouts WHERE event_id = $1`
)

func (q *pgQueue) stepSize() int { return 1000 }

// advance holds the fan-out's row to its end: whoever expunges the event
// meanwhile waits for it, and then cancels what it stored.
func (q *pgQueue) advance(ctx context.Context, step webhook.FanOutStep, deliveries []webhook.Delivery) error {
	tx, err := q.begin(ctx)
	if err != nil {
		return err
	}
	defer tx.end(ctx)
	now, made, ours, ordered, err := tx.fanOut(ctx, step, deliveries)
	if err != nil || !ours {
		return err
	}
	rows, waiting := stepRows(step, deliveries, ordered, now)
	if len(rows) > 0 {
		tx.storeDeliveries(rows, nil)
		tx.lower(waiting)
	}
	tx.moveFanOut(step, made+len(rows))
	return tx.commit(ctx)
}

// fanOut locks a fan-out and says whether it is where the step began.
func (t *pgTx) fanOut(ctx context.Context, step webhook.FanOutStep, deliveries []webhook.Delivery) (now int64, made int, ours bool, ordered map[uid]bool, err error) {
	t.queue(pgFanOut, [16]byte(step.Event.ID.UUID)).Query(func(rows pgx.Rows) error {
		var cursor *[16]byte
		_, err := pgx.ForEachRow(rows, []any{&cursor, &made}, func() error {
			ours = cursor == nil && step.From.IsZero() || cursor != nil && *cursor == step.From.UUID
			return nil
		})
		return err
	})
	endpoints := make([][16]byte, len(deliveries))
	for i, d := range deliveries {
		endpoints[i] = d.EndpointID.UUID
	}
	ordered = map[uid]bool{}
	t.queue(pgOrdered, endpoints).Query(func(rows pgx.Rows) error {
		var id [16]byte
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
			ordered[uid(id)] = true
			return nil
		})
		return err
	})
	t.queue("SELECT " + pgNow).QueryRow(func(row pgx.Row) error { return row.Scan(&now) })
	err = t.send(ctx)
	return now, made, ours, ordered, err
}

func (t *pgTx) moveFanOut(step webhook.FanOutStep, made int) {
	event := [16]byte(step.Event.ID.UUID)
	if !step.Last {
		t.queue(pgMoveFanOut, [16]byte(step.To.UUID), made, event)
		return
	}
	t.queue(pgCountFanOut, made, event)
	t.queue(pgEndFanOut, event)
}
