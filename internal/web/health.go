package web

import (
	"fmt"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

// troubleFrom is how many failures in a row make an endpoint one that needs a
// person.
const troubleFrom = 3

// hour is how an endpoint did in the last one. Failures in a row alone would
// call an endpoint healthy that fails every other time.
type hour struct {
	attempts, failed int64
	// exhausted counts the deliveries that were given up.
	exhausted int64
}

// unsteady is when so much failed that the endpoint can't be called healthy.
func (h hour) unsteady() bool {
	return h.mostlyFailed() || h.attempts >= 10 && h.failed*5 >= h.attempts || h.exhausted > 0
}

// mostlyFailed is when its owners are warned: half of at least 20 attempts.
func (h hour) mostlyFailed() bool { return h.attempts >= 20 && h.failed*2 >= h.attempts }

// words say what was not well.
func (h hour) words() string {
	if h.exhausted > 0 && (h.attempts < 10 || h.failed*5 < h.attempts) {
		return plural(h.exhausted, "delivery was", "deliveries were") + " given up in the last hour"
	}
	return fmt.Sprintf("%d %% of %s failed in the last hour", h.failed*100/max(h.attempts, 1), plural(h.attempts, "attempt", "attempts"))
}

// endpointMark says how an endpoint is, and why it is not well.
func endpointMark(e webhook.Endpoint, last hour) (component.Mark, string) {
	switch {
	case !e.DeletedAt.IsZero():
		return component.Mark{Tone: component.Quiet, Text: "deleted"}, ""
	case e.State == webhook.EndpointPaused:
		return component.Mark{Tone: component.Held, Text: "paused"}, pauseWords(e.PausedBecause)
	case e.ConsecutiveFailures >= troubleFrom:
		return component.Mark{Tone: component.Bad, Text: "failing"}, plural(int64(e.ConsecutiveFailures), "failure", "failures") + " in a row"
	case last.unsteady():
		return component.Mark{Tone: component.Retry, Text: "unsteady"}, last.words()
	case e.ConsecutiveFailures > 0:
		return component.Mark{Tone: component.Retry, Text: "last attempt failed"}, ""
	case e.LastSuccessAt.IsZero():
		return component.Mark{Tone: component.Wait, Text: "nothing sent yet"}, ""
	}
	return component.Mark{Tone: component.Good, Text: "healthy"}, ""
}

// hours answers how endpoints of one project did in the last hour.
func (w *Web) hours(c *gin.Context, project webhook.ProjectID, ids []webhook.EndpointID) (map[webhook.EndpointID]hour, error) {
	ctx, caller, now := c.Request.Context(), w.caller(c), w.Now()
	since := now.Add(-time.Hour)
	stats, err := w.Manage.StatsByEndpoint(ctx, caller, webhook.StatsFilter{ProjectID: project, Since: since, Until: now, Step: 5 * time.Minute}, ids)
	if err != nil {
		return nil, err
	}
	filter := webhook.DeliveryFilter{ProjectID: project, State: webhook.Exhausted, Limit: manage.MaxLimit}
	if len(ids) == 1 {
		filter.EndpointID = ids[0]
	}
	exhausted, err := w.Manage.Deliveries(ctx, caller, filter)
	if err != nil {
		return nil, err
	}
	hours := map[webhook.EndpointID]hour{}
	for id, buckets := range stats {
		h := hour{}
		for _, b := range buckets {
			h.attempts += b.Delivered + b.Failed
			h.failed += b.Failed
		}
		hours[id] = h
	}
	for _, row := range exhausted.Items {
		if h, asked := hours[row.EndpointID]; asked && !row.Test && row.EndedAt.After(since) {
			h.exhausted++
			hours[row.EndpointID] = h
		}
	}
	return hours, nil
}

func idsOf(endpoints []webhook.Endpoint) []webhook.EndpointID {
	ids := make([]webhook.EndpointID, len(endpoints))
	for i, e := range endpoints {
		ids[i] = e.ID
	}
	return ids
}
