package store

import (
	"context"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// pgRecord writes deliveries, fenced, and with them the attempts. An attempt
	// that nobody knows the end of is written only if its claim still stood:
	// else it was never sent, or is written already. The only change that an
	// attempt's row ever gets is its late result.
	pgRecord = `WITH x AS MATERIALIZED (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::int[], $6::int[], $7::text[],
 $8::int[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[], $16::text[], $17::text[],
 $18::bigint[], $19::uuid[], $20::text[], $21::text[], $22::bytea[], $23::int[], $24::bytea[], $25::bytea[], $26::bool[], $27::bigint[], $28::uuid[])
 AS x(did, aid, state, delay, failures, unknowns, reason, number, started_at, duration_us, dns_us, connect_us, tls_us, first_byte_us, outcome, cause, error,
 endpoint_version, secret_id, method, url, request_headers, status, response_headers, response_body, truncated, retry_after_ms, node_id)),
 now AS MATERIALIZED (SELECT ` + pgNow + ` AS ms),
 u AS (UPDATE deliveries d SET state = x.state, due_at = CASE WHEN x.state = 'waiting' THEN now.ms + x.delay ELSE d.due_at END,
  failures = x.failures, unknowns = x.unknowns, reason = x.reason, lease_until = 0,
  ended_at = CASE WHEN x.state = 'waiting' THEN 0 ELSE now.ms END, last_status = x.status, last_cause = x.cause,
  last_duration_ms = x.duration_us / 1000, last_attempt_at = x.started_at
  FROM x, now WHERE d.id = x.did AND ((d.state = 'sending' AND d.attempt_id = x.aid) OR (x.state = 'delivered' AND d.state IN ('waiting', 'sending')))
  RETURNING d.id, d.ordered),
 a AS (INSERT INTO attempts (` + attemptColumns + `)
  SELECT aid, did, number, started_at, duration_us, dns_us, connect_us, tls_us, first_byte_us, outcome, cause, error,
  endpoint_version, secret_id, method, url, request_headers, status, response_headers, response_body, truncated, retry_after_ms, node_id
  FROM x WHERE x.outcome <> 'unknown' OR EXISTS (SELECT 1 FROM u WHERE u.id = x.did)
  ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at, duration_us = excluded.duration_us, dns_us = excluded.dns_us, connect_us = excluded.connect_us,
  tls_us = excluded.tls_us, first_byte_us = excluded.first_byte_us, outcome = excluded.outcome, cause = excluded.cause, error = excluded.error,
  endpoint_version = excluded.endpoint_version, secret_id = excluded.secret_id, method = excluded.method, url = excluded.url,
  request_headers = excluded.request_headers, status = excluded.status, response_headers = excluded.response_headers,
  response_body = excluded.response_body, truncated = excluded.truncated, retry_after_ms = excluded.retry_after_ms, node_id = excluded.node_id
  WHERE attempts.outcome = 'unknown' AND excluded.outcome <> 'unknown' RETURNING delivery_id)
 SELECT u.id, TRUE, u.ordered, now.ms FROM u, now UNION ALL SELECT a.delivery_id, FALSE, FALSE, now.ms FROM a, now`

	pgHealth = `UPDATE endpoints e SET
 consecutive_failures = CASE WHEN t.succeeded THEN t.fails ELSE e.consecutive_failures + t.fails END,
 last_success_at = GREATEST(e.last_success_at, t.last_success), last_failure_at = GREATEST(e.last_failure_at, t.last_failure),
 failing_since = CASE WHEN t.succeeded THEN t.since WHEN e.failing_since = 0 THEN t.since ELSE e.failing_since END,
 not_before = GREATEST(e.not_before, t.hold)
 FROM unnest($1::uuid[], $2::bool[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
 AS t(id, succeeded, fails, last_success, last_failure, since, hold)
 WHERE e.id = t.id AND (t.fails > 0 OR e.consecutive_failures > 0 OR e.failing_since > 0 OR e.last_success_at < t.last_success - 1000 OR e.not_before < t.hold)`

	// pgMinutes adds to the statistics.
	pgMinutes = `INSERT INTO endpoint_minute AS m (endpoint_id, minute, node_id, cause, project_id, n, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16)
 SELECT t.e, t.minute, $1, t.cause, t.project, t.n, b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15], b[16], b[17]
 FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::bigint[]) WITH ORDINALITY AS t(e, minute, cause, project, n, i)
 CROSS JOIN LATERAL (SELECT ($7::bigint[])[(t.i - 1) * 17 + 1 : t.i * 17] AS b) AS buckets
 ON CONFLICT (endpoint_id, minute, node_id, cause) DO UPDATE SET n = m.n + excluded.n, b0 = m.b0 + excluded.b0, b1 = m.b1 + excluded.b1, b2 = m.b2 + excluded.b2,
 b3 = m.b3 + excluded.b3, b4 = m.b4 + excluded.b4, b5 = m.b5 + excluded.b5, b6 = m.b6 + excluded.b6, b7 = m.b7 + excluded.b7, b8 = m.b8 + excluded.b8,
 b9 = m.b9 + excluded.b9, b10 = m.b10 + excluded.b10, b11 = m.b11 + excluded.b11, b12 = m.b12 + excluded.b12, b13 = m.b13 + excluded.b13,
 b14 = m.b14 + excluded.b14, b15 = m.b15 + excluded.b15, b16 = m.b16 + excluded.b16`

	// pgLockBlocked also locks endpoints that a claim passed over because all
	// their requests were out: one has ended now. pgLowerAfter gets those that
	// are locked and no others: what a claim passed over in between would be
	// locked out of turn, which ends in a deadlock.
	pgLockBlocked = `SELECT endpoint_id FROM endpoint_queue WHERE endpoint_id = ANY($1::uuid[]) AND (endpoint_id = ANY($2::uuid[]) OR turn_at > $3)
 ORDER BY endpoint_id FOR NO KEY UPDATE`

	pgLowerAfter = `UPDATE endpoint_queue q SET next_due_at = LEAST(q.next_due_at, t.free), line_due_at = LEAST(q.line_due_at, t.line),
 turn_at = LEAST(q.turn_at, $5), not_before = GREATEST(q.not_before, t.hold), catching_up = q.catching_up OR t.catching_up
 FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $6::bool[]) AS t(id, free, line, hold, catching_up)
 WHERE q.endpoint_id = t.id AND (q.next_due_at > t.free OR q.line_due_at > t.line OR q.turn_at > $5 OR q.not_before < t.hold OR t.catching_up)`
)

