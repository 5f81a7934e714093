package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/events"
)

func eventID(c *gin.Context) (webhook.EventID, error) {
	id, err := pathID(c, "event")
	return webhook.EventID{UUID: id}, err
}

// showEvent also takes POST: support opens a payload by giving a reason.
func (w *Web) showEvent(c *gin.Context) error {
	id, err := eventID(c)
	if err != nil {
		return err
	}
	project, caller := w.project(c), w.caller(c)
	d, err := w.Manage.Event(c.Request.Context(), caller, project.ID, id, c.PostForm("reason"))
	if err != nil {
		return err
	}
	m := presentEventPage(project.ID, d, w.Now())
	w.offerEventActs(&m, caller, project.ID, d)
	if wantsPart(c) {
		return w.render(c, http.StatusOK, events.Outcome(m.Outcome))
	}
	m.Shell, err = w.shell(c, atEvents, d.Topic, component.Link{Label: "Events", URL: under(project.ID, "events")}, component.Link{Label: d.Topic})
	if err != nil {
		return err
	}
	return w.render(c, http.StatusOK, events.Show(m))
}

// offerEventActs adds what this person may do with the event now.
func (w *Web) offerEventActs(m *events.ShowModel, caller account.Caller, project webhook.ProjectID, d manage.EventDetail) {
	if caller.PayloadOf(project) != account.PayloadOpen {
		m.Outcome.Every = "" // asking again by itself would write an audit row each time
	}
	if d.Hidden && d.NeedsReason {
		m.ReasonURL, m.Payload.Note = pathEvent(project, d.ID), hiddenUntil
	}
	if caller.May(account.SendAgain, project) == nil && d.ExpungedAt.IsZero() {
		m.Outcome.ResendURL = pathEvent(project, d.ID, "resend")
	}
	if len(d.Data) > 0 {
		m.RawURL = pathEvent(project, d.ID, "data")
		if caller.May(account.Publish, project) == nil && publishable(d.Topic) {
			m.AgainURL = under(project, "events", "new") + "?from=" + d.ID.String()
		}
	}
	if d.Audience == webhook.AudienceProject && d.ExpungedAt.IsZero() && caller.May(account.Expunge, project) == nil {
		m.Expunge = component.ConfirmModel{
			ID: "expunge", Label: "Expunge the payload", Title: "Expunge this payload?", Danger: true, Submit: "Expunge",
			Consequence: expungeWords(d), URL: pathEvent(project, d.ID, "expunge"),
		}
	}
}

// expungeWords say what goes with a payload.
func expungeWords(d manage.EventDetail) string {
	waiting := 0
	for _, row := range d.Deliveries {
		if row.State == webhook.Waiting {
			waiting++
		}
	}
	text := "The data is removed for good and can't be sent again; the log's rows stay, without saying why an endpoint did not get it."
	if waiting > 0 {
		text += " " + plural(int64(waiting), "waiting delivery is cancelled.", "waiting deliveries are cancelled.")
	}
	return text
}

// eventData is the exact data as a file.
func (w *Web) eventData(c *gin.Context) error {
	id, err := eventID(c)
	if err != nil {
		return err
	}
	d, err := w.Manage.EventData(c.Request.Context(), w.caller(c), w.project(c).ID, id)
	if err != nil {
		return err
	}
	if len(d.Data) == 0 {
		return webhook.NotFound("there is no data to show")
	}
	c.Header("Content-Disposition", `attachment; filename="`+d.ID.String()+`.json"`)
	c.Header("Cache-Control", "no-store")
	c.Data(http.StatusOK, "application/json", d.Data)
	return nil
}

// resendEvent sends one delivery of the event again.
func (w *Web) resendEvent(c *gin.Context) error {
	id, err := eventID(c)
	if err != nil {
		return err
	}
	ctx, caller, project := c.Request.Context(), w.caller(c), w.project(c).ID
	if id, err = w.Manage.FindEvent(ctx, caller, project, id); err != nil {
		return err
	}
	if err := caller.May(account.SendAgain, project); err != nil {
		return err
	}
	rows, err := w.Manage.Deliveries(ctx, caller, webhook.DeliveryFilter{ProjectID: project, EventID: id, Limit: manage.MaxLimit})
	if err != nil {
		return err
	}
	for _, row := range rows.Items {
		if row.ID.String() != c.PostForm("delivery") {
			continue
		}
		if _, err := w.Manage.Resend(ctx, caller, row.ID); err != nil {
			return err
		}
		w.done(c, "Resent to "+row.EndpointName+" as a new delivery; the first stays in the log.")
		return w.redirect(c, pathEvent(project, id))
	}
	return webhook.NotFound("the event has no such delivery")
}

func (w *Web) expungeEvent(c *gin.Context) error {
	id, err := eventID(c)
	if err != nil {
		return err
	}
	if id, err = w.Manage.FindEvent(c.Request.Context(), w.caller(c), w.project(c).ID, id); err != nil {
		return err
	}
	if err := w.Manage.Expunge(c.Request.Context(), w.caller(c), id); err != nil {
		return err
	}
	w.done(c, "The payload is gone.")
	return w.redirect(c, pathEvent(w.project(c).ID, id))
}
