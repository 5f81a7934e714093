package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/prompts"
	"github.com/bellwire/bellwire/internal/web"
	"github.com/bellwire/bellwire/internal/webhook"
)

// TestRoutes_that_change_something_refuse_other_sites asks all of them, doors
// included, as a page of another site makes a browser ask.
func TestRoutes_that_change_something_refuse_other_sites(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	b := f.as(account.Owner)
	ids := map[string]string{
		":project": f.ours.ID.String(), ":endpoint": d.EndpointID.String(), ":delivery": d.ID.String(), ":event": d.EventID.String(),
		":key": f.key().String(), ":user": f.userID("owner@example.com").String(), ":topic": "product.viewed",
	}
	before, tried := f.actions(), 0
	for _, r := range f.web.Routes() {
		if r.Method == http.MethodGet {
			continue
		}
		tried++
		for _, headers := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "cross-site", "Origin", "null"},
			{"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, {"Sec-Fetch-Site", "", "Origin", "null"}, {"Sec-Fetch-Site", "cross-site", "HX-Request", "true"},
		} {
			form := url.Values{"email": {"x@example.com"}, "role": {"viewer"}, "scope": {"read"}, "name": {"evil"}}
			if got := b.post(filled(r.Path, ids), form, headers...); got.status != http.StatusForbidden || len(got.header["Set-Cookie"]) > 0 {
				t.Errorf("%s %s with %q: %d, cookies %q", r.Method, r.Path, headers, got.status, got.header["Set-Cookie"])
			}
		}
	}
	if tried < 45 || f.actions() != before {
		t.Errorf("%d routes tried, audit %s", tried, f.actions())
	}
	b.post("/sign-out", nil, "Sec-Fetch-Site", "cross-site").says("came from another site", "reload it and try again", "BELLWIRE_BASE_URL")
	b.get(f.path()).is(http.StatusOK)
}

// TestRoutes_hide_every_thing_of_another_project puts the ids of their things
// into every route of ours, people, keys and invitations included; the owner of
// ours is an owner there, too.
func TestRoutes_hide_every_thing_of_another_project(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.theirs)
	b := f.as(account.Owner)
	_, err := f.manage.SetMember(t.Context(), system, f.theirs.ID, manage.NewMember{Email: "owner@example.com", Role: account.Owner})
	f.must(err)
	f.user("theirs@example.com", account.Member, "")
	_, err = f.manage.SetMember(t.Context(), system, f.theirs.ID, manage.NewMember{Email: "theirs@example.com", Role: account.Developer})
	f.must(err)
	key, err := f.manage.CreateKey(t.Context(), system, manage.NewKey{ProjectID: f.theirs.ID, Name: "ci", Scopes: []string{"read"}})
	f.must(err)
	invitation, err := f.manage.Invite(t.Context(), system, f.theirs.ID, manage.NewInvitation{Email: "new@example.com", Role: account.Viewer})
	f.must(err)
	f.say(f.theirs, `p1 {"name":"prod_1"}`)
	_, _, err = f.manage.CreatePrompt(t.Context(), system, f.theirs.ID, "their-prompt", prompts.Draft{Type: webhook.PromptText, Content: []byte(`"x"`), Config: []byte(`{}`)})
	f.must(err)
	ids := map[string]string{
		":project": f.ours.ID.String(), ":endpoint": d.EndpointID.String(), ":delivery": d.ID.String(), ":event": d.EventID.String(), ":product": "p1", ":prompt": "their-prompt",
		":key": key.ID.String(), ":user": f.userID("theirs@example.com").String(), ":invitation": invitation.ID.String(),
	}
	before, tried := f.actions(), 0
	for _, r := range f.web.Routes() {
		names := parameter.FindAllString(strings.Replace(r.Path, ":project", "", 1), -1)
		if !strings.Contains(r.Path, ":project") || len(names) == 0 || names[0] == ":topic" {
			continue
		}
		if ids[names[0]] == "" {
			t.Errorf("%s: this test knows no thing of theirs for it", r.Path)
		}
		tried++
		got := b.call(r, filled(r.Path, ids))
		want := http.StatusNotFound
		if names[0] == ":user" && strings.HasSuffix(r.Path, "/reset-second-factor") {
			want = http.StatusForbidden // before anybody is looked for
		}
		if got.status != want {
			t.Errorf("%s %s: %d, want %d", r.Method, r.Path, got.status, want)
		}
		got.hides("theirs@example.com", "new@example.com", "prod_1", "receiver.example")
	}
	if tried < 28 || f.actions() != before {
		t.Errorf("%d routes tried, audit %s", tried, f.actions())
	}
}

