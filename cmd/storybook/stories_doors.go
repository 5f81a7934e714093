package main

import (
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
		"problem-404": func(t string) templ.Component {
			app := shell(t, "Endpoints", "Not found")
			return problem.Page(problem.PageModel{App: &app, Status: "404", Title: "There is no such endpoint here", Text: "It may belong to another project, or the link is not whole.", RequestID: id(404), Ways: []component.Link{{Label: "All endpoints", URL: "#"}, {Label: "Overview", URL: "#"}}})
		},
		"problem-500": func(t string) templ.Component {
			return problem.Page(problem.PageModel{Auth: door(t, "Something broke"), Status: "500", Title: "Something broke on our side", Text: "Nothing you did. Deliveries go on regardless; try the page again in a moment.", RequestID: id(500), Ways: []component.Link{{Label: "Try again", URL: "#"}}})
		},
	}
}
