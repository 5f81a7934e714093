package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/deliveries"
)

// livesOn says whether a delivery's page may follow it: one that draws itself
// again would hide what a reason opened, or write an audit row each time.
func livesOn(caller account.Caller, project webhook.ProjectID) bool {
	return caller.PayloadOf(project) == account.PayloadOpen
}

func deliveryStream(d manage.DeliveryDetail, attempt string) string {
	query := url.Values{"seen": {stampOf(d.DeliveryRow)}}
	if attempt != "" {
		query.Set("attempt", attempt)
	}
	return pathDelivery(d.Delivery, "stream") + "?" + query.Encode()
}

// stampOf changes with everything of a delivery that its page shows.
func stampOf(r webhook.DeliveryRow) string {
	return fmt.Sprintf("%s.%d.%d.%d.%d.%t", r.Shown(), r.Attempts, unixMilli(r.DueAt), unixMilli(r.LastAttemptAt), unixMilli(r.EndedAt), r.EndpointGone)
}

func unixMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// streamDelivery sends the page's parts whenever the delivery has changed,
// until it has ended.
func (w *Web) streamDelivery(c *gin.Context) error {
	id, err := deliveryID(c)
	if err != nil {
		return err
	}
	project := w.project(c).ID
	if !livesOn(w.caller(c), project) {
		return webhook.Forbidden("this page does not follow a delivery for your role")
	}
	if found, err := w.Manage.DeliveriesByID(c.Request.Context(), w.caller(c), project, []webhook.DeliveryID{id}); err != nil || len(found) == 0 {
		return orMissing(err)
	}
	seen := c.Query("seen")
	return w.follow(c, func(ctx context.Context) ([]message, bool, error) {
		found, err := w.Manage.DeliveriesByID(ctx, w.caller(c), project, []webhook.DeliveryID{id})
		if err != nil || len(found) == 0 || !livesOn(w.caller(c), project) {
			return nil, true, orMissing(err)
		}
		stamp := stampOf(found[0])
		if stamp == seen {
			return nil, false, nil
		}
		seen = stamp
		return w.deliveryMessages(ctx, c, id)
	})
}

func orMissing(err error) error {
	if err == nil {
		err = webhook.NotFound("there is no such delivery")
	}
	return err
}

func (w *Web) deliveryMessages(ctx context.Context, c *gin.Context, id webhook.DeliveryID) ([]message, bool, error) {
	d, err := w.Manage.Delivery(ctx, w.caller(c), id, "")
	if err != nil {
		return nil, false, err
	}
	m, err := w.deliveryParts(c, d)
	if err != nil {
		return nil, false, err
	}
	var page bytes.Buffer
	if err := deliveries.Parts(m).Render(ctx, &page); err != nil {
		return nil, false, err
	}
	found := []message{{"parts", page.String()}}
	if d.State.Ended() {
		found = append(found, over("ended"))
	}
	return found, d.State.Ended(), nil
}

// downloadBody answers one body whole, as bytes: a page shows the first part
// of a long one, and can't show all bytes there are.
func (w *Web) downloadBody(c *gin.Context) error {
	id, err := deliveryID(c)
	if err != nil {
		return err
	}
	if !livesOn(w.caller(c), w.project(c).ID) {
		return webhook.Forbidden("bodies are not given to your role as files")
	}
	d, err := w.Manage.Delivery(c.Request.Context(), w.caller(c), id, "")
	if err != nil {
		return err
	}
	if d.ProjectID != w.project(c).ID {
		return webhook.NotFound("there is no such delivery")
	}
	for _, a := range d.Attempts {
		if fmt.Sprint(a.Number) != c.Query("attempt") {
			continue
		}
		body, name := a.Request.Body, "request"
		if c.Query("side") == "response" {
			body, name = a.Response.Body, "response"
		}
		c.Header("Content-Disposition", fmt.Sprintf("attachment; filename=%q", fmt.Sprintf("%s-%d-%s.bin", d.ID, a.Number, name)))
		c.Data(http.StatusOK, "application/octet-stream", body)
		return nil
	}
	return webhook.NotFound("there is no such attempt")
}
