package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/webhook"
)

func endpoint(topics ...string) webhook.Endpoint {
	return webhook.Endpoint{Settings: webhook.Settings{Topics: topics}}
}

func event(topic, data string) webhook.Event {
	return webhook.Event{Topic: topic, Data: []byte(data)}
}

// takes asks all three ways and fails if they disagree.
func takes(t *testing.T, e webhook.Endpoint, ev webhook.Event) bool {
	t.Helper()
	c, err := filter.Compile(e)
	if err != nil {
		t.Fatal(err)
	}
	compiled, direct, explained := c.Match(ev), filter.Match(e, ev), filter.Explain(e, ev)
	if compiled != direct || compiled != explained.Matched {
		t.Fatalf("compiled %v, direct %v, explained %+v", compiled, direct, explained)
	}
	return compiled
}

func TestGlobsMatchAnyRunOfCharacters(t *testing.T) {
	t.Parallel()
	cases := []struct {
		pattern, name string
		want          bool
	}{
		{"product.updated", "product.updated", true},
		{"product.updated", "product.updated2", false},
		{"product.updated", "Product.updated", false},
		{"*", "product.updated", true},
		{"**", "product.updated", true},
		{"*", "", true},
		{"product.*", "product.updated", true},
		{"product.*", "product.a.b.c", true},
		{"product.**", "product.a.b.c", true},
		{"product.*", "product", false},
		{"product.*", "product.", true},
		{"*.created", "chat.session.created", true},
		{"*.created", "chat.session.created.now", false},
		{"chat.*.created", "chat.session.created", true},
		{"chat.*.created", "chat.created", false},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"a*b*c", "axbxbxc", true},
		{"a*b*c", "axcxb", false},
		{"*ab*ab*", "abab", true},
		{"*ab*ab*", "aba", false},
		{"*a*b*", "ba", false},
		{"a?c", "abc", false},
		{"[ab]", "a", false},
	}
	for _, c := range cases {
		if got := filter.Topic(c.pattern, c.name); got != c.want {
			t.Errorf("%s on %s: %v", c.pattern, c.name, got)
		}
	}
}

func TestOperationalTopicsAreTakenByFullNameOnly(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"endpoint.warning", "endpoint.paused", "endpoint.resumed", "delivery.exhausted"} {
		if !filter.IsOperational(name) {
			t.Errorf("%s is not operational", name)
		}
		for _, pattern := range []string{"*", "**", "endpoint.*", "delivery.*", "*.*", name + "*"} {
			if takes(t, endpoint(pattern), event(name, `{}`)) {
				t.Errorf("%s takes %s", pattern, name)
			}
		}
		if !takes(t, endpoint("*", name), event(name, `{}`)) {
			t.Errorf("%s is not taken by name", name)
		}
	}
	if filter.IsOperational("endpoint.created") || !takes(t, endpoint("endpoint.*"), event("endpoint.created", `{}`)) {
		t.Error("endpoint.created is held for operational")
	}
}

func TestAnEndpointTakesAnyOfItsTopicsAndNothingWithoutOne(t *testing.T) {
	t.Parallel()
	e := endpoint("a.b", "c.*")
	for topic, want := range map[string]bool{"a.b": true, "c.d": true, "a.c": false} {
		if got := takes(t, e, event(topic, `{}`)); got != want {
			t.Errorf("%s: %v", topic, got)
		}
	}
	if takes(t, endpoint(), event("a.b", `{}`)) {
		t.Error("an endpoint without topics takes events")
	}
}

