package web

import (
	"slices"

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
	log := under(e.ProjectID, "deliveries") + "?endpoint=" + e.ID.String() + "&"
	h := &endpoints.Health{
		Charts: length.charts(c, log, component.Option{Label: "tab", Value: tabHealth}),
		Causes: presentCauses(e, stats), NoCauses: "No attempt failed in this time.",
		Now: presentNow(e, w.Now()), Limits: presentLimits(e, w.Now()),
	}
	if err := w.splitByStatus(c, h.Causes, e, length); err != nil {
		return nil, err
	}
	if gone := stats.States[webhook.Exhausted]; gone > 0 {
		h.GivenUp = component.Link{
			Label: capped(gone) + " " + oneOf(gone, "delivery", "deliveries") + " of this time given up", URL: log + "state=" + string(webhook.Exhausted),
		}
	}
	if stats.Delivered+stats.Failed == 0 {
		h.NoCauses = "Nothing was sent in this time."
	}
	fill(&h.Charts, stats.Buckets, length.step, healthRegion)
	return h, w.addHistory(c, h, e)
}

// statusesOf is how many of the latest deliveries, and as many of those that
// were given up, are looked at for their statuses: each is a row to read.
const statusesOf = 50

// splitByStatus tells the cause "error status" apart. The statistics don't know
// statuses: the latest failed deliveries of the time have to do, each by its
// last answer.
func (w *Web) splitByStatus(c *gin.Context, causes []endpoints.CauseRow, e webhook.Endpoint, length chartTime) error {
	at := slices.IndexFunc(causes, func(r endpoints.CauseRow) bool { return r.Cause == string(webhook.CauseStatus) })
	if at < 0 {
		return nil
	}
	ctx, caller := c.Request.Context(), w.caller(c)
	filter := webhook.DeliveryFilter{ProjectID: e.ProjectID, EndpointID: e.ID, Since: length.since, Until: length.until, Limit: statusesOf}
	_, latest, err := w.failures(ctx, caller, filter)
	causes[at].Statuses, causes[at].StatusNote = presentStatuses(e, latest)
	return err
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
