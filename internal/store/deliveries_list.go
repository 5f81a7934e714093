package store

import (
	"bytes"
	"context"
	"slices"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// listedDelivery is a delivery as lists show it.
type listedDelivery struct {
	Row             deliveryRow `gorm:"embedded"`
	EndpointName    string
	EndpointURL     string `gorm:"column:endpoint_url"`
	EndpointState   string
	PausedBecause   string
	EndpointDeleted int64
	ProjectName     string
	SuspendedAt     int64
}

func (r listedDelivery) row() webhook.DeliveryRow {
	return webhook.DeliveryRow{
		Delivery: r.Row.delivery(), EndpointName: r.EndpointName, EndpointURL: r.EndpointURL,
		EndpointState: webhook.EndpointState(r.EndpointState), PausedBecause: webhook.PauseReason(r.PausedBecause),
		ProjectName: r.ProjectName, Suspended: r.SuspendedAt != 0, EndpointGone: r.EndpointDeleted != 0,
	}
}

const (
	deliveryColumns = `d.id, d.project_id, d.event_id, d.endpoint_id, d.endpoint_version, d.topic, d.seq, d.state, d.ordered, d.test, d.due_at,
 d.attempts, d.failures, d.unknowns, d.attempt_id, d.node_id, d.lease_until, d.created_at, d.ended_at, d.resend_of, d.requested_by_type,
 d.requested_by_id, d.requested_by_name, d.reason, d.last_status, d.last_cause, d.last_duration_ms, d.last_attempt_at,
 e.name AS endpoint_name, e.url AS endpoint_url, e.state AS endpoint_state, e.paused_because, e.deleted_at AS endpoint_deleted,
 p.name AS project_name, p.suspended_at`

	// deliverySource shows nothing of a project that is gone.
	deliverySource = ` FROM deliveries d JOIN projects p ON p.id = d.project_id AND p.deleted_at = 0 JOIN endpoints e ON e.id = d.endpoint_id`

	// isHeld is webhook.DeliveryRow.Shown in SQL.
	isHeld = "d.state = 'waiting' AND NOT d.test AND (e.state = 'paused' OR p.suspended_at <> 0)"

	// hasFailed is webhook.DeliveryRow.Failed in SQL.
	hasFailed = "(d.state = 'exhausted' OR d.state IN ('waiting', 'sending') AND d.last_cause <> '')"
)

// listedFields are those of deliveryColumns.
func listedFields(l *listedDelivery) []any {
	d := &l.Row
	return []any{
		&d.ID, &d.ProjectID, &d.EventID, &d.EndpointID, &d.EndpointVersion, &d.Topic, &d.Seq, &d.State, &d.Ordered, &d.Test, &d.DueAt,
		&d.Attempts, &d.Failures, &d.Unknowns, &d.AttemptID, &d.NodeID, &d.LeaseUntil, &d.CreatedAt, &d.EndedAt, &d.ResendOf, &d.RequestedByType,
		&d.RequestedByID, &d.RequestedByName, &d.Reason, &d.LastStatus, &d.LastCause, &d.LastDurationMS, &d.LastAttemptAt,
		&l.EndpointName, &l.EndpointURL, &l.EndpointState, &l.PausedBecause, &l.EndpointDeleted,
		&l.ProjectName, &l.SuspendedAt,
	}
}

// Deliveries lists the log, newest first. State waiting includes what is held.
func (s *Store) Deliveries(ctx context.Context, filter webhook.DeliveryFilter) (webhook.Page[webhook.DeliveryRow], error) {
	p, err := s.deliveries(s.db(ctx), filter)
	return p, wrap("list deliveries", err)
}

func (s *Store) deliveries(db *gorm.DB, f webhook.DeliveryFilter) (webhook.Page[webhook.DeliveryRow], error) {
	none := webhook.Page[webhook.DeliveryRow]{Items: []webhook.DeliveryRow{}}
	w, err := newWindow(f.Since, f.Until, f.Cursor)
	if err != nil {
		return none, err
	}
	if f.Query != "" {
		if found, err := findByID(db, &f, &w); err != nil || !found {
			return none, err
		}
	}
	f.Limit = limitOf(f.Limit)
	rows, err := deliveryRows(db, f, &w)
	if err != nil {
		return none, err
	}
	p, err := paged(rows, f.Limit, plain(listedDelivery.row), func(r listedDelivery) string { return idCursor(r.Row.ID) })
	return reached(p, w), err
}

// deliveryRows reads one row more than the limit, if there are as many. What is
// live is found by the queue's indexes, unless it is so much that the log itself
// finds it soon.
func deliveryRows(db *gorm.DB, f webhook.DeliveryFilter, w *window) ([]listedDelivery, error) {
	if f.EventID.IsZero() && liveStates[f.State] {
		live, all, err := liveRows(db, f, *w)
		if err != nil || all && f.State != webhook.Failed {
			return live, err
		}
		if all {
			ended := f
			ended.State = webhook.Exhausted
			rows, err := loggedRows(db, ended, w)
			return newest(append(rows, live...), *w, f.Limit+1), err
		}
	}
	return loggedRows(db, f, w)
}

// newest are the first rows of a window, however they were found.
func newest(rows []listedDelivery, w window, limit int) []listedDelivery {
	rows = slices.DeleteFunc(rows, func(r listedDelivery) bool { return bytes.Compare(r.Row.ID[:], w.from[:]) < 0 })
	slices.SortFunc(rows, func(a, b listedDelivery) int { return bytes.Compare(b.Row.ID[:], a.Row.ID[:]) })
	return rows[:min(len(rows), limit)]
}

// loggedRows reads the log backwards, and cuts the window where a filter has no
// index.
func loggedRows(db *gorm.DB, f webhook.DeliveryFilter, w *window) ([]listedDelivery, error) {
	places := deliveryPlaces(f)
	where := places
	narrow := narrowDeliveries(&where, f)
	if narrow && f.EventID.IsZero() {
		rows := scanned
		if wantsMissed(f) {
			rows = joinedScanned // they lie apart from each other
		}
		if err := w.bound(db, rows, "d.id", "deliveries d"+places.sql(), places.args...); err != nil {
			return nil, err
		}
	}
	where.and("d.id >= ? AND d.id < ?", w.from, w.to)
	if whole := f.ProjectID.IsZero() && f.EndpointID.IsZero(); wantsMissed(f) && !narrow && !whole {
		where = firstOf(where, f.Limit+1)
	}
	return many(db.Raw("SELECT "+deliveryColumns+deliverySource+where.sql()+" ORDER BY d.id DESC LIMIT ?", where.with(f.Limit+1)...), listedFields)
}

// firstOf finds the newest ids by their index alone: PostgreSQL, which takes an
// endpoint's share of what was given up for small, would else read and sort
// all of it.
func firstOf(where conditions, limit int) (ids conditions) {
	ids.and("d.id IN (SELECT d.id FROM deliveries d"+where.sql()+" ORDER BY d.id DESC LIMIT ?)", where.with(limit)...)
	return ids
}

// wantsMissed: the filter asks for what was not delivered, which has indexes of
// its own; missed is their condition.
func wantsMissed(f webhook.DeliveryFilter) bool {
	return f.EventID.IsZero() && (f.State == webhook.Exhausted || f.State == webhook.Cancelled)
}

const missed = "d.state IN ('exhausted', 'cancelled')"

// deliveryPlaces are the conditions that have an index which ends in id.
func deliveryPlaces(f webhook.DeliveryFilter) conditions {
	where := conditions{texts: []string{"TRUE"}}
	project, endpoint := "d.project_id", "d.endpoint_id"
	if !f.EventID.IsZero() {
		where.and("d.event_id = ?", uid(f.EventID.UUID))
		project, endpoint = beside(project), beside(endpoint)
	}
	switch {
	case f.EndpointID.IsZero() && !f.ProjectID.IsZero():
		where.and(project+" = ?", uid(f.ProjectID.UUID))
	case !f.EndpointID.IsZero() && f.ProjectID.IsZero():
		where.and(endpoint+" = ?", uid(f.EndpointID.UUID))
	case !f.EndpointID.IsZero():
		where.and(endpoint+" = (SELECT o.id FROM endpoints o WHERE o.id = ? AND o.project_id = ?)", uid(f.EndpointID.UUID), uid(f.ProjectID.UUID))
	}
	if wantsMissed(f) {
		// Written out: SQLite would else plan again for each value.
		where.and(missed + " AND d.state = '" + string(f.State) + "'")
	}
	return where
}

// narrowDeliveries adds the conditions without an index and reports whether
// there are any.
func narrowDeliveries(where *conditions, f webhook.DeliveryFilter) bool {
	before := len(where.texts)
	switch {
	case f.State == "" || wantsMissed(f):
	case f.State == webhook.Held:
		where.and(isHeld)
	case f.State == webhook.Failed:
		where.and(hasFailed)
	default:
		where.and("d.state = ?", string(f.State))
	}
	if f.Topic != "" {
		where.and("d.topic = ?", clean(f.Topic))
	}
	if f.Status != 0 {
		where.and("d.last_status = ?", f.Status)
	}
	return len(where.texts) > before
}

// findByID narrows a list to what the filter's query names: a delivery, one of
// its attempts, an endpoint or an event. Whose it is, the list's other
// conditions say.
func findByID(db *gorm.DB, f *webhook.DeliveryFilter, w *window) (found bool, err error) {
	parsed, err := webhook.ParseUUID(f.Query)
	if err != nil {
		return false, webhook.Invalid("q", "must be the id of a delivery, an event, an endpoint or an attempt")
	}
	var rows []struct {
		Kind string
		ID   uid
	}
	id := uid(parsed)
	err = db.Raw(`SELECT 'delivery' AS kind, id FROM deliveries WHERE id = ? UNION ALL SELECT 'delivery', delivery_id FROM attempts WHERE id = ?
 UNION ALL SELECT 'endpoint', id FROM endpoints WHERE id = ? UNION ALL SELECT 'event', id FROM events WHERE id = ?`, id, id, id, id).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return false, err
	}
	named := webhook.UUID(rows[0].ID)
	switch rows[0].Kind {
	case "delivery":
		w.only(scope(named))
	case "endpoint":
		found = f.EndpointID.IsZero() || f.EndpointID.UUID == named
		f.EndpointID.UUID = named
		return found, nil
	case "event":
		found = f.EventID.IsZero() || f.EventID.UUID == named
		f.EventID.UUID = named
		return found, nil
	}
	return true, nil
}

