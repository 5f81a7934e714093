package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/web"
	"github.com/bellwire/bellwire/internal/webhook"
)

var parameter = regexp.MustCompile(`:[a-z]+`)

// filled puts ids in the place of a route's parameters; those without one get
// an id that nothing has.
func filled(path string, ids map[string]string) string {
	return parameter.ReplaceAllStringFunc(path, func(name string) string {
		if id, ok := ids[name]; ok {
			return id
		}
		return "019bef3c-8a40-7c11-9d2e-5b1f0c7a6e21"
	})
}

func (b *browser) call(r web.Route, path string) page {
	b.t.Helper()
	if r.Method == http.MethodGet {
		return b.get(path)
	}
	return b.post(path, url.Values{"email": {"x@example.com"}, "role": {"viewer"}, "scope": {"read"}})
}

func TestRoutes_send_a_visitor_to_the_door(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ids := map[string]string{":project": f.ours.ID.String()}
	closed := 0
	for _, r := range f.web.Routes() {
		path := filled(r.Path, ids)
		got := f.visitor().call(r, path)
		if r.Who == "anyone" {
			if strings.HasPrefix(got.location, "/sign-in?next=") || got.status >= 500 {
				t.Errorf("%s %s is for anyone: %d to %q", r.Method, r.Path, got.status, got.location)
			}
			continue
		}
		closed++
		want := "/sign-in?next=" + url.QueryEscape(path)
		if r.Method != http.MethodGet {
			want = "/sign-in?next=%2F"
		}
		if got.status != http.StatusSeeOther || got.location != want {
			t.Errorf("%s %s: %d to %q, want 303 to %q", r.Method, r.Path, got.status, got.location, want)
		}
	}
	if closed < 40 {
		t.Errorf("only %d routes are closed", closed)
	}
}

// TestRoutes_hide_things_of_another_project asks for their things under our
// address: both exist, and yet nothing is there.
func TestRoutes_hide_things_of_another_project(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.theirs)
	b := f.as(account.Owner)
	ids := map[string]string{
		":project": f.ours.ID.String(), ":endpoint": d.EndpointID.String(), ":delivery": d.ID.String(), ":event": d.EventID.String(),
	}
	before := f.actions()
	for _, r := range f.web.Routes() {
		if !strings.Contains(r.Path, ":endpoint") && !strings.Contains(r.Path, ":delivery") && !strings.Contains(r.Path, ":event") {
			continue
		}
		got := b.call(r, filled(r.Path, ids))
		if got.status != http.StatusNotFound {
			t.Errorf("%s %s: %d", r.Method, r.Path, got.status)
		}
		got.hides("prod_1", "receiver.example")
	}
	if f.actions() != before {
		t.Errorf("something was done: %s", f.actions())
	}
}

func TestRoutes_hide_things_of_another_project_from_members_of_both(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.theirs)
	b := f.as(account.Owner)
	_, err := f.manage.SetMember(t.Context(), system, f.theirs.ID, manage.NewMember{Email: "owner@example.com", Role: account.Owner})
	f.must(err)
	ids := map[string]string{
		":project": f.ours.ID.String(), ":endpoint": d.EndpointID.String(), ":delivery": d.ID.String(), ":event": d.EventID.String(),
	}
	before := f.actions()
	for _, r := range f.web.Routes() {
		pageOfOne := r.Method == http.MethodGet && (strings.Contains(r.Path, ":delivery") || strings.Contains(r.Path, ":event"))
		if !pageOfOne && !strings.Contains(r.Path, ":endpoint") {
			continue
		}
		if got := b.call(r, filled(r.Path, ids)); got.status != http.StatusNotFound {
			t.Errorf("%s %s: %d", r.Method, r.Path, got.status)
		}
	}
	if f.actions() != before {
		t.Errorf("something was done: %s", f.actions())
	}
}

func TestRoutes_with_an_id_that_is_none_are_missing_pages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	for _, path := range []string{"/p/nonsense", f.path("endpoints", "x"), f.path("deliveries", "x"), f.path("events", "x"), f.path("topics", "no.such"), "/nothing"} {
		b.get(path).is(http.StatusNotFound).says("Not found", "Go to your projects")
	}
	b.post(f.path("keys", "x", "revoke"), nil).is(http.StatusNotFound)
	f.visitor().get("/nothing").is(http.StatusNotFound)
}

func TestViewer_sees_no_secrets_no_full_addresses_and_no_buttons(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.attempted(500)
	b := f.as(account.Viewer)
	endpoint := f.path("endpoints", d.EndpointID.String())
	for _, path := range []string{
		f.path(), f.path("endpoints"), endpoint, endpoint + "?tab=settings", endpoint + "?tab=secret", endpoint + "?tab=health", f.path("deliveries"),
		f.path("deliveries", d.ID.String()), f.path("events"), f.path("events", d.EventID.String()), f.path("topics"), f.path("topics", "product.viewed"), f.path("members"),
	} {
		got := b.get(path).is(http.StatusOK).hides("t0p", "whsec_c")
		got.doc().Find(`main form[method="post"]`).Each(func(_ int, s *goquery.Selection) {
			t.Errorf("%s has a form to %s", path, s.AttrOr("action", "?"))
		})
		if got.offers(f.path("endpoints", "new")) {
			t.Errorf("%s offers a new endpoint", path)
		}
	}
}

func TestPages_are_kept_in_no_cache(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	for _, path := range []string{"/projects", f.path(), f.path("endpoints", "new")} {
		if got := b.get(path).is(http.StatusOK); got.header.Get("Cache-Control") != "no-store" || !strings.Contains(got.header.Get("Vary"), "HX-Request") {
			t.Errorf("%s: Cache-Control %q, Vary %q", path, got.header.Get("Cache-Control"), got.header.Get("Vary"))
		}
	}
}

func TestForms_from_another_site_do_nothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	b.post(f.path("keys"), url.Values{"name": {"evil"}, "scope": {"read"}}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").is(http.StatusForbidden)
	keys, err := f.manage.Keys(t.Context(), system, f.ours.ID)
	f.must(err)
	if len(keys) != 0 {
		t.Errorf("%d keys were made", len(keys))
	}
}

// TestPages_with_hostile_names draws what people typed, never runs it.
func TestPages_with_hostile_names(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hostile := `"><img src=x onerror=alert(1)>`
	e := f.endpoint(f.ours, func(s *webhook.Settings) { s.Name = hostile })
	event := f.viewed(f.ours)
	f.attempted(500)
	b := f.as(account.Owner)
	page, err := f.store.Deliveries(t.Context(), webhook.DeliveryFilter{ProjectID: f.ours.ID, Limit: 1})
	f.must(err)
	for _, path := range []string{
		f.path(), f.path("endpoints"), f.path("endpoints", e.ID.String()), f.path("endpoints", e.ID.String(), "edit"), f.path("deliveries") + "?q=" + url.QueryEscape(hostile),
		f.path("deliveries", page.Items[0].ID.String()), f.path("events", event.String()), f.path("events") + "?q=" + url.QueryEscape(hostile),
		f.path("topics") + "?q=" + url.QueryEscape(hostile), "/sign-in?next=" + url.QueryEscape(hostile),
	} {
		b.get(path).hides(`<img src=x`, `<script>alert(1)`, `<b>café`)
	}
}
