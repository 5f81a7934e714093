package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/web"
	"github.com/bellwire/bellwire/internal/webhook"
)

// draft opens the form for a test event and answers what a browser would post
// by its button.
func (f *fixture) draft(b *browser, query string) (path string, form url.Values) {
	f.t.Helper()
	path = f.path("events", "new")
	action, form := b.get(path + query).is(http.StatusOK).form("#draft")
	if action != path {
		f.t.Fatalf("the form posts to %s", action)
	}
	form.Set("do", "publish")
	return path, form
}

func (f *fixture) events() []webhook.Event {
	f.t.Helper()
	page, err := f.store.Events(f.t.Context(), webhook.EventFilter{ProjectID: f.ours.ID, Limit: 200})
	f.must(err)
	return page.Items
}

func TestPublishPage_publishes_the_example_of_a_topic(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.ours)
	b := f.as(account.Developer)
	path, form := f.draft(b, "?topic=product.viewed")
	if !json.Valid([]byte(form.Get("data"))) || form.Get("topic") != "product.viewed" {
		t.Errorf("the form begins with %v", form)
	}
	b.follow(path, form).is(http.StatusOK).says("Published.", "orders", "waiting", "the form's own").hides("page-")
	if all := f.events(); len(all) != 1 || all[0].PublishedBy.Type != webhook.ActorUser {
		t.Errorf("%+v", all)
	}
	if !strings.Contains(f.actions(), "event.published") {
		t.Error("the audit log does not say who published")
	}
}

func TestPublishPage_counts_a_form_that_comes_twice_once(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	path, form := f.draft(b, "?topic=product.viewed")
	first := b.follow(path, form).is(http.StatusOK)
	second := b.follow(path, form).is(http.StatusOK).says("came twice and counted once")
	if first.location != second.location || len(f.events()) != 1 {
		t.Errorf("%s, then %s: %d events", first.location, second.location, len(f.events()))
	}
	form.Set("data", `{"productId":"another"}`)
	if third := b.follow(path, form); third.location == first.location {
		t.Error("another text is taken for the same event")
	}
	path, form = f.draft(b, "?topic=product.viewed")
	b.follow(path, form).is(http.StatusOK).says("Published.")
	if n := len(f.events()); n != 3 {
		t.Errorf("%d events", n)
	}
	form.Set("key", "order-1")
	b.follow(path, form).says("Published.", "order-1")
	b.follow(path, form).says("idempotency key was used for the same event already")
	form.Set("data", `{"productId":"x"}`)
	page := b.post(path, form).is(http.StatusUnprocessableEntity).says("used with another event")
	if got := page.doc().Find("#key").AttrOr("value", ""); got != "order-1" {
		t.Errorf("the key reads %q", got)
	}
}

