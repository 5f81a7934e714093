package main

import (
	"fmt"
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/settings"
)

func settingsStories() map[string]teller {
	return map[string]teller{
		"keys":            func(t string) templ.Component { return settings.Keys(keys(t)) },
		"keys-made":       func(t string) templ.Component { return settings.Keys(keysMade(t)) },
		"keys-wrong":      func(t string) templ.Component { return settings.Keys(keysWrong(t)) },
		"keys-many":       func(t string) templ.Component { return settings.Keys(keysMany(t)) },
		"keys-empty":      func(t string) templ.Component { return settings.Keys(keysEmpty(t)) },
		"keys-read-only":  func(t string) templ.Component { return settings.Keys(keysReadOnly(t)) },
		"members":         func(t string) templ.Component { return settings.Members(members(t)) },
		"members-invited": func(t string) templ.Component { return settings.Members(membersInvited(t)) },
		"members-wrong":   func(t string) templ.Component { return settings.Members(membersWrong(t)) },
		"members-viewer":  func(t string) templ.Component { return settings.Members(membersViewer(t)) },
		"members-nobody":  func(t string) templ.Component { return settings.Members(membersNobody(t)) },
		"members-many":    func(t string) templ.Component { return settings.Members(membersMany(t)) },
		"projects":        func(t string) templ.Component { return settings.Projects(projects(t)) },
		"projects-none":   func(t string) templ.Component { return settings.Projects(projectsNone(t)) },
		"profile":         func(t string) templ.Component { return settings.Profile(profile(t)) },
		"profile-proven":  func(t string) templ.Component { return settings.Profile(profileProven(t)) },
		"profile-off":     func(t string) templ.Component { return settings.Profile(profileTurningOff(t)) },
		"profile-welcome": func(t string) templ.Component { return settings.Profile(profileWelcome(t, false)) },
		"profile-stale":   func(t string) templ.Component { return settings.Profile(profileWelcome(t, true)) },
	}
}

func scopes(on ...string) []component.Option {
	all := []component.Option{
		{Value: "publish", Label: "Publish events", Hint: "publish: what a backend needs to send, and nothing else."},
		{Value: "read", Label: "Read the log", Hint: "read: endpoints, deliveries, events with their payloads, statistics."},
		{Value: "manage", Label: "Manage", Hint: "manage: make and change endpoints, resend, make keys no stronger than itself."},
		{Value: "secrets", Label: "Handle signing secrets", Hint: "secrets: reveal and rotate what deliveries are signed with."},
	}
	for i := range all {
		for _, value := range on {
			all[i].Selected = all[i].Selected || all[i].Value == value
		}
	}
	return all
}

func keys(theme string) settings.KeysModel {
	active := component.Mark{Tone: component.Good, Text: "active"}
	return settings.KeysModel{
		Shell: shell(theme, "Keys"), CreateURL: "#", Scopes: scopes(),
		Expiry: []component.Option{{Value: "0", Label: "never"}, {Value: "2592000", Label: "in 30 days"}},
		Rows: []settings.KeyRow{
			{ID: id(3), Name: emoji, Prefix: "bwsk_kq3m…", May: []string{"publish events", "read the log"}, By: "ada@nimbus.example", Created: ago(3 * time.Second), Mark: active, Revoke: revoke("k3", "It was never used.")},
			{ID: id(4), Name: longName, Prefix: "bwsk_9xTv…", May: []string{"publish events", "read the log", "manage", "handle signing secrets"}, By: longName, Created: ago(90 * 24 * time.Hour), Used: ago(4 * time.Second), Addr: "2001:db8:4711:aaaa:bbbb:cccc:dddd:eeee", Expires: in(20 * 24 * time.Hour), Mark: active, Revoke: revoke("k4", "It was used 4 s ago from 2001:db8:4711:aaaa:bbbb:cccc:dddd:eeee.")},
			{ID: id(6), Name: rtlName, May: []string{"publish events"}, By: rtlName, Created: ago(200 * 24 * time.Hour), Used: ago(3 * time.Minute), Addr: "192.0.2.14", Mark: active, Revoke: revoke("k6", "It was used 3 min ago from 192.0.2.14.")},
		},
		Ended: []settings.KeyRow{
			{ID: id(5), Name: "old job", Prefix: "bwsk_Aa01…", May: []string{"read the log"}, By: "ada@nimbus.example", Created: ago(300 * 24 * time.Hour), Used: ago(100 * 24 * time.Hour), Addr: "192.0.2.14", Mark: component.Mark{Tone: component.Quiet, Text: "revoked 99 d ago"}},
			{ID: id(7), Name: "trial", Prefix: "bwsk_Bb02…", May: []string{"read the log"}, By: "ada@nimbus.example", Created: ago(60 * 24 * time.Hour), Mark: component.Mark{Tone: component.Quiet, Text: "expired 30 d ago"}},
		},
	}
}

