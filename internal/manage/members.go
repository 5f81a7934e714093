package manage

import (
	"context"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// NewMember names somebody and their role in a project. An email that nobody
// has yet makes a user, who signs in by a link at first.
type NewMember struct {
	Email string
	Name  string
	Role  account.Role
}

// Members lists a project's people.
func (s *Service) Members(ctx context.Context, c account.Caller, project webhook.ProjectID) ([]account.Membership, error) {
	if err := c.May(account.ViewMembers, project); err != nil {
		return nil, err
	}
	members, err := s.Store.Members(ctx, project)
	if !c.Could(account.ChangeMembers, project) {
		for i := range members {
			members[i].SecondFactor = false
		}
	}
	return members, err
}

// SetMember adds a member or changes the role of one. Owners add by invitation
// only: nobody has shown that the address is theirs, and whoever holds an
// account under it would be let in.
func (s *Service) SetMember(ctx context.Context, c account.Caller, project webhook.ProjectID, n NewMember) (account.Membership, error) {
	var none account.Membership
	if err := c.May(account.ChangeMembers, project); err != nil {
		return none, err
	}
	if err := account.CheckProjectRole(n.Role); err != nil {
		return none, err
	}
	email, err := account.Email(n.Email)
	if err != nil {
		return none, err
	}
	if _, err := s.Store.Project(ctx, project); err != nil {
		return none, err
	}
	if n.Name != "" {
		if n.Name, err = checkName("name", n.Name); err != nil {
			return none, err
		}
	}
	members, err := s.Store.Members(ctx, project)
	if err != nil {
		return none, err
	}
	if c.User != nil && c.User.Role != account.Admin && !slices.ContainsFunc(members, func(m account.Membership) bool { return m.Email == email }) {
		return none, webhook.Invalid("email", "belongs to nobody in this project; invite them with a link")
	}
	user, err := s.userFor(ctx, c, email, n.Name)
	if err != nil {
		return none, err
	}
	m := account.Membership{ProjectID: project, UserID: user.ID, Email: user.Email, Name: user.Name, Role: n.Role, CreatedAt: s.now()}
	action, detail := "member.added", "as "+string(n.Role)
	if old, ok := memberOf(members, user.ID); ok {
		if old.Role == account.Owner && n.Role != account.Owner && lastOwner(members) {
			return none, errLastOwner(email)
		}
		m.CreatedAt = old.CreatedAt
		action, detail = "member.changed", "role: "+string(old.Role)+" → "+string(n.Role)
	}
	return m, s.Store.SetMember(ctx, m, s.entry(c, action, object{project, user.ID.UUID, email}, detail))
}

func (s *Service) userFor(ctx context.Context, c account.Caller, email, name string) (account.User, error) {
	user, err := s.Store.UserByEmail(ctx, email)
	if webhook.KindOf(err) != webhook.KindNotFound {
		return user, err
	}
	now := s.now()
	user = account.User{ID: webhook.UserID{UUID: mint.UUID(now)}, Email: email, Name: name, Role: account.Member, CreatedAt: now}
	return user, s.Store.CreateUser(ctx, user, s.entry(c, "user.created", aboutUser(user), "as member of a project"))
}

// RemoveMember ends somebody's membership, named by email or user id.
func (s *Service) RemoveMember(ctx context.Context, c account.Caller, project webhook.ProjectID, who string) error {
	if err := c.May(account.ChangeMembers, project); err != nil {
		return err
	}
	members, err := s.Store.Members(ctx, project)
	if err != nil {
		return err
	}
	email, _ := account.Email(who) // an id is no email, and matches by id below
	for _, m := range members {
		if m.Email != email && m.UserID.String() != who {
			continue
		}
		// An admin or a platform may empty a project; a person would shut
		// themselves out.
		if m.Role == account.Owner && lastOwner(members) && (len(members) > 1 || c.User != nil && c.User.Role != account.Admin) {
			return errLastOwner(m.Email)
		}
		entry := s.entry(c, "member.removed", object{project, m.UserID.UUID, m.Email}, "was "+string(m.Role))
		return s.Store.RemoveMember(ctx, project, m.UserID, entry)
	}
	return webhook.NotFound("there is no such member")
}

func memberOf(members []account.Membership, id webhook.UserID) (account.Membership, bool) {
	for _, m := range members {
		if m.UserID == id {
			return m, true
		}
	}
	return account.Membership{}, false
}

func errLastOwner(email string) error {
	return webhook.Conflict("%s is the only owner; make somebody else an owner first", email)
}

func lastOwner(members []account.Membership) bool {
	owners := 0
	for _, m := range members {
		if m.Role == account.Owner {
			owners++
		}
	}
	return owners == 1
}

// LinkPath and SetupPath are the pages that one-time links open. The token is
// in the query because access logs leave queries out.
const (
	LinkPath  = "/sign-in/link"
	SetupPath = "/setup"
)

// MaxLinkLife is how long a sign-in link can last.
const MaxLinkLife = time.Hour

// defaultLinkLife is enough for a redirect.
const defaultLinkLife = 10 * time.Minute

// NewLink says whom a sign-in link is for.
type NewLink struct {
	Email string
	Role  account.Role
	// ExpiresIn zero means ten minutes.
	ExpiresIn time.Duration
}

// IssuedLink is a one-time link, shown once.
type IssuedLink struct {
	URL       string
	Token     string
	ExpiresAt time.Time
}

// CreateSignInLink makes a single-use link that signs somebody in, and makes
// them a member on first use. It is how a platform embeds the dashboard: the
// platform has asked its customer for whatever proof it wants, so a link asks
// no code of somebody with a second factor, as it asks no password. Nothing
// great comes of it: links make developers and viewers, never sign staff in,
// and who has a password still gives it, with a code, before a secret shows.
func (s *Service) CreateSignInLink(ctx context.Context, c account.Caller, project webhook.ProjectID, n NewLink) (IssuedLink, error) {
	var none IssuedLink
	if err := c.May(account.IssueLinks, project); err != nil {
		return none, err
	}
	if err := account.CheckLinkRole(n.Role); err != nil {
		return none, err
	}
	if n.ExpiresIn == 0 {
		n.ExpiresIn = defaultLinkLife
	}
	if n.ExpiresIn < time.Second || n.ExpiresIn > MaxLinkLife {
		return none, webhook.Invalid("expiresInSeconds", "must be from 1 to %d", int(MaxLinkLife.Seconds()))
	}
	email, err := account.Email(n.Email)
	if err != nil {
		return none, err
	}
	p, err := s.Store.Project(ctx, project)
	if err != nil {
		return none, err
	}
	if err := s.linkable(ctx, email); err != nil {
		return none, err
	}
	link, issued := s.newLink(account.LinkSignIn, LinkPath, n.ExpiresIn)
	link.ProjectID, link.Email, link.Role, link.CreatedBy = project, email, n.Role, c.Actor
	entry := s.entry(c, "sign-in-link.created", object{project, link.ID.UUID, email}, "as "+string(n.Role)+" in "+p.Name)
	return issued, s.Store.CreateLink(ctx, link, entry)
}

// linkable refuses links for staff: whoever makes links for customers must not
// become an admin by one.
func (s *Service) linkable(ctx context.Context, email string) error {
	user, err := s.Store.UserByEmail(ctx, email)
	switch {
	case webhook.KindOf(err) == webhook.KindNotFound:
		return nil
	case err != nil:
		return err
	case user.Role != account.Member:
		return webhook.Forbidden("%s is staff and signs in with a password", email)
	case !user.DisabledAt.IsZero():
		return webhook.Forbidden("%s is disabled", email)
	}
	return nil
}

func (s *Service) newLink(kind account.LinkKind, path string, life time.Duration) (account.Link, IssuedLink) {
	now, token := s.now(), mint.Token()
	link := account.Link{
		ID:        webhook.LinkID{UUID: mint.UUID(now)},
		Kind:      kind,
		Hash:      account.HashToken(token),
		CreatedAt: now,
		ExpiresAt: now.Add(life),
	}
	return link, IssuedLink{URL: s.Facts.BaseURL + path + "?token=" + token, Token: token, ExpiresAt: link.ExpiresAt}
}

// Link answers an unused link of a kind, so that a page can say what it does
// before it is used: mail scanners open links.
func (s *Service) Link(ctx context.Context, kind account.LinkKind, token string) (account.Link, error) {
	link, err := s.Store.Link(ctx, account.HashToken(token))
	if err != nil && webhook.KindOf(err) != webhook.KindNotFound {
		return account.Link{}, err
	}
	if err != nil || link.Kind != kind || !link.ExpiresAt.After(s.now()) {
		return account.Link{}, errLink()
	}
	return link, nil
}

func errLink() error {
	return webhook.NotFound("this link has been used or has expired; ask for a new one")
}

// UseSignInLink signs somebody in and answers them and the project to open.
func (s *Service) UseSignInLink(ctx context.Context, token, addr string) (account.User, webhook.ProjectID, error) {
	link, err := s.Link(ctx, account.LinkSignIn, token)
	if err != nil {
		return account.User{}, webhook.ProjectID{}, err
	}
	if err := s.linkable(ctx, link.Email); err != nil {
		return account.User{}, webhook.ProjectID{}, err
	}
	now := s.now()
	newcomer := account.User{ID: webhook.UserID{UUID: mint.UUID(now)}, Email: link.Email, Role: account.Member, CreatedAt: now}
	c := account.ForUser(newcomer, nil, false, addr)
	entry := s.entry(c, "user.signed-in", object{link.ProjectID, newcomer.ID.UUID, link.Email}, "by link, as "+string(link.Role))
	user, err := s.Store.UseSignInLink(ctx, link.Hash, now, newcomer, entry)
	if webhook.KindOf(err) == webhook.KindNotFound {
		err = errLink()
	}
	return user, link.ProjectID, err
}
