// Package session shows the doors: sign-in, set-up, sign-in links and the
// password asked again. It must not know what lies behind them.
package session

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// SignInModel is the sign-in form. Posts "email", "password" and "next".
type SignInModel struct {
	Shell  layout.AuthModel
	Action string
	Email  string
	// Error is one sentence, the same for an unknown user and a wrong password.
	Error string
	// Next is where to go afterwards.
	Next string
	// NotSetUp says that there is no administrator yet.
	NotSetUp bool
	// Provider leads to an identity provider; empty for none.
	Provider component.Link
	// Demo, in the demo only, are one-click sign-in links.
	Demo []component.Link
}

// SetupModel makes the first admin. Posts "token", "email", "password".
type SetupModel struct {
	Shell    layout.AuthModel
	Action   string
	Token    string
	Email    component.Input
	Password component.Input
	// Problem is set when the link can't be used any more; there is no form then.
	Problem string
}

// LinkModel is where a one-time link lands. The button posts "token", so that
// a mail scanner that only follows the link uses nothing up.
type LinkModel struct {
	Shell   layout.AuthModel
	Action  string
	Token   string
	Email   string
	Project string
	Role    string
	// Problem is set when the link can't be used any more; there is no button then.
	Problem   string
	SignInURL string
}

// CodeModel is the second page of signing in. Posts "code" and "next".
type CodeModel struct {
	Shell  layout.AuthModel
	Action string
	Email  string
	Next   string
	// Error is one sentence. Recovery opens the form for recovery codes.
	Error    string
	Recovery bool
	// BackURL starts over.
	BackURL string
}

// InvitationModel is where an invitation lands. Posts "token", and for a
// newcomer "name" and "password".
type InvitationModel struct {
	Shell   layout.AuthModel
	Action  string
	Token   string
	Email   string
	Project string
	Role    string
	// RoleText says what the role may do, By who has invited.
	RoleText string
	By       string
	Expires  component.Time
	// Way says how to accept: "join" for whoever is signed in with the address,
	// "sign-in" for an address with an account, "link" for an account without a
	// password, "other" while somebody else is signed in, "new" for a newcomer.
	Way string
	// SignInURL comes back here. SignOutURL takes POST.
	SignInURL  string
	SignOutURL string
	// Other is who is signed in.
	Other    string
	Name     component.Input
	Password component.Input
	// Problem is set when it can't be used any more; there is nothing to press.
	Problem string
}

// EnrolModel turns the second factor on: first a button, then the picture and a
// field for the first code. Posts "code" to ConfirmURL.
type EnrolModel struct {
	Shell layout.AuthModel
	// BeginURL takes POST and makes a secret.
	BeginURL   string
	ConfirmURL string
	// Secret is the one to type, in groups; empty before it is made.
	Secret string
	// Picture is the QR code as a path of squares on a grid of Size.
	Picture string
	Size    int
	Code    component.Input
	// Demanded is set if nothing else opens before it is on.
	Demanded   bool
	SignOutURL string
	CancelURL  string
}

// CodesModel shows recovery codes, once. SaveURL takes "code" by POST and
// answers a file.
type CodesModel struct {
	Shell   layout.AuthModel
	Codes   []string
	SaveURL string
	DoneURL string
	// Fresh is set when the second factor was turned on just now.
	Fresh bool
}

// StepUpModel asks for the password again, and for a code with it. Posts
// "password", "code", "next" and "purpose".
type StepUpModel struct {
	Shell  layout.AuthModel
	Action string
	Email  string
	// Purpose finishes "Give your password to …": "reveal the secret of orders".
	Purpose string
	Error   string
	// NeedsCode asks for a code of the second factor, too.
	NeedsCode bool
	CodeError string
	Next      string
	CancelURL string
	// NoPassword is set for people who came by a link and have none: they need
	// a fresh sign-in instead.
	NoPassword bool
	// Provider leads to the identity provider, where they can prove themselves
	// again; empty for none.
	Provider component.Link
}
