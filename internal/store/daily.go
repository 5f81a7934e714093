package store

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// DailyDone is the last day that all projects are through with. Where none is,
// first is from now on.
func (s *Store) DailyDone(ctx context.Context, first time.Time) (time.Time, error) {
	days, err := many(s.db(ctx).Raw("SELECT day FROM daily_done"), func(day *int64) []any { return []any{day} })
	if err != nil || len(days) > 0 {
		return latest(days), wrap("read the daily summaries", err)
	}
	// Two who begin at once both write a row; the later day counts.
	err = s.write.WithContext(ctx).Exec("INSERT INTO daily_done (day) VALUES (?)", ms(first)).Error
	return first, wrap("begin the daily summaries", err)
}

func latest(days []int64) time.Time {
	var day int64
	for _, d := range days {
		day = max(day, d)
	}
	return at(day)
}

// dailyKept is how long it is remembered which summaries were published: a node
// that stood still must not publish one again.
const dailyKept = 60 * 24 * time.Hour

// EndDaily notes that all projects are through with a day.
func (s *Store) EndDaily(ctx context.Context, day time.Time) error {
	return s.tx(ctx, "end a day's summaries", func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE daily_done SET day = ? WHERE day < ?", ms(day), ms(day)).Error; err != nil {
			return err
		}
		return tx.Exec("DELETE FROM daily WHERE day < ?", ms(day.Add(-dailyKept))).Error
	})
}

// ProjectsAfter are the next projects in order of id.
func (s *Store) ProjectsAfter(ctx context.Context, after webhook.ProjectID, limit int) ([]webhook.ProjectID, error) {
	ids, err := many(s.db(ctx).Raw("SELECT p.id FROM projects p WHERE p.id > ? AND p.deleted_at = 0 ORDER BY p.id LIMIT ?", scope(after.UUID), limit), itself)
	projects := make([]webhook.ProjectID, len(ids))
	for i, id := range ids {
		projects[i] = webhook.ProjectID{UUID: webhook.UUID(id)}
	}
	return projects, wrap("list projects", err)
}

// HasDaily reports whether the summary of a project's day was published.
func (s *Store) HasDaily(ctx context.Context, project webhook.ProjectID, day time.Time) (bool, error) {
	found, err := many(s.db(ctx).Raw("SELECT day FROM daily WHERE day = ? AND project_id = ?", ms(day), scope(project.UUID)), func(day *int64) []any { return []any{day} })
	return len(found) > 0, wrap("read a daily summary", err)
}

// dailyEvent is what a summary must know of an event.
type dailyEvent struct {
	id    uid
	topic string
	data  []byte
	test  bool
}

// EventsOfDay takes a piece of a project's events of the time from an id up to
// but without another, tests left out: topic, and the data of one topic only. It
// answers where the next piece begins, zero at the end. Each row is found by key,
// and a piece holds up nobody.
func (s *Store) EventsOfDay(ctx context.Context, project webhook.ProjectID, from, to webhook.UUID, withData string, limit int, take func(topic string, data []byte)) (webhook.UUID, error) {
	var last uid
	rows := 0
	err := oneByOne(s.db(ctx).Raw(`SELECT e.id, e.topic, CASE WHEN e.topic = ? THEN e.data END,
 EXISTS (SELECT 1 FROM deliveries t WHERE t.event_id = e.id AND t.test)
 FROM events e WHERE e.project_id = ? AND e.id >= ? AND e.id < ? ORDER BY e.id LIMIT ?`, withData, uid(project.UUID), scope(from), scope(to), limit),
		func(e *dailyEvent) []any { return []any{&e.id, &e.topic, &e.data, &e.test} },
		func(e dailyEvent) error {
			if last, rows = e.id, rows+1; !e.test {
				take(e.topic, e.data)
			}
			return nil
		})
	if err != nil || rows < limit {
		return webhook.UUID{}, wrap("read a day's events", err)
	}
	var w window
	w.open()
	w.only(scope(last))
	return webhook.UUID(w.to), nil // the one behind the last
}

// PublishDaily notes that the summary of a project's day is published and admits
// its event in the same transaction. Where it was noted already nothing is done.
func (s *Store) PublishDaily(ctx context.Context, project webhook.ProjectID, day time.Time, admission func() (webhook.Admission, error)) (webhook.Admitted, error) {
	return s.changeAndAdmit(ctx, "publish a daily summary", func(tx *gorm.DB) (webhook.Admission, error) {
		noted := tx.Exec("INSERT INTO daily (day, project_id) VALUES (?, ?) ON CONFLICT DO NOTHING", ms(day), scope(project.UUID))
		if noted.Error != nil || noted.RowsAffected == 0 {
			return webhook.Admission{}, noted.Error
		}
		return admission()
	})
}
