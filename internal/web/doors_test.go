package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
)

func TestSignIn_takes_the_right_password_only(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("ada@example.com", account.Member, account.Owner)
	b := f.visitor()
	wrong := b.post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {"not this one"}}).is(http.StatusUnprocessableEntity)
	wrong.says("don't belong together").hides("not this one")
	if _, values := wrong.form(`form[action="/sign-in"]`); values.Get("email") != "ada@example.com" {
		t.Errorf("the email is gone: %v", values)
	}
	unknown := b.post("/sign-in", url.Values{"email": {"nobody@example.com"}, "password": {password}}).is(http.StatusUnprocessableEntity)
	unknown.says("don't belong together")
	if b.get("/projects").location == "" {
		t.Fatal("somebody is in without the password")
	}
	in := b.post("/sign-in", url.Values{"email": {"Ada@Example.com "}, "password": {password}})
	if in.status != http.StatusSeeOther || in.location != "/" {
		t.Fatalf("the right password: %d to %q", in.status, in.location)
	}
	if home := b.get("/"); home.location != f.path() {
		t.Errorf("somebody with one project lands at %q", home.location)
	}
}

func TestSignIn_gives_a_cookie_that_scripts_and_other_sites_never_see(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("ada@example.com", account.Member, account.Owner)
	got := f.visitor().post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {password}})
	cookie := got.header.Get("Set-Cookie")
	for _, want := range []string{"bellwire=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("%s is missing in %s", want, cookie)
		}
	}
}

func TestSignIn_makes_a_new_session(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("ada@example.com", account.Member, account.Owner)
	f.user("mallory@example.com", account.Member, "")
	thief := f.signIn("mallory@example.com")
	b := f.visitor()
	b.cookies["bellwire"] = thief.cookies["bellwire"] // planted
	b.post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {password}}).is(http.StatusSeeOther)
	b.get(f.path()).is(http.StatusOK)
	if b.cookies["bellwire"] == thief.cookies["bellwire"] {
		t.Error("a planted session was taken over")
	}
	if thief.get(f.path()).status == http.StatusOK {
		t.Error("whoever planted the session is in")
	}
}

func TestSignIn_goes_on_where_the_visitor_wanted_to_go_on_this_site_only(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("ada@example.com", account.Member, account.Owner)
	door := f.visitor().get(f.path("deliveries") + "?state=exhausted").is(http.StatusSeeOther)
	if want := "/sign-in?next=" + url.QueryEscape(f.path("deliveries")+"?state=exhausted"); door.location != want {
		t.Fatalf("sent to %q, want %q", door.location, want)
	}
	for next, want := range map[string]string{
		f.path("deliveries") + "?state=exhausted": f.path("deliveries") + "?state=exhausted",
		"https://evil.example/":                   "/", "//evil.example/": "/", `/\evil.example`: "/",
	} {
		b := f.visitor()
		_, form := b.get("/sign-in?next=" + url.QueryEscape(next)).is(http.StatusOK).form(`form[action="/sign-in"]`)
		form.Set("email", "ada@example.com")
		form.Set("password", password)
		if got := b.post("/sign-in", form); got.location != want {
			t.Errorf("%s: goes on at %q", next, got.location)
		}
		// Past the form, too.
		form.Set("next", next)
		if got := f.visitor().post("/sign-in", form); got.location != want {
			t.Errorf("%s, posted: goes on at %q", next, got.location)
		}
		if got := b.get("/sign-in?next=" + url.QueryEscape(next)); got.location != want {
			t.Errorf("%s, signed in already: goes on at %q", next, got.location)
		}
	}
}

func TestSignOut_ends_the_session_everywhere_it_is_known(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	copied := f.visitor()
	copied.cookies["bellwire"] = b.cookies["bellwire"]
	copied.get("/projects").is(http.StatusOK)
	if got := b.post("/sign-out", nil); got.location != "/sign-in" {
		t.Errorf("sent to %q", got.location)
	}
	if b.cookies["bellwire"] != "" {
		t.Error("the cookie stays")
	}
	copied.get("/projects").is(http.StatusSeeOther)
}

func TestSession_ends_when_nobody_uses_it(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	for range 3 {
		f.clock.forward(7 * time.Hour)
		b.get("/projects").is(http.StatusOK)
	}
	f.clock.forward(8*time.Hour + time.Minute)
	b.get("/projects").is(http.StatusSeeOther)
}

func TestSession_of_somebody_disabled_is_worth_nothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user("ada@example.com", account.Member, account.Owner)
	b := f.signIn("ada@example.com")
	disabled := true
	_, err := f.manage.UpdateUser(t.Context(), system, u.ID, manage.UserPatch{Disabled: &disabled})
	f.must(err)
	b.get("/projects").is(http.StatusSeeOther)
}

