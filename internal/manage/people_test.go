package manage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestTheFirstStartMakesTheAdminOrALinkForThem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token, err := b.Bootstrap(t.Context(), "Root@Example.com", "correct horse")
	if err != nil || token != "" || len(b.db.users) != 1 {
		t.Fatalf("%q, %v, %d users", token, err, len(b.db.users))
	}
	root := must[manage.Entrance](t)(b.Authenticate(t.Context(), "root@example.com", "correct horse", "192.0.2.1"))
	if root.User.Role != account.Admin {
		t.Errorf("role %s", root.User.Role)
	}
	if token, err := b.Bootstrap(t.Context(), "", ""); err != nil || token != "" {
		t.Errorf("a second start: %q, %v", token, err)
	}
	if _, err := newBench(t).Bootstrap(t.Context(), "root@example.com", "short"); err == nil {
		t.Error("a weak password makes an admin")
	}
}

func TestAnInstallationWithoutAnAdminWhoCanSignInIsSetUpLikeAnEmptyOne(t *testing.T) {
	t.Parallel()
	off := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, u := range map[string]account.User{
		"a member":                    {Email: "ada@example.com", Role: account.Member, PasswordHash: "x"},
		"support":                     {Email: "ada@example.com", Role: account.Support, PasswordHash: "x"},
		"an admin without a password": {Email: "ada@example.com", Role: account.Admin},
		"a disabled admin":            {Email: "ada@example.com", Role: account.Admin, PasswordHash: "x", DisabledAt: off},
	} {
		b := newBench(t)
		u.ID = webhook.UserID{UUID: webhook.MakeUUID(off, [10]byte{1})}
		b.db.users[u.ID] = u
		token := must[string](t)(b.Bootstrap(t.Context(), "", ""))
		if token == "" {
			t.Errorf("%s: no set-up link", name)
			continue
		}
		admin := must[account.User](t)(b.CompleteSetup(t.Context(), token, "ada@example.com", "correct horse", ""))
		if admin.ID != u.ID || len(b.db.users) != 1 {
			t.Errorf("%s: the person is doubled", name)
		}
		must[manage.Entrance](t)(b.Authenticate(t.Context(), "ada@example.com", "correct horse", ""))
		if token := must[string](t)(b.Bootstrap(t.Context(), "", "")); token != "" {
			t.Errorf("%s: a link after the set-up", name)
		}
	}
}

func TestStaffAreMadeWithAPassword(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, role := range []account.Role{account.Admin, account.Support} {
		_, err := b.CreateUser(t.Context(), account.ForSystem("command line"), manage.NewUser{Email: "ada@example.com", Role: role})
		wantPlaces(t, string(role), err, "password")
		if len(b.db.users) != 0 {
			t.Errorf("%s is made all the same", role)
		}
	}
	must[account.User](t)(b.CreateUser(t.Context(), account.ForSystem("command line"), manage.NewUser{Email: "ada@example.com", Role: account.Member}))
}

func TestASetUpLinkMakesOneAdminOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token := must[string](t)(b.Bootstrap(t.Context(), "", ""))
	if want := "https://hooks.example.com/setup?token=" + token; b.SetupURL(token) != want {
		t.Errorf("url %s", b.SetupURL(token))
	}
	_, err := b.CompleteSetup(t.Context(), token, "root@example.com", "", "")
	wantPlaces(t, "no password", err, "password")
	_, err = b.CompleteSetup(t.Context(), "wrong", "root@example.com", "correct horse", "")
	wantKind(t, "a wrong token", err, webhook.KindNotFound)
	admin := must[account.User](t)(b.CompleteSetup(t.Context(), token, "root@example.com", "correct horse", ""))
	if admin.Role != account.Admin {
		t.Errorf("role %s", admin.Role)
	}
	_, err = b.CompleteSetup(t.Context(), token, "two@example.com", "correct horse", "")
	wantKind(t, "the link again", err, webhook.KindNotFound)
}

