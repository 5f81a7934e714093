package main

import (
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/settings"
)

func settingsStories() map[string]teller {
	return map[string]teller{
		"keys":          func(t string) templ.Component { return settings.Keys(keys(t)) },
		"keys-empty":    func(t string) templ.Component { return settings.Keys(settings.KeysModel{Shell: shell(t, "Keys")}) },
		"members":       func(t string) templ.Component { return settings.Members(members(t)) },
		"projects":      func(t string) templ.Component { return settings.Projects(projects(t)) },
		"projects-none": func(t string) templ.Component { return settings.Projects(projectsNone(t)) },
		"profile":       func(t string) templ.Component { return settings.Profile(profile(t)) },
	}
}

func keys(theme string) settings.KeysModel {
	return settings.KeysModel{
		Shell: shell(theme, "Keys"), CreateURL: "#", Made: &settings.MadeKey{ID: id(3), Name: emoji, Secret: "bwsk_kq3mN7vT1xZ9aB4cD6eF8gH0jK2lM5nP", Command: "curl http://127.0.0.1:8080/api/v1/endpoints \\\n  -H 'Authorization: Bearer bwsk_kq3mN7vT1xZ9aB4cD6eF8gH0jK2lM5nP'"},
		Scopes:    []component.Option{{Value: "publish", Label: "publish", Hint: "Send events", Selected: true}, {Value: "manage", Label: "manage", Hint: "Change endpoints, resend"}, {Value: "read", Label: "read", Hint: "See everything but secrets", Selected: true}, {Value: "secrets", Label: "secrets", Hint: "Reveal and rotate signing secrets"}},
		ScopesErr: "Pick at least one.", Mistakes: []component.Mistake{{Field: "scopes", Text: "A key must be allowed something."}},
		Rows: []settings.KeyRow{
			{ID: id(3), Name: emoji, Scopes: []string{"publish", "read"}, By: "ada@nimbus.example", Created: ago(3 * time.Second), Revoke: revoke("k3")},
			{ID: id(4), Name: longName, Scopes: []string{"publish", "manage", "read", "secrets"}, By: "grace@nimbus.example", Created: ago(90 * 24 * time.Hour), LastUsed: ago(4 * time.Second), Revoke: revoke("k4")},
			{ID: id(5), Name: "old job", Scopes: []string{"read"}, By: "ada@nimbus.example", Created: ago(300 * 24 * time.Hour), LastUsed: ago(100 * 24 * time.Hour), Mark: component.Mark{Tone: component.Quiet, Text: "revoked"}},
		},
	}
}

func revoke(at string) component.ConfirmModel {
	return component.ConfirmModel{ID: "revoke-" + at, Label: "Revoke", Title: "Revoke this key?", Consequence: "Programs that use it are refused from now on. It can't be brought back.", URL: "#", Danger: true, Small: true}
}

func members(theme string) settings.MembersModel {
	roles := []component.Option{{Value: "viewer", Label: "viewer"}, {Value: "developer", Label: "developer", Selected: true}, {Value: "owner", Label: "owner"}}
	return settings.MembersModel{
		Shell: shell(theme, "Members"), AddURL: "#", LinkURL: "#", Roles: roles, LinkRoles: roles[:2],
		Expiry: []component.Option{{Value: "900", Label: "15 minutes"}, {Value: "3600", Label: "1 hour", Selected: true}},
		Link:   &settings.MadeLink{Email: "grace@nimbus.example", Role: "developer", URL: "http://127.0.0.1:8080/link/3b1f0e3c9d…", Expires: in(time.Hour)},
		Email:  component.Input{Value: "nobody@nimbus.example", Error: "no one here has this address; invite them with a link"},
		Rows: []settings.MemberRow{
			{Name: "Ada Okafor", Email: "ada@nimbus.example", Role: "owner", You: true, Since: ago(200 * 24 * time.Hour), Last: ago(2 * time.Second)},
			{Name: rtlName, Email: longName + "@nimbus.example", Role: "developer", Since: ago(20 * 24 * time.Hour), Last: ago(9 * time.Hour), Remove: component.ConfirmModel{ID: "remove-1", Label: "Remove", Title: "Remove them from Nimbus Store?", Consequence: "They lose sight of this project at once.", URL: "#", Danger: true, Small: true}},
		},
	}
}

func projects(theme string) settings.ProjectsModel {
	return settings.ProjectsModel{
		Shell: shell(theme, "Projects"), CreateURL: "#", Action: "/story/projects",
		Rows: []settings.ProjectRow{
			{URL: "#", Name: "Nimbus Store", ExternalID: "store_4711", Role: "owner", Mark: component.Mark{Tone: component.Good, Text: "healthy"}, Endpoints: "12", Created: ago(200 * 24 * time.Hour)},
			{URL: "#", Name: rtlName, Role: "staff", Mark: component.Mark{Tone: component.Held, Text: "suspended"}, Endpoints: "3", Created: ago(20 * 24 * time.Hour)},
			{URL: "#", Name: longName, ExternalID: longName, Role: "viewer", Mark: component.Mark{Tone: component.Bad, Text: "2 failing"}, Endpoints: "1,204", Created: ago(time.Hour)},
		},
	}
}

func projectsNone(theme string) settings.ProjectsModel {
	m := settings.ProjectsModel{Shell: shell(theme, "Projects"), Empty: component.EmptyModel{Title: "You are in no project yet", Text: "Ask an owner to add ada@nimbus.example, or to send you a sign-in link."}}
	m.Shell.Project, m.Shell.Rail, m.Shell.Crumbs = component.Link{}, nil, m.Shell.Crumbs[1:]
	return m
}

func profile(theme string) settings.ProfileModel {
	return settings.ProfileModel{
		Shell: shell(theme, "Profile"), Email: "ada@nimbus.example", Role: "member", NameURL: "#", Name: component.Input{Value: "Ada Okafor"}, PasswordURL: "#", HasPassword: true,
		Current:   component.Input{Error: "is not your present password"},
		Mistakes:  []component.Mistake{{Field: "current", Text: "The current password is another one."}},
		EndOthers: component.ConfirmModel{ID: "others", Label: "Sign out everywhere else", Title: "End every other session?", Consequence: "2 browsers are signed out at once.", URL: "#"},
		Sessions: []settings.SessionRow{
			{Device: "Firefox 145 on Linux", Addr: "192.0.2.14", Started: ago(3 * time.Hour), Seen: ago(time.Second), Current: true},
			{Device: "Safari on iPhone", Addr: "2001:db8:4711:aaaa:bbbb:cccc:dddd:eeee", Started: ago(90 * time.Hour), Seen: ago(9 * time.Hour), EndURL: "#"},
		},
	}
}