func keysMade(theme string) settings.KeysModel {
	m := keys(theme)
	m.Made = &settings.MadeKey{
		ID: id(3), Name: emoji, Secret: "bwsk_kq3mN7vT1xZ9aB4cD6eF8gH0jK2lM5nPqR7sT9uV1wX", Tries: "Publish a first event with it:",
		Command: "curl -H 'Authorization: Bearer bwsk_kq3mN7vT1xZ9aB4cD6eF8gH0jK2lM5nPqR7sT9uV1wX' -H 'Content-Type: application/json' \\\n  -d '{\"topic\":\"product.viewed\",\"data\":{\"productId\":\"p1\"}}' http://127.0.0.1:8080/api/v1/events",
	}
	return m
}

func keysWrong(theme string) settings.KeysModel {
	m := keys(theme)
	m.Name = component.Input{Value: "checkout"}
	m.ScopesErr = "must name at least one of publish, manage, read and secrets"
	m.Mistakes = []component.Mistake{{Field: "scopes", Text: "scopes must name at least one of publish, manage, read and secrets"}}
	return m
}

func keysMany(theme string) settings.KeysModel {
	m := keys(theme)
	for i := range 60 {
		row := m.Rows[2]
		row.ID, row.Name, row.Revoke = id(100+i), fmt.Sprintf("worker %d", i), revoke(fmt.Sprintf("m%d", i), "It was used 3 min ago from 192.0.2.14.")
		m.Rows = append(m.Rows, row)
	}
	return m
}

func keysEmpty(theme string) settings.KeysModel {
	m := keys(theme)
	m.Rows, m.Ended = nil, nil
	return m
}

func keysReadOnly(theme string) settings.KeysModel {
	m := keys(theme)
	m.CreateURL = ""
	for i := range m.Rows {
		m.Rows[i].Revoke = component.ConfirmModel{}
	}
	return m
}

func revoke(at, used string) component.ConfirmModel {
	return component.ConfirmModel{ID: "revoke-" + at, Label: "Revoke", Title: "Revoke this key?", Consequence: used + " Programs that send it are refused at once. This can't be undone.", URL: "#", Danger: true, Small: true}
}

func roles(on string) []component.Option {
	all := []component.Option{
		{Value: "developer", Label: "Developer", Hint: "Makes and changes endpoints, reveals and rotates their secrets, tests, resends."},
		{Value: "viewer", Label: "Viewer", Hint: "Reads deliveries and events; sees no secrets and no full URLs."},
		{Value: "owner", Label: "Owner", Hint: "Everything a developer may, and members, keys and the project itself."},
	}
	for i := range all {
		all[i].Selected = all[i].Value == on
	}
	return all
}

func member(n int, name, email, role string) settings.MemberRow {
	at := fmt.Sprint(n)
	return settings.MemberRow{
		Name: name, Email: email, Role: role, Since: ago(20 * 24 * time.Hour), Last: ago(9 * time.Hour), Factor: component.Mark{Tone: component.Quiet, Text: "off"},
		Roles:  roles(role),
		Change: component.ConfirmModel{ID: "role-" + at, Label: "Change role", Title: "Role of " + email, Consequence: "It counts from their next click.", URL: "#", Submit: "Save role", Small: true},
		Remove: component.ConfirmModel{ID: "remove-" + at, Label: "Remove", Title: "Remove " + email + "?", Consequence: "They lose this project at their next click, and invitations that they made end. API keys that they made stay: revoke those that they know.", URL: "#", Danger: true, Small: true},
	}
}

