package store

import (
	"context"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

const (
	// eventColumns is every column of eventRow but the data.
	eventColumns = `e.id, e.seq, e.project_id, e.audience, e.topic, e.occurred_at, e.accepted_at, e.published_by_type, e.published_by_id,
 e.published_by_name, e.hop, e.idempotency_key, e.deliveries, e.fan_out, e.search, e.expunged_at`

	// seen is whether a project sees an event for all: it has a delivery of it.
	seen = "EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = e.id AND d.project_id = ?)"

	// ofStanding leaves out the events of projects that are gone.
	ofStanding = "(e.project_id IS NULL OR EXISTS (SELECT 1 FROM projects p WHERE p.id = e.project_id AND p.deleted_at = 0))"
)

// eventSource is a part of the log that an index finds in order of id.
type eventSource struct {
	// from leads to events e; index is the table, and key its id, in whose
	// index where is.
	from, index, key string
	where            conditions
	// narrow are conditions on events that the index does not know.
	narrow conditions
	// rows is how many of them one page may look at.
	rows int
	// topic is the topic of an event, in SQL.
	topic string
}

// topicOfValue is looked up for each row that was found: PostgreSQL would else
// read all events of a rare topic first.
const topicOfValue = "(SELECT t.topic FROM events t WHERE t.id = v.event_id)"

// eventSources are the parts that hold what a project sees: its own events and
// those for all. Zero is for staff, who see everything.
func eventSources(project webhook.ProjectID) []eventSource {
	log := eventSource{from: "events e", index: "events e", key: "e.id", rows: scanned, topic: "e.topic"}
	if project.IsZero() {
		log.where.and("TRUE")
		log.narrow.and(ofStanding)
		return []eventSource{log}
	}
	own, all := log, log
	own.where.and("e.project_id = ?", uid(project.UUID))
	all.where.and("e.project_id IS NULL")
	all.narrow.and(seen, uid(project.UUID))
	return []eventSource{own, all}
}

// searchSources are the parts that a search finds: an event's id, or the value
// of a search key.
func searchSources(project webhook.ProjectID, query string) []eventSource {
	byValue := eventSource{from: "event_search v JOIN events e ON e.id = v.event_id", index: "event_search v", key: "v.event_id", rows: joinedScanned, topic: topicOfValue}
	byValue.where.and("v.value = ?", clean(query))
	var found []eventSource
	if project.IsZero() {
		byValue.where.and("v.project_id IN (SELECT p.id FROM projects p UNION ALL SELECT ?)", scope{})
		byValue.narrow.and(ofStanding)
		found = append(found, byValue)
	} else {
		own, all := byValue, byValue
		own.where.texts, own.where.args = append([]string{"v.project_id = ?"}, own.where.texts...), append([]any{uid(project.UUID)}, own.where.args...)
		all.where.texts, all.where.args = append([]string{"v.project_id = ?"}, all.where.texts...), append([]any{scope{}}, all.where.args...)
		all.narrow.and(seen, uid(project.UUID))
		found = append(found, own, all)
	}
	if id, err := webhook.ParseUUID(query); err == nil {
		for _, source := range eventSources(project) {
			source.where.and("e.id = ?", uid(id))
			found = append(found, source)
		}
	}
	return found
}

// eventsIn reads the newest events of several sources within a window. It cuts
// the window where a source can't be read by index alone.
func eventsIn(db *gorm.DB, columns string, sources []eventSource, w *window, limit int) ([]eventRow, error) {
	for _, source := range sources {
		if len(source.narrow.texts) == 0 {
			continue
		}
		if err := w.bound(db, source.rows, source.key, source.index+source.where.sql(), source.where.args...); err != nil {
			return nil, err
		}
	}
	parts, args := make([]string, len(sources)), []any{}
	for i, source := range sources {
		where := source.where
		where.and(source.key+" >= ? AND "+source.key+" < ?", w.from, w.to)
		where.texts, args = append(where.texts, source.narrow.texts...), append(append(append(args, where.args...), source.narrow.args...), limit)
		parts[i] = "SELECT * FROM (SELECT " + columns + " FROM " + source.from + where.sql() + " ORDER BY " + source.key + " DESC LIMIT ?) AS part"
	}
	var rows []eventRow
	err := db.Raw(strings.Join(parts, " UNION ")+" ORDER BY id DESC LIMIT ?", append(args, limit)...).Scan(&rows).Error
	return rows, err
}

// Events lists what was published, newest first, without data. A project sees
// its own events and, of those for all, the ones that it has a delivery of.
func (s *Store) Events(ctx context.Context, filter webhook.EventFilter) (webhook.Page[webhook.Event], error) {
	none := webhook.Page[webhook.Event]{}
	w, err := newWindow(filter.Since, filter.Until, filter.Cursor)
	if err != nil {
		return none, err
	}
	sources := eventSources(filter.ProjectID)
	if filter.Query != "" {
		sources = searchSources(filter.ProjectID, filter.Query)
	}
	if filter.Topic != "" {
		for i := range sources {
			sources[i].narrow.and(sources[i].topic+" = ?", clean(filter.Topic))
		}
	}
	limit := limitOf(filter.Limit)
	rows, err := eventsIn(s.db(ctx), eventColumns, sources, &w, limit+1)
	if err != nil {
		return none, wrap("list events", err)
	}
	p, err := paged(rows, limit, plain(eventRow.event), func(r eventRow) string { return idCursor(r.ID) })
	return reached(p, w), err
}

// RecentEvents reads the newest that a project sees with their data; tests and
// what was expunged are left out.
func (s *Store) RecentEvents(ctx context.Context, project webhook.ProjectID, limit int) ([]webhook.Event, error) {
	var w window
	w.open()
	sources := eventSources(project)
	for i := range sources {
		sources[i].narrow.and("e.data IS NOT NULL AND NOT EXISTS (SELECT 1 FROM deliveries t WHERE t.event_id = e.id AND t.test)")
	}
	rows, err := eventsIn(s.db(ctx), eventColumns+", e.data", sources, &w, limitOf(limit))
	events := make([]webhook.Event, len(rows))
	for i, r := range rows {
		events[i] = r.event()
	}
	return events, wrap("read recent events", err)
}
