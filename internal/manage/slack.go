package manage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/blocks"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// SlackReturnPath is where Slack sends people back to.
const SlackReturnPath = "/slack/callback"

// Slack is the app that this installation acts as in workspaces. Its errors are
// in words for whoever connects, or Unavailable.
type Slack interface {
	// AuthorizeURL is where somebody lets the app into a workspace.
	AuthorizeURL(state string) string
	// Install trades the code that they come back with for a connection, its
	// token unsealed.
	Install(ctx context.Context, code string) (webhook.SlackInstall, error)
	// Channels is one page of what the token sees; next is empty at the end.
	Channels(ctx context.Context, token, cursor string) (channels []webhook.SlackChannel, next string, err error)
	// Say posts a message's JSON once.
	Say(ctx context.Context, token string, message []byte) error
	Revoke(ctx context.Context, token string) error
}

// SlackState is how a project stands to Slack.
type SlackState struct {
	// Offered says that this installation has a Slack app.
	Offered bool
	// Install is nil while the project is not connected.
	Install *webhook.SlackInstall
	Use     webhook.SlackUse
}

// SlackState tells how a project stands to Slack, without the token.
func (s *Service) SlackState(ctx context.Context, c account.Caller, project webhook.ProjectID) (SlackState, error) {
	state := SlackState{Offered: s.Slack != nil}
	if err := c.May(account.ViewEndpoints, project); err != nil {
		return state, err
	}
	install, err := s.Store.SlackInstall(ctx, project)
	switch {
	case err == nil:
		install.Sealed = nil
		state.Install = &install
	case webhook.KindOf(err) != webhook.KindNotFound:
		return state, err
	}
	state.Use, err = s.Store.SlackUse(ctx, project)
	return state, err
}

// BeginSlack answers where to send somebody who connects a workspace, and what
// they must come back with.
func (s *Service) BeginSlack(c account.Caller, project webhook.ProjectID) (to, state string, err error) {
	if err := c.May(account.ChangeEndpoint, project); err != nil {
		return "", "", err
	}
	if s.Slack == nil {
		return "", "", errNoSlack()
	}
	state = mint.Token()
	return s.Slack.AuthorizeURL(state), state, nil
}

func errNoSlack() error {
	return webhook.Conflict("this installation has no Slack app: an operator sets BELLWIRE_SLACK_CLIENT_ID and BELLWIRE_SLACK_CLIENT_SECRET")
}

// FinishSlack connects a project with what somebody came back with. Endpoints
// that waited for it go on.
func (s *Service) FinishSlack(ctx context.Context, c account.Caller, project webhook.ProjectID, code string) (webhook.SlackInstall, error) {
	var none webhook.SlackInstall
	if err := c.May(account.ChangeEndpoint, project); err != nil {
		return none, err
	}
	if s.Slack == nil {
		return none, errNoSlack()
	}
	install, err := s.Slack.Install(ctx, code)
	if err != nil {
		return none, err
	}
	install.ProjectID, install.ConnectedBy, install.ConnectedAt = project, c.Actor.Name, s.now()
	install.Sealed = s.Box.Seal([]byte(install.Token), project.UUID, webhook.SlackTokenField)
	install.Token = ""
	entry := s.entry(c, "slack.connected", object{project: project, name: install.TeamName}, strings.Join(install.Scopes, ", "))
	if err := s.Store.ConnectSlack(ctx, install, entry); err != nil {
		return none, err
	}
	s.channels.forget(project)
	s.Waker.Wake()
	return install, nil
}

// DisconnectSlack forgets a project's connection: its Slack endpoints are held.
// The token is ended at Slack as well, if Slack can be reached.
func (s *Service) DisconnectSlack(ctx context.Context, c account.Caller, project webhook.ProjectID) error {
	if err := c.May(account.ChangeEndpoint, project); err != nil {
		return err
	}
	install, err := s.Store.SlackInstall(ctx, project)
	if err != nil {
		return err
	}
	if err := s.Store.DisconnectSlack(ctx, project, s.entry(c, "slack.disconnected", object{project: project, name: install.TeamName}, "")); err != nil {
		return err
	}
	s.channels.forget(project)
	s.Waker.Wake()
	if token, err := s.tokenOf(install); err == nil && s.Slack != nil {
		if err := s.Slack.Revoke(ctx, token); err != nil {
			s.Log.WarnContext(ctx, "a token of Slack was not ended there", "project", project.String(), "error", err)
		}
	}
	return nil
}

func (s *Service) tokenOf(install webhook.SlackInstall) (string, error) {
	plain, err := s.Box.Open(install.Sealed, install.ProjectID.UUID, webhook.SlackTokenField)
	return string(plain), err
}

