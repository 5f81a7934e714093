package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestOverview_says_what_paused_endpoints_hold_and_lets_it_go(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.ours)
	f.viewed(f.ours)
	f.attempted(200)
	parked := f.endpoint(f.ours, func(s *webhook.Settings) { s.Name = "newsletter" })
	if _, err := f.manage.PauseEndpoint(t.Context(), system, parked.ID); err != nil {
		t.Fatal(err)
	}
	b := f.as(account.Developer)
	b.get(f.path()).is(http.StatusOK).says("1 healthy, 1 paused").hides("holding", `id="paused"`)

	for range 3 {
		f.viewed(f.ours)
	}
	page := b.get(f.path()).is(http.StatusOK).says("1 healthy, 1 paused and holding 3", "nothing is lost", "newsletter", "holds 3 deliveries; paused by a person", "since")
	if tone := page.doc().Find(".verdict").AttrOr("class", ""); !strings.Contains(tone, "t-held") {
		t.Errorf("the sentence is %q while something is held", tone)
	}
	f.as(account.Viewer).get(f.path()).is(http.StatusOK).says("holds 3 deliveries", "Look at it").hides("/resume")
	action, form := page.form(`form[action$="/resume"]`)
	b.follow(action, form).says("Resumed. 3 held deliveries go out")
	b.get(f.path()).says("1 healthy, 1 not used yet").hides("holding")
}

func TestOverview_tells_failures_of_one_kind_in_one_row(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.ours, func(s *webhook.Settings) { s.Name = "old-crm" })
	f.endpoint(f.ours, func(s *webhook.Settings) { s.Name = "ledger" })
	for range 4 {
		f.viewed(f.ours)
		f.attempted(500)
	}
	rows := f.as(account.Viewer).get(f.path()).is(http.StatusOK).says("4 times").doc().Find(`section[aria-labelledby="failures-title"] tbody tr`)
	if rows.Length() != 2 {
		t.Errorf("%d rows for two endpoints:\n%s", rows.Length(), rows.Text())
	}
}

func TestEndpointPage_has_a_summary_of_what_fails_with_the_URL_as_one_may_see_it(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := f.endpoint(f.ours)
	for range 3 {
		f.viewed(f.ours)
		f.attempted(503)
	}
	one := f.path("endpoints", made.ID.String())
	summary := func(b *browser) string {
		page := b.get(one).is(http.StatusOK).doc()
		text := page.Find(`pre[aria-label="Summary for a ticket"]`).Text()
		if copied := page.Find("button[data-copy]:contains(Copy)").AttrOr("data-copy", ""); copied != text {
			t.Errorf("the button copies %q, the page shows %q", copied, text)
		}
		return text
	}
	seen := summary(f.as(account.Developer))
	for _, line := range []string{"Endpoint: orders (" + made.ID.String() + ")\n", "URL: " + made.URL + "\n", "Failures in a row: 3\n", "Last answer: 503 Service Unavailable, ", "Deliveries that wait: 0\n", baseURL + one} {
		if !strings.Contains(seen, line) {
			t.Errorf("it lacks %q:\n%s", line, seen)
		}
	}
	if seen := summary(f.as(account.Viewer)); strings.Contains(seen, "t0p") || !strings.Contains(seen, "https://receiver.example/") {
		t.Errorf("a viewer copies\n%s", seen)
	}
}
