package web

import (
	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// healthRegion is the part of an endpoint's page that this tab fills.
const healthRegion = "health"

// healthTab shows how an endpoint has been doing, and what holds for it now.
func (w *Web) healthTab(c *gin.Context, e webhook.Endpoint) (*endpoints.Health, error) {
	ctx, caller := c.Request.Context(), w.caller(c)
	length := chartTimeOf(c, e.CreatedAt, w.Now())
	stats, err := w.Manage.Stats(ctx, caller, webhook.StatsFilter{
		ProjectID: e.ProjectID, EndpointID: e.ID, Since: length.since, Until: length.until, Step: length.step,
	})
	if err != nil {
		return nil, err
	}
	waits, err := w.Manage.Backlogs(ctx, caller, e.ProjectID, []webhook.EndpointID{e.ID})
	if err != nil {
		return nil, err
	}
	log := under(e.ProjectID, "deliveries") + "?endpoint=" + e.ID.String() + "&"
	h := &endpoints.Health{
		Figures: figures(stats), Charts: length.charts(c, log, component.Option{Label: "tab", Value: tabHealth}),
		Causes: presentCauses(e, stats), NoCauses: "No attempt failed in this time.",
		Now: presentNow(e, waits[e.ID], w.Now()), Limits: presentLimits(e, w.Now()),
	}
	if stats.Delivered+stats.Failed == 0 {
		h.NoCauses = "Nothing was sent in this time."
	}
	fill(&h.Charts, stats.Buckets, length.step, healthRegion)
	return h, w.addHistory(c, h, e)
}

// shownHistory is how many changes of an endpoint its page lists.
const shownHistory = 15

// addHistory lists what people and rules did, for those who may read it.
func (w *Web) addHistory(c *gin.Context, h *endpoints.Health, e webhook.Endpoint) error {
	caller := w.caller(c)
	if may := caller.May(account.ViewAudit, e.ProjectID) == nil; !may {
		h.HistoryNote = "Who changed what is shown to the developers and owners of this project."
		return nil
	}
	page, err := w.Manage.Audit(c.Request.Context(), caller, webhook.AuditFilter{ProjectID: e.ProjectID, Object: e.ID.String(), Limit: shownHistory})
	if err != nil {
		return err
	}
	for _, entry := range page.Items {
		h.History = append(h.History, presentChange(entry, w.Now()))
	}
	if len(h.History) == 0 {
		h.HistoryNote = "Nothing is written down about it."
	}
	if page.Next != "" {
		h.HistoryNote = "These are the latest; the audit log has the rest."
	}
	h.HistoryMore = component.Link{Label: "History in the audit log", URL: pathHistory(e)}
	return nil
}
