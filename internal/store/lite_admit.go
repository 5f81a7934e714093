package store

import (
	"context"
	"database/sql"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	liteCatalogue = "SELECT catalogue FROM projects WHERE id = ? AND deleted_at = 0"

	liteKnownKey = `SELECT fingerprint, event_id, deliveries, fan_out FROM idempotency WHERE project_id = ? AND key = ? AND created_at > ?`

	liteQueueFacts = `SELECT q.paused, min(q.next_due_at, q.line_due_at), q.not_before, q.rate_tat, q.drain_rate > 0, e.ordered, e.consecutive_failures
 FROM endpoint_queue q JOIN endpoints e ON e.id = q.endpoint_id WHERE q.endpoint_id = ?`

	liteNextSeq = `SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)`

	liteInsertEvent = `INSERT INTO events (id, seq, project_id, audience, topic, data, occurred_at, accepted_at, published_by_type, published_by_id,
 published_by_name, hop, idempotency_key, deliveries, fan_out, search) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	liteInsertSearch = `INSERT INTO event_search (project_id, value, event_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`

	liteInsertKey = `INSERT INTO idempotency (project_id, key, fingerprint, event_id, deliveries, fan_out, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
 ON CONFLICT (project_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, event_id = excluded.event_id,
 deliveries = excluded.deliveries, fan_out = excluded.fan_out, created_at = excluded.created_at`

	liteInsertFanOut = `INSERT INTO fanouts (event_id, created_at) VALUES (?, ?)`

	liteInsertDelivery = `INSERT INTO deliveries (id, project_id, event_id, endpoint_id, endpoint_version, topic, seq, state, ordered, due_at,
 attempts, attempt_id, lease_until, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	liteInsertAudit = `INSERT INTO audit (` + auditColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	liteLower = `UPDATE endpoint_queue SET next_due_at = min(next_due_at, ?1), line_due_at = min(line_due_at, ?2)
 WHERE endpoint_id = ?3 AND (next_due_at > ?1 OR line_due_at > ?2)`
)

func (q *liteQueue) admit(ctx context.Context, admissions []webhook.Admission) ([]webhook.Admitted, error) {
	w := &write{ctx: ctx, admit: admissions}
	err := q.write(w)
	return w.admitted, err
}

func (q *liteQueue) admitOn(_ context.Context, conn *sql.Conn, admissions []webhook.Admission) (answers []webhook.Admitted, err error) {
	err = q.direct(conn, func(c *liteConn) error {
		t := &liteTx{c, q.clock()}
		var err error
		answers, err = t.admitAll(admissions)
		return err
	})
	return answers, err
}

// admit stores the events of all who admit some at this moment: what they must
// be told is asked once.
func (t *liteTx) admit(all []*write) error {
	var admissions []webhook.Admission
	for _, w := range all {
		admissions = append(admissions, w.admit...)
	}
	answers, err := t.admitAll(admissions)
	if err != nil {
		return err
	}
	for _, w := range all {
		w.admitted, answers = answers[:len(w.admit)], answers[len(w.admit):]
	}
	return nil
}

func (t *liteTx) admitAll(admissions []webhook.Admission) ([]webhook.Admitted, error) {
	st, seq, err := t.ask(asksOf(admissions))
	if err != nil {
		return nil, err
	}
	answers, store := decide(admissions, st, func() int64 {
		seq++
		return seq
	})
	waiting := heads{}
	for _, a := range store {
		if err := t.storeEvent(a); err != nil {
			return nil, err
		}
		rows := newRows(a, st)
		waiting.addRows(rows)
		for i := range rows {
			if err := t.storeDelivery(&rows[i]); err != nil {
				return nil, err
			}
		}
	}
	return answers, t.lower(waiting)
}

// ask reads what an admission must be told; seq is the last one given.
func (t *liteTx) ask(a asks) (st standing, seq int64, err error) {
	st = standing{now: t.now, catalogues: map[webhook.ProjectID]int64{}, keys: map[keyed]answered{}, endpoints: map[webhook.EndpointID]queueFacts{}}
	for _, p := range a.projects {
		var version int64
		there, err := t.one(liteCatalogue, []any{p.UUID[:]}, &version)
		if err != nil {
			return st, 0, err
		}
		if there {
			st.catalogues[p] = version
		}
	}
	for _, e := range a.endpoints {
		var f queueFacts
		there, err := t.one(liteQueueFacts, []any{e.UUID[:]}, &f.paused, &f.dueAt, &f.notBefore, &f.rateTAT, &f.draining, &f.ordered, &f.failures)
		if err != nil {
			return st, 0, err
		}
		if there {
			st.endpoints[e] = f
		}
	}
	for _, k := range a.keys {
		var known answered
		var fingerprint []byte
		var event uid
		there, err := t.one(liteKnownKey, []any{k.project.UUID[:], clean(k.key), t.now - keyFor.Milliseconds()}, &fingerprint, &event, &known.deliveries, &known.fanOut)
		if err != nil {
			return st, 0, err
		}
		if there {
			copy(known.fingerprint[:], fingerprint)
			known.event = webhook.EventID{UUID: webhook.UUID(event)}
			st.keys[k] = known
		}
	}
	_, err = t.one(liteNextSeq, nil, &seq)
	return st, seq, err
}

func (t *liteTx) storeEvent(a admitted) error {
	r := newEventRow(a.Event)
	key := clean(r.IdempotencyKey)
	_, err := t.exec(liteInsertEvent, r.ID, a.seq, r.ProjectID, r.Audience, r.Topic, r.Data, r.OccurredAt, t.now, r.PublishedByType, r.PublishedByID,
		r.PublishedByName, r.Hop, key, len(a.Deliveries), r.FanOut, r.Search)
	if err != nil {
		return err
	}
	if r.FanOut {
		if _, err := t.exec(liteInsertFanOut, r.ID, t.now); err != nil {
			return err
		}
	}
	if key != "" {
		if _, err := t.exec(liteInsertKey, scope(r.ProjectID), key, a.Fingerprint[:], r.ID, len(a.Deliveries), r.FanOut, t.now); err != nil {
			return err
		}
	}
	if a.Audit != nil {
		if _, err := t.exec(liteInsertAudit, newAuditRow(*a.Audit).values()...); err != nil {
			return err
		}
	}
	for _, value := range a.Event.Search {
		if _, err := t.exec(liteInsertSearch, scope(r.ProjectID), clean(value), r.ID); err != nil {
			return err
		}
	}
	return nil
}

func (t *liteTx) storeDelivery(r *deliveryRow) error {
	_, err := t.exec(liteInsertDelivery, r.ID[:], r.ProjectID[:], r.EventID[:], r.EndpointID[:], r.EndpointVersion, r.Topic, r.Seq, r.State, r.Ordered, r.DueAt,
		r.Attempts, r.AttemptID, r.LeaseUntil, r.CreatedAt)
	return err
}

// lower lowers queue heads.
func (t *liteTx) lower(h heads) error {
	for _, e := range h {
		if _, err := t.exec(liteLower, e.free, e.line, e.endpoint[:]); err != nil {
			return err
		}
	}
	return nil
}
