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
	b.Latency.Merge(r.latency())
}

// Stats answers one bucket per step, empty ones included, oldest first. The
// first begins at the step that holds Since.
func (s *Store) Stats(ctx context.Context, filter webhook.StatsFilter) ([]webhook.StatsBucket, error) {
	rows, err := statRows(s.db(ctx), "", filter, nil)
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
	rows, err := statRows(s.db(ctx), "endpoint_id, ", filter, endpoints)
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

// statRows adds the minutes of the filter's time up to steps.
func statRows(db *gorm.DB, by string, f webhook.StatsFilter, endpoints []webhook.EndpointID) ([]statRow, error) {
	step := f.Step.Milliseconds()
	if step < time.Minute.Milliseconds() || f.Since.IsZero() || !f.Until.After(f.Since) {
		return nil, webhook.Invalid("step", "must be at least a minute, within a time that is named")
	}
	var where conditions
	where.and("minute >= ? AND minute < ?", stepOf(ms(f.Since), step), ms(f.Until))
	if !f.ProjectID.IsZero() {
		where.and("project_id = ?", uid(f.ProjectID.UUID))
	}
	if !f.EndpointID.IsZero() {
		where.and("endpoint_id = ?", uid(f.EndpointID.UUID))
	}
	if endpoints != nil {
		where.and("endpoint_id IN ?", uids(endpoints))
	}
	var sums strings.Builder
	for i := range len(webhook.Latency{}) {
		if f.CountsOnly {
			break
		}
		fmt.Fprintf(&sums, ", CAST(sum(b%d) AS BIGINT) AS b%d", i, i)
	}
	var rows []statRow
	// The step is a whole number of ours, written out so that SELECT and GROUP
	// BY are one expression to PostgreSQL.
	start := fmt.Sprintf("minute - minute %% %d", step)
	err := db.Raw("SELECT "+by+start+" AS start, cause, CAST(sum(n) AS BIGINT) AS n"+sums.String()+" FROM endpoint_minute"+where.sql()+
		" GROUP BY "+by+start+", cause", where.args...).Scan(&rows).Error
	return rows, err
}
