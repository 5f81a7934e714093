package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestProfile_changes_the_name(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Viewer)
	action, form := b.get("/profile").form(`form[action="/profile/name"]`)
	form.Set("name", "  ")
	b.post(action, form).is(http.StatusUnprocessableEntity).says("is missing")
	form.Set("name", "Ada Okafor")
	b.follow(action, form).says("Your name is saved", "Ada Okafor")
	b.get(f.path("members")).says("Ada Okafor")
}

func TestProfile_ends_one_session_and_no_one_elses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("owner@example.com", account.Member, account.Owner)
	here := f.signInWith("owner@example.com", "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0")
	f.clock.forward(time.Hour)
	phone := f.signInWith("owner@example.com", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1")
	other := f.as(account.Viewer)
	page := here.get("/profile").is(http.StatusOK).says("Firefox on Linux", "this one", "Safari on iPhone", "signed in 1 h ago", "192.0.2.1")
	if page.doc().Find(`form[action$="/end"]`).Length() != 1 {
		t.Error("one's own session can be ended beside the sign-out, or the other's can't")
	}
	action, _ := page.form(`form[action$="/end"]`)
	if strings.Contains(string(page.body), here.cookies["bellwire"]) {
		t.Error("the page holds the session's token")
	}
	other.post(action, nil).is(http.StatusNotFound)
	phone.get("/projects").is(http.StatusOK)
	here.follow(action, nil).says("Safari on iPhone is signed out")
	phone.get("/projects").is(http.StatusSeeOther)
	here.post(action, nil).is(http.StatusNotFound).says("ended by itself")
}

// Giving the password again makes a new token, and no new sign-in.
func TestProfile_dates_a_session_from_its_sign_in(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	f.clock.forward(2 * time.Hour)
	b.post("/step-up", url.Values{"password": {password}, "next": {"/"}}).is(http.StatusSeeOther)
	b.get("/profile").says("signed in 2 h ago")
}

func TestProfile_welcomes_who_came_by_a_link(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.byLink("new@example.com", account.Developer)
	b.get(f.path()).says("Welcome", "Set a password")
	page := b.get("/profile").is(http.StatusOK).says("no password yet", "set one first")
	action, form := page.form(`form[action="/profile/password"]`)
	if form.Has("current") {
		t.Error("a password is asked for that does not exist")
	}
	b.post("/profile/second-factor", nil).is(http.StatusConflict).says("Set a password first")
	form.Set("password", password)
	b.follow(action, form).says("Your password is changed", "Turn on").hides("no password yet")
	f.signIn("new@example.com").get(f.path()).is(http.StatusOK)

	late := f.byLink("late@example.com", account.Viewer)
	f.tired()
	late.get("/profile").is(http.StatusOK).says("within ten minutes").hides(`action="/profile/password"`)
	late.post("/profile/password", url.Values{"password": {password}}).is(http.StatusForbidden)
}

func TestProfile_keeps_the_theme(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Viewer)
	for _, theme := range []string{"dark", "light", ""} {
		b.follow("/theme", url.Values{"theme": {theme}, "back": {"/profile"}}).is(http.StatusOK).doc().Find(`button[name=theme][aria-pressed=true]`).Each(func(_ int, s *goquery.Selection) {
			if s.AttrOr("value", "?") != theme {
				t.Errorf("%q is shown as %q", theme, s.AttrOr("value", "?"))
			}
		})
	}
}

func TestKeys_say_what_they_may_when_they_end_and_where_they_were_used(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	made := b.post(f.path("keys"), url.Values{"name": {"checkout"}, "scope": {"publish", "secrets"}, "expires": {"86400"}}).is(http.StatusOK)
	made.says("Publish a first event with it", "/api/v1/events", "never used")
	secret := made.doc().Find(`pre[aria-label="The key"]`).Text()
	if _, err := f.manage.AuthenticateKey(t.Context(), secret, "198.51.100.9"); err != nil {
		t.Fatal(err)
	}
	f.clock.forward(3 * time.Minute)
	list := b.get(f.path("keys")).says(secret[:9]+"…", "publish events", "handle signing secrets", "198.51.100.9", "It was used 3 min ago from 198.51.100.9")
	list.hides(secret[:10])
	f.clock.forward(24 * time.Hour)
	if _, err := f.manage.AuthenticateKey(t.Context(), secret, ""); err == nil || !strings.Contains(err.Error(), "has expired") {
		t.Errorf("a key after its end: %v", err)
	}
	b = f.signIn("owner@example.com")
	b.get(f.path("keys")).says("1 key that was revoked or has expired", "expired", "No key in use")
	read := b.post(f.path("keys"), url.Values{"name": {"log"}, "scope": {"read"}}).is(http.StatusOK).says("Read the latest deliveries")
	if read.doc().Find("details .table tbody tr").Length() != 1 {
		t.Error("the key that ended is not folded away")
	}
	b.post(f.path("keys"), url.Values{"name": {"x"}, "scope": {"read"}, "expires": {"-5"}}).is(http.StatusUnprocessableEntity)
}

func (f *fixture) signInWith(email, agent string) *browser {
	f.t.Helper()
	b := f.visitor()
	b.post("/sign-in", url.Values{"email": {email}, "password": {password}}, "User-Agent", agent).is(http.StatusSeeOther)
	return b
}

// byLinkTo is byLink to some project.
func (f *fixture) byLinkTo(project webhook.Project, email string) *browser {
	f.t.Helper()
	link, err := f.manage.CreateSignInLink(f.t.Context(), system, project.ID, manage.NewLink{Email: email, Role: account.Viewer})
	f.must(err)
	b := f.visitor()
	action, form := b.get(strings.TrimPrefix(link.URL, baseURL)).form("main form")
	b.post(action, form).is(http.StatusSeeOther)
	return b
}
