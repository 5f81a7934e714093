package api

import (
	"context"
	"net/http"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

const slackGroup = "Slack"

// SlackChannel is a channel that an endpoint of kind slack posts to.
type SlackChannel struct {
	ID      string `json:"id" maxLength:"40" example:"C0123456789" doc:"Slack's own; it stays when the channel is renamed"`
	Name    string `json:"name,omitempty" maxLength:"200" doc:"Without the #; in requests it need not be said"`
	Private bool   `json:"private,omitempty"`
}

// SlackConnection is how a project stands to a workspace.
type SlackConnection struct {
	Offered     bool     `json:"offered" doc:"Whether this installation has a Slack app"`
	Connected   bool     `json:"connected"`
	TeamID      string   `json:"teamId,omitempty"`
	TeamName    string   `json:"teamName,omitempty"`
	Scopes      []string `json:"scopes"`
	ConnectedBy string   `json:"connectedBy,omitempty"`
	ConnectedAt string   `json:"connectedAt,omitempty" format:"date-time"`
	Endpoints   int      `json:"endpoints" doc:"How many endpoints post there"`
	Held        int      `json:"held" doc:"How many of them are held because Slack does not take the connection"`
}

func (a *API) slackCalls() {
	add(a, Call{Method: http.MethodGet, Path: "/slack", ID: "get-slack", Group: slackGroup, May: account.ViewEndpoints,
		Summary: "Get the connection to Slack", Text: "People connect a workspace in the dashboard: Slack asks them there."}, a.getSlack)
	add(a, Call{Method: http.MethodGet, Path: "/slack/channels", ID: "list-slack-channels", Group: slackGroup, May: account.ChangeEndpoint,
		Summary: "List channels", Text: "Those that the app can post to, by name; private ones once it was invited. They are read from Slack anew each minute."}, a.listSlackChannels)
	add(a, Call{Method: http.MethodDelete, Path: "/slack", ID: "disconnect-slack", Group: slackGroup, May: account.ChangeEndpoint,
		Summary: "Disconnect Slack", Text: "The token is ended and forgotten; endpoints that post there are held.", Status: http.StatusNoContent}, a.disconnectSlack)
}

// slackProject is the project that a call without an object is about.
func (a *API) slackProject(ctx context.Context, caller account.Caller, wish string) (webhook.ProjectID, error) {
	project, err := a.projectOf(ctx, caller, wish, "query.projectId")
	if err != nil {
		return project, err
	}
	if project.IsZero() {
		project = caller.OwnProject()
	}
	if project.IsZero() {
		return project, webhook.Invalid("query.projectId", "is missing: this key sees more than one project")
	}
	return project, nil
}

func (a *API) getSlack(ctx context.Context, caller account.Caller, in *struct{ OfProject }) (*answer[SlackConnection], error) {
	project, err := a.slackProject(ctx, caller, in.ProjectID)
	if err != nil {
		return nil, err
	}
	state, err := a.manage.SlackState(ctx, caller, project)
	return answering(connectionShape(state), err)
}

func connectionShape(s manage.SlackState) SlackConnection {
	shape := SlackConnection{Offered: s.Offered, Scopes: []string{}, Endpoints: s.Use.Endpoints, Held: s.Use.Held}
	if i := s.Install; i != nil {
		shape.Connected, shape.TeamID, shape.TeamName, shape.Scopes = true, i.TeamID, i.TeamName, present(i.Scopes)
		shape.ConnectedBy, shape.ConnectedAt = i.ConnectedBy, stamp(i.ConnectedAt)
	}
	return shape
}

type slackChannelsInput struct {
	OfProject
	Query string `query:"q" maxLength:"100" doc:"A part of the name, or an id"`
}

// SlackChannels are the channels that were found.
type SlackChannels struct {
	Data []SlackChannel `json:"data"`
	Cut  bool           `json:"cut" doc:"The workspace has more channels than are read: name one by its id"`
}

func (a *API) listSlackChannels(ctx context.Context, caller account.Caller, in *slackChannelsInput) (*answer[SlackChannels], error) {
	project, err := a.slackProject(ctx, caller, in.ProjectID)
	if err != nil {
		return nil, err
	}
	found, err := a.manage.SlackChannels(ctx, caller, project, in.Query)
	return answering(SlackChannels{each(found.List, channelShape), found.Cut}, err)
}

func channelShape(c webhook.SlackChannel) SlackChannel { return SlackChannel(c) }

func (a *API) disconnectSlack(ctx context.Context, caller account.Caller, in *struct{ OfProject }) (*nothing, error) {
	project, err := a.slackProject(ctx, caller, in.ProjectID)
	if err != nil {
		return nil, err
	}
	return done(a.manage.DisconnectSlack(ctx, caller, project))
}
