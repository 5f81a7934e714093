package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
)

func TestFlash_waits_for_the_next_whole_page(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	b := f.as(account.Developer)
	const words = "Paused. New events are held"
	paused := b.post(f.path("endpoints", d.EndpointID.String(), "pause"), nil).is(http.StatusSeeOther)
	for name, between := range map[string]page{
		"a wrong address":            b.get("/nothing").is(http.StatusNotFound),
		"a missing thing":            b.get(f.path("endpoints", f.ours.ID.String())).is(http.StatusNotFound),
		"a page that fails half way": b.get(f.path("endpoints", d.EndpointID.String()) + "?state=sleeping").is(http.StatusUnprocessableEntity),
		"something forbidden":        b.post(f.path("invitations"), url.Values{"email": {"x@example.com"}}).is(http.StatusForbidden),
		"another site":               b.post("/sign-out", nil, "Sec-Fetch-Site", "cross-site").is(http.StatusForbidden),
		"a live region":              b.get(f.path("deliveries"), "HX-Request", "true").is(http.StatusOK),
	} {
		if strings.Contains(between.text(), words) {
			t.Errorf("%s shows what was kept for another page", name)
		}
	}
	b.get(paused.location).is(http.StatusOK).says(words)
	b.get(paused.location).is(http.StatusOK).hides(words)
}

func TestProblems_show_the_request_id_and_nothing_of_a_form(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	for name, got := range map[string]page{
		"a wrong address": b.get("/nothing").is(http.StatusNotFound),
		"a stranger":      f.visitor().get("/nothing").is(http.StatusNotFound),
		"another site":    b.post(f.path("keys"), url.Values{"name": {"evil"}}, "Sec-Fetch-Site", "cross-site").is(http.StatusForbidden).hides("evil"),
	} {
		if id := got.header.Get("X-Request-Id"); id == "" || !strings.Contains(string(got.body), id) || !strings.Contains(string(got.body), "<html") {
			t.Errorf("%s: request %q is not on the page:\n%s", name, id, got.text())
		}
	}
}

func TestIcon_is_found_at_its_usual_address(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := f.visitor().get("/favicon.ico").is(http.StatusSeeOther)
	if !strings.HasPrefix(got.location, "/static/img/favicon.") || !strings.HasSuffix(got.location, ".svg") {
		t.Errorf("leads to %q", got.location)
	}
}