func TestASetUpLinkEndsAfterADay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token := must[string](t)(b.Bootstrap(t.Context(), "", ""))
	b.at = b.at.Add(24 * time.Hour)
	_, err := b.Link(t.Context(), account.LinkSetup, token)
	wantKind(t, "an old link", err, webhook.KindNotFound)
}

func TestUnknownPeopleAndWrongPasswordsLookTheSame(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.person(account.Admin, "")
	user := must[account.User](t)(b.CreateUser(t.Context(), c, manage.NewUser{Email: "ada@example.com", Role: account.Member, Password: "correct horse"}))
	_, wrong := b.Authenticate(t.Context(), "ada@example.com", "battery", "192.0.2.1")
	_, unknown := b.Authenticate(t.Context(), "eve@example.com", "battery", "192.0.2.1")
	_, nonsense := b.Authenticate(t.Context(), "no email", "battery", "192.0.2.1")
	wantKind(t, "a wrong password", wrong, webhook.KindUnauthorized)
	if wrong.Error() != unknown.Error() || wrong.Error() != nonsense.Error() {
		t.Errorf("%v, %v and %v differ", wrong, unknown, nonsense)
	}
	must[manage.Entrance](t)(b.Authenticate(t.Context(), " ADA@example.com ", "correct horse", "192.0.2.1"))
	off := true
	must[account.User](t)(b.UpdateUser(t.Context(), c, user.ID, manage.UserPatch{Disabled: &off}))
	_, err := b.Authenticate(t.Context(), "ada@example.com", "correct horse", "192.0.2.1")
	wantKind(t, "somebody disabled", err, webhook.KindUnauthorized)
	_, err = b.CallerOf(t.Context(), user.ID, true, "")
	wantKind(t, "their session", err, webhook.KindUnauthorized)
	for range 10 {
		_, err = b.Authenticate(t.Context(), "ada@example.com", "guess", "198.51.100.1")
		wantKind(t, "a guess", err, webhook.KindUnauthorized)
	}
	_, err = b.Authenticate(t.Context(), "ada@example.com", "guess", "198.51.100.1")
	wantKind(t, "the eleventh guess", err, webhook.KindLimited)
}

func TestASessionIsWhoItsUserIsNow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	owner := b.person(account.Member, account.Owner)
	c := must[account.Caller](t)(b.CallerOf(t.Context(), owner.User.ID, false, "192.0.2.9"))
	if c.Projects[b.project.ID] != account.Owner || c.SteppedUp || c.Addr != "192.0.2.9" || c.Actor.Name != owner.User.Email {
		t.Errorf("caller %+v", c)
	}
	if b.db.touched != 1 {
		t.Errorf("last seen stamped %d times", b.db.touched)
	}
	u := b.db.users[owner.User.ID]
	u.LastSeenAt = b.at.Add(-30 * time.Second)
	b.db.users[u.ID] = u
	must[account.Caller](t)(b.CallerOf(t.Context(), owner.User.ID, false, ""))
	if b.db.touched != 1 {
		t.Error("a stamp of half a minute ago is written again")
	}
}

func TestPasswordsAreCheckedAgainAndChanged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := b.person(account.Admin, "")
	user := must[account.User](t)(b.CreateUser(t.Context(), admin, manage.NewUser{Email: "ada@example.com", Role: account.Member, Password: "correct horse"}))
	c := account.ForUser(user, nil, false, "192.0.2.1")
	wantPlaces(t, "a wrong password", b.StepUp(t.Context(), c, "battery", ""), "password")
	if err := b.StepUp(t.Context(), c, "correct horse", ""); err != nil {
		t.Error(err)
	}
	change := func(c account.Caller, current, next string) error {
		_, err := b.ChangePassword(t.Context(), c, current, "", next)
		return err
	}
	wantPlaces(t, "a wrong old password", change(c, "battery", "battery staple"), "current")
	wantPlaces(t, "a weak new password", change(c, "correct horse", "short"), "password")
	if err := change(c, "correct horse", "battery staple"); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "an answer to a form from before", change(c, "correct horse", "battery staple 2"), webhook.KindConflict)
	must[manage.Entrance](t)(b.Authenticate(t.Context(), "ada@example.com", "battery staple", "192.0.2.1"))
	fresh := b.person(account.Member, "")
	fresh.SteppedUp = false
	wantKind(t, "a first password in an old session", change(fresh, "", "battery staple"), webhook.KindForbidden)
}

