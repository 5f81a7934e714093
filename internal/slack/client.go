package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Scopes are what a workspace is asked for: to post, also where the app is no
// member, and to list channels.
var Scopes = []string{"chat:write", "chat:write.public", "channels:read", "groups:read"}

// patience bounds one call.
const patience = 15 * time.Second

// App is the Slack app that this installation acts as.
type App struct {
	ClientID, Secret string
	// API is where the methods are, with a slash at the end.
	API *url.URL
	// RedirectURL is where Slack sends people back; it must be registered there.
	RedirectURL string
	Client      *http.Client
}

// AuthorizeURL is where somebody lets the app into a workspace.
// https://docs.slack.dev/authentication/installing-with-oauth
func (a App) AuthorizeURL(state string) string {
	to := *a.API
	to.Path = strings.TrimSuffix(strings.TrimSuffix(to.Path, "/"), "/api") + "/oauth/v2/authorize"
	to.RawQuery = url.Values{
		"client_id": {a.ClientID}, "scope": {strings.Join(Scopes, ",")}, "redirect_uri": {a.RedirectURL}, "state": {state},
	}.Encode()
	return to.String()
}

// Install trades the code that somebody came back with for a connection.
func (a App) Install(ctx context.Context, code string) (webhook.SlackInstall, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	got, err := slack.GetOAuthV2ResponseContext(ctx, a.Client, a.ClientID, a.Secret, code, a.RedirectURL, slack.OAuthOptionAPIURL(a.API.String()))
	if err != nil {
		return webhook.SlackInstall{}, fault(err)
	}
	if got.AccessToken == "" || got.Team.ID == "" {
		return webhook.SlackInstall{}, webhook.Conflict("Slack sent no token for a workspace; connect again, and choose a workspace rather than an organisation")
	}
	name := got.Team.Name
	if name == "" {
		name = got.Team.ID
	}
	return webhook.SlackInstall{
		TeamID: got.Team.ID, TeamName: name, Token: got.AccessToken,
		Scopes: strings.FieldsFunc(got.Scope, func(r rune) bool { return r == ',' || r == ' ' }),
	}, nil
}

// Channels is one page of the channels that the token sees; without the right
// to list private ones, of the public ones. next is empty at the end.
func (a App) Channels(ctx context.Context, token, cursor string) (list []webhook.SlackChannel, next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	list, next, err = a.channels(ctx, token, cursor, "public_channel", "private_channel")
	var refused slack.SlackErrorResponse
	if errors.As(err, &refused) && refused.Err == "missing_scope" {
		list, next, err = a.channels(ctx, token, cursor, "public_channel")
	}
	if err != nil {
		return nil, "", fault(err)
	}
	return list, next, nil
}

// pageSize is how many channels one call answers.
const pageSize = 200

func (a App) channels(ctx context.Context, token, cursor string, kinds ...string) ([]webhook.SlackChannel, string, error) {
	found, next, err := a.api(token).GetConversationsContext(ctx, &slack.GetConversationsParameters{
		Cursor: cursor, ExcludeArchived: true, Limit: pageSize, Types: kinds,
	})
	list := make([]webhook.SlackChannel, 0, len(found))
	for _, c := range found {
		list = append(list, webhook.SlackChannel{ID: c.ID, Name: c.Name, Private: c.IsPrivate})
	}
	return list, next, err
}

// Revoke ends a token.
func (a App) Revoke(ctx context.Context, token string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := a.api(token).SendAuthRevokeContext(ctx, token)
	if err != nil {
		return fault(err)
	}
	return nil
}

func (a App) api(token string) *slack.Client {
	return slack.New(token, slack.OptionHTTPClient(a.Client), slack.OptionAPIURL(a.API.String()))
}

// fault says what Slack, or the way to it, refused.
func fault(err error) error {
	var refused slack.SlackErrorResponse
	var limited *slack.RateLimitedError
	var status slack.StatusCodeError
	switch {
	case errors.As(err, &refused):
		_, words := explain(refused.Err)
		return webhook.Conflict("%s", words)
	case errors.As(err, &limited):
		return webhook.Conflict("Slack takes no more calls for %s; try again then", limited.RetryAfter)
	case errors.As(err, &status):
		return webhook.Unavailable(fmt.Errorf("slack answered %d", status.Code))
	}
	return webhook.Unavailable(fmt.Errorf("reach Slack: %w", withoutURL(err)))
}

// withoutURL drops the address of a failed request: errors are logged.
func withoutURL(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
