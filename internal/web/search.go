package web

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// search goes straight to what an id, whole or shortened, or a name means: a
// delivery (also by one of its attempts), an event, an endpoint, a topic; to the
// list of endpoints or topics that have the words in their names; else to the
// events that carry the words in their search keys.
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

// sought is the member of an address that the search at the top led to when
// nothing else has the words.
const sought = "sought"

func (w *Web) find(c *gin.Context, query string) (string, error) {
	if id, err := webhook.ParseUUID(strings.ToLower(query)); err == nil {
		return w.findID(c, id)
	}
	if path, err := w.findShort(c, query); path != "" || err != nil {
		return path, err
	}
	project := w.project(c).ID
	topics, err := w.Manage.Topics(c.Request.Context(), w.caller(c))
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(topics, func(t webhook.Topic) bool { return t.Name == query }) {
		return under(project, "topics", query), nil
	}
	if path, err := w.findEndpoint(c, query); path != "" || err != nil {
		return path, err
	}
	if path := findTopics(project, topics, query); path != "" {
		return path, nil
	}
	return under(project, "events") + "?" + url.Values{"q": {query}, sought: {"all"}}.Encode(), nil
}

// findShort finds what an id that was copied from a page, its middle left out,
// means.
func (w *Web) findShort(c *gin.Context, query string) (string, error) {
	short, ok := webhook.ParseShortID(query)
	if !ok {
		return "", nil
	}
	project := w.project(c).ID
	found, err := w.Manage.FindShort(c.Request.Context(), w.caller(c), project, short)
	switch {
	case err != nil:
		return "", err
	case !found.Endpoint.IsZero():
		return under(project, "endpoints", found.Endpoint.String()), nil
	case !found.Event.IsZero():
		return pathEvent(project, found.Event), nil
	case !found.Delivery.IsZero():
		return under(project, "deliveries", found.Delivery.String()), nil
	}
	return "", nil
}

// wholeID is what a shortened id stands for in the log; zero for a whole one,
// and for one that nothing has.
func (w *Web) wholeID(c *gin.Context, text string) (webhook.UUID, error) {
	short, ok := webhook.ParseShortID(text)
	if !ok {
		return webhook.UUID{}, nil
	}
	found, err := w.Manage.FindShort(c.Request.Context(), w.caller(c), w.project(c).ID, short)
	return cmp.Or(found.Delivery.UUID, found.Event.UUID, found.Endpoint.UUID), err
}

// findEndpoint finds endpoints by a part of their name or URL.
func (w *Web) findEndpoint(c *gin.Context, query string) (string, error) {
	project := w.project(c).ID
	page, err := w.Manage.Endpoints(c.Request.Context(), w.caller(c), manage.EndpointFilter{ProjectID: project, Query: query, Limit: 2})
	switch {
	case err != nil || len(page.Items) == 0:
		return "", err
	case len(page.Items) == 1:
		return pathEndpoint(page.Items[0]), nil
	}
	return under(project, "endpoints") + "?q=" + url.QueryEscape(query), nil
}

// findTopics leads to the topics that have words in their name; nowhere if none
// has.
func findTopics(project webhook.ProjectID, topics []webhook.Topic, words string) string {
	topics = slices.DeleteFunc(slices.Clone(topics), func(t webhook.Topic) bool { return !strings.Contains(t.Name, strings.ToLower(words)) })
	switch len(topics) {
	case 0:
		return ""
	case 1:
		return under(project, "topics", topics[0].Name)
	}
	return under(project, "topics") + "?q=" + url.QueryEscape(words)
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