func TestSetup_makes_the_first_admin_once(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token, err := f.manage.Bootstrap(t.Context(), "", "")
	f.must(err)
	b := f.visitor()
	b.get("/sign-in").is(http.StatusOK).says("Nobody can sign in yet", "set-up link in its output").hides(token)
	action, form := b.get("/setup?token=" + url.QueryEscape(token)).is(http.StatusOK).form(`form[action="/setup"]`)
	form.Set("email", "admin@example.com")
	form.Set("password", "7 chars")
	weak := b.post(action, form).is(http.StatusUnprocessableEntity)
	if _, again := weak.form(`form[action="/setup"]`); again.Get("email") != "admin@example.com" || again.Get("token") != token {
		t.Errorf("what was typed is gone: %v", again)
	}
	form.Set("password", password)
	done := b.follow(action, form)
	if done.location != "/projects" {
		t.Errorf("goes on at %q", done.location)
	}
	done.is(http.StatusOK).says("Bellwire is yours")
	f.visitor().get("/sign-in").is(http.StatusOK).hides("Nobody can sign in yet")
	f.visitor().get("/setup?token=" + url.QueryEscape(token)).says("used or has expired")
	f.visitor().post(action, form).is(http.StatusNotFound)
}

func TestLink_signs_in_once_and_makes_a_member(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	link, err := f.manage.CreateSignInLink(t.Context(), system, f.ours.ID, manage.NewLink{Email: "new@example.com", Role: account.Developer})
	f.must(err)
	b := f.visitor()
	path := strings.TrimPrefix(link.URL, baseURL)
	opened := b.get(path).is(http.StatusOK).says("new@example.com", "Ours", "developer")
	if b.get("/projects").status != http.StatusSeeOther {
		t.Fatal("opening the link signed in: mail scanners open links")
	}
	action, form := opened.form(`main form`)
	if in := b.post(action, form); in.location != f.path() {
		t.Fatalf("goes on at %q: %d", in.location, in.status)
	}
	b.get(f.path("members")).is(http.StatusOK).says("new@example.com")
	f.visitor().post(action, form).is(http.StatusNotFound).says("used or has expired")
	f.visitor().get(path).is(http.StatusNotFound)
}

func TestLink_expires(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	link, err := f.manage.CreateSignInLink(t.Context(), system, f.ours.ID, manage.NewLink{Email: "new@example.com", Role: account.Viewer})
	f.must(err)
	f.clock.forward(11 * time.Minute)
	f.visitor().get(strings.TrimPrefix(link.URL, baseURL)).is(http.StatusNotFound).says("used or has expired")
}

func TestStepUp_takes_the_password_and_lasts_ten_minutes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	f.tired()
	b.get(f.path("keys"))
	asked := b.post(f.path("keys"), url.Values{"name": {"ci"}, "scope": {"read"}}).is(http.StatusForbidden)
	asked.says("Confirm that it is you")
	action, form := asked.form(`form[action="/step-up"]`)
	if form.Get("next") != f.path("keys") {
		t.Errorf("leads back to %q", form.Get("next"))
	}
	form.Set("password", "wrong")
	b.post(action, form).is(http.StatusUnprocessableEntity).says("Give your password to create API keys")
	before := b.cookies["bellwire"]
	form.Set("password", password)
	if back := b.post(action, form); back.location != f.path("keys") {
		t.Errorf("goes on at %q", back.location)
	}
	if b.cookies["bellwire"] == before {
		t.Error("more rights came without a new session token")
	}
	page := b.get(f.path("keys")).says("What you typed is still in the form")
	again, typed := page.form(`form[action$="/keys"]`)
	if typed.Get("name") != "ci" || typed.Get("scope") != "read" {
		t.Errorf("what was typed is gone: %v", typed)
	}
	if _, later := b.get(f.path("keys")).form(`form[action$="/keys"]`); later.Get("name") != "" {
		t.Errorf("what was typed stays for good: %v", later)
	}
	b.post(again, typed).is(http.StatusOK).says("ci")
	f.tired()
	b.post(f.path("keys"), url.Values{"name": {"ci"}, "scope": {"read"}}).is(http.StatusForbidden)
}

func TestTheme_is_kept_and_junk_is_not(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.visitor()
	if got := b.post("/theme", url.Values{"theme": {"dark"}, "back": {"//evil.example"}}); got.location != "/" {
		t.Errorf("leads to %q", got.location)
	}
	if theme, _ := b.get("/sign-in").doc().Find("html").Attr("data-theme"); !strings.Contains(theme, "dark") {
		t.Errorf("the theme is %q", theme)
	}
	b.post("/theme", url.Values{"theme": {`"><script>`}})
	if b.cookies["theme"] != "" {
		t.Errorf("kept %q", b.cookies["theme"])
	}
}

// The views know no rule, so their words are held against it.
func TestPages_that_take_a_new_password_name_the_true_length(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token, err := f.manage.Bootstrap(t.Context(), "", "")
	f.must(err)
	setup := f.visitor().get("/setup?token=" + url.QueryEscape(token)).is(http.StatusOK)
	profile := f.as(account.Viewer).get("/profile").is(http.StatusOK)
	named := regexp.MustCompile(`At least (\d+) characters`)
	for name, text := range map[string]string{"set-up": setup.text(), "profile": profile.text()} {
		found := named.FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("%s names no length:\n%s", name, text)
		}
		n, err := strconv.Atoi(found[1])
		f.must(err)
		phrase := "x7 zebra quay"
		if account.CheckNewPassword(phrase[:n], "") != nil || account.CheckNewPassword(phrase[:n-1], "") == nil {
			t.Errorf("%s says %d characters and the rule is another", name, n)
		}
	}
}
