package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/deliveries"
)

// logPages show what was sent.
func (w *Web) logPages() []line {
	return []line{
		{get, "/p/:project/deliveries", member, w.listDeliveries},
		{get, "/p/:project/deliveries/stream", member, w.streamDeliveries},
		{post, "/p/:project/deliveries/resend", member, w.resendDeliveries},
		{get, "/p/:project/deliveries/:delivery", member, w.showDelivery},
		{get, "/p/:project/deliveries/:delivery/stream", member, w.streamDelivery},
		{get, "/p/:project/deliveries/:delivery/body", member, w.downloadBody},
		{post, "/p/:project/deliveries/:delivery", member, w.showDelivery},
		{post, "/p/:project/deliveries/:delivery/resend", member, w.resendDelivery},
		{post, "/p/:project/deliveries/:delivery/send-now", member, w.sendDeliveryNow},
		{post, "/p/:project/deliveries/:delivery/cancel", member, w.cancelDelivery},
	}
}

// ranges are the spans of time that lists and charts offer.
var ranges = []struct {
	name, label string
	span        time.Duration
}{
	{"1h", "last hour", time.Hour}, {"24h", "last 24 h", 24 * time.Hour}, {"7d", "last 7 days", 7 * 24 * time.Hour},
}

func (w *Web) listDeliveries(c *gin.Context) error {
	filter, wrong := w.deliveryFilter(c)
	if id, err := w.wholeID(c, filter.Query); err != nil {
		return err
	} else if !id.IsZero() {
		return w.redirect(c, withQuery(c, "q", id.String()))
	}
	table := deliveries.TableModel{}
	if len(wrong) == 0 {
		var err error
		table, err = w.deliveryTable(c, filter, false)
		if mistaken, ok := mistakes(err); ok {
			wrong = mistaken
		} else if err != nil {
			return err
		}
	}
	m, err := w.deliveriesModel(c, filter, table, wrong)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if len(wrong) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return w.render(c, status, deliveries.List(m))
}

// minuteFormat is a moment in the address, UTC.
const minuteFormat = "2006-01-02T15:04"

// deliveryFilter reads the filter from the address.
func (w *Web) deliveryFilter(c *gin.Context) (webhook.DeliveryFilter, map[string]string) {
	wrong := map[string]string{}
	f := webhook.DeliveryFilter{
		ProjectID: w.project(c).ID, State: webhook.State(c.Query("state")), Topic: strings.TrimSpace(c.Query("topic")),
		Query: strings.TrimSpace(c.Query("q")), Cursor: c.Query("cursor"),
	}
	if raw := c.Query("endpoint"); raw != "" {
		id, err := webhook.ParseUUID(raw)
		if err != nil {
			wrong["endpoint"] = "is not an endpoint's id"
		}
		f.EndpointID = webhook.EndpointID{UUID: id}
	}
	if raw := strings.TrimSpace(c.Query("status")); raw != "" {
		status, err := strconv.Atoi(raw)
		if err != nil || status < 100 || status > 599 {
			wrong["status"] = "is a number from 100 to 599"
		}
		f.Status = status
	}
	for _, r := range ranges {
		if c.Query("range") == r.name {
			f.Since = w.Now().Add(-r.span)
		}
	}
	for name, into := range map[string]*time.Time{"since": &f.Since, "until": &f.Until} {
		if raw := c.Query(name); raw != "" {
			at, err := time.Parse(minuteFormat, raw)
			if err != nil {
				wrong[name] = "is a time like 2026-01-24T10:30, in UTC"
				continue
			}
			*into = at
		}
	}
	return f, wrong
}

// deliveryTable is the log's rows, here and on an endpoint's page.
func (w *Web) deliveryTable(c *gin.Context, filter webhook.DeliveryFilter, hideEndpoint bool) (deliveries.TableModel, error) {
	filter.Limit = pageRows
	page, err := w.Manage.Deliveries(c.Request.Context(), w.caller(c), filter)
	if err != nil {
		return deliveries.TableModel{}, err
	}
	m := deliveries.TableModel{
		HideEndpoint: hideEndpoint, Pager: pager(c, page.Next, searchedBack(page.SearchedBackTo)),
		Back: c.Request.URL.RequestURI(), RefreshURL: c.Request.URL.RequestURI(),
		Empty: component.EmptyModel{Title: "Nothing was delivered yet", Text: "Deliveries appear here, by themselves, as soon as an event matches an endpoint."},
	}
	if narrowed(c) {
		m.Empty = component.EmptyModel{
			Title: "Nothing matches", Text: "No delivery fits this filter. Take a part of it away, or look further back.",
			Action: component.Link{Label: "Clear the filter", URL: without(c, narrowing...)},
		}
		if filter.Query != "" {
			m.Empty.Text = "No delivery that fits has the id " + inQuotes(filter.Query) + ", nor is it that of an attempt, an event or an endpoint with such deliveries in this project."
		}
	}
	deleted := hideEndpoint && len(page.Items) > 0 && page.Items[0].EndpointGone
	if picks(w.caller(c), filter.ProjectID) && !deleted {
		m.ResendURL = under(filter.ProjectID, "deliveries", "resend")
	}
	// The first page keeps itself fresh; an older one stands still.
	if c.Query("cursor") == "" {
		m.Live = deliveries.Live{
			Stream: streamURL(c, filter, hideEndpoint), Rows: pageRows, On: c.Query("live") != liveOff,
			OnURL: withQuery(c, "live", ""), OffURL: withQuery(c, "live", liveOff),
		}
	}
	values, err := w.searchValues(c.Request.Context(), c, filter.ProjectID, page.Items)
	for _, row := range page.Items {
		shown := w.logRow(c, row)
		shown.Found = foundWords(values[row.EventID])
		m.Rows = append(m.Rows, shown)
	}
	return m, err
}

