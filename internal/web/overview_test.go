package web

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

// projectOf is a project with endpoints in the conditions.
func projectOf(conditions ...condition) overviewState {
	var s overviewState
	for i, c := range conditions {
		e := wellEndpoint()
		e.ID = webhook.EndpointID{UUID: webhook.UUID{byte(i + 1)}}
		s.list = append(s.list, standing{Endpoint: e, condition: c})
	}
	return s
}

// holding gives each endpoint that a person paused so much that waits.
func (s overviewState) holding(n int64) overviewState {
	s.held = heldBack{list: s.list.narrowed(is(pausedBySomebody)), waits: map[webhook.EndpointID]webhook.Backlog{}}
	for _, one := range s.held.list {
		s.held.waits[one.ID] = webhook.Backlog{Waiting: n}
	}
	return s
}

func many(c condition, n int) []condition { return slices.Repeat([]condition{c}, n) }

func TestOverview_begins_with_one_sentence_of_state(t *testing.T) {
	t.Parallel()
	suspended := projectOf(failing)
	suspended.project.SuspendedAt = noon
	for _, c := range []struct {
		state  overviewState
		tone   component.Tone
		title  string
		detail string
	}{
		{suspended, component.Held, "This project is suspended", "Everything is held until an operator lifts the suspension; nothing is lost."},
		{projectOf(), component.Neutral, "No endpoint yet", "Connect one and send it a first event."},
		{projectOf(failing, healthy, healthy), component.Bad, "1 endpoint needs you", "Of the others 2 healthy."},
		{projectOf(failing, stopped, mostlyFailing, healthy, unsteady), component.Bad, "3 endpoints need you", "Of the others 1 not quite well, 1 healthy."},
		{projectOf(failing), component.Bad, "1 endpoint needs you", ""},
		{projectOf(failing, mostlyFailing, pausedBySomebody), component.Bad, "Nothing gets through", "Every endpoint that something is sent to fails, each for a reason of its own. What failed is tried again."},
		{projectOf(unsteady), component.Retry, "Your endpoint is not quite well", "Nothing to do yet: what failed is tried again."},
		{projectOf(append(many(healthy, 11), shaken)...), component.Retry, "1 of 12 endpoints is not quite well", "Of the others 11 healthy."},
		{projectOf(unsteady, shaken, unused), component.Retry, "2 of 3 endpoints are not quite well", "Of the others 1 not used yet."},
		{projectOf(healthy), component.Good, "Your endpoint is healthy", ""},
		{projectOf(many(healthy, 12)...), component.Good, "All 12 endpoints are healthy", ""},
		{projectOf(healthy, healthy, healthy, pausedBySomebody, unused, unused), component.Good, "3 healthy, 1 paused, 2 not used yet", ""},
		{projectOf(unused), component.Wait, "Your endpoint is not used yet", "Nothing was sent to it so far."},
		{projectOf(pausedBySomebody, unused), component.Held, "1 paused, 1 not used yet", ""},
		{projectOf(healthy, pausedBySomebody).holding(116), component.Held, "1 healthy, 1 paused and holding 116", "What is held goes out once somebody resumes it; nothing is lost."},
		{projectOf(pausedBySomebody).holding(3), component.Held, "1 paused and holding 3", "What is held goes out once somebody resumes it; nothing is lost."},
		{projectOf(failing, healthy, pausedBySomebody).holding(manage.MaxBacklog), component.Bad, "1 endpoint needs you", "Of the others 1 healthy, 1 paused and holding 1,000+."},
	} {
		mark, detail := c.state.verdict()
		if mark.Text != c.title || detail != c.detail || mark.Tone != c.tone {
			t.Errorf("got %+v, %q; want %q, %q", mark, detail, c.title, c.detail)
		}
	}
}

func TestOverview_blames_the_network_only_where_no_server_answered(t *testing.T) {
	t.Parallel()
	s := projectOf(failing, failing)
	at := func(endpoint byte, cause webhook.Cause, ago time.Duration) webhook.DeliveryRow {
		row := rowOfState(webhook.Waiting)
		row.EndpointID, row.LastCause, row.LastAttemptAt = webhook.EndpointID{UUID: webhook.UUID{endpoint}}, cause, noon.Add(-ago)
		return row
	}
	s.failures = []webhook.DeliveryRow{at(1, webhook.CauseDNS, 0), at(2, webhook.CauseConnectTimeout, 0), at(2, webhook.CauseStatus, time.Hour)}
	if _, detail := s.verdict(); !strings.Contains(detail, "probably the network") {
		t.Errorf("nobody answered: %q", detail)
	}
	s.failures[1].LastCause = webhook.CauseStatus
	if _, detail := s.verdict(); strings.Contains(detail, "network") {
		t.Errorf("one answered: %q", detail)
	}
}

