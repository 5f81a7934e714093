package daily_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/daily"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/publish"
)

var day = time.Date(2026, 1, 24, 0, 0, 0, 0, time.UTC)

func TestASummaryCountsTopicsAndTellsTheTenMostViewedProducts(t *testing.T) {
	t.Parallel()
	var s daily.Summary
	if !s.Empty() {
		t.Error("a day without events is not empty")
	}
	s.Add("commission.earned", []byte(`{}`))
	s.Add("analytics.daily", []byte(`{}`))
	if !s.Empty() {
		t.Error("other topics make a summary")
	}
	for topic, n := range map[string]int{"chat.session.created": 2, "chat.message.received": 3, "chat.message.sent": 4, "product.added": 1, "product.updated": 5} {
		for range n {
			s.Add(topic, nil)
		}
	}
	for i := range 12 {
		for range i + 1 {
			s.Add("product.viewed", fmt.Appendf(nil, `{"productId":"<p%02d>"}`, i))
		}
	}
	for _, data := range []string{`{"productId":7}`, `{"productId":7}`, `{"productId":null}`, `{"productId":{}}`, `{}`, ``, `{"productId":"` + strings.Repeat("x", 2000) + `"}`} {
		s.Add("product.viewed", []byte(data))
	}
	got, err := s.Data(day)
	want := `{"day":"2026-01-24","topics":{"chat.message.received":3,"chat.message.sent":4,"chat.session.created":2,"product.added":1,"product.updated":5,"product.viewed":85},` +
		`"sessions":2,"messagesReceived":3,"messagesSent":4,"topProducts":[{"productId":"<p11>","views":12},{"productId":"<p10>","views":11},{"productId":"<p09>","views":10},` +
		`{"productId":"<p08>","views":9},{"productId":"<p07>","views":8},{"productId":"<p06>","views":7},{"productId":"<p05>","views":6},{"productId":"<p04>","views":5},{"productId":"<p03>","views":4},{"productId":"<p02>","views":3}]}`
	if strings.TrimSpace(string(got)) != want || err != nil {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
	for _, topic := range manage.ShippedTopics() {
		if topic.Name != daily.Topic {
			continue
		}
		schema, err := publish.CompileSchema(topic.Schema)
		if err != nil || schema.Check(got) != nil {
			t.Errorf("the topic's schema refuses it: %v, %v", err, schema.Check(got))
		}
	}
}

func TestADayOfVeryManyProductsStillTellsTheMostViewed(t *testing.T) {
	t.Parallel()
	var s daily.Summary
	for i := range 120_000 {
		s.Add("product.viewed", fmt.Appendf(nil, `{"productId":"rare-%d"}`, i))
		if i%100 == 0 {
			s.Add("product.viewed", []byte(`{"productId":"common"}`))
		}
	}
	got, err := s.Data(day)
	if err != nil || !strings.Contains(string(got), `"topProducts":[{"productId":"common","views":1200}`) {
		t.Errorf("%v %s", err, got)
	}
}

func TestADayHasEndedWhenItsEventsAreStored(t *testing.T) {
	t.Parallel()
	for now, want := range map[string]string{
		"2026-01-25T00:04:59Z": "2026-01-23", "2026-01-25T00:05:00Z": "2026-01-24", "2026-01-25T23:59:59Z": "2026-01-24", "2026-03-01T02:00:00+03:00": "2026-02-27",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := daily.LastEnded(at).Format(time.DateOnly); got != want {
			t.Errorf("at %s the last day is %s, want %s", now, got, want)
		}
	}
}
