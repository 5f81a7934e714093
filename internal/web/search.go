package web

import (
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// search goes straight to what an id or name means: a delivery (also by one of
// its attempts), an event, an endpoint, a topic; else to the events that carry
// the words in their search keys.
func (w *Web) search(c *gin.Context) error {
	query := strings.TrimSpace(c.Query("q"))
	if query == "" {
		return w.redirect(c, under(w.project(c).ID))
	}
	path, err := w.find(c, query)
	if err != nil {
		return err
	}
	return w.redirect(c, path)
}

func (w *Web) find(c *gin.Context, query string) (string, error) {
	ctx, caller, project := c.Request.Context(), w.caller(c), w.project(c)
	if id, err := webhook.ParseUUID(strings.ToLower(query)); err == nil {
		return w.findID(c, id)
	}
	topics, err := w.Manage.Topics(ctx, caller)
	if err != nil {
		return "", err
	}
	for _, t := range topics {
		if t.Name == query {
			return under(project.ID, "topics", t.Name), nil
		}
	}
	endpoints, err := w.Manage.Endpoints(ctx, caller, manage.EndpointFilter{ProjectID: project.ID, Query: query, Limit: 2})
	if err != nil {
		return "", err
	}
	if len(endpoints.Items) == 1 {
		return pathEndpoint(endpoints.Items[0]), nil
	}
	return under(project.ID, "events") + "?q=" + url.QueryEscape(query), nil
}

func (w *Web) findID(c *gin.Context, id webhook.UUID) (string, error) {
	ctx, caller, project := c.Request.Context(), w.caller(c), w.project(c)
	if event, err := w.Manage.FindEvent(ctx, caller, project.ID, webhook.EventID{UUID: id}); err == nil {
		return pathEvent(project.ID, event), nil
	} else if webhook.KindOf(err) != webhook.KindNotFound {
		return "", err
	}
	if e, err := w.Manage.Endpoint(ctx, caller, webhook.EndpointID{UUID: id}); err == nil && e.ProjectID == project.ID {
		return pathEndpoint(e), nil
	} else if err != nil && webhook.KindOf(err) != webhook.KindNotFound {
		return "", err
	}
	page, err := w.Manage.Deliveries(ctx, caller, webhook.DeliveryFilter{ProjectID: project.ID, Query: id.String(), Limit: 2})
	if err != nil {
		return "", err
	}
	if len(page.Items) == 1 {
		return pathDelivery(page.Items[0].Delivery), nil
	}
	return under(project.ID, "deliveries") + "?q=" + id.String(), nil
}
