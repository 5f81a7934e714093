package store

import (
	"context"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	liteClaimed = `SELECT endpoint_id, ordered, due_at, test FROM deliveries WHERE id = ? AND attempt_id = ? AND state = 'sending'`

	// liteGiveBack undoes a claim that was never sent, attempt number included.
	// A test has nobody who would send it later.
	liteGiveBack = `UPDATE deliveries SET state = CASE WHEN test THEN 'cancelled' ELSE 'waiting' END,
 reason = CASE WHEN test THEN 'not sent: the server stopped' ELSE reason END, ended_at = CASE WHEN test THEN ? ELSE 0 END,
 attempts = attempts - 1, attempt_id = NULL, lease_until = 0 WHERE id = ?`

	liteExpired = `SELECT ` + jobColumns + ` FROM deliveries d JOIN events e ON e.id = d.event_id
 WHERE d.state = 'sending' AND d.lease_until <= ? LIMIT ?`
)

var liteReleasing = []string{liteClaimed, liteGiveBack, liteLower}

func (q *liteQueue) release(ctx context.Context, jobs []webhook.Job) error {
	return q.inTx(ctx, liteReleasing, func(t *liteTx) error {
		waiting := heads{}
		for _, j := range jobs {
			var endpoint uid
			var ordered, test bool
			var due int64
			id := j.Delivery.ID.UUID[:]
			there, err := t.one(liteClaimed, []any{id, j.Delivery.AttemptID.UUID[:]}, &endpoint, &ordered, &due, &test)
			if err != nil {
				return err
			}
			if !there {
				continue
			}
			if _, err := t.exec(liteGiveBack, t.now, id); err != nil {
				return err
			}
			if !test {
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
	_, err := q.writer.ExecContext(ctx, "UPDATE deliveries SET lease_until = ? WHERE state = 'sending'", q.clock())
	return err
}
