package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/overview"
)

// overviewState is what the overview's words are made of. The headline, the
// line below it and the rows all count the same list.
type overviewState struct {
	project  webhook.Project
	list     standings
	held     heldBack
	failures []webhook.DeliveryRow
	// first says that nothing ever arrived: the page shows the guide.
	first bool
	// past says that there are deliveries, maybe of endpoints that are gone.
	past bool
}

// guided reports whether the guide alone says all there is to say: a first
// failure or two belong to it.
func (s overviewState) guided() bool {
	if len(s.list) == 0 {
		return !s.past
	}
	return s.first && len(s.list) == 1 && s.list.counted(condition.needsYou) == 0 && len(s.held.list) == 0
}

// verdict is the headline and the line below it.
func (s overviewState) verdict() (component.Mark, string) {
	needs, doubts, all := s.list.counted(condition.needsYou), s.list.counted(condition.doubtful), len(s.list)
	switch {
	case s.project.Suspended():
		return component.Mark{Tone: component.Held, Text: "This project is suspended"}, "Everything is held until an operator lifts the suspension; nothing is lost."
	case all == 0:
		return component.Mark{Tone: component.Neutral, Text: "No endpoint yet"}, "Connect one and send it a first event."
	case s.guided() && doubts > 0:
		return component.Mark{Tone: component.Retry, Text: "The first event has not arrived yet"}, "The steps below say why, and what to do."
	case s.everythingFails():
		return component.Mark{Tone: component.Bad, Text: "Nothing gets through"}, s.whoseFault()
	case needs > 0:
		text := plural(int64(needs), "endpoint needs you", "endpoints need you")
		return component.Mark{Tone: component.Bad, Text: text}, s.theOthers(condition.needsYou)
	case doubts > 0 && all == 1:
		return component.Mark{Tone: component.Retry, Text: "Your endpoint is not quite well"}, "Nothing to do yet: what failed is tried again."
	case doubts > 0:
		text := fmt.Sprintf("%d of %d endpoints %s not quite well", doubts, all, isAre(doubts))
		return component.Mark{Tone: component.Retry, Text: text}, s.theOthers(condition.doubtful)
	}
	return s.wellVerdict()
}

// wellVerdict is the headline where nobody has to act: only what was tried and
// went well is called healthy.
func (s overviewState) wellVerdict() (component.Mark, string) {
	well, all := s.list.counted(is(healthy)), len(s.list)
	switch {
	case well == 0 && s.list.counted(is(unused)) == all && all == 1:
		return component.Mark{Tone: component.Wait, Text: "Your endpoint is not used yet"}, "Nothing was sent to it so far."
	case well == 0:
		tone := component.Wait
		if s.list.counted(is(pausedBySomebody)) > 0 {
			tone = component.Held
		}
		return component.Mark{Tone: tone, Text: capital(s.parts(never))}, s.held.comfort()
	case well == all && all == 1:
		return component.Mark{Tone: component.Good, Text: "Your endpoint is healthy"}, ""
	case well == all:
		return component.Mark{Tone: component.Good, Text: fmt.Sprintf("All %s endpoints are healthy", count(int64(all)))}, ""
	case len(s.held.list) > 0:
		return component.Mark{Tone: component.Held, Text: s.parts(never)}, s.held.comfort()
	}
	return component.Mark{Tone: component.Good, Text: s.parts(never)}, ""
}

