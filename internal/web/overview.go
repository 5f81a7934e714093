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
	"github.com/bellwire/bellwire/views/overview"
)

// projectPages are those of a project that are not its log or its endpoints.
func (w *Web) projectPages() []line {
	return []line{
		{get, "/p/:project", member, w.showOverview},
		{get, "/p/:project/search", member, w.search},
		{get, "/p/:project/topics", member, w.listTopics},
		{get, "/p/:project/topics/:topic", member, w.showTopic},
	}
}

// lastFailures is how many the overview names.
const lastFailures = 8

func (w *Web) showOverview(c *gin.Context) error {
	m, err := w.overviewModel(c)
	if err != nil {
		return err
	}
	return w.render(c, http.StatusOK, overview.Show(m))
}

func (w *Web) overviewModel(c *gin.Context) (overview.ShowModel, error) {
	ctx, caller, project, now := c.Request.Context(), w.caller(c), w.project(c), w.Now()
	var none overview.ShowModel
	span, chips := chartRange(c, project.CreatedAt, now)
	stats, err := w.Manage.Stats(ctx, caller, webhook.StatsFilter{ProjectID: project.ID, Since: now.Add(-span), Until: now, Step: stepOf(span)})
	if err != nil {
		return none, err
	}
	endpoints, err := w.Manage.Endpoints(ctx, caller, manage.EndpointFilter{ProjectID: project.ID, Limit: manage.MaxLimit})
	if err != nil {
		return none, err
	}
	failures, err := w.Manage.Deliveries(ctx, caller, webhook.DeliveryFilter{ProjectID: project.ID, State: webhook.Exhausted, Limit: lastFailures})
	if err != nil {
		return none, err
	}
	shell, err := w.shell(c, atOverview, "Overview")
	if err != nil {
		return none, err
	}
	m := overview.ShowModel{
		Shell: shell, Ranges: chips, Figures: figures(stats), Volume: volumeChart(stats.Buckets, stepOf(span)),
		Latency: latencyChart(stats.Buckets, stepOf(span)), FailuresURL: under(project.ID, "deliveries") + "?state=exhausted",
		Live: component.Live{URL: c.Request.URL.RequestURI()},
	}
	hours, err := w.hours(c, project.ID, idsOf(endpoints.Items))
	if err != nil {
		return none, err
	}
	var doubts []doubt
	for _, e := range endpoints.Items {
		if row, ok := presentTrouble(e, hours[e.ID], now); ok {
			m.Trouble = append(m.Trouble, row)
		} else if d, ok := doubtOf(e, hours[e.ID]); ok {
			doubts = append(doubts, d)
		}
	}
	m.Verdict, m.Detail = overviewVerdict(project, len(endpoints.Items), len(m.Trouble), doubts, stats)
	m.Shell.Trouble = len(m.Trouble) > 0
	for _, row := range failures.Items {
		line := presentDelivery(row, now)
		m.Failures = append(m.Failures, overview.FailureRow{
			URL: line.URL, Mark: line.Mark, Topic: line.Topic, Endpoint: line.Endpoint, Answer: line.Answer, At: line.At,
		})
	}
	m.FirstRun = w.firstRun(project, caller, len(endpoints.Items), stats.Delivered+stats.Failed+int64(len(failures.Items)))
	return m, nil
}

// young is how long a day's chart would show next to nothing.
const young = 3 * time.Hour

// chartRange reads which span of time a page's charts show. Unless the address
// says otherwise it is a day, or an hour for what was made just now.
func chartRange(c *gin.Context, made, now time.Time) (time.Duration, []component.Chip) {
	usual := "24h"
	if now.Sub(made) < young {
		usual = "1h"
	}
	chosen := c.DefaultQuery("range", usual)
	span := 24 * time.Hour
	var chips []component.Chip
	for _, r := range ranges {
		if r.name == chosen {
			span = r.span
		}
		chips = append(chips, component.Chip{Label: r.label, On: r.name == chosen, URL: withQuery(c, "range", r.name)})
	}
	return span, chips
}

// stepOf makes about sixty columns of a span.
func stepOf(span time.Duration) time.Duration {
	return max(time.Minute, (span / 60).Round(time.Minute))
}

func figures(s manage.Stats) []component.Figure {
	open := s.States[webhook.Waiting] + s.States[webhook.Sending]
	list := []component.Figure{
		{Label: "Attempts delivered", Value: count(s.Delivered)},
		{Label: "Success rate", Value: percent(s.Delivered, s.Delivered+s.Failed), Note: plural(s.Failed, "failed attempt", "failed attempts")},
		{Label: "p95 latency", Value: latencyWords(s.Latency, 0.95)},
		{Label: "Waiting", Value: capped(open)},
	}
	if held := s.States[webhook.Held]; held > 0 {
		list = append(list, component.Figure{Label: "Held", Value: capped(held), Tone: component.Held})
	}
	if gone := s.States[webhook.Exhausted]; gone > 0 {
		list = append(list, component.Figure{Label: "Exhausted", Value: capped(gone), Tone: component.Bad})
	}
	return list
}

// capped prints a count that stopped at its bound.
func capped(n int64) string {
	if n >= manage.MaxCount {
		return count(manage.MaxCount) + "+"
	}
	return count(n)
}

