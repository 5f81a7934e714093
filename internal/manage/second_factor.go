package manage

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Proven is somebody whose second factor was turned on just now.
type Proven struct {
	User account.User
	// Codes are the recovery codes, shown this once.
	Codes []string
}

// Enrolment is a second factor that waits for its first code.
type Enrolment struct {
	// Text is the secret for typing, URL the one for the QR code.
	Text string
	URL  string
}

// SecondFactor answers the caller's own.
func (s *Service) SecondFactor(ctx context.Context, c account.Caller) (account.SecondFactor, error) {
	if c.User == nil {
		return account.SecondFactor{}, errPeopleOnly()
	}
	return s.Store.SecondFactor(ctx, c.User.ID)
}

func errPeopleOnly() error { return webhook.Forbidden("only people have passwords") }

// BeginSecondFactor makes a new secret for the caller's app. Nothing is asked
// for at sign-in until a code of it has confirmed it.
func (s *Service) BeginSecondFactor(ctx context.Context, c account.Caller) error {
	if err := s.mayProve(c); err != nil {
		return err
	}
	if c.User.PasswordHash == "" {
		return webhook.Conflict("set a password first: the second factor stands beside it")
	}
	return s.Store.BeginSecondFactor(ctx, c.User.ID, s.Box.Seal(account.NewTOTP(), c.User.ID.UUID, account.TOTPField))
}

func (s *Service) mayProve(c account.Caller) error {
	if c.User == nil {
		return errPeopleOnly()
	}
	return c.May(account.ChangeProof, webhook.ProjectID{})
}

// Enrolment answers what the caller has begun; NotFound if nothing waits.
func (s *Service) Enrolment(ctx context.Context, c account.Caller) (Enrolment, error) {
	var none Enrolment
	if err := s.mayProve(c); err != nil {
		return none, err
	}
	f, err := s.Store.SecondFactor(ctx, c.User.ID)
	if err != nil {
		return none, err
	}
	if f.On() || len(f.Sealed) == 0 {
		return none, webhook.NotFound("no second factor waits for its first code")
	}
	secret, err := s.Box.Open(f.Sealed, c.User.ID.UUID, account.TOTPField)
	if err != nil {
		return none, fmt.Errorf("open a second factor: %w", err)
	}
	return Enrolment{Text: account.TOTPGroups(secret), URL: account.TOTPURL(secret, s.host(), c.User.Email)}, nil
}

