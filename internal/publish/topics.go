package publish

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/webhook"
)

// How long the copy of the topics counts as fresh, and how long it serves when
// the database can't be read.
const (
	topicsFor   = time.Second
	topicsStale = 30 * time.Second
)

// topic is a topic with its schema ready to be used.
type topic struct {
	webhook.Topic
	schema *Schema
}

// topicList is one reading of the topics; it never changes.
type topicList struct {
	byName  map[string]*topic
	version int64
	readAt  time.Time // when the reading began
	number  int64     // of the reading
}

// topics is the copy of the instance's topics. Readers take the present list
// without a lock; one at a time reads it anew.
type topics struct {
	store   Store
	now     func() time.Time
	log     *slog.Logger
	present atomic.Pointer[topicList]
	reading chan struct{} // capacity 1: held while reading
	begun   atomic.Int64  // readings so far, counted as they begin
	changed atomic.Int64  // begun when a change was last heard of: older ones are stale
}

// find answers a topic, or nil and in words what to do instead. A
// name that is not known is looked up again before that is said.
func (t *topics) find(ctx context.Context, name string) (*topic, string, error) {
	begun := t.begun.Load()
	list, err := t.recent(ctx)
	if err != nil {
		return nil, "", err
	}
	if found := list.byName[name]; found != nil {
		return found, "", nil
	}
	if list, err = t.read(ctx, time.Time{}, begun); err != nil {
		return nil, "", err
	}
	if found := list.byName[name]; found != nil {
		return found, "", nil
	}
	return nil, nearest(list, name), nil
}

// recent answers a fresh list, or while the database can't be read the last
// one: the commit will tell.
func (t *topics) recent(ctx context.Context) (*topicList, error) {
	present, now := t.present.Load(), t.now()
	list, err := t.read(ctx, now.Add(-topicsFor), t.changed.Load())
	if err != nil && present != nil && now.Sub(present.readAt) < topicsStale {
		return present, nil
	}
	return list, err
}

// read answers a list whose reading began at since or later and after the
// given number of readings.
func (t *topics) read(ctx context.Context, since time.Time, after int64) (*topicList, error) {
	fresh := func(l *topicList) bool { return l != nil && l.number > after && !l.readAt.Before(since) }
	if list := t.present.Load(); fresh(list) {
		return list, nil
	}
	ctx, cancel := context.WithTimeout(ctx, commitPatience)
	defer cancel()
	select {
	case t.reading <- struct{}{}:
		defer func() { <-t.reading }()
	case <-ctx.Done():
		return nil, unreachable("read topics", ctx.Err())
	}
	before := t.present.Load()
	if fresh(before) {
		return before, nil
	}
	list := &topicList{readAt: t.now(), number: t.begun.Add(1)}
	rows, version, err := t.store.Topics(ctx)
	if err != nil {
		return nil, unreachable("read topics", err)
	}
	if list.version = version; before != nil && before.version == version {
		list.byName = before.byName
	} else {
		list.byName = t.prepare(rows)
	}
	t.present.Store(list)
	return list, nil
}

// forget makes the next look-up read the topics anew.
func (t *topics) forget() { t.changed.Store(t.begun.Load()) }

// prepare compiles the schemas. One that can't be compiled, which nobody could
// have stored, takes any object: events matter more than their check.
func (t *topics) prepare(rows []webhook.Topic) map[string]*topic {
	byName := make(map[string]*topic, len(rows))
	for _, row := range rows {
		schema, err := CompileSchema(row.Schema)
		if err != nil {
			t.log.Error("a topic's schema can't be used", "topic", row.Name, "error", err)
		}
		byName[row.Name] = &topic{row, schema}
	}
	return byName
}

// nearest says which known topic name was probably meant, else how one is added.
func nearest(list *topicList, name string) string {
	names := make([]string, 0, len(list.byName))
	for known := range list.byName {
		if !filter.IsOperational(known) {
			names = append(names, known)
		}
	}
	if near := webhook.Nearest(shorten(name), names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return "; an admin adds topics in the dashboard under Topics, a program by POST /api/v1/topics"
}
