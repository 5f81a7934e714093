package web

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// previewSamples is how many matching events the preview names.
const previewSamples = 5

// previewSecret signs previews. It is public, so it is worth nothing.
var previewSecret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("preview only, not a real secret!"))

// unknownURL stands in a preview's request line until there is a URL.
const unknownURL = "https://…"

// preview shows what settings that are not saved yet would do: which of the
// last events match, and the request that would be sent.
func (w *Web) preview(c *gin.Context, in endpointInput, topics []webhook.Topic) (*endpoints.PreviewModel, error) {
	set := in.settings()
	m := &endpoints.PreviewModel{}
	if err := w.previewMatches(c, in, set, m); err != nil {
		return nil, err
	}
	reached := reachedTopics(set.Topics, topics)
	if set.Format == "" {
		set.Format = webhook.DefaultFormat(groupsOf(reached))
	}
	if m.Problem = w.unsendable(in, set, reached); m.Problem == "" {
		w.previewRequest(set, reached, m)
	}
	return m, nil
}

func (w *Web) previewMatches(c *gin.Context, in endpointInput, set webhook.Settings, m *endpoints.PreviewModel) error {
	project := w.project(c).ID
	if len(set.Topics) == 0 {
		m.Matches = component.Mark{Tone: component.Neutral, Text: "tick a topic to see what matches"}
		return nil
	}
	found, err := w.Manage.PreviewMatches(c.Request.Context(), w.caller(c), project, set)
	if wrong, ok := mistakes(err); ok {
		m.Matches = component.Mark{Tone: component.Bad, Text: endpointFaults(wrong, len(in.ticked)).mistakes[0].Text}
		return nil
	}
	if err != nil {
		return err
	}
	switch matched := len(found.Matched); {
	case found.Looked == 0:
		m.Matches = component.Mark{Tone: component.Neutral, Text: "no event was published yet to try this on"}
	case matched == 0:
		m.Matches = component.Mark{Tone: component.Bad, Text: "matches none of the last " + plural(int64(found.Looked), "event", "events")}
	default:
		m.Matches = component.Mark{Tone: component.Good, Text: fmt.Sprintf("matches %d of the last %s", matched, plural(int64(found.Looked), "event", "events"))}
	}
	for _, ev := range found.Matched[:min(len(found.Matched), previewSamples)] {
		m.Samples = append(m.Samples, component.Link{Label: ev.Topic + " · " + relative(ev.AcceptedAt, w.Now()), URL: pathEvent(project, ev.ID)})
	}
	return nil
}

// reachedTopics are those that patterns take, in the patterns' order.
func reachedTopics(patterns []string, topics []webhook.Topic) []webhook.Topic {
	var reached []webhook.Topic
	for _, pattern := range patterns {
		for _, t := range topics {
			known := slices.ContainsFunc(reached, func(r webhook.Topic) bool { return r.Name == t.Name })
			if !known && filter.Topic(pattern, t.Name) {
				reached = append(reached, t)
			}
		}
	}
	return reached
}

func groupsOf(topics []webhook.Topic) []webhook.Group {
	var groups []webhook.Group
	for _, t := range topics {
		if !slices.Contains(groups, t.Group) {
			groups = append(groups, t.Group)
		}
	}
	return groups
}

// unsendable says why there is no request to show yet; empty if there is.
func (w *Web) unsendable(in endpointInput, set webhook.Settings, reached []webhook.Topic) string {
	if len(reached) == 0 {
		return "Tick a topic to see the request that would be sent."
	}
	var err error
	if set.URL != "" {
		_, err = w.Manage.URLs.CheckURL(set.URL)
	}
	if err == nil && set.Format == webhook.FormatCustom {
		err = wire.CheckCustom(set.Custom)
	}
	if err == nil {
		err = wire.CheckHeaders(set.Headers, set.Format, set.Custom)
	}
	if wrong, ok := mistakes(err); ok {
		return sentence(endpointFaults(wrong, len(in.ticked)).mistakes[0].Text)
	}
	return ""
}

// previewRequest builds the first topic's example the way it would go out, but
// for the secret, which is a made-up one.
func (w *Web) previewRequest(set webhook.Settings, reached []webhook.Topic, m *endpoints.PreviewModel) {
	now, topic := w.Now(), reached[0]
	secret := webhook.Secret{ID: webhook.SecretID{UUID: mint.UUID(now)}, Value: previewSecret, ActiveFrom: now}
	built, err := wire.Build(wire.Message{
		Event: webhook.Event{
			ID: webhook.EventID{UUID: mint.UUID(now)}, Topic: topic.Name, Data: exampleOf(topic), OccurredAt: now, AcceptedAt: now,
		},
		Format: set.Format, Custom: set.Custom, Signing: webhook.Signing{Current: &secret}, SentAt: now, Attempt: 1,
		DeliveryID: webhook.DeliveryID{UUID: mint.UUID(now)}, AttemptID: webhook.AttemptID{UUID: mint.UUID(now)},
		Headers: hideSecret(set.Headers), Version: w.Manage.Facts.Version,
	})
	if err != nil {
		m.Problem = sentence(err.Error())
		return
	}
	target := set.URL
	if target == "" {
		target = unknownURL
	}
	m.Line, m.Headers = "POST "+target, presentHeaders(built.Headers)
	m.Body = presentBody(built.Body, "the example of "+topic.Name+", signed with a made-up secret")
	m.Notes = previewNotes(set, reached)
}

func exampleOf(t webhook.Topic) []byte {
	if len(t.Example) == 0 {
		return []byte("{}")
	}
	return t.Example
}

// hideSecret masks the values of secret headers: a preview is no place for
// them.
func hideSecret(headers []webhook.Header) []webhook.Header {
	shown := slices.Clone(headers)
	for i := range shown {
		if shown[i].Secret {
			shown[i].Value = "****"
		}
	}
	return shown
}

// previewNotes say what the format does to the data that its publisher may
// not expect.
func previewNotes(set webhook.Settings, reached []webhook.Topic) []string {
	var notes []string
	for _, t := range reached {
		for _, member := range wire.LeftOut(set.Format, set.Custom, exampleOf(t)) {
			notes = append(notes, fmt.Sprintf("The member %s of %s is left out: the envelope has one of that name.", member, t.Name))
		}
		if set.Format != webhook.FormatAICommerce {
			continue
		}
		if lost := rawjson.Lossy(exampleOf(t)); len(lost) > 0 {
			notes = append(notes, fmt.Sprintf("Of %s this format loses digits at %s: JavaScript, which its receivers verify with, can't keep them.",
				t.Name, strings.Join(lost, ", ")))
		}
	}
	if set.Format == webhook.FormatAbv && set.Timeout > 0 && set.Timeout < webhook.MaxTimeout {
		notes = append(notes, fmt.Sprintf("The document of this format gives receivers 30 seconds; the timeout is %s.", span(set.Timeout)))
	}
	return notes
}