func TestPromptFilters(t *testing.T) {
	t.Parallel()
	const data = `{"name":"production/movie-critic","tags":["film","\u0066un"],"labels":["latest"]}`
	cases := []struct {
		name   string
		filter webhook.PromptFilter
		topic  string
		data   string
		want   bool
	}{
		{"a name glob", webhook.PromptFilter{Names: []string{"x", "production/*"}}, "prompt.created", data, true},
		{"an exact name", webhook.PromptFilter{Names: []string{"production/movie-critic"}}, "prompt.created", data, true},
		{"another name", webhook.PromptFilter{Names: []string{"staging/*"}}, "prompt.created", data, false},
		{"any of the tags", webhook.PromptFilter{Tags: []string{"news", "film"}}, "prompt.updated", data, true},
		{"a tag spelt with an escape", webhook.PromptFilter{Tags: []string{"fun"}}, "prompt.updated", data, true},
		{"no such tag", webhook.PromptFilter{Tags: []string{"fil"}}, "prompt.updated", data, false},
		{"a label", webhook.PromptFilter{Labels: []string{"latest"}}, "prompt.deleted", data, true},
		{"no such label", webhook.PromptFilter{Labels: []string{"production"}}, "prompt.deleted", data, false},
		{"all lists must hold", webhook.PromptFilter{Names: []string{"*"}, Tags: []string{"film"}, Labels: []string{"x"}}, "prompt.created", data, false},
		{"all lists hold", webhook.PromptFilter{Names: []string{"*critic"}, Tags: []string{"film"}, Labels: []string{"latest"}}, "prompt.created", data, true},
		{"a prompt without a name", webhook.PromptFilter{Names: []string{"*"}}, "prompt.created", `{}`, false},
		{"tags that are no list", webhook.PromptFilter{Tags: []string{"film"}}, "prompt.created", `{"tags":"film"}`, false},
		{"tags that are no strings", webhook.PromptFilter{Tags: []string{"1"}}, "prompt.created", `{"tags":[1,null,["1"]]}`, false},
		{"a commerce event is not stopped", webhook.PromptFilter{Names: []string{"x"}, Tags: []string{"x"}}, "product.updated", `{}`, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := endpoint("*")
			e.Prompt = c.filter
			if got := takes(t, e, event(c.topic, c.data)); got != c.want {
				t.Errorf("got %v: %+v", got, filter.Explain(e, event(c.topic, c.data)))
			}
		})
	}
}

func TestPayloadOperators(t *testing.T) {
	t.Parallel()
	const data = `{"s":"Hello, W\u00f6rld","n":99.50,"big":9007199254740993,"t":true,"z":null,"l":["a","b",3],` +
		`"o":{"in":{"x":"deep"}},"at":"2026-01-24T10:30:00Z","price":"12.50","":"empty","neg":-0.0}`
	const (
		yes = true
		no  = false
	)
	cases := []struct {
		path     string
		operator webhook.Operator
		value    string
		want     bool
	}{
		{"s", webhook.OpEquals, "Hello, Wörld", yes},
		{"s", webhook.OpEquals, "hello, wörld", no},
		{"n", webhook.OpEquals, "99.5", yes},
		{"n", webhook.OpEquals, "9.95e1", yes},
		{"n", webhook.OpEquals, "99.49", no},
		{"big", webhook.OpEquals, "9007199254740992", no},
		{"neg", webhook.OpEquals, "0", yes},
		{"t", webhook.OpEquals, "true", yes},
		{"z", webhook.OpEquals, "null", yes},
		{"z", webhook.OpEquals, "", no},
		{"price", webhook.OpEquals, "12.5", no},
		{"o", webhook.OpEquals, `{"in":{"x":"deep"}}`, no},
		{"o.in.x", webhook.OpEquals, "deep", yes},
		{"l.1", webhook.OpEquals, "b", yes},
		{"missing", webhook.OpEquals, "x", no},
		{"s", webhook.OpNotEquals, "x", yes},
		{"n", webhook.OpNotEquals, "99.5", no},
		{"missing", webhook.OpNotEquals, "x", no},
		{"o.in.y", webhook.OpNotEquals, "x", no},
		{"s.x", webhook.OpNotEquals, "x", no},
		{"t", webhook.OpOneOf, "maybe, true", yes},
		{"n", webhook.OpOneOf, "1,99.500", yes},
		{"n", webhook.OpOneOf, "1,2", no},
		{"s", webhook.OpContains, "llo, W", yes},
		{"s", webhook.OpContains, "w", no},
		{"l", webhook.OpContains, "a", yes},
		{"l", webhook.OpContains, "3.0", yes},
		{"l", webhook.OpContains, "c", no},
		{"n", webhook.OpContains, "9", no},
		{"s", webhook.OpStartsWith, "Hello", yes},
		{"s", webhook.OpStartsWith, "World", no},
		{"n", webhook.OpStartsWith, "9", no},
		{"s", webhook.OpGlob, "*W*d", yes},
		{"s", webhook.OpGlob, "*x*", no},
		{"l", webhook.OpGlob, "*", no},
		{"n", webhook.OpLess, "100", yes},
		{"n", webhook.OpLess, "99.5", no},
		{"n", webhook.OpAtMost, "99.5", yes},
		{"n", webhook.OpMore, "99.5", no},
		{"n", webhook.OpMore, "-1e9", yes},
		{"n", webhook.OpAtLeast, "99.50", yes},
		{"big", webhook.OpMore, "9007199254740992", yes},
		{"price", webhook.OpMore, "9", yes},
		{"at", webhook.OpMore, "2026-01-01", yes},
		{"at", webhook.OpLess, "2026-01-01", no},
		{"at", webhook.OpMore, "5", no},
		{"at", webhook.OpLess, "5", no},
		{"n", webhook.OpMore, "abc", no},
		{"t", webhook.OpMore, "0", no},
		{"z", webhook.OpAtMost, "5", no},
		{"missing", webhook.OpLess, "5", no},
		{"z", webhook.OpExists, "", yes},
		{"o.in", webhook.OpExists, "", yes},
		{"o.out", webhook.OpExists, "", no},
	}
	for _, c := range cases {
		e := endpoint("*")
		e.Payload.Rows = []webhook.PayloadRow{{Path: c.path, Operator: c.operator, Value: c.value}}
		if got := takes(t, e, event("a.b", data)); got != c.want {
			t.Errorf("%s %s %s: %v", c.path, c.operator, c.value, got)
		}
	}
}

