package main

import (
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/problem"
	"github.com/bellwire/bellwire/views/session"
)

func doorStories() map[string]teller {
	return map[string]teller{
		"sign-in": func(t string) templ.Component {
			return session.SignIn(session.SignInModel{Shell: door(t, "Sign in"), Action: "/sign-in"})
		},
		"sign-in-not-set-up": func(t string) templ.Component {
			return session.SignIn(session.SignInModel{Shell: door(t, "Sign in"), Action: "/sign-in", NotSetUp: true})
		},
		"sign-in-provider": func(t string) templ.Component {
			return session.SignIn(session.SignInModel{Shell: door(t, "Sign in"), Action: "/sign-in", Provider: component.Link{Label: "login.nimbus.example", URL: "#"}})
		},
		"step-up-provider": func(t string) templ.Component {
			return session.StepUp(session.StepUpModel{Shell: door(t, "Your password again"), Action: "/step-up", Email: "ada@nimbus.example", Purpose: "reveal the secret of orders", CancelURL: "#", NoPassword: true,
				Error: "You came back as somebody else than you are signed in as here.", Provider: component.Link{Label: "login.nimbus.example", URL: "#"}})
		},
		"sign-in-refused": func(t string) templ.Component {
			shell := door(t, "Sign in")
			shell.Notice = "This page came over plain http. Anyone on the network can read your password."
			return session.SignIn(session.SignInModel{Shell: shell, Action: "/sign-in", Email: "ada@nimbus.example", Error: "Email and password do not belong together.", Demo: []component.Link{{Label: "Admin", URL: "#"}, {Label: "Developer", URL: "#"}}})
		},
		"set-up": func(t string) templ.Component {
			return session.Setup(session.SetupModel{Shell: door(t, "Set up"), Action: "/set-up", Token: "t", Password: component.Input{Error: "must have at least 8 characters"}})
		},
		"set-up-used": func(t string) templ.Component {
			return session.Setup(session.SetupModel{Shell: door(t, "Set up"), Problem: "This link was used already. Start Bellwire again on an empty database to get another."})
		},
		"link": func(t string) templ.Component {
			return session.Link(session.LinkModel{Shell: door(t, "Welcome"), Action: "/link", Token: "t", Email: "grace@nimbus.example", Project: "Nimbus Store", Role: "developer"})
		},
		"link-used": func(t string) templ.Component {
			return session.Link(session.LinkModel{Shell: door(t, "Welcome"), Problem: "It was used already or is too old. Ask whoever sent it for a new one.", SignInURL: "/story/sign-in"})
		},
		"step-up": func(t string) templ.Component {
			return session.StepUp(session.StepUpModel{Shell: door(t, "Confirm"), Action: "/step-up", Email: "ada@nimbus.example", Purpose: "reveal the secret of orders-prod", CancelURL: "#", Error: "is not your password"})
		},
		"step-up-code": func(t string) templ.Component {
			return session.StepUp(session.StepUpModel{Shell: door(t, "Confirm"), Action: "/step-up", Email: "ada@nimbus.example", Purpose: "reveal the secret of orders-prod", CancelURL: "#", NeedsCode: true, CodeError: "was used already; wait for the next one"})
		},
		"code": func(t string) templ.Component {
			return session.Code(session.CodeModel{Shell: door(t, "Second factor"), Action: "/sign-in/code", BackURL: "#"})
		},
		"code-wrong": func(t string) templ.Component {
			return session.Code(session.CodeModel{Shell: door(t, "Second factor"), Action: "/sign-in/code", BackURL: "#", Recovery: true, Error: "That code is not one of your recovery codes, or was used."})
		},
		"enrol": func(t string) templ.Component {
			return session.Enrol(session.EnrolModel{Shell: door(t, "Second factor"), BeginURL: "#", CancelURL: "#"})
		},
		"enrol-demanded": func(t string) templ.Component {
			return session.Enrol(session.EnrolModel{Shell: door(t, "Second factor"), BeginURL: "#", Demanded: true, SignOutURL: "#"})
		},
		"enrol-scan": func(t string) templ.Component {
			return session.Enrol(session.EnrolModel{Shell: door(t, "Second factor"), ConfirmURL: "#", CancelURL: "#", Secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", Size: 3, Picture: "M0 0h1v1h-1zM2 1h1v1h-1zM1 2h1v1h-1z", Code: component.Input{Error: "is not right; type the one that the app shows now, each counts once"}})
		},
		"recovery-codes": func(t string) templ.Component {
			var codes []string
			for range 10 {
				codes = append(codes, "kq3m-n7vt-1xz9-abcd")
			}
			return session.Codes(session.CodesModel{Shell: door(t, "Recovery codes"), Codes: codes, SaveURL: "#", DoneURL: "#", Fresh: true})
		},
		"invitation-new":     func(t string) templ.Component { return session.Invitation(invitation(t, "new")) },
		"invitation-sign-in": func(t string) templ.Component { return session.Invitation(invitation(t, "sign-in")) },
		"invitation-join":    func(t string) templ.Component { return session.Invitation(invitation(t, "join")) },
		"invitation-other":   func(t string) templ.Component { return session.Invitation(invitation(t, "other")) },
		"invitation-link":    func(t string) templ.Component { return session.Invitation(invitation(t, "link")) },
		"invitation-used": func(t string) templ.Component {
			return session.Invitation(session.InvitationModel{Shell: door(t, "Invitation"), SignInURL: "#", Problem: "This link has been used or has expired; ask for a new one."})
		},
		"problem-404": func(t string) templ.Component {
			app := shell(t, "Endpoints", "Not found")
			return problem.Page(problem.PageModel{App: &app, Status: "404", Title: "There is no such endpoint here", Text: "It may belong to another project, or the link is not whole.", RequestID: id(404), Ways: []component.Link{{Label: "All endpoints", URL: "#"}, {Label: "Overview", URL: "#"}}})
		},
		"problem-500": func(t string) templ.Component {
			return problem.Page(problem.PageModel{Auth: door(t, "Something broke"), Status: "500", Title: "Something broke on our side", Text: "Nothing you did. Deliveries go on regardless; try the page again in a moment.", RequestID: id(500), Ways: []component.Link{{Label: "Try again", URL: "#"}}})
		},
	}
}

func invitation(theme, way string) session.InvitationModel {
	m := session.InvitationModel{
		Shell: door(theme, "Invitation"), Action: "/invitation", Token: "t", Email: "grace@nimbus.example", Project: rtlName, Role: "developer",
		RoleText: "Makes and changes endpoints, reveals and rotates their secrets, tests, resends.", By: emoji, Expires: in(7 * 24 * time.Hour),
		Way: way, SignInURL: "#", SignOutURL: "#", Other: "ada@nimbus.example",
	}
	if way == "new" {
		m.Password.Error = "must have at least 8 characters"
	}
	return m
}
