package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

const endpointForm = "form#endpoint"

// fresh is the empty form with what is needed at least.
func (f *fixture) fresh(b *browser) (action string, form url.Values) {
	f.t.Helper()
	action, form = b.get(f.path("endpoints", "new") + "?topic=product.viewed").is(http.StatusOK).form(endpointForm)
	form.Set("name", "orders-prod")
	form.Set("url", "https://receiver.example/hook?token=t0p")
	form.Set("do", "save")
	return action, form
}

// only is the project's single endpoint.
func (f *fixture) only() webhook.Endpoint {
	f.t.Helper()
	all, err := f.manage.Endpoints(f.t.Context(), system, manage.EndpointFilter{ProjectID: f.ours.ID})
	f.must(err)
	if len(all.Items) != 1 {
		f.t.Fatalf("%d endpoints", len(all.Items))
	}
	return all.Items[0]
}

func TestNewEndpoint_with_the_defaults_alone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	action, form := f.fresh(b)
	if form.Get("timeout") != "" || form.Get("clientErrors") != "true" || !slices.Equal(form["topic"], []string{"product.viewed"}) {
		t.Errorf("the form begins with %v", form)
	}
	shown := b.follow(action, form)
	e := f.only()
	if shown.location != f.path("endpoints", e.ID.String())+"?tab=secret" {
		t.Errorf("leads to %q", shown.location)
	}
	shown.says("orders-prod is ready", "Signing secret")
	if e.Format != webhook.FormatAICommerce || e.Retry.Policy != webhook.RetryShort || e.Retry.NoClientErrors || e.Timeout != 15*time.Second {
		t.Errorf("made %+v", e.Settings)
	}
}

func TestNewEndpoint_warns_of_a_name_that_does_not_resolve(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	action, form := f.fresh(b)
	form.Set("url", "https://not-yet.example/hook")
	b.follow(action, form).says("orders-prod is ready", "not-yet.example")
}

func TestNewEndpoint_that_is_wrong_keeps_all_that_was_typed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	action, form := f.fresh(b)
	for name, values := range map[string][]string{
		"url": {"http://169.254.169.254/latest"}, "secret": {"too short"}, "format": {"custom"},
		"customHeader": {"Cookie"}, "customSigned": {"{t}.{body}"}, "customEncoding": {"base64"}, "customValue": {"no place"}, "customBody": {"flat"},
		"topic": {"prompt.created", "product.viewed"}, "patterns": {"product.*\nno.such"}, "promptNames": {"production/*"}, "promptTags": {"x\ny"}, "promptLabels": {strings.Repeat("l", 300)},
		"payloadPath": {"a..b", "price"}, "payloadOperator": {"oneOf", "gte"}, "payloadValue": {"DE", "ten"},
		"headerName": {"Host", "X-Secret"}, "headerSecret": {"no", "yes"}, "headerValue": {"evil", "s3cret"},
		"retry": {"custom"}, "delays": {"10\nsoon"}, "timeout": {"99"}, "maxInFlight": {"many"}, "rate": {"-1"}, "ordered": {"true"},
	} {
		form[name] = values
	}
	form.Del("clientErrors")
	again := b.post(action, form).is(http.StatusUnprocessableEntity)
	again.says("Nothing was saved", "URL: ", "Signing secret: ", "Signature header: Cookie", "Header value: ", "Pattern 2: is not a known topic: no.such", "Prompt labels 1: ",
		"Condition 1: ", "Header 1: Host follows from the URL", "Waits 2: ", "Timeout: must be from 1 to 30", "At once: ", "Rate: ")
	kept, typed := again.form(endpointForm)
	if kept != action {
		t.Errorf("posts to %s now", kept)
	}
	typed.Set("do", "save")
	for name, values := range form {
		got := typed[name]
		if len(got) > len(values) { // the spare row
			got = got[:len(values)]
		}
		if !slices.Equal(got, values) {
			t.Errorf("%s: typed %q, shown %q", name, values, got)
		}
	}
	if typed.Has("clientErrors") {
		t.Error("a box that was cleared is ticked again")
	}
	if again.doc().Find("[aria-invalid]").Length() < 8 {
		t.Errorf("%d fields are marked", again.doc().Find("[aria-invalid]").Length())
	}
	all, err := f.manage.Endpoints(t.Context(), system, manage.EndpointFilter{ProjectID: f.ours.ID})
	f.must(err)
	if len(all.Items) != 0 {
		t.Error("it was saved all the same")
	}
}

