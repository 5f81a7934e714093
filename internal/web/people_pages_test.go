package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
)

// byLink is a browser of somebody who came by a sign-in link.
func (f *fixture) byLink(email string, role account.Role) *browser {
	f.t.Helper()
	link, err := f.manage.CreateSignInLink(f.t.Context(), system, f.ours.ID, manage.NewLink{Email: email, Role: role})
	f.must(err)
	b := f.visitor()
	action, form := b.get(strings.TrimPrefix(link.URL, baseURL)).form("main form")
	b.post(action, form).is(http.StatusSeeOther)
	return b
}

func TestKeys_are_shown_once(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	made := b.post(f.path("keys"), url.Values{"name": {"checkout"}, "scope": {"publish", "read"}}).is(http.StatusOK).says("checkout", "not shown again")
	secret := made.doc().Find(`pre[aria-label="The key"]`).Text()
	if _, err := f.manage.AuthenticateKey(t.Context(), secret, ""); err != nil {
		t.Fatalf("%q does not work: %v", secret, err)
	}
	if made.header.Get("Cache-Control") != "no-store" {
		t.Error("the page with the key may be kept")
	}
	list := b.get(f.path("keys")).is(http.StatusOK).says("checkout", "active").hides(secret)
	action, _ := list.form(`form[action$="/revoke"]`)
	b.follow(action, nil).says("The key is revoked", "revoked")
	if _, err := f.manage.AuthenticateKey(t.Context(), secret, ""); err == nil {
		t.Error("a revoked key works")
	}
	if strings.Contains(f.log.String(), secret) {
		t.Error("the key is in the log")
	}
}

func TestKeys_without_a_scope_keep_what_was_typed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	again := b.post(f.path("keys"), url.Values{"name": {"checkout"}}).is(http.StatusUnprocessableEntity)
	if _, form := again.form(`form[action$="/keys"]`); form.Get("name") != "checkout" {
		t.Errorf("shown %v", form)
	}
}

func TestKeys_are_listed_for_developers_and_made_by_owners(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.key()
	b := f.as(account.Developer)
	b.get(f.path("keys")).is(http.StatusOK).says("ci").hides("/revoke", "New key")
	b.post(f.path("keys"), url.Values{"scope": {"read"}}).is(http.StatusForbidden)
}

func TestMembers_change_roles_and_are_removed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	f.user("dev@example.com", account.Member, account.Viewer)
	dev := f.signIn("dev@example.com")
	dev.get(f.path("endpoints", "new")).is(http.StatusForbidden)
	action, form := b.get(f.path("members")).form(`form:contains("Role of dev@example.com")`)
	if form.Get("role") != "viewer" {
		t.Errorf("the dialog begins with %v", form)
	}
	form.Set("role", "developer")
	b.follow(action, form).says("dev@example.com is developer now")
	dev.get(f.path("endpoints", "new")).is(http.StatusOK)
	form.Set("role", "admin")
	b.post(action, form).is(http.StatusUnprocessableEntity)
	action, _ = b.get(f.path("members")).form(`form:contains("Remove dev@example.com")`)
	b.follow(action, nil).says("The member is removed")
	dev.get(f.path()).is(http.StatusNotFound)
	f.user("heir@example.com", account.Member, account.Owner)
	if leaves, _ := b.get(f.path("members")).form(`form:contains("Remove owner@example.com")`); b.post(leaves, nil).location != "/projects" {
		t.Error("who leaves is not led out of the project")
	}
}

func TestMembers_always_have_an_owner(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	f.user("dev@example.com", account.Member, account.Developer)
	action, _ := b.get(f.path("members")).form(`form:contains("Role of owner@example.com")`)
	b.post(action, url.Values{"role": {"viewer"}}).is(http.StatusUnprocessableEntity).says("the only owner")
	action, _ = b.get(f.path("members")).form(`form:contains("Remove owner@example.com")`)
	b.post(action, nil).is(http.StatusConflict).says("the only owner")
	f.must(f.manage.RemoveMember(t.Context(), system, f.ours.ID, "dev@example.com"))
	b.post(action, nil).is(http.StatusConflict).says("the only owner")
	b.get(f.path()).is(http.StatusOK)
}

func TestMembers_links_are_made_by_admins_and_shown_once(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("admin@example.com", account.Admin, "")
	b := f.signIn("admin@example.com")
	page := b.get(f.path("members")).is(http.StatusOK)
	action, form := page.form(`form[action$="/sign-in-links"]`)
	form.Set("email", "nonsense")
	wrong := b.post(action, form).is(http.StatusUnprocessableEntity)
	if _, again := wrong.form(`form[action$="/sign-in-links"]`); again.Get("email") != "nonsense" {
		t.Errorf("shown %v", again)
	}
	if wrong.doc().Find("#link-email[aria-invalid]").Length() != 1 {
		t.Error("the mistake stands in the other form")
	}
	form.Set("email", "new@example.com")
	link := b.post(action, form).is(http.StatusOK).doc().Find(`pre[aria-label="The link"]`).Text()
	if !strings.HasPrefix(link, baseURL+"/sign-in/link?token=") {
		t.Fatalf("the link is %q", link)
	}
	b.get(f.path("members")).hides("token=")
	f.visitor().get(strings.TrimPrefix(link, baseURL)).is(http.StatusOK).says("new@example.com")
	owner := f.as(account.Owner)
	if owner.get(f.path("members")).offers(action) {
		t.Error("an owner is offered what only operators can do")
	}
}

