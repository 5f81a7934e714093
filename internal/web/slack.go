package web

import (
	"crypto/subtle"
	"encoding/gob"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/slack"
)

// slackPages connect a project with a workspace.
func (w *Web) slackPages() []line {
	return []line{
		{get, "/p/:project/slack", member, w.showSlack},
		{get, "/p/:project/slack/connect", member, w.connectSlack},
		{post, "/p/:project/slack/disconnect", member, w.disconnectSlack},
		{get, manage.SlackReturnPath, signedIn, w.slackReturned},
	}
}

// keyAtSlack is the session's value while its person is at Slack.
const keyAtSlack = "at-slack"

// atSlack is what a person left for Slack with.
type atSlack struct {
	State   string
	Project webhook.ProjectID
	At      time.Time
	// Next is where they go on afterwards.
	Next string
}

func init() { gob.Register(atSlack{}) }

func (w *Web) showSlack(c *gin.Context) error {
	project, caller := w.project(c).ID, w.caller(c)
	state, err := w.Manage.SlackState(c.Request.Context(), caller, project)
	if err != nil {
		return err
	}
	m := slack.ShowModel{
		Endpoints: plural(int64(state.Use.Endpoints), "endpoint posts here", "endpoints post here"), EndpointsURL: under(project, "endpoints") + "?q=%23",
	}
	mayChange := caller.May(account.ChangeEndpoint, project) == nil
	if !state.Offered {
		m.Missing = "This installation has no Slack app yet. An operator makes one at api.slack.com, registers " +
			w.BaseURL.JoinPath(manage.SlackReturnPath).String() + " as its redirect address, and sets BELLWIRE_SLACK_CLIENT_ID and BELLWIRE_SLACK_CLIENT_SECRET."
	}
	if mayChange && state.Offered {
		m.ConnectURL = under(project, "slack", "connect")
	}
	if state.Install != nil {
		w.presentSlack(&m, state, mayChange, project)
	} else if state.Use.Held > 0 {
		m.Trouble = heldForSlack(state.Use.Held) + " Connect Slack, and what is held goes out."
	}
	if m.Shell, err = w.shell(c, atSlackPage, "Slack", component.Link{Label: "Slack"}); err != nil {
		return err
	}
	return w.render(c, http.StatusOK, slack.Show(m))
}

func heldForSlack(n int) string {
	return plural(int64(n), "endpoint is", "endpoints are") + " held because Slack does not take the connection."
}

// lacking says what goes without a scope that a workspace did not grant.
var lacking = []struct{ scope, words string }{
	{"chat:write", "Nothing can be posted: chat:write was not granted."},
	{"chat:write.public", "The app must be invited to every channel: chat:write.public was not granted."},
	{"channels:read", "Channels can't be listed: channels:read was not granted."},
	{"groups:read", "Private channels are not listed: groups:read was not granted."},
}

func (w *Web) presentSlack(m *slack.ShowModel, state manage.SlackState, mayChange bool, project webhook.ProjectID) {
	i := state.Install
	m.Team, m.ConnectedBy, m.ConnectedAt, m.Scopes = i.TeamName, i.ConnectedBy, moment(i.ConnectedAt, w.Now()), i.Scopes
	m.Mark = component.Mark{Tone: component.Good, Text: "connected"}
	if state.Use.Held > 0 {
		m.Mark = component.Mark{Tone: component.Bad, Text: "no longer taken"}
		m.Trouble = heldForSlack(state.Use.Held) + " It was revoked in the workspace, or the app was removed there. Reconnect, and what is held goes out."
	}
	for _, l := range lacking {
		if !slices.Contains(i.Scopes, l.scope) {
			m.Lacks = append(m.Lacks, l.words)
		}
	}
	if !mayChange {
		return
	}
	m.NewURL = newSlackURL(project)
	m.Disconnect = component.ConfirmModel{
		ID: "disconnect", Label: "Disconnect", Title: "Disconnect " + i.TeamName + "?", Danger: true, Submit: "Disconnect Slack",
		URL: under(project, "slack", "disconnect"), Consequence: "The token is ended and forgotten. " + whatIsHeld(state.Use.Endpoints),
	}
}

func whatIsHeld(endpoints int) string {
	if endpoints == 0 {
		return "No endpoint posts there."
	}
	return plural(int64(endpoints), "endpoint is", "endpoints are") + " held from then on; nothing is lost, and what is held goes out once the workspace is connected again."
}

func newSlackURL(project webhook.ProjectID) string {
	return under(project, "endpoints", "new") + "?kind=slack"
}

// connectSlack sends somebody to Slack. It changes nothing yet, so it is a link:
// a form's answer may not lead outside.
func (w *Web) connectSlack(c *gin.Context) error {
	project := w.project(c).ID
	to, state, err := w.Manage.BeginSlack(w.caller(c), project)
	if err != nil {
		return err
	}
	next := under(project, "slack")
	if c.Query("next") != "" {
		next = localPath(c.Query("next"))
	}
	w.sessions.Put(c.Request.Context(), keyAtSlack, atSlack{state, project, w.Now(), next})
	return w.redirect(c, to)
}

// slackReturned is where Slack sends people back to.
func (w *Web) slackReturned(c *gin.Context) error {
	ctx := c.Request.Context()
	left, ok := w.sessions.Pop(ctx, keyAtSlack).(atSlack) // one answer for each time away
	if !ok || w.Now().Sub(left.At) > awayLife || subtle.ConstantTimeCompare([]byte(left.State), []byte(c.Query("state"))) != 1 {
		w.flash(c, component.Flash{Tone: component.Bad, Text: "Slack was not connected: that took too long, or began in another browser. Open Slack in the project's settings and try again."})
		return w.redirect(c, pathProjects)
	}
	code := c.Query("code")
	if code == "" {
		w.flash(c, component.Flash{Tone: component.Retry, Text: "Slack was not connected" + refusalCode(c.Query("error")) + ". Nothing has changed."})
		return w.redirect(c, left.Next)
	}
	install, err := w.Manage.FinishSlack(ctx, w.caller(c), left.Project, code)
	switch webhook.KindOf(err) {
	case webhook.KindConflict:
		w.flash(c, component.Flash{Tone: component.Bad, Text: "Slack was not connected: " + err.Error() + "."})
		return w.redirect(c, left.Next)
	case webhook.KindUnavailable:
		w.Log.WarnContext(ctx, "Slack can't be reached", "error", err)
		w.flash(c, component.Flash{Tone: component.Bad, Text: "Slack was not connected: it can't be reached at the moment. Try again in a minute."})
		return w.redirect(c, left.Next)
	}
	if err != nil {
		return err
	}
	w.done(c, "Connected to "+install.TeamName+". Choose the channels that events go to.")
	return w.redirect(c, left.Next)
}

func (w *Web) disconnectSlack(c *gin.Context) error {
	project := w.project(c).ID
	if err := w.Manage.DisconnectSlack(c.Request.Context(), w.caller(c), project); err != nil {
		return err
	}
	w.done(c, "Slack is disconnected.")
	return w.redirect(c, under(project, "slack"))
}