func TestNewEndpoint_without_any_topic_says_so(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	action, form := f.fresh(b)
	form.Del("topic")
	b.post(action, form).is(http.StatusUnprocessableEntity).says("Topics: must name at least one topic")
}

func TestEndpointForm_adds_rows_and_saves_nothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	action, form := f.fresh(b)
	for do, field := range map[string]string{"add-payload": "payloadPath", "add-header": "headerName"} {
		form.Set("do", do)
		_, again := b.post(action, form).is(http.StatusOK).form(endpointForm)
		if len(again[field]) != 2 || again.Get("name") != "orders-prod" {
			t.Errorf("%s: %v", do, again)
		}
	}
	form.Set("do", "preview")
	b.post(action, form).is(http.StatusOK).says("No event was published yet", "POST https://receiver.example/hook", "X-Webhook-Signature")
	if strings.Contains(f.actions(), "endpoint.created") {
		t.Error("something was saved")
	}
}

func TestEditEndpoint_that_changes_nothing_changes_nothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	f.endpoint(f.ours, func(s *webhook.Settings) {
		*s = webhook.Settings{
			Name: `a "name" <here>`, URL: "https://receiver.example/hook?a=1&b=2", Format: webhook.FormatCustom,
			Custom:  &webhook.CustomFormat{Header: "X-Sig", Signed: "{id}.{t}.{body}", Encoding: "base64", Value: "t={t},v1={signature}", Body: "flat"},
			Topics:  []string{"prompt.*", "product.viewed", "commission.earned", "endpoint.paused"},
			Prompt:  webhook.PromptFilter{Names: []string{"production/*", "b"}, Tags: []string{"x"}, Labels: []string{"production"}},
			Payload: webhook.PayloadFilter{Rows: []webhook.PayloadRow{{Path: "price", Operator: webhook.OpAtMost, Value: "10"}, {Path: "sku", Operator: webhook.OpExists}}},
			Headers: []webhook.Header{{Name: "X-Tenant", Value: "42"}, {Name: "X-Token", Value: "s3cret-value", Secret: true}},
			Retry:   webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: []time.Duration{time.Second, 90 * time.Second}, NoClientErrors: true},
			Timeout: 7 * time.Second, MaxInFlight: 3, RatePerSecond: 0.5, Ordered: true,
		}
	})
	before := f.only()
	page := b.get(f.path("endpoints", before.ID.String(), "edit")).is(http.StatusOK).hides("s3cret-value")
	action, form := page.form(endpointForm)
	form.Set("do", "save")
	saved := b.follow(action, form)
	saved.says("Nothing was different")
	if after := f.only(); after.Version != before.Version {
		t.Errorf("version %d became %d\nbefore %+v\nafter  %+v", before.Version, after.Version, before.Settings, after.Settings)
	}
}

// secretHeader is what the endpoint's secret header is sent as.
func (f *fixture) secretHeader(e webhook.Endpoint) string {
	f.t.Helper()
	stored, err := f.store.Endpoint(f.t.Context(), f.ours.ID, e.ID)
	f.must(err)
	for _, h := range stored.Headers {
		if h.Secret {
			value, err := f.manage.Box.Open(h.Sealed, e.ID.UUID, webhook.HeaderField(h.Name))
			f.must(err)
			return string(value)
		}
	}
	f.t.Fatal("there is no secret header")
	return ""
}

func TestEditEndpoint_keeps_a_secret_header_until_another_is_typed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	e := f.endpoint(f.ours, func(s *webhook.Settings) {
		s.Headers = []webhook.Header{{Name: "X-Token", Value: "first", Secret: true}}
	}).Endpoint
	edit := f.path("endpoints", e.ID.String(), "edit")
	action, form := b.get(edit).form(endpointForm)
	form.Set("do", "save")
	form.Set("name", "renamed")
	b.follow(action, form).says("Saved", "renamed")
	if got := f.secretHeader(e); got != "first" || f.only().Version != 2 {
		t.Errorf("sends %q, version %d", got, f.only().Version)
	}
	action, form = b.get(edit).form(endpointForm)
	form.Set("do", "save")
	form["headerValue"][0] = "second"
	b.follow(action, form).says("Saved")
	if got := f.secretHeader(e); got != "second" {
		t.Errorf("sends %q", got)
	}
}

