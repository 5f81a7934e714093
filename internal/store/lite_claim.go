package store

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// SQLite would take the first index that begins with endpoint_id, which holds
// the whole log; so the statements name theirs. It would also plan a statement
// anew for every value of a bare "LIMIT ?", which costs more than running it.
const (
	liteNextReady = `SELECT COALESCE(min(ready_at), 9223372036854775807) FROM endpoint_queue WHERE ready_at < 9223372036854775807`

	liteReady = `SELECT q.endpoint_id, q.project_id, q.next_due_at, q.line_due_at, q.rate_tat, q.drain_rate, q.drain_before, q.catching_up,
 e.timeout_ms, e.max_in_flight, e.rate_per_second, e.consecutive_failures,
 (SELECT count(*) FROM deliveries d INDEXED BY deliveries_sending WHERE d.endpoint_id = q.endpoint_id AND d.state = 'sending' AND NOT d.test)
 FROM (SELECT * FROM endpoint_queue WHERE ready_at <= ? AND ready_at < 9223372036854775807 ORDER BY ready_at LIMIT ? + 0) q JOIN endpoints e ON e.id = q.endpoint_id`

	liteFree = `SELECT ` + jobColumns + ` FROM deliveries d INDEXED BY deliveries_waiting JOIN events e ON e.id = d.event_id
 WHERE d.endpoint_id = ? AND d.state = 'waiting' AND NOT d.ordered AND NOT d.test AND d.due_at <= ? ORDER BY d.due_at, d.seq LIMIT ? + 0`

	// liteLineHead is the head of a line, whether it waits or is out.
	liteLineHead = `SELECT ` + jobColumns + ` FROM deliveries d INDEXED BY deliveries_line JOIN events e ON e.id = d.event_id
 WHERE d.endpoint_id = ? AND d.ordered AND d.state IN ('waiting', 'sending') ORDER BY d.seq LIMIT 1`

	liteLineOut = `SELECT EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_sending WHERE endpoint_id = ? AND state = 'sending' AND ordered)`

	liteLease = `UPDATE deliveries SET state = 'sending', attempts = attempts + 1, attempt_id = ?, lease_until = ?, node_id = ? WHERE id = ?`

	liteHeads = `SELECT COALESCE((SELECT due_at FROM deliveries INDEXED BY deliveries_waiting WHERE endpoint_id = ?1 AND state = 'waiting' AND NOT ordered AND NOT test ORDER BY due_at, seq LIMIT 1), 9223372036854775807),
 CASE WHEN EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_sending WHERE endpoint_id = ?1 AND state = 'sending' AND ordered) THEN 9223372036854775807
 ELSE COALESCE((SELECT due_at FROM deliveries INDEXED BY deliveries_line WHERE endpoint_id = ?1 AND ordered AND state IN ('waiting', 'sending') ORDER BY seq LIMIT 1), 9223372036854775807) END`

	// liteTurn ends a drain once nothing from before the resume waits. A line
	// goes by its head, also one that is out: what is behind it is not due yet.
	liteTurn = `UPDATE endpoint_queue SET next_due_at = ?1, line_due_at = ?2, turn_at = ?3, rate_tat = ?4, catching_up = ?5,
 drain_rate = CASE WHEN drain_rate > 0 AND (?1 < drain_before OR (SELECT created_at FROM deliveries INDEXED BY deliveries_line
 WHERE endpoint_id = ?6 AND ordered AND state IN ('waiting', 'sending') ORDER BY seq LIMIT 1) < drain_before) THEN drain_rate ELSE 0 END WHERE endpoint_id = ?6`

	liteCatchUp = `UPDATE deliveries SET due_at = ?2 WHERE id IN (SELECT id FROM deliveries INDEXED BY deliveries_waiting
 WHERE endpoint_id = ?1 AND state = 'waiting' AND NOT ordered AND NOT test AND due_at > ?2 AND attempts > 0 ORDER BY due_at, seq LIMIT ?3 + 0)`
)

