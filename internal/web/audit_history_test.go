package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestAudit_tells_what_a_change_of_an_endpoint_changed_and_no_secret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	e := f.endpoint(f.ours)
	topics, target, timeout := []string{"product.*"}, "https://other.example/t0p", 7*time.Second
	headers := []webhook.Header{{Name: "Authorization", Value: "t0p", Secret: true}, {Name: "X-Key", Value: "t0p"}}
	payload := webhook.PayloadFilter{Rows: []webhook.PayloadRow{{Path: "price", Operator: webhook.OpMore, Value: "10"}}}
	_, _, err := f.manage.UpdateEndpoint(t.Context(), system, e.ID, manage.EndpointPatch{Topics: &topics})
	f.must(err)
	_, _, err = f.manage.UpdateEndpoint(t.Context(), system, e.ID, manage.EndpointPatch{URL: &target, Timeout: &timeout, Headers: &headers, Payload: &payload})
	f.must(err)
	words := []string{"URL: https://receiver.example/… → https://other.example/…", "payload filter: none → price > 10", "header Authorization: added (secret)", "header X-Key: added", "timeout: 15s → 7s"}
	page := b.get(f.path("audit")).is(http.StatusOK).says("topics: product.viewed → product.*").says(words...).hides("t0p")
	if opened := page.doc().Find("tbody details li"); opened.Length() != len(words) || opened.First().Text() != words[0] {
		t.Errorf("the long change opens to %q", opened.Text())
	}
	file := b.get(f.path("audit.csv")).is(http.StatusOK).hides("t0p")
	lines, err := csv.NewReader(strings.NewReader(string(file.body))).ReadAll()
	f.must(err)
	if got := lines[1][7]; got != strings.Join(words, "; ") {
		t.Errorf("the file says %q", got)
	}
	b.get(f.path("endpoints", e.ID.String())+"?tab=health").is(http.StatusOK).says("topics: product.viewed → product.*", words[0]+"; ")
}

func TestAudit_is_narrowed_to_an_endpoint_and_its_page_leads_there(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	one := f.endpoint(f.ours)
	f.endpoint(f.ours, func(s *webhook.Settings) { s.Name = "ledger" })
	theirs := f.endpoint(f.theirs)
	history := f.path("audit") + "?endpoint=" + one.ID.String()
	for _, tab := range []string{"", "?tab=health"} {
		if !b.get(f.path("endpoints", one.ID.String()) + tab).is(http.StatusOK).offers(history) {
			t.Errorf("the endpoint's page%s does not lead to its history", tab)
		}
	}
	if f.as(account.Viewer).get(f.path("endpoints", one.ID.String())).is(http.StatusOK).offers(f.path("audit")) {
		t.Error("a viewer is led to a history that is not shown to them")
	}
	page := b.get(history+"&range=24h&action=endpoint").is(http.StatusOK).says("Shown:endpoint orders endpoints last 24 h", "created the endpoint orders").hides("created the endpoint ledger")
	if rows := page.doc().Find("tbody tr").Length(); rows != 1 {
		t.Errorf("%d rows", rows)
	}
	if kept := page.doc().Find(`form[role=search] input[name=endpoint]`).AttrOr("value", ""); kept != one.ID.String() {
		t.Errorf("the form keeps the endpoint %q", kept)
	}
	away := page.doc().Find(`.chosen[aria-label="Take away: endpoint orders"]`).AttrOr("href", "")
	if u, err := url.Parse(away); err != nil || u.Query().Has("endpoint") || u.Query().Get("range") != "24h" {
		t.Errorf("taking the endpoint away leads to %q", away)
	}
	if file := b.get(f.path("audit.csv") + "?endpoint=" + one.ID.String()).is(http.StatusOK); strings.Count(string(file.body), "\n") != 2 {
		t.Errorf("the file of one endpoint:\n%s", file.body)
	}
	b.get(f.path("audit") + "?endpoint=" + theirs.ID.String()).is(http.StatusOK).says("Nothing matches").hides("created the endpoint")
	b.get(f.path("audit") + "?endpoint=nothing").is(http.StatusUnprocessableEntity).says("is the id of none")
	f.must(f.manage.DeleteEndpoint(t.Context(), system, one.ID))
	b.get(history).is(http.StatusOK).says("Shown:endpoint orders", "deleted the endpoint orders")
	if !b.get(f.path("endpoints", one.ID.String())).is(http.StatusOK).offers(history) {
		t.Error("a deleted endpoint's page does not lead to its history")
	}
}

