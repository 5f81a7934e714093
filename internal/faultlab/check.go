package faultlab

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// check compares the journals with the tables. Nothing runs any more.
type check struct {
	lab    *lab
	rows   *rows
	report *Report
	// byData finds what was published, byAttempt what receivers saw.
	byData    map[string]*intent
	byAttempt map[string][]*request
	byEvent   map[string][]*request
}

func newCheck(l *lab, r *rows, report *Report) *check {
	c := &check{lab: l, rows: r, report: report, byData: map[string]*intent{}, byAttempt: map[string][]*request{}, byEvent: map[string][]*request{}}
	for _, i := range l.journal.intents {
		c.byData[i.Data] = i
	}
	for _, r := range l.journal.requests {
		c.byAttempt[plainID(r.Attempt)] = append(c.byAttempt[plainID(r.Attempt)], r)
		c.byEvent[plainID(r.Event)] = append(c.byEvent[plainID(r.Event)], r)
	}
	report.check = c
	return c
}

// all judges everything; shown is what the API showed.
func (c *check) all(shown []stats) {
	c.report.shown = shown
	c.answers()
	c.accepted()
	c.stored()
	c.requests()
	for _, d := range c.rows.deliveries {
		c.delivery(d)
	}
	c.order()
	c.recoveries()
	c.counts(shown)
	c.nodes()
	c.report.count(c)
}

// refusalWithin is how soon a publisher must have read a refusal: the promised
// two seconds, and half a one for a machine that others use too.
const refusalWithin = 2500 * time.Millisecond

// answers: a refusal is 503, soon, with Retry-After; nothing is left unanswered
// without a fault.
func (c *check) answers() {
	for _, i := range c.lab.journal.intents {
		for _, a := range i.Answers {
			took := a.At.Sub(a.Sent)
			switch {
			case a.Status == http.StatusAccepted:
			case a.Status == 0:
				if !c.disturbed(a.Sent, a.At, func(*kind) bool { return true }) {
					c.report.violate("answers", "event %d had no answer (%s) though there was no fault", i.N, a.Error)
				}
			case a.Status != http.StatusServiceUnavailable || !a.RetryAfter:
				c.report.violate("answers", "event %d was answered %d, Retry-After %t: %s", i.N, a.Status, a.RetryAfter, a.Error)
			case took > refusalWithin && !c.disturbed(a.Sent, a.At, func(k *kind) bool { return k.name == "pause" }):
				c.report.violate("answers", "event %d was refused only after %s", i.N, took)
			}
			if a.Status == http.StatusServiceUnavailable {
				c.report.Refusals++
				c.report.SlowestRefusal = max(c.report.SlowestRefusal, took)
			}
		}
	}
}

// settles is how long after a fault its traces may come.
const settles = 5 * time.Second

// disturbed reports whether a fault of some kind overlaps a time.
func (c *check) disturbed(from, to time.Time, some func(*kind) bool) bool {
	return slices.ContainsFunc(c.lab.timeline, func(f *Fault) bool {
		end := f.Healed
		if f.Back.After(end) {
			end = f.Back
		}
		return some(f.kind) && from.Before(end.Add(settles)) && to.After(f.From.Add(-time.Second))
	})
}

// accepted: every event that was answered 202 is stored under the one id that
// was told, and went to everybody who had subscribed.
func (c *check) accepted() {
	for _, i := range c.lab.journal.intents {
		id := i.accepted()
		if id == "" {
			continue
		}
		c.report.Accepted++
		for _, a := range i.Answers {
			if a.Status == http.StatusAccepted && a.ID != id {
				c.report.violate("key", "event %d: its key stands for %s and for %s", i.N, id, a.ID)
			}
			if want := len(i.project.subscribed(i.Topic)); a.Status == http.StatusAccepted && a.Deliveries != want {
				c.report.violateEvent("lost", id, "accepted with %d deliveries instead of %d", a.Deliveries, want)
			}
		}
		row := c.rows.events[plainID(id)]
		if row == nil {
			c.report.Lost++
			c.report.violateEvent("lost", id, "event %d was accepted and is not stored", i.N)
			continue
		}
		if row.data != i.Data || row.project != plainID(i.Project) || row.topic != i.Topic {
			c.report.violateEvent("foreign", id, "stored with other contents than were published")
		}
	}
}

// stored: every stored event was published, once, and is complete whatever its
// publisher was told.
func (c *check) stored() {
	seen := map[*intent]bool{}
	for _, e := range c.rows.events {
		i := c.byData[e.data]
		if i == nil {
			if strings.HasPrefix(e.topic, "lab.") {
				c.report.violateEvent("foreign", e.id, "was never published")
			}
			continue
		}
		if seen[i] {
			c.report.violateEvent("key", e.id, "event %d is stored twice", i.N)
		}
		seen[i] = true
		c.complete(e, i)
	}
}

