package web

import (
	"net/http"
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
		{get, one + "/code/:language", member, w.downloadCode},
		{post, one + "/secret/reveal", member, w.revealSecret},
		{post, one + "/secret/rotate", member, w.rotateSecret},
		{post, one + "/secret/switch", member, w.switchSecret},
		{post, one + "/secret/undo", member, w.undoRotation},
		{post, one + "/secret/compromised", member, w.replaceCompromised},
	}
}

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
