package manage

import (
	"context"
	"slices"
	"strings"

	"github.com/bellwire/bellwire/internal/payload"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// rebuild fills in the bodies that were sent. The log keeps an event's payload
// once; a body follows from it, the settings version and, for one format, the
// secret of the attempt.
func (s *Service) rebuild(ctx context.Context, row webhook.DeliveryRow, event webhook.Event, attempts []AttemptDetail) error {
	if len(attempts) == 0 {
		return nil
	}
	if event.Data == nil {
		for i := range attempts {
			attempts[i].BodyNote = "the event's payload has been expunged"
		}
		return nil
	}
	versions := map[int64]webhook.Endpoint{}
	var secrets []webhook.Secret
	for i := range attempts {
		a := &attempts[i]
		e, known := versions[a.EndpointVersion]
		if !known {
			var err error
			e, err = s.Store.EndpointVersion(ctx, row.ProjectID, row.EndpointID, a.EndpointVersion)
			if webhook.KindOf(err) == webhook.KindNotFound {
				a.BodyNote = "the endpoint's settings of that time are gone"
				continue
			}
			if err != nil {
				return err
			}
			versions[a.EndpointVersion] = e
		}
		if e.Kind == webhook.KindSlack {
			if e.Channel != nil {
				a.Request.Body = s.SlackMessage(row.ProjectID, event).JSON(e.Channel.ID)
			}
			continue
		}
		value := ""
		if wire.BodyDependsOnSecret(e.Format) {
			if secrets == nil {
				var err error
				if secrets, err = s.Store.Secrets(ctx, row.ProjectID, row.EndpointID); err != nil {
					return err
				}
			}
			value, a.BodyNote = s.secretOf(secrets, a.SecretID)
		}
		if e.Template != "" {
			a.Request.Body, a.BodyNote = s.filledAgain(e, event)
			continue
		}
		a.Request.Body = wire.Body(e.Format, e.Custom, event, value)
	}
	return nil
}

// filledAgain is the body that a template made, without the values of secret
// headers that it may have held.
func (s *Service) filledAgain(e webhook.Endpoint, event webhook.Event) (body []byte, note string) {
	hidden := map[string]string{}
	for _, h := range e.Headers {
		if h.Secret {
			hidden[h.Name] = masked
		}
	}
	body, _, err := payload.Fill(e.Template, event, hidden)
	if err != nil {
		return nil, "the template of that time makes no body of this event: " + err.Error()
	}
	if strings.Contains(e.Template, "secret") {
		note = "values of secret headers are masked"
	}
	return body, note
}

// secretOf opens the secret that an attempt was signed with. It also answers a
// note if that can't be done: the rest of the body is right all the same.
func (s *Service) secretOf(secrets []webhook.Secret, id webhook.SecretID) (value, note string) {
	at := slices.IndexFunc(secrets, func(c webhook.Secret) bool { return c.ID == id })
	if at < 0 || secrets[at].Sealed == nil {
		return "", "the secret of that time has been wiped, so the member signature differs from what was sent"
	}
	value, err := s.open(secrets[at])
	if err != nil {
		return "", "the secret of that time can't be read, so the member signature differs from what was sent"
	}
	return value, ""
}

// plainHeaders are sent headers that tell nothing secret; in lower case.
var plainHeaders = []string{"content-type", "user-agent", "content-length", "webhook-id", "webhook-timestamp", "x-bellwire-delivery-id",
	"x-bellwire-attempt-id", "x-bellwire-attempt", "x-bellwire-hop", "x-webhook-id", "x-github-delivery", "x-github-event"}

// maskAttempt hides what carries tokens: path and query of the URL, headers of
// the developer's own, cookies and targets in the answer.
func maskAttempt(a webhook.Attempt) webhook.Attempt {
	if a.Request.URL != "" {
		a.Request.URL = MaskURL(a.Request.URL)
	}
	a.Request.Headers = maskLines(a.Request.Headers, func(name string) bool { return !slices.Contains(plainHeaders, name) })
	a.Response.Headers = maskLines(a.Response.Headers, func(name string) bool { return name == "set-cookie" || name == "location" })
	return a
}

func maskLines(lines []webhook.HeaderLine, hide func(lower string) bool) []webhook.HeaderLine {
	shown := slices.Clone(lines)
	for i := range shown {
		if hide(strings.ToLower(shown[i].Name)) {
			shown[i].Value = masked
		}
	}
	return shown
}
