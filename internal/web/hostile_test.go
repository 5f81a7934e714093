package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
)

func TestNobodyInheritsThePasswordOfWhoSatThereBefore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.user("bob@example.com", account.Member, account.Developer)
	link, err := f.manage.CreateSignInLink(t.Context(), system, f.ours.ID, manage.NewLink{Email: "bob@example.com", Role: account.Developer})
	f.must(err)
	b := f.as(account.Viewer) // has given a password just now, her own
	b.follow("/sign-in/link", url.Values{"token": {link.Token}})
	b.post(f.path("endpoints", d.EndpointID.String(), "secret", "reveal"), nil).is(http.StatusForbidden).says("Confirm that it is you").hides("whsec_")
}

// TestASessionThatWasEndedIsNotBroughtBack holds a request open: its session
// is loaded, ended from elsewhere, and then saved.
func TestASessionThatWasEndedIsNotBroughtBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	user, err := f.store.UserByEmail(t.Context(), "developer@example.com")
	f.must(err)
	e := f.endpoint(f.ours)
	f.tester.before = func() { f.must(f.store.EndSessions(t.Context(), user.ID, "")) }
	f.clock.forward(2 * time.Minute) // the session is due to be stamped, so it is saved
	kept := b.cookies["bellwire"]
	b.post(f.path("endpoints", e.ID.String(), "test"), url.Values{"topic": {"product.viewed"}})
	b.cookies["bellwire"] = kept
	if got := b.get("/profile"); got.status != http.StatusSeeOther {
		t.Errorf("the ended session still opens pages: %d", got.status)
	}
}

func TestSessionsEndWithTheRoleAndWithTheRightToSignIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.user("ada@example.com", account.Member, account.Viewer)
	disabled, enabled, support, name := true, false, account.Support, "Ada"
	for what, change := range map[string][]manage.UserPatch{
		"another role":         {{Role: &support}},
		"disabled and enabled": {{Disabled: &disabled}, {Disabled: &enabled}},
	} {
		b := f.signIn("ada@example.com")
		_, err := f.manage.UpdateUser(t.Context(), system, user.ID, manage.UserPatch{Name: &name})
		f.must(err)
		b.get("/profile").is(http.StatusOK)
		for _, patch := range change {
			_, err := f.manage.UpdateUser(t.Context(), system, user.ID, patch)
			f.must(err)
		}
		if got := b.get("/profile"); got.status != http.StatusSeeOther {
			t.Errorf("%s: the session goes on (%d)", what, got.status)
		}
	}
}

func TestANewPasswordIsANewToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	old := b.cookies["bellwire"]
	b.follow("/profile/password", url.Values{"current": {password}, "password": {"another long password"}}).says("Your password is changed")
	thief := f.visitor()
	thief.cookies["bellwire"] = old
	if got := thief.get("/profile"); got.status != http.StatusSeeOther {
		t.Errorf("the old token still works: %d", got.status)
	}
}

func TestSearchingAnEventIsNoLookAtIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	event := f.viewed(f.ours)
	f.user("root@example.com", account.Admin, "")
	b := f.signIn("root@example.com")
	if got := b.get(f.path("search") + "?q=" + event.String()); got.location != f.path("events", event.String()) {
		t.Errorf("%d to %q", got.status, got.location)
	}
	if strings.Contains(f.actions(), "payload.viewed") {
		t.Error("the audit log says that a payload was seen")
	}
}

func TestAPageThatRecordsLooksDoesNotAskByItself(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.delivery(f.ours)
	f.user("root@example.com", account.Admin, "")
	one := f.path("deliveries", d.ID.String())
	if page := f.signIn("root@example.com").get(one).is(http.StatusOK); strings.Contains(string(page.body), "data-pursue=") {
		t.Error("an admin's open page writes audit rows for ever")
	}
	f.signIn("root@example.com").get(one + "/stream").is(http.StatusForbidden)
	f.signIn("root@example.com").get(one + "/body?attempt=1").is(http.StatusForbidden)
	if strings.Contains(f.actions(), "payload.viewed payload.viewed") {
		t.Error("a refused stream or file left a trace of a look")
	}
	if page := f.as(account.Developer).get(one).is(http.StatusOK); !strings.Contains(string(page.body), "data-pursue=") {
		t.Error("a developer's page is not live")
	}
}

func TestFormsAreSmallAndNothingElse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for what, one := range map[string]struct {
		kind, body string
		status     int
	}{
		"two megabytes":   {"application/x-www-form-urlencoded", "email=" + strings.Repeat("a", 2<<20), http.StatusRequestEntityTooLarge},
		"a file":          {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n1\r\n--x--", http.StatusUnprocessableEntity},
		"JSON":            {"application/json", `{"email":"a"}`, http.StatusUnprocessableEntity},
		"text":            {"text/plain", "email=a", http.StatusUnprocessableEntity},
		"a NUL":           {"application/x-www-form-urlencoded", "email=a%00b", http.StatusUnprocessableEntity},
		"broken escapes":  {"application/x-www-form-urlencoded", "email=%zz", http.StatusUnprocessableEntity},
		"bytes, not text": {"application/x-www-form-urlencoded", "email=%ff%fe", http.StatusUnprocessableEntity},
	} {
		request := httptest.NewRequest(http.MethodPost, "/sign-in", strings.NewReader(one.body))
		request.Header.Set("Content-Type", one.kind)
		if got := f.visitor().send(request, nil); got.status != one.status {
			t.Errorf("%s: %d, want %d", what, got.status, one.status)
		}
	}
}

func TestEveryCookieOfAnHTTPSInstallationIsSecure(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.overHTTPS()
	f.user("ada@example.com", account.Member, account.Viewer)
	b := f.visitor()
	seen := 0
	for _, p := range []page{
		b.post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {password}}),
		b.post("/theme", url.Values{"theme": {"dark"}}),
		b.post("/sign-out", nil),
	} {
		for _, line := range p.header.Values("Set-Cookie") {
			seen++
			cookie, err := http.ParseSetCookie(line)
			if err != nil || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Domain != "" || cookie.Path != "/" {
				t.Errorf("%s", line)
			}
			if cookie != nil && cookie.Name != "theme" && cookie.Name != "__Host-bellwire" {
				t.Errorf("the cookie's name is %s", cookie.Name)
			}
		}
	}
	if seen < 3 {
		t.Errorf("%d cookies seen", seen)
	}
}
