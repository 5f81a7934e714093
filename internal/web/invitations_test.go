package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
)

// invite makes an invitation on the page and answers its address here.
func (b *browser) invite(f *fixture, email, role string) string {
	b.t.Helper()
	action, form := b.get(f.path("members")).is(http.StatusOK).form(`form[action$="/invitations"]`)
	form.Set("email", email)
	form.Set("role", role)
	made := b.post(action, form).is(http.StatusOK).says("Invitation for "+strings.ToLower(email), "not shown again")
	link := made.doc().Find(`pre[aria-label="The link"]`).Text()
	if !strings.HasPrefix(link, baseURL+"/invitation?token=") {
		b.t.Fatalf("the link is %q", link)
	}
	return strings.TrimPrefix(link, baseURL)
}

func TestInvitations_make_a_newcomer_with_name_and_password(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	owner := f.as(account.Owner)
	link := owner.invite(f, "new@example.com", "owner")
	owner.get(f.path("members")).says("Invited, not here yet", "new@example.com", "as owner", "pending").hides("token=")
	b := f.visitor()
	opened := b.get(link).is(http.StatusOK).says("Join Ours", "new@example.com", "owner", "Everything a developer may", "owner@example.com")
	b.get(link).is(http.StatusOK) // opening uses nothing up
	action, form := opened.form("main form")
	form.Set("name", "Ada <b>")
	form.Set("password", "short")
	again := b.post(action, form).is(http.StatusUnprocessableEntity).says("at least 8 characters")
	if _, typed := again.form("main form"); typed.Get("name") != "Ada <b>" || typed.Get("token") != form.Get("token") {
		t.Errorf("what was typed is gone: %v", typed)
	}
	form.Set("password", password)
	in := b.follow(action, form)
	in.is(http.StatusOK).says("Welcome. You belong to this project now")
	b.get(f.path("members")).is(http.StatusOK).says("Ada <b>", "you").hides("Invited, not here yet", ">Ada <b>")
	f.visitor().get(link).is(http.StatusNotFound).says("used or has expired")
	f.visitor().post(action, form).is(http.StatusNotFound)
	f.signIn("new@example.com").get(f.path("keys")).is(http.StatusOK)
	if got := f.actions(); !strings.Contains(got, "invitation.accepted") || !strings.Contains(got, "invitation.created") {
		t.Errorf("audit %s", got)
	}
}

// An invitation must not open the account of somebody who has one, whoever
// holds the link.
func TestInvitations_for_a_known_address_ask_for_its_sign_in(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	owner := f.as(account.Owner)
	f.user("ada@example.com", account.Member, "")
	link := owner.invite(f, "Ada@Example.com", "viewer")
	token := strings.TrimPrefix(link, "/invitation?token=")

	thief := f.visitor()
	thief.get(link).is(http.StatusOK).says("has an account here", "Sign in to accept").hides("Choose a password")
	thief.post("/invitation", url.Values{"token": {token}, "name": {"Eve"}, "password": {"another long phrase"}}).is(http.StatusForbidden)
	thief.get("/projects").is(http.StatusSeeOther)
	owner.get(link).is(http.StatusOK).says("You are signed in as owner@example.com")
	owner.post("/invitation", url.Values{"token": {token}}).is(http.StatusForbidden)

	ada := f.visitor()
	door, found := ada.get(link).doc().Find("main a.btn-primary").Attr("href")
	if !found || !strings.HasPrefix(door, "/sign-in?next=%2Finvitation%3Ftoken%3D") {
		t.Fatalf("leads to %q", door)
	}
	_, form := ada.get(door).form(`form[action="/sign-in"]`)
	form.Set("email", "ada@example.com")
	form.Set("password", password)
	in := ada.post("/sign-in", form).is(http.StatusSeeOther)
	if in.location != link {
		t.Fatalf("signing in leads to %q, not back to the invitation", in.location)
	}
	action, join := ada.get(in.location).is(http.StatusOK).form(`main form[action="/invitation"]`)
	ada.follow(action, join).is(http.StatusOK).says("You belong to this project now")
	ada.get(f.path("endpoints", "new")).is(http.StatusForbidden)
}