func TestStandings_put_trouble_first_and_judge_each_endpoint_once(t *testing.T) {
	t.Parallel()
	row := func(name string, change func(*webhook.Standing)) webhook.Standing {
		s := webhook.Standing{Endpoint: wellEndpoint()}
		s.Name, s.ID = name, webhook.EndpointID{UUID: webhook.UUID{name[0]}}
		change(&s)
		return s
	}
	list := standingsOf([]webhook.Standing{
		row("well", func(*webhook.Standing) {}),
		row("new", func(s *webhook.Standing) { s.LastSuccessAt = time.Time{} }),
		row("paused", func(s *webhook.Standing) {
			s.State, s.PausedBecause, s.ConsecutiveFailures = webhook.EndpointPaused, webhook.PausedByPerson, 50
		}),
		row("shaky", func(s *webhook.Standing) { s.Delivered, s.Failed = 59, 41 }),
		row("given up", func(s *webhook.Standing) { s.GivenUp = 1 }),
		row("half", func(s *webhook.Standing) { s.Delivered, s.Failed = 10, 10 }),
		row("dead", func(s *webhook.Standing) { s.ConsecutiveFailures = troubleFrom }),
		row("410", func(s *webhook.Standing) { s.State, s.PausedBecause = webhook.EndpointPaused, webhook.PausedAsGone }),
		row("Also dead", func(s *webhook.Standing) { s.ConsecutiveFailures = 9 }),
	})
	var names []string
	for _, one := range list {
		names = append(names, one.Name)
	}
	if got, want := strings.Join(names, ", "), "Also dead, dead, half, 410, given up, shaky, paused, new, well"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if needs, doubts := list.counted(condition.needsYou), list.counted(condition.doubtful); needs != 4 || doubts != 2 {
		t.Errorf("%d need somebody, %d are doubtful", needs, doubts)
	}
}

func TestPresentTrouble_says_what_since_when_and_where_to_mend_it(t *testing.T) {
	t.Parallel()
	developer := account.Caller{User: &account.User{Role: account.Member}, Projects: map[webhook.ProjectID]account.Role{{}: account.Developer}}
	viewer := account.Caller{User: &account.User{Role: account.Member}, Projects: map[webhook.ProjectID]account.Role{{}: account.Viewer}}
	e := wellEndpoint()
	e.ConsecutiveFailures, e.FailingSince = 7, noon.Add(-50*time.Minute)
	last := rowOfState(webhook.Waiting)
	last.ID, last.LastCause, last.LastStatus = webhook.DeliveryID{UUID: webhook.UUID{9}}, webhook.CauseStatus, 500
	row := presentTrouble(standing{e, hour{}, failing}, last, developer, noon)
	if row.Cause != "it answered 500; 7 failures in a row" || row.Since.Text != "11:10 UTC" || row.Action.Label != "See why" || row.Action.URL != pathDelivery(last.Delivery) {
		t.Errorf("failing: %+v", row)
	}
	if row := presentTrouble(standing{e, hour{}, failing}, webhook.DeliveryRow{}, developer, noon); row.Cause != "7 failures in a row" || row.Action.URL != pathEndpoint(e) {
		t.Errorf("without a delivery to show: %+v", row)
	}
	shaky := standing{wellEndpoint(), hour{attempts: 12, failed: 5}, unsteady}
	if row := presentTrouble(shaky, last, developer, noon); row.Cause != "41 % of 12 attempts failed in the last hour; the last time it answered 500" {
		t.Errorf("unsteady: %q", row.Cause)
	}
	if row := presentTrouble(shaky, webhook.DeliveryRow{}, developer, noon); row.Cause != "41 % of 12 attempts failed in the last hour" {
		t.Errorf("unsteady without a delivery: %q", row.Cause)
	}
	e.State, e.PausedBecause, e.PausedAt = webhook.EndpointPaused, webhook.PausedAsGone, noon.Add(-48*time.Hour)
	if row := presentTrouble(standing{e, hour{}, stopped}, last, developer, noon); row.Action.Label != "Change its URL" || row.Since.Text != "19 Nov 12:00 UTC" || row.Mark.Tone != component.Held {
		t.Errorf("gone: %+v", row)
	}
	if row := presentTrouble(standing{e, hour{}, stopped}, last, viewer, noon); row.Action.Label != "Look at it" {
		t.Errorf("a viewer is offered %+v", row.Action)
	}
}

