package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

func endpointID(c *gin.Context) (webhook.EndpointID, error) {
	id, err := pathID(c, "endpoint")
	return webhook.EndpointID{UUID: id}, err
}

// endpoint is the one in the path; one of another project is missing.
func (w *Web) endpoint(c *gin.Context) (webhook.Endpoint, error) {
	return w.endpointBy(c, w.Manage.Endpoint)
}

// finder is a use-case that answers one endpoint.
type finder func(ctx context.Context, c account.Caller, id webhook.EndpointID) (webhook.Endpoint, error)

func (w *Web) endpointBy(c *gin.Context, find finder) (webhook.Endpoint, error) {
	id, err := endpointID(c)
	if err != nil {
		return webhook.Endpoint{}, err
	}
	e, err := find(c.Request.Context(), w.caller(c), id)
	if err == nil && e.ProjectID != w.project(c).ID {
		return webhook.Endpoint{}, webhook.NotFound("there is no such endpoint")
	}
	return e, err
}

// The tabs of an endpoint's page.
const (
	tabDeliveries = "deliveries"
	tabSettings   = "settings"
	tabSecret     = "secret"
	tabCode       = "code"
	tabHealth     = "health"
)

var endpointTabs = []struct{ name, label string }{
	{tabDeliveries, "Deliveries"}, {tabSettings, "Settings"}, {tabSecret, "Secret"}, {tabCode, "Code"}, {tabHealth, "Health"},
}

func tabURL(e webhook.Endpoint, tab string) string { return pathEndpoint(e) + "?tab=" + tab }

// showEndpoint shows deleted ones too, as far as their log goes.
func (w *Web) showEndpoint(c *gin.Context) error {
	e, err := w.endpointBy(c, w.Manage.PastEndpoint)
	if err != nil {
		return err
	}
	return w.endpointPage(c, http.StatusOK, e, c.DefaultQuery("tab", tabDeliveries), extras{})
}

// extras are what an act adds to the page that answers it.
type extras struct {
	test     *endpoints.TestResult
	revealed *manage.RevealedSecrets
	rotate   endpoints.RotateInput
}

// endpointPage draws the page. One that answers a form stands at the tab's own
// address: what is on it leads on from there.
func (w *Web) endpointPage(c *gin.Context, status int, e webhook.Endpoint, tab string, x extras) error {
	if c.Request.Method == http.MethodPost {
		c.Request.URL = &url.URL{Path: pathEndpoint(e), RawQuery: "tab=" + tab}
	}
	shell, err := w.shell(c, atEndpoints, e.Name, component.Link{Label: "Endpoints", URL: under(e.ProjectID, "endpoints")}, component.Link{Label: e.Name})
	if err != nil {
		return err
	}
	m := endpoints.ShowModel{Shell: shell, Test: x.test}
	if e.DeletedAt.IsZero() {
		err = w.fillEndpoint(c, &m, e, tab, x)
	} else {
		m.Head = presentDeleted(e, w.Now())
		if w.caller(c).May(account.ViewAudit, e.ProjectID) == nil {
			m.Head.HistoryURL = pathHistory(e)
		}
		err = w.fillDeliveries(c, &m, e)
	}
	if err != nil {
		return err
	}
	return w.render(c, status, endpoints.Show(m))
}

// fillEndpoint is everything on the page of one that is not deleted.
func (w *Web) fillEndpoint(c *gin.Context, m *endpoints.ShowModel, e webhook.Endpoint, tab string, x extras) (err error) {
	for _, t := range endpointTabs {
		if e.Kind == webhook.KindSlack && (t.name == tabSecret || t.name == tabCode) {
			continue // messages are not signed
		}
		m.Tabs = append(m.Tabs, component.Tab{Label: t.label, URL: tabURL(e, t.name), Current: t.name == tab})
	}
	if m.Head, err = w.endpointHead(c, e); err != nil {
		return err
	}
	if m.Test != nil {
		m.Test.Again = m.Head.Test
	}
	return w.fillTab(c, m, e, tab, x)
}

func (w *Web) fillTab(c *gin.Context, m *endpoints.ShowModel, e webhook.Endpoint, tab string, x extras) (err error) {
	switch tab {
	case tabSettings:
		m.Settings = presentSettings(e)
	case tabSecret:
		m.Secret, err = w.secretTab(c, e, m.Head.Test, x)
	case tabCode:
		m.Code, err = w.codeTab(c, e)
	case tabHealth:
		m.Health, err = w.healthTab(c, e)
	default:
		m.Tabs[0].Current = true
		err = w.fillDeliveries(c, m, e)
	}
	return err
}

