package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

// troubleFrom is how many failures in a row make an endpoint one that needs a
// person.
const troubleFrom = 3

// hour is how an endpoint did in the last one. Failures in a row alone would
// call an endpoint healthy that fails every other time.
type hour struct {
	attempts, failed int64
	// exhausted counts the deliveries that were given up.
	exhausted int64
}

// unsteady is when so much failed that the endpoint can't be called healthy.
func (h hour) unsteady() bool {
	return h.mostlyFailed() || h.attempts >= 10 && h.failed*5 >= h.attempts || h.exhausted > 0
}

// mostlyFailed is when its owners are warned: half of at least 20 attempts.
func (h hour) mostlyFailed() bool { return h.attempts >= 20 && h.failed*2 >= h.attempts }

// words say what was not well.
func (h hour) words() string {
	if h.exhausted > 0 && (h.attempts < 10 || h.failed*5 < h.attempts) {
		return plural(h.exhausted, "delivery was", "deliveries were") + " given up in the last hour"
	}
	return fmt.Sprintf("%d %% of %s failed in the last hour", h.failed*100/max(h.attempts, 1), plural(h.attempts, "attempt", "attempts"))
}

// condition is how an endpoint is, worst first: lists are sorted by it.
type condition int

const (
	failing condition = iota
	mostlyFailing
	stopped // paused by a rule
	unsteady
	shaken // the last attempt failed
	pausedBySomebody
	unused
	healthy
)

// needsYou reports whether a person has to act.
func (c condition) needsYou() bool { return c <= stopped }

// doubtful reports whether it is neither well nor in need of anybody.
func (c condition) doubtful() bool { return c == unsteady || c == shaken }

func conditionOf(e webhook.Endpoint, last hour) condition {
	switch {
	case e.State == webhook.EndpointPaused && e.PausedBecause == webhook.PausedByPerson:
		return pausedBySomebody
	case e.State == webhook.EndpointPaused:
		return stopped
	case e.ConsecutiveFailures >= troubleFrom:
		return failing
	case last.mostlyFailed():
		return mostlyFailing
	case last.unsteady():
		return unsteady
	case e.ConsecutiveFailures > 0:
		return shaken
	case e.LastSuccessAt.IsZero():
		return unused
	}
	return healthy
}

// endpointMark says how an endpoint is, and why it is not well.
func endpointMark(e webhook.Endpoint, last hour) (component.Mark, string) {
	if !e.DeletedAt.IsZero() {
		return component.Mark{Tone: component.Quiet, Text: "deleted"}, ""
	}
	switch conditionOf(e, last) {
	case pausedBySomebody, stopped:
		return component.Mark{Tone: component.Held, Text: "paused"}, pauseWords(e.PausedBecause)
	case failing:
		return component.Mark{Tone: component.Bad, Text: "failing"}, plural(int64(e.ConsecutiveFailures), "failure", "failures") + " in a row"
	case mostlyFailing:
		return component.Mark{Tone: component.Bad, Text: "mostly failing"}, last.words()
	case unsteady:
		return component.Mark{Tone: component.Retry, Text: "unsteady"}, last.words()
	case shaken:
		return component.Mark{Tone: component.Retry, Text: "last attempt failed"}, ""
	case unused:
		return component.Mark{Tone: component.Wait, Text: "not used yet"}, ""
	}
	return component.Mark{Tone: component.Good, Text: "healthy"}, ""
}

func pauseWords(reason webhook.PauseReason) string {
	switch reason {
	case webhook.PausedAsGone:
		return "the receiver answered 410 Gone"
	case webhook.PausedAsFailing:
		return "nothing got through for days"
	case webhook.PausedByProject:
		return "the project is suspended"
	case webhook.PausedBySecret:
		return "the signing secret can't be read"
	case webhook.PausedBySlack:
		return "Slack does not take the project's connection"
	case webhook.PausedAsAway:
		return "nobody listens at the moment"
	case webhook.PausedByPerson:
	}
	return "paused by a person"
}

