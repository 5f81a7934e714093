package faultlab

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// requests: what receivers saw was published, is signed, went where it had to,
// and has its one row in the log.
func (c *check) requests() {
	for _, r := range c.lab.journal.requests {
		if r.Wrong != "" && !c.disturbed(r.At, r.At, func(k *kind) bool { return k.cuts }) {
			c.report.violateEvent("signature", r.Event, "request %s: %s", r.Attempt, r.Wrong)
		}
		event := c.rows.events[plainID(r.Event)]
		if event == nil {
			c.report.violateEvent("foreign", r.Event, "came to %s and is not stored", r.Path)
			continue
		}
		if event.data != r.Data || event.topic != r.Topic {
			c.report.violateEvent("foreign", r.Event, "came to %s with other contents", r.Path)
		}
		if event.project != plainID(r.endpoint.project.id) {
			c.report.violateEvent("target", r.Event, "came to %s, which is another tenant's", r.Path)
		}
		c.logged(r)
	}
	for id, all := range c.byAttempt {
		if len(all) > 1 {
			c.report.violateEvent("wire", all[0].Event, "attempt %s was seen %d times", id, len(all))
		}
	}
}

// logged: a request has its attempt's row.
func (c *check) logged(r *request) {
	a := c.rows.attempts[plainID(r.Attempt)]
	switch {
	case a == nil:
		c.report.violateEvent("wire", r.Event, "%s saw attempt %s (number %d), which is not in the log", r.Path, r.Attempt, r.Number)
	case a.delivery != plainID(r.Delivery) || a.number != r.Number:
		c.report.violateEvent("wire", r.Event, "attempt %s is number %d of %s on the wire, %d of %s in the log", r.Attempt, r.Number, r.Delivery, a.number, a.delivery)
	case c.rows.deliveries[a.delivery].endpoint != plainID(r.endpoint.id):
		c.report.violateEvent("target", r.Event, "attempt %s came to %s, which is another endpoint", r.Attempt, r.Path)
	}
}

// unsent are the causes of failures before anything was written.
const unsent = " dns_error connect_refused connect_timeout connect_error tls_error tls_timeout blocked_address internal "

// delivery judges one delivery with its attempts.
func (c *check) delivery(d *deliveryRow) {
	e := c.lab.world.endpointByRow(d.endpoint)
	if e == nil {
		return // the trap, or an operational event's
	}
	c.ended(d, e)
	for i, a := range d.made {
		if a.number != i+1 {
			c.report.violateEvent("numbers", d.event, "delivery %s to %s has attempt %d where %d belongs", d.id, e.path, a.number, i+1)
			break
		}
		c.onWire(d, a)
		if i > 0 {
			c.follows(d, e, d.made[i-1], a)
		}
	}
	if d.attempts != len(d.made) {
		c.report.violateEvent("numbers", d.event, "delivery %s to %s counts %d attempts, the log has %d", d.id, e.path, d.attempts, len(d.made))
	}
}

// endpointByRow finds an endpoint by the id of its row.
func (w world) endpointByRow(id string) *endpoint {
	for _, p := range w.projects {
		for _, e := range p.endpoints {
			if plainID(e.id) == id {
				return e
			}
		}
	}
	return nil
}

// ended: a delivery has ended, and the receiver's journal says why.
func (c *check) ended(d *deliveryRow, e *endpoint) {
	c.report.Deliveries++
	good := 0
	for _, r := range c.byEvent[d.event] {
		if r.endpoint == e && r.Status == http.StatusOK {
			good++
		}
	}
	c.report.Twice += max(0, good-1)
	switch {
	case d.state == "delivered" && good == 0:
		c.report.Lost++
		c.report.violateEvent("lost", d.event, "counts as delivered to %s, which never got it", e.path)
	case d.state == "delivered" && !e.fails:
	case d.state == "exhausted" && e.fails && d.failures == len(e.delays)+1:
	default:
		c.report.Lost++
		c.report.violateEvent("lost", d.event, "its delivery to %s is %s after %d attempts, %d failures: %s", e.path, d.state, d.attempts, d.failures, d.reason)
	}
}

