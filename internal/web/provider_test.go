package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/oidc"
	"github.com/bellwire/bellwire/internal/oidc/oidctest"
	"github.com/bellwire/bellwire/internal/webhook"
)

// withProvider puts an identity provider beside the passwords.
func (f *fixture) withProvider(subject, email string) *oidctest.Provider {
	f.t.Helper()
	p := oidctest.New(f.t, subject, email)
	provider, err := oidc.New(oidc.Options{
		Issuer: p.URL, ClientID: oidctest.ClientID, Secret: oidctest.Secret, RedirectURL: baseURL + manage.ReturnPath, Client: http.DefaultClient,
	})
	f.must(err)
	options := f.web.Options
	options.Provider = provider
	f.rebuilt(options)
	return p
}

// through sends a browser to the provider and back, and answers the page there.
func (b *browser) through(p *oidctest.Provider, path string) page {
	b.t.Helper()
	away := b.get(path).is(http.StatusSeeOther)
	if !strings.HasPrefix(away.location, p.URL+"/authorize?") {
		b.t.Fatalf("sent to %s", away.location)
	}
	return b.get(p.Visit(b.t, away.location).RequestURI(), "Sec-Fetch-Site", "cross-site", "Referer", "")
}

func TestProvider_signs_in_whoever_has_the_verified_address_and_knows_them_by_subject_then(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("ann@example.com", account.Member, account.Developer)
	f.user("bob@example.com", account.Member, "")
	p := f.withProvider("sub-1", "Ann@Example.com")
	b := f.visitor()
	if text := b.get("/sign-in?next=" + url.QueryEscape(f.path("endpoints"))).is(http.StatusOK).text(); !strings.Contains(text, "Continue with "+strings.TrimPrefix(p.URL, "http://")) {
		t.Fatalf("the door does not lead to the provider:\n%s", text)
	}
	in := b.through(p, "/sign-in/oidc?next="+url.QueryEscape(f.path("endpoints"))).is(http.StatusSeeOther)
	if in.location != f.path("endpoints") {
		t.Errorf("led to %s", in.location)
	}
	b.get(f.path("endpoints")).is(http.StatusOK)
	if got := f.actions(); !strings.HasPrefix(got, "user.signed-in user.identity-bound") {
		t.Errorf("the audit log says %s", got)
	}
	// The address may change hands at the provider: the subject does not.
	p.Person("sub-1", "bob@example.com", nil)
	other := f.visitor()
	other.through(p, "/sign-in/oidc").is(http.StatusSeeOther)
	if text := other.get("/profile").is(http.StatusOK).text(); !strings.Contains(text, "ann@example.com") {
		t.Error("whoever has the subject is not signed in as before")
	}
	p.Person("sub-2", "ann@example.com", nil)
	if text := f.visitor().through(p, "/sign-in/oidc").is(http.StatusForbidden).text(); !strings.Contains(text, "already belongs to another identity") {
		t.Errorf("a second subject with the address:\n%s", text)
	}
}

func TestProvider_lets_nobody_in_for_whom_it_does_not_vouch(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.user("ann@example.com", account.Member, account.Developer)
	p := f.withProvider("sub-1", "nobody@example.com")
	refused := func(name, words string) {
		t.Helper()
		b := f.visitor()
		text := b.through(p, "/sign-in/oidc").is(http.StatusForbidden).text()
		if !strings.Contains(text, words) {
			t.Errorf("%s: the page lacks %q:\n%s", name, words, text)
		}
		b.get(f.path()).is(http.StatusSeeOther) // to the door
	}
	refused("a stranger", "Nobody here has the address nobody@example.com")
	p.Person("sub-1", "ann@example.com", map[string]any{"email_verified": false})
	refused("an unverified address", "has not verified that ann@example.com is yours")
	p.Person("sub-1", "ann@example.com", map[string]any{"email": nil})
	p.About(map[string]any{"sub": "sub-1"})
	refused("no address", "did not tell your email address")
	p.Person("sub-1", "ann@example.com", nil)
	f.visitor().through(p, "/sign-in/oidc").is(http.StatusSeeOther)
	_, err := f.manage.UpdateUser(t.Context(), system, ann.ID, manage.UserPatch{Disabled: new(true)})
	f.must(err)
	refused("a disabled account", "was disabled")
}

