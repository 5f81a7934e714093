package manage

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// setupLife is how long a set-up link can be used; a new start makes a new one.
const setupLife = 24 * time.Hour

// Bootstrap makes an installation without an admin usable: with an email and
// password it creates the admin, without them it answers the token of a
// one-time set-up link. If an admin can sign in already it does nothing and
// answers "".
func (s *Service) Bootstrap(ctx context.Context, email, password string) (setupToken string, err error) {
	settled, err := s.Store.HasAdmin(ctx)
	if err != nil || settled {
		return "", err
	}
	system := account.ForSystem("start-up")
	if email != "" && password != "" {
		admin, err := s.newUser(ctx, NewUser{Email: email, Role: account.Admin, Password: password})
		if err != nil {
			return "", err
		}
		_, err = s.Store.CreateFirstAdmin(ctx, admin, s.entry(system, "user.created", aboutUser(admin), "as the first admin"))
		if webhook.KindOf(err) == webhook.KindConflict {
			return "", nil // another node was faster
		}
		return "", err
	}
	link, issued := s.newLink(account.LinkSetup, SetupPath, setupLife)
	entry := s.entry(system, "setup-link.created", object{id: link.ID.UUID}, "")
	return issued.Token, s.Store.CreateLink(ctx, link, entry)
}

// IsSetUp says whether there is an admin who can sign in.
func (s *Service) IsSetUp(ctx context.Context) (bool, error) { return s.Store.HasAdmin(ctx) }

// SetupURL is the address of a set-up link.
func (s *Service) SetupURL(token string) string {
	return s.Facts.BaseURL + SetupPath + "?token=" + token
}

// CompleteSetup uses a set-up link: it creates the first admin.
func (s *Service) CompleteSetup(ctx context.Context, token, email, password, addr string) (account.User, error) {
	link, err := s.Link(ctx, account.LinkSetup, token)
	if err != nil {
		return account.User{}, err
	}
	if password == "" {
		return account.User{}, webhook.Invalid("password", "is missing")
	}
	admin, err := s.newUser(ctx, NewUser{Email: email, Role: account.Admin, Password: password})
	if err != nil {
		return account.User{}, err
	}
	c := account.ForUser(admin, nil, false, addr)
	admin, err = s.Store.UseSetupLink(ctx, link.Hash, s.now(), admin, s.entry(c, "user.created", aboutUser(admin), "as the first admin"))
	if webhook.KindOf(err) == webhook.KindNotFound {
		err = errLink()
	}
	return admin, err
}
