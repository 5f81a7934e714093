package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// endpointPages are the list, the form, and one endpoint with what can be done
// to it.
func (w *Web) endpointPages() []line {
	const one = "/p/:project/endpoints/:endpoint"
	return []line{
		{get, "/p/:project/endpoints", member, w.listEndpoints},
		{get, "/p/:project/endpoints/new", member, w.newEndpoint},
		{post, "/p/:project/endpoints/new", member, w.createEndpoint},
		{post, "/p/:project/endpoints/preview", member, w.previewEndpoint},
		{get, one, member, w.showEndpoint},
		{get, one + "/edit", member, w.editEndpoint},
		{post, one + "/edit", member, w.updateEndpoint},
		{post, one + "/pause", member, w.pauseEndpoint},
		{post, one + "/resume", member, w.resumeEndpoint},
		{post, one + "/delete", member, w.deleteEndpoint},
		{post, one + "/test", member, w.testEndpoint},
		{post, one + "/secret/reveal", member, w.revealSecret},
		{post, one + "/secret/rotate", member, w.rotateSecret},
		{post, one + "/secret/switch", member, w.switchSecret},
		{post, one + "/secret/undo", member, w.undoRotation},
		{post, one + "/secret/compromised", member, w.replaceCompromised},
	}
}

// trendSpan is the time of an endpoint's small chart.
const trendSpan = 24 * time.Hour

func (w *Web) listEndpoints(c *gin.Context) error {
	ctx, caller, project, now := c.Request.Context(), w.caller(c), w.project(c), w.Now()
	state := webhook.EndpointState(c.Query("state"))
	page, err := w.Manage.Endpoints(ctx, caller, manage.EndpointFilter{ProjectID: project.ID, State: state, Cursor: c.Query("cursor")})
	if err != nil {
		return err
	}
	ids := idsOf(page.Items)
	stats, err := w.Manage.StatsByEndpoint(ctx, caller, webhook.StatsFilter{ProjectID: project.ID, Since: now.Add(-trendSpan), Until: now, Step: time.Hour}, ids)
	if err != nil {
		return err
	}
	hours, err := w.hours(c, project.ID, ids)
	if err != nil {
		return err
	}
	shell, err := w.shell(c, atEndpoints, "Endpoints", component.Link{Label: "Endpoints"})
	if err != nil {
		return err
	}
	m := endpoints.ListModel{Shell: shell, Pager: pager(c, page.Next, "")}
	if caller.May(account.ChangeEndpoint, project.ID) == nil {
		m.NewURL = under(project.ID, "endpoints", "new")
	}
	for _, s := range []struct {
		state webhook.EndpointState
		label string
	}{{"", "all"}, {webhook.EndpointActive, "active"}, {webhook.EndpointPaused, "paused"}} {
		m.States = append(m.States, component.Chip{Label: s.label, On: s.state == state, URL: withQuery(c, "state", string(s.state))})
	}
	m.Empty = component.EmptyModel{
		Title: "No endpoint yet", Text: "An endpoint is a URL of yours that events are posted to, signed and retried.",
		Action: component.Link{Label: "New endpoint", URL: m.NewURL}, Command: "bellwire listen --port 9000",
	}
	for _, e := range page.Items {
		m.Rows = append(m.Rows, presentEndpoint(e, stats[e.ID], hours[e.ID], now))
	}
	return w.render(c, http.StatusOK, endpoints.List(m))
}

func endpointID(c *gin.Context) (webhook.EndpointID, error) {
	id, err := webhook.ParseUUID(c.Param("endpoint"))
	if err != nil {
		return webhook.EndpointID{}, webhook.NotFound("there is no such endpoint")
	}
	return webhook.EndpointID{UUID: id}, nil
}

