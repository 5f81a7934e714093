package web

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/payload"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// unsendable says why there is no request to show yet; empty if there is.
func (w *Web) unsendable(in endpointInput, set webhook.Settings, reached []webhook.Topic) string {
	if len(reached) == 0 {
		return "Choose a topic to see the request that would be sent."
	}
	if set.Kind == webhook.KindSlack {
		return ""
	}
	var err error
	if set.URL != "" {
		_, err = w.Manage.URLs.CheckURL(set.URL)
	}
	if err == nil && set.Format == webhook.FormatCustom {
		err = wire.CheckCustom(set.Custom)
	}
	if err == nil {
		err = payload.Check(set.Template)
	}
	if err == nil {
		err = wire.CheckHeaders(set.Headers, set.Format, set.Custom)
	}
	if wrong, ok := mistakes(err); ok {
		return sentence(endpointFaults(wrong, len(in.ticked)).mistakes[0].Text)
	}
	return ""
}

// The two kinds of sample, as the form posts them.
const (
	sampleTopic = "topic:"
	samplePast  = "event:"
)

// sampleEvent is the past event that was chosen; zero for none.
func sampleEvent(sample string) webhook.EventID {
	text, _ := strings.CutPrefix(sample, samplePast)
	id, _ := webhook.ParseUUID(text)
	return webhook.EventID{UUID: id}
}

// presentRequest builds the request for the chosen sample the way it would go
// out, but for the secret, which is a made-up one.
func (w *Web) presentRequest(project webhook.ProjectID, in endpointInput, set webhook.Settings, reached []webhook.Topic, found manage.Preview) endpoints.Request {
	var r endpoints.Request
	if r.Problem = w.unsendable(in, set, reached); len(reached) == 0 {
		r.Waiting = true
		return r
	}
	for _, t := range reached[:min(len(reached), previewChoices)] {
		value := sampleTopic + t.Name
		r.Examples = append(r.Examples, component.Option{Value: value, Label: "example of " + t.Name, Selected: value == in.sample})
	}
	for _, ev := range pastChoices(found) {
		value := samplePast + ev.ID.String()
		r.Events = append(r.Events, component.Option{
			Value: value, Label: ev.Topic + " · " + relative(ev.AcceptedAt, w.Now()) + " · …" + ev.ID.String()[30:], Selected: value == in.sample,
		})
	}
	if r.Problem != "" {
		return r
	}
	event, of := w.sample(in.sample, reached, found)
	if set.Kind == webhook.KindSlack {
		r.Of, r.Message = of, w.presentMessage(w.Manage.SlackMessage(project, event))
		return r
	}
	r.Of = of + " Signed with a made-up secret."
	w.fill(&r, set, event)
	r.Notes = append(r.Notes, previewNotes(set, reached)...)
	return r
}

// pastChoices are the events that a request can be shown for: those that
// match, all while none does, and in any case the one that was chosen.
func pastChoices(found manage.Preview) []webhook.Event {
	past := found.Matched
	if len(past) == 0 {
		past = found.Recent
	}
	past = past[:min(len(past), previewChoices)]
	if s := found.Sample; s != nil && !slices.ContainsFunc(past, func(ev webhook.Event) bool { return ev.ID == s.ID }) {
		past = append([]webhook.Event{*s}, past...)
	}
	return past
}

// sample is the event that the request is shown for, and what it is.
func (w *Web) sample(chosen string, reached []webhook.Topic, found manage.Preview) (webhook.Event, string) {
	if found.Sample != nil {
		return *found.Sample, "The event of " + relative(found.Sample.AcceptedAt, w.Now()) + ", as it was published."
	}
	topic := reached[0]
	for _, t := range reached {
		if sampleTopic+t.Name == chosen {
			topic = t
		}
	}
	of := "The example of " + topic.Name + "."
	if strings.HasPrefix(chosen, samplePast) {
		of = "The chosen event is not among the last ones of this project. " + of
	}
	now := w.Now()
	return webhook.Event{
		ID: webhook.EventID{UUID: mint.UUID(now)}, Topic: topic.Name, Data: exampleOf(topic), OccurredAt: now, AcceptedAt: now,
	}, of
}

func (w *Web) fill(r *endpoints.Request, set webhook.Settings, event webhook.Event) {
	now := w.Now()
	secret := webhook.Secret{ID: webhook.SecretID{UUID: mint.UUID(now)}, Value: previewSecret, ActiveFrom: now}
	body, err := previewBody(r, set, event)
	if err != nil {
		r.Problem = sentence(err.Error())
		return
	}
	built, err := wire.Build(wire.Message{
		Body: body, Event: event, Format: set.Format, Custom: set.Custom, Signing: webhook.Signing{Current: &secret}, SentAt: now, Attempt: 1,
		DeliveryID: webhook.DeliveryID{UUID: mint.UUID(now)}, AttemptID: webhook.AttemptID{UUID: mint.UUID(now)},
		Headers: hideSecret(set.Headers), Version: w.Manage.Facts.Version,
	})
	if err != nil {
		r.Problem = sentence(err.Error())
		return
	}
	target := set.URL
	if target == "" {
		target = unknownURL
	}
	r.Line, r.Headers, r.Body = "POST "+target, presentHeaders(built.Headers), presentBody(built.Body, "")
}

// previewBody is what a template makes; nil without one. What the event does not
// have is noted.
func previewBody(r *endpoints.Request, set webhook.Settings, event webhook.Event) ([]byte, error) {
	if set.Template == "" {
		return nil, nil
	}
	hidden := map[string]string{}
	for _, h := range set.Headers {
		if h.Secret {
			hidden[h.Name] = "****"
		}
	}
	body, without, err := payload.Fill(set.Template, event, hidden)
	for _, words := range without {
		r.Notes = append(r.Notes, "Nothing stands for "+words+".")
	}
	return body, err
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
		if set.Template != "" {
			break // what the format does to a body does not happen
		}
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
