package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestOverview_leads_an_empty_project_to_its_first_event(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	if !b.get(f.path()).is(http.StatusOK).says("No endpoint yet", "Choose a receiver", "bellwire listen --port 90").offers(f.path("endpoints", "new")) {
		t.Error("there is no way to a first endpoint")
	}
	f.delivery(f.ours)
	f.attempted(200)
	b.get(f.path()).is(http.StatusOK).says("Your endpoint is healthy", "100 %").hides("Choose a receiver")
	b.get(f.path() + "?range=7d").is(http.StatusOK)
}

func TestOverview_names_what_failed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.delivery(f.ours)
	f.attempted(500)
	for range 2 {
		f.viewed(f.ours)
		f.attempted(503)
	}
	f.as(account.Viewer).get(f.path()).is(http.StatusOK).says("1 endpoint needs you", "it answered 503; 3 failures in a row", "503 Service Unavailable")
}

func TestEndpoint_that_gave_a_delivery_up_is_not_called_healthy(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.attempted(500)
	f.viewed(f.ours)
	f.attempted(200)
	b := f.as(account.Viewer)
	words := "1 delivery was given up in the last hour"
	b.get(f.path("endpoints")).is(http.StatusOK).says("unsteady", words).hides("healthy")
	b.get(f.path("endpoints", d.EndpointID.String())).is(http.StatusOK).says("unsteady", words).hides("healthy")
	b.get(f.path()).is(http.StatusOK).says("Your endpoint is not quite well", "unsteady", words)
	f.clock.forward(2 * time.Hour)
	b.get(f.path("endpoints")).is(http.StatusOK).says("healthy").hides("unsteady")
}

func TestOverview_wants_a_person_where_half_failed_in_an_hour(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	for i := range 20 {
		f.attempted([]int{500, 200}[i%2])
		f.viewed(f.ours)
	}
	b := f.as(account.Viewer)
	words := "50 % of 20 attempts failed in the last hour"
	b.get(f.path()).is(http.StatusOK).says("1 endpoint needs you", words)
	b.get(f.path("endpoints")).is(http.StatusOK).says("mostly failing", words)
	b.get(f.path("endpoints", d.EndpointID.String())).is(http.StatusOK).says("mostly failing", words)
}

func TestDeliveries_tell_their_events_apart_for_those_who_may_see_payloads(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.user("admin@example.com", account.Admin, "")
	for b, found := range map[*browser]string{f.as(account.Viewer): "Found by prod_1", f.signIn("admin@example.com"): ""} {
		for _, path := range []string{f.path("deliveries"), f.path("endpoints", d.EndpointID.String())} {
			row := b.get(path).is(http.StatusOK).doc().Find("#d-" + d.ID.String())
			if got := row.Find(".found").AttrOr("title", ""); row.Length() != 1 || got != found {
				t.Errorf("%s: %q", path, got)
			}
		}
		if list := b.get(f.path("events")).is(http.StatusOK).text(); strings.Contains(list, "Found by") != (found != "") || strings.Contains(list, "prod_1") != (found != "") {
			t.Errorf("%q: the events read %s", found, list)
		}
	}
}

func TestDeliveries_that_were_given_up_have_a_shape_of_their_own(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.attempted(500)
	page := f.as(account.Viewer).get(f.path("deliveries") + "?state=failed").is(http.StatusOK).says("failed: not delivered yet after a failure, or given up")
	shape := func(selector string) string {
		svg, err := page.doc().Find(selector).Find("svg").Last().Html()
		if err != nil || svg == "" {
			t.Fatalf("%s has no shape: %v", selector, err)
		}
		return svg
	}
	failed, exhausted := shape(`.chip[title^="Not delivered yet"]`), shape(`.chip[title^="Given up"]`)
	if row := shape("#d-" + d.ID.String() + " .mark.t-bad"); failed == exhausted || row != exhausted {
		t.Errorf("failed %s, exhausted %s, in the row %s", failed, exhausted, row)
	}
}

func TestDeliveries_are_filtered_by_the_address(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.attempted(500)
	f.viewed(f.ours)
	b := f.as(account.Viewer)
	rows := func(query string) int {
		t.Helper()
		return b.get(f.path("deliveries") + query).is(http.StatusOK).doc().Find("tbody tr").Length()
	}
	for query, want := range map[string]int{
		"": 2, "?state=exhausted": 1, "?state=failed": 1, "?state=waiting": 1, "?state=held": 0, "?status=500": 1, "?status=404": 0, "?topic=product.viewed": 2,
		"?topic=chat.message.sent": 0, "?endpoint=" + d.EndpointID.String(): 2, "?q=" + d.ID.String(): 1, "?range=1h": 2,
		"?since=2020-01-01T00:00&until=2020-01-02T00:00": 0,
	} {
		if got := rows(query); got != want {
			t.Errorf("%s: %d rows, want %d", query, got, want)
		}
	}
	b.get(f.path("deliveries") + "?state=exhausted&range=24h").says("exhausted · last 24 h")
}