func members(theme string) settings.MembersModel {
	you := member(1, "Ada Okafor", "ada@nimbus.example", "owner")
	you.You, you.Last, you.Factor = true, ago(2*time.Second), component.Mark{Tone: component.Good, Text: "on"}
	odd := member(2, rtlName, longName+"@nimbus.example", "developer")
	fresh := member(3, "", "grace@nimbus.example", "viewer")
	fresh.Last = component.Time{}
	fresh.Factor = component.Mark{Tone: component.Good, Text: "on"}
	fresh.Reset = component.ConfirmModel{ID: "reset-3", Label: "Reset factor", Title: "Turn off the second factor of grace@nimbus.example?", Consequence: "From then on their password alone signs them in.", URL: "#", Danger: true, Small: true}
	return settings.MembersModel{
		Shell: shell(theme, "Members"), InviteURL: "#", LinkURL: "#", Roles: roles("developer"), LinkRoles: roles("developer")[:2], Factors: true,
		Lives:  []component.Option{{Value: "604800", Label: "7 days", Selected: true}, {Value: "2592000", Label: "30 days"}},
		Expiry: []component.Option{{Value: "600", Label: "10 minutes"}, {Value: "3600", Label: "1 hour"}},
		Rows:   []settings.MemberRow{you, odd, fresh},
		Invitations: []settings.InvitationRow{
			{Email: "linus@nimbus.example", Role: "developer", By: "Ada Okafor", Made: ago(time.Hour), Expires: in(6 * 24 * time.Hour), Mark: component.Mark{Tone: component.Wait, Text: "pending"}, RenewURL: "#", Revoke: revoke("i1", "")},
			{Email: longName + "@nimbus.example", Role: "owner", By: rtlName, Made: ago(10 * 24 * time.Hour), Expires: ago(3 * 24 * time.Hour), Over: true, Mark: component.Mark{Tone: component.Quiet, Text: "ran out"}, RenewURL: "#", Revoke: revoke("i2", "")},
		},
	}
}

func membersInvited(theme string) settings.MembersModel {
	m := members(theme)
	m.Link = &settings.MadeLink{Email: "linus@nimbus.example", Role: "developer", URL: "http://127.0.0.1:8080/invitation?token=kq3mN7vT1xZ9aB4cD6eF8gH0jK2lM5nPqR7sT9uV1wX", Expires: in(7 * 24 * time.Hour)}
	return m
}

func membersWrong(theme string) settings.MembersModel {
	m := members(theme)
	m.Email = component.Input{Value: "ada@nimbus.example", Error: "belongs to a member already; change the role in the list"}
	m.RoleErr = "must be owner, developer or viewer"
	m.Mistakes = []component.Mistake{{Field: "email", Text: "email belongs to a member already"}, {Field: "role", Text: "role must be owner, developer or viewer"}}
	m.LinkOpen, m.LinkEmail = true, component.Input{Value: "x", Error: "is not an email address"}
	return m
}

func membersViewer(theme string) settings.MembersModel {
	m := members(theme)
	m.InviteURL, m.LinkURL, m.Factors, m.Invitations = "", "", false, nil
	for i := range m.Rows {
		m.Rows[i].Change, m.Rows[i].Remove, m.Rows[i].Reset = component.ConfirmModel{}, component.ConfirmModel{}, component.ConfirmModel{}
	}
	return m
}

func membersNobody(theme string) settings.MembersModel {
	m := members(theme)
	m.Rows, m.Invitations = nil, nil
	return m
}

func membersMany(theme string) settings.MembersModel {
	m := members(theme)
	for i := range 80 {
		m.Rows = append(m.Rows, member(100+i, fmt.Sprintf("Person %d", i), fmt.Sprintf("person%d@nimbus.example", i), "developer"))
	}
	return m
}

