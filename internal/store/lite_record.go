package store

import (
	"context"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	liteSettle = `UPDATE deliveries SET state = ?1, due_at = CASE WHEN ?1 = 'waiting' THEN ?2 ELSE due_at END, failures = ?3, unknowns = ?4, reason = ?5, lease_until = 0,
 ended_at = ?6, last_status = ?7, last_cause = ?8, last_duration_ms = ?9, last_attempt_at = ?10
 WHERE id = ?11 AND ((state = 'sending' AND attempt_id = ?12) OR (?1 = 'delivered' AND state IN ('waiting', 'sending')))`

	// liteHasLine asks once per endpoint what UPDATE could tell per row, but
	// RETURNING doubles its cost.
	liteHasLine = `SELECT EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_line WHERE endpoint_id = ? AND ordered AND state IN ('waiting', 'sending'))`

	liteWasFailing = `SELECT consecutive_failures > 0 FROM endpoints WHERE id = ?`

	liteHealth = `UPDATE endpoints SET consecutive_failures = CASE WHEN ?1 THEN ?2 ELSE consecutive_failures + ?2 END,
 last_success_at = max(last_success_at, ?3), last_failure_at = max(last_failure_at, ?4),
 failing_since = CASE WHEN ?1 THEN ?5 WHEN failing_since = 0 THEN ?5 ELSE failing_since END, not_before = max(not_before, ?6)
 WHERE id = ?7 AND (?2 > 0 OR consecutive_failures > 0 OR failing_since > 0 OR last_success_at < ?3 - 1000 OR not_before < ?6)`

	liteLowerAfter = `UPDATE endpoint_queue SET next_due_at = min(next_due_at, ?1), line_due_at = min(line_due_at, ?2),
 turn_at = min(turn_at, ?3), not_before = max(not_before, ?4), catching_up = catching_up OR ?5
 WHERE endpoint_id = ?6 AND (next_due_at > ?1 OR line_due_at > ?2 OR turn_at > ?3 OR not_before < ?4 OR ?5)`
)

// liteInsertAttempt writes an attempt; the only change that one ever gets is
// its late result.
var liteInsertAttempt = `INSERT INTO attempts (` + attemptColumns + `) VALUES (?` + strings.Repeat(", ?", 22) + `)
 ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at, duration_us = excluded.duration_us, dns_us = excluded.dns_us, connect_us = excluded.connect_us,
 tls_us = excluded.tls_us, first_byte_us = excluded.first_byte_us, outcome = excluded.outcome, cause = excluded.cause, error = excluded.error,
 endpoint_version = excluded.endpoint_version, secret_id = excluded.secret_id, method = excluded.method, url = excluded.url,
 request_headers = excluded.request_headers, status = excluded.status, response_headers = excluded.response_headers,
 response_body = excluded.response_body, truncated = excluded.truncated, retry_after_ms = excluded.retry_after_ms, node_id = excluded.node_id
 WHERE attempts.outcome = 'unknown' AND excluded.outcome <> 'unknown'`

var liteAddMinute = `INSERT INTO endpoint_minute (endpoint_id, minute, node_id, cause, project_id, n, ` + bucketColumns("") + `)
 VALUES (?` + strings.Repeat(", ?", 22) + `) ON CONFLICT (endpoint_id, minute, node_id, cause) DO UPDATE SET n = endpoint_minute.n + excluded.n, ` + bucketColumns("endpoint_minute")

func (q *liteQueue) record(ctx context.Context, node webhook.NodeID, results []webhook.Settled) error {
	return q.inTx(ctx, func(t *liteTx) error {
		outcomes := make([]outcome, len(results))
		for i, r := range results {
			o, err := t.writeResult(r)
			if err != nil {
				return err
			}
			outcomes[i] = o
		}
		endpoints, waiting, minutes := tally(results, outcomes, t.now)
		for _, m := range minutes {
			if err := t.writeMinute(node, m); err != nil {
				return err
			}
		}
		for _, h := range endpoints {
			if err := t.writeHealth(h, waiting); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeResult writes a delivery, fenced, and its attempt. An attempt that
// nobody knows the end of is written only if its claim still stood: else it was
// never sent, or is written already.
func (t *liteTx) writeResult(r webhook.Settled) (o outcome, err error) {
	a := newAttemptRow(r.Attempt)
	a.DeliveryID = uid(r.DeliveryID.UUID)
	due, end := t.now+r.Delay.Milliseconds(), t.now
	if r.State == webhook.Waiting {
		end = 0
	}
	o.applied, err = t.changed(liteSettle, string(r.State), due, r.Failures, r.Unknowns, clean(r.Reason), end,
		a.Status, a.Cause, a.DurationUS/1000, a.StartedAt, a.DeliveryID[:], a.ID[:])
	if err != nil {
		return o, err
	}
	if r.Attempt.Outcome == webhook.OutcomeUnknown && !o.applied {
		return o, nil
	}
	o.known, err = t.changed(liteInsertAttempt, a.ID[:], a.DeliveryID[:], a.Number, a.StartedAt, a.DurationUS, a.DNSUS, a.ConnectUS, a.TLSUS, a.FirstByteUS,
		a.Outcome, a.Cause, a.Error, a.EndpointVersion, a.SecretID, a.Method, a.URL, a.RequestHeaders, a.Status, a.ResponseHeaders, a.ResponseBody,
		a.Truncated, a.RetryAfterMS, a.NodeID)
	return o, err
}

func (t *liteTx) writeMinute(node webhook.NodeID, m minute) error {
	args := []any{m.endpoint[:], m.start, node.UUID[:], string(m.cause), m.project[:], m.n}
	for _, n := range m.latency {
		args = append(args, n)
	}
	_, err := t.exec(liteAddMinute, args...)
	return err
}

// writeHealth writes what a batch says about one endpoint, and tells the queue
// about its retries, Retry-After and slots that became free.
func (t *liteTx) writeHealth(h *health, waiting heads) error {
	more := false
	if h.succeeded {
		var failing bool
		if _, err := t.one(liteWasFailing, []any{h.endpoint[:]}, &failing); err != nil {
			return err
		}
		if failing {
			n, err := t.exec(liteCatchUp, h.endpoint[:], t.now, catchUpStep)
			if err != nil {
				return err
			}
			if more = n == catchUpStep; n > 0 {
				waiting.add(h.endpoint, false, t.now)
			}
		}
	}
	until := h.heldUntil(t.now)
	if h.touched {
		if _, err := t.exec(liteHealth, h.succeeded, h.trailing, h.lastSuccess, h.lastFailure, h.failedSince, until, h.endpoint[:]); err != nil {
			return err
		}
	}
	var inLine bool
	if _, err := t.one(liteHasLine, []any{h.endpoint[:]}, &inLine); err != nil {
		return err
	}
	if inLine {
		waiting.add(h.endpoint, true, look)
	}
	free, line := never, never
	if e, there := waiting[h.endpoint]; there {
		free, line = e.free, e.line
	}
	_, err := t.exec(liteLowerAfter, free, line, t.now, until, more, h.endpoint[:])
	return err
}
