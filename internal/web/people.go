package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/settings"
)

// peoplePages are a project's members, invitations and keys.
func (w *Web) peoplePages() []line {
	return []line{
		{get, "/p/:project/members", member, w.listMembers},
		{post, "/p/:project/members/:user/role", member, w.changeRole},
		{post, "/p/:project/members/:user/remove", member, w.removeMember},
		{post, "/p/:project/members/:user/reset-second-factor", member, w.resetSecondFactor},
		{post, "/p/:project/sign-in-links", member, w.makeLink},
		{post, "/p/:project/invitations", member, w.invite},
		{post, "/p/:project/invitations/:invitation/renew", member, w.renewInvitation},
		{post, "/p/:project/invitations/:invitation/revoke", member, w.revokeInvitation},
		{get, "/p/:project/keys", member, w.listKeys},
		{post, "/p/:project/keys", member, w.createKey},
		{post, "/p/:project/keys/:key/revoke", member, w.revokeKey},
	}
}

// The roles of a project in words, the usual one first.
var memberRoles = []component.Option{
	{Value: string(account.Developer), Label: "Developer", Hint: "Makes and changes endpoints, reveals and rotates their secrets, tests, resends."},
	{Value: string(account.Viewer), Label: "Viewer", Hint: "Reads deliveries and events; sees no secrets and no full URLs."},
	{Value: string(account.Owner), Label: "Owner", Hint: "Everything a developer may, and members, keys and the project itself."},
}

func roleText(role account.Role) string {
	for _, option := range memberRoles {
		if option.Value == string(role) {
			return option.Hint
		}
	}
	return ""
}

var linkLives = []component.Option{
	{Value: "600", Label: "10 minutes", Selected: true}, {Value: "3600", Label: "1 hour"},
}

var invitationLives = []component.Option{
	{Value: "86400", Label: "1 day"}, {Value: "604800", Label: "7 days"}, {Value: "2592000", Label: "30 days"},
}

func (w *Web) listMembers(c *gin.Context) error { return w.members(c, http.StatusOK, nil, nil) }

func (w *Web) members(c *gin.Context, status int, wrong map[string]string, made *settings.MadeLink) error {
	project, caller := w.project(c), w.caller(c)
	shell, err := w.shell(c, atMembers, "Members", component.Link{Label: "Members"})
	if err != nil {
		return err
	}
	members, err := w.Manage.Members(c.Request.Context(), caller, project.ID)
	if err != nil {
		return err
	}
	m := settings.MembersModel{Shell: shell, Link: made, Mistakes: listed(wrong), Factors: caller.Could(account.ChangeMembers, project.ID)}
	for _, member := range members {
		m.Rows = append(m.Rows, w.presentMember(project, caller, member))
	}
	if err := w.presentInviting(c, &m, wrong, made == nil); err != nil {
		return err
	}
	return w.render(c, status, settings.Members(m))
}

// presentInviting adds the forms that the caller may use, with what was typed in
// the one that is shown again.
func (w *Web) presentInviting(c *gin.Context, m *settings.MembersModel, wrong map[string]string, again bool) error {
	project, caller := w.project(c), w.caller(c)
	typed := func(at string) url.Values {
		if !again {
			return nil
		}
		return w.typed(c, at)
	}
	if caller.Could(account.ChangeMembers, project.ID) {
		m.InviteURL = under(project.ID, "invitations")
		values := typed(m.InviteURL)
		m.Email.Value = values.Get("email")
		m.Roles = selected(memberRoles, either(values.Get("role"), string(account.Developer)))
		m.Lives = selected(invitationLives, either(values.Get("expires"), "604800"))
		invitations, err := w.Manage.Invitations(c.Request.Context(), caller, project.ID)
		if err != nil {
			return err
		}
		for _, invitation := range invitations {
			m.Invitations = append(m.Invitations, w.presentInvitation(invitation))
		}
	}
	if caller.Could(account.IssueLinks, project.ID) {
		m.LinkURL = under(project.ID, "sign-in-links")
		values := typed(m.LinkURL)
		m.LinkEmail.Value, m.LinkRoles, m.Expiry = values.Get("email"), selected(memberRoles[:2], values.Get("role")), linkLives
		m.LinkOpen = len(values) > 0
	}
	switch c.Request.URL.Path {
	case m.InviteURL:
		m.Email.Error, m.RoleErr = wrong["email"], wrong["role"]
	case m.LinkURL:
		m.LinkEmail.Error = wrong["email"]
	}
	return nil
}