func TestAllPayloadRowsMustHold(t *testing.T) {
	t.Parallel()
	e := endpoint("*")
	e.Payload.Rows = []webhook.PayloadRow{
		{Path: "currency", Operator: webhook.OpEquals, Value: "EUR"},
		{Path: "newPrice", Operator: webhook.OpLess, Value: "100"},
	}
	for data, want := range map[string]bool{
		`{"currency":"EUR","newPrice":99}`:  true,
		`{"currency":"EUR","newPrice":100}`: false,
		`{"currency":"USD","newPrice":99}`:  false,
	} {
		if got := takes(t, e, event("a.b", data)); got != want {
			t.Errorf("%s: %v", data, got)
		}
	}
}

func TestAnExpungedPayloadMatchesNoRow(t *testing.T) {
	t.Parallel()
	e := endpoint("*")
	e.Payload.Rows = []webhook.PayloadRow{{Path: "a", Operator: webhook.OpExists}}
	if takes(t, e, webhook.Event{Topic: "a.b"}) {
		t.Error("a missing payload matches")
	}
}

func TestAnExplanationJudgesEveryCondition(t *testing.T) {
	t.Parallel()
	e := endpoint("order.*", "prompt.created")
	e.Prompt = webhook.PromptFilter{Names: []string{"prod/*"}, Labels: []string{"production"}}
	e.Payload.Rows = []webhook.PayloadRow{
		{Path: "name", Operator: webhook.OpStartsWith, Value: "prod"},
		{Path: "version", Operator: webhook.OpMore, Value: "3"},
		{Path: "gone", Operator: webhook.OpExists},
	}
	got := filter.Explain(e, event("prompt.updated", `{"name":"prod/a","version":3,"labels":["latest"]}`))
	want := []filter.Line{
		{"topic is one of order.*, prompt.created", false, "prompt.updated matches none of them"},
		{"prompt name matches one of prod/*", true, `name is "prod/a"`},
		{"prompt has one of the labels production", false, `labels is ["latest"]`},
		{"name starts with prod", true, `name is "prod/a"`},
		{"version > 3", false, "version is 3"},
		{"gone exists", false, "gone is missing"},
	}
	if got.Matched || len(got.Lines) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i, line := range want {
		if got.Lines[i] != line {
			t.Errorf("line %d\n got %+v\nwant %+v", i, got.Lines[i], line)
		}
	}
}

