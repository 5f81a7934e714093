package store

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Record writes what became of attempts. Each result counts only if its
// attempt is still the delivery's claim; a success also ends a delivery that
// has moved on but not ended. Recording the same result again changes nothing.
func (s *Store) Record(ctx context.Context, node webhook.NodeID, results []webhook.Settled) error {
	if len(results) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	paused := map[webhook.EndpointID]bool{}
	for _, r := range results {
		if r.Pause == "" || r.Test || r.Resend || paused[r.EndpointID] {
			continue
		}
		paused[r.EndpointID] = true
		// First of all, so that the delivery is held before it waits again.
		if err := s.PauseEndpoint(ctx, r.ProjectID, r.EndpointID, r.Pause, webhook.Actor{Type: webhook.ActorSystem, Name: "Bellwire"}); err != nil {
			return wrap("record results", err)
		}
	}
	for batch, rest := split(results); len(batch) > 0; batch, rest = split(rest) {
		if err := again(func() error { return s.hot.record(ctx, node, batch) }); err != nil {
			return wrap("record results", err)
		}
	}
	s.cancelForDeleted(ctx, waitingAgain(results))
	return nil
}

// waitingAgain are the endpoints with a retry among the results.
func waitingAgain(results []webhook.Settled) []uid {
	var endpoints []uid
	for _, r := range results {
		if r.State == webhook.Waiting {
			endpoints = append(endpoints, uid(r.EndpointID.UUID))
		}
	}
	return endpoints
}

// split takes the first result of each delivery, in order of id; a statement
// must not meet a delivery twice.
func split(results []webhook.Settled) (first, rest []webhook.Settled) {
	if ascending(results) {
		return results, nil
	}
	seen := make(map[webhook.DeliveryID]bool, len(results))
	order := make([]int, 0, len(results))
	for i := range results {
		if id := results[i].DeliveryID; seen[id] {
			rest = append(rest, results[i])
		} else {
			seen[id] = true
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return bytes.Compare(results[a].DeliveryID.UUID[:], results[b].DeliveryID.UUID[:])
	})
	first = make([]webhook.Settled, len(order))
	for i, from := range order {
		first[i] = results[from]
	}
	return first, rest
}

// ascending reports whether that is how they are already.
func ascending(results []webhook.Settled) bool {
	for i := 1; i < len(results); i++ {
		if bytes.Compare(results[i-1].DeliveryID.UUID[:], results[i].DeliveryID.UUID[:]) >= 0 {
			return false
		}
	}
	return true
}

// outcome is what writing one result did.
type outcome struct {
	// applied: the delivery took the state; known: the attempt's result was not
	// in the log before.
	applied, known bool
	ordered        bool
}

// health is what a batch of results says about one endpoint.
type health struct {
	endpoint, project uid
	// succeeded with failures after it in trailing; else trailing counts all.
	succeeded                             bool
	trailing                              int
	lastSuccess, lastFailure, failedSince int64
	// holdFor is the longest Retry-After in milliseconds.
	holdFor int64
	// touched: there is something to write besides looking at the queue.
	touched bool
}

// tally sums a batch up per endpoint, in order of id. now is the database's
// clock, by which retries become due.
func tally(results []webhook.Settled, outcomes []outcome, now int64) ([]*health, heads, []minute) {
	byEndpoint := map[uid]*health{}
	waiting := heads{}
	minutes := map[minuteKey]*minute{}
	for _, i := range byStart(results) {
		r, o := results[i], outcomes[i]
		if r.Test || !o.applied && !o.known {
			continue
		}
		id := uid(r.EndpointID.UUID)
		h := byEndpoint[id]
		if h == nil {
			h = &health{endpoint: id, project: uid(r.ProjectID.UUID)}
			byEndpoint[id] = h
		}
		if o.applied && o.ordered {
			waiting.add(id, true, look)
		} else if o.applied && r.State == webhook.Waiting {
			waiting.add(id, false, now+r.Delay.Milliseconds())
		}
		if o.known && r.Attempt.Outcome != webhook.OutcomeUnknown {
			h.add(r)
			addMinute(minutes, r, now)
		}
	}
	all := make([]*health, 0, len(byEndpoint))
	for _, h := range byEndpoint {
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b *health) int { return slices.Compare(a.endpoint[:], b.endpoint[:]) })
	return all, waiting, sortedMinutes(minutes)
}

// byStart are positions in the order in which the attempts ended: what came
// last counts last.
func byStart(results []webhook.Settled) []int {
	order := make([]int, len(results))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return ended(results[a]).Compare(ended(results[b])) })
	return order
}

func ended(r webhook.Settled) time.Time { return r.Attempt.StartedAt.Add(r.Attempt.Duration) }

// add counts one result for the endpoint's health. Resends count for nothing.
func (h *health) add(r webhook.Settled) {
	if r.Resend {
		return
	}
	h.touched = true
	h.holdFor = max(h.holdFor, r.HoldFor.Milliseconds())
	at := ms(ended(r))
	if r.Attempt.Outcome == webhook.OutcomeDelivered {
		h.succeeded, h.trailing, h.failedSince = true, 0, 0
		h.lastSuccess = max(h.lastSuccess, at)
		return
	}
	h.trailing++
	h.lastFailure = max(h.lastFailure, at)
	if h.failedSince == 0 {
		h.failedSince = at
	}
}

// minuteKey names a row of endpoint_minute, apart from the node.
type minuteKey struct {
	endpoint uid
	start    int64
	cause    webhook.Cause
}

// minute is what is added to a row of endpoint_minute.
type minute struct {
	minuteKey
	project uid
	n       int64
	latency webhook.Latency
}

// addMinute counts a result in the minute of its start. One that comes late, as
// after a time without the database, counts where it is still added up.
func addMinute(minutes map[minuteKey]*minute, r webhook.Settled, now int64) {
	start := max(ms(r.Attempt.StartedAt), now-lateAfter.Milliseconds())
	key := minuteKey{uid(r.EndpointID.UUID), stepOf(start, minuteWidth), r.Attempt.Cause}
	if r.Attempt.Outcome == webhook.OutcomeDelivered {
		key.cause = ""
	}
	m := minutes[key]
	if m == nil {
		m = &minute{minuteKey: key, project: uid(r.ProjectID.UUID)}
		minutes[key] = m
	}
	m.n++
	m.latency.Add(r.Attempt.Duration)
}

func sortedMinutes(minutes map[minuteKey]*minute) []minute {
	all := make([]minute, 0, len(minutes))
	for _, m := range minutes {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b minute) int {
		if c := slices.Compare(a.endpoint[:], b.endpoint[:]); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.cause, b.cause))
	})
	return all
}

// heldUntil is the end of the longest Retry-After, 0 for none.
func (h *health) heldUntil(now int64) int64 {
	if h.holdFor == 0 {
		return 0
	}
	return now + h.holdFor
}
