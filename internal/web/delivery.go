package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/deliveries"
)

func deliveryID(c *gin.Context) (webhook.DeliveryID, error) {
	id, err := pathID(c, "delivery")
	return webhook.DeliveryID{UUID: id}, err
}

// showDelivery also takes POST: support opens a payload by giving a reason.
func (w *Web) showDelivery(c *gin.Context) error {
	id, err := deliveryID(c)
	if err != nil {
		return err
	}
	d, err := w.Manage.Delivery(c.Request.Context(), w.caller(c), id, c.PostForm("reason"))
	if err != nil {
		return err
	}
	if d.ProjectID != w.project(c).ID {
		return webhook.NotFound("there is no such delivery")
	}
	m, err := w.deliveryModel(c, d)
	if err != nil {
		return err
	}
	return w.render(c, http.StatusOK, deliveries.Show(m))
}

func (w *Web) deliveryModel(c *gin.Context, d manage.DeliveryDetail) (deliveries.ShowModel, error) {
	m, err := w.deliveryParts(c, d)
	if err != nil {
		return m, err
	}
	m.Shell, err = w.shell(c, atDeliveries, "Delivery of "+d.Topic,
		component.Link{Label: "Deliveries", URL: under(d.ProjectID, "deliveries")}, component.Link{Label: d.Topic})
	return m, err
}

// deliveryParts are all of the page that can change while it is open.
func (w *Web) deliveryParts(c *gin.Context, d manage.DeliveryDetail) (deliveries.ShowModel, error) {
	siblings, err := w.Manage.Deliveries(c.Request.Context(), w.caller(c), webhook.DeliveryFilter{ProjectID: d.ProjectID, EventID: d.EventID})
	if err != nil {
		return deliveries.ShowModel{}, err
	}
	m := presentShow(d, siblings.Items, c.Query("attempt"), w.Now())
	if w.BaseURL != nil {
		m.Permalink = w.BaseURL.JoinPath(pathDelivery(d.Delivery)).String()
		m.Ticket += m.Permalink + "\n"
	}
	offerActs(&m, d, w.caller(c))
	if !d.State.Ended() {
		m.RefreshURL = c.Request.URL.RequestURI()
		if livesOn(w.caller(c), d.ProjectID) {
			m.Stream = deliveryStream(d, c.Query("attempt"))
		}
	}
	if d.Hidden && m.Exchange != nil {
		note := hiddenNote
		if d.NeedsReason {
			note, m.ReasonURL = hiddenUntil, pathDelivery(d.Delivery)
		}
		for _, side := range []*deliveries.Message{&m.Exchange.Request, &m.Exchange.Response} {
			side.Body.Note, side.DownloadURL = note, ""
		}
	}
	return m, nil
}

// Why a body is not there.
const (
	hiddenNote  = "Payloads are not shown to your role."
	hiddenUntil = "Hidden until you say why you open it."
)

// offerActs adds the buttons that this person may press now.
func offerActs(m *deliveries.ShowModel, d manage.DeliveryDetail, caller account.Caller) {
	again := caller.May(account.SendAgain, d.ProjectID) == nil
	switch {
	case again && d.State.Ended() && !d.EndpointGone:
		m.ResendURL = pathDelivery(d.Delivery, "resend")
	case again && d.Shown() == webhook.Waiting:
		m.SendNowURL = pathDelivery(d.Delivery, "send-now")
	}
	if d.Shown() == webhook.Held && !d.Suspended && !d.EndpointGone {
		m.ResumeURL = m.Endpoint.URL
	}
	if d.State == webhook.Waiting && caller.May(account.CancelDelivery, d.ProjectID) == nil {
		m.Cancel = component.ConfirmModel{
			ID: "cancel", Label: "Cancel", Title: "Cancel this delivery?", Submit: "Cancel the delivery", Danger: true,
			Consequence: "It is not tried again. You can still resend it later.", URL: pathDelivery(d.Delivery, "cancel"),
		}
	}
}

// deliveryHere is the delivery that the path names, if it is of the project that
// the path names.
func (w *Web) deliveryHere(c *gin.Context) (webhook.DeliveryID, error) {
	id, err := deliveryID(c)
	if err != nil {
		return id, err
	}
	found, err := w.Manage.DeliveriesByID(c.Request.Context(), w.caller(c), w.project(c).ID, []webhook.DeliveryID{id})
	if err != nil || len(found) == 0 {
		return id, orMissing(err)
	}
	return id, nil
}

func (w *Web) resendDelivery(c *gin.Context) error {
	id, err := w.deliveryHere(c)
	if err != nil {
		return err
	}
	again, err := w.Manage.Resend(c.Request.Context(), w.caller(c), id)
	if err != nil {
		return err
	}
	w.done(c, "Resent. This is the new delivery; the first stays in the log.")
	return w.redirect(c, pathDelivery(again.Delivery))
}

func (w *Web) sendDeliveryNow(c *gin.Context) error {
	id, err := w.deliveryHere(c)
	if err != nil {
		return err
	}
	row, err := w.Manage.SendNow(c.Request.Context(), w.caller(c), id)
	if err != nil {
		return err
	}
	w.done(c, dueWords(row))
	return w.redirect(c, pathDelivery(row.Delivery))
}

func (w *Web) cancelDelivery(c *gin.Context) error {
	id, err := w.deliveryHere(c)
	if err != nil {
		return err
	}
	row, err := w.Manage.CancelDelivery(c.Request.Context(), w.caller(c), id)
	if err != nil {
		return err
	}
	w.done(c, "The delivery is cancelled.")
	return w.redirect(c, pathDelivery(row.Delivery))
}
