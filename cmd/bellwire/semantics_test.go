package main_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestSemantics_of_sending plays what happens between an accepted event and
// the end of its delivery.
func TestSemantics_of_sending(t *testing.T) {
	play(t, []scene{
		{"410 pauses the endpoint and holds all of it", goneHolds},
		{"pause holds what is new and what waits", pauseHolds},
		{"resume drains oldest first at the chosen rate", resumeDrains},
		{"Retry-After in seconds lengthens the wait of that endpoint alone", retryAfterSeconds},
		{"Retry-After as a date counts too", retryAfterDate},
		{"Retry-After never shortens the schedule", retryAfterOnlyLengthens},
		{"429 without Retry-After waits a minute", tooManyWaits},
		{"redirects are failures and not followed", redirectsStay},
		{"4xx ends at once where retries of them are off", clientErrorsEnd},
		{"410 pauses although 4xx end at once", goneAlthoughClientErrorsEnd},
		{"a schedule that is used up ends in exhausted", scheduleEnds},
		{"aicommerce retries by the short schedule", shortForAICommerce},
		{"the first success makes waiting retries due", successFreesRetries},
		{"ordered keeps the order over a failing head", orderedKeepsOrder},
		{"an ordered head that ends lets the next go", orderedHeadEnds},
		{"maxInFlight holds", inFlightHolds},
		{"ratePerSecond holds", rateHolds},
		{"changed URL and headers count from the next attempt", changesCount},
		{"a suspended project holds", suspendedHolds},
		{"tests are sent once and count nowhere", testsCountNowhere},
		{"deleting cancels what waits", deletingCancels},
		{"deleting cancels what is under way and fails", deletingCancelsFailing},
	})
}

func goneHolds(s *stage) {
	r := aim(s.t, statuses(410))
	e := s.on(r.url, nil)
	first := s.publish(1)
	s.pausedFor(e, "gone")
	more := s.publishSome(2, 4)
	s.is("held", append(more, first)...)
	if held := s.get("/deliveries?state=held").list("data"); len(held) != 4 {
		s.t.Errorf("the filter held finds %d deliveries, want 4", len(held))
	}
	r.stays(s.t, 1, 1500*time.Millisecond)
	s.do(http.StatusOK, "/endpoints/"+e+"/resume", nil)
	s.is("delivered", append(more, first)...)
	if got := len(r.hits()); got != 5 {
		s.t.Errorf("%d requests for 4 events and one 410", got)
	}
}

func pauseHolds(s *stage) {
	r := aim(s.t, statuses(500))
	e := s.on(r.url, map[string]any{"retry": retries(1)})
	first := s.publish(1)
	r.got(s.t, 1)
	s.is("waiting", first)
	s.do(http.StatusOK, "/endpoints/"+e+"/pause", nil)
	s.pausedFor(e, "person")
	second := s.publish(2)
	s.is("held", first, second)
	r.stays(s.t, 1, 2500*time.Millisecond)
	s.do(http.StatusOK, "/endpoints/"+e+"/resume", nil)
	s.is("delivered", first, second)
}

func resumeDrains(s *stage) {
	r := aim(s.t, statuses())
	e := s.on(r.url, nil)
	s.do(http.StatusOK, "/endpoints/"+e+"/pause", nil)
	s.is("held", s.publishSome(1, 12)...)
	s.do(http.StatusOK, "/endpoints/"+e+"/resume", map[string]any{"ratePerSecond": 5})
	hits := r.got(s.t, 12)
	wantOrder(s.t, hits)
	if span := hits[11].at.Sub(hits[0].at); span < 1800*time.Millisecond || span > 5*time.Second {
		s.t.Errorf("12 deliveries at 5 a second took %s", span)
	}
}

func retryAfterSeconds(s *stage) {
	r := aim(s.t, func(i int, _ hit) reply {
		if i == 1 {
			return reply{status: 503, header: map[string]string{"Retry-After": "3"}}
		}
		return reply{}
	})
	calm := aim(s.t, statuses())
	e := s.on(r.url, map[string]any{"retry": retries(1)})
	s.on(calm.url, nil)
	s.publish(1)
	r.got(s.t, 1)
	eventually(s.t, 5*time.Second, "the endpoint shows until when it is left alone", func() bool {
		return s.get("/endpoints/"+e).text("notBefore") != ""
	})
	s.publish(2)
	for _, h := range calm.got(s.t, 2) {
		if late := h.at.Sub(r.hits()[0].at); late > 2500*time.Millisecond {
			s.t.Errorf("the endpoint beside was held up by %s", late)
		}
	}
	hits := r.got(s.t, 3)
	if wait := hits[1].at.Sub(hits[0].at); wait < 2900*time.Millisecond {
		s.t.Errorf("the next request came after %s, asked for were 3 s", wait)
	}
}