func TestLastFailures_sum_up_what_repeats(t *testing.T) {
	t.Parallel()
	at := func(n int, endpoint byte, status int, state webhook.State) webhook.DeliveryRow {
		row := rowOfState(state)
		row.ID, row.EndpointID = webhook.DeliveryID{UUID: webhook.UUID{byte(n)}}, webhook.EndpointID{UUID: webhook.UUID{endpoint}}
		row.EndpointName, row.LastCause, row.LastStatus, row.LastAttemptAt = "old-crm", webhook.CauseStatus, status, noon.Add(-time.Duration(n)*time.Minute)
		return row
	}
	well := rowOfState(webhook.Delivered)
	test := at(9, 1, 500, webhook.Exhausted)
	test.Test = true
	recent := []webhook.DeliveryRow{well, at(3, 1, 500, webhook.Waiting), at(1, 1, 500, webhook.Exhausted), test}
	exhausted := []webhook.DeliveryRow{at(1, 1, 500, webhook.Exhausted), at(2, 1, 500, webhook.Exhausted), at(4, 2, 500, webhook.Exhausted), at(5, 1, 500, webhook.Exhausted), at(6, 1, 404, webhook.Exhausted)}
	rows := presentFailures(lastFailures(recent, exhausted), noon)
	if len(rows) != 3 {
		t.Fatalf("%d rows: %+v", len(rows), rows)
	}
	if r := rows[0]; r.Times != "4 times" || r.Since.Text != "11:55 UTC" || r.At.Text != "1 min ago" || r.Mark.Text != "failed" || !strings.Contains(r.URL, "?endpoint=") {
		t.Errorf("three alike: %+v", r)
	}
	if r := rows[1]; r.Times != "" || !strings.Contains(r.URL, "/deliveries/") {
		t.Errorf("one of another endpoint: %+v", r)
	}
	if rows[2].Answer == rows[0].Answer || rows[2].Endpoint != rows[0].Endpoint {
		t.Error("another answer is another failure")
	}
	lots := make([]webhook.DeliveryRow, 0, 40)
	for n := range 40 {
		lots = append(lots, at(n, byte(n%10), 500, webhook.Exhausted))
	}
	if got := presentFailures(lots, noon); len(got) != listedFailures {
		t.Errorf("%d rows", len(got))
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
	if len(latency.Lines) != 3 || latency.Lines[0].Label+latency.Lines[1].Label+latency.Lines[2].Label != "p50p95p99" || latency.Lines[1].Rank != 0 || latency.Lines[0].Values[0] != 128 || latency.Lines[0].Values[1] != -1 || latency.Peak != "128 ms" {
		t.Errorf("got %+v", latency)
	}
	if volumeChart(nil, time.Hour).Axis != nil || len(axis(buckets)) != 3 {
		t.Error("the axis changed")
	}
}

func TestLatency_is_none_where_nothing_answered(t *testing.T) {
	t.Parallel()
	var slow webhook.Latency
	slow.Add(15 * time.Second)
	late := webhook.StatsBucket{Start: noon, Failed: 4, Causes: map[webhook.Cause]int64{webhook.CauseTimeout: 1, webhook.CauseDNS: 3}, Latency: slow}
	if got := latencyWords(latencyOf([]webhook.StatsBucket{late}), 0.95); got != "–" {
		t.Errorf("nothing answered: %q", got)
	}
	refused := webhook.StatsBucket{Start: noon.Add(time.Hour), Failed: 1, Causes: map[webhook.Cause]int64{webhook.CauseStatus: 1}}
	refused.Latency.Add(100 * time.Millisecond)
	buckets := []webhook.StatsBucket{late, refused}
	if got := latencyWords(latencyOf(buckets), 0.95); got != "≤ 128 ms" {
		t.Errorf("a bad answer is an answer, and a time-out beside it is no faster: %q", got)
	}
	if chart := latencyChart(buckets, time.Hour); chart.Lines[1].Values[0] != -1 || chart.Lines[1].Values[1] != 128 || chart.Lines[1].Words[0] != "–" {
		t.Errorf("got %+v", chart.Lines[1])
	}
	if got := figures(manage.Stats{Buckets: []webhook.StatsBucket{late}, Failed: 4, Latency: slow}); got[2].Value != "–" {
		t.Errorf("got %+v", got[2])
	}
}

func TestChartTime_is_a_day_or_an_hour_for_the_young_unless_asked(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]time.Duration{
		"/": 24 * time.Hour, "/?range=1h": time.Hour, "/?range=7d": 7 * 24 * time.Hour, "/?range=30d": 30 * 24 * time.Hour, "/?range=99y": 24 * time.Hour,
		"/?since=2026-11-21T10:00&until=2026-11-21T11:30": 90 * time.Minute, "/?since=2026-11-21T10:00": 2 * time.Hour,
		"/?since=2026-11-21T10:00&until=2026-11-21T10:01": shortest,
	} {
		got := chartTimeOf(visited(address), noon.Add(-young), noon)
		if got.until.Sub(got.since) != want || len(got.wrong) > 0 {
			t.Errorf("%s: %v, %v", address, got.until.Sub(got.since), got.wrong)
		}
		if got.step < time.Minute || want/got.step > 72 || got.own() != strings.Contains(address, "since") {
			t.Errorf("%s: steps of %v, own: %v", address, got.step, got.own())
		}
	}
	if got := chartTimeOf(visited("/"), noon.Add(-time.Minute), noon); got.name != "1h" {
		t.Errorf("a project made just now shows %s", got.name)
	}
	for address, field := range map[string]string{
		"/?since=soon": "since", "/?until=2026-11-21T10:00": "since", "/?since=2026-11-21T10:00&until=x": "until",
		"/?since=2026-11-21T10:00&until=2026-11-21T09:00": "since", "/?since=1970-01-01T00:00": "since",
	} {
		got := chartTimeOf(visited(address), noon, noon)
		if got.wrong[field] == "" || got.own() || got.charts(visited(address), "/log?").Custom != "" {
			t.Errorf("%s: %+v", address, got)
		}
	}
	if old := chartTimeOf(visited("/?since=2026-11-01T10:00&until=2026-11-01T11:00"), noon, noon); old.step != time.Hour {
		t.Errorf("where only hours are kept: steps of %v", old.step)
	}
	if got := stepOf(400 * 24 * time.Hour); got%(24*time.Hour) != 0 || 400*24*time.Hour/got > 72 {
		t.Errorf("more than a year in steps of %v", got)
	}
}

