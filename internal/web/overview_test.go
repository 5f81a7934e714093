package web

import (
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

func TestOverview_begins_with_one_sentence_of_state(t *testing.T) {
	t.Parallel()
	busy := manage.Stats{Delivered: 5}
	for want, c := range map[string]struct {
		project            webhook.Project
		endpoints, trouble int
		doubts             []doubt
		stats              manage.Stats
	}{
		"This project is suspended":            {webhook.Project{SuspendedAt: noon}, 3, 1, nil, busy},
		"No endpoint yet":                      {webhook.Project{}, 0, 0, nil, manage.Stats{}},
		"1 endpoint needs you":                 {webhook.Project{}, 3, 1, nil, busy},
		"2 endpoints need you":                 {webhook.Project{}, 3, 2, nil, manage.Stats{}},
		"All is quiet":                         {webhook.Project{}, 3, 0, nil, manage.Stats{}},
		"Your endpoint is healthy":             {webhook.Project{}, 1, 0, nil, busy},
		"All 12 endpoints are healthy":         {webhook.Project{}, 12, 0, nil, busy},
		"Not all is well at your endpoint":     {webhook.Project{}, 1, 0, make([]doubt, 1), busy},
		"Not all is well at 1 of 12 endpoints": {webhook.Project{}, 12, 0, make([]doubt, 1), busy},
		"Not all is well at 2 of 12 endpoints": {webhook.Project{}, 12, 0, make([]doubt, 2), busy},
	} {
		if got, _ := overviewVerdict(c.project, c.endpoints, c.trouble, c.doubts, c.stats); got.Text != want {
			t.Errorf("got %q, want %q", got.Text, want)
		}
	}
}

func TestOverview_names_the_endpoints_where_not_all_is_well(t *testing.T) {
	t.Parallel()
	e := wellEndpoint()
	if _, ok := doubtOf(e, hour{attempts: 50, failed: 1}); ok {
		t.Error("a healthy endpoint is in doubt")
	}
	d, ok := doubtOf(e, hour{attempts: 10, failed: 4})
	if want := "orders: unsteady, 40 % of 10 attempts failed in the last hour."; !ok || doubtWords([]doubt{d}) != want {
		t.Errorf("got %q", doubtWords([]doubt{d}))
	}
	if _, detail := overviewVerdict(webhook.Project{}, 5, 1, []doubt{d}, manage.Stats{}); !strings.Contains(detail, "orders: unsteady") {
		t.Errorf("beside one that needs a person: %q", detail)
	}
	late := doubt{name: "late", state: "last attempt failed"}
	if got := doubtWords([]doubt{late, late, late, late, late}); !strings.HasSuffix(got, "late: last attempt failed; and 2 more.") {
		t.Errorf("five: %q", got)
	}
}

func TestPresentTrouble_names_those_that_need_a_person(t *testing.T) {
	t.Parallel()
	e := wellEndpoint()
	if _, ok := presentTrouble(e, hour{}, noon); ok {
		t.Error("a healthy endpoint needs nobody")
	}
	if row, ok := presentTrouble(e, hour{attempts: 20, failed: 10}, noon); !ok || row.Mark.Text != "unsteady" || row.Cause != "50 % of 20 attempts failed in the last hour" || row.Action.Label != "See why" {
		t.Errorf("half failed: %+v", row)
	}
	if _, ok := presentTrouble(e, hour{attempts: 20, failed: 9}, noon); ok {
		t.Error("an unsteady endpoint needs nobody yet")
	}
	e.ConsecutiveFailures = troubleFrom
	if row, ok := presentTrouble(e, hour{}, noon); !ok || row.Cause != "3 attempts in a row failed" || !strings.Contains(row.Action.URL, "?endpoint="+e.ID.String()) {
		t.Errorf("failing: %+v", row)
	}
	e.State, e.PausedBecause = webhook.EndpointPaused, webhook.PausedByPerson
	if _, ok := presentTrouble(e, hour{}, noon); ok {
		t.Error("somebody paused it and knows")
	}
	e.PausedBecause, e.PausedAt = webhook.PausedAsGone, noon.Add(-time.Hour)
	if row, ok := presentTrouble(e, hour{}, noon); !ok || row.Mark.Tone != component.Held || row.Since.Text != "1 h ago" {
		t.Errorf("gone: %+v", row)
	}
}

func TestFigures_show_held_and_exhausted_only_when_there_are_any(t *testing.T) {
	t.Parallel()
	if got := figures(manage.Stats{Delivered: 3, Failed: 1}); len(got) != 4 || got[1].Value != "75.0 %" || got[1].Note != "1 failed attempt" {
		t.Errorf("got %+v", got)
	}
	got := figures(manage.Stats{States: map[webhook.State]int64{webhook.Held: manage.MaxCount, webhook.Exhausted: 2, webhook.Waiting: 1, webhook.Sending: 1}})
	if len(got) != 6 || got[3].Value != "2" || got[4].Value != "10,000+" || got[5].Tone != component.Bad {
		t.Errorf("got %+v", got)
	}
}

func TestCharts_have_a_column_per_step_and_gaps_where_nothing_was(t *testing.T) {
	t.Parallel()
	var fast webhook.Latency
	fast.Add(100 * time.Millisecond)
	buckets := []webhook.StatsBucket{{Start: noon, Delivered: 1200, Failed: 3, Latency: fast}, {Start: noon.Add(time.Hour)}}
	volume := volumeChart(buckets, time.Hour)
	if len(volume.Bars) != 2 || volume.Peak != "1,203" || volume.Bars[0].Title != "21 Nov 12:00–13:00: 1,200 delivered, 3 failed" || volume.Legend[1].Value != "3" {
		t.Errorf("got %+v", volume)
	}
	if volume.Summary != "1,200 attempts were delivered and 3 failed; at most 1,203 in 1 h." {
		t.Errorf("in words: %q", volume.Summary)
	}
	latency := latencyChart(buckets, time.Hour)
	if len(latency.Lines) != 3 || latency.Lines[0].Label != "p95" || latency.Lines[0].Values[0] != 128 || latency.Lines[0].Values[1] != -1 || latency.Peak != "128 ms" {
		t.Errorf("got %+v", latency)
	}
	if volumeChart(nil, time.Hour).Axis != nil || len(axis(buckets)) != 3 {
		t.Error("the axis changed")
	}
}

func TestChartRange_is_a_day_or_an_hour_for_the_young_unless_asked(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]time.Duration{"/": 24 * time.Hour, "/?range=1h": time.Hour, "/?range=7d": 7 * 24 * time.Hour, "/?range=99y": 24 * time.Hour} {
		if got, _ := chartRange(visited(address), noon.Add(-young), noon); got != want {
			t.Errorf("%s: %v", address, got)
		}
		if got, _ := chartRange(visited("/"), noon.Add(-time.Minute), noon); got != time.Hour {
			t.Errorf("a project made just now shows %v", got)
		}
		if step := stepOf(want); step < time.Minute || want/step > 61 {
			t.Errorf("%v in steps of %v", want, step)
		}
	}
}

