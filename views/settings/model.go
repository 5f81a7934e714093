// Package settings shows keys, members, projects and a person's own profile.
// It must not know who may do what: an address that is empty is not offered.
package settings

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// KeysModel lists API keys and makes new ones. The form posts "name" and any
// number of "scope".
type KeysModel struct {
	Shell layout.AppModel
	// Made is set right after a key was made: the only time its secret shows.
	Made *MadeKey
	Rows []KeyRow
	// CreateURL is empty for people who may not.
	CreateURL string
	Name      component.Input
	Scopes    []component.Option
	ScopesErr string
	Mistakes  []component.Mistake
}

// MadeKey is a key that was just made.
type MadeKey struct {
	ID     string
	Name   string
	Secret string
	// Command tries it.
	Command string
}

// KeyRow is one key.
type KeyRow struct {
	ID       string
	Name     string
	Scopes   []string
	By       string
	Created  component.Time
	LastUsed component.Time
	Mark     component.Mark
	// Revoke is offered when its URL is set.
	Revoke component.ConfirmModel
}

// MembersModel lists people and invites them. Add posts "email" and "role";
// the link form posts "email", "role" and "expires" (seconds).
type MembersModel struct {
	Shell layout.AppModel
	// Link is set right after a sign-in link was made: shown once.
	Link *MadeLink
	Rows []MemberRow
	// The addresses are empty for people who may not.
	AddURL  string
	LinkURL string
	Email   component.Input
	Roles   []component.Option
	Expiry  []component.Option
	// LinkEmail and LinkRoles belong to the second form.
	LinkEmail component.Input
	LinkRoles []component.Option
	Mistakes  []component.Mistake
}

// MadeLink is a sign-in link that was just made.
type MadeLink struct {
	Email   string
	Role    string
	URL     string
	Expires component.Time
}

// MemberRow is one member.
type MemberRow struct {
	Name  string
	Email string
	Role  string
	You   bool
	Since component.Time
	Last  component.Time
	// Remove is offered when its URL is set.
	Remove component.ConfirmModel
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
	Role      string
	Mark      component.Mark
	Endpoints string
	Created   component.Time
}

// ProfileModel is a person's own page. The name form posts "name", the
// password form "current", "password".
type ProfileModel struct {
	Shell       layout.AppModel
	Email       string
	Role        string
	NameURL     string
	Name        component.Input
	PasswordURL string
	Current     component.Input
	Password    component.Input
	// HasPassword is false for people who came by a link: no current one asked.
	HasPassword bool
	Sessions    []SessionRow
	// EndOthers ends every other session; none when its URL is empty.
	EndOthers component.ConfirmModel
	Mistakes  []component.Mistake
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
