package store

import (
	"context"
	"errors"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A claim locks the queue rows of ready endpoints and only then, in a later
// statement, looks at their deliveries: what an admission that held such a row
// has inserted is seen, and no head is cleared over it. "lease_until > 0" holds
// of all that is sending: with it their small index looks better than that of
// the whole log, even to a plan made while the tables were empty. "ready_at + 0"
// keeps the looking again at what was locked to the rows' own ids: by the index
// it would walk through everything that is ready.
const (
	pgReady = `SELECT q.endpoint_id, q.project_id, q.next_due_at, q.line_due_at, q.rate_tat, q.drain_rate, q.drain_before, q.catching_up,
 e.timeout_ms, e.max_in_flight, e.rate_per_second, e.consecutive_failures,
 (SELECT count(*) FROM deliveries d WHERE d.endpoint_id = q.endpoint_id AND d.state = 'sending' AND d.lease_until > 0 AND NOT d.test)::int
 FROM endpoint_queue q JOIN endpoints e ON e.id = q.endpoint_id
 WHERE q.endpoint_id = ANY(ARRAY(SELECT endpoint_id FROM endpoint_queue WHERE ready_at <= (SELECT ` + pgNow + `) AND ready_at < 9223372036854775807
 ORDER BY ready_at LIMIT $1)) AND q.ready_at + 0 < 9223372036854775807
 ORDER BY q.endpoint_id FOR NO KEY UPDATE OF q`

	// pgTake takes free rows (at most n per endpoint, and never more than its
	// limit lets out over all nodes) and heads of lines that nobody is out for.
	// Rows that somebody else holds are left for the next time.
	pgTake = `WITH t AS MATERIALIZED (SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::bigint[], $5::bool[]) AS t(e, n, lim, lease, line)),
 f AS MATERIALIZED (SELECT t.e, t.lease, LEAST(t.n, t.lim - (SELECT count(*) FROM deliveries b WHERE b.endpoint_id = t.e AND b.state = 'sending' AND b.lease_until > 0 AND NOT b.test)) AS n FROM t WHERE t.n > 0),
 c AS MATERIALIZED (
  SELECT d.id, f.lease FROM f CROSS JOIN LATERAL (SELECT w.id FROM deliveries w
   WHERE w.endpoint_id = f.e AND w.state = 'waiting' AND NOT w.ordered AND NOT w.test AND w.due_at <= $6 ORDER BY w.due_at, w.seq LIMIT GREATEST(f.n, 0)) d
  UNION ALL
  SELECT h.id, t.lease FROM t CROSS JOIN LATERAL (SELECT w.id, w.state, w.due_at FROM deliveries w
   WHERE w.endpoint_id = t.e AND w.ordered AND w.state IN ('waiting', 'sending') ORDER BY w.seq LIMIT 1) h
  WHERE t.line AND h.state = 'waiting' AND h.due_at <= $6
  AND NOT EXISTS (SELECT 1 FROM deliveries s WHERE s.endpoint_id = t.e AND s.state = 'sending' AND s.lease_until > 0 AND s.ordered)),
 l AS MATERIALIZED (SELECT d.id, c.lease FROM c JOIN deliveries d ON d.id = c.id WHERE d.state = 'waiting' FOR UPDATE OF d SKIP LOCKED),
 k AS MATERIALIZED (SELECT id, lease, row_number() OVER () AS rn FROM l)
 UPDATE deliveries d SET state = 'sending', attempts = d.attempts + 1, attempt_id = ($7::uuid[])[k.rn], lease_until = $6 + k.lease, node_id = $8
 FROM k, events e
 WHERE d.id = k.id AND e.id = d.event_id AND k.rn <= cardinality($7::uuid[]) RETURNING ` + jobColumns

	pgHeads = `UPDATE endpoint_queue q SET rate_tat = t.tat,
 next_due_at = COALESCE((SELECT w.due_at FROM deliveries w WHERE w.endpoint_id = q.endpoint_id AND w.state = 'waiting' AND NOT w.ordered AND NOT w.test
  ORDER BY w.due_at, w.seq LIMIT 1), 9223372036854775807),
 line_due_at = CASE WHEN EXISTS (SELECT 1 FROM deliveries s WHERE s.endpoint_id = q.endpoint_id AND s.state = 'sending' AND s.lease_until > 0 AND s.ordered) THEN 9223372036854775807
  ELSE COALESCE((SELECT CASE WHEN w.state = 'waiting' THEN w.due_at END FROM deliveries w WHERE w.endpoint_id = q.endpoint_id AND w.ordered AND w.state IN ('waiting', 'sending')
  ORDER BY w.seq LIMIT 1), 9223372036854775807) END
 FROM unnest($1::uuid[], $2::bigint[]) AS t(id, tat) WHERE q.endpoint_id = t.id
 RETURNING q.endpoint_id, LEAST(q.next_due_at, q.line_due_at)`

	// pgTurns ends a drain once nothing from before the resume waits. A line goes
	// by its head, also one that is out: what is behind it is not due yet.
	pgTurns = `UPDATE endpoint_queue q SET turn_at = t.turn_at, catching_up = t.catching_up,
 drain_rate = CASE WHEN q.drain_rate > 0 AND (q.next_due_at < q.drain_before OR (SELECT w.created_at FROM deliveries w
  WHERE w.endpoint_id = q.endpoint_id AND w.ordered AND w.state IN ('waiting', 'sending') ORDER BY w.seq LIMIT 1) < q.drain_before) THEN q.drain_rate ELSE 0 END
 FROM unnest($1::uuid[], $2::bigint[], $3::bool[]) AS t(id, turn_at, catching_up) WHERE q.endpoint_id = t.id`

	pgNextReady = `SELECT COALESCE(min(ready_at), 9223372036854775807) - ` + pgNow + ` FROM endpoint_queue WHERE ready_at < 9223372036854775807`

	pgCatchUp = `UPDATE deliveries SET due_at = $2 WHERE id IN (SELECT id FROM deliveries
 WHERE endpoint_id = $1 AND state = 'waiting' AND NOT ordered AND NOT test AND due_at > $2 AND attempts > 0 ORDER BY due_at, seq LIMIT $3 FOR UPDATE SKIP LOCKED)`
)

// jobColumns are a delivery d and its event e as a claim hands them out.
const jobColumns = `d.id, d.project_id, d.event_id, d.endpoint_id, d.endpoint_version, d.topic, d.seq, d.state, d.due_at, d.attempts, d.failures, d.unknowns,
 d.attempt_id, d.lease_until, d.created_at, d.resend_of, d.requested_by_type, d.requested_by_id, d.requested_by_name, d.test, d.ordered,
 e.project_id, e.audience, e.data, e.occurred_at, e.accepted_at, e.published_by_type, e.published_by_id, e.published_by_name, e.hop`

// jobRow is a row of jobColumns.
type jobRow struct {
	d deliveryRow
	e eventRow
}

func (j *jobRow) targets() []any {
	d, e := &j.d, &j.e
	return []any{
		&d.ID, &d.ProjectID, &d.EventID, &d.EndpointID, &d.EndpointVersion, &d.Topic, &d.Seq, &d.State, &d.DueAt, &d.Attempts, &d.Failures, &d.Unknowns,
		&d.AttemptID, &d.LeaseUntil, &d.CreatedAt, &d.ResendOf, &d.RequestedByType, &d.RequestedByID, &d.RequestedByName, &d.Test, &d.Ordered,
		&e.ProjectID, &e.Audience, &e.Data, &e.OccurredAt, &e.AcceptedAt, &e.PublishedByType, &e.PublishedByID, &e.PublishedByName, &e.Hop,
	}
}

func (j *jobRow) job() webhook.Job {
	j.e.ID, j.e.Topic, j.e.Seq = j.d.EventID, j.d.Topic, j.d.Seq
	return webhook.Job{Delivery: j.d.delivery(), Event: j.e.event()}
}

func (q *pgQueue) claim(ctx context.Context, node webhook.NodeID, room webhook.Room) ([]webhook.Job, time.Duration, error) {
	jobs, next, found, err := q.claimOnce(ctx, node, room, false)
	if err != nil || found {
		return jobs, next, err
	}
	if next > 0 {
		return nil, next, nil
	}
	// Something is ready, but others hold all of it: wait for them this once.
	jobs, next, found, err = q.claimOnce(ctx, node, room, true)
	var locked *pgconn.PgError
	if errors.As(err, &locked) && locked.Code == "55P03" {
		return nil, lookAgain * time.Millisecond, nil
	}
	if err == nil && !found {
		next = max(next, lookAgainSoon*time.Millisecond)
	}
	return jobs, next, err
}

// claimOnce is one claim. found is false when no endpoint could be looked at;
// next then says when one will be ready.
func (q *pgQueue) claimOnce(ctx context.Context, node webhook.NodeID, room webhook.Room, wait bool) (jobs []webhook.Job, next time.Duration, found bool, err error) {
	tx, err := q.begin(ctx)
	if err != nil {
		return nil, 0, false, err
	}
	defer tx.end(ctx)
	endpoints, now, err := tx.ready(ctx, room.Slots, wait)
	if err != nil {
		return nil, 0, false, err
	}
	if len(endpoints) == 0 {
		err = tx.commitAsking(ctx, &next)
		return nil, next, false, err
	}
	live := stillReady(endpoints, now)
	ask(live, room)
	shareOut(live, room, now)
	if jobs, err = tx.take(ctx, live, node, now); err != nil {
		return nil, 0, false, err
	}
	count(jobs, live, now)
	if err := tx.turns(ctx, endpoints, now); err != nil {
		return nil, 0, false, err
	}
	if err := tx.commitAsking(ctx, &next); err != nil {
		return nil, 0, false, err
	}
	for i := range jobs {
		jobs[i].LeaseFor = jobs[i].Delivery.LeaseUntil.Sub(at(now))
	}
	return jobs, next, true, nil
}

// ready locks ready endpoints, the longest waiting first, and reads the clock.
func (t *pgTx) ready(ctx context.Context, limit int, wait bool) (endpoints []*ready, now int64, err error) {
	sql := pgReady + " SKIP LOCKED"
	if wait {
		sql = pgReady
		t.queue("SET LOCAL lock_timeout = 1000")
	}
	window := min(claimWindow, max(2*limit, 32))
	t.queue(sql, window).Query(func(rows pgx.Rows) error {
		var r ready
		_, err := pgx.ForEachRow(rows, []any{
			(*[16]byte)(&r.endpoint), (*[16]byte)(&r.project), &r.nextDue, &r.lineDue, &r.rateTAT, &r.drainRate, &r.drainBefore, &r.catchingUp,
			&r.timeoutMS, &r.maxInFlight, &r.rate, &r.failures, &r.busy,
		}, func() error {
			one := r
			endpoints = append(endpoints, &one)
			return nil
		})
		return err
	})
	t.queue("SELECT " + pgNow).QueryRow(func(row pgx.Row) error { return row.Scan(&now) })
	err = t.send(ctx)
	return endpoints, now, err
}

// take claims rows of the endpoints according to their shares.
func (t *pgTx) take(ctx context.Context, endpoints []*ready, node webhook.NodeID, now int64) (jobs []webhook.Job, err error) {
	n := len(endpoints)
	if n == 0 {
		return nil, nil
	}
	ids, shares, limits, leases, lines := make([][16]byte, n), make([]int, n), make([]int, n), make([]int64, n), make([]bool, n)
	rows := 0
	for i, r := range endpoints {
		ids[i], shares[i], limits[i], leases[i], lines[i] = r.endpoint, r.share, r.limit(), r.leaseMS(), r.line
		if rows += r.share; r.line {
			rows++
		}
		if r.catchingUp {
			t.queue(pgCatchUp, ids[i], now, catchUpStep).Exec(func(done pgconn.CommandTag) error {
				r.catchingUp = done.RowsAffected() == catchUpStep
				return nil
			})
		}
	}
	attempts := make([][16]byte, rows)
	for i := range attempts {
		attempts[i] = [16]byte(mint.UUID(at(now)))
	}
	t.queue(pgTake, ids, shares, limits, leases, lines, now, attempts, nullable(uid(node.UUID))).Query(func(rows pgx.Rows) error {
		var err error
		jobs, err = collectJobs(rows)
		return err
	})
	err = t.send(ctx)
	return jobs, err
}

func collectJobs(rows pgx.Rows) ([]webhook.Job, error) {
	var jobs []webhook.Job
	for rows.Next() {
		var j jobRow
		if err := rows.Scan(j.targets()...); err != nil {
			return nil, err
		}
		jobs = append(jobs, j.job())
	}
	return jobs, rows.Err()
}

// turns writes the queue rows of the endpoints that were looked at.
func (t *pgTx) turns(ctx context.Context, endpoints []*ready, now int64) error {
	ids, tats := make([][16]byte, len(endpoints)), make([]int64, len(endpoints))
	for i, r := range endpoints {
		ids[i], tats[i] = r.endpoint, r.rateTAT
	}
	at := make(map[uid]int64, len(endpoints))
	t.queue(pgHeads, ids, tats).Query(func(rows pgx.Rows) error {
		var id [16]byte
		var head int64
		_, err := pgx.ForEachRow(rows, []any{&id, &head}, func() error {
			at[id] = head
			return nil
		})
		return err
	})
	if err := t.send(ctx); err != nil {
		return err
	}
	turns, catching := make([]int64, len(endpoints)), make([]bool, len(endpoints))
	for i, r := range endpoints {
		turns[i], catching[i] = r.turnAt(now, at[r.endpoint]), r.catchingUp
	}
	t.queue(pgTurns, ids, turns, catching)
	return nil
}

// commitAsking commits and learns how long it is until an endpoint is ready.
func (t *pgTx) commitAsking(ctx context.Context, next *time.Duration) error {
	t.queue(pgNextReady).QueryRow(func(row pgx.Row) error {
		var ms int64
		err := row.Scan(&ms)
		*next = time.Duration(min(ms, claimNext.Milliseconds())) * time.Millisecond
		return err
	})
	return t.commit(ctx)
}

// count notes how many rows each endpoint gave.
func count(jobs []webhook.Job, endpoints []*ready, now int64) {
	taken := make(map[uid]int, len(endpoints))
	for i := range jobs {
		taken[uid(jobs[i].Delivery.EndpointID.UUID)]++
	}
	for _, r := range endpoints {
		r.took(taken[r.endpoint], now)
	}
}