func TestDeliveries_with_a_filter_that_is_wrong_say_where(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Viewer)
	for query, want := range map[string]string{
		"status=teapot": "is a number from 100 to 599", "since=yesterday": "is a time like", "until=x": "is a time like",
	} {
		page := b.get(f.path("deliveries") + "?" + query).is(http.StatusUnprocessableEntity).says(want)
		if name, value, _ := strings.Cut(query, "="); page.doc().Find(`[name="`+name+`"]`).AttrOr("value", "") != value {
			t.Errorf("%s: what was typed is gone", query)
		}
	}
	b.get(f.path("deliveries") + "?endpoint=x").is(http.StatusUnprocessableEntity)
	b.get(f.path("deliveries") + "?state=sleeping").is(http.StatusUnprocessableEntity)
	b.get(f.path("deliveries") + "?cursor=%00junk").is(http.StatusUnprocessableEntity)
}

func TestDelivery_tells_what_was_sent_and_what_came_back(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.attempted(401)
	b := f.as(account.Developer)
	page := b.get(f.path("deliveries", d.ID.String())).is(http.StatusOK)
	page.says("Given up after 1 try. Your server answered 401.", "The receiver refused the signature", "POST https://receiver.example/hook?token=t0p", "prod_1",
		"<script>alert(1)</script>", "curl -X POST 'https://receiver.example/hook?token=t0p'").hides("<script>alert(1)")
	b.get(f.path("deliveries", d.ID.String()) + "?attempt=1").is(http.StatusOK).says("Attempt 1")
	b.get(f.path("events", d.EventID.String())).is(http.StatusOK).says("prod_1", "0 of 1 endpoint got it.", "1 ended without success.", "orders")
}

func TestDelivery_is_sent_again_sent_now_and_cancelled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	b := f.as(account.Developer)
	one := f.path("deliveries", d.ID.String())
	waiting := b.get(one).is(http.StatusOK)
	if waiting.offers(one+"/resend") || !waiting.offers(one+"/send-now") || !waiting.offers(one+"/cancel") {
		t.Error("a waiting delivery can be sent now or cancelled, and not sent again")
	}
	b.post(one+"/resend", nil).is(http.StatusConflict)
	b.follow(one+"/send-now", nil).says("It is due now")
	b.follow(one+"/cancel", nil).says("The delivery is cancelled", "Cancelled by developer@example.com")
	b.post(one+"/cancel", nil).is(http.StatusConflict)
	again := b.follow(one+"/resend", nil)
	again.says("Resent. This is the new delivery", "Resent by developer@example.com", "Waiting to be sent.")
	if again.location == one {
		t.Error("a resend is a delivery of its own")
	}
	b.get(one).says("resent just now")
	if !strings.HasPrefix(f.actions(), "delivery.resent delivery.cancelled delivery.sent-now") {
		t.Errorf("the audit log says %s", f.actions())
	}
}

func TestEvent_says_who_did_not_get_it_and_why(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.ours, func(s *webhook.Settings) { s.Name, s.Topics = "prompts-only", []string{"prompt.*"} })
	event := f.viewed(f.ours)
	b := f.as(account.Viewer)
	b.get(f.path("events")).is(http.StatusOK).says("product.viewed")
	b.get(f.path("events") + "?topic=prompt.created").is(http.StatusOK).says("Nothing matches")
	b.get(f.path("events", event.String())).is(http.StatusOK).says("No endpoint took this event.", "prompts-only")
}

func TestEvent_can_be_expunged_by_owners(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	one := f.path("events", d.EventID.String())
	if f.as(account.Developer).get(one).offers(one + "/expunge") {
		t.Error("a developer is offered what only owners may")
	}
	b := f.as(account.Owner)
	if !b.get(one).says("prod_1").offers(one + "/expunge") {
		t.Error("an owner is not offered it")
	}
	b.follow(one+"/expunge", nil).says("The payload is gone", "Expunged").hides("prod_1")
	b.post(one+"/expunge", nil).is(http.StatusConflict)
	gone := b.get(one).is(http.StatusOK).says("can't be explained any more: matching needs the payload")
	if n := strings.Count(gone.text(), "Expunged just now"); n != 1 {
		t.Errorf("the page says %d times that the payload is gone", n)
	}
	b.get(f.path("deliveries", d.ID.String())).is(http.StatusOK).hides("prod_1")
}

func TestTopics_show_who_takes_them(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.ours)
	b := f.as(account.Developer)
	b.get(f.path("topics")).is(http.StatusOK).says("product.viewed", "1 endpoint", "prompt.created", "Operational")
	b.get(f.path("topics") + "?q=prompt").is(http.StatusOK).says("prompt.created").hides("product.viewed")
	if !b.get(f.path("topics", "product.viewed")).is(http.StatusOK).says("orders", "productId").offers(f.path("endpoints", "new")) {
		t.Error("there is no way to subscribe")
	}
}

func TestSupport_opens_a_payload_by_saying_why(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.attempted(500)
	f.user("support@example.com", account.Support, "")
	b := f.signIn("support@example.com")
	one := f.path("deliveries", d.ID.String())
	if !b.get(one).is(http.StatusOK).says("Your server answered 500", "Why you open the payload").hides("prod_1", "t0p").offers(one) {
		t.Error("there is no form to say why")
	}
	if strings.Contains(f.actions(), "payload.viewed") {
		t.Fatal("the log says that it was seen")
	}
	b.post(one, url.Values{"reason": {"ticket 4711"}}).is(http.StatusOK).says("prod_1").hides("t0p", "Why you open the payload")
	if !strings.HasPrefix(f.actions(), "payload.viewed") {
		t.Errorf("the audit log says %s", f.actions())
	}
	b.get(f.path("endpoints", "new")).is(http.StatusForbidden)
	b.follow(f.path("endpoints", d.EndpointID.String(), "pause"), nil).says("Paused")
}
