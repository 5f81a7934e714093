package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// standingColumns are those of endpointColumns that a Standing has: settings
// are long, and thousands of rows are read.
const standingColumns = `e.id, e.project_id, e.version, e.name, e.kind, e.url, e.state, e.paused_because, e.paused_at, e.not_before,
 e.consecutive_failures, e.last_success_at, e.last_failure_at, e.failing_since, e.created_at, e.updated_at`

// attemptsRow counts one endpoint's attempts.
type attemptsRow struct {
	EndpointID uid
	Delivered  int64
	Failed     int64
}

// Standings are a project's endpoints that are not deleted, newest first, each
// with its attempts from the minute of since on.
func (s *Store) Standings(ctx context.Context, project webhook.ProjectID, since time.Time, limit int) ([]webhook.Standing, error) {
	rows, err := many(s.db(ctx).Raw("SELECT "+standingColumns+endpointSource+" WHERE e.project_id = ? AND e.deleted_at = 0 ORDER BY e.id DESC LIMIT ?",
		uid(project.UUID), limit), standingFields)
	if err != nil {
		return nil, wrap("read how endpoints stand", err)
	}
	var counts []attemptsRow
	err = s.db(ctx).Raw(`SELECT endpoint_id, CAST(sum(CASE WHEN cause = '' THEN n ELSE 0 END) AS BIGINT) AS delivered,
 CAST(sum(CASE WHEN cause = '' THEN 0 ELSE n END) AS BIGINT) AS failed FROM endpoint_minute WHERE project_id = ? AND minute >= ? GROUP BY endpoint_id`,
		uid(project.UUID), stepOf(ms(since), time.Minute.Milliseconds())).Scan(&counts).Error
	if err != nil {
		return nil, wrap("count the attempts of endpoints", err)
	}
	gone, err := s.givenUp(ctx, project, since)
	if err != nil {
		return nil, wrap("count what was given up", err)
	}
	byID := make(map[uid]attemptsRow, len(counts))
	for _, c := range counts {
		byID[c.EndpointID] = c
	}
	standings := make([]webhook.Standing, len(rows))
	for i, r := range rows {
		standings[i] = webhook.Standing{Endpoint: r.standing(), Delivered: byID[r.ID].Delivered, Failed: byID[r.ID].Failed, GivenUp: gone[r.ID]}
	}
	return standings, nil
}

// latestGivenUp is how many of a project's deliveries that were given up are
// looked at.
const latestGivenUp = 200

// givenUp counts by endpoint what was given up since a time.
func (s *Store) givenUp(ctx context.Context, project webhook.ProjectID, since time.Time) (map[uid]int64, error) {
	var rows []struct {
		EndpointID uid
		N          int64
	}
	where := deliveryPlaces(webhook.DeliveryFilter{ProjectID: project, State: webhook.Exhausted})
	where.and("d.id >= ?", scope{}) // any: SQLite takes the index of what was missed only where ids are bounded
	err := s.db(ctx).Raw("SELECT endpoint_id, count(*) AS n FROM (SELECT d.endpoint_id, d.ended_at FROM deliveries d"+where.sql()+
		" AND NOT d.test ORDER BY d.id DESC LIMIT ?) AS latest WHERE ended_at > ? GROUP BY endpoint_id", where.with(latestGivenUp, ms(since))...).Scan(&rows).Error
	counts := make(map[uid]int64, len(rows))
	for _, r := range rows {
		counts[r.EndpointID] = r.N
	}
	return counts, err
}

// standingFields are those of standingColumns.
func standingFields(r *endpointRow) []any {
	return []any{
		&r.ID, &r.ProjectID, &r.Version, &r.Name, &r.Kind, &r.URL, &r.State, &r.PausedBecause, &r.PausedAt, &r.NotBefore,
		&r.ConsecutiveFailures, &r.LastSuccessAt, &r.LastFailureAt, &r.FailingSince, &r.CreatedAt, &r.UpdatedAt,
	}
}

// standing is the endpoint without the settings that its row has not read.
func (r endpointRow) standing() webhook.Endpoint {
	e := r.dated()
	e.Name, e.URL, e.Kind = r.Name, r.URL, webhook.EndpointKind(r.Kind)
	return e
}

