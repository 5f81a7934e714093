package manage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

const phrase = "correct horse battery"

// proven is somebody with a second factor, the text of its secret and their
// recovery codes.
func (b *bench) proven(role account.Role) (c account.Caller, text string, codes []string) {
	b.t.Helper()
	c = b.person(role, "")
	hash := must[string](b.t)(account.HashPassword(b.t.Context(), phrase))
	u := b.db.users[c.User.ID]
	u.PasswordHash = hash
	b.db.users[u.ID] = u
	c.User.PasswordHash = hash
	if err := b.BeginSecondFactor(b.t.Context(), c); err != nil {
		b.t.Fatal(err)
	}
	begun := must[manage.Enrolment](b.t)(b.Enrolment(b.t.Context(), c))
	text = strings.ReplaceAll(begun.Text, " ", "")
	codes = must[manage.Proven](b.t)(b.ConfirmSecondFactor(b.t.Context(), c, b.code(text))).Codes
	u = b.db.users[c.User.ID]
	c.User = &u
	b.at = b.at.Add(30 * time.Second) // the code was used
	return c, text, codes
}

func (b *bench) code(text string) string { return must[string](b.t)(totp.GenerateCode(text, b.at)) }

func (b *bench) halfIn(c account.Caller) manage.Ticket {
	b.t.Helper()
	in := must[manage.Entrance](b.t)(b.Authenticate(b.t.Context(), c.User.Email, phrase, "192.0.2.1"))
	if !in.CodeNeeded() {
		b.t.Fatal("no code is asked for")
	}
	return in.Ticket
}

func TestASecondFactorIsSealedAndOnOnceACodeHasConfirmedIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.person(account.Member, account.Viewer)
	wantKind(t, "without a password", b.BeginSecondFactor(t.Context(), c), webhook.KindConflict)
	c.User.PasswordHash = "x"
	asleep := c
	asleep.SteppedUp = false
	if err := b.BeginSecondFactor(t.Context(), asleep); !account.NeedsStepUp(err) {
		t.Errorf("without the password again: %v", err)
	}
	if err := b.BeginSecondFactor(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	begun := must[manage.Enrolment](t)(b.Enrolment(t.Context(), c))
	if _, err := b.Enrolment(t.Context(), asleep); !account.NeedsStepUp(err) {
		t.Errorf("the secret shows without the password again: %v", err)
	}
	text := strings.ReplaceAll(begun.Text, " ", "")
	if strings.Contains(string(b.db.factors[c.User.ID].Sealed), text) || !strings.Contains(begun.URL, "secret="+text) {
		t.Errorf("%q in %q", text, begun.URL)
	}
	_, err := b.ConfirmSecondFactor(t.Context(), c, "000000")
	wantPlaces(t, "a wrong code", err, "code")
	codes := must[manage.Proven](t)(b.ConfirmSecondFactor(t.Context(), c, " "+b.code(text)[:3]+" "+b.code(text)[3:])).Codes
	if len(codes) != 10 || !b.db.factors[c.User.ID].On() || strings.Join(b.actions(), " ") != "user.second-factor-on" {
		t.Errorf("%d codes, %+v, audit %v", len(codes), b.db.factors[c.User.ID], b.actions())
	}
	_, err = b.Enrolment(t.Context(), c)
	wantKind(t, "the secret afterwards", err, webhook.KindNotFound)
	wantKind(t, "beginning again", b.BeginSecondFactor(t.Context(), c), webhook.KindConflict)
}