func TestInvitations_for_an_account_without_a_password_need_its_link(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	owner := f.as(account.Owner)
	f.byLink("ada@example.com", account.Viewer)
	f.must(f.manage.RemoveMember(t.Context(), system, f.ours.ID, "ada@example.com"))
	link := owner.invite(f, "ada@example.com", "developer")
	f.visitor().get(link).is(http.StatusOK).says("without a password").hides("<form")
	b := f.byLinkTo(f.theirs, "ada@example.com")
	action, join := b.get(link).is(http.StatusOK).form(`main form[action="/invitation"]`)
	b.follow(action, join).is(http.StatusOK)
	b.get(f.path("endpoints", "new")).is(http.StatusOK)
}

func TestInvitations_are_renewed_revoked_and_run_out(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	owner := f.as(account.Owner)
	link := owner.invite(f, "new@example.com", "viewer")
	action, _ := owner.get(f.path("members")).form(`form[action$="/renew"]`)
	fresh := strings.TrimPrefix(owner.post(action, nil).is(http.StatusOK).doc().Find(`pre[aria-label="The link"]`).Text(), baseURL)
	f.visitor().get(link).is(http.StatusNotFound)
	f.visitor().get(fresh).is(http.StatusOK)
	_, err := f.manage.Invite(t.Context(), system, f.ours.ID, manage.NewInvitation{Email: "new@example.com", Role: account.Viewer, ExpiresIn: time.Minute})
	f.must(err)
	f.visitor().get(fresh).is(http.StatusNotFound).says("used or has expired")
	f.clock.forward(time.Minute)
	page := owner.get(f.path("members")).says("ran out")
	action, _ = page.form(`form[action$="/revoke"]`)
	owner.follow(action, nil).says("The invitation is revoked").hides("new@example.com</span>")
	owner.post(action, nil).is(http.StatusNotFound)
	owner.post(f.path("invitations", "x", "revoke"), nil).is(http.StatusNotFound)
}

func TestInvitations_keep_what_was_typed_and_ask_for_the_password(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	owner := f.as(account.Owner)
	for name, test := range map[string]struct{ email, role, expires, says string }{
		"no email":         {"nonsense", "viewer", "86400", "not an email address"},
		"a member already": {"owner@example.com", "viewer", "86400", "a member already"},
		"no such role":     {"a@example.com", "admin", "86400", "must be owner, developer or viewer"},
		"too long":         {"a@example.com", "viewer", "99999999", "2592000"},
	} {
		again := owner.post(f.path("invitations"), url.Values{"email": {test.email}, "role": {test.role}, "expires": {test.expires}}).is(http.StatusUnprocessableEntity).says(test.says)
		if _, form := again.form(`form[action$="/invitations"]`); form.Get("email") != test.email {
			t.Errorf("%s: shown %v", name, form)
		}
	}
	dev := f.as(account.Developer)
	dev.get(f.path("members")).is(http.StatusOK).hides("Invite", "/invitations")
	dev.post(f.path("invitations"), url.Values{"email": {"a@example.com"}, "role": {"viewer"}}).is(http.StatusForbidden)
	f.tired()
	owner.post(f.path("invitations"), url.Values{"email": {"a@example.com"}, "role": {"viewer"}}).is(http.StatusForbidden).says("Confirm that it is you")
	owner.post("/step-up", url.Values{"password": {password}, "next": {f.path("members")}}).is(http.StatusSeeOther)
	if _, form := owner.get(f.path("members")).form(`form[action$="/invitations"]`); form.Get("email") != "a@example.com" || form.Get("role") != "viewer" {
		t.Errorf("what was typed is gone: %v", form)
	}
	if strings.Contains(f.actions(), "invitation") {
		t.Errorf("audit %s", f.actions())
	}
}

func TestMembers_are_not_added_past_an_invitation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	stranger := f.user("ada@example.com", account.Member, "")
	b.post(f.path("members", stranger.ID.String(), "role"), url.Values{"role": {"viewer"}}).is(http.StatusNotFound)
}
