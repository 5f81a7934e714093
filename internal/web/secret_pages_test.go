package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
)

// shown is a revealed secret of the page: "current" or "next".
func (p page) shown(which string) string {
	p.t.Helper()
	return p.doc().Find("#secret-" + which).Text()
}

// confirm gives the password that a refused form asks for.
func (b *browser) confirm(asked page) {
	b.t.Helper()
	action, form := asked.is(http.StatusForbidden).form(`form[action="/step-up"]`)
	form.Set("password", password)
	b.post(action, form).is(http.StatusSeeOther)
}

func TestReveal_asks_for_the_password_and_shows_the_secret_once(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	e := f.endpoint(f.ours)
	f.tired()
	tab := f.path("endpoints", e.ID.String()) + "?tab=secret"
	card := b.get(tab).is(http.StatusOK).hides(e.Secret)
	action, form := card.form(`form[action$="/secret/reveal"]`)
	asked := b.post(action, form).is(http.StatusForbidden).says("Confirm that it is you", "reveal").hides(e.Secret)
	if strings.Contains(f.actions(), "endpoint.secret.revealed") {
		t.Error("the log says that it was seen")
	}
	if _, stepUp := asked.form(`form[action="/step-up"]`); stepUp.Get("next") != tab {
		t.Errorf("leads back to %q, want %q", stepUp.Get("next"), tab)
	}
	b.confirm(asked)
	revealed := b.post(action, form).is(http.StatusOK)
	if revealed.shown("current") != e.Secret {
		t.Errorf("shown %q", revealed.shown("current"))
	}
	if revealed.header.Get("Cache-Control") != "no-store" {
		t.Error("the page with the secret may be kept")
	}
	b.get(tab).hides(e.Secret)
	if !strings.HasPrefix(f.actions(), "endpoint.secret.revealed") {
		t.Errorf("the audit log says %s", f.actions())
	}
	if strings.Contains(f.log.String(), e.Secret) {
		t.Error("the secret is in the log")
	}
}

func TestReveal_is_not_for_viewers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Viewer)
	e := f.endpoint(f.ours)
	tab := f.path("endpoints", e.ID.String())
	if b.get(tab + "?tab=secret").is(http.StatusOK).hides(e.Secret).offers(tab + "/secret/reveal") {
		t.Error("a viewer is offered the secret")
	}
	b.post(tab+"/secret/reveal", nil).is(http.StatusForbidden).hides(e.Secret, "Confirm that it is you")
}

