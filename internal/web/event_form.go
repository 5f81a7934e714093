package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/events"
)

// eventDraft is a test event on its way to the page: what was typed.
type eventDraft struct {
	topic, data, key string
	// once is the form's own id: sent twice, it publishes once.
	once webhook.UUID
	// from is the event that the form was filled with.
	from webhook.EventID
	// fill brings the topic's example where nothing is typed.
	fill bool
	// wrong are the faults of a refused publish, by place.
	wrong []webhook.Field
	// refused is what a publish was answered that names no place.
	refused string
}

func (w *Web) readDraft(c *gin.Context) eventDraft {
	d := eventDraft{
		topic: c.PostForm("topic"), data: strings.ReplaceAll(c.PostForm("data"), "\r\n", "\n"), key: strings.TrimSpace(c.PostForm("key")),
	}
	var err error
	if d.once, err = webhook.ParseUUID(c.PostForm("once")); err != nil {
		d.once = mint.UUID(w.Now())
	}
	if from, err := webhook.ParseUUID(c.PostForm("from")); err == nil {
		d.from = webhook.EventID{UUID: from}
	}
	return d
}

func (d eventDraft) draft(project webhook.ProjectID) publish.Draft {
	return publish.Draft{Topic: d.topic, Data: []byte(strings.TrimSpace(d.data)), Project: project, Key: d.key}
}

// formKey begins the idempotency keys that forms make for themselves.
const formKey = "page-"

// single is the draft with the form's own key where none was typed. Another
// text makes another event: only the same one sent again counts once.
func (d eventDraft) single(project webhook.ProjectID) publish.Draft {
	draft := d.draft(project)
	if draft.Key == "" {
		sum := sha256.Sum256(append([]byte(draft.Topic+"\x00"), draft.Data...))
		draft.Key = formKey + d.once.String() + "-" + hex.EncodeToString(sum[:8])
	}
	return draft
}

func (w *Web) newEvent(c *gin.Context) error {
	project, caller := w.project(c).ID, w.caller(c)
	if err := caller.May(account.Publish, project); err != nil {
		return err
	}
	d := eventDraft{topic: c.Query("topic"), once: mint.UUID(w.Now()), fill: true}
	if from := c.Query("from"); from != "" {
		id, err := webhook.ParseUUID(from)
		if err != nil {
			return webhook.NotFound("there is no such event")
		}
		source, err := w.Manage.EventData(c.Request.Context(), caller, project, webhook.EventID{UUID: id})
		if err != nil {
			return err
		}
		if len(source.Data) == 0 {
			return webhook.Conflict("the event's payload is gone or hidden, so there is nothing to publish again")
		}
		d.topic, d.data, d.from = source.Topic, pretty(source.Data), source.ID
	}
	return w.showDraft(c, http.StatusOK, d)
}

func (w *Web) publishEvent(c *gin.Context) error {
	project, caller := w.project(c).ID, w.caller(c)
	if err := caller.May(account.Publish, project); err != nil {
		return err
	}
	d := w.readDraft(c)
	switch c.PostForm("do") {
	case events.DoPublish:
	case events.DoExample:
		d.data, d.from, d.fill = "", webhook.EventID{}, true
		return w.showDraft(c, http.StatusOK, d)
	default:
		return w.showDraft(c, http.StatusOK, d)
	}
	receipts, err := w.Publish.Publish(c.Request.Context(), caller, []publish.Draft{d.single(project)})
	if told, ok := refusal(err); ok {
		d.wrong, d.refused = told.Fields, told.Message
		return w.showDraft(c, http.StatusUnprocessableEntity, d)
	}
	if webhook.KindOf(err) == webhook.KindUnavailable {
		w.Log.ErrorContext(c.Request.Context(), "an event of a page was not published", "error", err)
		d.refused = "the database did not answer in time. Nothing typed is lost: publish again, and it counts once"
		return w.showDraft(c, http.StatusServiceUnavailable, d)
	}
	if err != nil {
		return err
	}
	w.published(c, receipts[0], d.key != "")
	return w.redirect(c, pathEvent(project, receipts[0].ID))
}

