package faultlab

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// rows are the tables as the checker reads them. Ids are 32 hexadecimal
// digits.
type rows struct {
	events     map[string]*eventRow
	deliveries map[string]*deliveryRow
	attempts   map[string]*attemptRow
}

type eventRow struct {
	id, project, topic, data string
	seq                      int64
	deliveries               []*deliveryRow
}

type deliveryRow struct {
	id, project, event, endpoint, state, reason string
	attempts, failures                          int
	made                                        []*attemptRow // by number
}

type attemptRow struct {
	id, delivery, outcome, cause, err, node string
	number, status                          int
	started                                 time.Time
	took                                    time.Duration
}

// plainID is an id as rows have it.
func plainID(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }

// readRows reads everything; id is how the dialect writes a column of ids as
// text.
func readRows(ctx context.Context, db *sql.DB, id func(string) string) (*rows, error) {
	r := &rows{events: map[string]*eventRow{}, deliveries: map[string]*deliveryRow{}, attempts: map[string]*attemptRow{}}
	return r, errors.Join(r.readEvents(ctx, db, id), r.readDeliveries(ctx, db, id), r.readAttempts(ctx, db, id), r.join())
}

// each runs a query and reads its rows one by one.
func each(ctx context.Context, db *sql.DB, query string, read func(*sql.Rows) error) error {
	found, err := db.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("%.40s…: %w", query, err)
	}
	defer found.Close()
	for found.Next() {
		if err := read(found); err != nil {
			return err
		}
	}
	return found.Err()
}

func (r *rows) readEvents(ctx context.Context, db *sql.DB, id func(string) string) error {
	return each(ctx, db, fmt.Sprintf("SELECT %s, COALESCE(%s, ''), topic, data, seq FROM events", id("id"), id("project_id")), func(found *sql.Rows) error {
		e, data := &eventRow{}, []byte(nil)
		err := found.Scan(&e.id, &e.project, &e.topic, &data, &e.seq)
		e.id, e.project, e.data = plainID(e.id), plainID(e.project), string(data)
		r.events[e.id] = e
		return err
	})
}

func (r *rows) readDeliveries(ctx context.Context, db *sql.DB, id func(string) string) error {
	query := fmt.Sprintf("SELECT %s, %s, %s, %s, state, reason, attempts, failures FROM deliveries", id("id"), id("project_id"), id("event_id"), id("endpoint_id"))
	return each(ctx, db, query, func(found *sql.Rows) error {
		d := &deliveryRow{}
		err := found.Scan(&d.id, &d.project, &d.event, &d.endpoint, &d.state, &d.reason, &d.attempts, &d.failures)
		d.id, d.project, d.event, d.endpoint = plainID(d.id), plainID(d.project), plainID(d.event), plainID(d.endpoint)
		r.deliveries[d.id] = d
		return err
	})
}

func (r *rows) readAttempts(ctx context.Context, db *sql.DB, id func(string) string) error {
	query := fmt.Sprintf("SELECT %s, %s, COALESCE(%s, ''), number, started_at, duration_us, outcome, cause, error, status FROM attempts", id("id"), id("delivery_id"), id("node_id"))
	return each(ctx, db, query, func(found *sql.Rows) error {
		a := &attemptRow{}
		var started, took int64
		err := found.Scan(&a.id, &a.delivery, &a.node, &a.number, &started, &took, &a.outcome, &a.cause, &a.err, &a.status)
		a.id, a.delivery, a.node = plainID(a.id), plainID(a.delivery), plainID(a.node)
		a.started, a.took = time.UnixMilli(started), time.Duration(took)*time.Microsecond
		if _, twice := r.attempts[a.id]; twice {
			err = errors.Join(err, fmt.Errorf("attempt %s has two rows", a.id))
		}
		r.attempts[a.id] = a
		return err
	})
}

// join hangs deliveries under their events and attempts under their deliveries.
func (r *rows) join() error {
	for _, a := range r.attempts {
		d := r.deliveries[a.delivery]
		if d == nil {
			return fmt.Errorf("attempt %s belongs to no delivery", a.id)
		}
		d.made = append(d.made, a)
	}
	for _, d := range r.deliveries {
		slices.SortFunc(d.made, func(a, b *attemptRow) int { return cmp.Compare(a.number, b.number) })
		e := r.events[d.event]
		if e == nil {
			return fmt.Errorf("delivery %s belongs to no event", d.id)
		}
		e.deliveries = append(e.deliveries, d)
	}
	return nil
}