// complete: an event has one delivery for each endpoint, which ended as it had
// to.
func (c *check) complete(e *eventRow, i *intent) {
	want := i.project.subscribed(i.Topic)
	for _, endpoint := range want {
		var found []*deliveryRow
		for _, d := range e.deliveries {
			if d.endpoint == plainID(endpoint.id) || endpoint.id == "" {
				found = append(found, d)
			}
		}
		if len(found) == 0 || endpoint.id != "" && len(found) > 1 {
			c.report.Lost += max(0, 1-len(found))
			c.report.violateEvent("lost", e.id, "has %d deliveries for %s", len(found), endpoint.path)
		}
	}
	if len(e.deliveries) > len(want) {
		c.report.violateEvent("target", e.id, "has %d deliveries instead of %d", len(e.deliveries), len(want))
	}
}

// order: an ordered endpoint gets an event for the first time only when what
// was accepted before it has been delivered.
func (c *check) order() {
	for _, p := range c.lab.world.projects {
		for _, e := range p.endpoints {
			if e.ordered {
				c.orderOf(e)
			}
		}
	}
}

func (c *check) orderOf(e *endpoint) {
	firsts := map[string]*request{}
	for _, r := range c.lab.journal.requests {
		if first := firsts[plainID(r.Event)]; r.endpoint == e && r.Status == http.StatusOK && (first == nil || r.At.Before(first.At)) {
			firsts[plainID(r.Event)] = r
		}
	}
	inTime := slices.Collect(func(yield func(*request) bool) {
		for _, r := range firsts {
			if !yield(r) {
				return
			}
		}
	})
	slices.SortFunc(inTime, func(a, b *request) int { return a.At.Compare(b.At) })
	var highest *request
	for _, r := range inTime {
		event := c.rows.events[plainID(r.Event)]
		if event == nil {
			continue // judged elsewhere
		}
		if highest == nil || event.seq > c.rows.events[plainID(highest.Event)].seq {
			highest = r
			continue
		}
		if at := c.acceptedAt(event); !at.IsZero() && at.Before(highest.At) {
			c.report.violateEvent("order", event.id, "came to %s after %s, which is younger", e.path, highest.Event)
		}
	}
}

// acceptedAt is when the publisher knew; zero for never.
func (c *check) acceptedAt(e *eventRow) time.Time {
	if i := c.byData[e.data]; i != nil {
		for _, a := range i.Answers {
			if a.Status == http.StatusAccepted {
				return a.At
			}
		}
	}
	return time.Time{}
}

// recoveries: every fault took effect, and the product was back in time.
func (c *check) recoveries() {
	for _, f := range c.lab.timeline {
		switch {
		case f.Back.IsZero():
			c.report.violate("recovery", "not back within %s: %s", backWithin, f)
		case f.Recovery() > f.kind.within:
			c.report.violate("recovery", "back after %s instead of %s: %s", f.Recovery(), f.kind.within, f)
		}
	}
	for _, words := range c.lab.exits {
		c.report.violate("stop", "%s", words)
	}
	if !c.report.drained {
		c.report.violate("drain", "something is still live %s after the end", drainWithin)
	}
}

// nodes: nobody walked into the trap, nothing panicked.
func (c *check) nodes() {
	if n := c.lab.receivers.trapped.Load(); n > 0 {
		c.report.violate("trap", "%d connections to an address that is not allowed", n)
	}
	for _, n := range c.lab.nodes {
		for line := range strings.Lines(n.Log()) {
			if strings.Contains(line, "panic") || strings.Contains(line, "fatal error") {
				c.report.violate("panic", "%s: %.300s", n.name(), line)
				break
			}
		}
	}
}

// stats are the counts that the dashboard and the API show.
type stats struct {
	States            map[string]int
	Delivered, Failed int
}

// shown asks for the counts of each project.
func (l *lab) shown(ctx context.Context) ([]stats, error) {
	var all []stats
	for _, p := range l.world.projects {
		var one stats
		if err := l.caller(0).Call(ctx, http.MethodGet, "/stats?projectId="+p.id, nil, &one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// countedTo is how far states are counted.
const countedTo = 10000

// counts: what is shown is what is stored.
func (c *check) counts(shown []stats) {
	for i, p := range c.lab.world.projects {
		if i >= len(shown) {
			return // they were not told, which is judged
		}
		stored := stats{States: map[string]int{}}
		for _, d := range c.rows.deliveries {
			if d.project != plainID(p.id) {
				continue
			}
			stored.States[d.state]++
			for _, a := range d.made {
				switch a.outcome {
				case "delivered":
					stored.Delivered++
				case "failed":
					stored.Failed++
				}
			}
		}
		if shown[i].Delivered != stored.Delivered || shown[i].Failed != stored.Failed {
			c.report.violate("counts", "tenant %d shows %d delivered and %d failed attempts, the log has %d and %d", i+1,
				shown[i].Delivered, shown[i].Failed, stored.Delivered, stored.Failed)
		}
		for _, state := range []string{"exhausted", "waiting", "sending"} {
			if n := min(stored.States[state], countedTo); shown[i].States[state] != n {
				c.report.violate("counts", "tenant %d shows %d %s deliveries, the table has %d", i+1, shown[i].States[state], state, n)
			}
		}
	}
}

// byTime orders requests.
func byTime(all []*request) []*request {
	return slices.SortedFunc(slices.Values(all), func(a, b *request) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Attempt, b.Attempt)) })
}