// TestRoutes_answer_with_a_strict_policy_and_into_no_cache walks all of them:
// pages, parts, streams, files and refusals.
func TestRoutes_answer_with_a_strict_policy_and_into_no_cache(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.web.SetPace(web.Pace{Look: time.Millisecond, Check: time.Hour, Beat: time.Hour, Life: 20 * time.Millisecond, Write: time.Minute})
	d := f.delivery(f.ours)
	f.attempted(500)
	ids := map[string]string{
		":project": f.ours.ID.String(), ":endpoint": d.EndpointID.String(), ":delivery": d.ID.String(), ":event": d.EventID.String(),
		":topic": "product.viewed", ":language": "go", ":product": "p1",
	}
	f.say(f.ours, `p1 {"name":"Shoe"}`)
	b, kinds := f.as(account.Owner), map[string]bool{}
	check := func(what string, got page) {
		t.Helper()
		policy := got.header.Get("Content-Security-Policy")
		if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") ||
			got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("Referrer-Policy") != "same-origin" || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d with %v", what, got.status, got.header)
		}
	}
	for _, r := range f.web.Routes() {
		path := filled(r.Path, ids)
		check("a stranger's "+r.Path, f.visitor().call(r, path))
		if r.Path == "/sign-out" || strings.HasSuffix(r.Path, "/delete") || strings.HasSuffix(r.Path, "/expunge") || strings.Contains(r.Path, "/members/") {
			continue // what comes later would be gone
		}
		got := b.call(r, path)
		if r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/body") {
			got = b.get(path + "?attempt=1")
		}
		check(r.Method+" "+r.Path, got)
		kind, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
		kinds[kind] = true
	}
	check("no page", b.get("/nothing"))
	check("no page of a project", b.get(f.path("nothing")))
	for _, kind := range []string{"text/html", "text/event-stream", "text/csv", "application/octet-stream"} {
		if !kinds[kind] {
			t.Errorf("no answer was %s: %v", kind, kinds)
		}
	}
}

// A part of a page can't hold the sign-in page.
func TestParts_of_whoever_was_signed_out_lead_to_the_door(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	here := baseURL + f.path("deliveries") + "?state=exhausted"
	got := f.visitor().get(f.path("deliveries")+"?part=1", "HX-Request", "true", "HX-Current-URL", here)
	want := "/sign-in?next=" + url.QueryEscape(f.path("deliveries")+"?state=exhausted")
	if got.status != http.StatusUnauthorized || got.header.Get("HX-Redirect") != want || got.location != "" || len(got.body) > 0 {
		t.Errorf("%d to %q, want %q\n%s", got.status, got.header.Get("HX-Redirect"), want, got.body)
	}
	evil := f.visitor().get(f.path("deliveries"), "HX-Request", "true", "HX-Current-URL", "https://evil.example//evil.example/x")
	if evil.header.Get("HX-Redirect") != "/sign-in?next=%2F" {
		t.Errorf("to %q", evil.header.Get("HX-Redirect"))
	}
	typing := f.visitor().post(f.path("endpoints", "preview"), url.Values{"name": {"x"}}, "HX-Request", "true", "HX-Current-URL", here)
	if typing.status != http.StatusUnauthorized || typing.header.Get("HX-Redirect") != "" || len(typing.body) > 0 {
		t.Errorf("a form that is being filled in: %d to %q\n%s", typing.status, typing.header.Get("HX-Redirect"), typing.body)
	}
	whole := f.visitor().get(f.path("deliveries"), "HX-Request", "true", "HX-Boosted", "true").is(http.StatusSeeOther)
	if !strings.HasPrefix(whole.location, "/sign-in?next=") {
		t.Errorf("a boosted link leads to %q", whole.location)
	}
}

// The password and the cookie, both stolen, must not open what a code guards.
func TestSecondFactor_guards_the_password_and_all_that_the_password_opens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	text, codes := b.enrolled(f)
	f.tired()
	change := func(code string) page {
		return b.post("/profile/password", url.Values{"current": {password}, "password": {"another phrase 8"}, "code": {code}})
	}
	change("").is(http.StatusUnprocessableEntity).says("code is missing")
	change("000000").is(http.StatusUnprocessableEntity).says("code is not right")
	b.post(f.path("keys"), url.Values{"name": {"ci"}, "scope": {"read"}}).is(http.StatusForbidden).says("and a code")
	b.post("/profile/second-factor/codes", nil).is(http.StatusForbidden)
	f.manage.Settle()
	if got := f.actions(); strings.Contains(got, "password-changed") {
		t.Errorf("audit %s", got)
	}
	form := b.get("/profile").doc().Find(`form[action="/profile/password"]`)
	if form.Find(`input[name="code"][required]`).Length() != 1 {
		t.Error("the form asks for no code")
	}
	change(f.code(text)).is(http.StatusSeeOther)
	b.get("/profile").is(http.StatusOK).says("Your password is changed")
	b.post("/profile/password", url.Values{"current": {"another phrase 8"}, "password": {password}, "code": {codes[0]}}).is(http.StatusSeeOther)
	b.get("/profile").is(http.StatusOK)
}