func TestExplanationsOfPassingAndOfOperationalEvents(t *testing.T) {
	t.Parallel()
	e := endpoint("product.*")
	e.Prompt = webhook.PromptFilter{Tags: []string{"a"}}
	got := filter.Explain(e, event("product.viewed", `{}`))
	if !got.Matched || len(got.Lines) != 2 || got.Lines[0].Why != "product.viewed matches product.*" ||
		!strings.Contains(got.Lines[1].Why, "does not apply") {
		t.Errorf("got %+v", got)
	}
	got = filter.Explain(endpoint("*"), event("endpoint.paused", `{}`))
	if got.Matched || !strings.Contains(got.Lines[0].Why, "full name only") {
		t.Errorf("got %+v", got)
	}
	e = endpoint("*")
	e.Payload.Rows = []webhook.PayloadRow{{Path: "a", Operator: webhook.OpContains, Value: "x"}}
	got = filter.Explain(e, event("a.b", `{"a":"`+strings.Repeat("é", 500)+`"}`))
	if why := got.Lines[1].Why; len(why) > 120 || !strings.HasSuffix(why, "…") {
		t.Errorf("a long value is shown as %q", why)
	}
}

func locations(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *webhook.Error
	if !errors.As(err, &e) || e.Kind != webhook.KindInvalid {
		t.Fatalf("not Invalid: %v", err)
	}
	var at []string
	for _, f := range e.Fields {
		at = append(at, f.Location)
	}
	return strings.Join(at, " ")
}

func TestTopicPatternsAreChecked(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "*", "**", "product.*", "*.created", "a-b_C9.x", "a*b", strings.Repeat("x", 128)} {
		if err := filter.CheckTopicPattern(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", ".", "a.", ".a", "a..b", "a b", "a/b", "a?", "[a]", "ä", "a\n", strings.Repeat("x", 129)} {
		if got := locations(t, filter.CheckTopicPattern(bad)); got != "topics" {
			t.Errorf("%q: refused at %q", bad, got)
		}
		if _, err := filter.Compile(endpoint("a", bad)); err == nil {
			t.Errorf("%q compiles", bad)
		}
	}
}

func TestPayloadRowsAreCheckedAndAllFaultsNamed(t *testing.T) {
	t.Parallel()
	rows := []webhook.PayloadRow{
		{Path: "a.b", Operator: webhook.OpEquals},
		{Path: "", Operator: webhook.OpExists},
		{Path: "a..b", Operator: webhook.OpExists},
		{Path: strings.Repeat("p", 257), Operator: webhook.OpExists},
		{Path: "a", Operator: "like", Value: "x"},
		{Path: "a", Operator: webhook.OpOneOf, Value: " , "},
		{Path: "a", Operator: webhook.OpLess},
		{Path: "a", Operator: webhook.OpContains, Value: strings.Repeat("v", 1025)},
	}
	want := "payloadFilter[1].path payloadFilter[2].path payloadFilter[3].path payloadFilter[4].operator " +
		"payloadFilter[5].value payloadFilter[6].value payloadFilter[7].value"
	if got := locations(t, filter.CheckPayload(webhook.PayloadFilter{Rows: rows})); got != want {
		t.Errorf("got %s", got)
	}
	if got := locations(t, filter.CheckPayload(webhook.PayloadFilter{Rows: make([]webhook.PayloadRow, 21)})); got != "payloadFilter" {
		t.Errorf("21 rows: %s", got)
	}
	e := endpoint("*")
	e.Payload.Rows = rows
	if _, err := filter.Compile(e); err == nil {
		t.Error("bad rows compile")
	}
}

func TestPromptFiltersAreChecked(t *testing.T) {
	t.Parallel()
	good := webhook.PromptFilter{Names: []string{"production/*", "ä b"}, Tags: []string{strings.Repeat("t", 200)}}
	if err := filter.CheckPrompt(good); err != nil {
		t.Error(err)
	}
	bad := webhook.PromptFilter{
		Names: []string{"a", ""}, Tags: []string{strings.Repeat("t", 201), "a\x00"}, Labels: make([]string, 51),
	}
	want := "promptFilter.names[1] promptFilter.tags[0] promptFilter.tags[1] promptFilter.labels"
	if got := locations(t, filter.CheckPrompt(bad)); got != want {
		t.Errorf("got %s", got)
	}
}
