package web

import (
	"math"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/webhook"
)

func TestEndpointForm_becomes_the_settings_that_were_typed(t *testing.T) {
	t.Parallel()
	form := url.Values{
		"do": {"save"}, "name": {"  orders-prod "}, "url": {" https://example.com/hook "}, "format": {"custom"}, "secret": {" s3cret "},
		"customHeader": {"X-Sig"}, "customSigned": {"{t}.{body}"}, "customEncoding": {"hex"}, "customValue": {"t={t},v1={signature}"}, "customBody": {"flat"},
		"topic": {"product.viewed", "prompt.created"}, "patterns": {"product.*\r\n\r\n  chat.* \r\n"},
		"promptNames": {"production/*\nstaging/*"}, "promptTags": {""}, "promptLabels": {"production"},
		"payloadPath": {"customer.country", "", "price"}, "payloadOperator": {"oneOf", "equals", "gte"}, "payloadValue": {"DE, FR", "", "10"},
		"headerName": {"X-Tenant", "X-Token", "X-Old", ""}, "headerSecret": {"no", "yes", "kept", "no"}, "headerValue": {"42", "typed", "", ""},
		"retry": {"custom"}, "delays": {"10\n60\n\n0.5"}, "clientErrors": {"true"},
		"timeout": {"7.5"}, "maxInFlight": {"8"}, "rate": {"2.5"}, "ordered": {"true"},
	}
	in := readEndpoint(form)
	want := webhook.Settings{
		Name: "orders-prod", URL: "https://example.com/hook", Format: webhook.FormatCustom,
		Custom: &webhook.CustomFormat{Header: "X-Sig", Signed: "{t}.{body}", Encoding: "hex", Value: "t={t},v1={signature}", Body: "flat"},
		Topics: []string{"product.viewed", "prompt.created", "product.*", "chat.*"},
		Prompt: webhook.PromptFilter{Names: []string{"production/*", "staging/*"}, Labels: []string{"production"}},
		Payload: webhook.PayloadFilter{Rows: []webhook.PayloadRow{
			{Path: "customer.country", Operator: webhook.OpOneOf, Value: "DE, FR"}, {Path: "price", Operator: webhook.OpAtLeast, Value: "10"},
		}},
		Headers: []webhook.Header{{Name: "X-Tenant", Value: "42"}, {Name: "X-Token", Value: "typed", Secret: true}, {Name: "X-Old", Secret: true}},
		Retry:   webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: []time.Duration{10 * time.Second, time.Minute, 500 * time.Millisecond}},
		Timeout: 7500 * time.Millisecond, MaxInFlight: 8, RatePerSecond: 2.5, Ordered: true,
	}
	if diff := cmp.Diff(want, in.settings()); diff != "" {
		t.Error(diff)
	}
	if in.secret != "s3cret" || in.do != "save" {
		t.Errorf("secret %q, do %q", in.secret, in.do)
	}
}

func TestEndpointForm_keeps_what_does_not_count_out_of_the_settings(t *testing.T) {
	t.Parallel()
	set := readEndpoint(url.Values{
		"format": {"abba"}, "customHeader": {"X-Sig"}, "retry": {"short"}, "delays": {"1\n2"}, "payloadOperator": {"equals"}, "headerSecret": {"no"},
	}).settings()
	if set.Custom != nil || set.Retry.Delays != nil || !set.Payload.Empty() || set.Headers != nil || set.Topics != nil {
		t.Errorf("got %+v", set)
	}
	if !set.Retry.NoClientErrors || set.Ordered {
		t.Error("a box that is not ticked posts nothing, which means no")
	}
	if set.Timeout != 0 || set.MaxInFlight != 0 || set.RatePerSecond != 0 {
		t.Errorf("an empty number is left to the default: %+v", set)
	}
}

func TestEndpointForm_survives_fields_out_of_step(t *testing.T) {
	t.Parallel()
	in := readEndpoint(url.Values{
		"payloadPath": {"a"}, "payloadValue": {"1", "2"}, "headerName": {"X-A", "X-B"}, "headerValue": {"1"},
	})
	if diff := cmp.Diff([]webhook.PayloadRow{{Path: "a", Value: "1"}, {Value: "2"}}, in.payload); diff != "" {
		t.Error(diff)
	}
	if len(in.headers) != 2 || in.headers[1].name != "X-B" || in.headers[1].value != "" {
		t.Errorf("got %+v", in.headers)
	}
}