// endpoint is the one in the path; one of another project is missing.
func (w *Web) endpoint(c *gin.Context) (webhook.Endpoint, error) {
	id, err := endpointID(c)
	if err != nil {
		return webhook.Endpoint{}, err
	}
	e, err := w.Manage.Endpoint(c.Request.Context(), w.caller(c), id)
	if err == nil && e.ProjectID != w.project(c).ID {
		err = webhook.NotFound("there is no such endpoint")
	}
	return e, err
}

// The tabs of an endpoint's page.
const (
	tabDeliveries = "deliveries"
	tabSettings   = "settings"
	tabSecret     = "secret"
	tabHealth     = "health"
)

func tabURL(e webhook.Endpoint, tab string) string { return pathEndpoint(e) + "?tab=" + tab }

func (w *Web) showEndpoint(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	return w.endpointPage(c, http.StatusOK, e, c.DefaultQuery("tab", tabDeliveries), extras{})
}

// extras are what an act adds to the page that answers it.
type extras struct {
	test        *endpoints.TestResult
	revealed    *manage.RevealedSecrets
	rotateError string
}

func (w *Web) endpointPage(c *gin.Context, status int, e webhook.Endpoint, tab string, x extras) error {
	shell, err := w.shell(c, atEndpoints, e.Name, component.Link{Label: "Endpoints", URL: under(e.ProjectID, "endpoints")}, component.Link{Label: e.Name})
	if err != nil {
		return err
	}
	m := endpoints.ShowModel{Shell: shell, Test: x.test}
	for _, t := range []struct{ name, label string }{
		{tabDeliveries, "Deliveries"}, {tabSettings, "Settings"}, {tabSecret, "Secret"}, {tabHealth, "Health"},
	} {
		m.Tabs = append(m.Tabs, component.Tab{Label: t.label, URL: tabURL(e, t.name), Current: t.name == tab})
	}
	if m.Head, err = w.endpointHead(c, e); err != nil {
		return err
	}
	if err := w.fillTab(c, &m, e, tab, x); err != nil {
		return err
	}
	return w.render(c, status, endpoints.Show(m))
}

func (w *Web) fillTab(c *gin.Context, m *endpoints.ShowModel, e webhook.Endpoint, tab string, x extras) (err error) {
	switch tab {
	case tabSettings:
		m.Settings = presentSettings(e)
	case tabSecret:
		m.Secret, err = w.secretTab(c, e, x)
	case tabHealth:
		m.Health, err = w.healthTab(c, e)
	default:
		state := webhook.State(c.Query("state"))
		table, err := w.deliveryTable(c, webhook.DeliveryFilter{ProjectID: e.ProjectID, EndpointID: e.ID, State: state, Cursor: c.Query("cursor")}, true)
		if err != nil {
			return err
		}
		m.Deliveries = &table
		for _, chip := range stateChips {
			m.States = append(m.States, component.Chip{Label: chip.label, Tone: chip.tone, On: state == chip.state, URL: withQuery(c, "state", string(chip.state))})
		}
	}
	return err
}

func (w *Web) endpointHead(c *gin.Context, e webhook.Endpoint) (endpoints.Head, error) {
	ctx, caller, now := c.Request.Context(), w.caller(c), w.Now()
	stats, err := w.Manage.Stats(ctx, caller, webhook.StatsFilter{ProjectID: e.ProjectID, EndpointID: e.ID, Since: now.Add(-trendSpan), Until: now, Step: time.Hour})
	if err != nil {
		return endpoints.Head{}, err
	}
	hours, err := w.hours(c, e.ProjectID, []webhook.EndpointID{e.ID})
	if err != nil {
		return endpoints.Head{}, err
	}
	head := presentHead(e, stats, hours[e.ID], now)
	if caller.May(account.ChangeEndpoint, e.ProjectID) == nil {
		head.EditURL = pathEndpoint(e, "edit")
		head.Delete = component.ConfirmModel{
			ID: "delete", Label: "Delete", Title: "Delete " + e.Name + "?", Danger: true, Submit: "Delete the endpoint",
			Consequence: "Deletes the endpoint; " + openWords(stats) + " cancelled. Its log stays readable.", URL: pathEndpoint(e, "delete"),
		}
	}
	if caller.May(account.PauseEndpoint, e.ProjectID) == nil {
		offerPause(&head, e, stats)
	}
	if caller.May(account.TestEndpoint, e.ProjectID) == nil {
		head.TestURL = pathEndpoint(e, "test")
		if head.TestTopics, err = w.testTopics(c, e); err != nil {
			return head, err
		}
	}
	return head, nil
}

