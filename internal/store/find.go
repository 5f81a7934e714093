package store

import (
	"context"
	"slices"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// SearchValuesOf reads the values that a search finds events by, in order. An
// event that the project does not see, or without any, has no entry.
func (s *Store) SearchValuesOf(ctx context.Context, project webhook.ProjectID, ids []webhook.EventID) (map[webhook.EventID][]string, error) {
	values := make(map[webhook.EventID][]string, len(ids))
	if len(ids) == 0 {
		return values, nil
	}
	type found struct {
		event uid
		value string
	}
	owner := beside("v.project_id")
	rows, err := many(s.db(ctx).Raw("SELECT v.event_id, v.value FROM event_search v WHERE v.event_id IN ? AND ("+owner+" = ? OR "+owner+` = ?
 AND EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = v.event_id AND d.project_id = ?)) ORDER BY v.event_id, v.value`,
		uids(ids), uid(project.UUID), scope{}, uid(project.UUID)), func(f *found) []any { return []any{&f.event, &f.value} })
	for _, r := range rows {
		id := webhook.EventID{UUID: webhook.UUID(r.event)}
		values[id] = append(values[id], r.value)
	}
	return values, wrap("read search values", err)
}

// FindShort finds what a shortened id means in a project: an endpoint, an event
// that it sees, a delivery. Of ids with the same beginning it looks at the
// newest.
func (s *Store) FindShort(ctx context.Context, project webhook.ProjectID, short webhook.ShortID) (webhook.Shortened, error) {
	var found webhook.Shortened
	var own conditions
	own.and("o.project_id = ?", uid(project.UUID))
	for table, into := range map[string]*webhook.UUID{"endpoints": &found.Endpoint.UUID, "events": &found.Event.UUID, "deliveries": &found.Delivery.UUID} {
		ids, err := fitting(s.db(ctx), short, table, own)
		if err != nil {
			return found, wrap("find a shortened id", err)
		}
		*into = newestOf(ids)
	}
	if !found.Event.IsZero() {
		return found, nil
	}
	var err error
	found.Event.UUID, err = fittingForAll(s.db(ctx), short, project)
	return found, wrap("find a shortened id", err)
}

// fitting are the ids of a table that a shortened one fits, newest first; the
// index of the condition ends in id.
func fitting(db *gorm.DB, short webhook.ShortID, table string, where conditions) ([]uid, error) {
	from, to := short.Range()
	where.and("o.id >= ? AND o.id <= ?", scope(from), scope(to))
	ids, err := many(db.Raw("SELECT o.id FROM "+table+" o"+where.sql()+" ORDER BY o.id DESC LIMIT ?", where.with(scanned)...), itself)
	return slices.DeleteFunc(ids, func(id uid) bool { return !short.Fits(webhook.UUID(id)) }), err
}

// fittingForAll is fitting for the events for all that the project has a
// delivery of.
func fittingForAll(db *gorm.DB, short webhook.ShortID, project webhook.ProjectID) (webhook.UUID, error) {
	var wide conditions
	wide.and("o.project_id IS NULL")
	ids, err := fitting(db, short, "events", wide)
	if err != nil || len(ids) == 0 {
		return webhook.UUID{}, err
	}
	ids, err = many(db.Raw("SELECT d.event_id FROM deliveries d WHERE d.event_id IN ? AND d.project_id = ? ORDER BY d.event_id DESC LIMIT 1",
		ids, uid(project.UUID)), itself)
	return newestOf(ids), err
}

func itself(id *uid) []any { return []any{id} }

func newestOf(ids []uid) webhook.UUID {
	if len(ids) == 0 {
		return webhook.UUID{}
	}
	return webhook.UUID(ids[0])
}
