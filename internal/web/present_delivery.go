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

// mark says how a delivery is doing, in a word and a tone.
func mark(row webhook.DeliveryRow, now time.Time) component.Mark {
	switch row.Shown() {
	case webhook.Delivered:
		return component.Mark{Tone: component.Good, Text: "delivered"}
	case webhook.Sending:
		return component.Mark{Tone: component.Busy, Text: "sending"}
	case webhook.Held:
		return component.Mark{Tone: component.Held, Text: "held"}
	case webhook.Exhausted:
		return component.Mark{Tone: component.GivenUp, Text: "exhausted"}
	case webhook.Cancelled:
		return component.Mark{Tone: component.Quiet, Text: "cancelled"}
	case webhook.Waiting:
	}
	if row.Attempts == 0 {
		return component.Mark{Tone: component.Wait, Text: "waiting"}
	}
	if row.DueAt.After(now) {
		return component.Mark{Tone: component.Retry, Text: "retrying in " + span(row.DueAt.Sub(now))}
	}
	return component.Mark{Tone: component.Retry, Text: "retrying now"}
}

// presentDelivery is a line of the log.
func presentDelivery(row webhook.DeliveryRow, now time.Time) deliveries.Row {
	r := deliveries.Row{
		URL: pathDelivery(row.Delivery), ID: row.ID.String(), Mark: mark(row, now), Topic: row.Topic,
		Endpoint: row.EndpointName, Attempts: fmt.Sprint(row.Attempts), At: moment(row.CreatedAt, now), EventURL: pathEvent(row.ProjectID, row.EventID),
	}
	if !row.EndpointGone {
		r.EndpointURL = under(row.ProjectID, "endpoints", row.EndpointID.String())
	}
	if !row.LastAttemptAt.IsZero() {
		r.Duration = took(time.Duration(row.LastDurationMS) * time.Millisecond)
		r.Answer, r.Tone = causeWord(row.LastCause, row.LastStatus), component.Bad
		if row.LastCause == "" {
			r.Tone = component.Good
		}
	}
	switch {
	case row.Test:
		r.Note = "test"
	case !row.ResendOf.IsZero():
		r.Note = "resend"
	}
	return r
}

// foundWords are an event's search values in a line.
func foundWords(values []string) string { return strings.Join(values, " · ") }

// verdict says in a sentence how it stands, and in a second what was before;
// when it is tried next stands beside it and counts down.
func verdict(d manage.DeliveryDetail) (sentence, detail string) {
	tries := len(d.Attempts)
	lasted := ""
	if tries > 0 {
		lasted = took(d.Attempts[tries-1].Duration)
	}
	switch d.Shown() {
	case webhook.Delivered:
		if tries == 1 {
			return fmt.Sprintf("Delivered at the first try in %s.", lasted), ""
		}
		return fmt.Sprintf("Delivered at try %d in %s.", tries, lasted), failedBefore(d)
	case webhook.Sending:
		return "Being sent at this moment.", failedBefore(d)
	case webhook.Held:
		return heldWords(d.DeliveryRow), failedBefore(d)
	case webhook.Cancelled:
		return "Cancelled: nothing more is sent.", sentenceOf(d.Reason)
	case webhook.Exhausted:
		return fmt.Sprintf("Given up after %s. %s", plural(int64(tries), "try", "tries"), whatHappened(d)), sentenceOf(d.Reason)
	case webhook.Waiting:
	}
	if tries == 0 {
		return "Waiting to be sent.", ""
	}
	return whatHappened(d), ""
}

func sentenceOf(reason string) string {
	if reason == "" {
		return ""
	}
	return sentence(reason)
}

// whatHappened sums up the failed tries: "Your server answered 500 three
// times." Of one that is over, it says so if nothing else ever happened.
func whatHappened(d manage.DeliveryDetail) string {
	if len(d.Attempts) == 0 {
		return ""
	}
	last := d.Attempts[len(d.Attempts)-1]
	same := 0
	for i := len(d.Attempts) - 1; i >= 0; i-- {
		if a := d.Attempts[i]; a.Cause != last.Cause || a.Response.Status != last.Response.Status {
			break
		}
		same++
	}
	words := "our server " + did(last.Cause, last.Response.Status)
	switch {
	case same == len(d.Attempts) && same == 2 && d.State == webhook.Exhausted:
		return "Both times y" + words + "."
	case same == len(d.Attempts) && same > 2 && d.State == webhook.Exhausted:
		return "Each time y" + words + "."
	case same > 1 && last.Cause != webhook.CauseStatus:
		return "Y" + words + "," + times(same) + "."
	}
	return "Y" + words + times(same) + "."
}

func times(n int) string {
	words := []string{"", "", " twice", " three times", " four times", " five times", " six times", " seven times", " eight times", " nine times", " ten times"}
	if n < len(words) {
		return words[n]
	}
	return fmt.Sprintf(" %d times", n)
}