func TestRotation_goes_forward_and_back(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	e := f.endpoint(f.ours)
	one := f.path("endpoints", e.ID.String())
	action, form := b.get(one + "?tab=secret").is(http.StatusOK).form(`form[action$="/secret/rotate"]`)
	made := b.post(action, form).is(http.StatusOK).says("X-Webhook-Signature-Next", "current and next secrets")
	next := made.shown("next")
	if !strings.HasPrefix(next, "whsec_") || next == e.Secret || made.shown("current") != "" {
		t.Fatalf("next is %q", next)
	}
	b.post(action, form).is(http.StatusConflict).says("A rotation is under way")

	made.says("if you switch now, until ", "reads X-Webhook-Signature alone refuses deliveries from the switch on")
	untested := b.get(one + "?tab=secret").hides(next)
	if untested.doc().Find("#switch-anyway[required]").Length() != 1 {
		t.Error("an untested switch is not asked about")
	}
	test, form := untested.form(`form:has(input[type="hidden"][name="useNext"])`)
	f.tester.status = http.StatusForbidden
	refused := b.post(test, form).is(http.StatusOK).says("The test failed with 403 Forbidden.", "does not know the next secret yet").hides("Not tested on this page")
	if refused.doc().Find(`#switch-anyway[required]`).Length() != 1 || refused.doc().Find(`[data-step="2"].done`).Length() != 0 {
		t.Error("a failed test counts as passed")
	}
	f.tester.status = http.StatusOK
	passed := b.post(test, form).is(http.StatusOK).says("The receiver knows the next secret: you can switch.")
	if passed.doc().Find(`#switch-anyway`).Length() != 0 || passed.doc().Find(`[data-step="2"].done`).Length() != 1 {
		t.Error("a test that passed does not count")
	}
	if len(f.tester.next) != 2 || !f.tester.next[0] {
		t.Errorf("tests asked for the next secret: %v", f.tester.next)
	}

	switched := b.follow(one+"/secret/switch", nil).says("Switched", "X-Webhook-Signature-Previous")
	if switched.doc().Find(`[data-step="2"].done`).Length() != 0 {
		t.Error("a test that nobody remembers has a tick")
	}
	if got := b.post(one+"/secret/reveal", url.Values{"which": {"current"}}).shown("current"); got != next {
		t.Errorf("after the switch the current secret is %q", got)
	}
	b.post(one+"/secret/switch", nil).is(http.StatusConflict)
	b.follow(one+"/secret/undo", nil).says("Undone", "X-Webhook-Signature-Next")
	again := b.post(one+"/secret/reveal", url.Values{"which": {"next"}})
	if again.shown("next") != next || again.shown("current") != "" {
		t.Errorf("after the undo next is %q, current shown %q", again.shown("next"), again.shown("current"))
	}
	b.follow(one+"/secret/undo", nil).hides("current and next secrets")
	if got := b.post(one+"/secret/reveal", nil).shown("current"); got != e.Secret {
		t.Errorf("at the end the current secret is %q", got)
	}
	b.post(one+"/secret/undo", nil).is(http.StatusConflict).says("There is no rotation to undo")
}

func TestRotation_with_a_wrong_time_is_told_beside_the_field(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	e := f.endpoint(f.ours)
	rotate := f.path("endpoints", e.ID.String(), "secret", "rotate")
	for want, form := range map[string]url.Values{
		"must be in the future":     {"switchAt": {"2020-01-01T00:00"}},
		"must be a time like":       {"switchAt": {"tomorrow"}},
		"must be a number of hours": {"graceHours": {"long"}},
		"must be from 0 to 168":     {"graceHours": {"9999"}},
	} {
		b.post(rotate, form).is(http.StatusUnprocessableEntity).says(want)
	}
	when := f.clock.now().UTC().Add(48 * time.Hour).Format("2006-01-02T15:04")
	b.post(rotate, url.Values{"switchAt": {when}, "graceHours": {"1"}}).is(http.StatusOK).says("Switches")
}

func TestCompromised_replaces_the_secret_at_once(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	d := f.delivery(f.ours)
	one := f.path("endpoints", d.EndpointID.String())
	old := b.post(one+"/secret/reveal", nil).shown("current")
	replaced := b.post(one+"/secret/compromised", nil).is(http.StatusOK).says("1 waiting deliver")
	if fresh := replaced.shown("current"); fresh == "" || fresh == old {
		t.Errorf("the secret is %q", fresh)
	}
	b.get(one+"?tab=secret").hides("X-Webhook-Signature-Previous", old)
}

func TestSecrets_ask_for_the_password_at_every_step(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	e := f.endpoint(f.ours)
	f.tired()
	before := f.actions()
	for _, act := range []string{"reveal", "rotate", "switch", "undo", "compromised"} {
		b.post(f.path("endpoints", e.ID.String(), "secret", act), nil).is(http.StatusForbidden).says("Confirm that it is you")
	}
	if f.actions() != before {
		t.Errorf("something was done: %s", f.actions())
	}
}

func TestReveal_is_not_offered_a_password_that_does_not_exist(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	e := f.endpoint(f.ours)
	b := f.byLink("guest@example.com", account.Developer)
	b.post(f.path("endpoints", e.ID.String(), "secret", "reveal"), nil).is(http.StatusOK)
	f.tired()
	asked := b.post(f.path("endpoints", e.ID.String(), "secret", "reveal"), nil).is(http.StatusForbidden).says("your account has no password")
	if asked.offers("/step-up") {
		t.Error("a form asks for a password that does not exist")
	}
}
