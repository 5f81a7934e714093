package web

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/session"
	"github.com/bellwire/bellwire/views/settings"
)

func (w *Web) presentInvitation(link account.Link) settings.InvitationRow {
	at := func(act string) string { return under(link.ProjectID, "invitations", link.ID.String(), act) }
	row := settings.InvitationRow{
		Email: link.Email, Role: string(link.Role), By: byWhom(link.CreatedBy), Made: moment(link.CreatedAt, w.Now()), Expires: until(link.ExpiresAt, w.Now()),
		Mark: component.Mark{Tone: component.Wait, Text: "pending"}, RenewURL: at("renew"),
		Revoke: component.ConfirmModel{
			ID: "revoke-" + link.ID.String(), Label: "Revoke", Title: "Revoke the invitation of " + link.Email + "?", Danger: true, Small: true,
			Consequence: "The link that they have does nothing any more.", URL: at("revoke"),
		},
	}
	if !link.ExpiresAt.After(w.Now()) {
		row.Mark, row.Over = component.Mark{Tone: component.Quiet, Text: "ran out"}, true
	}
	return row
}

// invite answers with the page itself: the link is shown once and kept nowhere.
func (w *Web) invite(c *gin.Context) error {
	if err := w.mayOrKeep(c, account.ChangeMembers); err != nil {
		return err
	}
	made, err := w.Manage.Invite(c.Request.Context(), w.caller(c), w.project(c).ID, manage.NewInvitation{
		Email: c.PostForm("email"), Role: account.Role(c.PostForm("role")), ExpiresIn: lifeOf(c.PostForm("expires")),
	})
	if wrong, ok := mistakes(err); ok {
		return w.members(c, http.StatusUnprocessableEntity, wrong, nil)
	}
	return w.invited(c, made, err)
}

func (w *Web) renewInvitation(c *gin.Context) error {
	if err := w.caller(c).May(account.ChangeMembers, w.project(c).ID); err != nil {
		return err
	}
	id, err := invitationID(c)
	if err != nil {
		return err
	}
	made, err := w.Manage.RenewInvitation(c.Request.Context(), w.caller(c), w.project(c).ID, id)
	return w.invited(c, made, err)
}

func (w *Web) invited(c *gin.Context, made manage.IssuedInvitation, err error) error {
	if err != nil {
		return err
	}
	return w.members(c, http.StatusOK, nil, &settings.MadeLink{
		Email: made.Email, Role: string(made.Role), URL: made.URL, Expires: until(made.ExpiresAt, w.Now()),
	})
}

func (w *Web) revokeInvitation(c *gin.Context) error {
	id, err := invitationID(c)
	if err != nil {
		return err
	}
	if err := w.Manage.RevokeInvitation(c.Request.Context(), w.caller(c), w.project(c).ID, id); err != nil {
		return err
	}
	w.done(c, "The invitation is revoked.")
	return w.redirect(c, under(w.project(c).ID, "members"))
}

func invitationID(c *gin.Context) (webhook.LinkID, error) {
	id, err := pathID(c, "invitation")
	return webhook.LinkID{UUID: id}, err
}

func (w *Web) showInvitation(c *gin.Context) error {
	return w.invitation(c, http.StatusOK, c.Query("token"), nil)
}

// invitation shows where somebody who was invited lands; what they may do there
// depends on who they are.
func (w *Web) invitation(c *gin.Context, status int, token string, wrong map[string]string) error {
	m := session.InvitationModel{Shell: w.auth(c, "Invitation"), Action: pathInvited, Token: token, SignInURL: pathSignIn, SignOutURL: pathSignOut}
	in, err := w.Manage.Invitation(c.Request.Context(), token)
	switch webhook.KindOf(err) {
	case webhook.KindNotFound, webhook.KindForbidden:
		m.Problem = sentence(err.Error())
		return w.render(c, http.StatusNotFound, session.Invitation(m))
	}
	if err != nil {
		return err
	}
	project, err := w.Manage.Project(c.Request.Context(), account.ForSystem("invitation"), in.ProjectID)
	if err != nil {
		return err
	}
	m.Email, m.Project, m.Role, m.RoleText, m.By = in.Email, project.Name, string(in.Role), roleText(in.Role), in.CreatedBy.Name
	m.Expires, m.Way = until(in.ExpiresAt, w.Now()), w.wayIn(c, in)
	m.Name, m.Password = component.Input{Value: c.PostForm("name"), Error: wrong["name"]}, component.Input{Error: wrong["password"]}
	m.SignInURL = pathSignIn + "?next=" + url.QueryEscape(pathInvited+"?token="+url.QueryEscape(token))
	if user := w.caller(c).User; user != nil {
		m.Other = user.Email
	}
	return w.render(c, status, session.Invitation(m))
}

func (w *Web) wayIn(c *gin.Context, in manage.Invited) string {
	user := w.caller(c).User
	switch {
	case user != nil && user.Email == in.Email:
		return "join"
	case user != nil:
		return "other"
	case in.NoPassword:
		return "link"
	case in.Known:
		return "sign-in"
	}
	return "new"
}

func (w *Web) acceptInvitation(c *gin.Context) error {
	token, ctx := c.PostForm("token"), c.Request.Context()
	if w.caller(c).User != nil {
		project, err := w.Manage.Join(ctx, w.caller(c), token)
		return w.joined(c, token, project, err)
	}
	user, project, err := w.Manage.JoinAsNewcomer(ctx, token, c.PostForm("name"), c.PostForm("password"), c.ClientIP())
	if err == nil {
		err = w.signIn(c, user, true)
	}
	return w.joined(c, token, project, err)
}

// joined leads into the project; whatever stands in the way is shown on the
// page of the invitation.
func (w *Web) joined(c *gin.Context, token string, project webhook.ProjectID, err error) error {
	switch webhook.KindOf(err) {
	case webhook.KindInvalid, webhook.KindConflict:
		wrong, _ := mistakes(err)
		return w.invitation(c, http.StatusUnprocessableEntity, token, wrong)
	case webhook.KindUnauthorized, webhook.KindForbidden:
		return w.invitation(c, http.StatusForbidden, token, nil)
	case webhook.KindNotFound:
		return w.invitation(c, http.StatusNotFound, token, nil)
	}
	if err != nil {
		return err
	}
	w.done(c, "Welcome. You belong to this project now.")
	return w.redirect(c, under(project))
}