func latencyWords(l webhook.Latency, q float64) string {
	d := l.Quantile(q)
	if d == 0 {
		return "–"
	}
	return "≤ " + span(d)
}

// doubt is an endpoint that needs nobody yet and is not healthy either.
type doubt struct{ name, state, why string }

func doubtOf(e webhook.Endpoint, last hour) (doubt, bool) {
	mark, why := endpointMark(e, last)
	return doubt{e.Name, mark.Text, why}, mark.Tone == component.Retry
}

// namedDoubts is how many endpoints the verdict names.
const namedDoubts = 3

func doubtWords(doubts []doubt) string {
	var parts []string
	for i, d := range doubts {
		if i == namedDoubts {
			parts = append(parts, fmt.Sprintf("and %d more", len(doubts)-i))
			break
		}
		words := d.name + ": " + d.state
		if d.why != "" {
			words += ", " + d.why
		}
		parts = append(parts, words)
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, "; ") + "."
}

func overviewVerdict(p webhook.Project, endpoints, trouble int, doubts []doubt, s manage.Stats) (component.Mark, string) {
	switch {
	case p.Suspended():
		return component.Mark{Tone: component.Held, Text: "This project is suspended"}, "Everything is held until an operator lifts the suspension."
	case endpoints == 0:
		return component.Mark{Tone: component.Neutral, Text: "No endpoint yet"}, "Connect one and send it a first event."
	case trouble == 1:
		return component.Mark{Tone: component.Bad, Text: "1 endpoint needs you"}, doubtWords(doubts)
	case trouble > 1:
		return component.Mark{Tone: component.Bad, Text: fmt.Sprintf("%d endpoints need you", trouble)}, doubtWords(doubts)
	case len(doubts) > 0 && endpoints == 1:
		return component.Mark{Tone: component.Retry, Text: "Not all is well at your endpoint"}, doubtWords(doubts)
	case len(doubts) > 0:
		return component.Mark{Tone: component.Retry, Text: fmt.Sprintf("Not all is well at %d of %d endpoints", len(doubts), endpoints)}, doubtWords(doubts)
	case s.Delivered+s.Failed == 0:
		return component.Mark{Tone: component.Neutral, Text: "All is quiet"}, "No event was delivered in this time."
	case endpoints == 1:
		return component.Mark{Tone: component.Good, Text: "Your endpoint is healthy"}, ""
	}
	return component.Mark{Tone: component.Good, Text: fmt.Sprintf("All %d endpoints are healthy", endpoints)}, ""
}

// presentTrouble is an endpoint's row if it needs a person.
func presentTrouble(e webhook.Endpoint, last hour, now time.Time) (overview.TroubleRow, bool) {
	row := overview.TroubleRow{Name: e.Name, URL: pathEndpoint(e), Target: e.URL, Action: component.Link{Label: "Look", URL: pathEndpoint(e)}}
	why := component.Link{Label: "See why", URL: under(e.ProjectID, "deliveries") + "?endpoint=" + e.ID.String()}
	switch {
	case e.State == webhook.EndpointPaused && e.PausedBecause != webhook.PausedByPerson:
		row.Mark = component.Mark{Tone: component.Held, Text: "paused"}
		row.Cause, row.Since = pauseWords(e.PausedBecause), moment(e.PausedAt, now)
	case e.State == webhook.EndpointActive && e.ConsecutiveFailures >= troubleFrom:
		row.Mark = component.Mark{Tone: component.Bad, Text: "failing"}
		row.Cause = plural(int64(e.ConsecutiveFailures), "attempt", "attempts") + " in a row failed"
		row.Since = moment(failingSince(e), now)
		row.Action = why
	case e.State == webhook.EndpointActive && last.mostlyFailed():
		row.Mark, row.Cause = endpointMark(e, last)
		row.Action = why
	default:
		return row, false
	}
	return row, true
}

func pauseWords(reason webhook.PauseReason) string {
	switch reason {
	case webhook.PausedAsGone:
		return "the receiver answered 410 Gone"
	case webhook.PausedAsFailing:
		return "nothing got through for days"
	case webhook.PausedByProject:
		return "the project is suspended"
	case webhook.PausedBySecret:
		return "the signing secret can't be read"
	case webhook.PausedByPerson:
	}
	return "paused by a person"
}

// firstRun leads an empty project to its first delivered event.
func (w *Web) firstRun(p webhook.Project, caller account.Caller, endpoints int, attempts int64) *overview.FirstRun {
	if endpoints > 0 && attempts > 0 {
		return nil
	}
	connect := overview.Step{
		Title: "Connect an endpoint", Done: endpoints > 0,
		Text: "A URL of yours that takes POST. Nothing at hand? Run this receiver and give its address.", Command: "bellwire listen --port 9000",
	}
	if caller.May(account.ChangeEndpoint, p.ID) == nil {
		connect.Action = component.Link{Label: "New endpoint", URL: under(p.ID, "endpoints", "new")}
	}
	return &overview.FirstRun{Steps: []overview.Step{
		connect,
		{Title: "Make an API key", Text: "With the scope publish, for your backend.", Action: component.Link{Label: "API keys", URL: under(p.ID, "keys")}},
		{Title: "Publish an event", Done: attempts > 0, Text: "Put the key in place of KEY.", Command: w.publishCommand("product.viewed", `{"productId":"prod_1"}`)},
	}}
}
