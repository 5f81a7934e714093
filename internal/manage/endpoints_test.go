package manage_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestAnEndpointGetsTheDefaultsOfItsTopics(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		topics  []string
		format  webhook.FormatName
		retry   webhook.RetryName
		timeout time.Duration
	}{
		"commerce":      {[]string{"product.price_changed", "commission.*"}, webhook.FormatAbba, webhook.RetryStandard, 15 * time.Second},
		"prompts":       {[]string{"prompt.*"}, webhook.FormatAbv, webhook.RetryStandard, 30 * time.Second},
		"store":         {[]string{"chat.message.received", "product.viewed"}, webhook.FormatAICommerce, webhook.RetryShort, 15 * time.Second},
		"two groups":    {[]string{"product.*"}, webhook.FormatStandard, webhook.RetryStandard, 15 * time.Second},
		"everything":    {[]string{"*"}, webhook.FormatStandard, webhook.RetryStandard, 15 * time.Second},
		"nothing yet":   {[]string{"invoice.*"}, webhook.FormatStandard, webhook.RetryStandard, 15 * time.Second},
		"about itself":  {[]string{"endpoint.paused"}, webhook.FormatStandard, webhook.RetryStandard, 15 * time.Second},
		"a name, twice": {[]string{"prompt.created", "prompt.created"}, webhook.FormatAbv, webhook.RetryStandard, 30 * time.Second},
	}
	for name, test := range tests {
		b := newBench(t)
		e := b.endpoint(test.topics...)
		if e.Format != test.format || e.Retry.Policy != test.retry || e.Timeout != test.timeout {
			t.Errorf("%s: %s, %s, %v", name, e.Format, e.Retry.Policy, e.Timeout)
		}
		if e.Name != "example.com" || e.Kind != webhook.KindWebhook || e.State != webhook.EndpointActive || e.Version != 1 {
			t.Errorf("%s: %+v", name, e.Endpoint)
		}
		if name == "a name, twice" && len(e.Topics) != 1 {
			t.Errorf("topics %v", e.Topics)
		}
		if warned := len(e.Warnings) > 0; warned != (name == "nothing yet") {
			t.Errorf("%s: warnings %v", name, e.Warnings)
		}
	}
}

func TestANewEndpointsSecretIsSealedAndShownOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	rows := b.db.secrets[e.ID]
	if len(rows) != 1 || rows[0].Value != "" || !rows[0].ActiveFrom.Equal(start) || !strings.HasPrefix(e.Secret, "whsec_") {
		t.Fatalf("rows %+v", rows)
	}
	if got := must[[]byte](t)(b.keys.Open(rows[0].Sealed, rows[0].ID.UUID, webhook.SecretField)); string(got) != e.Secret {
		t.Errorf("it opens as %q", got)
	}
	entry := b.db.audit[0]
	if entry.Action != "endpoint.created" || entry.ProjectID != b.project.ID || entry.Object != e.ID.String() || strings.Contains(entry.Detail, "token") {
		t.Errorf("audit %+v", entry)
	}
	brought := must[manage.CreatedEndpoint](t)(b.CreateEndpoint(t.Context(), b.narrow(account.ScopeManage), manage.NewEndpoint{
		Settings: webhook.Settings{URL: "https://host.unknown/", Topics: []string{"*"}}, Secret: "your-webhook-secret",
	}))
	if brought.Secret != "your-webhook-secret" || brought.ProjectID != b.project.ID || len(brought.Warnings) != 1 {
		t.Errorf("%+v", brought)
	}
}

func TestEveryWrongSettingIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.CreateEndpoint(t.Context(), b.developer(), manage.NewEndpoint{
		ProjectID: b.project.ID,
		Secret:    "short",
		Settings: webhook.Settings{
			Kind: "pigeon", URL: "http://example.com", Topics: []string{"product.price_change"}, Name: "two\nlines", Format: "morse",
			Payload: webhook.PayloadFilter{Rows: []webhook.PayloadRow{{Path: "", Operator: webhook.OpEquals}}},
			Headers: []webhook.Header{{Name: "Content-Type", Value: "x"}, {Name: "X-Key", Secret: true}},
			Retry:   webhook.RetryPolicy{Policy: "never"}, Timeout: time.Minute, MaxInFlight: -1, RatePerSecond: math.NaN(),
		},
	})
	wantPlaces(t, "all of it", err, "topics[0]", "kind", "url", "name", "format", "payloadFilter[0].path", "headers[0].name",
		"retry.policy", "timeoutSeconds", "maxInFlight", "ratePerSecond", "secret", "headers[1].value")
	if !strings.Contains(err.Error(), "product.price_changed") {
		t.Errorf("%v does not name the nearest topic", err)
	}
	if len(b.db.endpoints)+len(b.db.audit) != 0 {
		t.Error("something was stored")
	}
}

