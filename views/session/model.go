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

// StepUpModel asks for the password again. Posts "password" and "next".
type StepUpModel struct {
	Shell  layout.AuthModel
	Action string
	Email  string
	// Purpose finishes "Give your password to …": "reveal the secret of orders".
	Purpose   string
	Error     string
	Next      string
	CancelURL string
	// NoPassword is set for people who came by a link and have none: they need
	// a fresh sign-in instead.
	NoPassword bool
}
