package store

import (
	"context"
	"fmt"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// Shared is an endpoint as a claim shares slots out to it, for tests.
type Shared struct {
	Project           byte
	Due, Line         bool
	Busy, MaxInFlight int
	Failures          int
	Rate              float64
	Pace              webhook.Pace
	// Gone is how much of the rate's time is used up already.
	Gone time.Duration
}

// Share shares slots out and answers how many each endpoint got.
func Share(room webhook.Room, endpoints ...Shared) []int {
	const now = int64(1_000_000)
	list := make([]*ready, len(endpoints))
	for i, e := range endpoints {
		r := &ready{
			project: uid{e.Project}, nextDue: never, lineDue: never, busy: e.Busy, maxInFlight: e.MaxInFlight, failures: e.Failures, rate: e.Rate, pace: e.Pace,
			rateTAT: now*1000 + e.Gone.Microseconds(),
		}
		if e.Due {
			r.nextDue = now
		}
		if e.Line {
			r.lineDue = now
		}
		list[i] = r
	}
	shareOut(list, room, now)
	got := make([]int, len(list))
	for i, r := range list {
		got[i] = r.load() - r.busy
	}
	return got
}

// HeadersAgain encodes headers and decodes them.
func HeadersAgain(headers []webhook.HeaderLine) []webhook.HeaderLine {
	return decodeHeaders(encodeHeaders(headers))
}

// SettingsAgain encodes settings and decodes them.
func SettingsAgain(s webhook.Settings) (webhook.Settings, error) {
	text, err := encodeSettings(s)
	if err != nil {
		return s, err
	}
	return decodeSettings(text)
}

// Wrap says what an error becomes on its way out.
var Wrap = wrap

// QueueStatements are PostgreSQL's statements that run many times a second,
// with the number of their parameters' types.
var QueueStatements = map[string]struct {
	SQL, Types, Values string
}{
	"take": {
		pgTake, "uuid[], int[], int[], bigint[], bool[], bigint, uuid[], uuid",
		"'{}', '{}', '{}', '{}', '{}', 0, '{}', NULL",
	},
	"heads":   {pgHeads, "uuid[], bigint[]", "'{}', '{}'"},
	"ready":   {pgReady, "int", "10"},
	"expired": {pgExpired, "int", "10"},
	"release": {pgRelease, "uuid[], uuid[]", "'{}', '{}'"},
	"catch up": {
		pgCatchUp, "uuid, bigint, int", "NULL, 0, 10",
	},
}

// LimitPages makes an SQLite file full at so many pages.
func (s *Store) LimitPages(n int64) error {
	return s.write.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n)).Error
}

// HousePlans are SQLite's plans for the statements of the housekeeping.
func (s *Store) HousePlans(ctx context.Context) (map[string][]string, error) {
	plans := map[string][]string{}
	for _, chore := range s.chores(0, time.Unix(0, 0)) {
		for _, one := range chore.steps {
			var lines []struct{ Detail string }
			if err := s.db(ctx).Raw("EXPLAIN QUERY PLAN "+one.sql, one.args...).Scan(&lines).Error; err != nil {
				return nil, err
			}
			for _, line := range lines {
				plans[chore.name] = append(plans[chore.name], line.Detail)
			}
		}
	}
	return plans, nil
}

// Writing runs f in a writing transaction of SQLite, which others may share.
func (s *Store) Writing(ctx context.Context, f func(transaction any, exec func(string, ...any) (int64, error)) error) error {
	return s.hot.(*liteQueue).inTx(ctx, func(t *liteTx) error { return f(t, t.exec) })
}

// ChangeAndAdmit stores an audit entry, and in the same transaction the events
// that follow answers.
func (s *Store) ChangeAndAdmit(ctx context.Context, entry webhook.AuditEntry, follow func() (webhook.Admission, error)) (webhook.Admitted, error) {
	return s.changeAndAdmit(ctx, "change", func(tx *gorm.DB) (webhook.Admission, error) {
		if err := addAudit(tx, entry); err != nil {
			return webhook.Admission{}, err
		}
		return follow()
	})
}

// Writers is how many wait for SQLite's writing connection.
func (s *Store) Writers() int {
	ws := &s.hot.(*liteQueue).writes
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return len(ws.waiting)
}

// HoldWriter keeps SQLite's writing connection from all others.
func (s *Store) HoldWriter(ctx context.Context) (release func() error, err error) {
	conn, err := s.hot.(*liteQueue).writer.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return conn.Close, nil
}
