// Package daily sums up what a project's store did on one day, in UTC: what
// analytics.daily tells.
//
// It must not know where events are kept, which projects there are, or clocks.
package daily

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/rawjson"
)

// Topic is that of the summary.
const Topic = "analytics.daily"

// The topics that are counted.
const (
	sessionCreated  = "chat.session.created"
	messageReceived = "chat.message.received"
	messageSent     = "chat.message.sent"
	// Viewed is the only one whose data is looked at.
	Viewed         = "product.viewed"
	productAdded   = "product.added"
	productUpdated = "product.updated"
)

// Topics are those that are counted; a day without any has no summary.
var Topics = []string{sessionCreated, messageReceived, messageSent, Viewed, productAdded, productUpdated}

const (
	// topProducts is how many of the most viewed products are told.
	topProducts = 10
	// maxProducts is how many products' views are counted at a time, so that a day
	// takes no more memory however many there are. Of more, those with the fewest
	// views so far are forgotten.
	maxProducts = 50_000
	// maxID is the length of a product's id that is counted, in bytes.
	maxID = 1024
)

// Grace is how long after a day's end its events may still be on their way into
// the database: nodes' clocks differ, and commits take a while.
const Grace = 5 * time.Minute

// Day is the first moment of the day of t.
func Day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// Next is the day after a day.
func Next(day time.Time) time.Time { return day.Add(24 * time.Hour) }

// LastEnded is the last day that is over at now, with all its events stored.
func LastEnded(now time.Time) time.Time { return Day(now.Add(-Grace)).Add(-24 * time.Hour) }

// Summary is a day of one project. The zero value is a day without events.
type Summary struct {
	topics map[string]int64
	views  map[string]int64
}

// Add counts an event; data is looked at for product.viewed only.
func (s *Summary) Add(topic string, data []byte) {
	if !slices.Contains(Topics, topic) {
		return
	}
	if s.topics == nil {
		s.topics, s.views = map[string]int64{}, map[string]int64{}
	}
	s.topics[topic]++
	if id := productOf(data); topic == Viewed && id != "" {
		s.views[id]++
		s.forget()
	}
}

// productOf is the text or number under productId; empty for none.
func productOf(data []byte) string {
	value, _ := rawjson.Lookup(data, "productId")
	id, isText := rawjson.Text(value)
	if !isText && rawjson.IsNumber(value) {
		id = string(value)
	}
	if len(id) > maxID {
		return ""
	}
	return id
}

// forget keeps the number of products within bounds.
func (s *Summary) forget() {
	for least := int64(1); len(s.views) > maxProducts; least++ {
		maps.DeleteFunc(s.views, func(_ string, n int64) bool { return n <= least })
	}
}

// Empty reports whether the day had none of the events that are counted.
func (s *Summary) Empty() bool { return len(s.topics) == 0 }

// views of a product as they are told.
type views struct {
	ProductID string `json:"productId"`
	Views     int64  `json:"views"`
}

// Data is the event's.
func (s *Summary) Data(day time.Time) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(struct {
		Day              string           `json:"day"`
		Topics           map[string]int64 `json:"topics"`
		Sessions         int64            `json:"sessions"`
		MessagesReceived int64            `json:"messagesReceived"`
		MessagesSent     int64            `json:"messagesSent"`
		TopProducts      []views          `json:"topProducts"`
	}{day.Format(time.DateOnly), s.topics, s.topics[sessionCreated], s.topics[messageReceived], s.topics[messageSent], s.top()})
	return out.Bytes(), err
}

// top are the most viewed products; of as many views, the first by id.
func (s *Summary) top() []views {
	all := make([]views, 0, len(s.views))
	for id, n := range s.views {
		all = append(all, views{id, n})
	}
	slices.SortFunc(all, func(a, b views) int {
		return cmp.Or(cmp.Compare(b.Views, a.Views), cmp.Compare(a.ProductID, b.ProductID))
	})
	return all[:min(len(all), topProducts)]
}