// Subscriptions are what a project's endpoints that are not deleted take, newest
// first.
func (s *Store) Subscriptions(ctx context.Context, project webhook.ProjectID, limit int) ([]webhook.Subscription, error) {
	fields := func(r *endpointRow) []any { return []any{&r.ID, &r.Name, &r.State, &r.Settings} }
	rows, err := many(s.db(ctx).Raw("SELECT e.id, e.name, e.state, e.settings"+endpointSource+" WHERE e.project_id = ? AND e.deleted_at = 0 ORDER BY e.id DESC LIMIT ?",
		uid(project.UUID), limit), fields)
	if err != nil {
		return nil, wrap("read subscriptions", err)
	}
	list := make([]webhook.Subscription, len(rows))
	for i, r := range rows {
		var settings struct {
			Topics []string `json:"topics"`
		}
		if err := json.Unmarshal(r.Settings, &settings); err != nil {
			return nil, wrap("read subscriptions", err)
		}
		list[i] = webhook.Subscription{ID: webhook.EndpointID{UUID: webhook.UUID(r.ID)}, Name: r.Name, State: webhook.EndpointState(r.State), Topics: settings.Topics}
	}
	return list, nil
}

// Tallies sum up the endpoints of projects that are not deleted; failing are
// active ones with as many failures in a row. A project without endpoints has no
// entry.
func (s *Store) Tallies(ctx context.Context, projects []webhook.ProjectID, failures int) (map[webhook.ProjectID]webhook.Tally, error) {
	sums := make(map[webhook.ProjectID]webhook.Tally, len(projects))
	if len(projects) == 0 {
		return sums, nil
	}
	var rows []struct {
		ProjectID uid
		Endpoints int64
		Failing   int64
		Stopped   int64
	}
	err := s.db(ctx).Raw(`SELECT e.project_id, count(*) AS endpoints,
 CAST(sum(CASE WHEN e.state = 'active' AND e.consecutive_failures >= ? THEN 1 ELSE 0 END) AS BIGINT) AS failing,
 CAST(sum(CASE WHEN e.state = 'paused' AND e.paused_because <> ? THEN 1 ELSE 0 END) AS BIGINT) AS stopped
 FROM endpoints e WHERE e.project_id IN ? AND e.deleted_at = 0 GROUP BY e.project_id`, failures, string(webhook.PausedByPerson), uids(projects)).Scan(&rows).Error
	for _, r := range rows {
		sums[webhook.ProjectID{UUID: webhook.UUID(r.ProjectID)}] = webhook.Tally{Endpoints: r.Endpoints, Failing: r.Failing, Stopped: r.Stopped}
	}
	return sums, wrap("sum up the endpoints of projects", err)
}

// backlogRow is the bounded backlog of one endpoint in one part of the queue.
type backlogRow struct {
	EndpointID uid
	N          int64
	Oldest     int64
}

// Backlogs counts what waits for endpoints of one project, each up to atMost,
// by the indexes of what is live. An endpoint for which nothing waits has no
// entry.
func (s *Store) Backlogs(ctx context.Context, project webhook.ProjectID, endpoints []webhook.EndpointID, atMost int64) (map[webhook.EndpointID]webhook.Backlog, error) {
	all := make(map[webhook.EndpointID]webhook.Backlog, len(endpoints))
	if len(endpoints) == 0 {
		return all, nil
	}
	var parts []string
	var args []any
	for _, id := range endpoints {
		for _, part := range []string{waitingFree, lineWaiting} {
			parts = append(parts, "SELECT endpoint_id, count(*) AS n, min(created_at) AS oldest FROM (SELECT d.endpoint_id, d.created_at FROM deliveries d"+
				" WHERE d.endpoint_id = (SELECT o.id FROM endpoints o WHERE o.id = ? AND o.project_id = ?) AND "+part+" LIMIT ?) AS first GROUP BY endpoint_id")
			args = append(args, uid(id.UUID), uid(project.UUID), atMost)
		}
	}
	var rows []backlogRow
	if err := s.db(ctx).Raw(strings.Join(parts, " UNION ALL "), args...).Scan(&rows).Error; err != nil {
		return nil, wrap("count what waits", err)
	}
	for _, r := range rows {
		id := webhook.EndpointID{UUID: webhook.UUID(r.EndpointID)}
		b := all[id]
		b.Waiting = min(b.Waiting+r.N, atMost)
		if oldest := at(r.Oldest); b.Oldest.IsZero() || oldest.Before(b.Oldest) {
			b.Oldest = oldest
		}
		all[id] = b
	}
	return all, nil
}