// standing is an endpoint with what is made of how it stands.
type standing struct {
	webhook.Endpoint
	hour
	condition
}

// standings are how all endpoints of a project stand, worst first, those alike
// by name.
type standings []standing

// standingsOf judges rows that count the last hour.
func standingsOf(rows []webhook.Standing) standings {
	order := make([]*standing, len(rows)) // thousands, and each is large
	for i, r := range rows {
		h := hour{attempts: r.Delivered + r.Failed, failed: r.Failed, exhausted: r.GivenUp}
		order[i] = &standing{r.Endpoint, h, conditionOf(r.Endpoint, h)}
	}
	slices.SortStableFunc(order, func(a, b *standing) int {
		return cmp.Or(cmp.Compare(a.condition, b.condition), cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)))
	})
	list := make(standings, len(order))
	for i, one := range order {
		list[i] = *one
	}
	return list
}

// counted are those of which a condition holds.
func (s standings) counted(holds func(condition) bool) int {
	n := 0
	for _, one := range s {
		if holds(one.condition) {
			n++
		}
	}
	return n
}

func (s standings) ids() []webhook.EndpointID {
	ids := make([]webhook.EndpointID, len(s))
	for i, one := range s {
		ids[i] = one.ID
	}
	return ids
}

func is(want condition) func(condition) bool { return func(c condition) bool { return c == want } }

// standings reads and judges all endpoints of a project, and tells the frame
// of its pages.
func (w *Web) standings(ctx context.Context, caller account.Caller, project webhook.ProjectID) (standings, error) {
	rows, err := w.Manage.Standings(ctx, caller, project, w.Now().Add(-time.Hour))
	if err != nil {
		return nil, err
	}
	list := standingsOf(rows)
	w.alarms.set(project, list.counted(condition.needsYou), w.Now())
	return list, nil
}

// lastHour answers how one endpoint did in it.
func (w *Web) lastHour(ctx context.Context, caller account.Caller, e webhook.Endpoint) (h hour, err error) {
	now := w.Now()
	since := now.Add(-time.Hour)
	stats, err := w.Manage.StatsByEndpoint(ctx, caller, webhook.StatsFilter{ProjectID: e.ProjectID, Since: since, Until: now, Step: 5 * time.Minute}, []webhook.EndpointID{e.ID})
	if err != nil {
		return h, err
	}
	for _, b := range stats[e.ID] {
		h.attempts += b.Delivered + b.Failed
		h.failed += b.Failed
	}
	exhausted, err := w.Manage.Deliveries(ctx, caller, webhook.DeliveryFilter{ProjectID: e.ProjectID, EndpointID: e.ID, State: webhook.Exhausted, Limit: manage.MaxLimit})
	for _, d := range exhausted.Items {
		if !d.Test && d.EndedAt.After(since) {
			h.exhausted++
		}
	}
	return h, err
}

// alarms remembers for a moment how many endpoints of a project need somebody,
// so that every page's frame can say so.
type alarms struct {
	mu    sync.Mutex // guards known
	known map[webhook.ProjectID]alarm
}

type alarm struct {
	endpoints int
	at        time.Time
}

// alarmLife is how old the frame's number may be.
const alarmLife = 15 * time.Second

func (a *alarms) set(project webhook.ProjectID, endpoints int, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == nil || len(a.known) > 1000 {
		a.known = map[webhook.ProjectID]alarm{}
	}
	a.known[project] = alarm{endpoints, now}
}

func (a *alarms) get(project webhook.ProjectID, now time.Time) (endpoints int, fresh bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	one, ok := a.known[project]
	return one.endpoints, ok && now.Sub(one.at) < alarmLife
}

// troubled is how many endpoints of a project need somebody, not older than
// alarmLife.
func (w *Web) troubled(ctx context.Context, caller account.Caller, project webhook.ProjectID) (int, error) {
	if n, fresh := w.alarms.get(project, w.Now()); fresh {
		return n, nil
	}
	list, err := w.standings(ctx, caller, project)
	return list.counted(condition.needsYou), err
}