// What a request read before an admin acted must not undo the act.
func TestARequestUnderWayTakesNothingBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := b.person(account.Admin, "")
	user := must[account.User](t)(b.CreateUser(t.Context(), admin, manage.NewUser{Email: "ada@example.com", Role: account.Admin, Password: "correct horse"}))
	c := account.ForUser(user, nil, true, "192.0.2.1")
	role, off := account.Member, true
	must[account.User](t)(b.UpdateUser(t.Context(), admin, user.ID, manage.UserPatch{Role: &role, Disabled: &off}))
	wantKind(t, "a new name", b.Rename(t.Context(), c, "Ada"), webhook.KindConflict)
	_, err := b.ChangePassword(t.Context(), c, "correct horse", "", "battery staple")
	wantKind(t, "a new password", err, webhook.KindConflict)
	if u := b.db.users[user.ID]; u.Role != account.Member || u.DisabledAt.IsZero() || u.PasswordHash != user.PasswordHash {
		t.Errorf("%+v", u)
	}
}

func TestNobodyChangesTheirOwnRole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin, role := b.person(account.Admin, ""), account.Member
	_, err := b.UpdateUser(t.Context(), admin, admin.User.ID, manage.UserPatch{Role: &role})
	wantKind(t, "own role", err, webhook.KindConflict)
	other := b.person(account.Admin, "")
	changed := must[account.User](t)(b.UpdateUser(t.Context(), admin, other.User.ID, manage.UserPatch{Role: &role}))
	if changed.Role != account.Member || b.db.audit[len(b.db.audit)-1].Detail != "role: admin → member" {
		t.Errorf("%+v, audit %q", changed, b.db.audit[len(b.db.audit)-1].Detail)
	}
}

func TestNobodyWithoutAPasswordBecomesStaff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin, member := b.person(account.Admin, ""), b.person(account.Member, account.Viewer)
	for _, role := range []account.Role{account.Admin, account.Support} {
		_, err := b.UpdateUser(t.Context(), admin, member.User.ID, manage.UserPatch{Role: &role})
		wantKind(t, string(role)+" by link", err, webhook.KindConflict)
		if b.db.users[member.User.ID].Role != account.Member {
			t.Errorf("they are %s", b.db.users[member.User.ID].Role)
		}
	}
	u := b.db.users[member.User.ID]
	u.PasswordHash = "x"
	b.db.users[u.ID] = u
	role := account.Support
	must[account.User](t)(b.UpdateUser(t.Context(), admin, u.ID, manage.UserPatch{Role: &role}))
}

