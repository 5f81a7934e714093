package manage

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// InvitationPath is the page that an invitation opens.
const InvitationPath = "/invitation"

// MaxInvitationLife is how long an invitation can last; defaultInvitationLife
// what it does if nobody says.
const (
	MaxInvitationLife     = 30 * 24 * time.Hour
	defaultInvitationLife = 7 * 24 * time.Hour
)

// NewInvitation says whom to invite, as what, and for how long.
type NewInvitation struct {
	Email string
	Role  account.Role
	// ExpiresIn zero means seven days.
	ExpiresIn time.Duration
}

// IssuedInvitation is an invitation with its link, shown once.
type IssuedInvitation struct {
	account.Link
	URL string
}

// Invitations lists those that nobody has accepted, newest first.
func (s *Service) Invitations(ctx context.Context, c account.Caller, project webhook.ProjectID) ([]account.Link, error) {
	if err := mayInvite(c, project); err != nil {
		return nil, err
	}
	return s.Store.Invitations(ctx, project)
}

// mayInvite asks for no password: looking and taking back give nothing away.
func mayInvite(c account.Caller, project webhook.ProjectID) error {
	if err := c.May(account.ChangeMembers, project); err != nil && !account.NeedsStepUp(err) {
		return err
	}
	return nil
}

// Invite makes a single-use link by which somebody joins a project. Unlike a
// sign-in link it opens nobody's account: who has the address already signs in
// first, and only a newcomer chooses a password. An earlier invitation of the
// same address ends.
func (s *Service) Invite(ctx context.Context, c account.Caller, project webhook.ProjectID, n NewInvitation) (IssuedInvitation, error) {
	var none IssuedInvitation
	if err := c.May(account.ChangeMembers, project); err != nil {
		return none, err
	}
	var p problems
	p.add(account.CheckProjectRole(n.Role))
	life, err := invitationLife(n.ExpiresIn)
	p.add(err)
	email, err := account.Email(n.Email)
	p.add(err)
	if err := p.err(); err != nil {
		return none, err
	}
	if _, err := s.Store.Project(ctx, project); err != nil {
		return none, err
	}
	members, err := s.Store.Members(ctx, project)
	if err != nil {
		return none, err
	}
	for _, m := range members {
		if m.Email == email {
			return none, webhook.Invalid("email", "belongs to a member already; change the role in the list")
		}
	}
	link, issued := s.newLink(account.LinkInvitation, InvitationPath, life)
	link.ProjectID, link.Email, link.Role, link.CreatedBy = project, email, n.Role, c.Actor
	entry := s.entry(c, "invitation.created", object{project, link.ID.UUID, email}, "as "+string(n.Role))
	return IssuedInvitation{link, issued.URL}, s.Store.CreateInvitation(ctx, link, entry)
}

func invitationLife(asked time.Duration) (time.Duration, error) {
	if asked == 0 {
		return defaultInvitationLife, nil
	}
	if asked < time.Minute || asked > MaxInvitationLife {
		return 0, webhook.Invalid("expiresInSeconds", "must be from 60 to %d", int(MaxInvitationLife.Seconds()))
	}
	return asked, nil
}

// RevokeInvitation makes an invitation useless.
func (s *Service) RevokeInvitation(ctx context.Context, c account.Caller, project webhook.ProjectID, id webhook.LinkID) error {
	if err := mayInvite(c, project); err != nil {
		return err
	}
	link, err := s.invitation(ctx, project, id)
	if err != nil {
		return err
	}
	entry := s.entry(c, "invitation.revoked", object{project, id.UUID, link.Email}, "")
	return s.Store.RevokeInvitation(ctx, project, id, entry)
}

// RenewInvitation makes a new link for the same person and role, good for seven
// days; the old one ends.
func (s *Service) RenewInvitation(ctx context.Context, c account.Caller, project webhook.ProjectID, id webhook.LinkID) (IssuedInvitation, error) {
	var none IssuedInvitation
	if err := c.May(account.ChangeMembers, project); err != nil {
		return none, err
	}
	link, err := s.invitation(ctx, project, id)
	if err != nil {
		return none, err
	}
	fresh, issued := s.newLink(account.LinkInvitation, InvitationPath, defaultInvitationLife)
	link.Hash, link.ExpiresAt = fresh.Hash, fresh.ExpiresAt
	entry := s.entry(c, "invitation.renewed", object{project, id.UUID, link.Email}, "as "+string(link.Role))
	return IssuedInvitation{link, issued.URL}, s.Store.RenewInvitation(ctx, project, id, link.Hash, link.ExpiresAt, entry)
}