func TestEndpointForm_a_number_that_cannot_be_read_is_one_that_is_refused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"soon", "-3", "NaN", "Inf", "1e300", "0x10p", "9999999999999"} {
		set := readEndpoint(url.Values{"timeout": {text}, "maxInFlight": {text}, "rate": {text}}).settings()
		if set.Timeout >= 0 || set.MaxInFlight >= 0 || set.RatePerSecond >= 0 || math.IsNaN(set.RatePerSecond) {
			t.Errorf("%q: timeout %v, at once %d, rate %g", text, set.Timeout, set.MaxInFlight, set.RatePerSecond)
		}
	}
	set := readEndpoint(url.Values{"timeout": {"0"}, "maxInFlight": {"2.5"}, "retry": {"custom"}, "delays": {"5\nlater"}}).settings()
	if set.Timeout >= 0 {
		t.Error("a timeout of 0 became the default")
	}
	if set.MaxInFlight >= 0 {
		t.Error("half a request passed")
	}
	if len(set.Retry.Delays) != 2 || set.Retry.Delays[1] >= 0 {
		t.Errorf("delays %v", set.Retry.Delays)
	}
}

func TestEndpointForm_of_a_stored_endpoint_says_the_same_again(t *testing.T) {
	t.Parallel()
	stored := webhook.Settings{
		Name: "orders", URL: "https://example.com/hook?t=1", Format: webhook.FormatCustom,
		Custom:  &webhook.CustomFormat{Header: "X-Sig", Signed: "body", Encoding: "base64", Value: "{signature}", Body: "data"},
		Topics:  []string{"product.*", "product.viewed"},
		Prompt:  webhook.PromptFilter{Names: []string{"a/*"}, Tags: []string{"x", "y"}, Labels: []string{"production"}},
		Payload: webhook.PayloadFilter{Rows: []webhook.PayloadRow{{Path: "a.b", Operator: webhook.OpGlob, Value: " x* "}, {Path: "c", Operator: webhook.OpExists}}},
		Headers: []webhook.Header{{Name: "X-A", Value: "1"}, {Name: "X-S", Value: "****", Secret: true}},
		Retry:   webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: []time.Duration{time.Second, 90 * time.Second}, NoClientErrors: true},
		Timeout: 12500 * time.Millisecond, MaxInFlight: 3, RatePerSecond: 0.25, Ordered: true,
	}
	in := storedEndpoint(webhook.Endpoint{Settings: stored}, []string{"product.viewed", "product.added"})
	if diff := cmp.Diff([]string{"product.viewed"}, in.ticked); diff != "" || in.patterns != "product.*" {
		t.Errorf("ticked %v, patterns %q", in.ticked, in.patterns)
	}
	if kept := in.headers[1]; kept.kind != headerKept || kept.value != "" {
		t.Errorf("a secret header came out as %+v", kept)
	}
	again := in.settings()
	again.Topics = inOldOrder(stored.Topics, again.Topics)
	want := stored
	want.Headers = []webhook.Header{{Name: "X-A", Value: "1"}, {Name: "X-S", Secret: true}}
	if diff := cmp.Diff(want, again); diff != "" {
		t.Error(diff)
	}
}

func TestEndpointForm_starts_with_the_defaults(t *testing.T) {
	t.Parallel()
	in := freshEndpoint("product.viewed")
	set := in.settings()
	if set.Timeout != 0 || set.Retry.NoClientErrors || set.Format != "" || len(set.Topics) != 1 {
		t.Errorf("got %+v", set)
	}
	if freshEndpoint("").ticked != nil {
		t.Error("nothing was asked for and something is ticked")
	}
}