// searchValues are what tells the rows' events apart, read at once; none for
// those who may not see payloads.
func (w *Web) searchValues(ctx context.Context, c *gin.Context, project webhook.ProjectID, rows []webhook.DeliveryRow) (map[webhook.EventID][]string, error) {
	var ids []webhook.EventID
	for _, row := range rows {
		if !slices.Contains(ids, row.EventID) {
			ids = append(ids, row.EventID)
		}
	}
	return w.Manage.SearchValues(ctx, w.caller(c), project, ids)
}

// liveOff is the value of "live" for a list that stands still.
const liveOff = "off"

// narrowing are the members of the address that narrow the log.
var narrowing = []string{"state", "endpoint", "topic", "status", "q", "range", "since", "until"}

func narrowed(c *gin.Context) bool {
	return slices.ContainsFunc(narrowing, func(name string) bool { return c.Query(name) != "" })
}

// streamURL is where a list's changes come from: its own filter.
func streamURL(c *gin.Context, f webhook.DeliveryFilter, hideEndpoint bool) string {
	query := url.Values{}
	for _, name := range narrowing {
		if value := c.Query(name); value != "" {
			query.Set(name, value)
		}
	}
	if hideEndpoint {
		query.Set("hide", "endpoint")
		query.Set("endpoint", f.EndpointID.String())
	}
	path := under(f.ProjectID, "deliveries", "stream")
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

func searchedBack(to time.Time) string {
	if to.IsZero() {
		return ""
	}
	return "searched back to " + to.UTC().Format("2 Jan 2006, 15:04 UTC") + "; continue with the next page"
}

func (w *Web) deliveriesModel(c *gin.Context, f webhook.DeliveryFilter, table deliveries.TableModel, wrong map[string]string) (deliveries.ListModel, error) {
	shell, err := w.shell(c, atDeliveries, "Deliveries", component.Link{Label: "Deliveries"})
	if err != nil {
		return deliveries.ListModel{}, err
	}
	endpoints, err := w.Manage.Endpoints(c.Request.Context(), w.caller(c), manage.EndpointFilter{ProjectID: f.ProjectID, Limit: manage.MaxLimit})
	if err != nil {
		return deliveries.ListModel{}, err
	}
	if narrowed(c) {
		shell.Title += ": " + filterSentence(c, endpoints.Items)
	}
	var chart deliveries.Histogram
	fresh := len(table.Rows) == 0 && !narrowed(c) && f.Cursor == "" && len(wrong) == 0
	if fresh {
		table.Empty.Action = w.firstStep(c, len(endpoints.Items) > 0)
	} else if len(wrong) == 0 {
		if chart, err = w.histogram(c, f); err != nil {
			return deliveries.ListModel{}, err
		}
	}
	m := deliveries.ListModel{
		Shell: shell, Table: table, Sentence: filterSentence(c, endpoints.Items), Chosen: chosenParts(c, endpoints.Items), Histogram: chart, Fresh: fresh,
		Filter: deliveries.Filter{
			Action: under(f.ProjectID, "deliveries"), Endpoints: []component.Option{{Value: "", Label: "any endpoint", Selected: f.EndpointID.IsZero()}},
			Status: component.Input{Value: c.Query("status"), Error: wrong["status"]},
			Query:  component.Input{Value: c.Query("q"), Error: wrong["q"]},
			Since:  component.Input{Value: c.Query("since"), Error: wrong["since"]},
			Until:  component.Input{Value: c.Query("until"), Error: wrong["until"]},
			Open:   c.Query("since")+c.Query("until") != "",
			More:   len(wrong) > 0,
		},
	}
	for _, place := range []string{"state", "endpoint", "topic", "cursor"} {
		if text := wrong[place]; text != "" {
			m.Filter.Wrong = append(m.Filter.Wrong, sentence("the "+place+" in the address "+text))
		}
	}
	if m.Filter.Topics, err = w.topicOptions(c, f.Topic); err != nil {
		return deliveries.ListModel{}, err
	}
	for _, e := range endpoints.Items {
		m.Filter.Endpoints = append(m.Filter.Endpoints, component.Option{Value: e.ID.String(), Label: e.Name, Selected: e.ID == f.EndpointID})
	}
	m.States = stateChips(c, f.State)
	m.About = aboutState(f.State)
	m.Ranges = rangeChips(c)
	for _, name := range []string{"state", "range", "live"} {
		if value := c.Query(name); value != "" {
			m.Filter.Kept = append(m.Filter.Kept, component.Option{Label: name, Value: value})
		}
	}
	if narrowed(c) {
		m.Filter.ClearURL = m.Filter.Action
	}
	return m, nil
}

// firstStep is what somebody does whose log is empty.
func (w *Web) firstStep(c *gin.Context, hasEndpoints bool) component.Link {
	project, caller := w.project(c).ID, w.caller(c)
	switch {
	case !hasEndpoints && caller.May(account.ChangeEndpoint, project) == nil:
		return component.Link{Label: "Add an endpoint", URL: under(project, "endpoints", "new")}
	case hasEndpoints && caller.May(account.Publish, project) == nil:
		return component.Link{Label: "Publish a test event", URL: under(project, "events", "new")}
	}
	return component.Link{}
}

func rangeChips(c *gin.Context) []component.Chip {
	chips := []component.Chip{{Label: "any time", On: c.Query("range") == "", URL: withQuery(c, "range", "")}}
	for _, r := range ranges {
		chips = append(chips, component.Chip{Label: r.label, On: c.Query("range") == r.name, URL: withQuery(c, "range", r.name)})
	}
	return chips
}

func (w *Web) topicOptions(c *gin.Context, chosen string) ([]component.Option, error) {
	topics, err := w.Manage.Topics(c.Request.Context(), w.caller(c))
	if err != nil {
		return nil, err
	}
	options := []component.Option{{Value: "", Label: "any topic", Selected: chosen == ""}}
	for _, t := range topics {
		options = append(options, component.Option{Value: t.Name, Label: t.Name, Selected: t.Name == chosen})
	}
	return options, nil
}

// filterSentence reads the filter out: "exhausted · orders-prod · last 24 h".
func filterSentence(c *gin.Context, endpoints []webhook.Endpoint) string {
	if words := chipWords(chosenParts(c, endpoints)); words != "" {
		return words
	}
	return "all deliveries, newest first"
}

// chipWords reads the parts of a filter out.
func chipWords(chips []component.Chip) string {
	labels := make([]string, len(chips))
	for i, chip := range chips {
		labels[i] = chip.Label
	}
	return strings.Join(labels, " · ")
}

// chosenParts are the parts of the filter, each with the address without it.
func chosenParts(c *gin.Context, endpoints []webhook.Endpoint) []component.Chip {
	var chips []component.Chip
	add := func(label string, names ...string) {
		chips = append(chips, component.Chip{Label: label, URL: without(c, names...)})
	}
	if state := c.Query("state"); state != "" {
		add(state, "state")
	}
	if id := c.Query("endpoint"); id != "" {
		label := "endpoint " + component.Short(id)
		for _, e := range endpoints {
			if e.ID.String() == id {
				label = e.Name
			}
		}
		add(label, "endpoint")
	}
	if topic := c.Query("topic"); topic != "" {
		add(topic, "topic")
	}
	if status := c.Query("status"); status != "" {
		add("status "+status, "status")
	}
	if q := c.Query("q"); q != "" {
		add("id "+component.Short(q), "q")
	}
	return append(chips, spanParts(c)...)
}

// spanParts are the times of a filter, each with the address without it.
func spanParts(c *gin.Context) []component.Chip {
	var chips []component.Chip
	for _, r := range ranges {
		if c.Query("range") == r.name {
			chips = append(chips, component.Chip{Label: r.label, URL: without(c, "range")})
		}
	}
	if words := timeWords(c.Query("since"), c.Query("until")); words != "" {
		chips = append(chips, component.Chip{Label: words, URL: without(c, "since", "until")})
	}
	return chips
}

// timeWords are two moments of the address: "21 Nov 09:00 – 09:30 UTC".
func timeWords(since, until string) string {
	from, noFrom := time.Parse(minuteFormat, since)
	to, noTo := time.Parse(minuteFormat, until)
	switch {
	case noFrom != nil && noTo != nil:
		return ""
	case noTo != nil:
		return "since " + from.Format("2 Jan 15:04 UTC")
	case noFrom != nil:
		return "before " + to.Format("2 Jan 15:04 UTC")
	case from.YearDay() == to.YearDay() && from.Year() == to.Year():
		return from.Format("2 Jan 15:04") + " – " + to.Format("15:04 UTC")
	}
	return from.Format("2 Jan 15:04") + " – " + to.Format("2 Jan 15:04 UTC")
}

// without is the present address with members of its query taken out.
func without(c *gin.Context, names ...string) string {
	u := *c.Request.URL
	query := u.Query()
	for _, name := range append(names, "cursor") {
		query.Del(name)
	}
	u.RawQuery = query.Encode()
	return u.RequestURI()
}