func (s *Service) invitation(ctx context.Context, project webhook.ProjectID, id webhook.LinkID) (account.Link, error) {
	all, err := s.Store.Invitations(ctx, project)
	if err != nil {
		return account.Link{}, err
	}
	for _, link := range all {
		if link.ID == id {
			return link, nil
		}
	}
	return account.Link{}, webhook.NotFound("there is no such invitation")
}

// Invited says how somebody can accept an invitation.
type Invited struct {
	account.Link
	// Known is set if the address has an account: it has to sign in first.
	Known bool
	// NoPassword is set if that account can sign in by a link only.
	NoPassword bool
}

// Invitation answers what an invitation is for, before it is accepted.
func (s *Service) Invitation(ctx context.Context, token string) (Invited, error) {
	link, err := s.Link(ctx, account.LinkInvitation, token)
	if err != nil {
		return Invited{}, err
	}
	user, err := s.Store.UserByEmail(ctx, link.Email)
	switch {
	case webhook.KindOf(err) == webhook.KindNotFound:
		return Invited{Link: link}, nil
	case err != nil:
		return Invited{}, err
	case !user.DisabledAt.IsZero():
		return Invited{}, webhook.Forbidden("%s is disabled; an admin of this installation can enable it", link.Email)
	}
	return Invited{Link: link, Known: true, NoPassword: user.PasswordHash == ""}, nil
}

// Join accepts an invitation as the person who is signed in.
func (s *Service) Join(ctx context.Context, c account.Caller, token string) (webhook.ProjectID, error) {
	var none webhook.ProjectID
	if c.User == nil {
		return none, webhook.Unauthorized("sign in first")
	}
	in, err := s.Invitation(ctx, token)
	if err != nil {
		return none, err
	}
	if in.Email != c.User.Email {
		return none, webhook.Forbidden("this invitation is for %s, and you are signed in as %s", in.Email, c.User.Email)
	}
	return in.ProjectID, s.accept(ctx, c, in.Link, *c.User, false)
}

// JoinAsNewcomer accepts an invitation for an address without an account, and
// makes it.
func (s *Service) JoinAsNewcomer(ctx context.Context, token, name, password, addr string) (account.User, webhook.ProjectID, error) {
	in, err := s.Invitation(ctx, token)
	if err != nil {
		return account.User{}, webhook.ProjectID{}, err
	}
	if in.Known {
		return account.User{}, webhook.ProjectID{}, webhook.Unauthorized("%s has an account; sign in with it to accept", in.Email)
	}
	user := account.User{ID: webhook.UserID{UUID: mint.UUID(s.now())}, Email: in.Email, Role: account.Member, CreatedAt: s.now()}
	var p problems
	user.Name, err = checkName("name", name)
	p.add(err)
	p.add(account.CheckNewPassword(password, in.Email))
	if err := p.err(); err != nil {
		return account.User{}, webhook.ProjectID{}, err
	}
	if user.PasswordHash, err = account.HashPassword(ctx, password); err != nil {
		return account.User{}, webhook.ProjectID{}, err
	}
	c := account.ForUser(user, nil, false, addr)
	return user, in.ProjectID, s.accept(ctx, c, in.Link, user, true)
}

func (s *Service) accept(ctx context.Context, c account.Caller, link account.Link, user account.User, newcomer bool) error {
	entry := s.entry(c, "invitation.accepted", object{link.ProjectID, user.ID.UUID, user.Email}, "as "+string(link.Role)+", invited by "+link.CreatedBy.Name)
	err := s.Store.AcceptInvitation(ctx, link.Hash, s.now(), user, newcomer, entry)
	if webhook.KindOf(err) == webhook.KindNotFound {
		err = errLink()
	}
	return err
}
