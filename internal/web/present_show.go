package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/deliveries"
)

// presentShow is the delivery's page without what depends on who looks.
func presentShow(d manage.DeliveryDetail, siblings []webhook.DeliveryRow, attempt string, now time.Time) deliveries.ShowModel {
	m := deliveries.ShowModel{
		ID: d.ID.String(), Mark: mark(d.DeliveryRow, now), Topic: d.Topic, Target: d.EndpointURL, Test: d.Test,
		Event:    component.Link{Label: d.EventID.String(), URL: pathEvent(d.ProjectID, d.EventID)},
		EventURL: pathEvent(d.ProjectID, d.EventID), Endpoint: component.Link{Label: d.EndpointName},
		Created: moment(d.CreatedAt, now), Ended: moment(d.EndedAt, now), ActNote: actNote(d.DeliveryRow),
	}
	m.Verdict, m.Detail = verdict(d)
	if !d.EndpointGone {
		m.Endpoint.URL = under(d.ProjectID, "endpoints", d.EndpointID.String())
	}
	if d.Shown() == webhook.Waiting { // a held one waits for no time
		m.Due = dueMoment(d.DueAt, now)
		m.Upcoming = fmt.Sprint(len(d.Attempts) + 1)
	}
	if !d.ResendOf.IsZero() {
		m.Provenance = "Resent by " + byWhom(d.RequestedBy)
		original := webhook.Delivery{ProjectID: d.ProjectID, ID: d.ResendOf}
		m.Original = component.Link{Label: d.ResendOf.String(), URL: pathDelivery(original)}
	}
	if last := len(d.Attempts) - 1; last >= 0 {
		selected := last
		for i, a := range d.Attempts {
			if fmt.Sprint(a.Number) == attempt {
				selected = i
			}
		}
		m.Attempts = presentAttempts(d, selected, now)
		m.Exchange = presentExchange(d, d.Attempts[selected])
		if d.State != webhook.Delivered {
			m.Advice = adviceFor(d.Attempts[last].Attempt, d.EndpointURL)
		}
	}
	addSiblings(&m, d, siblings, now)
	m.Ticket = ticket(d, m)
	return m
}

// dueMoment is when the next try goes; a time that has passed is now and not
// "3 min ago".
func dueMoment(due, now time.Time) component.Time {
	at := moment(due, now)
	if !due.IsZero() && !due.After(now) {
		at.Text = "now"
	}
	return at
}

// shownSiblings is how many other deliveries of the event a page names.
const shownSiblings = 8

func addSiblings(m *deliveries.ShowModel, d manage.DeliveryDetail, rows []webhook.DeliveryRow, now time.Time) {
	more := 0
	for _, row := range rows {
		switch {
		case row.ID == d.ID:
			continue
		case row.ResendOf == d.ID:
			m.Resends = append(m.Resends, component.Link{Label: "resent " + relative(row.CreatedAt, now), URL: pathDelivery(row.Delivery)})
		}
		if len(m.Siblings) == shownSiblings {
			more++
			continue
		}
		line := presentDelivery(row, now)
		m.Siblings = append(m.Siblings, deliveries.Sibling{Endpoint: row.EndpointName, URL: line.URL, Mark: line.Mark, At: line.At, Note: line.Note})
	}
	if more > 0 {
		m.MoreSiblings = fmt.Sprintf("%d more", more)
	}
}

// ticket is what somebody pastes into a ticket: facts, no payload.
func ticket(d manage.DeliveryDetail, m deliveries.ShowModel) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Delivery %s\nEvent %s (%s)\nEndpoint %s (%s)\nURL %s\n%s\n", d.ID, d.EventID, d.Topic, d.EndpointName, d.EndpointID, d.EndpointURL, m.Verdict)
	for _, a := range d.Attempts {
		fmt.Fprintf(&b, "- attempt %d, %s: %s in %s\n", a.Number, a.StartedAt.UTC().Format(time.RFC3339), answerWords(a.Attempt), span(a.Duration))
	}
	return b.String()
}