func TestInOldOrder_keeps_the_order_of_the_same_entries_only(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, now, want []string }{
		"same, shuffled": {[]string{"a", "b"}, []string{"b", "a"}, []string{"a", "b"}},
		"one added":      {[]string{"a"}, []string{"b", "a"}, []string{"b", "a"}},
		"one swapped":    {[]string{"a", "b"}, []string{"c", "a"}, []string{"c", "a"}},
		"all gone":       {[]string{"a"}, nil, nil},
	} {
		if diff := cmp.Diff(c.want, inOldOrder(c.before, c.now)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestEndpointFaults_stand_beside_their_fields_and_in_the_summary(t *testing.T) {
	t.Parallel()
	for location, c := range map[string]struct{ field, text, mistake string }{
		"name":                   {"name", "is bad", "Name: is bad"},
		"url":                    {"url", "is bad", "URL: is bad"},
		"secret":                 {"secret", "is bad", "Signing secret: is bad"},
		"format":                 {"format", "is bad", "Format: is bad"},
		"custom":                 {"format", "is bad", "Your own format: is bad"},
		"custom.header":          {"customHeader", "is bad", "Signature header: is bad"},
		"custom.value":           {"customValue", "is bad", "Header value: is bad"},
		"custom.encoding":        {"customEncoding", "is bad", "Encoding: is bad"},
		"topics":                 {"topics", "is bad", "Topics: is bad"},
		"topics[1]":              {"topics", "is bad", "Topics 2: is bad"},
		"topics[2]":              {"patterns", "entry 1 is bad", "Pattern 1: is bad"},
		"promptFilter.names":     {"promptNames", "is bad", "Prompt names: is bad"},
		"promptFilter.tags[1]":   {"promptTags", "entry 2 is bad", "Prompt tags 2: is bad"},
		"payloadFilter":          {"payload", "is bad", "Condition: is bad"},
		"retry.policy":           {"retry", "is bad", "Retries: is bad"},
		"retry.delaysSeconds":    {"delays", "is bad", "Waits: is bad"},
		"retry.delaysSeconds[3]": {"delays", "entry 4 is bad", "Waits 4: is bad"},
		"headers":                {"headers", "is bad", "Header: is bad"},
		"timeoutSeconds":         {"timeout", "is bad", "Timeout: is bad"},
		"maxInFlight":            {"maxInFlight", "is bad", "At once: is bad"},
		"ratePerSecond":          {"rate", "is bad", "Rate: is bad"},
	} {
		f := endpointFaults(map[string]string{location: "is bad"}, 2)
		if f.fields[c.field] != c.text {
			t.Errorf("%s: beside %s stands %q, all %v", location, c.field, f.fields[c.field], f.fields)
		}
		if len(f.mistakes) != 1 || f.mistakes[0].Text != c.mistake || f.mistakes[0].Field != c.field {
			t.Errorf("%s: summary %+v", location, f.mistakes)
		}
	}
}

func TestEndpointFaults_of_rows_stand_in_their_rows(t *testing.T) {
	t.Parallel()
	f := endpointFaults(map[string]string{
		"payloadFilter[0].path": "is empty", "payloadFilter[0].value": "is no number", "headers[1].name": "Host follows from the URL",
	}, 0)
	if f.payload[0] != "is empty; is no number" || f.headers[1] != "Host follows from the URL" {
		t.Errorf("got %v and %v", f.payload, f.headers)
	}
	if len(f.mistakes) != 3 || f.mistakes[0].Field != "payload-1" || f.mistakes[2].Field != "headers-2" || f.mistakes[2].Text != "Header 2: Host follows from the URL" {
		t.Errorf("summary %+v", f.mistakes)
	}
}

func TestEndpointFaults_without_a_place_stand_in_the_summary(t *testing.T) {
	t.Parallel()
	f := endpointFaults(map[string]string{"": "changed by somebody else", "kind": "must be webhook", "names": "is new here"}, 0)
	if len(f.fields) != 0 || len(f.mistakes) != 3 {
		t.Fatalf("got %+v", f)
	}
	if f.mistakes[0].Text != "changed by somebody else" || f.mistakes[1].Text != "kind must be webhook" || f.mistakes[0].Field != "" {
		t.Errorf("got %+v", f.mistakes)
	}
}