// host names this installation in an app's list.
func (s *Service) host() string {
	u, err := url.Parse(s.Facts.BaseURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// ConfirmSecondFactor turns on what was begun, with a code of it. It signs the
// caller out everywhere.
func (s *Service) ConfirmSecondFactor(ctx context.Context, c account.Caller, code string) (Proven, error) {
	if err := s.mayProve(c); err != nil {
		return Proven{}, err
	}
	f, err := s.Store.SecondFactor(ctx, c.User.ID)
	if err != nil {
		return Proven{}, err
	}
	if f.On() || len(f.Sealed) == 0 {
		return Proven{}, webhook.Conflict("no second factor waits for its first code; begin again")
	}
	step, err := s.stepOf(f, c.User.ID, account.PlainCode(code))
	if err != nil {
		return Proven{}, err
	}
	codes, hashes := recoveryFor(c.User.ID)
	entry := s.entry(c, "user.second-factor-on", aboutUser(*c.User), "")
	user := *c.User
	user.SecondFactorAt = entry.At
	return Proven{user, codes}, s.Store.ConfirmSecondFactor(ctx, c.User.ID, f.Sealed, step, hashes, entry)
}

// stepOf is the step of an app's code; Invalid at "code" for a wrong one.
func (s *Service) stepOf(f account.SecondFactor, user webhook.UserID, plain string) (int64, error) {
	secret, err := s.Box.Open(f.Sealed, user.UUID, account.TOTPField)
	if err != nil {
		return 0, fmt.Errorf("open a second factor: %w", err)
	}
	step, ok := account.TOTPStep(secret, plain, s.now(), f.Step)
	if !ok {
		return 0, webhook.Invalid("code", "is not right; type the one that the app shows now, each counts once")
	}
	return step, nil
}

func recoveryFor(user webhook.UserID) (codes []string, hashes [][32]byte) {
	codes = account.NewRecoveryCodes()
	for _, code := range codes {
		hashes = append(hashes, account.RecoveryHash(user, code))
	}
	return codes, hashes
}

// RenewRecoveryCodes answers new codes, shown this once; the old ones end.
func (s *Service) RenewRecoveryCodes(ctx context.Context, c account.Caller) ([]string, error) {
	if err := s.mayProve(c); err != nil {
		return nil, err
	}
	codes, hashes := recoveryFor(c.User.ID)
	entry := s.entry(c, "user.recovery-codes-renewed", aboutUser(*c.User), "")
	return codes, s.Store.RenewRecoveryCodes(ctx, c.User.ID, hashes, entry)
}

// TurnOffSecondFactor takes the password and a code, signs the caller out
// everywhere, and answers who they are then.
func (s *Service) TurnOffSecondFactor(ctx context.Context, c account.Caller, password, code string) (account.User, error) {
	if c.User == nil {
		return account.User{}, errPeopleOnly()
	}
	if s.Demanded(*c.User) {
		return account.User{}, webhook.Conflict("this installation asks staff for a second factor, so it stays on")
	}
	if err := s.StepUp(ctx, c, password, code); err != nil {
		return account.User{}, err
	}
	user := *c.User
	user.SecondFactorAt = time.Time{}
	return user, s.Store.DropSecondFactor(ctx, c.User.ID, s.entry(c, "user.second-factor-off", aboutUser(*c.User), ""))
}

// ResetSecondFactor takes another person's second factor away, for somebody
// who has lost app and codes. They are signed out everywhere.
func (s *Service) ResetSecondFactor(ctx context.Context, c account.Caller, id webhook.UserID) error {
	if err := c.May(account.ManageUsers, webhook.ProjectID{}); err != nil {
		return err
	}
	if c.User != nil && c.User.ID == id {
		return webhook.Conflict("turn your own second factor off on your profile, with a code")
	}
	user, err := s.Store.User(ctx, id)
	if err != nil {
		return err
	}
	return s.Store.DropSecondFactor(ctx, id, s.entry(c, "user.second-factor-reset", aboutUser(user), ""))
}

// Demanded reports whether the installation asks somebody for a second factor.
func (s *Service) Demanded(u account.User) bool {
	return s.Facts.StaffSecondFactor && u.Role != account.Member
}

// MustEnrol reports whether somebody has to turn their second factor on before
// anything else.
func (s *Service) MustEnrol(c account.Caller) bool {
	return c.User != nil && s.Demanded(*c.User) && c.User.SecondFactorAt.IsZero()
}

// spend takes a code of the user's app or one of their recovery codes; each
// counts once. Wrong ones are throttled apart from passwords: whoever knows the
// password could otherwise clear the count with it. left is how many recovery
// codes remain after one was used, else -1.
func (s *Service) spend(ctx context.Context, c account.Caller, code string) (left int, err error) {
	who := "code " + c.User.Email
	if err := s.Throttle.Allow(who, c.Addr); err != nil {
		return -1, err
	}
	plain := account.PlainCode(code)
	if account.IsRecoveryCode(plain) {
		entry := s.entry(c, "user.recovery-code-used", aboutUser(*c.User), "")
		left, err = s.Store.UseRecoveryCode(ctx, c.User.ID, account.RecoveryHash(c.User.ID, plain), entry)
		if webhook.KindOf(err) == webhook.KindNotFound {
			err = webhook.Invalid("code", "is not one of your recovery codes, or was used")
		}
	} else {
		left, err = -1, s.spendStep(ctx, c.User.ID, plain)
	}
	if err == nil {
		s.Throttle.Succeeded(who, c.Addr)
	}
	return left, err
}

func (s *Service) spendStep(ctx context.Context, user webhook.UserID, plain string) error {
	f, err := s.Store.SecondFactor(ctx, user)
	if err != nil {
		return err
	}
	if !f.On() {
		return webhook.Conflict("your second factor was turned off meanwhile; sign in again")
	}
	step, err := s.stepOf(f, user, plain)
	if err != nil {
		return err
	}
	err = s.Store.UseCode(ctx, user, step)
	if webhook.KindOf(err) == webhook.KindConflict {
		err = webhook.Invalid("code", "was used already; wait for the next one")
	}
	return err
}

// failureEvery is how often the audit log tells of failed sign-ins of one
// person.
const failureEvery = 10 * time.Minute