func TestMembersAreAddedChangedAndRemovedButTheLastOwnerStays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	owner := b.person(account.Member, account.Owner)
	set := func(email string, role account.Role) error {
		_, err := b.SetMember(t.Context(), owner, b.project.ID, manage.NewMember{Email: email, Role: role})
		return err
	}
	wantPlaces(t, "an owner adds an address that nobody has shown to be theirs", set("New@Example.com", account.Viewer), "email")
	_, err := b.SetMember(t.Context(), b.wide(account.ScopeManage), b.project.ID, manage.NewMember{Email: "New@Example.com", Role: account.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.actions(); strings.Join(got, " ") != "user.created member.added" {
		t.Errorf("audit %v", got)
	}
	if err := set("new@example.com", account.Developer); err != nil {
		t.Fatal(err)
	}
	if e := b.db.audit[len(b.db.audit)-1]; e.Action != "member.changed" || e.Detail != "role: viewer → developer" || e.ProjectID != b.project.ID {
		t.Errorf("audit %+v", e)
	}
	wantKind(t, "the last owner steps down", set(owner.User.Email, account.Viewer), webhook.KindConflict)
	wantKind(t, "the last owner leaves", b.RemoveMember(t.Context(), owner, b.project.ID, owner.User.Email), webhook.KindConflict)
	wantPlaces(t, "an instance role", set("new@example.com", account.Admin), "role")
	wantPlaces(t, "no email", set("", account.Viewer), "email")
	wantKind(t, "a stranger", b.RemoveMember(t.Context(), owner, b.project.ID, "eve@example.com"), webhook.KindNotFound)
	if err := b.RemoveMember(t.Context(), owner, b.project.ID, "new@example.com"); err != nil {
		t.Error(err)
	}
	if members := must[[]account.Membership](t)(b.Members(t.Context(), owner, b.project.ID)); len(members) != 1 {
		t.Errorf("members %v", members)
	}
	wantKind(t, "the only member shuts themselves out", b.RemoveMember(t.Context(), owner, b.project.ID, owner.User.Email), webhook.KindConflict)
	if err := b.RemoveMember(t.Context(), b.wide(account.ScopeManage), b.project.ID, owner.User.Email); err != nil {
		t.Errorf("the platform empties the project: %v", err)
	}
}

func TestASignInLinkWorksOnceAndMakesTheMember(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	issued := must[manage.IssuedLink](t)(b.CreateSignInLink(t.Context(), b.wide(account.ScopeManage), b.project.ID,
		manage.NewLink{Email: "Ada@example.com", Role: account.Developer, ExpiresIn: time.Minute}))
	if issued.URL != "https://hooks.example.com/sign-in/link?token="+issued.Token || !issued.ExpiresAt.Equal(start.Add(time.Minute)) {
		t.Errorf("%+v", issued)
	}
	if _, ok := b.db.links[account.HashToken(issued.Token)]; !ok {
		t.Error("the link is not found by the hash of its token")
	}
	user, project, err := b.UseSignInLink(t.Context(), issued.Token, "192.0.2.1")
	if err != nil || project != b.project.ID || user.Email != "ada@example.com" || user.Role != account.Member {
		t.Fatalf("%+v, %v, %v", user, project, err)
	}
	c := must[account.Caller](t)(b.CallerOf(t.Context(), user.ID, true, ""))
	if c.Projects[b.project.ID] != account.Developer {
		t.Errorf("roles %v", c.Projects)
	}
	_, _, err = b.UseSignInLink(t.Context(), issued.Token, "192.0.2.1")
	wantKind(t, "the link again", err, webhook.KindNotFound)
}

func TestSignInLinksAreBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.wide(account.ScopeManage)
	tests := map[string]struct {
		link  manage.NewLink
		place string
	}{
		"an owner":          {manage.NewLink{Email: "a@example.com", Role: account.Owner}, "role"},
		"too long":          {manage.NewLink{Email: "a@example.com", Role: account.Viewer, ExpiresIn: time.Hour + time.Second}, "expiresInSeconds"},
		"over before it is": {manage.NewLink{Email: "a@example.com", Role: account.Viewer, ExpiresIn: -1}, "expiresInSeconds"},
		"no email":          {manage.NewLink{Role: account.Viewer}, "email"},
	}
	for name, test := range tests {
		_, err := b.CreateSignInLink(t.Context(), c, b.project.ID, test.link)
		wantPlaces(t, name, err, test.place)
	}
	admin := b.person(account.Admin, "")
	_, err := b.CreateSignInLink(t.Context(), c, b.project.ID, manage.NewLink{Email: admin.User.Email, Role: account.Viewer})
	wantKind(t, "a link for an admin", err, webhook.KindForbidden)
	issued := must[manage.IssuedLink](t)(b.CreateSignInLink(t.Context(), c, b.project.ID, manage.NewLink{Email: "a@example.com", Role: account.Viewer}))
	b.at = b.at.Add(10 * time.Minute)
	_, _, err = b.UseSignInLink(t.Context(), issued.Token, "")
	wantKind(t, "ten minutes later", err, webhook.KindNotFound)
}