func (q *pgQueue) record(ctx context.Context, node webhook.NodeID, results []webhook.Settled) error {
	tx, err := q.begin(ctx)
	if err != nil {
		return err
	}
	defer tx.end(ctx)
	outcomes, recovered, now, err := tx.writeResults(ctx, results)
	if err != nil {
		return err
	}
	endpoints, waiting, minutes := tally(results, outcomes, now)
	tx.writeHealth(endpoints, now)
	tx.writeMinutes(node, minutes)
	catching, err := tx.catchUp(ctx, endpoints, recovered, waiting, now)
	if err != nil {
		return err
	}
	if err := tx.lowerAfter(ctx, endpoints, waiting, catching, now); err != nil {
		return err
	}
	return tx.commit(ctx)
}

// writeResults writes deliveries and attempts. failing are the endpoints that
// had been failing, now is the clock by which retries became due; it is zero if
// nothing was written.
func (t *pgTx) writeResults(ctx context.Context, results []webhook.Settled) (outcomes []outcome, failing map[uid]bool, now int64, err error) {
	outcomes, failing = make([]outcome, len(results)), map[uid]bool{}
	position := make(map[uid]int, len(results))
	seen := map[uid]bool{}
	var succeeded [][16]byte
	for i, r := range results {
		position[uid(r.DeliveryID.UUID)] = i
		if id := uid(r.EndpointID.UUID); r.State == webhook.Delivered && !r.Test && !r.Resend && !seen[id] {
			seen[id] = true
			succeeded = append(succeeded, id)
		}
	}
	t.queue(pgRecord, recordArguments(results)...).Query(func(rows pgx.Rows) error {
		var id [16]byte
		var applied, ordered bool
		_, err := pgx.ForEachRow(rows, []any{&id, &applied, &ordered, &now}, func() error {
			o := &outcomes[position[id]]
			if applied {
				o.applied, o.ordered = true, ordered
			} else {
				o.known = true
			}
			return nil
		})
		return err
	})
	if succeeded != nil {
		t.queue("SELECT id FROM endpoints WHERE id = ANY($1::uuid[]) AND consecutive_failures > 0", succeeded).Query(func(rows pgx.Rows) error {
			var id [16]byte
			_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
				failing[id] = true
				return nil
			})
			return err
		})
	}
	err = t.send(ctx)
	return outcomes, failing, now, err
}

