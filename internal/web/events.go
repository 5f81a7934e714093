package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/events"
)

// eventPages show what was published and publish test events.
func (w *Web) eventPages() []line {
	return []line{
		{get, "/p/:project/events", member, w.listEvents},
		{get, "/p/:project/events/new", member, w.newEvent},
		{post, "/p/:project/events/new", member, w.publishEvent},
		{post, "/p/:project/events/preview", member, w.previewEvent},
		{get, "/p/:project/events/:event", member, w.showEvent},
		{post, "/p/:project/events/:event", member, w.showEvent},
		{get, "/p/:project/events/:event/data", member, w.eventData},
		{post, "/p/:project/events/:event/resend", member, w.resendEvent},
		{post, "/p/:project/events/:event/expunge", member, w.expungeEvent},
	}
}

func (w *Web) listEvents(c *gin.Context) error {
	f, wrong := w.eventFilter(c)
	var page webhook.Page[webhook.Event]
	var err error
	if len(wrong) == 0 {
		page, err = w.Manage.Events(c.Request.Context(), w.caller(c), f)
		if mistaken, ok := mistakes(err); ok {
			wrong = mistaken
		} else if err != nil {
			return err
		}
	}
	m, err := w.eventListModel(c, f, wrong)
	if err != nil {
		return err
	}
	m.Pager = pager(c, page.Next, searchedBack(page.SearchedBackTo))
	m.NoFound = w.caller(c).PayloadOf(f.ProjectID) != account.PayloadOpen
	if m.Rows, err = w.eventRows(c, page.Items); err != nil {
		return err
	}
	status := http.StatusOK
	if len(wrong) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return w.render(c, status, events.List(m))
}

// eventFilter reads the filter from the address.
func (w *Web) eventFilter(c *gin.Context) (webhook.EventFilter, map[string]string) {
	f := webhook.EventFilter{
		ProjectID: w.project(c).ID, Topic: strings.TrimSpace(c.Query("topic")), Query: strings.TrimSpace(c.Query("q")), Cursor: c.Query("cursor"),
	}
	var wrong map[string]string
	f.Since, f.Until, wrong = w.times(c)
	return f, wrong
}

// times reads "range", "since" and "until" from the address.
func (w *Web) times(c *gin.Context) (since, until time.Time, wrong map[string]string) {
	wrong = map[string]string{}
	for _, r := range ranges {
		if c.Query("range") == r.name {
			since = w.Now().Add(-r.span)
		}
	}
	for name, into := range map[string]*time.Time{"since": &since, "until": &until} {
		raw := c.Query(name)
		if raw == "" {
			continue
		}
		at, err := time.Parse("2006-01-02T15:04", raw)
		if err != nil {
			wrong[name] = "is a time like 2026-01-24T10:30, in UTC"
			continue
		}
		*into = at
	}
	return since, until, wrong
}

func (w *Web) eventListModel(c *gin.Context, f webhook.EventFilter, wrong map[string]string) (events.ListModel, error) {
	shell, err := w.shell(c, atEvents, "Events", component.Link{Label: "Events"})
	if err != nil {
		return events.ListModel{}, err
	}
	m := events.ListModel{
		Shell: shell, Action: under(f.ProjectID, "events"), Mistakes: besides(wrong, "q", "since", "until"), Sentence: eventSentence(c), Ranges: rangeChips(c),
		Query: component.Input{Value: f.Query, Error: wrong["q"]}, Empty: w.noEvents(c),
		Since:     component.Input{Value: c.Query("since"), Error: wrong["since"]},
		Until:     component.Input{Value: c.Query("until"), Error: wrong["until"]},
		TimesOpen: c.Query("since")+c.Query("until") != "",
	}
	if kept := c.Query("range"); kept != "" {
		m.Kept = []component.Option{{Label: "range", Value: kept}}
	}
	if m.Topics, err = w.topicOptions(c, f.Topic); err != nil {
		return m, err
	}
	if filtered(c) {
		m.ClearURL = m.Action
	}
	if f.Cursor == "" && len(wrong) == 0 {
		m.Live = component.Live{URL: c.Request.URL.RequestURI()}
	}
	if w.caller(c).May(account.Publish, f.ProjectID) == nil {
		m.PublishURL = newEventURL(f.ProjectID, f.Topic)
	}
	return m, nil
}

func newEventURL(project webhook.ProjectID, topic string) string {
	address := under(project, "events", "new")
	if topic != "" {
		address += "?topic=" + url.QueryEscape(topic)
	}
	return address
}

// filtered reports whether the address narrows a list.
func filtered(c *gin.Context) bool {
	for name, values := range c.Request.URL.Query() {
		if name != "cursor" && strings.Join(values, "") != "" {
			return true
		}
	}
	return false
}