func TestSettingsAreRefusedOneByOne(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*webhook.Settings)
		places []string
	}{
		"no url":                      {func(s *webhook.Settings) { s.URL = "" }, []string{"url"}},
		"no topics":                   {func(s *webhook.Settings) { s.Topics = nil }, []string{"topics"}},
		"101 topics":                  {func(s *webhook.Settings) { s.Topics = make([]string, 101) }, []string{"topics"}},
		"a topic that no name can be": {func(s *webhook.Settings) { s.Topics = []string{"*", "a b"} }, []string{"topics[1]"}},
		"custom without a format":     {func(s *webhook.Settings) { s.Format = webhook.FormatCustom }, []string{"custom"}},
		"a format's custom part":      {func(s *webhook.Settings) { s.Custom = &webhook.CustomFormat{} }, []string{"custom"}},
		"a rate that is almost none":  {func(s *webhook.Settings) { s.RatePerSecond = 0.0001 }, []string{"ratePerSecond"}},
		"half a second":               {func(s *webhook.Settings) { s.Timeout = time.Second / 2 }, []string{"timeoutSeconds"}},
		"a masked value, not secret":  {func(s *webhook.Settings) { s.Headers = []webhook.Header{{Name: "X-A", Value: "****"}} }, []string{"headers[0].value"}},
		"a retry without delays":      {func(s *webhook.Settings) { s.Retry.Policy = webhook.RetryCustom }, []string{"retry.delaysSeconds"}},
		"delays of a second":          {func(s *webhook.Settings) { s.Retry.Delays = []time.Duration{time.Second} }, nil},
	}
	for name, test := range tests {
		b := newBench(t)
		set := webhook.Settings{URL: "https://example.com/", Topics: []string{"*"}}
		test.change(&set)
		_, err := b.CreateEndpoint(t.Context(), b.developer(), manage.NewEndpoint{ProjectID: b.project.ID, Settings: set})
		if test.places != nil {
			wantPlaces(t, name, err, test.places...)
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAChangeIsOneMoreVersionAndNamesWhatChanged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.developer()
	e := b.endpoint()
	name, url, topics := "Orders", "https://orders.unknown/", []string{"prompt.*"}
	after, warnings, err := b.UpdateEndpoint(t.Context(), c, e.ID, manage.EndpointPatch{Name: &name, URL: &url, Topics: &topics})
	if err != nil || after.Version != 2 || after.Name != name || after.URL != url || after.Format != webhook.FormatAbba {
		t.Fatalf("%+v, %v", after, err)
	}
	if len(warnings) != 1 || b.db.audit[1].Detail != "name: example.com → Orders\nURL: https://example.com/… → https://orders.unknown/…\ntopics: product.price_changed → prompt.*" {
		t.Errorf("warnings %v, audit %q", warnings, b.db.audit[1].Detail)
	}
	same, _, err := b.UpdateEndpoint(t.Context(), c, e.ID, manage.EndpointPatch{Name: &name})
	if err != nil || same.Version != 2 || len(b.db.audit) != 2 {
		t.Errorf("no change makes version %d, %v", same.Version, err)
	}
	_, _, err = b.UpdateEndpoint(t.Context(), c, e.ID, manage.EndpointPatch{Version: 1, URL: &name})
	wantKind(t, "a change on an old version", err, webhook.KindConflict)
	_, _, err = b.UpdateEndpoint(t.Context(), c, e.ID, manage.EndpointPatch{URL: &name})
	wantPlaces(t, "a wrong url", err, "url")
}

func TestEverySettingCanBeChanged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint("prompt.*")
	kind, format, order, inFlight, rate, timeout := webhook.KindWebhook, webhook.FormatCustom, true, 3, 2.5, 7*time.Second
	prompt := webhook.PromptFilter{Labels: []string{"production"}}
	rows := webhook.PayloadFilter{Rows: []webhook.PayloadRow{{Path: "type", Operator: webhook.OpEquals, Value: "text"}}}
	headers := []webhook.Header{{Name: "X-A", Value: "b"}}
	retry := webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: []time.Duration{time.Minute}, NoClientErrors: true}
	custom := webhook.CustomFormat{Header: "X-Shopify-Hmac-Sha256", Signed: "body", Encoding: "hex", Value: "{signature}", Body: "data"}
	_, _, err := b.UpdateEndpoint(t.Context(), b.developer(), e.ID, manage.EndpointPatch{
		Kind: &kind, Format: &format, Custom: &custom, Prompt: &prompt, Payload: &rows, Headers: &headers, Retry: &retry,
		Timeout: &timeout, MaxInFlight: &inFlight, RatePerSecond: &rate, Ordered: &order,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := webhook.Settings{
		Name: "example.com", Kind: kind, URL: e.URL, Format: format, Custom: &custom, Topics: []string{"prompt.*"}, Prompt: prompt, Payload: rows,
		Headers: headers, Retry: retry, Timeout: timeout, MaxInFlight: inFlight, RatePerSecond: rate, Ordered: order,
	}
	if got := b.db.endpoints[e.ID].Settings; !reflect.DeepEqual(got, want) {
		t.Errorf("stored %+v\nwant   %+v", got, want)
	}
	if d := b.db.audit[1].Detail; d != strings.Join([]string{
		"format: abv → custom", "custom format: none → X-Shopify-Hmac-Sha256: {signature}, signs body, hex, data body", "prompt labels: none → production",
		"payload filter: none → type equals text", "header X-A: added", "retry policy: standard → after 1m, not after 4xx", "timeout: 30s → 7s",
		"requests at once: 64 → 3", "rate: no limit → 2.5 per second", "in order: no → yes",
	}, "\n") {
		t.Errorf("audit %q", d)
	}
	format = webhook.FormatHub
	after, _, err := b.UpdateEndpoint(t.Context(), b.developer(), e.ID, manage.EndpointPatch{Format: &format})
	if err != nil || after.Custom != nil {
		t.Errorf("another format keeps the custom part: %v, %v", after.Custom, err)
	}
}

func TestSecretHeadersKeepTheirValueUnlessGivenAnother(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.developer()
	e := b.endpoint()
	opened := func() string {
		h := b.db.endpoints[e.ID].Headers[0]
		return string(must[[]byte](t)(b.keys.Open(h.Sealed, e.ID.UUID, webhook.HeaderField(h.Name))))
	}
	for _, step := range []struct {
		value, want string
	}{{"one", "one"}, {"", "one"}, {"****", "one"}, {"two", "two"}} {
		headers := []webhook.Header{{Name: "X-Api-Key", Value: step.value, Secret: true}}
		if _, _, err := b.UpdateEndpoint(t.Context(), c, e.ID, manage.EndpointPatch{Headers: &headers}); err != nil {
			t.Fatal(err)
		}
		if opened() != step.want {
			t.Errorf("after %q it opens as %q", step.value, opened())
		}
	}
	name := "Renamed"
	if _, _, err := b.UpdateEndpoint(t.Context(), c, e.ID, manage.EndpointPatch{Name: &name}); err != nil || opened() != "two" {
		t.Errorf("another name: %v, %q", err, opened())
	}
}

func TestPauseResumeAndDelete(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	support := b.person(account.Support, "")
	paused := must[webhook.Endpoint](t)(b.PauseEndpoint(t.Context(), support, e.ID))
	if paused.State != webhook.EndpointPaused || paused.PausedBecause != webhook.PausedByPerson || paused.URL != "https://example.com/…" {
		t.Errorf("%+v", paused)
	}
	_, err := b.ResumeEndpoint(t.Context(), support, e.ID, -1)
	wantPlaces(t, "a negative rate", err, "ratePerSecond")
	resumed := must[webhook.Endpoint](t)(b.ResumeEndpoint(t.Context(), support, e.ID, 20))
	if resumed.State != webhook.EndpointActive || b.db.drainRate != 20 || b.woken != 2 {
		t.Errorf("%+v at %v, woken %d", resumed, b.db.drainRate, b.woken)
	}
	wantKind(t, "support deletes", b.DeleteEndpoint(t.Context(), support, e.ID), webhook.KindForbidden)
	if err := b.DeleteEndpoint(t.Context(), b.developer(), e.ID); err != nil {
		t.Fatal(err)
	}
	_, err = b.Endpoint(t.Context(), b.developer(), e.ID)
	wantKind(t, "a deleted endpoint", err, webhook.KindNotFound)
	wantKind(t, "deleting it again", b.DeleteEndpoint(t.Context(), b.developer(), e.ID), webhook.KindNotFound)
}

func TestAPreviewCountsWhatFiltersWouldHaveTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i, currency := range []string{"USD", "EUR", "USD"} {
		id := webhook.EventID{UUID: webhook.UUID{byte(i)}}
		b.db.events[id] = webhook.Event{ID: id, Topic: "product.price_changed", Data: []byte(`{"currency":"` + currency + `"}`)}
	}
	c := b.developer()
	set := webhook.Settings{Topics: []string{"product.*"}, Payload: webhook.PayloadFilter{Rows: []webhook.PayloadRow{{Path: "currency", Operator: webhook.OpEquals, Value: "USD"}}}}
	sample := webhook.EventID{UUID: webhook.UUID{1}}
	p := must[manage.Preview](t)(b.PreviewMatches(t.Context(), c, manage.PreviewWish{ProjectID: b.project.ID, Settings: set, Sample: sample}))
	if len(p.Recent) != 3 || len(p.Matched) != 2 || p.Matched[0].Data != nil || p.Recent[0].Data != nil {
		t.Errorf("%+v", p)
	}
	if len(p.Missed) != 1 || len(p.Missed[0].Because) != 1 || p.Missed[0].Because[0].Why != `currency is "EUR"` || p.Missed[0].Data != nil {
		t.Errorf("missed %+v", p.Missed)
	}
	if p.Sample == nil || string(p.Sample.Data) != `{"currency":"EUR"}` {
		t.Errorf("sample %+v", p.Sample)
	}
	set.Payload = webhook.PayloadFilter{Expression: `data.currency == "EUR"`}
	p = must[manage.Preview](t)(b.PreviewMatches(t.Context(), c, manage.PreviewWish{ProjectID: b.project.ID, Settings: set}))
	if len(p.Matched) != 1 || len(p.Missed) != 2 || p.Missed[0].Because[0].Why != `data.currency is "USD"` || p.Sample != nil {
		t.Errorf("by expression %+v", p)
	}
	topics := webhook.Settings{Topics: []string{"*"}}
	if p := must[manage.Preview](t)(b.PreviewMatches(t.Context(), b.person(account.Support, ""), manage.PreviewWish{ProjectID: b.project.ID, Settings: topics, Sample: sample})); p.Sample != nil || len(p.Matched) != 3 {
		t.Errorf("support sees %+v", p)
	}
	set.Payload = webhook.PayloadFilter{Rows: []webhook.PayloadRow{{Path: "currency", Operator: "like"}}}
	p, err := b.PreviewMatches(t.Context(), c, manage.PreviewWish{ProjectID: b.project.ID, Settings: set})
	if len(p.Recent) != 3 {
		t.Error("a mistake in the filter hides the recent events")
	}
	wantKind(t, "an unknown operator", err, webhook.KindInvalid)
}