// recordArguments are the columns of pgRecord.
func recordArguments(results []webhook.Settled) []any {
	n := len(results)
	ids, deliveries, nodes, secrets := make([][16]byte, n), make([][16]byte, n), make([]*[16]byte, n), make([]*[16]byte, n)
	states, reasons, outcomes, causes, errors := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	methods, urls := make([]string, n), make([]string, n)
	delays, started, durations, versions, after := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	dns, connect, tls, first := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	failures, unknowns, numbers, statuses := make([]int, n), make([]int, n), make([]int, n), make([]int, n)
	sent, received, bodies, truncated := make([][]byte, n), make([][]byte, n), make([][]byte, n), make([]bool, n)
	for i, r := range results {
		a := newAttemptRow(r.Attempt)
		ids[i], deliveries[i], nodes[i], secrets[i] = a.ID, [16]byte(r.DeliveryID.UUID), nullable(a.NodeID), nullable(a.SecretID)
		states[i], reasons[i], outcomes[i], causes[i], errors[i] = string(r.State), clean(r.Reason), a.Outcome, a.Cause, a.Error
		methods[i], urls[i] = a.Method, a.URL
		delays[i], started[i], durations[i], versions[i], after[i] = r.Delay.Milliseconds(), a.StartedAt, a.DurationUS, a.EndpointVersion, a.RetryAfterMS
		dns[i], connect[i], tls[i], first[i] = a.DNSUS, a.ConnectUS, a.TLSUS, a.FirstByteUS
		failures[i], unknowns[i], numbers[i], statuses[i] = r.Failures, r.Unknowns, a.Number, a.Status
		sent[i], received[i], bodies[i], truncated[i] = a.RequestHeaders, a.ResponseHeaders, a.ResponseBody, a.Truncated
	}
	return []any{
		deliveries, ids, states, delays, failures, unknowns, reasons, numbers, started, durations, dns, connect, tls, first, outcomes, causes, errors,
		versions, secrets, methods, urls, sent, statuses, received, bodies, truncated, after, nodes,
	}
}

func (t *pgTx) writeHealth(endpoints []*health, now int64) {
	n := len(endpoints)
	ids, succeeded, trailing := make([][16]byte, 0, n), make([]bool, 0, n), make([]int, 0, n)
	success, failure, since, hold := make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n)
	for _, h := range endpoints {
		if h.touched {
			ids, succeeded, trailing = append(ids, h.endpoint), append(succeeded, h.succeeded), append(trailing, h.trailing)
			success, failure, since, hold = append(success, h.lastSuccess), append(failure, h.lastFailure), append(since, h.failedSince), append(hold, h.heldUntil(now))
		}
	}
	if len(ids) > 0 {
		t.queue(pgHealth, ids, succeeded, trailing, success, failure, since, hold)
	}
}

func (t *pgTx) writeMinutes(node webhook.NodeID, minutes []minute) {
	n := len(minutes)
	if n == 0 {
		return
	}
	endpoints, projects, starts, causes, counts := make([][16]byte, n), make([][16]byte, n), make([]int64, n), make([]string, n), make([]int64, n)
	buckets := make([]int64, 0, n*len(webhook.Latency{}))
	for i, m := range minutes {
		endpoints[i], projects[i], starts[i], causes[i], counts[i] = m.endpoint, m.project, m.start, string(m.cause), m.n
		buckets = append(buckets, m.latency[:]...)
	}
	t.queue(pgMinutes, [16]byte(node.UUID), endpoints, starts, causes, projects, counts, buckets)
}

// catchUp makes retries due of endpoints that work again; those with more left
// are answered.
func (t *pgTx) catchUp(ctx context.Context, endpoints []*health, failing map[uid]bool, waiting heads, now int64) (map[uid]bool, error) {
	more := map[uid]bool{}
	for _, h := range endpoints {
		if !h.succeeded || !failing[h.endpoint] {
			continue
		}
		t.queue(pgCatchUp, [16]byte(h.endpoint), now, catchUpStep).Exec(func(done pgconn.CommandTag) error {
			if done.RowsAffected() > 0 {
				waiting.add(h.endpoint, false, now)
			}
			more[h.endpoint] = done.RowsAffected() == catchUpStep
			return nil
		})
	}
	if len(failing) == 0 {
		return more, nil
	}
	return more, t.send(ctx)
}

// lowerAfter tells the queue about retries, Retry-After and slots that became
// free.
func (t *pgTx) lowerAfter(ctx context.Context, endpoints []*health, waiting heads, catching map[uid]bool, now int64) error {
	all, must := make([][16]byte, 0, len(endpoints)), make([][16]byte, 0, len(endpoints))
	for _, h := range endpoints {
		all = append(all, h.endpoint)
		if _, there := waiting[h.endpoint]; there || h.heldUntil(now) > 0 || catching[h.endpoint] {
			must = append(must, h.endpoint)
		}
	}
	locked := map[uid]bool{}
	t.queue(pgLockBlocked, all, must, now).Query(func(rows pgx.Rows) error {
		var id [16]byte
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
			locked[id] = true
			return nil
		})
		return err
	})
	if err := t.send(ctx); err != nil || len(locked) == 0 {
		return err
	}
	n := len(locked)
	ids, free, line, hold, more := make([][16]byte, 0, n), make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n), make([]bool, 0, n)
	for _, h := range endpoints {
		if !locked[h.endpoint] {
			continue
		}
		e, there := waiting[h.endpoint]
		if !there {
			e = head{h.endpoint, never, never}
		}
		ids, free, line = append(ids, h.endpoint), append(free, e.free), append(line, e.line)
		hold, more = append(hold, h.heldUntil(now)), append(more, catching[h.endpoint])
	}
	t.queue(pgLowerAfter, ids, free, line, hold, now, more)
	return nil
}