// published says what came of it on the event's page.
func (w *Web) published(c *gin.Context, r webhook.Receipt, keyed bool) {
	switch {
	case r.Duplicate && keyed:
		w.flash(c, component.Flash{Tone: component.Neutral, Text: "This idempotency key was used for the same event already: here is the first. Nothing new was published."})
	case r.Duplicate:
		w.flash(c, component.Flash{Tone: component.Neutral, Text: "The same form came twice and counted once: here is its event."})
	default:
		w.done(c, "Published.")
		for _, warning := range r.Warnings {
			w.flash(c, component.Flash{Tone: component.Retry, Text: "Taken with a warning: " + warning + "."})
		}
	}
}

// refusal is an error that the form can show: the input is wrong, too large,
// or stands against the present state.
func refusal(err error) (*webhook.Error, bool) {
	told, ok := asTold(err)
	if !ok {
		return nil, false
	}
	switch told.Kind {
	case webhook.KindInvalid, webhook.KindConflict, webhook.KindTooLarge:
		return told, true
	case webhook.KindInternal, webhook.KindUnauthorized, webhook.KindForbidden, webhook.KindNotFound, webhook.KindLimited, webhook.KindUnavailable:
	}
	return nil, false
}

// previewEvent answers the pane beside the form alone.
func (w *Web) previewEvent(c *gin.Context) error {
	if err := w.caller(c).May(account.Publish, w.project(c).ID); err != nil {
		return err
	}
	m, _, err := w.reach(c, w.readDraft(c))
	if err != nil {
		return err
	}
	return w.render(c, http.StatusOK, events.Reach(m))
}

// showDraft draws the form as it was typed, its faults in their places and
// who would get the event beside it.
func (w *Web) showDraft(c *gin.Context, status int, d eventDraft) error {
	project := w.project(c).ID
	topics, err := w.Manage.Topics(c.Request.Context(), w.caller(c))
	if err != nil {
		return err
	}
	chosen := chooseTopic(topics, &d)
	shell, err := w.shell(c, atEvents, "Publish a test event", component.Link{Label: "Events", URL: under(project, "events")}, component.Link{Label: "Publish a test event"})
	if err != nil {
		return err
	}
	m := presentDraft(d, topics)
	m.Shell, m.Action, m.CancelURL = shell, under(project, "events", "new"), under(project, "events")
	m.ReachURL = under(project, "events", "preview")
	m.About = chosen.Description
	if chosen.Name != "" {
		m.AboutURL = under(project, "topics", chosen.Name)
	}
	if chosen.Deprecated {
		m.Deprecated = deprecatedWords
	}
	if !d.from.IsZero() {
		m.From, m.Copied = d.from.String(), component.Link{Label: component.Short(d.from.String()), URL: pathEvent(project, d.from)}
	}
	var faults []webhook.Field
	if m.Reach, faults, err = w.reach(c, d); err != nil {
		return err
	}
	if len(d.wrong) == 0 && d.refused == "" {
		m.Data.Faults = editorFaults(faults, "data", d.data)
		m.TopicError = faultAt(faults, "topic")
		m.Key.Error = faultAt(faults, "idempotencyKey")
	}
	return w.render(c, status, events.Form(m))
}

// chooseTopic settles the topic, the first that can be published if none was
// named, and fills in its example where that is wanted and nothing is typed.
func chooseTopic(topics []webhook.Topic, d *eventDraft) webhook.Topic {
	var chosen webhook.Topic
	for _, t := range topics {
		if publishable(t.Name) && (t.Name == d.topic || d.topic == "" && chosen.Name == "" && !t.Deprecated) {
			chosen = t
		}
	}
	if d.topic == "" {
		d.topic = chosen.Name
	}
	if d.fill && strings.TrimSpace(d.data) == "" {
		d.data = pretty(exampleOf(chosen))
	}
	return chosen
}

func presentDraft(d eventDraft, topics []webhook.Topic) events.FormModel {
	m := events.FormModel{
		Once: d.once.String(), Groups: publishGroups(topics, d.topic), Key: component.Input{Value: d.key, Error: faultAt(d.wrong, "idempotencyKey")},
		TopicError: faultAt(d.wrong, "topic"),
		Data: component.EditorModel{
			Field:  component.FieldModel{Name: "data", Label: "Data", Input: component.Input{Value: d.data}, Rows: 12, Required: true},
			Faults: editorFaults(d.wrong, "data", d.data),
		},
	}
	for _, f := range d.wrong {
		field, _, _ := strings.Cut(strings.ReplaceAll(f.Location, "[", "."), ".")
		if field == "idempotencyKey" {
			field = "key"
		}
		m.Mistakes = append(m.Mistakes, component.Mistake{Field: field, Text: f.Location + " " + f.Message})
	}
	if len(d.wrong) == 0 && d.refused != "" {
		m.Mistakes = []component.Mistake{{Text: sentence(d.refused)}}
	}
	return m
}