func TestPublishPage_keeps_what_was_typed_and_says_where_it_is_wrong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	path, form := f.draft(b, "?topic=product.price_changed")
	for what, one := range map[string]struct{ data, path, line, says string }{
		"a wrong type":   {"{\n  \"productId\": \"p\",\n  \"oldPrice\": 1,\n  \"newPrice\": {},\n  \"currency\": \"EUR\"\n}", "data.newPrice", "4", "must be"},
		"a missing one":  {"{\n  \"productId\": \"p\", \"newPrice\": 1, \"currency\": \"EUR\"\n}", "data.oldPrice", "1", "is missing"},
		"no JSON":        {"{\n  \"productId\": \"p\",\n  oops\n}", "data", "3", ""},
		"nothing at all": {"", "data", "", "is empty"},
		"a list":         {"[]", "data", "1", "must be a JSON object"},
		"hostile text":   {`{"productId":"</textarea><script>alert(1)</script>"}`, "data.currency", "1", "is missing"},
		"a leading line": {"\n\n{\n  \"productId\": \"p\",\n  \"oldPrice\": 1,\n  \"newPrice\": {},\n  \"currency\": \"EUR\"\n}", "data.newPrice", "6", "must be"},
	} {
		form.Set("data", one.data)
		page := b.post(path, form).is(http.StatusUnprocessableEntity).hides("<script>alert(1)")
		doc := page.doc()
		if got := strings.ReplaceAll(doc.Find("#data").Text(), "\r\n", "\n"); strings.TrimPrefix(got, "\n") != strings.TrimPrefix(one.data, "\n") && got != one.data {
			t.Errorf("%s: the text is now %q", what, got)
		}
		faults := doc.Find(".faults li")
		if faults.Length() == 0 || faults.Find("code").First().Text() != one.path || faults.Find("[data-json-line]").First().AttrOr("data-json-line", "") != one.line {
			t.Errorf("%s: stands at %s", what, strings.Join(strings.Fields(faults.Text()), " "))
		}
		if !strings.Contains(faults.Text(), one.says) {
			t.Errorf("%s: %s", what, faults.Text())
		}
		if doc.Find(".flash [href]").First().AttrOr("href", "") != "#data" {
			t.Errorf("%s: the summary does not lead to the field", what)
		}
	}
	if len(f.events()) != 0 {
		t.Error("something was published")
	}
	form.Set("topic", "no.such")
	b.post(path, form).is(http.StatusUnprocessableEntity).says("no.such", "is not known", "POST /api/v1/topics")
	form.Set("topic", "endpoint.paused")
	b.post(path, form).is(http.StatusUnprocessableEntity).says("can't be published")
}

func TestPublishPage_shows_who_would_get_it_and_why_others_would_not(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	path, form := f.draft(b, "?topic=product.viewed")
	b.get(path).says("nobody: the project has no endpoint yet")
	f.scene()
	form.Set("do", "preview")
	form.Set("data", `{"productId":"prod_1"}`)
	page := b.post(path, form).is(http.StatusOK)
	page.says("2 of 4 endpoints", "held until it is resumed", "product.viewed matches product.viewed", `productId equals prod_2`, "matches none")
	part := b.post(f.path("events", "preview"), form, "HX-Request", "true").is(http.StatusOK).says("2 of 4 endpoints")
	if part.doc().Find("#reach").Length() != 1 || part.doc().Find("main, form").Length() != 0 {
		t.Error("the pane is not alone")
	}
	form.Set("data", `{"productId":`)
	b.post(f.path("events", "preview"), form, "HX-Request", "true").is(http.StatusOK).says("it would be refused")
	if len(f.events()) != 0 || strings.Contains(f.actions(), "event.published") {
		t.Error("a preview publishes")
	}
	form.Set("do", "example")
	form.Set("topic", "product.price_changed")
	if got := b.post(path, form).is(http.StatusOK).doc().Find("#data").Text(); !strings.Contains(got, "oldPrice") {
		t.Errorf("the example is %s", got)
	}
}

// scene is four endpoints: one takes product.viewed, one is paused, one wants
// another product, one another topic.
func (f *fixture) scene() {
	f.t.Helper()
	f.endpoint(f.ours)
	paused := f.endpoint(f.ours, func(s *webhook.Settings) { s.Name = "sleeping" })
	_, err := f.manage.PauseEndpoint(f.t.Context(), system, paused.ID)
	f.must(err)
	f.endpoint(f.ours, func(s *webhook.Settings) {
		s.Name, s.Payload = "picky", webhook.PayloadFilter{Rows: []webhook.PayloadRow{{Path: "productId", Operator: webhook.OpEquals, Value: "prod_2"}}}
	})
	f.endpoint(f.ours, func(s *webhook.Settings) { s.Name, s.Topics = "talks", []string{"chat.*"} })
}

