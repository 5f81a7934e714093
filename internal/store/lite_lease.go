package store

import (
	"context"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	liteClaimed = `SELECT endpoint_id, ordered, due_at, test, state = 'sending' FROM deliveries d WHERE id = ?1 AND attempt_id = ?2
 AND (state = 'sending' OR state = 'delivered' AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.id = ?2))`

	// liteGiveBack undoes a claim that was never sent, attempt number included.
	// A test has nobody who would send it later; a delivery that a late success
	// ended meanwhile stays ended.
	liteGiveBack = `UPDATE deliveries SET state = CASE WHEN state <> 'sending' THEN state WHEN test THEN 'cancelled' ELSE 'waiting' END,
 reason = CASE WHEN state = 'sending' AND test THEN 'not sent: the server stopped' ELSE reason END,
 ended_at = CASE WHEN state <> 'sending' THEN ended_at WHEN test THEN ?1 ELSE 0 END,
 attempts = attempts - 1, attempt_id = NULL, lease_until = 0 WHERE id = ?2`

	liteExpired = `SELECT ` + jobColumns + ` FROM deliveries d INDEXED BY deliveries_sending JOIN events e ON e.id = d.event_id
 WHERE d.state = 'sending' AND d.lease_until <= ? LIMIT ?`
)

func (q *liteQueue) release(ctx context.Context, jobs []webhook.Job) error {
	return q.inTx(ctx, func(t *liteTx) error {
		waiting := heads{}
		for _, j := range jobs {
			var endpoint uid
			var ordered, test, sending bool
			var due int64
			id := j.Delivery.ID.UUID[:]
			there, err := t.one(liteClaimed, []any{id, j.Delivery.AttemptID.UUID[:]}, &endpoint, &ordered, &due, &test, &sending)
			if err != nil {
				return err
			}
			if !there {
				continue
			}
			if _, err := t.exec(liteGiveBack, t.now, id); err != nil {
				return err
			}
			if sending && !test {
				waiting.add(endpoint, ordered, due)
			}
		}
		return t.lower(waiting)
	})
}

func (q *liteQueue) expired(ctx context.Context, limit int) (jobs []webhook.Job, err error) {
	rows, err := q.reader.QueryContext(ctx, liteExpired, q.clock(), limit)
	if err != nil {
		return nil, err
	}
	var j jobRow
	err = scanEach(rows, j.targets(), func() { jobs = append(jobs, j.job()) })
	return jobs, err
}

func (q *liteQueue) endLeases(ctx context.Context) error {
	for _, text := range []string{
		"UPDATE deliveries INDEXED BY deliveries_sending SET lease_until = ? WHERE state = 'sending'",
		"UPDATE fanouts SET leased_until = ?",
	} {
		if _, err := q.writer.ExecContext(ctx, text, q.clock()); err != nil {
			return err
		}
	}
	return nil
}