func TestCharts_lead_to_what_happened_in_a_time_of_ones_own(t *testing.T) {
	t.Parallel()
	c := visited("/p/x?tab=health&since=2026-11-21T10:00&until=2026-11-21T11:00")
	m := chartTimeOf(c, noon, noon).charts(c, "/deliveries?")
	if m.Custom != "21 Nov 10:00–11:00 UTC" || m.Log.URL != "/deliveries?since=2026-11-21T10:00&until=2026-11-21T11:00" {
		t.Errorf("got %+v", m)
	}
	for _, chip := range m.Ranges {
		if chip.On || strings.Contains(chip.URL, "since") || !strings.Contains(chip.URL, "tab=health") {
			t.Errorf("got %+v", chip)
		}
	}
	if got := stretch(noon.Add(-24*time.Hour), noon); got != "20 Nov 12:00–21 Nov 12:00 UTC" {
		t.Errorf("two days: %q", got)
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
		Event: webhook.Event{Topic: "product.viewed", Data: []byte(`{"a":1}`), Audience: webhook.AudienceAll, FanOut: true}, Progress: webhook.FanOutProgress{Pending: true},
		Deliveries: []webhook.DeliveryRow{got, waiting}, Matches: []manage.EventMatch{match(1, "orders"), match(2, "slow"), match(3, "prompts")},
	}
	m := presentEventPage(webhook.ProjectID{}, d, noon)
	if o := m.Outcome; o.Verdict.Text != "1 of 2 endpoints got it so far." || len(o.Receivers) != 2 || m.Audience != "for all projects that subscribe" || o.FanOut == "" || o.Every != "2s" {
		t.Errorf("got %+v", m)
	}
	if len(m.Outcome.Missed) != 1 || m.Outcome.Missed[0].Endpoint != "prompts" || m.Outcome.Missed[0].Lines[0].Why != "prompt.* does not match" {
		t.Errorf("missed %+v", m.Outcome.Missed)
	}
	d.Data, d.ExpungedAt = nil, noon.Add(-time.Hour)
	if m := presentEventPage(webhook.ProjectID{}, d, noon); !strings.HasPrefix(m.Payload.Note, "Expunged 1 h ago") || m.Outcome.Unexplained == "" {
		t.Errorf("expunged: %q", m.Payload.Note)
	}
	d.ExpungedAt, d.Hidden = time.Time{}, true
	if m := presentEventPage(webhook.ProjectID{}, d, noon); m.Payload.Note != hiddenNote || m.Outcome.Unexplained != "" {
		t.Errorf("hidden: %q", m.Payload.Note)
	}
}

