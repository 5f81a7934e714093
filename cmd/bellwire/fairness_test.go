package main_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFairness_of_slow_neighbours has a node with few workers send to an
// endpoint that never answers and has hundreds waiting, and to a hundred that
// take ten seconds and get more all the time; a healthy one beside them, in the
// same project, gets twenty events a second.
func TestFairness_of_slow_neighbours(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		n.env = append(n.env, "BELLWIRE_WORKERS=64")
		s := n.start().stage(t)
		healthy := aim(t, statuses())
		slow := aim(t, func(int, hit) reply { return reply{wait: 10 * time.Second} })
		dead := aim(t, func(int, hit) reply { return reply{wait: time.Minute} })
		s.on(healthy.url, map[string]any{"topics": []string{"product.viewed"}})
		s.on(dead.url, map[string]any{"topics": []string{"chat.message.sent"}})
		for i := range 100 {
			s.on(fmt.Sprintf("%s/%d", slow.url, i), map[string]any{"topics": []string{"chat.message.received"}})
		}
		s.is("delivered", s.publish(0))
		waiting := strings.Repeat(`,{"topic":"chat.message.sent","data":{}}`, 400)
		s.do(http.StatusAccepted, "/events/batch", `{"events":[`+waiting[1:]+`]}`)

		const seconds, each = 8, 50 * time.Millisecond
		began := make([]time.Time, 1, seconds*20+1)
		tick := time.NewTicker(each)
		defer tick.Stop()
		for i := range seconds * 20 {
			if i%10 == 0 { // two hundred a second for the slow ones
				s.do(http.StatusAccepted, "/events", `{"topic":"chat.message.received","data":{}}`)
			}
			<-tick.C
			began = append(began, time.Now())
			s.publish(i + 1)
		}
		open := slow.opened()
		wantPrompt(t, began, healthy.got(t, len(began)))
		if all := open + dead.opened(); open < 10 || all > 48 {
			t.Errorf("%d requests are open to slow endpoints, %d with the dead one; want some, and no more than three quarters of 64", open, all)
		}
	})
}

// opened is how many requests are open.
func (r *target) opened() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open
}

// wantPrompt checks how long after its publishing began each numbered event
// came; a machine may be busy, but nobody waits for a request that hangs.
func wantPrompt(t *testing.T, began []time.Time, hits []hit) {
	t.Helper()
	var took []time.Duration
	for _, h := range hits {
		if h.n() > 0 {
			took = append(took, h.at.Sub(began[h.n()]))
		}
	}
	slices.Sort(took)
	p50, p99 := took[len(took)/2], took[len(took)*99/100]
	t.Logf("%d events: p50 %s, p99 %s", len(took), p50, p99)
	if p99 > 500*time.Millisecond {
		t.Errorf("99 of 100 events arrived within %s beside slow neighbours, half within %s", p99, p50)
	}
}
