package web

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/topics"
)

func TestSchemaMembers_are_the_required_ones_first(t *testing.T) {
	t.Parallel()
	got := schemaMembers([]byte(`{"type":"object","required":["price","id"],"properties":{
		"note":{"type":["string","null"],"description":"said by the shop"},"price":{"type":"number"},"id":{"type":"string"},"extra":{}}}`))
	want := []topics.Member{
		{Name: "id", Type: "string", Required: true}, {Name: "price", Type: "number", Required: true},
		{Name: "extra", Type: "any"}, {Name: "note", Type: "string or null", Note: "said by the shop"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, odd := range []string{"", "[]", "{", `{"properties":[]}`, `true`} {
		if got := schemaMembers([]byte(odd)); got != nil {
			t.Errorf("%q has members %v", odd, got)
		}
	}
}

func TestSchemaMembers_of_every_shipped_topic_are_named(t *testing.T) {
	t.Parallel()
	for _, topic := range manage.ShippedTopics() {
		if len(topic.Schema) > 0 && len(schemaMembers(topic.Schema)) == 0 {
			t.Errorf("%s: its page lists no member", topic.Name)
		}
		if m := presentTopic(topic); m.Group == "" || m.Example.Kind != "json" {
			t.Errorf("%s: group %q, example %q", topic.Name, m.Group, m.Example.Kind)
		}
	}
}

func TestPresentTopic_says_how_data_is_checked(t *testing.T) {
	t.Parallel()
	for want, topic := range map[string]webhook.Topic{
		"Any object is taken.":                                 {},
		"Data that breaks the schema is refused.":              {Schema: []byte("{}")},
		"Data that breaks the schema is taken with a warning.": {Schema: []byte("{}"), WarnOnly: true},
	} {
		if got := presentTopic(topic); got.Check != want {
			t.Errorf("got %q, want %q", got.Check, want)
		}
	}
}

func TestTakers_are_those_whose_patterns_match(t *testing.T) {
	t.Parallel()
	endpoint := func(name string, patterns ...string) webhook.Subscription {
		return webhook.Subscription{Name: name, Topics: patterns}
	}
	all := []webhook.Subscription{endpoint("all", "*"), endpoint("products", "chat.*", "product.*"), endpoint("one", "product.viewed"), endpoint("ops", "endpoint.paused")}
	for topic, want := range map[string]string{
		"product.viewed": "all products one", "product.added": "all products", "endpoint.paused": "ops", "prompt.created": "all",
	} {
		var names []string
		for _, e := range takers(all, topic) {
			names = append(names, e.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s", topic, got)
		}
	}
}