func (w *Web) fillDeliveries(c *gin.Context, m *endpoints.ShowModel, e webhook.Endpoint) error {
	state := webhook.State(c.Query("state"))
	table, err := w.deliveryTable(c, webhook.DeliveryFilter{ProjectID: e.ProjectID, EndpointID: e.ID, State: state, Cursor: c.Query("cursor")}, true)
	if err != nil {
		return err
	}
	if len(table.Rows) == 0 && state == "" && e.DeletedAt.IsZero() && c.Query("cursor") == "" {
		m.Start = presentStart(e, m.Head.Test, w.caller(c).May(account.Publish, e.ProjectID) == nil)
		return nil
	}
	m.Deliveries = &table
	m.States = stateChips(c, state)
	return nil
}

// trendSpan is the time that an endpoint's figures cover.
const trendSpan = 24 * time.Hour

func (w *Web) endpointHead(c *gin.Context, e webhook.Endpoint) (endpoints.Head, error) {
	ctx, caller, now := c.Request.Context(), w.caller(c), w.Now()
	var none endpoints.Head
	var stats manage.Stats
	var last hour
	var backlog webhook.Backlog
	err := manage.Together(ctx, func(ctx context.Context) (err error) {
		stats, err = w.Manage.Stats(ctx, caller, webhook.StatsFilter{ProjectID: e.ProjectID, EndpointID: e.ID, Since: now.Add(-trendSpan), Until: now, Step: time.Hour})
		return err
	}, func(ctx context.Context) (err error) {
		last, err = w.lastHour(ctx, caller, e)
		return err
	}, func(ctx context.Context) error {
		backlogs, err := w.Manage.Backlogs(ctx, caller, e.ProjectID, []webhook.EndpointID{e.ID})
		backlog = backlogs[e.ID]
		return err
	})
	if err != nil {
		return none, err
	}
	look := headLook{
		endpoint: e, stats: stats, last: last, backlog: backlog, now: now, suspended: w.project(c).SuspendedAt,
		pausedBy: w.pausedBy(c, e), mayPause: caller.May(account.PauseEndpoint, e.ProjectID) == nil,
	}
	if look.fails() {
		latest, err := w.Manage.LastFailures(ctx, caller, e.ProjectID, []webhook.EndpointID{e.ID})
		if err != nil {
			return none, err
		}
		look.latest = latest[e.ID]
	}
	if w.BaseURL != nil {
		look.link = w.BaseURL.JoinPath(pathEndpoint(e)).String()
	}
	head := look.head()
	if caller.May(account.ViewAudit, e.ProjectID) == nil {
		head.HistoryURL = pathHistory(e)
	}
	if caller.May(account.ChangeEndpoint, e.ProjectID) == nil {
		head.EditURL = pathEndpoint(e, "edit")
		head.Delete = look.deletion()
	}
	if caller.May(account.TestEndpoint, e.ProjectID) == nil {
		head.Test, err = w.testForm(c, e)
	}
	return head, err
}

// pausedBy names who paused the endpoint, to those who may know.
func (w *Web) pausedBy(c *gin.Context, e webhook.Endpoint) string {
	if e.State != webhook.EndpointPaused || e.PausedBecause != webhook.PausedByPerson {
		return ""
	}
	page, err := w.Manage.Audit(c.Request.Context(), w.caller(c), webhook.AuditFilter{
		ProjectID: e.ProjectID, Object: e.ID.String(), Action: "endpoint.paused", Limit: 1,
	})
	if err != nil || len(page.Items) == 0 {
		return "" // a name is a comfort: the page goes on without it
	}
	return byWhom(page.Items[0].Actor)
}

// testForm offers the topics of the endpoint, and the next secret if one is
// made.
func (w *Web) testForm(c *gin.Context, e webhook.Endpoint) (endpoints.TestForm, error) {
	form := endpoints.TestForm{URL: pathEndpoint(e, "test"), Wait: exactly(e.Timeout), Chosen: c.PostForm("useNext") == "true"}
	topics, err := w.Manage.Topics(c.Request.Context(), w.caller(c))
	if err != nil {
		return form, err
	}
	chosen := c.PostForm("topic")
	for _, t := range topics {
		if _, ok := takes(e.Topics, t.Name); ok {
			form.Topics = append(form.Topics, component.Option{Value: t.Name, Label: t.Name, Selected: t.Name == chosen})
		}
	}
	at, err := w.Manage.Secrets(c.Request.Context(), w.caller(c), e.ID)
	form.Next = at.Next != nil
	return form, err
}