func TestTestsGoTheUsualWayMarkedAsTests(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint("invoice.*", "product.back*")
	c := b.developer()
	r := must[manage.TestResult](t)(b.TestEndpoint(t.Context(), c, e.ID, manage.TestWish{}))
	job := b.sent[0]
	if r.Attempt.Outcome != webhook.OutcomeDelivered || r.Attempt.ID != job.Delivery.AttemptID || r.Attempt.Request.URL != "https://example.com/hook?token=t" {
		t.Errorf("%+v", r.Attempt)
	}
	d := job.Delivery
	if !d.Test || d.State != webhook.Sending || d.Attempts != 1 || d.RequestedBy != c.Actor || d.AttemptID.IsZero() || d.EventID != job.Event.ID {
		t.Errorf("delivery %+v", d)
	}
	if job.Event.Topic != "product.back_in_stock" || string(job.Event.Data) != `{"productId":"prod_123","newQuantity":40}` || job.LeaseFor != 35*time.Second {
		t.Errorf("job %+v", job)
	}
	if _, stored := b.db.deliveries[d.ID]; !stored {
		t.Error("the log does not have it")
	}
	_, err := b.TestEndpoint(t.Context(), c, e.ID, manage.TestWish{UseNext: true})
	wantKind(t, "no next secret", err, webhook.KindConflict)
	must[manage.RotatedSecret](t)(b.RotateSecret(t.Context(), c, e.ID, manage.Rotation{}))
	must[manage.TestResult](t)(b.TestEndpoint(t.Context(), c, e.ID, manage.TestWish{UseNext: true, Topic: "prompt.created"}))
	if !b.next || b.sent[1].Event.Topic != "prompt.created" {
		t.Errorf("next %v, topic %s", b.next, b.sent[1].Event.Topic)
	}
	_, err = b.TestEndpoint(t.Context(), c, e.ID, manage.TestWish{Topic: "nope"})
	wantPlaces(t, "an unknown topic", err, "topic")
	_, err = b.TestEndpoint(t.Context(), c, b.endpoint("invoice.*").ID, manage.TestWish{})
	wantPlaces(t, "no topic that matches", err, "topic")
}