func TestEventPage_says_who_gets_it_and_of_each_other_why_not(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.scene()
	event := f.viewed(f.ours)
	f.clock.forward(90_000_000_000)
	f.endpoint(f.ours, func(s *webhook.Settings) { s.Name = "newcomer" })
	page := f.as(account.Developer).get(f.path("events", event.String())).is(http.StatusOK)
	page.says("0 of 2 endpoints got it so far.", "1 is under way, 1 is held.", "Held: the endpoint is paused.", `productId equals prod_2`, `productId is "prod_1"`, "matches none", "was created later")
	var missed []string
	page.doc().Find("section[aria-labelledby=missed-title] .reach > li").Each(func(_ int, s *goquery.Selection) {
		missed = append(missed, strings.TrimSpace(s.Find("bdi").First().Text()))
	})
	if got := strings.Join(missed, " "); got != "picky talks newcomer" {
		t.Errorf("missed by: %s", got)
	}
}

func TestEventPage_puts_first_who_did_not_get_it(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lost := f.endpoint(f.ours, func(s *webhook.Settings) { s.Name = "lost" })
	event := f.viewed(f.ours)
	f.attempted(500)
	b := f.as(account.Developer)
	parts := func() string {
		var heads []string
		b.get(f.path("events", event.String())).is(http.StatusOK).doc().Find("#outcome section:has(table)").Each(func(_ int, s *goquery.Selection) {
			heads = append(heads, s.Find("h2").Text()+": "+strings.Join(strings.Fields(s.Find("td.first bdi").Text()), " "))
		})
		return strings.Join(heads, ", ")
	}
	if got := parts(); got != "Who did not get it: lost" {
		t.Error(got)
	}
	page, err := f.store.Deliveries(t.Context(), webhook.DeliveryFilter{ProjectID: f.ours.ID, EndpointID: lost.ID})
	f.must(err)
	resend := f.path("events", event.String(), "resend")
	b.follow(resend, url.Values{"delivery": {page.Items[0].ID.String()}})
	if got := parts(); got != "Who is still to get it: lostlost" {
		t.Error(got)
	}
	f.attempted(200)
	if got := parts(); got != "Who got it: lostlost" {
		t.Error(got)
	}
}

func TestEventPage_with_more_deliveries_than_it_lists_tells_the_truth(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range manage.MaxLimit + 3 {
		f.endpoint(f.ours, func(s *webhook.Settings) { s.Name = fmt.Sprintf("e%03d", i) })
	}
	event := f.viewed(f.ours)
	b := f.as(account.Developer)
	page := b.get(f.path("events", event.String())).is(http.StatusOK)
	page.says("0 of 203 endpoints got it so far.", "203 deliveries are under way or held.", "The newest 200 are listed.")
	if page.doc().Find("section[aria-labelledby=missed-title] .reach > li").Length() != 0 {
		t.Error("endpoints whose deliveries are not listed are said to have missed it")
	}
	b.get(f.path("topics")).says("203 endpoints")
}

func TestEventPage_of_an_event_for_all_shows_a_project_only_its_own_side(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.ours)
	f.endpoint(f.theirs, func(s *webhook.Settings) { s.Name = "their-orders" })
	receipts, err := f.publish.Publish(t.Context(), system, []publish.Draft{{Topic: "product.viewed", Audience: webhook.AudienceAll, Data: []byte(`{"productId":"p"}`), Key: "platform-run-7"}})
	f.must(err)
	f.fanOut(receipts[0].ID)
	b := f.as(account.Owner)
	page := b.get(f.path("events", receipts[0].ID.String())).is(http.StatusOK).says("for all projects that subscribe", "none was given").hides("their-orders", "platform-run-7")
	if page.offers(f.path("events", receipts[0].ID.String(), "expunge")) {
		t.Error("an owner of one project may expunge what all got")
	}
	b.get(f.path("events")).is(http.StatusOK).says("all").hides("platform-run-7")
}

// fanOut makes the deliveries of a wide event.
func (f *fixture) fanOut(event webhook.EventID) {
	f.t.Helper()
	ctx, stop := context.WithCancel(f.t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = f.publish.RunFanOut(ctx) }()
	defer func() { stop(); <-ended }()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		progress, err := f.store.FanOutOf(f.t.Context(), event)
		f.must(err)
		if !progress.Pending {
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatal("the fan-out does not end")
		}
	}
}