func TestEventVerdict_counts_an_endpoint_once(t *testing.T) {
	t.Parallel()
	row := func(endpoint byte, state webhook.State) webhook.DeliveryRow {
		r := rowOfState(state)
		r.EndpointID = webhook.EndpointID{UUID: webhook.UUID{endpoint}}
		return r
	}
	paused := row(3, webhook.Waiting)
	paused.EndpointState = webhook.EndpointPaused
	for want, rows := range map[string][]webhook.DeliveryRow{
		"No endpoint took this event. Nothing was sent. What kept each endpoint from it stands below.": nil,
		"2 endpoints got it. ":                                       {row(1, webhook.Delivered), row(1, webhook.Exhausted), row(2, webhook.Delivered)},
		"0 of 1 endpoint got it so far. 1 is under way.":             {row(1, webhook.Waiting), row(1, webhook.Exhausted)},
		"1 of 3 endpoints got it so far. 1 is under way, 1 is held.": {row(1, webhook.Delivered), row(2, webhook.Sending), paused},
		"1 of 2 endpoints got it. 1 ended without success.":          {row(1, webhook.Delivered), row(2, webhook.Exhausted)},
		"0 of 1 endpoint got it. 1 is held.":                         {paused},
	} {
		mark, detail := eventVerdict(manage.EventDetail{Deliveries: rows})
		if got := mark.Text + " " + detail; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// combinations are all ways to have some endpoints, a few of each condition.
func combinations(most int) [][]condition {
	all := [][]condition{nil}
	for c := failing; c <= healthy; c++ {
		var more [][]condition
		for _, some := range all {
			for n := 0; n <= most && len(some)+n <= 5; n++ {
				more = append(more, slices.Concat(some, many(c, n)))
			}
		}
		all = more
	}
	return all
}

var counted = regexp.MustCompile(`[0-9]+`)

func sumOf(words string) (sum int) {
	for _, n := range counted.FindAllString(words, -1) {
		one, _ := strconv.Atoi(n)
		sum += one
	}
	return sum
}

func TestOverview_counts_every_endpoint_exactly_once_whatever_they_are_like(t *testing.T) {
	t.Parallel()
	for _, conditions := range combinations(2) {
		s := projectOf(conditions...)
		mark, detail := s.verdict()
		needs, doubts, all := s.list.counted(condition.needsYou), s.list.counted(condition.doubtful), len(s.list)
		switch {
		case all <= 1 || mark.Text == "Nothing gets through":
			continue
		case strings.HasPrefix(mark.Text, "All "):
			if sumOf(mark.Text) != all || s.list.counted(is(healthy)) != all {
				t.Errorf("%v: %q", conditions, mark.Text)
			}
		case needs > 0:
			if sumOf(mark.Text) != needs || sumOf(detail) != all-needs {
				t.Errorf("%v: %q %q", conditions, mark.Text, detail)
			}
		case doubts > 0:
			if sumOf(mark.Text) != doubts+all || sumOf(detail) != all-doubts {
				t.Errorf("%v: %q %q", conditions, mark.Text, detail)
			}
		case sumOf(mark.Text) != all:
			t.Errorf("%v: %q %q", conditions, mark.Text, detail)
		}
	}
}

func TestOverview_leaves_a_first_failure_to_the_guide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		title  string
		guided bool
		state  overviewState
	}{
		{"The first event has not arrived yet", true, projectOf(shaken)},
		{"Your endpoint is not used yet", true, projectOf(unused)},
		{"1 endpoint needs you", false, projectOf(failing)},
		{"1 of 2 endpoints is not quite well", false, projectOf(shaken, unused)},
		{"No endpoint yet", true, projectOf()},
	} {
		c.state.first = true
		if mark, _ := c.state.verdict(); mark.Text != c.title || c.state.guided() != c.guided {
			t.Errorf("%q, guided: %v; want %q", mark.Text, c.state.guided(), c.title)
		}
	}
	if s := (overviewState{past: true}); s.guided() {
		t.Error("what was delivered to endpoints that are gone is not shown")
	}
}

func TestCharts_say_so_where_nothing_was(t *testing.T) {
	t.Parallel()
	var m component.ChartsModel
	fill(&m, []webhook.StatsBucket{{Start: noon}}, time.Hour, "overview")
	if m.Nothing == "" {
		t.Error("an empty chart is drawn")
	}
	m = component.ChartsModel{}
	fill(&m, []webhook.StatsBucket{{Start: noon, Failed: 1}}, 20*time.Minute, "overview")
	if m.Nothing != "" || m.Volume.Scale != "per 20 min, UTC" || m.Latency.Scale != m.Volume.Scale {
		t.Errorf("got %+v", m)
	}
}
