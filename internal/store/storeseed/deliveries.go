package storeseed

import (
	"fmt"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	deliveryColumns = `id project_id event_id endpoint_id endpoint_version topic seq state due_at attempts failures attempt_id node_id created_at ended_at
 reason last_status last_cause last_duration_ms last_attempt_at`
	attemptColumns = `id delivery_id number started_at duration_us dns_us connect_us tls_us first_byte_us outcome cause error endpoint_version method url
 request_headers status response_headers response_body truncated retry_after_ms node_id`
)

// fate is what becomes of a delivery.
type fate struct {
	state    webhook.State
	attempts int
}

// fate mixes the states: about 94 of 100 are delivered, 4 given up, 1
// cancelled; of the last day some wait, and all of a paused endpoint.
func (h *history) fate(p place, at time.Time) fate {
	age := h.Until.Sub(at)
	switch roll := h.Float64(); {
	case p.Paused && age < 48*time.Hour:
		return fate{webhook.Waiting, 0}
	case age < 24*time.Hour && roll < .03:
		return fate{webhook.Waiting, 1 + h.IntN(3)}
	case h.chance(p.Failing):
		return fate{webhook.Exhausted, 4 + h.IntN(7)}
	case roll < .01:
		return fate{webhook.Cancelled, h.IntN(3)}
	case roll < .92:
		return fate{webhook.Delivered, 1}
	}
	return fate{webhook.Delivered, 2 + h.IntN(3)}
}

// answer is what a receiver said.
type answer struct {
	cause  webhook.Cause
	status int
	text   string
	took   time.Duration
}

func (h *history) success() answer {
	took := time.Duration(4+h.ExpFloat64()*60) * time.Millisecond
	status := []int{200, 200, 200, 200, 200, 201, 202, 204}[h.IntN(8)]
	return answer{"", status, `{"ok":true}`, took}
}

// failure keeps to one kind for most of an endpoint's life, as receivers do.
func (h *history) failure(p int) answer {
	kind := p % 7
	if h.chance(.2) {
		kind = h.IntN(7)
	}
	fast := time.Duration(5+h.IntN(200)) * time.Millisecond
	switch kind {
	case 0, 1:
		return answer{webhook.CauseStatus, 500, `{"error":"something broke"}`, fast}
	case 2:
		return answer{webhook.CauseStatus, 503, "try later", fast}
	case 3:
		return answer{webhook.CauseStatus, 404, "<h1>Not Found</h1>", fast}
	case 4:
		return answer{webhook.CauseTimeout, 0, "", 15 * time.Second}
	case 5:
		return answer{webhook.CauseRefused, 0, "", time.Millisecond}
	}
	return answer{webhook.CauseStatus, 429, "slow down", fast}
}

// waits are the pauses between attempts; the last one counts for all after it.
var waits = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour}

// delivery makes one with its attempts. What would happen after the plan's end
// happened in its last second.
func (h *history) delivery(to int, event [16]byte, topic string, at time.Time) {
	p := h.places[to]
	f := h.fate(p, at)
	id := h.id(at)
	var last answer
	var attempt [16]byte
	started := at.Add(time.Duration(h.IntN(20)) * time.Millisecond)
	failures := 0
	for n := 1; n <= f.attempts; n++ {
		if n > 1 {
			started = started.Add(waits[min(n-2, len(waits)-1)])
		}
		if latest := h.Until.Add(-time.Second); started.After(latest) {
			started = latest
		}
		if last = h.failure(to); f.state == webhook.Delivered && n == f.attempts {
			last = h.success()
		} else {
			failures++
		}
		attempt = h.id(started)
		h.attempt(attempt, id, n, started, p, last)
		h.record(p, started, last)
	}
	due, ended, reason := at.UnixMilli(), int64(0), ""
	switch f.state {
	case webhook.Waiting:
		due = h.Until.Add(6*time.Hour + time.Duration(h.IntN(60*60*40))*time.Second).UnixMilli()
		if h.due[to] == 0 || due < h.due[to] {
			h.due[to] = due
		}
	case webhook.Cancelled:
		reason, ended = "cancelled by bench", started.UnixMilli()+1
	default:
		ended = started.Add(last.took).UnixMilli()
	}
	row := []any{
		id, [16]byte(h.Projects[p.project].ID.UUID), event, [16]byte(p.ID.UUID), 1, topic, h.seq, string(f.state), due, f.attempts, failures, nil, nil,
		at.UnixMilli(), ended, reason, last.status, string(last.cause), last.took.Milliseconds(), int64(0),
	}
	if f.attempts > 0 {
		row[11], row[12], row[19] = attempt, h.node, started.UnixMilli()
	}
	h.deliveries = append(h.deliveries, row)
	h.filled.Deliveries++
}

func (h *history) attempt(id, delivery [16]byte, number int, started time.Time, p place, a answer) {
	outcome, said := webhook.OutcomeFailed, ""
	if a.cause == "" {
		outcome = webhook.OutcomeDelivered
	}
	if a.status == 0 && a.cause != "" {
		said = "dial tcp 203.0.113.9:443: " + string(a.cause)
	}
	request := fmt.Sprintf("Content-Type: application/json\nUser-Agent: Bellwire/bench\nwebhook-id: %x\nwebhook-timestamp: %d\nwebhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=\nX-Delivery-Attempt: %d\n",
		id, started.Unix(), number)
	var headers, body any
	if a.status != 0 {
		headers = []byte("Content-Type: application/json\nDate: Mon, 01 Jan 2026 00:00:00 GMT\nServer: nginx\nX-Request-Id: 5f2b1c\n")
		body = []byte(a.text)
	}
	us := a.took.Microseconds()
	h.attempts = append(h.attempts, []any{
		id, delivery, number, started.UnixMilli(), us, us / 20, us / 20, us / 10, us / 2, string(outcome), string(a.cause), said, int64(1), "POST", p.URL,
		[]byte(request), a.status, headers, body, false, int64(0), h.node,
	})
	h.filled.Attempts++
}