func TestEvent_is_published_again_from_its_page_however_large_it_is(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var data strings.Builder
	data.WriteString(`{"productId":"é","list":[1`)
	for data.Len() < publish.MaxData-20 {
		data.WriteString(`,"ü"`)
	}
	data.WriteString("]}")
	receipts, err := f.publish.Publish(t.Context(), system, []publish.Draft{{Topic: "product.viewed", Project: f.ours.ID, Data: []byte(data.String())}})
	f.must(err)
	b := f.as(account.Developer)
	link := f.path("events", "new") + "?from=" + receipts[0].ID.String()
	if !b.get(f.path("events", receipts[0].ID.String())).is(http.StatusOK).offers(f.path("events", "new")) {
		t.Error("it can't be published again")
	}
	action, form := b.get(link).is(http.StatusOK).says("Filled in from").form("#draft")
	form.Set("do", "preview")
	b.post(action, form).is(http.StatusOK).says("Filled in from")
	form.Set("do", "publish")
	b.follow(action, form).is(http.StatusOK).says("Published.")
	if all := f.events(); len(all) != 2 || all[0].ID == all[1].ID {
		t.Errorf("%d events", len(all))
	}
	form.Set("data", data.String()[:data.Len()-2]+`,"`+strings.Repeat("x", 64)+`"]}`)
	b.post(action, form).is(http.StatusUnprocessableEntity).says("at most 262144 are taken")
}

func TestExpungedEvent_can_not_be_published_again(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	event := f.viewed(f.ours)
	b := f.as(account.Owner)
	b.follow(f.path("events", event.String(), "expunge"), nil).says("The payload is gone", "Expunged", "gone for good").hides("prod_1")
	if b.get(f.path("events", event.String())).offers(f.path("events", "new")) {
		t.Error("it is offered to be published again")
	}
	b.get(f.path("events", "new") + "?from=" + event.String()).is(http.StatusConflict)
}

func TestPublishPage_keeps_the_form_while_the_database_does_not_answer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	path, form := f.draft(b, "?topic=product.viewed")
	options := f.web.Options
	options.Publish = publish.New(f.store, idle{}, publish.Options{Now: f.clock.now}) // nobody runs it
	f.web = web.New(options)
	f.serve(options.BaseURL, options.Log)
	b.handler = f.handler
	form.Set("data", `{"productId":"typed by hand"}`)
	page := b.post(path, form).is(http.StatusServiceUnavailable).says("publish again, and it counts once")
	if _, again := page.form("#draft"); again.Get("data") != form.Get("data") || again.Get("once") != form.Get("once") {
		t.Errorf("the form is now %v", again)
	}
}

func TestPublishPage_is_for_those_who_build_in_the_project(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("root@example.com", account.Admin, "")
	f.user("help@example.com", account.Support, "")
	path := f.path("events", "new")
	for who, b := range map[string]*browser{"viewer": f.as(account.Viewer), "admin": f.signIn("root@example.com"), "support": f.signIn("help@example.com")} {
		if b.get(f.path("events")).is(http.StatusOK).offers(path) || b.get(f.path("topics", "product.viewed")).is(http.StatusOK).offers(path) {
			t.Errorf("%s is offered to publish", who)
		}
		b.get(path).is(http.StatusForbidden)
		b.post(path, url.Values{"topic": {"product.viewed"}, "data": {"{}"}, "do": {"publish"}}).is(http.StatusForbidden)
		b.post(f.path("events", "preview"), url.Values{"topic": {"product.viewed"}, "data": {"{}"}}).is(http.StatusForbidden)
	}
	if len(f.events()) != 0 {
		t.Error("somebody published")
	}
}

func TestEvents_with_a_filter_that_is_wrong_say_where(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Viewer)
	for query, want := range map[string]string{"since=yesterday": "is a time like", "until=x": "is a time like", "cursor=%00junk": "cursor"} {
		b.get(f.path("events") + "?" + query).is(http.StatusUnprocessableEntity).says(want)
	}
}
