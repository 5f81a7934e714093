// Package settings shows keys, members, projects and a person's own profile.
// It must not know who may do what: an address that is empty is not offered.
package settings

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// KeysModel lists API keys and makes new ones. The form posts "name", any
// number of "scope", and "expires" (seconds, 0 for never).
type KeysModel struct {
	Shell layout.AppModel
	// Made is set right after a key was made: the only time its secret shows.
	Made *MadeKey
	Rows []KeyRow
	// Ended are keys that were revoked or have expired.
	Ended []KeyRow
	// CreateURL is empty for people who may not.
	CreateURL string
	Name      component.Input
	Scopes    []component.Option
	ScopesErr string
	Expiry    []component.Option
	Mistakes  []component.Mistake
}

// MadeKey is a key that was just made.
type MadeKey struct {
	ID     string
	Name   string
	Secret string
	// Command tries it; Tries says what the command does.
	Command string
	Tries   string
}

// KeyRow is one key.
type KeyRow struct {
	ID   string
	Name string
	// Prefix begins the secret: "bwsk_kq3m…".
	Prefix string
	// May are its scopes in words: "publish events".
	May     []string
	By      string
	Created component.Time
	// Used is when it was last used and Addr where from.
	Used    component.Time
	Addr    string
	Expires component.Time
	Mark    component.Mark
	// Revoke is offered when its URL is set.
	Revoke component.ConfirmModel
}

// MembersModel lists people and invites them. The invitation form posts
// "email", "role" and "expires" (seconds); so does the form for sign-in links.
type MembersModel struct {
	Shell layout.AppModel
	// Link is set right after a link was made: shown once.
	Link *MadeLink
	Rows []MemberRow
	// Factors says whether the second factors of others are shown.
	Factors bool
	// Invitations are pending or ran out.
	Invitations []InvitationRow
	// The addresses are empty for people who may not.
	InviteURL string
	LinkURL   string
	Email     component.Input
	Roles     []component.Option
	RoleErr   string
	Lives     []component.Option
	// LinkEmail, LinkRoles and Expiry belong to the second form, which is open
	// if something in it is wrong.
	LinkEmail component.Input
	LinkRoles []component.Option
	Expiry    []component.Option
	LinkOpen  bool
	Mistakes  []component.Mistake
}

// MadeLink is a link that was just made: an invitation or, if SignIn says so, a
// sign-in link.
type MadeLink struct {
	Email   string
	Role    string
	URL     string
	Expires component.Time
	SignIn  bool
}

// MemberRow is one member.
type MemberRow struct {
	Name  string
	Email string
	Role  string
	// RoleText says what the role may do.
	RoleText string
	You      bool
	Since    component.Time
	Last     component.Time
	Factor   component.Mark
	// Change, Remove and Reset are offered when their URL is set; Change posts
	// "role".
	Change component.ConfirmModel
	Roles  []component.Option
	Remove component.ConfirmModel
	Reset  component.ConfirmModel
}

// InvitationRow is somebody who was invited. RenewURL takes POST.
type InvitationRow struct {
	Email   string
	Role    string
	By      string
	Made    component.Time
	Mark    component.Mark
	Expires component.Time
	// Over says that Expires has passed.
	Over     bool
	RenewURL string
	Revoke   component.ConfirmModel
}

// ProjectsModel lists projects; staff may make one. The form posts "name" and
// "externalId".
type ProjectsModel struct {
	Shell      layout.AppModel
	Rows       []ProjectRow
	CreateURL  string
	Name       component.Input
	ExternalID component.Input
	Mistakes   []component.Mistake
	Action     string
	Query      string
	Pager      component.Pager
	Empty      component.EmptyModel
}

// ProjectRow is one project.
type ProjectRow struct {
	URL        string
	Name       string
	ExternalID string
	// Role is the person's own, or "staff".
	Role string
	Mark component.Mark
	// Trouble leads to the endpoints that need somebody; no label for none. It
	// stands in place of Mark unless the project is suspended.
	Trouble      component.Link
	Endpoints    string
	EndpointsURL string
	Created      component.Time
}

// ProfileModel is a person's own page. The name form posts "name", the
// password form "current", "code" and "password", the theme form "theme" and "back".
type ProfileModel struct {
	Shell       layout.AppModel
	Email       string
	Role        string
	NameURL     string
	Name        component.Input
	PasswordURL string
	Current     component.Input
	// Code is asked for with the current password while the second factor is on.
	Code     component.Input
	Password component.Input
	// HasPassword is false for people who came by a link: no current one asked.
	// They have to have come just now, else Stale is set.
	HasPassword bool
	Stale       bool
	Factor      FactorModel
	Sessions    []SessionRow
	// EndOthers ends every other session; none when its URL is empty.
	EndOthers component.ConfirmModel
	ThemeURL  string
	// Theme is "light", "dark" or empty for the system's.
	Theme    string
	Mistakes []component.Mistake
}

// FactorModel is the second factor on the profile. The form that turns it off
// posts "password" and "code".
type FactorModel struct {
	Mark  component.Mark
	On    bool
	Since component.Time
	// BeginURL is the page that turns it on; empty without a password.
	BeginURL string
	// Left counts recovery codes; Low asks for new ones.
	Left int
	Low  bool
	// RenewURL takes POST. OffURL is empty if the installation demands it.
	RenewURL string
	OffURL   string
	// Open shows the form that turns it off.
	Open     bool
	Password component.Input
	Code     component.Input
}

// SessionRow is one browser that is signed in. EndURL takes POST.
type SessionRow struct {
	Device  string
	Addr    string
	Started component.Time
	Seen    component.Time
	Current bool
	EndURL  string
}
