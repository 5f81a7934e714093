package store

import (
	"context"

	"github.com/bellwire/bellwire/internal/webhook"
)

// SearchValuesOf reads the values that a search finds events by, in order. An
// event that the project does not see, or without any, has no entry.
func (s *Store) SearchValuesOf(ctx context.Context, project webhook.ProjectID, ids []webhook.EventID) (map[webhook.EventID][]string, error) {
	values := make(map[webhook.EventID][]string, len(ids))
	if len(ids) == 0 {
		return values, nil
	}
	wanted := make([]uid, len(ids))
	for i, id := range ids {
		wanted[i] = uid(id.UUID)
	}
	type found struct {
		event uid
		value string
	}
	owner := beside("v.project_id")
	rows, err := many(s.db(ctx).Raw("SELECT v.event_id, v.value FROM event_search v WHERE v.event_id IN ? AND ("+owner+" = ? OR "+owner+` = ?
 AND EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = v.event_id AND d.project_id = ?)) ORDER BY v.event_id, v.value`,
		wanted, uid(project.UUID), scope{}, uid(project.UUID)), func(f *found) []any { return []any{&f.event, &f.value} })
	for _, r := range rows {
		id := webhook.EventID{UUID: webhook.UUID(r.event)}
		values[id] = append(values[id], r.value)
	}
	return values, wrap("read search values", err)
}
