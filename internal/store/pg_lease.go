package store

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/jackc/pgx/v5"
)

const (
	// pgRelease undoes claims that were never sent, attempt number included. A
	// test has nobody who would send it later; a delivery that a late success
	// ended meanwhile stays ended.
	pgRelease = `UPDATE deliveries d SET state = CASE WHEN d.state <> 'sending' THEN d.state WHEN d.test THEN 'cancelled' ELSE 'waiting' END,
 reason = CASE WHEN d.state = 'sending' AND d.test THEN 'not sent: the server stopped' ELSE d.reason END,
 ended_at = CASE WHEN d.state <> 'sending' THEN d.ended_at WHEN d.test THEN ` + pgNow + ` ELSE 0 END, attempts = d.attempts - 1, attempt_id = NULL, lease_until = 0
 FROM unnest($1::uuid[], $2::uuid[]) AS x(did, aid) WHERE d.id = x.did AND d.attempt_id = x.aid
 AND (d.state = 'sending' OR d.state = 'delivered' AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.id = x.aid))
 RETURNING d.endpoint_id, d.ordered, d.due_at, d.state <> 'waiting'`

	pgExpired = `SELECT ` + jobColumns + ` FROM deliveries d JOIN events e ON e.id = d.event_id
 WHERE d.state = 'sending' AND d.lease_until <= (SELECT ` + pgNow + `) LIMIT $1`

	// queueChannel and mailChannel are what nodes call each other on.
	queueChannel, mailChannel = "bellwire", "bellwire_mail"
)

func (q *pgQueue) release(ctx context.Context, jobs []webhook.Job) error {
	tx, err := q.begin(ctx)
	if err != nil {
		return err
	}
	defer tx.end(ctx)
	deliveries, attempts := make([][16]byte, len(jobs)), make([][16]byte, len(jobs))
	for i, j := range jobs {
		deliveries[i], attempts[i] = [16]byte(j.Delivery.ID.UUID), [16]byte(j.Delivery.AttemptID.UUID)
	}
	waiting := heads{}
	tx.queue(pgRelease, deliveries, attempts).Query(func(rows pgx.Rows) error {
		var endpoint [16]byte
		var ordered, ended bool
		var due int64
		_, err := pgx.ForEachRow(rows, []any{&endpoint, &ordered, &due, &ended}, func() error {
			if !ended {
				waiting.add(endpoint, ordered, due)
			}
			return nil
		})
		return err
	})
	if err := tx.send(ctx); err != nil {
		return err
	}
	tx.lower(waiting)
	return tx.commit(ctx)
}

func (q *pgQueue) expired(ctx context.Context, limit int) (jobs []webhook.Job, err error) {
	tx, err := q.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer tx.end(ctx)
	tx.queue(pgExpired, limit).Query(func(rows pgx.Rows) error {
		jobs, err = collectJobs(rows)
		return err
	})
	return jobs, tx.commit(ctx)
}

// endLeases: on PostgreSQL other nodes may be at work; their leases end by
// themselves.
func (q *pgQueue) endLeases(context.Context) error { return nil }

// listen waits on a connection of its own. When that is lost it makes another
// and makes all calls, since something may have been missed.
func (q *pgQueue) listen(ctx context.Context, calls map[string]func()) {
	for ctx.Err() == nil {
		if err := q.listenOnce(ctx, calls); err != nil && ctx.Err() == nil {
			q.log.Debug("listening for other nodes was interrupted", "error", err)
		}
		timer := time.NewTimer(time.Second)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (q *pgQueue) listenOnce(ctx context.Context, calls map[string]func()) error {
	conn, err := pgx.ConnectConfig(ctx, q.pool.Config().ConnConfig.Copy())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for channel := range calls {
		if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
			return err
		}
	}
	for _, call := range calls {
		call()
	}
	for {
		told, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if call := calls[told.Channel]; call != nil {
			call()
		}
	}
}

func (q *pgQueue) notify(ctx context.Context, channel string) error {
	_, err := q.pool.Exec(ctx, "NOTIFY "+channel)
	return err
}