func (q *liteQueue) claim(ctx context.Context, node webhook.NodeID, room webhook.Room) (jobs []webhook.Job, next time.Duration, err error) {
	// Looking first, on a reading connection, costs the writers nothing.
	var first int64
	if err := q.reader.QueryRowContext(ctx, liteNextReady).Scan(&first); err != nil {
		return nil, 0, err
	}
	if now := q.clock(); first > now {
		return nil, wait(first, now), nil
	}
	err = q.inTx(ctx, func(t *liteTx) error {
		jobs = nil
		endpoints, err := t.ready(room.Slots)
		if err != nil {
			return err
		}
		ask(endpoints, room)
		shareOut(endpoints, room, t.now)
		for _, r := range endpoints {
			if jobs, err = t.take(r, node, jobs); err != nil {
				return err
			}
			if err := t.turn(r); err != nil {
				return err
			}
		}
		_, err = t.one(liteNextReady, nil, &first)
		next = wait(first, t.now)
		return err
	})
	return jobs, next, err
}

// wait is how long it is until a moment, as a claim announces it.
func wait(until, now int64) time.Duration {
	return time.Duration(min(until-now, claimNext.Milliseconds())) * time.Millisecond
}

func (t *liteTx) ready(limit int) (endpoints []*ready, err error) {
	var r ready
	window := min(claimWindow, max(2*limit, 32))
	err = t.each(liteReady, []any{t.now, window}, []any{
		&r.endpoint, &r.project, &r.nextDue, &r.lineDue, &r.rateTAT, &r.drainRate, &r.drainBefore, &r.catchingUp,
		&r.timeoutMS, &r.maxInFlight, &r.rate, &r.failures, &r.busy,
	}, func() {
		one := r
		endpoints = append(endpoints, &one)
	})
	return endpoints, err
}

// take claims rows of one endpoint according to its share, and the head of its
// line.
func (t *liteTx) take(r *ready, node webhook.NodeID, jobs []webhook.Job) ([]webhook.Job, error) {
	if err := t.goOnCatchingUp(r); err != nil {
		return nil, err
	}
	var rows []jobRow
	if r.share > 0 {
		var j jobRow
		if err := t.each(liteFree, []any{r.endpoint[:], t.now, r.share}, j.targets(), func() { rows = append(rows, j) }); err != nil {
			return nil, err
		}
	}
	if r.line {
		head, there, err := t.lineHead(r)
		if err != nil {
			return nil, err
		}
		if there {
			rows = append(rows, head)
		}
	}
	for _, j := range rows {
		id := uid(mint.UUID(at(t.now)))
		j.d.State, j.d.Attempts, j.d.AttemptID, j.d.LeaseUntil = string(webhook.Sending), j.d.Attempts+1, id, t.now+r.leaseMS()
		if _, err := t.exec(liteLease, id[:], j.d.LeaseUntil, uid(node.UUID), j.d.ID[:]); err != nil {
			return nil, err
		}
		job := j.job()
		job.LeaseFor = time.Duration(r.leaseMS()) * time.Millisecond
		jobs = append(jobs, job)
	}
	r.took(len(rows), t.now)
	return jobs, nil
}

// lineHead is the head of the line if it may go.
func (t *liteTx) lineHead(r *ready) (head jobRow, may bool, err error) {
	var out bool
	if _, err := t.one(liteLineOut, []any{r.endpoint[:]}, &out); err != nil || out {
		return head, false, err
	}
	there, err := t.one(liteLineHead, []any{r.endpoint[:]}, head.targets()...)
	return head, there && head.d.State == string(webhook.Waiting) && head.d.DueAt <= t.now, err
}

// goOnCatchingUp makes the next retries due of an endpoint that works again.
func (t *liteTx) goOnCatchingUp(r *ready) error {
	if !r.catchingUp {
		return nil
	}
	n, err := t.exec(liteCatchUp, r.endpoint[:], t.now, catchUpStep)
	r.catchingUp = n == catchUpStep
	return err
}

// turn writes the queue row of an endpoint that was looked at.
func (t *liteTx) turn(r *ready) error {
	var free, line int64
	if _, err := t.one(liteHeads, []any{r.endpoint[:]}, &free, &line); err != nil {
		return err
	}
	_, err := t.exec(liteTurn, free, line, r.turnAt(t.now, min(free, line)), r.rateTAT, r.catchingUp, r.endpoint[:])
	return err
}