// LastFailures reads, for endpoints of one project, the newest delivery whose
// last attempt failed, among the latest of each; tests are left out. An endpoint
// without one has no entry.
func (s *Store) LastFailures(ctx context.Context, project webhook.ProjectID, endpoints []webhook.EndpointID, latest int) (map[webhook.EndpointID]webhook.DeliveryRow, error) {
	found := make(map[webhook.EndpointID]webhook.DeliveryRow, len(endpoints))
	if len(endpoints) == 0 {
		return found, nil
	}
	rows, err := many(s.db(ctx).Raw("SELECT "+deliveryColumns+deliverySource+` WHERE d.id IN (SELECT (SELECT l.id FROM
 (SELECT f.id, f.last_cause, f.test, f.last_attempt_at FROM deliveries f WHERE f.endpoint_id = o.id ORDER BY f.id DESC LIMIT ?) AS l
 WHERE l.last_cause <> '' AND NOT l.test ORDER BY l.last_attempt_at DESC LIMIT 1) FROM endpoints o WHERE o.id IN ? AND o.project_id = ?)`,
		latest, uids(endpoints), uid(project.UUID)), listedFields)
	for _, r := range rows {
		found[webhook.EndpointID{UUID: webhook.UUID(r.Row.EndpointID)}] = r.row()
	}
	return found, wrap("read the last failures", err)
}

