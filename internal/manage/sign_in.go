package manage

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Entrance is somebody who gave the right password.
type Entrance struct {
	User account.User
	// Ticket is set for people with a second factor: they are not signed in
	// until FinishSignIn has taken it with a code.
	Ticket Ticket
	// Failed tells of the tries since the last sign-in.
	Failed account.Failures
	// RecoveryLeft is how many recovery codes remain after one was used, else
	// -1.
	RecoveryLeft int
}

// CodeNeeded reports whether the second step is to come.
func (e Entrance) CodeNeeded() bool { return !e.Ticket.User.IsZero() }

// Ticket names somebody between the two steps of a sign-in.
type Ticket struct {
	User webhook.UserID
	// Proof is the user's at the first step: a ticket ends with it.
	Proof string
}

// Authenticate answers the user with this email and password. Somebody unknown
// and a wrong password look and last the same.
func (s *Service) Authenticate(ctx context.Context, email, password, addr string) (Entrance, error) {
	var none Entrance
	// Guesses are counted under the one spelling that is looked up; what is no
	// address counts for its network alone.
	address, invalid := account.Email(email)
	if err := s.Throttle.Allow(address, addr); err != nil {
		return none, err
	}
	var user account.User
	if invalid == nil {
		var err error
		user, err = s.Store.UserByEmail(ctx, address)
		if err != nil && webhook.KindOf(err) != webhook.KindNotFound {
			return none, err
		}
	}
	ok, err := account.CheckPassword(ctx, user.PasswordHash, password)
	if err != nil {
		return none, err
	}
	if !ok || !user.DisabledAt.IsZero() {
		s.failed(user, addr, "a wrong password")
		return none, webhook.Unauthorized("that email and password don't belong together")
	}
	s.Throttle.Succeeded(address, addr)
	return s.known(ctx, user, addr, "by password")
}

// known lets somebody in who has proven who they are, or hands them the ticket
// for the second step.
func (s *Service) known(ctx context.Context, user account.User, addr, how string) (Entrance, error) {
	if !user.SecondFactorAt.IsZero() {
		return Entrance{User: user, Ticket: Ticket{user.ID, user.Proof()}, RecoveryLeft: -1}, nil
	}
	return s.enter(ctx, user, addr, how, -1)
}

// FinishSignIn takes the code after the password: of the app or a recovery
// code.
func (s *Service) FinishSignIn(ctx context.Context, ticket Ticket, code, addr string) (Entrance, error) {
	again := webhook.Unauthorized("that took too long, or your account was changed meanwhile; give your password again")
	user, err := s.Store.User(ctx, ticket.User)
	if webhook.KindOf(err) == webhook.KindNotFound {
		return Entrance{}, again
	}
	if err != nil {
		return Entrance{}, err
	}
	same := subtle.ConstantTimeCompare([]byte(user.Proof()), []byte(ticket.Proof)) == 1
	if !same || !user.DisabledAt.IsZero() || user.SecondFactorAt.IsZero() {
		return Entrance{}, again
	}
	left, err := s.spend(ctx, account.ForUser(user, nil, false, addr), code)
	if webhook.KindOf(err) == webhook.KindInvalid {
		s.failed(user, addr, "the right password and a wrong code")
	}
	if err != nil {
		return Entrance{}, err
	}
	how := "by password and code"
	if left >= 0 {
		how = "by password and recovery code"
	}
	return s.enter(ctx, user, addr, how, left)
}

func (s *Service) enter(ctx context.Context, user account.User, addr, how string, left int) (Entrance, error) {
	c := account.ForUser(user, nil, false, addr)
	failed, err := s.Store.SignedIn(ctx, user.ID, s.entry(c, "user.signed-in", aboutUser(user), how))
	return Entrance{User: user, Failed: failed, RecoveryLeft: left}, err
}

// failed records a failed sign-in of somebody known, beside the answer: it must
// take as long for somebody unknown. One that is lost is lost.
func (s *Service) failed(user account.User, addr, what string) {
	if user.ID.IsZero() || !user.DisabledAt.IsZero() {
		return
	}
	stranger := account.Caller{Actor: webhook.Actor{Type: webhook.ActorSystem, Name: "sign-in"}, Addr: addr}
	entry := s.entry(stranger, "user.sign-in-failed", aboutUser(user), what)
	s.aside(func(ctx context.Context) error { return s.Store.SignInFailed(ctx, user.ID, failureEvery, entry) })
}

// asideAtOnce bounds what runs beside answers, asideLife how long.
const (
	asideAtOnce = 32
	asideLife   = 5 * time.Second
)

func (s *Service) aside(do func(ctx context.Context) error) {
	select {
	case s.asides <- struct{}{}:
	default:
		return
	}
	s.running.Go(func() {
		defer func() { <-s.asides }()
		ctx, cancel := context.WithTimeout(context.Background(), asideLife)
		defer cancel()
		if err := do(ctx); err != nil {
			s.Log.Warn("a failed sign-in was not recorded", "error", err)
		}
	})
}

// Settle waits for what runs beside answers, before the store is closed.
func (s *Service) Settle() { s.running.Wait() }

// StepUp checks the caller's password again, and a code with it if their second
// factor is on: a password that was stolen together with a session's cookie
// must not be enough.
func (s *Service) StepUp(ctx context.Context, c account.Caller, password, code string) error {
	if err := s.checkPassword(ctx, c, password); err != nil {
		return err
	}
	if c.User.SecondFactorAt.IsZero() {
		return nil
	}
	if code == "" {
		return webhook.Invalid("code", "is missing")
	}
	_, err := s.spend(ctx, c, code)
	return err
}

func (s *Service) checkPassword(ctx context.Context, c account.Caller, password string) error {
	if c.User == nil {
		return errPeopleOnly()
	}
	if err := s.Throttle.Allow(c.User.Email, c.Addr); err != nil {
		return err
	}
	ok, err := account.CheckPassword(ctx, c.User.PasswordHash, password)
	if err != nil {
		return err
	}
	if !ok {
		return webhook.Invalid("password", "is not right")
	}
	s.Throttle.Succeeded(c.User.Email, c.Addr)
	return nil
}
