package store

import (
	"context"
	"database/sql"
	"slices"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// deliveriesAtOnce bounds the rows of one INSERT.
const deliveriesAtOnce = 5000

func (q *pgQueue) admit(ctx context.Context, admissions []webhook.Admission) ([]webhook.Admitted, error) {
	tx, err := q.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer tx.end(ctx)
	answers, err := tx.admit(ctx, admissions, q.node)
	if err != nil {
		return nil, err
	}
	return answers, tx.commit(ctx)
}

func (q *pgQueue) admitOn(ctx context.Context, conn *sql.Conn, admissions []webhook.Admission) (answers []webhook.Admitted, err error) {
	err = conn.Raw(func(driver any) error {
		tx := &pgTx{conn: driver.(*stdlib.Conn).Conn(), next: &pgx.Batch{}}
		tx.queue(pgPlans)
		var err error
		if answers, err = tx.admit(ctx, admissions, q.node); err != nil {
			return err
		}
		return tx.send(ctx)
	})
	return answers, err
}

// admit asks and queues the writes of what it decided.
func (t *pgTx) admit(ctx context.Context, admissions []webhook.Admission, node *[16]byte) ([]webhook.Admitted, error) {
	st, seqs, err := t.ask(ctx, asksOf(admissions))
	if err != nil {
		return nil, err
	}
	answers, store := decide(admissions, st, func() int64 {
		seq := seqs[0]
		seqs = seqs[1:]
		return seq
	})
	if len(store) == 0 {
		return answers, nil
	}
	t.storeEvents(store, st)
	waiting := heads{}
	rows := make([]deliveryRow, 0, len(store))
	for _, a := range store {
		made := newRows(a, st)
		waiting.addRows(made)
		rows = append(rows, made...)
	}
	for part := range slices.Chunk(rows, deliveriesAtOnce) {
		t.storeDeliveries(part, node)
	}
	t.lower(waiting)
	return answers, nil
}

// The questions of an admission. An ordered endpoint's queue row is locked
// before seqs are drawn, so that its line is in order of commit, too; then the
// other endpoints' rows are locked with it, to keep to the order of ids.
const (
	pgKeyLocks = `SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k`

	pgLineLocks = `SELECT q.endpoint_id FROM endpoint_queue q
 WHERE q.endpoint_id = ANY($1::uuid[]) AND EXISTS (SELECT 1 FROM endpoints e WHERE e.id = ANY($1::uuid[]) AND e.ordered)
 ORDER BY q.endpoint_id FOR NO KEY UPDATE`

	pgCatalogues = `SELECT id, catalogue FROM projects WHERE id = ANY($1::uuid[]) AND deleted_at = 0`

	pgKnownKeys = `SELECT i.project_id, i.key, i.fingerprint, i.event_id, i.deliveries, i.fan_out
 FROM unnest($1::uuid[], $2::text[]) AS k(project_id, key) JOIN idempotency i ON i.project_id = k.project_id AND i.key = k.key
 WHERE i.created_at > ` + pgNow + ` - $3`

	pgQueueFacts = `SELECT q.endpoint_id, q.paused, LEAST(q.next_due_at, q.line_due_at), q.not_before, q.rate_tat, q.drain_rate > 0, e.ordered, e.consecutive_failures
 FROM unnest($1::uuid[]) AS k(id) JOIN endpoint_queue q ON q.endpoint_id = k.id JOIN endpoints e ON e.id = k.id`

	pgSeqs = `SELECT nextval('event_seq') FROM generate_series(1, $1)`
)

// ask puts all questions of an admission in one round trip.
func (t *pgTx) ask(ctx context.Context, a asks) (standing, []int64, error) {
	st := standing{catalogues: map[webhook.ProjectID]int64{}, keys: map[keyed]answered{}, endpoints: map[webhook.EndpointID]queueFacts{}}
	seqs := make([]int64, 0, a.events)
	if len(a.keys) > 0 {
		t.askKeys(a.keys, st.keys)
	}
	if len(a.endpoints) > 0 {
		ids := rawIDs(a.endpoints)
		t.queue(pgLineLocks, ids)
		t.queue(pgQueueFacts, ids).Query(func(rows pgx.Rows) error {
			var id [16]byte
			var f queueFacts
			_, err := pgx.ForEachRow(rows, []any{&id, &f.paused, &f.dueAt, &f.notBefore, &f.rateTAT, &f.draining, &f.ordered, &f.failures}, func() error {
				st.endpoints[webhook.EndpointID{UUID: id}] = f
				return nil
			})
			return err
		})
	}
	if len(a.projects) > 0 {
		t.queue(pgCatalogues, rawIDs(a.projects)).Query(func(rows pgx.Rows) error {
			var id [16]byte
			var version int64
			_, err := pgx.ForEachRow(rows, []any{&id, &version}, func() error {
				st.catalogues[webhook.ProjectID{UUID: id}] = version
				return nil
			})
			return err
		})
	}
	t.queue(pgSeqs, a.events).Query(func(rows pgx.Rows) error {
		var err error
		seqs, err = pgx.AppendRows(seqs, rows, pgx.RowTo[int64])
		return err
	})
	t.queue("SELECT " + pgNow).QueryRow(func(row pgx.Row) error { return row.Scan(&st.now) })
	err := t.send(ctx)
	return st, seqs, err
}

// askKeys waits for admissions on other nodes that are storing one of the keys
// at this moment.
func (t *pgTx) askKeys(keys []keyed, into map[keyed]answered) {
	locks, projects, names := make([]int64, len(keys)), make([][16]byte, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		locks[i], projects[i], names[i] = k.lockNumber(), [16]byte(k.project.UUID), clean(k.key)
	}
	slices.Sort(locks)
	t.queue(pgKeyLocks, locks)
	t.queue(pgKnownKeys, projects, names, keyFor.Milliseconds()).Query(func(rows pgx.Rows) error {
		var project, event [16]byte
		var key string
		var fingerprint []byte
		var a answered
		_, err := pgx.ForEachRow(rows, []any{&project, &key, &fingerprint, &event, &a.deliveries, &a.fanOut}, func() error {
			copy(a.fingerprint[:], fingerprint)
			a.event = webhook.EventID{UUID: event}
			into[keyed{webhook.ProjectID{UUID: project}, key}] = a
			return nil
		})
		return err
	})
}

const (
	pgInsertEvents = `INSERT INTO events (id, seq, project_id, audience, topic, data, occurred_at, accepted_at, published_by_type, published_by_id,
 published_by_name, hop, idempotency_key, deliveries, fan_out, search)
 SELECT id, seq, project_id, audience, topic, data, occurred_at, $17, by_type, by_id, by_name, hop, key, deliveries, fan_out, search
 FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::bigint[], $8::text[], $9::uuid[], $10::text[],
 $11::int[], $12::text[], $13::int[], $14::bool[], $15::text[], $16::bigint[])
 AS t(id, seq, project_id, audience, topic, data, occurred_at, by_type, by_id, by_name, hop, key, deliveries, fan_out, search, n) ORDER BY n`

	pgInsertSearch = `INSERT INTO event_search (project_id, value, event_id)
 SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[]) ON CONFLICT DO NOTHING`

	pgInsertKeys = `INSERT INTO idempotency (project_id, key, fingerprint, event_id, deliveries, fan_out, created_at)
 SELECT *, $7::bigint FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[], $5::int[], $6::bool[])
 ON CONFLICT (project_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, event_id = excluded.event_id,
 deliveries = excluded.deliveries, fan_out = excluded.fan_out, created_at = excluded.created_at`

	pgInsertFanOuts = `INSERT INTO fanouts (event_id, created_at) SELECT id, $2 FROM unnest($1::uuid[]) AS t(id)`

	pgInsertAudit = `INSERT INTO audit (` + auditColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

	pgInsertDeliveries = `INSERT INTO deliveries (id, project_id, event_id, endpoint_id, endpoint_version, topic, seq, state, ordered, due_at,
 attempts, attempt_id, lease_until, created_at, node_id)
 SELECT *, CASE WHEN attempt IS NOT NULL THEN $15::uuid END
 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::bool[], $10::bigint[],
 $11::int[], $12::uuid[], $13::bigint[], $14::bigint[]) AS t(id, project, event, endpoint, version, topic, seq, state, ordered, due, attempts, attempt, lease, created)`
)

// storeEvents queues the inserts of events, their keys, search values and
// fan-out rows.
func (t *pgTx) storeEvents(store []admitted, st standing) {
	n := len(store)
	ids, seqs, projects, order := make([][16]byte, n), make([]int64, n), make([]*[16]byte, n), make([]int64, n)
	audiences, topics, data, occurred := make([]string, n), make([]string, n), make([][]byte, n), make([]int64, n)
	byType, byID, byName := make([]string, n), make([]*[16]byte, n), make([]string, n)
	hops, keys, counts, wide, search := make([]int, n), make([]string, n), make([]int, n), make([]bool, n), make([]string, n)
	var fanOuts [][16]byte
	for i, a := range store {
		r := newEventRow(a.Event)
		ids[i], seqs[i], projects[i], order[i] = r.ID, a.seq, nullable(r.ProjectID), int64(i)
		audiences[i], topics[i], data[i], occurred[i] = r.Audience, r.Topic, r.Data, r.OccurredAt
		byType[i], byID[i], byName[i] = r.PublishedByType, nullable(r.PublishedByID), r.PublishedByName
		hops[i], keys[i], counts[i], wide[i], search[i] = r.Hop, clean(r.IdempotencyKey), len(a.Deliveries), r.FanOut, r.Search
		if r.FanOut {
			fanOuts = append(fanOuts, r.ID)
		}
	}
	t.queue(pgInsertEvents, ids, seqs, projects, audiences, topics, data, occurred, byType, byID, byName, hops, keys, counts, wide, search, order, st.now)
	if fanOuts != nil {
		t.queue(pgInsertFanOuts, fanOuts, st.now)
	}
	t.storeSearch(store)
	t.storeKeys(store, st.now)
	for _, a := range store {
		if a.Audit != nil {
			t.queue(pgInsertAudit, newAuditRow(*a.Audit).values()...)
		}
	}
}

func (t *pgTx) storeSearch(store []admitted) {
	var projects, events [][16]byte
	var values []string
	for _, a := range store {
		for _, v := range a.Event.Search {
			projects, events, values = append(projects, [16]byte(a.Event.ProjectID.UUID)), append(events, [16]byte(a.Event.ID.UUID)), append(values, clean(v))
		}
	}
	if values != nil {
		t.queue(pgInsertSearch, projects, values, events)
	}
}

func (t *pgTx) storeKeys(store []admitted, now int64) {
	var projects, events [][16]byte
	var names []string
	var prints [][]byte
	var counts []int
	var wide []bool
	for _, a := range store {
		if e := a.Event; e.Key != "" {
			projects, events, names = append(projects, [16]byte(e.ProjectID.UUID)), append(events, [16]byte(e.ID.UUID)), append(names, clean(e.Key))
			prints, counts, wide = append(prints, a.Fingerprint[:]), append(counts, len(a.Deliveries)), append(wide, e.FanOut)
		}
	}
	if names != nil {
		t.queue(pgInsertKeys, projects, names, prints, events, counts, wide, now)
	}
}

// storeDeliveries queues the insert of new delivery rows; those that are claimed
// already are the node's.
func (t *pgTx) storeDeliveries(rows []deliveryRow, node *[16]byte) {
	n := len(rows)
	ids, projects, events, endpoints := make([][16]byte, n), make([][16]byte, n), make([][16]byte, n), make([][16]byte, n)
	versions, topics, seqs, states, ordered := make([]int64, n), make([]string, n), make([]int64, n), make([]string, n), make([]bool, n)
	due, attempts, claims, leases, created := make([]int64, n), make([]int, n), make([]*[16]byte, n), make([]int64, n), make([]int64, n)
	for i := range rows {
		r := &rows[i]
		ids[i], projects[i], events[i], endpoints[i] = r.ID, r.ProjectID, r.EventID, r.EndpointID
		versions[i], topics[i], seqs[i], states[i], ordered[i] = r.EndpointVersion, r.Topic, r.Seq, r.State, r.Ordered
		due[i], attempts[i], claims[i], leases[i], created[i] = r.DueAt, r.Attempts, nullable(r.AttemptID), r.LeaseUntil, r.CreatedAt
	}
	t.queue(pgInsertDeliveries, ids, projects, events, endpoints, versions, topics, seqs, states, ordered, due, attempts, claims, leases, created, node)
}

// The queue rows are locked, in order, before they are looked at again: a
// claim may be clearing a head at this moment that must not stay cleared.
const (
	pgLockQueue = `SELECT endpoint_id FROM endpoint_queue WHERE endpoint_id = ANY($1::uuid[]) ORDER BY endpoint_id FOR NO KEY UPDATE`

	pgLower = `UPDATE endpoint_queue q SET next_due_at = LEAST(q.next_due_at, t.free), line_due_at = LEAST(q.line_due_at, t.line)
 FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS t(id, free, line)
 WHERE q.endpoint_id = t.id AND (q.next_due_at > t.free OR q.line_due_at > t.line)`
)

// lower queues the lowering of queue heads.
func (t *pgTx) lower(h heads) {
	if len(h) == 0 {
		return
	}
	sorted := h.sorted()
	ids, free, line := make([][16]byte, len(sorted)), make([]int64, len(sorted)), make([]int64, len(sorted))
	for i, e := range sorted {
		ids[i], free[i], line[i] = e.endpoint, e.free, e.line
	}
	t.queue(pgLockQueue, ids)
	t.queue(pgLower, ids, free, line)
}