func TestEventPage_says_who_got_it_and_who_did_not(t *testing.T) {
	t.Parallel()
	got := rowOfState(webhook.Delivered)
	got.EndpointID, got.EndpointName = webhook.EndpointID{UUID: webhook.UUID{1}}, "orders"
	waiting := rowOfState(webhook.Waiting)
	waiting.EndpointID = webhook.EndpointID{UUID: webhook.UUID{2}}
	match := func(id byte, name string) manage.EventMatch {
		return manage.EventMatch{
			Endpoint:    webhook.Endpoint{ID: webhook.EndpointID{UUID: webhook.UUID{id}}, Settings: webhook.Settings{Name: name}},
			Explanation: filter.Explanation{Lines: []filter.Line{{What: "topic", Why: "prompt.* does not match"}}},
		}
	}
	d := manage.EventDetail{
		Event:      webhook.Event{Topic: "product.viewed", Data: []byte(`{"a":1}`), Audience: webhook.AudienceAll, FanOut: true},
		Deliveries: []webhook.DeliveryRow{got, waiting}, Matches: []manage.EventMatch{match(1, "orders"), match(2, "slow"), match(3, "prompts")},
	}
	m := presentEventPage(webhook.ProjectID{}, d, noon)
	if m.Verdict.Text != "1 of 2 endpoints got it so far." || len(m.Receivers) != 2 || m.Audience != "all projects that subscribe" || m.FanOut == "" {
		t.Errorf("got %+v", m)
	}
	if len(m.Missed) != 1 || m.Missed[0].Endpoint != "prompts" || m.Missed[0].Lines[0].Why != "prompt.* does not match" {
		t.Errorf("missed %+v", m.Missed)
	}
	d.Data, d.ExpungedAt = nil, noon.Add(-time.Hour)
	if m := presentEventPage(webhook.ProjectID{}, d, noon); !strings.HasPrefix(m.Payload.Note, "Expunged 1 h ago") || m.Unexplained == "" {
		t.Errorf("expunged: %q", m.Payload.Note)
	}
	d.ExpungedAt, d.Hidden = time.Time{}, true
	if m := presentEventPage(webhook.ProjectID{}, d, noon); m.Payload.Note != hiddenNote || m.Unexplained != "" {
		t.Errorf("hidden: %q", m.Payload.Note)
	}
}

func TestEventVerdict_counts_an_endpoint_once(t *testing.T) {
	t.Parallel()
	one, two := webhook.EndpointID{UUID: webhook.UUID{1}}, webhook.EndpointID{UUID: webhook.UUID{2}}
	for want, c := range map[string][2]map[webhook.EndpointID]bool{
		"No endpoint took this event.":    {{}, {}},
		"2 endpoints got it.":             {{one: true, two: true}, {one: true, two: true}},
		"0 of 1 endpoint got it so far.":  {{one: true}, {one: false}},
		"1 of 2 endpoints got it so far.": {{one: true, two: true}, {one: true}},
	} {
		if got := eventVerdict(c[0], c[1]); got.Text != want {
			t.Errorf("got %q, want %q", got.Text, want)
		}
	}
}
