package web

import (
	"net/http"
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

// logPages show what was sent and what was published.
func (w *Web) logPages() []line {
	return []line{
		{get, "/p/:project/deliveries", member, w.listDeliveries},
		{get, "/p/:project/deliveries/:delivery", member, w.showDelivery},
		{post, "/p/:project/deliveries/:delivery", member, w.showDelivery},
		{post, "/p/:project/deliveries/:delivery/resend", member, w.resendDelivery},
		{post, "/p/:project/deliveries/:delivery/send-now", member, w.sendDeliveryNow},
		{post, "/p/:project/deliveries/:delivery/cancel", member, w.cancelDelivery},
		{get, "/p/:project/events", member, w.listEvents},
		{get, "/p/:project/events/:event", member, w.showEvent},
		{post, "/p/:project/events/:event/expunge", member, w.expungeEvent},
	}
}

// ranges are the spans of time that lists and charts offer.
var ranges = []struct {
	name, label string
	span        time.Duration
}{
	{"1h", "last hour", time.Hour}, {"24h", "last 24 h", 24 * time.Hour}, {"7d", "last 7 days", 7 * 24 * time.Hour},
}

var stateChips = []struct {
	state webhook.State
	label string
	tone  component.Tone
}{
	{"", "all", component.Neutral},
	{webhook.Waiting, "waiting", component.Retry},
	{webhook.Sending, "sending", component.Busy},
	{webhook.Delivered, "delivered", component.Good},
	{webhook.Exhausted, "exhausted", component.Bad},
	{webhook.Held, "held", component.Held},
	{webhook.Cancelled, "cancelled", component.Quiet},
}

func (w *Web) listDeliveries(c *gin.Context) error {
	filter, wrong := w.deliveryFilter(c)
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
	if wantsPart(c) {
		return w.render(c, status, deliveries.Table(m.Table))
	}
	return w.render(c, status, deliveries.List(m))
}

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
			at, err := time.Parse("2006-01-02T15:04", raw)
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
	page, err := w.Manage.Deliveries(c.Request.Context(), w.caller(c), filter)
	if err != nil {
		return deliveries.TableModel{}, err
	}
	m := deliveries.TableModel{
		HideEndpoint: hideEndpoint, Pager: pager(c, page.Next, searchedBack(page.SearchedBackTo)),
		Empty: component.EmptyModel{Title: "Nothing was delivered yet", Text: "Deliveries appear here as soon as an event matches an endpoint."},
	}
	if filtered := c.Request.URL.RawQuery != ""; filtered {
		m.Empty = component.EmptyModel{Title: "Nothing matches", Text: "No delivery fits this filter. Widen it or clear it."}
	}
	// The first page keeps itself fresh; an older one stands still.
	live := c.Query("live") != "off" && c.Query("cursor") == ""
	if c.Query("cursor") == "" {
		m.LiveToggle = component.Chip{Label: "live", On: live, URL: withQuery(c, "live", map[bool]string{true: "off"}[live])}
	}
	if live {
		m.Live = component.Live{URL: c.Request.URL.RequestURI()}
	}
	now := w.Now()
	for _, row := range page.Items {
		m.Rows = append(m.Rows, presentDelivery(row, now))
	}
	return m, nil
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
	m := deliveries.ListModel{
		Shell: shell, Table: table, Sentence: filterSentence(c, endpoints.Items),
		Filter: deliveries.Filter{
			Action: under(f.ProjectID, "deliveries"), Endpoints: []component.Option{{Value: "", Label: "any endpoint", Selected: f.EndpointID.IsZero()}},
			Status: component.Input{Value: c.Query("status"), Error: wrong["status"]},
			Query:  component.Input{Value: c.Query("q"), Error: wrong["q"]},
			Since:  component.Input{Value: c.Query("since"), Error: wrong["since"]},
			Until:  component.Input{Value: c.Query("until"), Error: wrong["until"]},
			Open:   c.Query("since")+c.Query("until")+c.Query("status") != "",
		},
	}
	if m.Filter.Topics, err = w.topicOptions(c, f.Topic); err != nil {
		return deliveries.ListModel{}, err
	}
	for _, e := range endpoints.Items {
		m.Filter.Endpoints = append(m.Filter.Endpoints, component.Option{Value: e.ID.String(), Label: e.Name, Selected: e.ID == f.EndpointID})
	}
	for _, chip := range stateChips {
		m.States = append(m.States, component.Chip{Label: chip.label, Tone: chip.tone, On: f.State == chip.state, URL: withQuery(c, "state", string(chip.state))})
	}
	m.Ranges = rangeChips(c)
	for _, name := range []string{"state", "range"} {
		if value := c.Query(name); value != "" {
			m.Filter.Kept = append(m.Filter.Kept, component.Option{Label: name, Value: value})
		}
	}
	if c.Request.URL.RawQuery != "" {
		m.Filter.ClearURL = m.Filter.Action
	}
	return m, nil
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
	var parts []string
	if state := c.Query("state"); state != "" {
		parts = append(parts, state)
	}
	for _, e := range endpoints {
		if e.ID.String() == c.Query("endpoint") {
			parts = append(parts, e.Name)
		}
	}
	for _, name := range []string{"topic", "status", "q"} {
		if value := c.Query(name); value != "" {
			parts = append(parts, value)
		}
	}
	for _, r := range ranges {
		if c.Query("range") == r.name {
			parts = append(parts, r.label)
		}
	}
	if len(parts) == 0 {
		return "all deliveries, newest first"
	}
	return strings.Join(parts, " · ")
}