func TestProvider_takes_an_answer_once_in_time_and_in_the_browser_that_asked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("ann@example.com", account.Member, account.Developer)
	p := f.withProvider("sub-1", "ann@example.com")
	leave := func(b *browser) string {
		return p.Visit(t, b.get("/sign-in/oidc").is(http.StatusSeeOther).location).RequestURI()
	}
	b := f.visitor()
	back := leave(b)
	f.visitor().get(back).is(http.StatusUnprocessableEntity)
	f.clock.forward(16 * time.Minute)
	b.get(back).is(http.StatusUnprocessableEntity)
	back = leave(b)
	state, _, _ := strings.Cut(back, "state=")
	b.get(state + "state=x").is(http.StatusUnprocessableEntity)
	b.get(back).is(http.StatusUnprocessableEntity) // that was its one answer
	leave(b)
	if text := b.get(manage.ReturnPath + "?error=access_denied&error_description=%3Cscript%3E").is(http.StatusUnprocessableEntity).text(); !strings.Contains(text, "did not sign you in (access_denied)") || strings.Contains(text, "script>") {
		t.Errorf("a refusal reads:\n%s", text)
	}
	if text := b.through(p, "/sign-in/oidc?next=https://evil.example/").is(http.StatusSeeOther).location; text != "/" {
		t.Errorf("led to %s", text)
	}
	p.Away(true)
	// What it told at the first sign-in is kept: only the trade of the code fails.
	if text := f.visitor().get("/sign-in/oidc").location; !strings.HasPrefix(text, p.URL) {
		t.Errorf("led to %s", text)
	}
}

func TestProvider_that_is_away_leaves_the_password(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.withProvider("sub-1", "ann@example.com")
	p.Away(true)
	door := f.visitor().get("/sign-in/oidc?next=/profile").is(http.StatusServiceUnavailable)
	if !strings.Contains(door.text(), "can't be reached at the moment") || !strings.Contains(string(door.body), `name="next" value="/profile"`) {
		t.Errorf("the page says:\n%s", door.body)
	}
}

func TestProvider_proves_somebody_again_in_place_of_the_password(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("ann@example.com", account.Member, account.Owner)
	f.user("bob@example.com", account.Member, account.Owner)
	p := f.withProvider("sub-1", "ann@example.com")
	b := f.visitor()
	b.through(p, "/sign-in/oidc").is(http.StatusSeeOther)
	f.tired()
	form := url.Values{"name": {"ci"}, "scope": {"read"}}
	if text := b.post(f.path("keys"), form).is(http.StatusForbidden).text(); !strings.Contains(text, "sign in again at") {
		t.Fatalf("the question leads not to the provider:\n%s", text)
	}
	// A session that the provider still had proves nothing.
	p.Person("sub-1", "ann@example.com", map[string]any{"auth_time": time.Now().Add(-time.Hour).Unix()})
	if text := b.through(p, "/step-up/oidc?next="+url.QueryEscape(f.path("keys"))).is(http.StatusForbidden).text(); !strings.Contains(text, "did not ask you to sign in again") {
		t.Errorf("an old sign-in:\n%s", text)
	}
	p.Person("sub-2", "bob@example.com", nil)
	if text := b.through(p, "/step-up/oidc").is(http.StatusForbidden).text(); !strings.Contains(text, "as somebody else") {
		t.Errorf("somebody else:\n%s", text)
	}
	b.post(f.path("keys"), form).is(http.StatusForbidden)
	p.Person("sub-1", "ann@example.com", map[string]any{"auth_time": f.clock.now().Unix()})
	proven := b.through(p, "/step-up/oidc?next="+url.QueryEscape(f.path("keys")))
	if proven.status != http.StatusSeeOther || proven.location != f.path("keys") {
		t.Fatalf("%d to %s:\n%s", proven.status, proven.location, proven.text())
	}
	b.post(f.path("keys"), form).is(http.StatusOK)
}

func TestProvider_does_not_stand_in_for_a_second_factor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.user("ann@example.com", account.Member, account.Developer)
	f.must(f.store.BeginSecondFactor(t.Context(), ann.ID, []byte("sealed")))
	f.must(f.store.ConfirmSecondFactor(t.Context(), ann.ID, []byte("sealed"), 1, nil, webhook.AuditEntry{
		ID: webhook.AuditID{UUID: mint.UUID(time.Now())}, At: time.Now(), Action: "on", Actor: webhook.Actor{Type: webhook.ActorSystem},
	}))
	p := f.withProvider("sub-1", "ann@example.com")
	b := f.visitor()
	if got := b.through(p, "/sign-in/oidc?next=/profile").is(http.StatusSeeOther).location; !strings.HasPrefix(got, "/sign-in/code?next=%2Fprofile") {
		t.Errorf("led to %s", got)
	}
	b.get("/profile").is(http.StatusSeeOther) // to the door
}

func TestWithout_a_provider_its_addresses_are_nothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.visitor()
	b.get("/sign-in/oidc").is(http.StatusNotFound)
	b.get(manage.ReturnPath + "?code=x&state=y").is(http.StatusNotFound)
	if text := b.get("/sign-in").is(http.StatusOK).text(); strings.Contains(text, "Continue with") {
		t.Error("the door offers a provider")
	}
}
