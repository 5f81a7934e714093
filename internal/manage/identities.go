package manage

import (
	"context"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// ReturnPath is where an identity provider sends people back to.
const ReturnPath = "/sign-in/oidc/callback"

// SignInWith lets somebody in whom an identity provider vouches for: whom the
// identity is bound to, or else whoever has the address that the provider
// verified, who is bound to it then. It makes no accounts. A second factor is
// asked for as after a password.
func (s *Service) SignInWith(ctx context.Context, identity account.Identity, addr string) (Entrance, error) {
	user, err := s.userOf(ctx, identity, addr)
	if err != nil {
		return Entrance{}, err
	}
	return s.known(ctx, user, addr, "by identity provider")
}

// StepUpWith is StepUp for somebody who has just proved themselves to the
// identity provider instead of giving the password.
func (s *Service) StepUpWith(ctx context.Context, c account.Caller, identity account.Identity) error {
	if c.User == nil {
		return errPeopleOnly()
	}
	user, err := s.userOf(ctx, identity, c.Addr)
	if err != nil {
		return err
	}
	if user.ID != c.User.ID {
		return webhook.Forbidden("you came back as somebody else than you are signed in as here")
	}
	if !identity.Fresh(s.now()) {
		return webhook.Forbidden("the identity provider did not ask you to sign in again, or does not say when you did; use your password here")
	}
	return nil
}

func (s *Service) userOf(ctx context.Context, identity account.Identity, addr string) (account.User, error) {
	user, err := s.Store.UserByIdentity(ctx, identity)
	if webhook.KindOf(err) == webhook.KindNotFound {
		user, err = s.bind(ctx, identity, addr)
	}
	if err == nil && !user.DisabledAt.IsZero() {
		return user, webhook.Unauthorized("this account was disabled by an administrator")
	}
	return user, err
}

// bind finds whoever has the identity's address, and binds it to them.
func (s *Service) bind(ctx context.Context, identity account.Identity, addr string) (account.User, error) {
	var nobody account.User
	address, err := account.Email(identity.Email)
	if err != nil {
		return nobody, webhook.Unauthorized("the identity provider did not tell your email address")
	}
	if !identity.EmailVerified {
		return nobody, webhook.Unauthorized("the identity provider has not verified that %s is yours", address)
	}
	user, err := s.Store.UserByEmail(ctx, address)
	if webhook.KindOf(err) == webhook.KindNotFound {
		return nobody, webhook.Unauthorized("nobody here has the address %s; ask an owner of your project for an invitation", address)
	}
	if err != nil || !user.DisabledAt.IsZero() {
		return user, err
	}
	c := account.ForUser(user, nil, false, addr)
	return user, s.Store.BindIdentity(ctx, user.ID, identity, s.entry(c, "user.identity-bound", aboutUser(user), "at "+identity.Issuer))
}
