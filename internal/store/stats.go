package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// statRow sums one step of one endpoint, or of all, by cause.
type statRow struct {
	EndpointID uid
	Start      int64
	Cause      string
	N          int64
	B0         int64
	B1         int64
	B2         int64
	B3         int64
	B4         int64
	B5         int64
	B6         int64
	B7         int64
	B8         int64
	B9         int64
	B10        int64
	B11        int64
	B12        int64
	B13        int64
	B14        int64
	B15        int64
	B16        int64
}

func (r statRow) latency() webhook.Latency {
	return webhook.Latency{r.B0, r.B1, r.B2, r.B3, r.B4, r.B5, r.B6, r.B7, r.B8, r.B9, r.B10, r.B11, r.B12, r.B13, r.B14, r.B15, r.B16}
}

// addTo counts the row in its bucket. The empty cause is success.
func (r statRow) addTo(b *webhook.StatsBucket) {
	if r.Cause == "" {
		b.Delivered += r.N
	} else {
		b.Failed += r.N
		b.Causes[webhook.Cause(r.Cause)] += r.N
	}
	if webhook.Cause(r.Cause).Timed() {
		b.Latency.Merge(r.latency())
	}
}

// Stats answers one bucket per step, empty ones included, oldest first. The
// first begins at the step that holds Since.
func (s *Store) Stats(ctx context.Context, filter webhook.StatsFilter) ([]webhook.StatsBucket, error) {
	rows, err := s.statRows(ctx, filter, nil)
	if err != nil {
		return nil, wrap("read statistics", err)
	}
	start, buckets := emptyBuckets(filter)
	for _, r := range rows {
		r.addTo(&buckets[(r.Start-start)/filter.Step.Milliseconds()])
	}
	return buckets, nil
}

// StatsByEndpoint is Stats for several endpoints of one project at once.
func (s *Store) StatsByEndpoint(ctx context.Context, filter webhook.StatsFilter, endpoints []webhook.EndpointID) (map[webhook.EndpointID][]webhook.StatsBucket, error) {
	all := make(map[webhook.EndpointID][]webhook.StatsBucket, len(endpoints))
	if len(endpoints) == 0 {
		return all, nil
	}
	rows, err := s.statRows(ctx, filter, endpoints)
	if err != nil {
		return nil, wrap("read statistics", err)
	}
	var start int64
	for _, id := range endpoints {
		start, all[id] = emptyBuckets(filter)
	}
	for _, r := range rows {
		id := webhook.EndpointID{UUID: webhook.UUID(r.EndpointID)}
		r.addTo(&all[id][(r.Start-start)/filter.Step.Milliseconds()])
	}
	return all, nil
}

// emptyBuckets covers the filter's time from the start of its first step.
func emptyBuckets(f webhook.StatsFilter) (start int64, buckets []webhook.StatsBucket) {
	step := f.Step.Milliseconds()
	start = stepOf(ms(f.Since), step)
	for from := start; from < ms(f.Until); from += step {
		buckets = append(buckets, webhook.StatsBucket{Start: time.UnixMilli(from).UTC(), Causes: map[webhook.Cause]int64{}})
	}
	return start, buckets
}

func stepOf(at, step int64) int64 { return at - at%step }

// statRows adds the statistics of the filter's time up to steps: from hours
// where the step is made of hours or nothing finer is left, from minutes else.
// Where those end and begin is asked in the same statement, so that what is
// being added up counts once.
func (s *Store) statRows(ctx context.Context, f webhook.StatsFilter, endpoints []webhook.EndpointID) ([]statRow, error) {
	step := f.Step.Milliseconds()
	if step < minuteWidth || f.Since.IsZero() || !f.Until.After(f.Since) {
		return nil, webhook.Invalid("step", "must be at least a minute, within a time that is named")
	}
	done, err := readRolled(s.db(ctx), "")
	if err != nil {
		return nil, err
	}
	q := s.statSource(f, endpoints)
	since, until := stepOf(ms(f.Since), step), ms(f.Until)
	const rolledTo, foldedTo = "(SELECT rolled_to FROM stats_rolled)", "(SELECT folded_to FROM stats_rolled)"
	switch {
	case step%hourWidth == 0 && until > done.RolledTo:
		q.sums(hourWidth, "?", "?", since, until)
		q.minutes(s.later(rolledTo), since, until)
	case step%hourWidth == 0:
		last := stepOf(until, hourWidth)
		q.sums(hourWidth, "?", "?", since, last)
		q.fine(s.later(foldedTo), s.earlier(rolledTo), last, until)
	default:
		q.sums(hourWidth, "?", s.earlier(foldedTo), since, until)
		q.fine(s.later(foldedTo), s.earlier(rolledTo), since, until)
		if !q.endpoints {
			q.minutes(s.later(rolledTo), since, until)
		}
	}
	return q.rows(s.db(ctx), step, endpoints != nil, f.CountsOnly)
}