func TestEditEndpoint_of_an_older_version_asks_to_look_again(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	e := f.endpoint(f.ours).Endpoint
	edit := f.path("endpoints", e.ID.String(), "edit")
	action, form := b.get(edit).form(endpointForm)
	name := "by somebody else"
	_, _, err := f.manage.UpdateEndpoint(t.Context(), system, e.ID, manage.EndpointPatch{Name: &name})
	f.must(err)
	form.Set("do", "save")
	form.Set("name", "by me")
	again := b.post(action, form).is(http.StatusConflict).says("Somebody else saved this endpoint meanwhile", "What saving changes", "by somebody else becomes by me")
	if f.only().Name != name {
		t.Error("the other change is lost")
	}
	action, form = again.form(endpointForm)
	form.Set("do", "save")
	b.follow(action, form)
	if f.only().Name != "by me" {
		t.Error("who has looked again can't save")
	}
}

func TestEditEndpoint_that_is_wrong_keeps_what_was_typed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	e := f.endpoint(f.ours).Endpoint
	action, form := b.get(f.path("endpoints", e.ID.String(), "edit")).form(endpointForm)
	form.Set("do", "save")
	form.Set("timeout", "0")
	again := b.post(action, form).is(http.StatusUnprocessableEntity).says("Timeout: must be from 1 to 30")
	if _, typed := again.form(endpointForm); typed.Get("timeout") != "0" {
		t.Errorf("shown %q", typed.Get("timeout"))
	}
}

func TestPreview_shows_matches_and_a_request_that_verifies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	f.viewed(f.ours)
	f.viewed(f.ours)
	f.viewed(f.theirs)
	_, form := f.fresh(b)
	form["headerName"], form["headerSecret"], form["headerValue"] = []string{"X-Token"}, []string{"yes"}, []string{"hush-hush"}
	form.Set("format", "abba")
	pane := b.post(f.path("endpoints", "preview"), form, "HX-Request", "true").is(http.StatusOK)
	pane.says("all of the last 2 events would match", "POST https://receiver.example/hook?token=t0p", "example of product.viewed", "product.viewed · just now", "X-Token").hides("<html", "hush-hush")
	headers := map[string]string{}
	pane.doc().Find("dl.lines dt").Each(func(_ int, s *goquery.Selection) {
		headers[strings.ToLower(s.Text())] = strings.TrimSpace(s.Next().Text())
	})
	body := strings.TrimSpace(pane.doc().Find(`pre[aria-label="Body, exact"]`).Text())
	var sent map[string]any
	if err := json.Unmarshal([]byte(body), &sent); err != nil || sent["eventType"] != "product.viewed" {
		t.Fatalf("the body is %q: %v", body, err)
	}
	const madeUp = "whsec_cHJldmlldyBvbmx5LCBub3QgYSByZWFsIHNlY3JldCE="
	err := wire.Verify(webhook.FormatAbba, nil, madeUp, func(name string) string { return headers[strings.ToLower(name)] }, []byte(body))
	if err != nil {
		t.Errorf("a receiver would refuse it: %v\n%v", err, headers)
	}
	form.Set("topic", "prompt.created")
	form.Set("format", "")
	form.Set("timeout", "15")
	b.post(f.path("endpoints", "preview"), form).is(http.StatusOK).says("none of the last 2 events would match", "Why the other 2 events would not", "product.viewed matches none of them", "x-abv-signature", "the timeout is 15 s")
}

func TestPreview_says_inside_the_pane_what_is_missing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	f.viewed(f.ours)
	_, whole := f.fresh(b)
	for want, change := range map[string]url.Values{
		"Choose a topic to see the request": {"topic": nil},
		"URL: ":                             {"url": {"http://127.0.0.1/"}},
		"POST https://…":                    {"url": {""}},
		"Signature header: ":                {"format": {"custom"}, "customHeader": {"Host"}},
		"Header 1: Host follows from":       {"headerName": {"Host"}, "headerSecret": {"no"}, "headerValue": {"x"}},
		"Condition 1: ":                     {"payloadPath": {"a..b"}, "payloadOperator": {"equals"}, "payloadValue": {"1"}},
		`"no..such" has an empty segment`:   {"patterns": {"no..such"}},
		"the only event would not match":    {"payloadPath": {"productId"}, "payloadOperator": {"equals"}, "payloadValue": {"prod_2"}},
		"the only event would match":        {"payloadPath": {"productId"}, "payloadOperator": {"startsWith"}, "payloadValue": {"prod"}},
	} {
		form := url.Values{}
		for name, values := range whole {
			form[name] = values
		}
		for name, values := range change {
			form[name] = values
		}
		if got := b.post(f.path("endpoints", "preview"), form, "HX-Request", "true"); got.status != http.StatusOK || !strings.Contains(got.text(), want) {
			t.Errorf("%v: %d without %q\n%s", change, got.status, want, got.text())
		}
	}
}

