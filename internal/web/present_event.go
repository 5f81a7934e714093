package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/events"
)

// publishable reports whether people may publish a topic: the operational ones
// are made by Bellwire.
func publishable(topic string) bool { return !filter.IsOperational(topic) }

func presentEventPage(project webhook.ProjectID, d manage.EventDetail, now time.Time) events.ShowModel {
	m := events.ShowModel{
		ID: d.ID.String(), Topic: d.Topic, TopicURL: under(project, "topics", d.Topic), Occurred: moment(d.OccurredAt, now),
		Accepted: moment(d.AcceptedAt, now), By: d.PublishedBy.Name, ByKind: actorKind(d.PublishedBy), Key: d.Key, NoKey: "none was given",
		Payload: presentBody(d.Data, ""), Outcome: presentOutcome(project, d, now),
	}
	if d.PublishedBy.Type == webhook.ActorUser && strings.HasPrefix(d.Key, formKey) {
		m.Key, m.NoKey = "", "the form's own, so that sent twice it counts once"
	}
	if d.Audience == webhook.AudienceAll {
		m.Audience = "for all projects that subscribe"
	}
	switch {
	case !d.ExpungedAt.IsZero():
		m.Payload.Note = "Expunged " + relative(d.ExpungedAt, now) + ": the data is gone for good."
	case d.Hidden:
		m.Payload.Note = hiddenNote
	}
	return m
}

func actorKind(a webhook.Actor) string {
	switch {
	case a.Type == webhook.ActorKey && !a.ID.IsZero():
		return "API key"
	case a.Type == webhook.ActorUser:
		return "person"
	case a.Type == webhook.ActorSystem:
		return "by itself"
	}
	return ""
}

func presentOutcome(project webhook.ProjectID, d manage.EventDetail, now time.Time) events.OutcomeModel {
	m := events.OutcomeModel{URL: pathEvent(project, d.ID), Every: followEvery(d, now), Receivers: presentReceivers(d, now), Missed: presentMisses(d)}
	m.Verdict, m.Detail = eventVerdict(d)
	if d.Wide.Made > 0 {
		m.More = component.Link{Label: "See all of its deliveries", URL: under(project, "deliveries") + "?q=" + d.ID.String()}
	}
	if len(d.Matches) == manage.MaxLimit {
		m.Unexplained = "Only the first " + count(manage.MaxLimit) + " endpoints are explained here."
	}
	if !d.ExpungedAt.IsZero() {
		m.Unexplained = "Why another endpoint did not get it can't be explained any more: matching needs the payload."
	}
	if d.Progress.Pending {
		m.FanOut = "This event goes to many endpoints; their deliveries are made in steps."
		if made := d.Progress.Made; made > 0 && d.Audience == webhook.AudienceProject {
			m.FanOut += " " + plural(int64(made), "is made", "are made") + " so far."
		}
	}
	return m
}

// followEvery is how often the page asks how it goes: soon while something is
// about to happen, and not at all once nothing is.
func followEvery(d manage.EventDetail, now time.Time) string {
	soonest := time.Duration(-1)
	for _, row := range d.Deliveries {
		if row.State.Ended() || row.Shown() == webhook.Held {
			continue
		}
		wait := max(row.DueAt.Sub(now), 0)
		if row.State == webhook.Sending {
			wait = 0
		}
		if soonest < 0 || wait < soonest {
			soonest = wait
		}
	}
	switch {
	case d.Progress.Pending || soonest >= 0 && soonest < time.Minute:
		return "2s"
	case soonest >= 0 && soonest < 10*time.Minute:
		return "20s"
	}
	return ""
}

// fateAt is how an event stands with an endpoint, in view of all its deliveries
// there.
type fateAt struct{ done, live, held bool }

func (f fateAt) fate() events.Fate {
	switch {
	case f.done:
		return events.Got
	case f.live || f.held:
		return events.Due
	}
	return events.Lost
}

func fatesOf(rows []webhook.DeliveryRow) map[webhook.EndpointID]fateAt {
	byEndpoint := map[webhook.EndpointID]fateAt{}
	for _, row := range rows {
		f := byEndpoint[row.EndpointID]
		f.done = f.done || row.State == webhook.Delivered
		f.held = f.held || row.Shown() == webhook.Held
		f.live = f.live || !row.State.Ended() && row.Shown() != webhook.Held
		byEndpoint[row.EndpointID] = f
	}
	return byEndpoint
}

// presentReceivers are the deliveries, newest first. Only the newest of each
// endpoint is offered again, once it has ended.
func presentReceivers(d manage.EventDetail, now time.Time) []events.Receiver {
	seen, fates := map[webhook.EndpointID]bool{}, fatesOf(d.Deliveries)
	var list []events.Receiver
	for _, row := range d.Deliveries {
		line := presentDelivery(row, now)
		list = append(list, events.Receiver{
			Fate: fates[row.EndpointID].fate(), Endpoint: line.Endpoint, EndpointURL: line.EndpointURL, URL: line.URL, ID: line.ID, Mark: line.Mark, Answer: line.Answer,
			Attempts: line.Attempts, At: line.At, Note: line.Note, Why: receiverWhy(row),
			Resend: !seen[row.EndpointID] && row.State.Ended() && !row.EndpointGone,
		})
		seen[row.EndpointID] = true
	}
	return list
}