func deliveryID(c *gin.Context) (webhook.DeliveryID, error) {
	id, err := webhook.ParseUUID(c.Param("delivery"))
	if err != nil {
		return webhook.DeliveryID{}, webhook.NotFound("there is no such delivery")
	}
	return webhook.DeliveryID{UUID: id}, nil
}

// showDelivery also takes POST: support opens a payload by giving a reason.
func (w *Web) showDelivery(c *gin.Context) error {
	id, err := deliveryID(c)
	if err != nil {
		return err
	}
	d, err := w.Manage.Delivery(c.Request.Context(), w.caller(c), id, c.PostForm("reason"))
	if err != nil {
		return err
	}
	if d.ProjectID != w.project(c).ID {
		return webhook.NotFound("there is no such delivery")
	}
	m, err := w.deliveryModel(c, d)
	if err != nil {
		return err
	}
	return w.render(c, http.StatusOK, deliveries.Show(m))
}

func (w *Web) deliveryModel(c *gin.Context, d manage.DeliveryDetail) (deliveries.ShowModel, error) {
	shell, err := w.shell(c, atDeliveries, "Delivery of "+d.Topic,
		component.Link{Label: "Deliveries", URL: under(d.ProjectID, "deliveries")}, component.Link{Label: d.Topic})
	if err != nil {
		return deliveries.ShowModel{}, err
	}
	siblings, err := w.Manage.Deliveries(c.Request.Context(), w.caller(c), webhook.DeliveryFilter{ProjectID: d.ProjectID, EventID: d.EventID})
	if err != nil {
		return deliveries.ShowModel{}, err
	}
	m := presentShow(d, siblings.Items, c.Query("attempt"), w.Now())
	m.Shell = shell
	offerActs(&m, d, w.caller(c))
	if w.caller(c).PayloadOf(d.ProjectID) != account.PayloadOpen {
		// A page that asks again by itself would hide what a reason opened, or
		// write an audit row each time.
		m.Live = component.Live{}
	}
	if d.Hidden && m.Exchange != nil {
		note := hiddenNote
		if d.NeedsReason {
			note, m.ReasonURL = hiddenUntil, c.Request.URL.RequestURI()
		}
		m.Exchange.Request.Body.Note, m.Exchange.Response.Body.Note = note, note
	}
	return m, nil
}

// Why a body is not there.
const (
	hiddenNote  = "Payloads are not shown to your role."
	hiddenUntil = "Hidden until you say why you open it."
)

// offerActs adds the buttons that this person may press now.
func offerActs(m *deliveries.ShowModel, d manage.DeliveryDetail, caller account.Caller) {
	again := caller.May(account.SendAgain, d.ProjectID) == nil
	switch {
	case again && d.State.Ended() && !d.EndpointGone:
		m.ResendURL = pathDelivery(d.Delivery, "resend")
	case again && d.Shown() == webhook.Waiting:
		m.SendNowURL = pathDelivery(d.Delivery, "send-now")
	}
	if d.State == webhook.Waiting && caller.May(account.CancelDelivery, d.ProjectID) == nil {
		m.Cancel = component.ConfirmModel{
			ID: "cancel", Label: "Cancel", Title: "Cancel this delivery?", Submit: "Cancel the delivery", Danger: true,
			Consequence: "It is not tried again. You can still resend it later.", URL: pathDelivery(d.Delivery, "cancel"),
		}
	}
}

func (w *Web) resendDelivery(c *gin.Context) error {
	id, err := deliveryID(c)
	if err != nil {
		return err
	}
	again, err := w.Manage.Resend(c.Request.Context(), w.caller(c), id)
	if err != nil {
		return err
	}
	w.done(c, "Resent. This is the new delivery; the first stays in the log.")
	return w.redirect(c, pathDelivery(again.Delivery))
}

func (w *Web) sendDeliveryNow(c *gin.Context) error {
	id, err := deliveryID(c)
	if err != nil {
		return err
	}
	row, err := w.Manage.SendNow(c.Request.Context(), w.caller(c), id)
	if err != nil {
		return err
	}
	w.done(c, dueWords(row))
	return w.redirect(c, pathDelivery(row.Delivery))
}

func (w *Web) cancelDelivery(c *gin.Context) error {
	id, err := deliveryID(c)
	if err != nil {
		return err
	}
	row, err := w.Manage.CancelDelivery(c.Request.Context(), w.caller(c), id)
	if err != nil {
		return err
	}
	w.done(c, "The delivery is cancelled.")
	return w.redirect(c, pathDelivery(row.Delivery))
}