func TestEndpointPage_pauses_resumes_tests_and_deletes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	d := f.delivery(f.ours)
	one := f.path("endpoints", d.EndpointID.String())
	b.get(one).is(http.StatusOK).says("1 waiting delivery is cancelled", "not used yet")
	b.follow(one+"/pause", nil).says("Paused by developer@example.com", "1 delivery is held")
	if got := b.get(f.path("deliveries", d.ID.String())); !strings.Contains(got.text(), "Held: the endpoint is paused") {
		t.Errorf("the delivery says %s", got.text())
	} else if got.hides("Next try"); got.offers(f.path("deliveries", d.ID.String(), "send-now")) {
		t.Error("a held delivery can't be sent now and the page offers it")
	}
	b.follow(f.path("deliveries", d.ID.String(), "send-now"), nil).says("It stays held until the endpoint is resumed")
	b.post(one+"/pause", nil).is(http.StatusConflict)
	b.post(one+"/resume", url.Values{"rate": {"quickly"}}).is(http.StatusUnprocessableEntity)
	b.follow(one+"/resume", url.Values{"rate": {"10"}}).says("Resumed. 1 held delivery goes out at 10 per second")
	b.post(one+"/test", url.Values{"topic": {"product.viewed"}}).is(http.StatusOK).says("Your server answered 200 OK.", "Took84 ms").hides("<script>alert")
	f.tester.status = 401
	b.post(one+"/test", nil).is(http.StatusOK).says("Your server answered 401.", "answered as a test wants")
	if len(f.tester.jobs) != 2 || !f.tester.jobs[0].Delivery.Test {
		t.Errorf("sent %+v", f.tester.jobs)
	}
	b.post(one+"/delete", nil).is(http.StatusUnprocessableEntity).says("Nothing is deleted yet: 1 waiting delivery would be cancelled.")
	gone := b.follow(one+"/delete", url.Values{"confirm": {"orders"}})
	if gone.location != f.path("endpoints") {
		t.Errorf("leads to %q", gone.location)
	}
	gone.says("orders is deleted", "No endpoint yet")
	past := b.get(one+"?tab=secret").is(http.StatusOK).says("deleted", "Nothing is sent to it any more", "product.viewed").hides("Send test", "Signing secret")
	past.doc().Find(`main form[method="post"]`).Each(func(_ int, s *goquery.Selection) {
		t.Errorf("a deleted endpoint has a form to %s", s.AttrOr("action", "?"))
	})
	b.post(one+"/pause", nil).is(http.StatusNotFound)
	b.get(f.path("deliveries", d.ID.String())).is(http.StatusOK).says("(deleted)", "Cancelled")
}

func TestEndpointPage_shows_settings_and_health(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	d := f.delivery(f.ours)
	f.attempted(500)
	one := f.path("endpoints", d.EndpointID.String())
	b.get(one+"?tab=settings").is(http.StatusOK).says("https://receiver.example/hook?token=t0p", "It takes events of product.viewed.", "The format is AI Commerce.")
	b.get(one+"?tab=health").is(http.StatusOK).says("Your server answered with an error status.", "500 × 1", "0 %")
	b.get(one + "?state=exhausted").is(http.StatusOK).says("500 Internal Server Error")
	list := b.get(f.path("endpoints")).is(http.StatusOK).says("orders", "unsteady")
	if why := list.doc().Find("td > p").Text(); why != "1 delivery was given up in the last hour" {
		t.Errorf("the line below the state says %q", why)
	}
	b.get(f.path("endpoints") + "?state=paused").is(http.StatusOK).hides(">orders<")
}