// slackToken is what acts for a project in its workspace.
func (s *Service) slackToken(ctx context.Context, project webhook.ProjectID) (string, error) {
	if s.Slack == nil {
		return "", errNoSlack()
	}
	install, err := s.Store.SlackInstall(ctx, project)
	if webhook.KindOf(err) == webhook.KindNotFound {
		return "", webhook.Conflict("the project is not connected to Slack: connect it first")
	}
	if err != nil {
		return "", err
	}
	return s.tokenOf(install)
}

// The bounds of what is read of a workspace's channels.
const (
	maxChannelPages = 25
	channelsWithin  = 8 * time.Second
	channelsFor     = time.Minute
	maxWorkspaces   = 64
)

// Channels are a workspace's, by name.
type Channels struct {
	List []webhook.SlackChannel
	// Cut says that the workspace has more of them than were read.
	Cut bool
}

// SlackChannels are the channels that a project can post to and whose names
// hold the query. They are read anew each minute.
func (s *Service) SlackChannels(ctx context.Context, c account.Caller, project webhook.ProjectID, query string) (Channels, error) {
	if err := c.May(account.ChangeEndpoint, project); err != nil {
		return Channels{}, err
	}
	all, err := s.allChannels(ctx, project)
	if err != nil {
		return Channels{}, err
	}
	found := Channels{Cut: all.Cut}
	query = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(query), "#"))
	for _, ch := range all.List {
		if strings.Contains(strings.ToLower(ch.Name), query) || strings.EqualFold(ch.ID, query) {
			found.List = append(found.List, ch)
		}
	}
	return found, nil
}

func (s *Service) allChannels(ctx context.Context, project webhook.ProjectID) (Channels, error) {
	token, err := s.slackToken(ctx, project)
	if err != nil {
		return Channels{}, err
	}
	if known, ok := s.channels.get(project, s.Now()); ok {
		return known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, channelsWithin)
	defer cancel()
	var all Channels
	cursor := ""
	for page := 0; ; page++ {
		if all.Cut = page == maxChannelPages; all.Cut {
			break
		}
		list, next, err := s.Slack.Channels(ctx, token, cursor)
		if err != nil {
			return Channels{}, err
		}
		all.List = append(all.List, list...)
		if cursor = next; next == "" {
			break
		}
	}
	slices.SortFunc(all.List, func(a, b webhook.SlackChannel) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	s.channels.put(project, all, s.Now())
	return all, nil
}

// channelCache keeps what was read of workspaces for a moment: a search asks
// with every letter, and Slack lets an app list twenty times a minute.
type channelCache struct {
	mu    sync.Mutex
	known map[webhook.ProjectID]knownChannels
}

type knownChannels struct {
	Channels
	at time.Time
}

func (k *channelCache) get(project webhook.ProjectID, now time.Time) (Channels, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	known, ok := k.known[project]
	return known.Channels, ok && now.Sub(known.at) < channelsFor
}

func (k *channelCache) put(project webhook.ProjectID, channels Channels, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil || len(k.known) >= maxWorkspaces {
		k.known = map[webhook.ProjectID]knownChannels{}
	}
	k.known[project] = knownChannels{channels, now}
}

func (k *channelCache) forget(project webhook.ProjectID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.known, project)
}

// TrySlack posts a topic's example to a channel as a test, and answers the
// message. Nothing is stored.
func (s *Service) TrySlack(ctx context.Context, c account.Caller, project webhook.ProjectID, channel string, topic webhook.Topic) (blocks.Message, error) {
	if err := c.May(account.TestEndpoint, project); err != nil {
		return blocks.Message{}, err
	}
	found, err := s.channelNamed(ctx, project, channel)
	if err != nil {
		return blocks.Message{}, err
	}
	token, err := s.slackToken(ctx, project)
	if err != nil {
		return blocks.Message{}, err
	}
	message := s.slackExample(project, topic)
	return message, s.Slack.Say(ctx, token, message.JSON(found.ID))
}

// slackExample is the message that a dry run posts.
func (s *Service) slackExample(project webhook.ProjectID, topic webhook.Topic) blocks.Message {
	now := s.now()
	message := blocks.Of(webhook.Event{ID: webhook.EventID{UUID: mint.UUID(now)}, Topic: topic.Name, Data: exampleData(topic), OccurredAt: now}, s.slackPlace(project))
	message.Title = "🧪 Test · " + message.Title
	message.Link = s.slackPlace(project).BaseURL + "/p/" + project.String() // what the example is of has no page
	return message
}

// SlackMessage is what a channel would be told of an event.
func (s *Service) SlackMessage(project webhook.ProjectID, event webhook.Event) blocks.Message {
	return blocks.Of(event, s.slackPlace(project))
}

func (s *Service) slackPlace(project webhook.ProjectID) blocks.Place {
	return blocks.Place{BaseURL: s.Facts.BaseURL, Project: project}
}