func TestTheCodeIsTheSecondStepOfASignIn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, text, codes := b.proven(account.Member)
	before := len(b.db.audit)
	ticket := b.halfIn(c)
	if len(b.db.audit) != before {
		t.Errorf("the password alone is recorded as %v", b.actions()[before:])
	}
	_, err := b.FinishSignIn(t.Context(), ticket, "000000", "192.0.2.1")
	wantPlaces(t, "a wrong code", err, "code")
	b.Settle()
	in := must[manage.Entrance](t)(b.FinishSignIn(t.Context(), ticket, b.code(text), "192.0.2.1"))
	if in.CodeNeeded() || in.User.ID != c.User.ID || in.Failed.Count != 1 || in.RecoveryLeft != -1 {
		t.Errorf("%+v", in)
	}
	if e := b.db.audit[len(b.db.audit)-1]; e.Action != "user.signed-in" || e.Detail != "by password and code" {
		t.Errorf("audit %+v", e)
	}
	_, err = b.FinishSignIn(t.Context(), b.halfIn(c), b.code(text), "192.0.2.1")
	wantPlaces(t, "the same code again", err, "code")
	in = must[manage.Entrance](t)(b.FinishSignIn(t.Context(), ticket, strings.ToUpper(codes[3]), "192.0.2.1"))
	if in.RecoveryLeft != 9 || !strings.Contains(strings.Join(b.actions(), " "), "user.recovery-code-used user.signed-in") {
		t.Errorf("%+v, audit %v", in, b.actions())
	}
	_, err = b.FinishSignIn(t.Context(), ticket, codes[3], "192.0.2.1")
	wantPlaces(t, "the same recovery code again", err, "code")
}

// The password alone must not open what the password and a code guard.
func TestANewPasswordTakesACodeWhileTheSecondFactorIsOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, text, codes := b.proven(account.Member)
	change := func(code, next string) error {
		_, err := b.ChangePassword(t.Context(), c, phrase, code, next)
		return err
	}
	wantPlaces(t, "no code", change("", "another phrase"), "code")
	wantPlaces(t, "a wrong code", change("000000", "another phrase"), "code")
	code := b.code(text)
	wantPlaces(t, "a weak password", change(code, "short"), "password")
	if err := change(code, "another phrase"); err != nil {
		t.Errorf("the code that a weak password did not use up: %v", err)
	}
	u := b.db.users[c.User.ID]
	c.User = &u
	if _, err := b.ChangePassword(t.Context(), c, "another phrase", codes[0], "one more phrase"); err != nil {
		t.Errorf("with a recovery code: %v", err)
	}
}

func TestATicketEndsWithThePasswordAndTheAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, change := range map[string]func(u *account.User){
		"another password": func(u *account.User) { u.PasswordHash = "$other" },
		"disabled":         func(u *account.User) { u.DisabledAt = b.at },
		"turned off":       func(u *account.User) { u.SecondFactorAt = time.Time{} },
	} {
		c, text, _ := b.proven(account.Member)
		ticket := b.halfIn(c)
		u := b.db.users[c.User.ID]
		change(&u)
		b.db.users[u.ID] = u
		_, err := b.FinishSignIn(t.Context(), ticket, b.code(text), "")
		wantKind(t, name, err, webhook.KindUnauthorized)
	}
	_, err := b.FinishSignIn(t.Context(), manage.Ticket{}, "000000", "")
	wantKind(t, "nobody's ticket", err, webhook.KindUnauthorized)
}