func TestAudit_folds_what_one_did_in_bulk_and_keeps_the_rest_on_the_page(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	f.endpoint(f.ours)
	me := webhook.Actor{Type: webhook.ActorUser, ID: f.userID("owner@example.com").UUID, Name: "owner@example.com"}
	for range 120 {
		f.acted(f.ours, func(e *webhook.AuditEntry) {
			e.Actor, e.Action, e.Object, e.ObjectName = me, "delivery.resent", mint.UUID(e.At).String(), "product.viewed"
		})
		f.clock.forward(time.Second)
	}
	for range 3 {
		f.acted(f.ours, func(e *webhook.AuditEntry) {
			e.Actor, e.Action, e.ObjectName = me, "payload.viewed", "product.viewed"
		})
		f.clock.forward(time.Second)
	}
	for range 2 {
		f.acted(f.ours, func(e *webhook.AuditEntry) {
			e.Actor, e.Action, e.ObjectName = me, "delivery.cancelled", "product.viewed"
		})
	}
	page := b.get(f.path("audit")).is(http.StatusOK).says("owner@example.com resent 120 deliveries of product.viewed", "owner@example.com looked at payloads of product.viewed 3 times", "created the endpoint orders")
	if n := strings.Count(page.text(), "cancelled a delivery of product.viewed"); n != 2 {
		t.Errorf("two acts are %d rows", n)
	}
	run := page.doc().Find("tbody details").Last()
	if links := run.Find("a[href]").Length(); links != 120 || !strings.Contains(run.Find("summary").Text(), "120") {
		t.Errorf("the row opens to %d links", links)
	}
	run.Find("a[href]").EachWithBreak(func(_ int, a *goquery.Selection) bool {
		if !strings.HasPrefix(a.AttrOr("href", ""), f.path("deliveries")+"/") || !strings.HasPrefix(a.Text(), "product.viewed · ") {
			t.Errorf("%q leads to %q", a.Text(), a.AttrOr("href", ""))
		}
		return !t.Failed()
	})
	if file := b.get(f.path("audit.csv") + "?action=delivery.resent").is(http.StatusOK); strings.Count(string(file.body), "\n") != 121 {
		t.Errorf("the file has %d lines", strings.Count(string(file.body), "\n"))
	}
}

func TestAudit_folds_neither_others_acts_nor_those_of_another_hour_nor_changes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	act := func(action, by string, times int) {
		for range times {
			f.acted(f.ours, func(e *webhook.AuditEntry) {
				e.Action, e.Actor, e.ObjectName = action, webhook.Actor{Type: webhook.ActorKey, Name: by}, "x"
			})
			f.clock.forward(time.Millisecond)
		}
	}
	act("delivery.resent", "a", 2)
	f.clock.forward(time.Hour)
	act("delivery.resent", "a", 2)
	act("delivery.resent", "b", 2)
	act("endpoint.updated", "b", 4)
	page := b.get(f.path("audit")).is(http.StatusOK).says("the key “b” changed the endpoint x").hides("<details class=\"fold\"><summary>Show")
	if n := strings.Count(page.text(), "resent a delivery of x"); n != 6 {
		t.Errorf("%d rows of 6", n)
	}
}

func TestAudit_names_the_event_whose_payload_was_seen_and_who_signed_in_once(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.user("root@example.com", account.Admin, "")
	root := f.signIn("root@example.com")
	root.get(f.path("deliveries", d.ID.String())).is(http.StatusOK)
	f.acted(f.ours, func(e *webhook.AuditEntry) {
		e.Actor = webhook.Actor{Type: webhook.ActorUser, Name: "dev@example.com"}
		e.Action, e.ObjectName, e.Detail = "user.signed-in", "dev@example.com", "by link, as developer"
	})
	b := f.as(account.Owner)
	short := func(id string) string { return id[:8] + "…" + id[len(id)-6:] }
	page := b.get(f.path("audit")).is(http.StatusOK).says(
		fmt.Sprintf("root@example.com looked at the payload of product.viewed · %s", short(d.EventID.String())), "with the bodies of delivery "+d.ID.String(),
		"dev@example.com signed in by link, as developer",
	)
	link := page.doc().Find(`tbody a[href*="/search?q="]`).AttrOr("href", "")
	if got := b.get(link); got.location != f.path("events", d.EventID.String()) {
		t.Errorf("%q leads to %q", link, got.location)
	}
}
