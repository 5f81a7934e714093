package manage

import (
	"context"
	"errors"
	"slices"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Registration is the short way to register an endpoint, in either of two
// spellings: URL and Events, or EventType and CallbackURL.
type Registration struct {
	ProjectID   webhook.ProjectID
	URL         string
	Events      []string
	Secret      string
	Format      webhook.FormatName
	Description string
	EventType   string
	CallbackURL string
}

// RegisterWebhook makes an endpoint from a registration. Wrong places are named
// in the spelling that was used.
func (s *Service) RegisterWebhook(ctx context.Context, c account.Caller, r Registration) (CreatedEndpoint, error) {
	project, err := scope(c, account.ChangeEndpoint, r.ProjectID)
	if err != nil {
		return CreatedEndpoint{}, err
	}
	short := r.EventType != "" || r.CallbackURL != ""
	if short && (r.URL != "" || len(r.Events) > 0) {
		return CreatedEndpoint{}, webhook.Invalid("event_type", "and callback_url stand in place of url and events: use one spelling")
	}
	n := NewEndpoint{ProjectID: project, Secret: r.Secret}
	n.Name, n.URL, n.Topics, n.Format = r.Description, r.URL, r.Events, r.Format
	if short {
		n.URL, n.Topics = r.CallbackURL, nil
		if r.EventType != "" {
			n.Topics = []string{r.EventType}
		}
		if n.Format == "" {
			if n.Format, err = s.shortFormat(ctx, r.EventType); err != nil {
				return CreatedEndpoint{}, err
			}
		}
	}
	created, err := s.CreateEndpoint(ctx, c, n)
	return created, respelled(err, short)
}

// shortFormat is "plain" for an operator's own topic: the receivers that
// register this way read that one. Empty leaves the choice to the group.
func (s *Service) shortFormat(ctx context.Context, topic string) (webhook.FormatName, error) {
	topics, _, err := s.Store.Topics(ctx)
	if err != nil {
		return "", err
	}
	own := slices.ContainsFunc(topics, func(t webhook.Topic) bool { return t.Name == topic && t.Group == webhook.GroupCustom })
	if own {
		return webhook.FormatPlain, nil
	}
	return "", nil
}

// respelled puts the places of an error into the members of the registration.
func respelled(err error, short bool) error {
	var e *webhook.Error
	if !errors.As(err, &e) || e.Kind != webhook.KindInvalid {
		return err
	}
	if !short {
		return moved(moved(err, "topics", "events"), "name", "description")
	}
	err = moved(moved(err, "topics[0]", "event_type"), "topics", "event_type")
	return moved(moved(err, "url", "callback_url"), "name", "description")
}