// Whoever knows the password must not clear the count of wrong codes with it.
func TestWrongCodesAreThrottledWhateverTheyAreMixedWith(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, text, _ := b.proven(account.Member)
	for i := range 10 {
		_, err := b.FinishSignIn(t.Context(), b.halfIn(c), "000000", "198.51.100.1")
		if webhook.KindOf(err) != webhook.KindInvalid {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	_, err := b.FinishSignIn(t.Context(), b.halfIn(c), b.code(text), "198.51.100.1")
	wantKind(t, "the eleventh code, a right one", err, webhook.KindLimited)
	must[manage.Entrance](t)(b.FinishSignIn(t.Context(), b.halfIn(c), b.code(text), "192.0.2.1"))
}

func TestThePasswordAgainComesWithACode(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, text, codes := b.proven(account.Member)
	wantPlaces(t, "the password alone", b.StepUp(t.Context(), c, phrase, ""), "code")
	wantPlaces(t, "a wrong password", b.StepUp(t.Context(), c, "battery", b.code(text)), "password")
	wantPlaces(t, "a wrong code", b.StepUp(t.Context(), c, phrase, "000000"), "code")
	if err := b.StepUp(t.Context(), c, phrase, b.code(text)); err != nil {
		t.Error(err)
	}
	if err := b.StepUp(t.Context(), c, phrase, codes[0]); err != nil {
		t.Error(err)
	}
}

func TestASecondFactorIsTurnedOffWithACodeAndResetByAdmins(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, _, codes := b.proven(account.Member)
	off := func(c account.Caller, code string) error {
		_, err := b.TurnOffSecondFactor(t.Context(), c, phrase, code)
		return err
	}
	wantPlaces(t, "without a code", off(c, ""), "code")
	fresh := must[[]string](t)(b.RenewRecoveryCodes(t.Context(), c))
	wantPlaces(t, "an old recovery code", off(c, codes[0]), "code")
	wantPlaces(t, "a code of somebody else", off(c, "abcd-abcd-abcd-abcd"), "code")
	if err := off(c, fresh[0]); err != nil {
		t.Fatal(err)
	}
	if in := must[manage.Entrance](t)(b.Authenticate(t.Context(), c.User.Email, phrase, "")); in.CodeNeeded() {
		t.Error("a code is asked for all the same")
	}
	c, _, _ = b.proven(account.Member)
	wantKind(t, "a member resets", b.ResetSecondFactor(t.Context(), b.developer(), c.User.ID), webhook.KindForbidden)
	admin := b.person(account.Admin, "")
	wantKind(t, "an admin resets their own", b.ResetSecondFactor(t.Context(), admin, admin.User.ID), webhook.KindConflict)
	if err := b.ResetSecondFactor(t.Context(), admin, c.User.ID); err != nil {
		t.Fatal(err)
	}
	if e := b.db.audit[len(b.db.audit)-1]; e.Action != "user.second-factor-reset" || e.Actor != admin.Actor || e.ObjectName != c.User.Email {
		t.Errorf("audit %+v", e)
	}
	wantKind(t, "a reset of what is off", b.ResetSecondFactor(t.Context(), admin, c.User.ID), webhook.KindConflict)
}

func TestStaffKeepTheirSecondFactorWhereItIsDemanded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for role, want := range map[account.Role]bool{account.Admin: true, account.Support: true, account.Member: false} {
		c := b.person(role, account.Owner)
		if b.MustEnrol(c) {
			t.Errorf("%s must enrol although nobody asks", role)
		}
		b.Facts.StaffSecondFactor = true
		if b.MustEnrol(c) != want {
			t.Errorf("%s must enrol: %v, want %v", role, b.MustEnrol(c), want)
		}
		b.Facts.StaffSecondFactor = false
	}
	c, text, _ := b.proven(account.Admin)
	b.Facts.StaffSecondFactor = true
	if b.MustEnrol(c) || b.MustEnrol(account.Caller{}) || b.MustEnrol(b.wide(account.ScopeManage)) {
		t.Error("somebody must enrol who has, or can't")
	}
	_, err := b.TurnOffSecondFactor(t.Context(), c, phrase, b.code(text))
	wantKind(t, "turning it off", err, webhook.KindConflict)
}

func TestFailedSignInsAreToldAtTheNextOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := b.person(account.Admin, "")
	must[account.User](t)(b.CreateUser(t.Context(), admin, manage.NewUser{Email: "ada@example.com", Role: account.Member, Password: phrase}))
	for range 3 {
		_, err := b.Authenticate(t.Context(), "ada@example.com", "guess", "198.51.100.1")
		wantKind(t, "a guess", err, webhook.KindUnauthorized)
	}
	_, err := b.Authenticate(t.Context(), "nobody@example.com", "guess", "198.51.100.1")
	wantKind(t, "a guess at nobody", err, webhook.KindUnauthorized)
	b.Settle()
	in := must[manage.Entrance](t)(b.Authenticate(t.Context(), "ada@example.com", phrase, "192.0.2.1"))
	if in.Failed != (account.Failures{Count: 3, At: b.at, Addr: "198.51.100.1"}) {
		t.Errorf("told of %+v", in.Failed)
	}
	in = must[manage.Entrance](t)(b.Authenticate(t.Context(), "ada@example.com", phrase, "192.0.2.1"))
	if in.Failed.Count != 0 {
		t.Errorf("told again: %+v", in.Failed)
	}
}