// publishGroups are the topics that people may publish, by family.
func publishGroups(topics []webhook.Topic, chosen string) []events.TopicGroup {
	var groups []events.TopicGroup
	known := chosen == ""
	for _, g := range groupTitles {
		group := events.TopicGroup{Title: g.title}
		for _, t := range topics {
			if t.Group != g.group || !publishable(t.Name) {
				continue
			}
			known = known || t.Name == chosen
			label := t.Name
			if t.Deprecated {
				label += " (deprecated)"
			}
			group.Topics = append(group.Topics, component.Option{Value: t.Name, Label: label, Selected: t.Name == chosen})
		}
		if len(group.Topics) > 0 {
			groups = append(groups, group)
		}
	}
	if !known {
		groups = append(groups, events.TopicGroup{Title: "Not in the catalogue", Topics: []component.Option{{Value: chosen, Label: chosen, Selected: true}}})
	}
	return groups
}

// reach says who would get the event as it is typed; what is wrong with it is
// no error but part of the answer.
func (w *Web) reach(c *gin.Context, d eventDraft) (events.ReachModel, []webhook.Field, error) {
	project, caller := w.project(c).ID, w.caller(c)
	trial, err := w.Publish.Try(c.Request.Context(), caller, d.draft(project))
	if err != nil {
		return events.ReachModel{}, nil, err
	}
	m := presentReach(trial)
	if len(m.Gets) > 0 || len(trial.Faults) > 0 || !caller.Could(account.ChangeEndpoint, project) {
		return m, trial.Faults, nil
	}
	if t, err := w.Manage.Topic(c.Request.Context(), caller, d.topic); err != nil {
		return m, nil, err
	} else if !t.Deprecated {
		m.NewURL = under(project, "endpoints", "new") + "?topic=" + url.QueryEscape(d.topic)
	}
	return m, nil, nil
}

// reachNamed is how many endpoints each half of the answer names.
const reachNamed = 50

// moreEndpoints counts those that are not named; empty for none.
func moreEndpoints(n int) string {
	if n <= 0 {
		return ""
	}
	return "and " + plural(int64(n), "more endpoint", "more endpoints")
}

func presentReach(trial publish.Trial) events.ReachModel {
	var m events.ReachModel
	if len(trial.Faults) > 0 {
		m.Verdict = component.Mark{Tone: component.Bad, Text: "it would be refused"}
		for _, f := range trial.Faults {
			m.Notes = append(m.Notes, f.Location+" "+f.Message)
		}
		return m
	}
	m.Taken = true
	for _, warning := range trial.Warnings {
		m.Notes = append(m.Notes, "Taken with a warning: "+warning)
	}
	if trial.Suspended {
		m.Notes = append(m.Notes, "The project is suspended: its deliveries are held until an operator lifts that.")
	}
	gets, misses := 0, 0
	for _, match := range trial.Matches {
		if !match.Matched {
			if misses++; misses <= reachNamed {
				m.Miss = append(m.Miss, presentMissed(match.Endpoint, match.Explanation))
			}
			continue
		}
		if gets++; gets > reachNamed {
			continue
		}
		reached := events.Reached{Endpoint: match.Endpoint.Name, URL: pathEndpoint(match.Endpoint)}
		if len(match.Lines) > 0 {
			reached.Why = match.Lines[0].Why
		}
		if match.Endpoint.State == webhook.EndpointPaused {
			reached.Note = "It is paused: the delivery is held until it is resumed."
		}
		m.Gets = append(m.Gets, reached)
	}
	m.MoreGets, m.MoreMiss = moreEndpoints(gets-len(m.Gets)), moreEndpoints(misses-len(m.Miss))
	switch all := len(trial.Matches); {
	case all == 0:
		m.Verdict = component.Mark{Tone: component.Quiet, Text: "nobody: the project has no endpoint yet"}
	case gets == 0:
		m.Verdict = component.Mark{Tone: component.Quiet, Text: "nobody: none of " + plural(int64(all), "endpoint", "endpoints") + " takes it"}
	default:
		m.Verdict = component.Mark{Tone: component.Good, Text: count(int64(gets)) + " of " + plural(int64(all), "endpoint", "endpoints")}
	}
	return m
}