// DeliveryOwner finds the project of a delivery.
func (s *Store) DeliveryOwner(ctx context.Context, id webhook.DeliveryID) (webhook.ProjectID, error) {
	row, err := one[deliveryRow](s.db(ctx), "delivery", "SELECT d.project_id"+deliverySource+" WHERE d.id = ?", uid(id.UUID))
	return webhook.ProjectID{UUID: webhook.UUID(row.ProjectID)}, wrap("read a delivery", err)
}

// Delivery reads one delivery of a project.
func (s *Store) Delivery(ctx context.Context, project webhook.ProjectID, id webhook.DeliveryID) (webhook.DeliveryRow, error) {
	row, err := one[listedDelivery](s.db(ctx), "delivery", "SELECT "+deliveryColumns+deliverySource+" WHERE d.id = ? AND d.project_id = ?",
		uid(id.UUID), uid(project.UUID))
	return row.row(), wrap("read a delivery", err)
}

// DeliveriesByID reads deliveries as lists show them, in no order; those that
// are not found are left out. Project zero stands for any.
func (s *Store) DeliveriesByID(ctx context.Context, project webhook.ProjectID, ids []webhook.DeliveryID) ([]webhook.DeliveryRow, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	where := conditions{}
	where.and("d.id IN ?", uids(ids))
	if !project.IsZero() {
		where.and(beside("d.project_id")+" = ?", uid(project.UUID))
	}
	rows, err := many(s.db(ctx).Raw("SELECT "+deliveryColumns+deliverySource+where.sql(), where.args...), listedFields)
	found := make([]webhook.DeliveryRow, len(rows))
	for i, r := range rows {
		found[i] = r.row()
	}
	return found, wrap("read deliveries", err)
}
