package manage

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// NewUser is what a user is made from. Without a password they sign in by
// link only.
type NewUser struct {
	Email    string
	Name     string
	Role     account.Role
	Password string
}

// UserPatch changes the members that are not nil.
type UserPatch struct {
	Name     *string
	Role     *account.Role
	Disabled *bool
}

// CallerOf answers who a session's user is now: role, memberships, and that
// they have not been disabled since.
func (s *Service) CallerOf(ctx context.Context, id webhook.UserID, steppedUp bool, addr string) (account.Caller, error) {
	user, err := s.Store.User(ctx, id)
	if webhook.KindOf(err) == webhook.KindNotFound || err == nil && !user.DisabledAt.IsZero() {
		return account.Caller{}, webhook.Unauthorized("sign in again")
	}
	if err != nil {
		return account.Caller{}, err
	}
	projects, err := s.Store.MembershipsOf(ctx, id)
	if err != nil {
		return account.Caller{}, err
	}
	s.touch(func() error {
		if s.now().Sub(user.LastSeenAt) < touchEvery {
			return nil
		}
		return s.Store.TouchUser(ctx, id, s.now())
	})
	return account.ForUser(user, projects, steppedUp, addr), nil
}

// touchEvery keeps last-use stamps from becoming a write per request.
const touchEvery = time.Minute

// touch stamps a last use. A lost stamp harms nobody, so it is logged and the
// request goes on.
func (s *Service) touch(stamp func() error) {
	if err := stamp(); err != nil {
		s.Log.Debug("a last-use stamp was lost", "error", err)
	}
}

// Users lists everybody.
func (s *Service) Users(ctx context.Context, c account.Caller, filter UserFilter) (webhook.Page[account.User], error) {
	if err := c.May(account.ViewUsers, webhook.ProjectID{}); err != nil {
		return webhook.Page[account.User]{}, err
	}
	limit, err := limitOf(filter.Limit)
	if err != nil {
		return webhook.Page[account.User]{}, err
	}
	filter.Limit = limit
	return s.Store.Users(ctx, filter)
}

// UserByEmail finds somebody by their address, in any spelling.
func (s *Service) UserByEmail(ctx context.Context, c account.Caller, email string) (account.User, error) {
	if err := c.May(account.ViewUsers, webhook.ProjectID{}); err != nil {
		return account.User{}, err
	}
	address, err := account.Email(email)
	if err != nil {
		return account.User{}, err
	}
	return s.Store.UserByEmail(ctx, address)
}

// CreateUser makes somebody who can sign in.
func (s *Service) CreateUser(ctx context.Context, c account.Caller, n NewUser) (account.User, error) {
	if err := c.May(account.ManageUsers, webhook.ProjectID{}); err != nil {
		return account.User{}, err
	}
	if n.Password == "" && (n.Role == account.Admin || n.Role == account.Support) {
		return account.User{}, webhook.Invalid("password", "is missing: staff sign in with one, links are for members")
	}
	user, err := s.newUser(ctx, n)
	if err != nil {
		return account.User{}, err
	}
	return user, s.Store.CreateUser(ctx, user, s.entry(c, "user.created", aboutUser(user), "as "+string(user.Role)))
}

func (s *Service) newUser(ctx context.Context, n NewUser) (account.User, error) {
	if err := account.CheckInstanceRole(n.Role); err != nil {
		return account.User{}, err
	}
	email, err := account.Email(n.Email)
	if err != nil {
		return account.User{}, err
	}
	now := s.now()
	user := account.User{ID: webhook.UserID{UUID: mint.UUID(now)}, Email: email, Role: n.Role, CreatedAt: now}
	if n.Name != "" {
		if user.Name, err = checkName("name", n.Name); err != nil {
			return account.User{}, err
		}
	}
	if n.Password == "" {
		return user, nil
	}
	if err := account.CheckNewPassword(n.Password, email); err != nil {
		return account.User{}, err
	}
	user.PasswordHash, err = account.HashPassword(ctx, n.Password)
	return user, err
}

// UpdateUser changes name, role, or whether somebody can sign in. Nobody takes
// their own admin rights, so that one admin always remains, and nobody without
// a password becomes staff: links sign in members only.
func (s *Service) UpdateUser(ctx context.Context, c account.Caller, id webhook.UserID, patch UserPatch) (account.User, error) {
	var none account.User
	if err := c.May(account.ManageUsers, webhook.ProjectID{}); err != nil {
		return none, err
	}
	was, err := s.Store.User(ctx, id)
	if err != nil {
		return none, err
	}
	user := was
	if c.User != nil && c.User.ID == id && (patch.Role != nil || patch.Disabled != nil) {
		return none, webhook.Conflict("another admin has to change your role")
	}
	var changes differences
	if patch.Name != nil {
		if user.Name, err = checkName("name", *patch.Name); err != nil {
			return none, err
		}
		changes.add("name", was.Name, user.Name)
	}
	if patch.Role != nil {
		if err := account.CheckInstanceRole(*patch.Role); err != nil {
			return none, err
		}
		if user.PasswordHash == "" && *patch.Role != account.Member {
			return none, webhook.Conflict("%s has no password, and staff sign in with one; they set it on their profile first", user.Email)
		}
		changes.add("role", string(user.Role), string(*patch.Role))
		user.Role = *patch.Role
	}
	if patch.Disabled != nil {
		user.DisabledAt = time.Time{}
		if *patch.Disabled {
			user.DisabledAt = s.now()
		}
		changes.add("disabled", yesNo(!was.DisabledAt.IsZero()), yesNo(*patch.Disabled))
	}
	return user, s.Store.UpdateUser(ctx, was, user, s.entry(c, "user.updated", aboutUser(user), changes.String()))
}

// Rename gives the caller another name.
func (s *Service) Rename(ctx context.Context, c account.Caller, name string) error {
	if c.User == nil {
		return webhook.Forbidden("only people have names")
	}
	name, err := checkName("name", name)
	if err != nil || name == c.User.Name {
		return err
	}
	user := *c.User
	user.Name = name
	return s.Store.UpdateUser(ctx, *c.User, user, s.entry(c, "user.updated", aboutUser(user), "name: "+orNone(c.User.Name)+" → "+name))
}

// ChangePassword gives the caller a new password, signs them out everywhere, and
// answers who they are then. It takes the current password and, if their second
// factor is on, a code; who has no password yet must have signed in freshly.
func (s *Service) ChangePassword(ctx context.Context, c account.Caller, current, code, next string) (account.User, error) {
	var none account.User
	if c.User == nil {
		return none, errPeopleOnly()
	}
	if c.User.PasswordHash == "" && !c.SteppedUp {
		return none, webhook.Forbidden("sign in again before choosing a password")
	}
	// First, because a code that was taken for nothing has to be waited for.
	if err := account.CheckNewPassword(next, c.User.Email); err != nil {
		return none, err
	}
	if c.User.PasswordHash != "" {
		if err := s.StepUp(ctx, c, current, code); err != nil {
			return none, moved(err, "password", "current")
		}
	}
	hash, err := account.HashPassword(ctx, next)
	if err != nil {
		return none, err
	}
	user := *c.User
	user.PasswordHash = hash
	return user, s.Store.UpdateUser(ctx, *c.User, user, s.entry(c, "user.password-changed", aboutUser(user), ""))
}

func aboutUser(u account.User) object { return object{id: u.ID.UUID, name: u.Email} }
