package web

import (
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

func chosen(options []component.Option) string {
	for _, o := range options {
		if o.Selected {
			return o.Value
		}
	}
	return "nothing"
}

func TestPresentForm_a_new_endpoint_leaves_format_and_retries_to_us(t *testing.T) {
	t.Parallel()
	m := presentForm(endpointForm{input: freshEndpoint("prompt.created")}, manage.ShippedTopics())
	if !m.New || m.Formats[0].Value != "" || !m.Formats[0].Selected || chosen(m.Retries) != "" {
		t.Errorf("formats %+v, retries %+v", m.Formats[0], m.Retries)
	}
	if len(m.Formats) != len(wire.Formats())+1 {
		t.Errorf("%d formats are offered", len(m.Formats))
	}
	if m.Timeout.Value != "" || !m.ClientErrors || len(m.Payload) != 1 || len(m.Headers) != 1 {
		t.Errorf("got %+v", m)
	}
	for _, g := range m.Topics {
		if g.Open != (g.Title == "Prompts") {
			t.Errorf("%s is open: %v", g.Title, g.Open)
		}
		if g.Title == "Prompts" && chosen(g.Topics) != "prompt.created" {
			t.Error("the topic that was asked for is not ticked")
		}
	}
}

func TestPresentForm_a_stored_endpoint_has_a_format_and_keeps_it(t *testing.T) {
	t.Parallel()
	e := webhook.Endpoint{Settings: webhook.Settings{
		Format: webhook.FormatHub, Retry: webhook.RetryPolicy{Policy: webhook.RetryShort}, Headers: []webhook.Header{{Name: "X-S", Secret: true, Value: "****"}},
	}}
	m := presentForm(endpointForm{input: storedEndpoint(e, nil), before: &e}, manage.ShippedTopics())
	if m.New || m.Formats[0].Value == "" || chosen(m.Retries) != "short" {
		t.Errorf("new %v, first format %+v, retries %v", m.New, m.Formats[0], m.Retries)
	}
	for _, f := range m.Formats {
		if f.Selected != (f.Value == "hub") {
			t.Errorf("format %s selected: %v", f.Value, f.Selected)
		}
	}
	if h := m.Headers[0]; !h.Secret || !h.Kept || h.Value != "" {
		t.Errorf("secret header %+v", h)
	}
	if !m.Topics[0].Open {
		t.Error("without a tick the first group is open")
	}
}

func TestPresentForm_offers_spare_rows(t *testing.T) {
	t.Parallel()
	for do, want := range map[string][2]int{endpoints.DoSave: {2, 2}, endpoints.DoAddPayload: {3, 2}, endpoints.DoAddHeader: {2, 3}} {
		in := endpointInput{do: do, payload: []webhook.PayloadRow{{Path: "a"}}, headers: []headerInput{{name: "X-A", kind: headerPlain}}}
		m := presentForm(endpointForm{input: in}, nil)
		if len(m.Payload) != want[0] || len(m.Headers) != want[1] {
			t.Errorf("%s: %d conditions, %d headers", do, len(m.Payload), len(m.Headers))
		}
	}
}

func TestPresentForm_a_value_typed_over_a_kept_one_is_shown_again(t *testing.T) {
	t.Parallel()
	m := presentForm(endpointForm{input: endpointInput{headers: []headerInput{{"X-S", headerKept, "new"}}}}, nil)
	if h := m.Headers[0]; h.Kept || !h.Secret || h.Value != "new" {
		t.Errorf("got %+v", h)
	}
}

func TestPresentForm_shows_each_mistake_in_its_row(t *testing.T) {
	t.Parallel()
	in := endpointInput{payload: []webhook.PayloadRow{{Path: "a"}, {Path: "b"}}, headers: []headerInput{{name: "Host"}}}
	m := presentForm(endpointForm{input: in, wrong: map[string]string{
		"payloadFilter[1].value": "is missing", "headers[0].name": "Host follows from the URL", "headers": "are too many", "payloadFilter": "has too many rows",
	}}, nil)
	if m.Payload[0].Error != "" || m.Payload[1].Error != "is missing" || m.PayloadError != "has too many rows" {
		t.Errorf("conditions %+v", m.Payload)
	}
	if m.Headers[0].Error != "Host follows from the URL" || m.HeadersError != "are too many" || len(m.Mistakes) != 4 {
		t.Errorf("headers %+v, %q, %v", m.Headers, m.HeadersError, m.Mistakes)
	}
}

func TestTopicGroups_offer_a_deprecated_topic_to_those_who_have_it_only(t *testing.T) {
	t.Parallel()
	topics := []webhook.Topic{{Name: "old.topic", Group: webhook.GroupCustom, Deprecated: true, Description: "Old."}}
	if got := topicGroups(topics, nil); len(got) != 0 {
		t.Errorf("offered %+v", got)
	}
	got := topicGroups(topics, []string{"old.topic"})
	if len(got) != 1 || got[0].Topics[0].Hint != "Deprecated. Old." {
		t.Errorf("got %+v", got)
	}
}

func TestOperators_all_have_words(t *testing.T) {
	t.Parallel()
	if len(operators) != 11 {
		t.Errorf("%d operators", len(operators))
	}
	if operatorLabel(webhook.OpAtMost) != "≤" || operatorLabel("between") != "between" {
		t.Error("the words of an operator changed")
	}
}

func TestReachedTopics_are_in_the_order_of_the_patterns_and_without_repeats(t *testing.T) {
	t.Parallel()
	topics := manage.ShippedTopics()
	var names []string
	for _, topic := range reachedTopics([]string{"prompt.deleted", "prompt.*", "nothing.*", "*"}, topics) {
		names = append(names, topic.Name)
	}
	if names[0] != "prompt.deleted" || strings.Count(strings.Join(names, " "), "prompt.deleted") != 1 {
		t.Errorf("got %v", names)
	}
	for _, name := range names {
		if name == "endpoint.paused" {
			t.Error("a star reached an operational topic")
		}
	}
	groups := groupsOf(reachedTopics([]string{"prompt.created", "prompt.deleted"}, topics))
	if len(groups) != 1 || webhook.DefaultFormat(groups) != webhook.FormatAbv {
		t.Errorf("groups %v", groups)
	}
}

func TestPreviewNotes_name_what_a_format_does_to_the_data(t *testing.T) {
	t.Parallel()
	topics := []webhook.Topic{{Name: "a.b", Example: []byte(`{"eventId":"x","id":12345678901234567890,"items":[{"n":0.10000000000000000001}]}`)}}
	for name, c := range map[string]struct {
		set  webhook.Settings
		want []string
	}{
		"abba":       {webhook.Settings{Format: webhook.FormatAbba}, []string{"The member eventId of a.b is left out"}},
		"aicommerce": {webhook.Settings{Format: webhook.FormatAICommerce}, []string{"loses digits at id, items[0].n"}},
		"standard":   {webhook.Settings{Format: webhook.FormatStandard}, nil},
		"abv":        {webhook.Settings{Format: webhook.FormatAbv, Timeout: webhook.DefaultTimeout}, []string{"the timeout is 15 s"}},
		"abv alone":  {webhook.Settings{Format: webhook.FormatAbv}, nil},
	} {
		notes := previewNotes(c.set, topics)
		if len(notes) != len(c.want) {
			t.Errorf("%s: %q", name, notes)
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(notes[i], want) {
				t.Errorf("%s: %q does not say %q", name, notes[i], want)
			}
		}
	}
}

func TestPreviewSecret_is_one_that_could_be_registered(t *testing.T) {
	t.Parallel()
	if err := webhook.CheckSecret(previewSecret); err != nil {
		t.Error(err)
	}
}