func retryAfterDate(s *stage) {
	until := time.Now().Add(4 * time.Second).Truncate(time.Second)
	r := aim(s.t, func(i int, _ hit) reply {
		if i == 1 {
			return reply{status: 429, header: map[string]string{"Retry-After": until.UTC().Format(http.TimeFormat)}}
		}
		return reply{}
	})
	s.on(r.url, map[string]any{"retry": retries(1)})
	event := s.publish(1)
	r.got(s.t, 2)
	if at := r.hits()[1].at; at.Before(until.Add(-50 * time.Millisecond)) {
		s.t.Errorf("the retry came %s before the date", until.Sub(at))
	}
	s.is("delivered", event)
}

func retryAfterOnlyLengthens(s *stage) {
	r := aim(s.t, func(i int, _ hit) reply {
		if i == 1 {
			return reply{status: 503, header: map[string]string{"Retry-After": "1"}}
		}
		return reply{}
	})
	s.on(r.url, map[string]any{"retry": retries(4)})
	s.publish(1)
	hits := r.got(s.t, 2)
	if wait := hits[1].at.Sub(hits[0].at); wait < 3100*time.Millisecond {
		s.t.Errorf("the retry came after %s, the schedule says 4 s less 20 %%", wait)
	}
}

// until reads how far a time of an answer lies ahead.
func until(t *testing.T, o object, name string) time.Duration {
	t.Helper()
	at, err := time.Parse(time.RFC3339, o.text(name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return time.Until(at)
}

func tooManyWaits(s *stage) {
	r := aim(s.t, statuses(429))
	e := s.on(r.url, map[string]any{"retry": retries(1)})
	event := s.publish(1)
	r.got(s.t, 1)
	if wait := until(s.t, s.is("waiting", event), "dueAt"); wait < 50*time.Second {
		s.t.Errorf("the retry is due in %s", wait)
	}
	if wait := until(s.t, s.get("/endpoints/"+e), "notBefore"); wait < 50*time.Second {
		s.t.Errorf("the endpoint is left alone for %s", wait)
	}
}

func redirectsStay(s *stage) {
	elsewhere := aim(s.t, statuses())
	codes := []int{301, 302, 303, 307, 308}
	r := aim(s.t, func(i int, _ hit) reply {
		if i <= len(codes) {
			return reply{status: codes[i-1], header: map[string]string{"Location": elsewhere.url + "/moved"}}
		}
		return reply{}
	})
	s.on(r.url, map[string]any{"retry": retries(1, 1, 1, 1, 1)})
	d := s.is("delivered", s.publish(1))
	attempts := s.attempts(d.text("id"))
	if len(attempts) != 6 || attempts[0].text("cause") != "redirect_refused" || attempts[4].text("outcome") != "failed" {
		s.t.Errorf("attempts: %v", attempts)
	}
	if got := len(elsewhere.hits()); got != 0 {
		s.t.Errorf("redirects were followed %d times", got)
	}
}

func withoutClientErrors() map[string]any {
	policy := retries(1)
	policy["clientErrors"] = false
	return policy
}

func clientErrorsEnd(s *stage) {
	r := aim(s.t, statuses(404))
	s.on(r.url, map[string]any{"retry": withoutClientErrors()})
	d := s.is("exhausted", s.publish(1))
	if !strings.Contains(d.text("reason"), "404") {
		s.t.Errorf("reason: %q", d.text("reason"))
	}
	r.stays(s.t, 1, 1500*time.Millisecond)
}

func goneAlthoughClientErrorsEnd(s *stage) {
	r := aim(s.t, statuses(410))
	e := s.on(r.url, map[string]any{"retry": withoutClientErrors()})
	event := s.publish(1)
	s.pausedFor(e, "gone")
	s.is("held", event)
}

func scheduleEnds(s *stage) {
	r := aim(s.t, statuses(500, 502, 504))
	s.on(r.url, map[string]any{"retry": retries(1, 1)})
	d := s.is("exhausted", s.publish(1))
	if !strings.Contains(d.text("reason"), "3 attempts") || d["attemptCount"] != float64(3) {
		s.t.Errorf("%v", d)
	}
	r.stays(s.t, 3, time.Second)
}

func shortForAICommerce(s *stage) {
	r := aim(s.t, statuses(500, 500))
	for _, more := range []map[string]any{{"format": "aicommerce", "retry": nil}, {"topics": []string{"product.viewed"}, "retry": nil}} {
		e := s.get("/endpoints/" + s.on(r.url, more))
		if policy, _ := e["retry"].(map[string]any); policy["policy"] != "short" || e.text("format") != "aicommerce" {
			s.t.Errorf("%v made format %s, retry %v", more, e.text("format"), e["retry"])
		}
	}
	event := s.publish(1)
	r.got(s.t, 2)
	eventually(s.t, 10*time.Second, "both wait", func() bool {
		return len(s.get("/deliveries?state=waiting&eventId="+event).list("data")) == 2
	})
	for _, d := range s.get("/deliveries?eventId=" + event).list("data") {
		if wait := until(s.t, d, "dueAt"); wait < 4*time.Second || wait > 12*time.Second {
			s.t.Errorf("the first retry is due in %s, the schedule says 10 s", wait)
		}
	}
}

func successFreesRetries(s *stage) {
	var well atomic.Bool
	r := aim(s.t, func(int, hit) reply {
		if well.Load() {
			return reply{}
		}
		return reply{status: 500}
	})
	s.on(r.url, map[string]any{"retry": retries(3600)})
	waiting := s.publishSome(1, 5)
	r.got(s.t, 5)
	s.is("waiting", waiting...)
	well.Store(true)
	started := time.Now()
	s.is("delivered", s.publish(6))
	s.is("delivered", waiting...)
	if took := time.Since(started); took > 8*time.Second {
		s.t.Errorf("the retries went %s after the recovery", took)
	}
}

func orderedKeepsOrder(s *stage) {
	var failed atomic.Int32
	r := aim(s.t, func(_ int, h hit) reply {
		if h.n() == 3 && failed.Add(1) <= 2 {
			return reply{status: 500}
		}
		return reply{wait: 20 * time.Millisecond}
	})
	s.on(r.url, map[string]any{"ordered": true, "retry": retries(1, 1, 1)})
	s.is("delivered", s.publishSome(1, 10)...)
	hits := r.hits()
	if len(hits) != 12 {
		s.t.Errorf("%d requests, want 12", len(hits))
	}
	wantOrder(s.t, hits)
	wantOpen(s.t, hits, 1)
}

func wantOpen(t *testing.T, hits []hit, most int) {
	t.Helper()
	for _, h := range hits {
		if h.open > most {
			t.Fatalf("%d requests were open at once, at most %d may be", h.open, most)
		}
	}
}

func orderedHeadEnds(s *stage) {
	r := aim(s.t, func(_ int, h hit) reply {
		if h.n() == 1 {
			return reply{status: 500}
		}
		return reply{}
	})
	s.on(r.url, map[string]any{"ordered": true, "retry": retries(1)})
	events := s.publishSome(1, 3)
	s.is("delivered", events[1:]...)
	s.is("exhausted", events[0])
	wantOrder(s.t, r.hits())
}

func inFlightHolds(s *stage) {
	r := aim(s.t, func(int, hit) reply { return reply{wait: 200 * time.Millisecond} })
	s.on(r.url, map[string]any{"maxInFlight": 3})
	s.is("delivered", s.publishSome(1, 15)...)
	wantOpen(s.t, r.hits(), 3)
	if len(r.hits()) != 15 {
		s.t.Errorf("%d requests for 15 events", len(r.hits()))
	}
}

func rateHolds(s *stage) {
	r := aim(s.t, statuses())
	s.on(r.url, map[string]any{"ratePerSecond": 5})
	s.publishSome(1, 15)
	hits := r.got(s.t, 15)
	if span := hits[14].at.Sub(hits[0].at); span < 2400*time.Millisecond {
		s.t.Errorf("15 requests at 5 a second took %s", span)
	}
	for i := 7; i < len(hits); i++ {
		if span := hits[i].at.Sub(hits[i-7].at); span < time.Second {
			s.t.Errorf("8 requests within %s", span)
		}
	}
}

func changesCount(s *stage) {
	old, fresh := aim(s.t, statuses(500)), aim(s.t, statuses())
	e := s.on(old.url, map[string]any{"retry": retries(2)})
	event := s.publish(1)
	old.got(s.t, 1)
	s.must(http.StatusOK, s.key, "PATCH", "/endpoints/"+e, map[string]any{
		"url": fresh.url + "/new", "headers": []any{map[string]any{"name": "X-Shop", "value": "42"}},
	})
	s.is("delivered", event)
	hits := fresh.hits()
	if len(hits) != 1 || hits[0].path != "/new" || hits[0].header.Get("X-Shop") != "42" || hits[0].attempt != "2" {
		s.t.Errorf("the new address saw %v", hits)
	}
}

func suspendedHolds(s *stage) {
	r := aim(s.t, statuses(500))
	s.on(r.url, map[string]any{"retry": retries(1)})
	first := s.publish(1)
	r.got(s.t, 1)
	s.is("waiting", first)
	suspend := func(on bool) {
		s.must(http.StatusOK, s.instance, "PATCH", "/projects/"+s.project, map[string]any{"suspended": on})
	}
	suspend(true)
	second := s.publish(2)
	s.is("held", first, second)
	r.stays(s.t, 1, 2500*time.Millisecond)
	suspend(false)
	s.is("delivered", first, second)
}