// onWire: a row says what the receiver saw.
func (c *check) onWire(d *deliveryRow, a *attemptRow) {
	seen := c.byAttempt[a.id]
	end := a.started.Add(a.took)
	lossy := func(k *kind) bool { return k.cuts }
	switch {
	case a.outcome == "unknown":
		c.report.Unknown++
		if !c.lostWorker(a) {
			c.report.violateEvent("unknown", d.event, "attempt %s is unknown though no worker was lost", a.id)
		}
	case strings.Contains(unsent, " "+a.cause+" ") && a.outcome == "failed":
		if len(seen) > 0 {
			c.report.violateEvent("wire", d.event, "attempt %s failed before it was sent (%s), and yet was seen", a.id, a.cause)
		}
	case a.status > 0 && (len(seen) != 1 || seen[0].Status != a.status):
		c.report.violateEvent("wire", d.event, "attempt %s was answered %d by the log, and no receiver did", a.id, a.status)
	case len(seen) == 0 && !c.disturbed(a.started, end, lossy):
		c.report.violateEvent("wire", d.event, "attempt %s is in the log (%s %s), and no receiver saw it", a.id, a.outcome, a.cause)
	case a.outcome == "failed" && len(seen) == 1 && seen[0].Status == http.StatusOK && a.took < timeout-50*time.Millisecond && !c.disturbed(a.started, end, lossy):
		c.report.violateEvent("wire", d.event, "attempt %s failed by the log (%s), and the receiver answered 200", a.id, a.cause)
	}
}

// lostWorker reports whether a fault took the worker of an attempt: one that
// ends processes, or keeps results from the database.
func (c *check) lostWorker(a *attemptRow) bool {
	for _, f := range c.lab.timeline {
		kills := strings.HasPrefix(f.Name, "kill") || f.Name == "power-cut"
		if (kills || f.kind.blurs) && !f.From.Before(a.started.Add(-2*time.Second)) && f.From.Before(a.started.Add(lease+settles)) ||
			f.kind.blurs && a.started.After(f.From) && a.started.Before(f.Healed.Add(settles)) {
			return true
		}
	}
	return false
}

// takeOver is how long after the end of a lease the next attempt must begin.
const takeOver = 10 * time.Second

// follows: there was a reason for another attempt, and it came when it had to.
func (c *check) follows(d *deliveryRow, e *endpoint, before, a *attemptRow) {
	switch before.outcome {
	case "delivered":
		if !c.late(before, a) {
			c.report.violateEvent("twice", d.event, "attempt %s to %s came after attempt %s had gone well", a.id, e.path, before.id)
		}
	case "unknown":
		c.tookOver(d, e, before, a)
	case "failed":
		if e.fails {
			c.waited(d, e, before, a)
		}
	}
}

// late reports whether the result of an attempt may have come to the log after
// the next one was begun. A pause keeps back only what the paused node sent.
func (c *check) late(before, a *attemptRow) bool {
	by := c.nodeOf(before)
	return slices.ContainsFunc(c.lab.timeline, func(f *Fault) bool {
		return f.kind.blurs && (f.Name != "pause" || f.Node == by) && before.started.Before(f.Healed.Add(settles)) && a.started.After(f.From)
	})
}

// nodeOf is the node whose process made an attempt: the last one to be started
// when the process gave itself its id, which tells the time. -1 for none.
func (c *check) nodeOf(a *attemptRow) int {
	if len(a.node) < 12 {
		return -1
	}
	ms, err := strconv.ParseInt(a.node[:12], 16, 64)
	if err != nil {
		return -1
	}
	by := -1
	for _, s := range c.lab.starts {
		if !s.at.After(time.UnixMilli(ms + 1)) {
			by = s.node
		}
	}
	return by
}

// tookOver: what a lost worker had is begun again in time, counted from the end
// of its lease or of the fault that was going on then.
func (c *check) tookOver(d *deliveryRow, e *endpoint, before, a *attemptRow) {
	after := before.started.Add(lease)
	late := a.started.Sub(after)
	for _, f := range c.lab.timeline {
		if f.From.Before(a.started) && f.Healed.After(after) {
			after = f.Healed
		}
	}
	c.report.TakeOver = max(c.report.TakeOver, a.started.Sub(before.started))
	// A receiver that fails has one request open at a time, an ordered one
	// always: what waits there waits for its turn.
	if a.started.Sub(after) > takeOver && !e.fails && !e.ordered {
		c.report.violateEvent("take-over", d.event, "attempt %s to %s began %s after the end of the lease of %s", a.id, e.path, late, before.id)
	}
}

// waited: a retry did not come before its time.
func (c *check) waited(d *deliveryRow, e *endpoint, before, a *attemptRow) {
	failures := 0
	for _, earlier := range d.made {
		if earlier.number <= before.number && earlier.outcome == "failed" {
			failures++
		}
	}
	if failures > len(e.delays) {
		c.report.violateEvent("spacing", d.event, "attempt %s to %s came after the schedule was used up", a.id, e.path)
		return
	}
	least := time.Duration(float64(e.delays[failures-1]) * .8 * float64(time.Second))
	if gap := a.started.Sub(before.started.Add(before.took)); gap < least-50*time.Millisecond {
		c.report.violateEvent("spacing", d.event, "attempt %s to %s came %s after the failure before, the schedule says %ds", a.id, e.path, gap, e.delays[failures-1])
	}
}