func never(condition) bool { return false }

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func capital(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// theOthers counts the endpoints that a headline did not.
func (s overviewState) theOthers(told func(condition) bool) string {
	if words := s.parts(told); words != "" {
		return "Of the others " + words + "."
	}
	return ""
}

// parts counts endpoints by how they are, those told already left out:
// "3 healthy, 1 paused and holding 116, 2 not used yet".
func (s overviewState) parts(told func(condition) bool) string {
	var words []string
	for _, part := range []struct {
		word  string
		holds func(condition) bool
	}{
		{"not quite well", condition.doubtful}, {"healthy", is(healthy)}, {"paused" + s.held.words(), is(pausedBySomebody)}, {"not used yet", is(unused)},
	} {
		n := s.list.counted(func(c condition) bool { return part.holds(c) && !told(c) })
		if n > 0 {
			words = append(words, count(int64(n))+" "+part.word)
		}
	}
	return strings.Join(words, ", ")
}

// everythingFails is when every endpoint that anything is sent to fails, and
// there is more than one.
func (s overviewState) everythingFails() bool {
	bad := s.list.counted(is(failing)) + s.list.counted(is(mostlyFailing))
	rest := s.list.counted(is(healthy)) + s.list.counted(condition.doubtful)
	return bad > 1 && rest == 0
}

// whoseFault looks at the latest failures: where no server even answers, it is
// probably the network between.
func (s overviewState) whoseFault() string {
	latest := map[webhook.EndpointID]webhook.DeliveryRow{}
	for _, row := range s.failures {
		if known, ok := latest[row.EndpointID]; !ok || row.LastAttemptAt.After(known.LastAttemptAt) {
			latest[row.EndpointID] = row
		}
	}
	unreached := 0
	for _, row := range latest {
		if unreachable(row.LastCause) {
			unreached++
		}
	}
	if unreached > 0 && unreached == len(latest) {
		return "No server could be reached at all: it is probably the network or the name resolution on our side. Nothing is lost, everything is tried again."
	}
	return "Every endpoint that something is sent to fails, each for a reason of its own. What failed is tried again."
}

// unreachable tells the causes that lie on the way and not at a receiver.
func unreachable(cause webhook.Cause) bool {
	return slices.Contains([]webhook.Cause{webhook.CauseDNS, webhook.CauseConnectTimeout, webhook.CauseConnect, webhook.CauseRefused, webhook.CauseInternal}, cause)
}

// presentTrouble is the row of an endpoint that is not well; last is its
// newest failed delivery, the zero one if it has none.
func presentTrouble(s standing, last webhook.DeliveryRow, caller account.Caller, now time.Time) overview.TroubleRow {
	e := s.Endpoint
	row := overview.TroubleRow{Name: e.Name, URL: pathEndpoint(e), Target: e.URL, Action: component.Link{Label: "Look at it", URL: pathEndpoint(e)}}
	row.Mark, row.Cause = endpointMark(e, s.hour)
	if !last.ID.IsZero() {
		row.Action = component.Link{Label: "See why", URL: pathDelivery(last.Delivery)}
	}
	may := caller.May(account.ChangeEndpoint, e.ProjectID) == nil
	switch s.condition {
	case stopped:
		row.Since = clockTime(e.PausedAt, now)
		row.Action = component.Link{Label: "Look at it", URL: pathEndpoint(e)}
		if may && e.PausedBecause == webhook.PausedAsGone {
			row.Action = component.Link{Label: "Change its URL", URL: pathEndpoint(e, "edit")}
		}
	case failing, shaken:
		row.Since = clockTime(e.FailingSince, now)
		row.Cause = joined("it "+did(last.LastCause, last.LastStatus), row.Cause, !last.ID.IsZero())
	case mostlyFailing, unsteady:
		row.Cause = joined(row.Cause, "the last time it "+did(last.LastCause, last.LastStatus), !last.ID.IsZero())
	case pausedBySomebody, unused, healthy:
	}
	return row
}

// joined are two half sentences, of which the one about the last failure is
// left out if none is known.
func joined(first, second string, known bool) string {
	switch {
	case !known && strings.HasPrefix(second, "the last time"), second == "":
		return first
	case !known:
		return second
	}
	return first + "; " + second
}

// lastFailures are the deliveries among the latest whose last attempt failed,
// and those given up before; the newest attempt first.
func lastFailures(recent, exhausted []webhook.DeliveryRow) []webhook.DeliveryRow {
	seen := map[webhook.DeliveryID]bool{}
	var list []webhook.DeliveryRow
	for _, row := range slices.Concat(recent, exhausted) {
		if failed(row) && !seen[row.ID] {
			seen[row.ID] = true
			list = append(list, row)
		}
	}
	slices.SortStableFunc(list, func(a, b webhook.DeliveryRow) int {
		return cmp.Compare(b.LastAttemptAt.UnixMilli(), a.LastAttemptAt.UnixMilli())
	})
	return list
}

// listedFailures is how many rows of failures the overview shows.
const listedFailures = 8

// failureKind is what failures have in common that are told in one row.
type failureKind struct {
	endpoint webhook.EndpointID
	cause    webhook.Cause
	status   int
}

// presentFailures sums up failures of the same endpoint with the same answer,
// the kind that came last first: rows that read the same say no more than one.
func presentFailures(list []webhook.DeliveryRow, now time.Time) []overview.FailureRow {
	var order []failureKind
	alike := map[failureKind][]webhook.DeliveryRow{}
	for _, row := range list {
		kind := failureKind{row.EndpointID, row.LastCause, row.LastStatus}
		if alike[kind] == nil {
			order = append(order, kind)
		}
		alike[kind] = append(alike[kind], row)
	}
	var rows []overview.FailureRow
	for _, kind := range order[:min(len(order), listedFailures)] {
		rows = append(rows, presentFailure(alike[kind], now))
	}
	return rows
}

func presentFailure(same []webhook.DeliveryRow, now time.Time) overview.FailureRow {
	newest, first := same[0], same[len(same)-1]
	line := presentDelivery(newest, now)
	row := overview.FailureRow{
		URL: line.URL, Mark: line.Mark, Topic: line.Topic, Endpoint: line.Endpoint, Answer: line.Answer, At: moment(newest.LastAttemptAt, now),
	}
	if len(same) == 1 {
		return row
	}
	row.Times, row.Since = count(int64(len(same)))+" times", clockTime(first.LastAttemptAt, now)
	row.URL = under(newest.ProjectID, "deliveries") + "?endpoint=" + newest.EndpointID.String()
	states, topics := map[webhook.State]bool{}, map[string]bool{}
	for _, one := range same {
		states[one.Shown()], topics[one.Topic] = true, true
	}
	if len(topics) > 1 {
		row.Topic = fmt.Sprintf("%d topics", len(topics))
	}
	if len(states) > 1 {
		row.Mark = component.Mark{Tone: component.Bad, Text: "failed"}
	} else if newest.Shown() == webhook.Exhausted {
		row.URL += "&state=" + string(webhook.Exhausted)
	} else if newest.Shown() == webhook.Waiting {
		row.Mark = component.Mark{Tone: component.Retry, Text: "retrying"}
	}
	return row
}