func either(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

func (w *Web) presentMember(p webhook.Project, caller account.Caller, member account.Membership) settings.MemberRow {
	id, name := member.UserID.String(), member.Email
	row := settings.MemberRow{
		Name: member.Name, Email: member.Email, Role: string(member.Role), RoleText: roleText(member.Role), You: caller.User.ID == member.UserID,
		Since: moment(member.CreatedAt, w.Now()), Last: moment(member.LastSeenAt, w.Now()), Factor: component.Mark{Tone: component.Quiet, Text: "off"},
	}
	if member.SecondFactor {
		row.Factor = component.Mark{Tone: component.Good, Text: "on"}
	}
	if caller.Could(account.ChangeMembers, p.ID) {
		row.Roles = selected(memberRoles, string(member.Role))
		row.Change = component.ConfirmModel{
			ID: "role-" + id, Label: "Change role", Title: "Role of " + name, Small: true,
			Consequence: "It counts from their next click.", URL: under(p.ID, "members", id, "role"), Submit: "Save role",
		}
		row.Remove = component.ConfirmModel{
			ID: "remove-" + id, Label: "Remove", Title: "Remove " + name + "?", Danger: true, Small: true,
			Consequence: "They lose this project at their next click, and invitations that they made end. API keys that they made stay: revoke those that they know.",
			URL:         under(p.ID, "members", id, "remove"),
		}
	}
	if member.SecondFactor && !row.You && caller.Could(account.ManageUsers, webhook.ProjectID{}) {
		row.Reset = component.ConfirmModel{
			ID: "reset-" + id, Label: "Reset factor", Title: "Turn off the second factor of " + name + "?", Danger: true, Small: true,
			Consequence: "For somebody who has lost phone and recovery codes: from then on their password alone signs them in. They are signed out everywhere. Make sure that it is they who ask.",
			URL:         under(p.ID, "members", id, "reset-second-factor"), Submit: "Turn it off",
		}
	}
	return row
}

// memberIn is the member that the path names.
func (w *Web) memberIn(c *gin.Context) (account.Membership, error) {
	members, err := w.Manage.Members(c.Request.Context(), w.caller(c), w.project(c).ID)
	if err != nil {
		return account.Membership{}, err
	}
	for _, m := range members {
		if m.UserID.String() == c.Param("user") {
			return m, nil
		}
	}
	return account.Membership{}, webhook.NotFound("there is no such member")
}

func (w *Web) changeRole(c *gin.Context) error {
	caller, project := w.caller(c), w.project(c)
	if err := caller.May(account.ChangeMembers, project.ID); err != nil {
		return err
	}
	who, err := w.memberIn(c)
	if err != nil {
		return err
	}
	changed, err := w.Manage.SetMember(c.Request.Context(), caller, project.ID, manage.NewMember{Email: who.Email, Role: account.Role(c.PostForm("role"))})
	if wrong, ok := mistakes(err); ok {
		return w.members(c, http.StatusUnprocessableEntity, wrong, nil)
	}
	if err != nil {
		return err
	}
	w.done(c, changed.Email+" is "+string(changed.Role)+" now.")
	return w.redirect(c, under(project.ID, "members"))
}

func (w *Web) removeMember(c *gin.Context) error {
	if err := w.Manage.RemoveMember(c.Request.Context(), w.caller(c), w.project(c).ID, c.Param("user")); err != nil {
		return err
	}
	w.done(c, "The member is removed.")
	if w.caller(c).User.ID.String() == c.Param("user") && !w.caller(c).SeesAll() {
		return w.redirect(c, pathProjects)
	}
	return w.redirect(c, under(w.project(c).ID, "members"))
}

func (w *Web) resetSecondFactor(c *gin.Context) error {
	if err := w.caller(c).May(account.ManageUsers, webhook.ProjectID{}); err != nil {
		return err
	}
	who, err := w.memberIn(c)
	if err != nil {
		return err
	}
	if err := w.Manage.ResetSecondFactor(c.Request.Context(), w.caller(c), who.UserID); err != nil {
		return err
	}
	w.done(c, "The second factor of "+who.Email+" is off, and they are signed out everywhere.")
	return w.redirect(c, under(w.project(c).ID, "members"))
}

// makeLink answers with the page itself: the link is shown once and kept
// nowhere.
func (w *Web) makeLink(c *gin.Context) error {
	if err := w.mayOrKeep(c, account.IssueLinks); err != nil {
		return err
	}
	role := account.Role(c.PostForm("role"))
	link, err := w.Manage.CreateSignInLink(c.Request.Context(), w.caller(c), w.project(c).ID, manage.NewLink{
		Email: c.PostForm("email"), Role: role, ExpiresIn: lifeOf(c.PostForm("expires")),
	})
	if wrong, ok := mistakes(err); ok {
		return w.members(c, http.StatusUnprocessableEntity, wrong, nil)
	}
	if err != nil {
		return err
	}
	return w.members(c, http.StatusOK, nil, &settings.MadeLink{
		Email: c.PostForm("email"), Role: string(role), URL: link.URL, Expires: until(link.ExpiresAt, w.Now()), SignIn: true,
	})
}

// until prints when something ends: a day, unless it is near.
func until(at, now time.Time) component.Time {
	if at.Sub(now) < 48*time.Hour {
		return moment(at, now)
	}
	return component.Time{Text: at.UTC().Format("2 Jan 2006")}
}

// lifeOf reads seconds from a form; what is no number is the usual life.
func lifeOf(text string) time.Duration {
	n, _ := strconv.ParseInt(text, 10, 32)
	return time.Duration(n) * time.Second
}