// failedBefore tells of failures before the present state.
func failedBefore(d manage.DeliveryDetail) string {
	failed := 0
	for _, a := range d.Attempts {
		if a.Outcome != webhook.OutcomeDelivered {
			failed++
		}
	}
	if failed == 0 {
		return ""
	}
	return plural(int64(failed), "try failed", "tries failed") + " before."
}

func heldWords(row webhook.DeliveryRow) string {
	if row.Suspended {
		return "Held: the project is suspended. It goes out when an operator lifts that."
	}
	switch row.PausedBecause {
	case webhook.PausedAsGone:
		return "Held: the receiver answered 410 Gone. Change the endpoint's URL and resume it."
	case webhook.PausedAsFailing:
		return "Held: the endpoint failed for days and was paused. It is probed every hour."
	case webhook.PausedBySecret:
		return "Held: the signing secret can't be read, and nothing is ever sent unsigned. An operator has to restore the master key."
	case webhook.PausedBySlack:
		return "Held: Slack does not take the project's connection. Reconnect it under Slack, and it goes out."
	case webhook.PausedByPerson, webhook.PausedByProject:
	}
	return "Held: the endpoint is paused. It goes out when somebody resumes it."
}

// dueWords say what came of making a delivery due at once.
func dueWords(row webhook.DeliveryRow) string {
	switch {
	case row.Shown() != webhook.Held:
		return "It is due now."
	case row.Suspended:
		return "It stays held until the suspension of the project is lifted."
	}
	return "It stays held until the endpoint is resumed."
}

// actNote says what pressing the first button does at this moment, or why
// there is none.
func actNote(row webhook.DeliveryRow) string {
	switch {
	case row.EndpointGone:
		return "The endpoint is deleted, so there is nowhere to send it."
	case row.Shown() == webhook.Waiting && row.Attempts > 0:
		return "Tries it at once; if that fails too, the schedule goes on."
	case !row.State.Ended():
		return ""
	case row.Suspended || row.EndpointState == webhook.EndpointPaused:
		return "A resend will be held: the endpoint is paused."
	}
	return "Makes a new delivery with the endpoint's present URL and secret; the event id stays."
}

func presentAttempts(d manage.DeliveryDetail, selected int, now time.Time) []deliveries.Attempt {
	longest := time.Millisecond
	for _, a := range d.Attempts {
		longest = max(longest, a.Duration)
	}
	var list []deliveries.Attempt
	for i, a := range d.Attempts {
		p := deliveries.Attempt{
			Number: fmt.Sprint(a.Number), URL: fmt.Sprintf("%s?attempt=%d", pathDelivery(d.Delivery), a.Number), Current: i == selected,
			Mark: outcomeMark(a.Outcome), Answer: causeWord(a.Cause, a.Response.Status), At: clockSeconds(a.StartedAt, now), Duration: took(a.Duration),
			Scale: float64(a.Duration) / float64(longest), Phases: phases(a.Attempt),
		}
		if i > 0 {
			p.Gap = "+" + span(a.StartedAt.Sub(d.Attempts[i-1].StartedAt))
		}
		list = append(list, p)
	}
	return list
}

func outcomeMark(o webhook.Outcome) component.Mark {
	switch o {
	case webhook.OutcomeDelivered:
		return component.Mark{Tone: component.Good, Text: "delivered"}
	case webhook.OutcomeUnknown:
		return component.Mark{Tone: component.Unknown, Text: "unknown"}
	case webhook.OutcomeFailed:
	}
	return component.Mark{Tone: component.Bad, Text: "failed"}
}

func answerWords(a webhook.Attempt) string {
	if a.Response.Status != 0 {
		return statusLine(a.Response.Status)
	}
	if a.Error != "" {
		return a.Error
	}
	return causeWord(a.Cause, 0)
}

// phases lays the timings out on a bar from 0 to 1: lengths that follow each
// other, FirstByte being the wait on an open connection.
func phases(a webhook.Attempt) []component.Phase {
	if a.Duration <= 0 {
		return nil
	}
	var list []component.Phase
	at := time.Duration(0)
	add := func(kind, label string, length time.Duration) {
		if length <= 0 || at >= a.Duration {
			return
		}
		end := min(at+length, a.Duration)
		list = append(list, component.Phase{
			Kind: kind, Label: label, Text: took(length), From: float64(at) / float64(a.Duration), To: float64(end) / float64(a.Duration),
		})
		at = end
	}
	add("dns", "DNS", a.Timings.DNS)
	add("connect", "connect", a.Timings.Connect)
	add("tls", "TLS", a.Timings.TLS)
	if a.Timings.FirstByte > 0 {
		add("wait", "wait", a.Timings.FirstByte)
		add("body", "body", a.Duration-at)
	} else {
		add("wait", "wait", a.Duration-at)
	}
	return list
}