func TestProjects_are_made_by_admins(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("admin@example.com", account.Admin, "")
	b := f.signIn("admin@example.com")
	b.get("/projects").is(http.StatusOK).says("Ours", "Theirs")
	b.get("/projects?q=thei").is(http.StatusOK).says("Theirs").hides("/p/" + f.ours.ID.String() + `" class="table`)
	again := b.post("/projects", url.Values{"name": {""}, "externalId": {"acme/1"}}).is(http.StatusUnprocessableEntity)
	if _, form := again.form(`form[action="/projects"][method="post"]`); form.Get("externalId") != "acme/1" {
		t.Errorf("shown %v", form)
	}
	b.follow("/projects", url.Values{"name": {"Third"}, "externalId": {"acme/1"}}).says("Project Third is made")
	owner := f.as(account.Owner)
	owner.get("/projects").is(http.StatusOK).hides("Theirs", "Third")
	owner.post("/projects", url.Values{"name": {"Mine"}}).is(http.StatusForbidden)
}

func TestProfile_changes_the_password_and_ends_other_sessions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	here := f.as(account.Owner)
	there := f.signIn("owner@example.com")
	here.get("/profile").is(http.StatusOK).says("owner@example.com", "Sign out everywhere else")
	const next = "correct mule battery 8"
	here.post("/profile/password", url.Values{"current": {"wrong"}, "password": {next}}).is(http.StatusUnprocessableEntity)
	there.get("/projects").is(http.StatusOK)
	here.post("/profile/password", url.Values{"current": {password}, "password": {"short"}}).is(http.StatusUnprocessableEntity)
	here.follow("/profile/password", url.Values{"current": {password}, "password": {next}}).says("Your password is changed")
	there.get("/projects").is(http.StatusSeeOther)
	f.visitor().post("/sign-in", url.Values{"email": {"owner@example.com"}, "password": {password}}).is(http.StatusUnprocessableEntity)
	f.visitor().post("/sign-in", url.Values{"email": {"owner@example.com"}, "password": {next}}).is(http.StatusSeeOther)
}

func TestProfile_signs_out_everywhere_else(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	here := f.as(account.Owner)
	there := f.signIn("owner@example.com")
	here.follow("/profile/sessions/end-others", nil).says("Other browsers are signed out")
	there.get("/projects").is(http.StatusSeeOther)
	here.get("/projects").is(http.StatusOK)
}

func TestSearch_goes_straight_to_what_is_meant(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d, foreign := f.delivery(f.ours), f.delivery(f.theirs)
	f.attempted(200)
	attempts, err := f.store.Attempts(t.Context(), f.ours.ID, d.ID)
	f.must(err)
	b := f.as(account.Viewer)
	for query, want := range map[string]string{
		"":                                  f.path(),
		"product.viewed":                    f.path("topics", "product.viewed"),
		"ORDERS":                            f.path("endpoints", d.EndpointID.String()),
		d.EndpointID.String():               f.path("endpoints", d.EndpointID.String()),
		d.ID.String():                       f.path("deliveries", d.ID.String()),
		strings.ToUpper(d.EventID.String()): f.path("events", d.EventID.String()),
		attempts[0].ID.String():             f.path("deliveries", d.ID.String()),
		"prod_1":                            f.path("events") + "?q=prod_1&sought=all",
		"View":                              f.path("topics", "product.viewed"),
		"product":                           f.path("topics") + "?q=product",
		shortened(d.EndpointID.String()):    f.path("endpoints", d.EndpointID.String()),
		shortened(d.ID.String()):            f.path("deliveries", d.ID.String()),
		dotted(d.EventID.String()):          f.path("events", d.EventID.String()),
		shortened(foreign.ID.String()):      f.path("events") + "?" + url.Values{"q": {shortened(foreign.ID.String())}, "sought": {"all"}}.Encode(),
		foreign.ID.String():                 f.path("deliveries") + "?q=" + foreign.ID.String(),
		foreign.EndpointID.String():         f.path("deliveries") + "?q=" + foreign.EndpointID.String(),
	} {
		if got := b.get(f.path("search") + "?q=" + url.QueryEscape(query)); got.location != want {
			t.Errorf("%q: %d to %q, want %q", query, got.status, got.location, want)
		}
	}
	b.get(f.path("deliveries")+"?q="+foreign.ID.String()).is(http.StatusOK).says("Nothing matches", foreign.ID.String())
	for _, id := range []string{d.ID.String(), d.EventID.String(), d.EndpointID.String()} {
		if got := b.get(f.path("deliveries") + "?state=delivered&q=" + shortened(id)); got.location != f.path("deliveries")+"?q="+id+"&state=delivered" {
			t.Errorf("the log's own field leads to %q", got.location)
		}
	}
	b.get(f.path("deliveries") + "?q=" + shortened(foreign.ID.String())).is(http.StatusUnprocessableEntity)
	f.endpoint(f.ours)
	if got := b.get(f.path("search") + "?q=orders"); got.location != f.path("endpoints")+"?q=orders" {
		t.Errorf("two endpoints: %q", got.location)
	}
	for query, words := range map[string]string{
		"<b>nobody": "“<b>nobody” was looked for in the names and URLs of the endpoints", shortened(foreign.ID.String()): "as a shortened id, in vain",
	} {
		got := b.get(f.path("search") + "?q=" + url.QueryEscape(query))
		b.get(got.location).is(http.StatusOK).says("Nothing matches", words)
	}
	b.get(f.path("events") + "?q=nobody").is(http.StatusOK).says("No event that fits has “nobody” as its id")
}

func shortened(id string) string { return id[:8] + "…" + id[30:] }

func dotted(id string) string { return strings.Replace(shortened(id), "…", "...", 1) }

func TestAdmin_is_known_beside_the_dashboard(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("admin@example.com", account.Admin, "")
	f.signIn("admin@example.com").get("/metrics").is(http.StatusOK)
	f.as(account.Owner).get("/metrics").is(http.StatusNotFound)
	f.visitor().get("/metrics").is(http.StatusNotFound)
}
