package manage

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// maxChannels is how many channels are chosen at once.
const maxChannels = 20

// channelID is what Slack's ids of channels look like.
var channelID = regexp.MustCompile(`^[A-Z][A-Z0-9]{2,30}$`)

// CreateSlackEndpoints makes an endpoint for each channel with the same
// settings, all or none. With several channels the name stands before each
// channel's.
func (s *Service) CreateSlackEndpoints(ctx context.Context, c account.Caller, n NewEndpoint, channels []string) ([]CreatedEndpoint, error) {
	if err := c.May(account.ChangeEndpoint, n.ProjectID); err != nil {
		return nil, err
	}
	if n.Secret != "" {
		return nil, webhook.Invalid("secret", "belongs to webhooks: messages to Slack are not signed")
	}
	topics, _, err := s.Store.Topics(ctx)
	if err != nil {
		return nil, err
	}
	var wrong problems
	chosen, err := s.channelsNamed(ctx, n.ProjectID, channels)
	wrong.add(err)
	made := []CreatedEndpoint{}
	for i := range max(len(chosen), 1) {
		e := s.newSlackEndpoint(n)
		if i < len(chosen) {
			e.Channel = &chosen[i]
		}
		if n.Name != "" && len(chosen) > 1 {
			e.Name = n.Name + " #" + e.Channel.Name
		}
		warnings, err := s.prepare(&e, nil, "", topics)
		wrong.add(err)
		made = append(made, CreatedEndpoint{Endpoint: e, Warnings: warnings})
		if err != nil {
			break // it is the same with every channel
		}
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	var endpoints []webhook.Endpoint
	var entries []webhook.AuditEntry
	for _, m := range made {
		endpoints = append(endpoints, m.Endpoint)
		entries = append(entries, s.entry(c, "endpoint.created", aboutEndpoint(m.Endpoint), whereTo(m.Endpoint)))
	}
	return made, s.Store.CreateEndpoints(ctx, endpoints, entries)
}

// createSlackEndpoint makes one, for the channel of its settings.
func (s *Service) createSlackEndpoint(ctx context.Context, c account.Caller, n NewEndpoint) (CreatedEndpoint, error) {
	var ids []string
	if n.Channel != nil {
		ids = []string{n.Channel.ID}
	}
	made, err := s.CreateSlackEndpoints(ctx, c, n, ids)
	if err != nil {
		return CreatedEndpoint{}, err
	}
	return made[0], nil
}

// moveChannel puts another channel into settings; nil leaves the present one.
func (s *Service) moveChannel(ctx context.Context, e *webhook.Endpoint, id *string) error {
	if id == nil || e.Channel != nil && e.Channel.ID == *id {
		return nil
	}
	if e.Kind != webhook.KindSlack {
		return webhook.Invalid("channel", "belongs to kind slack")
	}
	channel, err := s.channelNamed(ctx, e.ProjectID, *id)
	e.Channel = &channel
	return err
}

func (s *Service) newSlackEndpoint(n NewEndpoint) webhook.Endpoint {
	now := s.now()
	e := webhook.Endpoint{
		ID: webhook.EndpointID{UUID: mint.UUID(now)}, ProjectID: n.ProjectID, Version: 1, Settings: n.Settings,
		State: webhook.EndpointActive, CreatedAt: now, UpdatedAt: now,
	}
	e.Kind = webhook.KindSlack
	return e
}

// channelsNamed finds channels by their ids.
func (s *Service) channelsNamed(ctx context.Context, project webhook.ProjectID, ids []string) ([]webhook.SlackChannel, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	switch {
	case len(ids) == 0:
		return nil, webhook.Invalid("channel", "is missing: choose a channel")
	case len(ids) > maxChannels:
		return nil, webhook.Invalid("channel", "at most %d can be chosen at once", maxChannels)
	}
	var found []webhook.SlackChannel
	for _, id := range ids {
		channel, err := s.channelNamed(ctx, project, id)
		if err != nil {
			return nil, err
		}
		found = append(found, channel)
	}
	return found, nil
}

// channelNamed is a channel as Slack lists it; one that is not listed, such as
// one of a workspace with very many, is taken as it stands.
func (s *Service) channelNamed(ctx context.Context, project webhook.ProjectID, id string) (webhook.SlackChannel, error) {
	if !channelID.MatchString(id) {
		return webhook.SlackChannel{}, webhook.Invalid("channel", "%q is no id of a channel, such as C0123456789", id)
	}
	all, err := s.allChannels(ctx, project)
	if webhook.KindOf(err) == webhook.KindConflict {
		return webhook.SlackChannel{}, webhook.Invalid("channel", "%s", err.Error())
	}
	if err != nil {
		return webhook.SlackChannel{}, err
	}
	if at := slices.IndexFunc(all.List, func(ch webhook.SlackChannel) bool { return ch.ID == id }); at >= 0 {
		return all.List[at], nil
	}
	return webhook.SlackChannel{ID: id, Name: id}, nil
}

// completeSlack fills in and checks what is different for channels.
func completeSlack(set *webhook.Settings) error {
	var wrong problems
	set.Format = webhook.FormatSlack
	if set.Custom != nil {
		wrong.add(webhook.Invalid("custom", "belongs to webhooks"))
	}
	if len(set.Headers) > 0 {
		wrong.add(webhook.Invalid("headers", "belong to webhooks"))
	}
	if set.RatePerSecond == 0 {
		set.RatePerSecond = webhook.SlackRate
	}
	if set.Channel == nil {
		return wrong.err() // said where it was looked for
	}
	set.URL = "#" + set.Channel.Name
	if set.Name == "" {
		set.Name = set.URL
	}
	return wrong.err()
}

// whereTo names an endpoint's destination without what may be a token.
func whereTo(e webhook.Endpoint) string {
	if e.Kind == webhook.KindSlack {
		return e.URL
	}
	return MaskURL(e.URL)
}

// signs refuses what has to do with signing secrets for endpoints that have
// none.
func signs(e webhook.Endpoint) error {
	if e.Kind == webhook.KindSlack {
		return webhook.Conflict("messages to Slack are not signed: this endpoint has no signing secret")
	}
	return nil
}

// ready refuses to resume an endpoint that would be held again at once.
func (s *Service) ready(ctx context.Context, e webhook.Endpoint) error {
	if e.Kind != webhook.KindSlack {
		return nil
	}
	_, err := s.Store.SlackInstall(ctx, e.ProjectID)
	if webhook.KindOf(err) == webhook.KindNotFound {
		return webhook.Conflict("the project is not connected to Slack: connect it, and its endpoints go on by themselves")
	}
	return err
}

func exampleData(topic webhook.Topic) []byte {
	if topic.Example == nil {
		return []byte("{}")
	}
	return topic.Example
}

// SlackTopic is the topic whose example a dry run posts: the wished one, or the
// first that the patterns take.
func (s *Service) SlackTopic(ctx context.Context, patterns []string, wished string) (webhook.Topic, error) {
	topics, _, err := s.Store.Topics(ctx)
	if err != nil {
		return webhook.Topic{}, err
	}
	topic, err := testTopic(webhook.Endpoint{Settings: webhook.Settings{Topics: patterns}}, topics, wished)
	if err != nil {
		return topic, fmt.Errorf("choose an example: %w", err)
	}
	return topic, nil
}
