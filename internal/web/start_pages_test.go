package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestGuide_leads_from_nothing_to_a_delivered_event_by_forms_alone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	action, form := b.get(f.path()).is(http.StatusOK).says("Choose a receiver", "A test receiver").form("form#connect")
	secret, port := form.Get("secret"), regexp.MustCompile(`^http://127\.0\.0\.1:(90[0-9]{2})/$`).FindStringSubmatch(form.Get("url"))
	if !strings.HasPrefix(secret, "whsec_") || port == nil || form.Get("topic") == "" {
		t.Fatalf("filled in with %v", form)
	}
	again := b.get(f.path("start")).is(http.StatusOK).says("bellwire listen --port " + port[1] + " --secret " + secret)
	if _, same := again.form("form#connect"); same.Get("secret") != secret || same.Get("url") != form.Get("url") {
		t.Errorf("loaded again, the page promises another receiver: %v", same)
	}
	b.get(f.path("start") + "?way=url").is(http.StatusOK).says(secret)
	wrong := b.post(action, form).is(http.StatusUnprocessableEntity)
	if _, again := wrong.form("form#connect"); again.Get("secret") != secret || again.Get("url") != form.Get("url") {
		t.Errorf("what was typed is lost: %v", again)
	}
	form.Set("url", "https://receiver.example/hook")
	connected := b.follow(action, form)
	connected.says("Connect it (done)", "receiver.example/hook", "Publish a test event (now)", "See it arrive (later)")
	if e := f.only(); e.Format != webhook.FormatStandard || e.Name != "test-receiver" {
		t.Errorf("made %+v", e)
	}
	if b.cookies["bellwire-first"] != "" {
		t.Error("the browser still keeps the secret that the endpoint has now")
	}
	b.get(f.path("start")).is(http.StatusOK).hides(secret)
	b.post(f.path("start", "command")+"?way=url", nil).is(http.StatusOK).says(secret)
	b.post(f.path("start", "again"), nil).is(http.StatusConflict)
	action, form = connected.form(`form[action*="/start/event"]`)
	b.follow(action, form).says("Publish a test event (done)", "waiting", "On its way.")
	f.attempted(500)
	b.get(f.path()).is(http.StatusOK).says("The first event has not arrived yet", "Your server answered 500.", "Send it again now").hides("Success rate", "Last failures")
	b.follow(f.path("start", "again"), nil).says("On its way.")
	f.attempted(200)
	b.get(f.path("start")).is(http.StatusOK).says("It arrived (done)", "Your server answered 200 in 84 ms", "What next", "POST https://receiver.example/hook", "200 OK").hides("<script>alert")
	b.get(f.path()).is(http.StatusOK).hides("Choose a receiver")
	if !b.get(f.path()).offers(f.path("start")) {
		t.Error("the guide can't be opened again")
	}
}

func TestGuide_offers_each_person_what_they_may_do(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.as(account.Viewer).get(f.path()).is(http.StatusOK).says("Your role may look but not connect anything").hides("whsec_", `id="connect"`)
	developer := f.as(account.Developer)
	developer.get(f.path("start")+"?way=forward").is(http.StatusOK).says("bellwire listen --forward", "--key KEY", "an owner of this project can make one")
	to := url.Values{"to": {"http://localhost:4567/in?a=1&b=2"}}
	developer.post(f.path("start", "command")+"?way=forward", to).is(http.StatusForbidden)
	developer.get(f.path("start")+"?way=url").is(http.StatusOK).says("over http or https", "verifies signatures with this secret").hides("bellwire listen")
	developer.post(f.path("start", "command"), nil).is(http.StatusConflict)

	owner := f.as(account.Owner)
	for _, wrong := range []string{"", "localhost:4567", "ftp://localhost/in", "http://"} {
		owner.post(f.path("start", "command")+"?way=forward", url.Values{"to": {wrong}}).is(http.StatusUnprocessableEntity).says("is a URL like http://localhost:3000/webhooks")
	}
	page := owner.post(f.path("start", "command")+"?way=forward", to).is(http.StatusOK).
		says("shown now and not again", "--forward 'http://localhost:4567/in?a=1&b=2'", "--url http://bell.example", "Look again")
	key := regexp.MustCompile(`--key (bwsk_\S+)`).FindStringSubmatch(page.text())
	if key == nil {
		t.Fatalf("no key in the command:\n%s", page.text())
	}
	if caller, err := f.manage.AuthenticateKey(t.Context(), key[1], ""); err != nil || caller.May(account.ChangeEndpoint, f.ours.ID) != nil || caller.May(account.Publish, f.ours.ID) == nil {
		t.Errorf("the key may not do what listening needs, or more: %v", err)
	}
	owner.get(f.path("start") + "?way=forward").is(http.StatusOK).hides(key[1])
	f.tired()
	owner.post(f.path("start", "command")+"?way=forward", to).is(http.StatusForbidden).says("Your password again")
}