// Who clicks twice has signed in by the first and must not be signed out by the
// second.
func TestSecondFactor_sent_twice_signs_in_once(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	text, _ := f.as(account.Owner).enrolled(f)
	b := f.halfIn("owner@example.com")
	form := url.Values{"code": {f.code(text)}, "next": {"/profile"}}
	b.post("/sign-in/code", form).is(http.StatusSeeOther)
	if got := b.post("/sign-in/code", form); got.location != "/profile" {
		t.Errorf("%d to %q", got.status, got.location)
	}
	b.get("/profile").is(http.StatusOK)
}

// hashedToken is what the store knows of a browser's session.
func (b *browser) hashedToken() string {
	sum := sha256.Sum256([]byte(b.cookies["bellwire"]))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Whoever keeps signing in with a stolen password while its owner changes it has
// a session that is written after the owner's change has ended all of them.
func TestSession_begun_before_a_change_and_written_after_it_is_worth_nothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(f *fixture, b *browser){
		"another password": func(_ *fixture, b *browser) {
			b.post("/profile/password", url.Values{"current": {password}, "password": {"another phrase 8"}}).is(http.StatusSeeOther)
		},
		"a second factor": func(f *fixture, b *browser) { b.enrolled(f) },
		"another role": func(f *fixture, _ *browser) {
			role := account.Support
			_, err := f.manage.UpdateUser(f.t.Context(), system, f.userID("owner@example.com"), manage.UserPatch{Role: &role})
			f.must(err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			b := f.as(account.Owner)
			thief := f.signIn("owner@example.com")
			data, _, err := f.store.SessionFind(t.Context(), thief.hashedToken())
			f.must(err)
			change(f, b)
			f.must(f.store.SessionCommit(t.Context(), thief.hashedToken(), data, f.clock.now().Add(time.Hour)))
			if got := thief.get("/projects"); got.status != http.StatusSeeOther || !strings.HasPrefix(got.location, "/sign-in") {
				t.Errorf("%d to %q", got.status, got.location)
			}
			if name != "another role" {
				b.get("/projects").is(http.StatusOK)
			}
		})
	}
}

func TestLive_list_sends_nothing_after_the_session_has_ended(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.endpoint(f.ours)
	b := f.as(account.Developer)
	f.web.SetPace(web.Pace{Look: 10 * time.Millisecond, Check: time.Hour, Beat: time.Hour, Life: time.Minute, Write: time.Minute})
	server := httptest.NewServer(f.handler)
	t.Cleanup(func() { f.web.EndStreams(); server.Close() })
	list := b.watch(server, f.path("deliveries", "stream"))
	f.viewed(f.ours)
	list.next("rows")
	f.must(f.store.EndSession(t.Context(), f.userID("developer@example.com"), b.hashedToken()))
	f.viewed(f.ours)
	if why := list.next("over"); why != "gone" {
		t.Errorf("over: %q", why)
	}
	list.ends()
}

func TestProfile_lists_no_session_that_was_idle_for_too_long(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("ada@example.com", account.Member, account.Viewer)
	old := f.signIn("ada@example.com")
	f.clock.forward(8*time.Hour + 2*time.Minute)
	b := f.signIn("ada@example.com")
	got := b.get("/profile").is(http.StatusOK).hides("Sign out everywhere else")
	if n := got.doc().Find(`[aria-labelledby="sessions-title"] li`).Length(); n != 1 {
		t.Errorf("%d sessions are listed", n)
	}
	old.get("/projects").is(http.StatusSeeOther)
}

func TestLinks_end_with_the_key_that_made_them(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	key, err := f.manage.CreateKey(t.Context(), system, manage.NewKey{Name: "platform", Scopes: []string{"manage"}})
	f.must(err)
	platform, err := f.manage.AuthenticateKey(t.Context(), key.Secret, "")
	f.must(err)
	link, err := f.manage.CreateSignInLink(t.Context(), platform, f.ours.ID, manage.NewLink{Email: "ada@example.com", Role: account.Developer})
	f.must(err)
	path := strings.TrimPrefix(link.URL, baseURL)
	f.visitor().get(path).is(http.StatusOK)
	f.must(f.manage.RevokeKey(t.Context(), system, key.ID))
	f.visitor().get(path).is(http.StatusNotFound).says("has been used or has expired")
	if _, err := f.store.UserByEmail(t.Context(), "ada@example.com"); webhook.KindOf(err) != webhook.KindNotFound {
		t.Errorf("somebody came in: %v", err)
	}
}
