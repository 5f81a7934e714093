package web

import (
	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/endpoints"
)

// healthTab is how the endpoint has been doing.
func (w *Web) healthTab(c *gin.Context, e webhook.Endpoint) (*endpoints.Health, error) {
	now := w.Now()
	length, chips := chartRange(c, e.CreatedAt, now)
	stats, err := w.Manage.Stats(c.Request.Context(), w.caller(c), webhook.StatsFilter{
		ProjectID: e.ProjectID, EndpointID: e.ID, Since: now.Add(-length), Until: now, Step: stepOf(length),
	})
	if err != nil {
		return nil, err
	}
	h := &endpoints.Health{
		Ranges: chips, Figures: figures(stats), Volume: volumeChart(stats.Buckets, stepOf(length)), Latency: latencyChart(stats.Buckets, stepOf(length)),
		Causes: presentCauses(e, stats), Limits: howRows(e),
	}
	return h, nil
}