// testTopics are the topics that a test can be of, those of the endpoint.
func (w *Web) testTopics(c *gin.Context, e webhook.Endpoint) ([]component.Option, error) {
	topics, err := w.Manage.Topics(c.Request.Context(), w.caller(c))
	if err != nil {
		return nil, err
	}
	var options []component.Option
	for _, t := range topics {
		if len(takers([]webhook.Endpoint{e}, t.Name)) > 0 {
			options = append(options, component.Option{Value: t.Name, Label: t.Name, Selected: len(options) == 0})
		}
	}
	return options, nil
}

func (w *Web) pauseEndpoint(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	if _, err := w.Manage.PauseEndpoint(c.Request.Context(), w.caller(c), e.ID); err != nil {
		return err
	}
	w.done(c, "Paused. New events are held until you resume it.")
	return w.redirect(c, pathEndpoint(e))
}

func (w *Web) resumeEndpoint(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	rate := 0.0
	if raw := strings.TrimSpace(c.PostForm("rate")); raw != "" {
		if rate, err = strconv.ParseFloat(raw, 64); err != nil {
			return webhook.Invalid("rate", "must be a number of deliveries per second")
		}
	}
	if _, err := w.Manage.ResumeEndpoint(c.Request.Context(), w.caller(c), e.ID, rate); err != nil {
		return err
	}
	w.done(c, "Resumed. What was held goes out, oldest first.")
	return w.redirect(c, pathEndpoint(e))
}

func (w *Web) deleteEndpoint(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	if err := w.Manage.DeleteEndpoint(c.Request.Context(), w.caller(c), e.ID); err != nil {
		return err
	}
	w.done(c, e.Name+" is deleted. Its deliveries stay in the log.")
	return w.redirect(c, under(e.ProjectID, "endpoints"))
}

// testEndpoint answers the page with the result on it: it waited for the
// receiver.
func (w *Web) testEndpoint(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	next := c.PostForm("useNext") == "true"
	result, err := w.Manage.TestEndpoint(c.Request.Context(), w.caller(c), e.ID, manage.TestWish{Topic: c.PostForm("topic"), UseNext: next})
	if err != nil {
		return err
	}
	tab := tabDeliveries
	if next {
		tab = tabSecret
	}
	return w.endpointPage(c, http.StatusOK, e, tab, extras{test: presentTest(result, next)})
}

func presentTest(r manage.TestResult, next bool) *endpoints.TestResult {
	t := &endpoints.TestResult{
		Mark: outcomeMark(r.Attempt.Outcome), URL: pathDelivery(r.Delivery), Next: next,
		Response: presentAnswer(r.Attempt.Response),
	}
	lasted := took(r.Attempt.Duration)
	switch {
	case r.Attempt.Outcome == webhook.OutcomeDelivered && next:
		t.Verdict = fmt.Sprintf("%d in %s. The receiver knows the next secret: you can switch.", r.Attempt.Response.Status, lasted)
	case r.Attempt.Outcome == webhook.OutcomeDelivered:
		t.Verdict = fmt.Sprintf("%d in %s. The receiver took it.", r.Attempt.Response.Status, lasted)
	default:
		t.Verdict = fmt.Sprintf("Your server %s (%s).", did(r.Attempt.Cause, r.Attempt.Response.Status), lasted)
		t.Detail = r.Attempt.Error
		if lines := advice(r.Attempt.Cause, r.Attempt.Response.Status); t.Detail == "" && len(lines) > 0 {
			t.Detail = lines[0]
		}
	}
	return t
}