// later and earlier are bounds in SQL: a parameter or a moment, whichever is.
func (s *Store) later(than string) string {
	if s.dialect == Postgres {
		return "GREATEST(?, " + than + ")"
	}
	return "max(?, " + than + ")"
}

func (s *Store) earlier(than string) string {
	if s.dialect == Postgres {
		return "LEAST(?, " + than + ")"
	}
	return "min(?, " + than + ")"
}

// statQuery collects the parts that statistics are read from.
type statQuery struct {
	// scope is a condition on stats_sum, own one on endpoint_minute, with the
	// same arguments.
	scope, own string
	of         []any
	// endpoints: of endpoints, whose minutes are in endpoint_minute only.
	endpoints bool
	parts     []string
	args      []any
}

func (s *Store) statSource(f webhook.StatsFilter, endpoints []webhook.EndpointID) *statQuery {
	if endpoints == nil && !f.EndpointID.IsZero() {
		endpoints = []webhook.EndpointID{f.EndpointID}
	}
	switch {
	case endpoints != nil && !f.ProjectID.IsZero():
		const mine = " IN (SELECT o.id FROM endpoints o WHERE o.id IN ? AND o.project_id = ?)"
		return &statQuery{scope: "scope_id" + mine, own: "endpoint_id" + mine, of: []any{uids(endpoints), uid(f.ProjectID.UUID)}, endpoints: true}
	case endpoints != nil:
		return &statQuery{scope: "scope_id IN ?", own: "endpoint_id IN ?", of: []any{uids(endpoints)}, endpoints: true}
	case !f.ProjectID.IsZero():
		return &statQuery{scope: "scope_id = ?", own: "project_id = ?", of: []any{uid(f.ProjectID.UUID)}}
	}
	return &statQuery{scope: "scope_id = " + s.nobody(), own: "TRUE"}
}

func (q *statQuery) add(part string, bounds ...any) {
	q.parts = append(q.parts, part)
	q.args = append(append(q.args, q.of...), bounds...)
}

// sums reads stats_sum from one bound on, up to but without another.
func (q *statQuery) sums(width int64, from, to string, bounds ...any) {
	q.add(fmt.Sprintf("SELECT scope_id AS endpoint_id, start, cause, n, %s FROM stats_sum WHERE %s AND width = %d AND start >= %s AND start < %s",
		bucketColumns(""), q.scope, width, from, to), bounds...)
}

// minutes reads endpoint_minute.
func (q *statQuery) minutes(from string, bounds ...any) {
	q.add(fmt.Sprintf("SELECT endpoint_id, minute AS start, cause, n, %s FROM endpoint_minute WHERE %s AND minute >= %s AND minute < ?",
		bucketColumns(""), q.own, from), bounds...)
}

// fine reads the minutes of endpoints, or those sums of a project that end at a
// bound.
func (q *statQuery) fine(from, to string, bounds ...any) {
	if q.endpoints {
		q.minutes(from, bounds...)
	} else {
		q.sums(minuteWidth, from, to, bounds...)
	}
}

// rows adds the parts up. The step is a whole number of ours, written out so
// that SELECT and GROUP BY are one expression to PostgreSQL.
func (q *statQuery) rows(db *gorm.DB, step int64, byEndpoint, countsOnly bool) (rows []statRow, err error) {
	by, start, buckets := "", fmt.Sprintf("start - start %% %d", step), ""
	if byEndpoint {
		by = "endpoint_id, "
	}
	for i := range len(webhook.Latency{}) {
		if !countsOnly {
			buckets += fmt.Sprintf(", CAST(sum(b%d) AS BIGINT) AS b%d", i, i)
		}
	}
	err = db.Raw("SELECT "+by+start+" AS start, cause, CAST(sum(n) AS BIGINT) AS n"+buckets+" FROM ("+strings.Join(q.parts, " UNION ALL ")+") AS parts"+
		" GROUP BY "+by+start+", cause", q.args...).Scan(&rows).Error
	return rows, err
}
