package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/settings"
)

var memberRoles = []component.Option{
	{Value: string(account.Developer), Label: "developer", Hint: "endpoints, secrets, resend"},
	{Value: string(account.Viewer), Label: "viewer", Hint: "reads, without secrets"},
	{Value: string(account.Owner), Label: "owner", Hint: "everything, members and keys too"},
}

var linkLives = []component.Option{
	{Value: "600", Label: "10 minutes", Selected: true}, {Value: "3600", Label: "1 hour"},
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
	m := settings.MembersModel{
		Shell: shell, Link: made, Mistakes: listed(wrong), Expiry: linkLives,
		Roles: selected(memberRoles, c.DefaultPostForm("role", string(account.Developer))), LinkRoles: memberRoles[:2],
	}
	// Both forms post an email: what is wrong stands in the one that was used.
	if email := (component.Input{Value: c.PostForm("email"), Error: wrong["email"]}); c.Request.URL.Path == under(project.ID, "members", "links") {
		m.LinkEmail = email
	} else {
		m.Email = email
	}
	may := mayOnceSteppedUp(caller, account.ChangeMembers, project.ID)
	if may {
		m.AddURL = under(project.ID, "members")
	}
	if mayOnceSteppedUp(caller, account.IssueLinks, project.ID) {
		m.LinkURL = under(project.ID, "members", "links")
	}
	for _, member := range members {
		m.Rows = append(m.Rows, w.presentMember(project, caller, member, may))
	}
	return w.render(c, status, settings.Members(m))
}

// mayOnceSteppedUp says whether to offer an act that might still ask for the
// password.
func mayOnceSteppedUp(caller account.Caller, action account.Action, project webhook.ProjectID) bool {
	err := caller.May(action, project)
	return err == nil || account.NeedsStepUp(err)
}

func (w *Web) presentMember(p webhook.Project, caller account.Caller, member account.Membership, may bool) settings.MemberRow {
	row := settings.MemberRow{
		Name: member.Name, Email: member.Email, Role: string(member.Role), You: caller.User.ID == member.UserID,
		Since: moment(member.CreatedAt, w.Now()),
	}
	if may {
		row.Remove = component.ConfirmModel{
			ID: "remove-" + member.UserID.String(), Label: "Remove", Title: "Remove " + member.Email + "?", Danger: true, Small: true,
			Consequence: "They lose this project at their next click. What they made stays.",
			URL:         under(p.ID, "members", member.UserID.String(), "remove"),
		}
	}
	return row
}

func (w *Web) addMember(c *gin.Context) error {
	member, err := w.Manage.SetMember(c.Request.Context(), w.caller(c), w.project(c).ID, manage.NewMember{
		Email: c.PostForm("email"), Role: account.Role(c.PostForm("role")),
	})
	if wrong, ok := mistakes(err); ok {
		return w.members(c, http.StatusUnprocessableEntity, wrong, nil)
	}
	if err != nil {
		return err
	}
	w.done(c, member.Email+" is "+string(member.Role)+" now.")
	return w.redirect(c, under(w.project(c).ID, "members"))
}

func (w *Web) removeMember(c *gin.Context) error {
	if err := w.Manage.RemoveMember(c.Request.Context(), w.caller(c), w.project(c).ID, c.Param("user")); err != nil {
		return err
	}
	w.done(c, "The member is removed.")
	return w.redirect(c, under(w.project(c).ID, "members"))
}

// makeLink answers with the page itself: the link is shown once and kept
// nowhere.
func (w *Web) makeLink(c *gin.Context) error {
	seconds, _ := strconv.Atoi(c.PostForm("expires")) // 0 is the default life
	role := account.Role(c.PostForm("role"))
	link, err := w.Manage.CreateSignInLink(c.Request.Context(), w.caller(c), w.project(c).ID, manage.NewLink{
		Email: c.PostForm("email"), Role: role, ExpiresIn: time.Duration(seconds) * time.Second,
	})
	if wrong, ok := mistakes(err); ok {
		return w.members(c, http.StatusUnprocessableEntity, wrong, nil)
	}
	if err != nil {
		return err
	}
	return w.members(c, http.StatusOK, nil, &settings.MadeLink{
		Email: c.PostForm("email"), Role: string(role), URL: link.URL, Expires: moment(link.ExpiresAt, w.Now()),
	})
}