func projects(theme string) settings.ProjectsModel {
	return settings.ProjectsModel{
		Shell: shell(theme, "Projects"), CreateURL: "#", Action: "/story/projects",
		Rows: []settings.ProjectRow{
			{URL: "#", Name: longName, ExternalID: longName, Role: "viewer", Mark: component.Mark{Tone: component.Good, Text: "active"}, Trouble: component.Link{Label: "12 endpoints need you", URL: "#"}, Endpoints: "1,204", EndpointsURL: "#", Created: ago(time.Hour)},
			{URL: "#", Name: rtlName, Role: "staff", Mark: component.Mark{Tone: component.Held, Text: "suspended"}, Trouble: component.Link{Label: "1 endpoint needs you", URL: "#"}, Endpoints: "3", EndpointsURL: "#", Created: ago(20 * 24 * time.Hour)},
			{URL: "#", Name: "Nimbus Store", ExternalID: "store_4711", Role: "owner", Mark: component.Mark{Tone: component.Good, Text: "active"}, Endpoints: "12", EndpointsURL: "#", Created: ago(200 * 24 * time.Hour)},
			{URL: "#", Name: "New here", Role: "staff", Mark: component.Mark{Tone: component.Wait, Text: "no endpoint yet"}, Endpoints: "0", EndpointsURL: "#", Created: ago(20 * 24 * time.Hour)},
		},
	}
}

func projectsNone(theme string) settings.ProjectsModel {
	m := settings.ProjectsModel{Shell: shell(theme, "Projects"), Empty: component.EmptyModel{Title: "You are in no project yet", Text: "Ask an owner to add ada@nimbus.example, or to send you a sign-in link."}}
	m.Shell.Project, m.Shell.Rail, m.Shell.Crumbs = component.Link{}, nil, m.Shell.Crumbs[1:]
	return m
}

func profile(theme string) settings.ProfileModel {
	m := settings.ProfileModel{
		Shell: shell(theme, "Profile"), Email: "ada@nimbus.example", Role: "member", NameURL: "#", Name: component.Input{Value: "Ada Okafor"}, PasswordURL: "#", HasPassword: true,
		Factor:   settings.FactorModel{Mark: component.Mark{Tone: component.Quiet, Text: "off"}, BeginURL: "/story/enrol"},
		ThemeURL: "/theme", Theme: theme,
		EndOthers: component.ConfirmModel{ID: "others", Label: "Sign out everywhere else", Title: "End every other session?", Consequence: "2 other browsers are signed out at once.", URL: "#"},
		Sessions: []settings.SessionRow{
			{Device: "Firefox on Linux", Addr: "192.0.2.14", Started: ago(3 * time.Hour), Seen: ago(time.Second), Current: true},
			{Device: "Safari on iPhone", Addr: "2001:db8:4711:aaaa:bbbb:cccc:dddd:eeee", Started: ago(90 * time.Hour), Seen: ago(9 * time.Hour), EndURL: "#"},
			{Device: "Unknown browser", Addr: "198.51.100.7", Started: ago(100 * time.Hour), Seen: ago(80 * time.Hour), EndURL: "#"},
		},
	}
	return m
}

func profileProven(theme string) settings.ProfileModel {
	m := profile(theme)
	m.Factor = settings.FactorModel{Mark: component.Mark{Tone: component.Good, Text: "on"}, On: true, Since: ago(40 * 24 * time.Hour), BeginURL: "#", Left: 2, Low: true, RenewURL: "#"}
	return m
}

func profileTurningOff(theme string) settings.ProfileModel {
	m := profileProven(theme)
	m.Factor.Left, m.Factor.Low, m.Factor.OffURL, m.Factor.Open = 9, false, "#", true
	m.Factor.Code = component.Input{Error: "was used already; wait for the next one"}
	m.Current = component.Input{Error: "is not right"}
	m.Mistakes = []component.Mistake{{Field: "off-code", Text: "code was used already; wait for the next one"}, {Field: "current", Text: "current password is not right"}}
	return m
}

func profileWelcome(theme string, stale bool) settings.ProfileModel {
	m := profile(theme)
	m.HasPassword, m.Stale, m.Factor.BeginURL, m.Name.Value = false, stale, "", ""
	m.Sessions, m.EndOthers = m.Sessions[:1], component.ConfirmModel{}
	return m
}