func TestOverview_counts_only_what_went_well_as_healthy(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	f.endpoint(f.ours)
	f.viewed(f.ours)
	f.attempted(200)
	f.endpoint(f.ours, func(s *webhook.Settings) { s.Name, s.Topics = "idle", []string{"prompt.created"} })
	paused := f.endpoint(f.ours, func(s *webhook.Settings) { s.Name, s.Topics = "parked", []string{"prompt.created"} })
	b.follow(f.path("endpoints", paused.ID.String())+"/pause", nil)
	page := b.get(f.path()).is(http.StatusOK).says("1 healthy, 1 paused, 1 not used yet")
	if icon := page.doc().Find(`link[rel=icon]`).AttrOr("href", ""); strings.Contains(icon, "trouble") {
		t.Error("the icon shows a dot while nothing fails")
	}
}

func TestOverview_and_every_frame_agree_on_who_needs_somebody(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	f.endpoint(f.ours, func(s *webhook.Settings) { s.Name = "old-crm" })
	for range 8 {
		f.viewed(f.ours)
		f.attempted(500)
	}
	f.endpoint(f.ours, func(s *webhook.Settings) { s.Name = "quiet" })
	page := b.get(f.path()).is(http.StatusOK).says("1 endpoint needs you", "Of the others 1 not used yet.", "8 times")
	rows := page.doc().Find(`section[aria-labelledby="needs-you"] [data-row]`)
	if rows.Length() != 1 || !strings.Contains(rows.Text(), "old-crm") || page.doc().Find(`[aria-labelledby="failures-title"] tbody tr`).Length() != 1 {
		t.Errorf("%d rows under a headline of one: %s", rows.Length(), rows.Text())
	}
	for _, path := range []string{f.path(), f.path("deliveries"), f.path("endpoints")} {
		doc := b.get(path).is(http.StatusOK).doc()
		if !strings.Contains(doc.Find(`link[rel=icon]`).AttrOr("href", ""), "trouble") || strings.TrimSpace(doc.Find(".rail .count").Text()) != "1" {
			t.Errorf("%s: the frame says %q", path, doc.Find(".rail .count").Text())
		}
	}
}

func TestEndpoints_are_listed_trouble_first_found_narrowed_and_paged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	b.get(f.path("endpoints")).is(http.StatusOK).says("No endpoint yet", "Connect the first one")
	f.endpoint(f.ours, func(s *webhook.Settings) { s.Name = "zz-broken" })
	for range 3 {
		f.viewed(f.ours)
		f.attempted(500)
	}
	f.viewed(f.ours)
	for i := range 70 {
		f.endpoint(f.ours, func(s *webhook.Settings) {
			s.Name, s.Topics = "idle-"+string(rune('a'+i/26))+string(rune('a'+i%26)), []string{"prompt.created"}
		})
	}
	names := func(p page) []string {
		var list []string
		for _, n := range p.doc().Find("tbody a[data-open]").EachIter() {
			list = append(list, n.Text())
		}
		return list
	}
	first := b.get(f.path("endpoints")).is(http.StatusOK).says("1–30 of 71, trouble first", "not used yet 70", "1 waiting")
	if got := names(first); len(got) != 30 || got[0] != "zz-broken" || got[1] != "idle-aa" {
		t.Errorf("first page: %v", got)
	}
	if got := names(b.get(f.path("endpoints") + "?page=3")); len(got) != 11 {
		t.Errorf("last page: %v", got)
	}
	if got := names(b.get(f.path("endpoints") + "?page=99")); len(got) != 11 {
		t.Errorf("beyond it: %v", got)
	}
	if got := names(b.get(f.path("endpoints") + "?state=trouble")); len(got) != 1 || got[0] != "zz-broken" {
		t.Errorf("in trouble: %v", got)
	}
	if got := names(b.get(f.path("endpoints") + "?q=IDLE-c")); len(got) != 18 {
		t.Errorf("found: %v", got)
	}
	b.get(f.path("endpoints") + "?q=nothing").is(http.StatusOK).says("No endpoint is like that")
	if got := names(f.as(account.Viewer).get(f.path("endpoints") + "?q=" + url.QueryEscape("token=t0p"))); len(got) != 0 {
		t.Errorf("a viewer finds by what they may not see: %v", got)
	}
}

func TestHealthTab_shows_causes_by_status_and_history(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	d := f.delivery(f.ours)
	for range 4 {
		f.attempted(500)
		f.viewed(f.ours)
	}
	one := f.path("endpoints", d.EndpointID.String())
	b.follow(one+"/pause", nil)
	tab := b.get(one+"?tab=health").is(http.StatusOK).says("4 failures in a row", "Your server answered with an error status.",
		"500 × 4", "of the latest 4 deliveries that were last answered so", "4 deliveries of this time given up",
		"paused", "by developer@example.com", "made", "Limits in force", "everything is held")
	if n := strings.Count(tab.doc().Find("main").Text(), "p95 latency") + tab.doc().Find("#health dt:contains(Success)").Length(); n != 1 {
		t.Errorf("the head's numbers stand on the page %d times", n)
	}
	if tab.doc().Find("figure[data-chart]").Length() != 2 {
		t.Error("two charts are missing")
	}
	b.get(one+"?tab=health&since=2020-01-01T00:00&until=2020-01-02T00:00").is(http.StatusOK).says("Nothing was sent in this time.", "1 Jan 00:00–2 Jan 00:00 UTC", "Deliveries of this time")
	b.get(one + "?tab=health&since=never").is(http.StatusOK).says("is a time like 2026-01-24T10:30, in UTC")
	f.as(account.Viewer).get(one + "?tab=health").is(http.StatusOK).says("shown to the developers and owners").hides("developer@example.com")
}