// receiverWhy says what keeps a delivery, or why it ended without success.
func receiverWhy(row webhook.DeliveryRow) string {
	switch row.Shown() {
	case webhook.Held:
		return heldWords(row)
	case webhook.Cancelled:
		if row.EndpointGone {
			return "The endpoint was deleted."
		}
		return sentenceOf(row.Reason)
	case webhook.Exhausted:
		return sentenceOf(row.Reason)
	case webhook.Waiting, webhook.Sending, webhook.Delivered:
	}
	return ""
}

// presentMisses are the endpoints that have no delivery of the event, and why.
func presentMisses(d manage.EventDetail) []events.Missed {
	got := map[webhook.EndpointID]bool{}
	test := false
	for _, row := range d.Deliveries {
		got[row.EndpointID] = true
		test = test || row.Test
	}
	var list []events.Missed
	for _, match := range d.Matches {
		if got[match.Endpoint.ID] || match.Matched && d.Wide.Made > 0 { // its delivery may be one that is not listed
			continue
		}
		missed := presentMissed(match.Endpoint, match.Explanation)
		switch {
		case !match.Matched:
		case test:
			missed.Lines = []events.Line{{What: "was not asked", Why: "this was a test of one endpoint"}}
		case d.Progress.Pending:
			missed.Lines = append(missed.Lines, events.Line{OK: true, What: "it matches", Why: "its delivery is about to be made"})
		}
		list = append(list, missed)
	}
	for _, e := range d.Later {
		list = append(list, events.Missed{
			Endpoint: e.Name, EndpointURL: pathEndpoint(e),
			Lines: []events.Line{{What: "was created later", Why: span(e.CreatedAt.Sub(d.AcceptedAt)) + " after the event was accepted"}},
		})
	}
	return list
}

// presentMissed explains one endpoint: the conditions that failed, or all of
// them if none did.
func presentMissed(e webhook.Endpoint, x filter.Explanation) events.Missed {
	missed := events.Missed{Endpoint: e.Name, EndpointURL: pathEndpoint(e)}
	switch {
	case !e.DeletedAt.IsZero():
		missed.EndpointURL, missed.Notes = "", []string{"deleted since"}
	case e.State == webhook.EndpointPaused:
		missed.Notes = []string{"paused now"}
	}
	for _, line := range x.Lines {
		missed.Lines = append(missed.Lines, events.Line{OK: line.OK, What: line.What, Why: line.Why})
	}
	return missed
}

// eventVerdict says in a sentence how it went, and in a second what is left.
func eventVerdict(d manage.EventDetail) (component.Mark, string) {
	byEndpoint := fatesOf(d.Deliveries)
	var done, live, held, lost int
	for _, s := range byEndpoint {
		switch {
		case s.done:
			done++
		case s.live:
			live++
		case s.held:
			held++
		default:
			lost++
		}
	}
	all := len(byEndpoint)
	switch {
	case d.Wide.Made > 0:
		return wideVerdict(d)
	case all == 0 && d.Progress.Pending:
		return component.Mark{Tone: component.Busy, Text: "On its way."}, ""
	case all == 0:
		return component.Mark{Tone: component.Quiet, Text: "No endpoint took this event."}, "Nothing was sent. What kept each endpoint from it stands below."
	case done == all:
		return component.Mark{Tone: component.Good, Text: plural(int64(done), "endpoint", "endpoints") + " got it."}, ""
	}
	mark := component.Mark{Tone: component.Bad, Text: fmt.Sprintf("%d of %s got it.", done, plural(int64(all), "endpoint", "endpoints"))}
	switch {
	case live > 0:
		mark.Tone, mark.Text = component.Retry, fmt.Sprintf("%d of %s got it so far.", done, plural(int64(all), "endpoint", "endpoints"))
	case lost == 0:
		mark.Tone = component.Held
	}
	return mark, restWords(live, held, lost)
}

// wideVerdict is the verdict on an event with more deliveries than are listed.
func wideVerdict(d manage.EventDetail) (component.Mark, string) {
	o := d.Wide
	mark := component.Mark{Tone: component.Bad, Text: fmt.Sprintf("%s of %s got it.", count(int64(o.Delivered)), plural(int64(o.Made), "endpoint", "endpoints"))}
	switch {
	case o.Delivered == o.Made && !d.Progress.Pending:
		return component.Mark{Tone: component.Good, Text: plural(int64(o.Made), "endpoint", "endpoints") + " got it."}, ""
	case o.Live > 0 || d.Progress.Pending:
		mark.Tone, mark.Text = component.Retry, strings.TrimSuffix(mark.Text, ".")+" so far."
		return mark, plural(int64(o.Live), "delivery is under way or held.", "deliveries are under way or held.")
	}
	return mark, "The others ended without success."
}

func restWords(live, held, lost int) string {
	var parts []string
	for _, p := range []struct {
		n         int
		one, many string
	}{{live, "is under way", "are under way"}, {held, "is held", "are held"}, {lost, "ended without success", "ended without success"}} {
		if p.n > 0 {
			parts = append(parts, plural(int64(p.n), p.one, p.many))
		}
	}
	return strings.Join(parts, ", ") + "."
}
