package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/events"
)

func (w *Web) listEvents(c *gin.Context) error {
	project := w.project(c)
	f := webhook.EventFilter{
		ProjectID: project.ID, Topic: strings.TrimSpace(c.Query("topic")), Query: strings.TrimSpace(c.Query("q")), Cursor: c.Query("cursor"),
	}
	for _, r := range ranges {
		if c.Query("range") == r.name {
			f.Since = w.Now().Add(-r.span)
		}
	}
	page, err := w.Manage.Events(c.Request.Context(), w.caller(c), f)
	if err != nil {
		return err
	}
	shell, err := w.shell(c, atEvents, "Events", component.Link{Label: "Events"})
	if err != nil {
		return err
	}
	m := events.ListModel{
		Shell: shell, Action: under(project.ID, "events"), Query: f.Query, Ranges: rangeChips(c),
		Pager: pager(c, page.Next, searchedBack(page.SearchedBackTo)), Empty: w.noEvents(c),
	}
	if m.Topics, err = w.topicOptions(c, f.Topic); err != nil {
		return err
	}
	if c.Request.URL.RawQuery != "" {
		m.ClearURL = m.Action
	}
	if f.Cursor == "" {
		m.Live = component.Live{URL: c.Request.URL.RequestURI()}
	}
	now := w.Now()
	for _, e := range page.Items {
		m.Rows = append(m.Rows, presentEvent(project.ID, e, now))
	}
	return w.render(c, http.StatusOK, events.List(m))
}

func (w *Web) noEvents(c *gin.Context) component.EmptyModel {
	if c.Request.URL.RawQuery != "" {
		return component.EmptyModel{Title: "Nothing matches", Text: "No event fits this filter. Widen it or clear it."}
	}
	return component.EmptyModel{
		Title: "Nothing was published yet", Text: "Publish an event with an API key that has the scope publish.",
		Command: w.publishCommand("product.viewed", `{"productId":"prod_1"}`),
	}
}

// publishCommand is a line that publishes an event; KEY is left to fill in.
func (w *Web) publishCommand(topic, data string) string {
	return fmt.Sprintf("curl -X POST %s/api/v1/events -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' -d %s",
		w.BaseURL, quote(fmt.Sprintf(`{"topic":%q,"data":%s}`, topic, data)))
}

func presentEvent(project webhook.ProjectID, e webhook.Event, now time.Time) events.Row {
	row := events.Row{
		URL: pathEvent(project, e.ID), ID: e.ID.String(), Topic: e.Topic, Deliveries: count(int64(e.Deliveries)),
		By: e.PublishedBy.Name, Found: e.Search, At: moment(e.AcceptedAt, now),
	}
	if e.Audience == webhook.AudienceAll {
		row.Audience = "all"
	}
	if e.FanOut {
		row.Deliveries = "many"
	}
	return row
}

func (w *Web) showEvent(c *gin.Context) error {
	id, err := webhook.ParseUUID(c.Param("event"))
	if err != nil {
		return webhook.NotFound("there is no such event")
	}
	project, caller := w.project(c), w.caller(c)
	d, err := w.Manage.Event(c.Request.Context(), caller, project.ID, webhook.EventID{UUID: id}, "")
	if err != nil {
		return err
	}
	shell, err := w.shell(c, atEvents, d.Topic, component.Link{Label: "Events", URL: under(project.ID, "events")}, component.Link{Label: d.Topic})
	if err != nil {
		return err
	}
	m := presentEventPage(project.ID, d, w.Now())
	m.Shell = shell
	if d.Audience == webhook.AudienceProject && d.ExpungedAt.IsZero() && caller.May(account.Expunge, project.ID) == nil {
		m.Expunge = component.ConfirmModel{
			ID: "expunge", Label: "Expunge the payload", Title: "Expunge this payload?", Danger: true, Submit: "Expunge",
			Consequence: "The data is removed for good and can't be sent again; waiting deliveries are cancelled. The log's rows stay.",
			URL:         pathEvent(project.ID, d.ID, "expunge"),
		}
	}
	return w.render(c, http.StatusOK, events.Show(m))
}

func presentEventPage(project webhook.ProjectID, d manage.EventDetail, now time.Time) events.ShowModel {
	m := events.ShowModel{
		ID: d.ID.String(), Topic: d.Topic, TopicURL: under(project, "topics", d.Topic), Occurred: moment(d.OccurredAt, now),
		Accepted: moment(d.AcceptedAt, now), By: d.PublishedBy.Name, Audience: "this project", Key: d.Key,
		Payload: presentBody(d.Data, ""),
	}
	if d.Audience == webhook.AudienceAll {
		m.Audience = "all projects that subscribe"
	}
	switch {
	case !d.ExpungedAt.IsZero():
		m.Payload.Note = "Expunged " + relative(d.ExpungedAt, now) + ": the data is gone for good."
		m.Unexplained = "Why another endpoint did not get it can't be explained any more: matching needs the payload."
	case d.Hidden:
		m.Payload.Note = hiddenNote
	}
	got := map[webhook.EndpointID]bool{}
	delivered := map[webhook.EndpointID]bool{}
	for _, row := range d.Deliveries {
		got[row.EndpointID] = true
		delivered[row.EndpointID] = delivered[row.EndpointID] || row.State == webhook.Delivered
		line := presentDelivery(row, now)
		m.Receivers = append(m.Receivers, events.Receiver{
			Endpoint: line.Endpoint, EndpointURL: line.EndpointURL, URL: line.URL, Mark: line.Mark, Answer: line.Answer,
			Attempts: line.Attempts, At: line.At, Note: line.Note,
		})
	}
	for _, match := range d.Matches {
		if !got[match.Endpoint.ID] {
			m.Missed = append(m.Missed, presentMissed(match))
		}
	}
	m.Verdict = eventVerdict(got, delivered)
	if d.FanOut {
		m.FanOut = "This event is for many endpoints; their deliveries are made in steps."
	}
	return m
}

func presentMissed(match manage.EventMatch) events.Missed {
	missed := events.Missed{Endpoint: match.Endpoint.Name, EndpointURL: pathEndpoint(match.Endpoint)}
	for _, line := range match.Lines {
		missed.Lines = append(missed.Lines, events.Line{OK: line.OK, What: line.What, Why: line.Why})
	}
	return missed
}

func eventVerdict(got, delivered map[webhook.EndpointID]bool) component.Mark {
	done := 0
	for _, ok := range delivered {
		if ok {
			done++
		}
	}
	switch {
	case len(got) == 0:
		return component.Mark{Tone: component.Quiet, Text: "No endpoint took this event."}
	case done == len(got):
		return component.Mark{Tone: component.Good, Text: plural(int64(done), "endpoint", "endpoints") + " got it."}
	}
	return component.Mark{Tone: component.Retry, Text: fmt.Sprintf("%d of %s got it so far.", done, plural(int64(len(got)), "endpoint", "endpoints"))}
}

func (w *Web) expungeEvent(c *gin.Context) error {
	id, err := webhook.ParseUUID(c.Param("event"))
	if err != nil {
		return webhook.NotFound("there is no such event")
	}
	if err := w.Manage.Expunge(c.Request.Context(), w.caller(c), webhook.EventID{UUID: id}); err != nil {
		return err
	}
	w.done(c, "The payload is gone.")
	return w.redirect(c, pathEvent(w.project(c).ID, webhook.EventID{UUID: id}))
}