// eventSentence reads the filter out: "product.viewed · found by p_1 · last
// 24 h".
func eventSentence(c *gin.Context) string {
	var parts []string
	if topic := c.Query("topic"); topic != "" {
		parts = append(parts, topic)
	}
	if q := strings.TrimSpace(c.Query("q")); q != "" {
		parts = append(parts, "found by "+q)
	}
	parts = append(parts, spanWords(c)...)
	if len(parts) == 0 {
		return "all events, newest first"
	}
	return strings.Join(parts, " · ")
}

// spanWords read the time of a filter out.
func spanWords(c *gin.Context) []string {
	var parts []string
	for _, r := range ranges {
		if c.Query("range") == r.name && c.Query("since") == "" {
			parts = append(parts, r.label)
		}
	}
	for _, name := range []string{"since", "until"} {
		if raw := c.Query(name); raw != "" {
			parts = append(parts, name+" "+strings.Replace(raw, "T", " ", 1)+" UTC")
		}
	}
	return parts
}

func (w *Web) noEvents(c *gin.Context) component.EmptyModel {
	project := w.project(c).ID
	if filtered(c) {
		return component.EmptyModel{
			Title: "Nothing matches", Text: missedWords(c),
			Action: component.Link{Label: "See all events", URL: under(project, "events")},
		}
	}
	m := component.EmptyModel{
		Title: "Nothing was published yet", Text: "An event is one thing that happened. Publish the first from here, or from your program with an API key of the scope publish:",
		Command: w.publishCommand("product.viewed", `{"productId":"prod_1"}`),
	}
	if w.caller(c).May(account.Publish, project) == nil {
		m.Action = component.Link{Label: "Publish a test event", URL: newEventURL(project, "")}
	}
	return m
}

// missedWords say what was looked for in vain.
func missedWords(c *gin.Context) string {
	whole := strings.TrimSpace(c.Query("q"))
	query := inQuotes(whole)
	_, short := webhook.ParseShortID(whole)
	switch {
	case whole == "":
		return "No event fits this filter."
	case short:
		return query + " was looked for as a shortened id, in vain: no endpoint of this project has it, nor has one of the newest events and deliveries. Try the whole id."
	case c.Query(sought) != "":
		return query + " was looked for in the names and URLs of the endpoints, in the names of the topics, and among the events as a whole value of a search key."
	}
	return "No event that fits has " + query + " as its id or as the whole value of one of its topic's search keys."
}

// publishCommand is a line that publishes an event; KEY is left to fill in.
func (w *Web) publishCommand(topic, data string) string {
	return fmt.Sprintf("curl -X POST %s/api/v1/events -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' -d %s",
		w.BaseURL, quote(fmt.Sprintf(`{"topic":%q,"data":%s}`, topic, data)))
}

// programCommand is publishCommand for those who have our own program.
func (w *Web) programCommand(topic, data string) string {
	return fmt.Sprintf("bellwire publish --url %s --key KEY --topic %s --data %s", w.BaseURL, topic, quote(data))
}

// widest is the most deliveries of one event that a list counts the outcomes
// of.
const widest = 1000

func (w *Web) eventRows(c *gin.Context, list []webhook.Event) ([]events.Row, error) {
	project := w.project(c).ID
	var ids []webhook.EventID
	for _, e := range list {
		if e.Deliveries <= widest {
			ids = append(ids, e.ID)
		}
	}
	outcomes, err := w.Manage.Outcomes(c.Request.Context(), w.caller(c), project, ids)
	if err != nil {
		return nil, err
	}
	var rows []events.Row
	for _, e := range list {
		rows = append(rows, presentEvent(project, e, outcomes[e.ID], w.Now()))
	}
	return rows, nil
}

func presentEvent(project webhook.ProjectID, e webhook.Event, o webhook.Outcomes, now time.Time) events.Row {
	row := events.Row{
		URL: pathEvent(project, e.ID), ID: e.ID.String(), Topic: e.Topic,
		By: e.PublishedBy.Name, Found: e.Search, At: moment(e.AcceptedAt, now),
	}
	row.Got, row.GotWords = gotIt(e, o)
	if e.Audience == webhook.AudienceAll {
		row.Audience = "all"
	}
	return row
}

// gotIt says how an event went, short and in full.
func gotIt(e webhook.Event, o webhook.Outcomes) (component.Mark, string) {
	words := fmt.Sprintf("%d of %s got it", o.Delivered, plural(int64(o.Made), "endpoint", "endpoints"))
	short := fmt.Sprintf("%d of %d", o.Delivered, o.Made)
	switch {
	case e.Deliveries > widest:
		return component.Mark{Tone: component.Neutral, Text: "for " + count(int64(e.Deliveries))}, "for " + count(int64(e.Deliveries)) + " endpoints; its page says how it went"
	case o.Made == 0:
		return component.Mark{Tone: component.Quiet, Text: "nobody"}, "no endpoint took it; its page says why"
	case o.Delivered == o.Made:
		return component.Mark{Tone: component.Good, Text: short}, words
	case o.Live > 0:
		return component.Mark{Tone: component.Retry, Text: short}, words + " so far; the rest is under way or held"
	}
	return component.Mark{Tone: component.Bad, Text: short}, words + "; nothing more is tried"
}
