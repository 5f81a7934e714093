package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestSemantics_at_the_edges plays where two rules meet.
func TestSemantics_at_the_edges(t *testing.T) {
	play(t, []scene{
		{"410 to many at once holds each and loses none", goneToMany},
		{"Retry-After to the last attempt still quiets the endpoint", retryAfterAtTheEnd},
		{"retries freed by a success keep the endpoint's rate", freedAtRate},
		{"a cancelled head of an ordered line lets the next go", cancelledHead},
		{"a resend does not wait in the line", resendBesideLine},
		{"what waits follows an endpoint into and out of its line", linedUpLater},
		{"an ordered line is held and drained in order", orderedDrains},
		{"data expunged before its delivery is never sent", expungedWaiting},
		{"one conflict fails none of its neighbours", conflictAlone},
		{"a wide event takes the settings of its moment", wideMoment},
		{"an event for all is held in a suspended project", allSuspended},
		{"a dated switch happens by itself and can be taken back before", datedSwitch},
		{"no grace leaves one signature", noGrace},
		{"a rate can be lifted while deliveries wait", rateLifted},
		{"a resume without a rate ends an earlier one", resumeAgain},
	})
}

func goneToMany(s *stage) {
	var well atomic.Bool
	r := aim(s.t, func(int, hit) reply {
		if well.Load() {
			return reply{}
		}
		return reply{status: 410, wait: 200 * time.Millisecond}
	})
	e := s.on(r.url, nil)
	events := s.publishSome(1, 20)
	s.pausedFor(e, "gone")
	s.is("held", events...)
	sent := len(r.hits())
	r.stays(s.t, sent, 1500*time.Millisecond)
	well.Store(true)
	s.do(http.StatusOK, "/endpoints/"+e+"/resume", nil)
	s.is("delivered", events...)
	r.stays(s.t, sent+20, 300*time.Millisecond)
}

func retryAfterAtTheEnd(s *stage) {
	r := aim(s.t, func(i int, _ hit) reply {
		if i <= 2 {
			return reply{status: 503, header: map[string]string{"Retry-After": "2"}}
		}
		return reply{}
	})
	s.on(r.url, map[string]any{"retry": retries(1)})
	s.is("exhausted", s.publish(1))
	s.is("delivered", s.publish(2))
	hits := r.hits()
	if wait := hits[2].at.Sub(hits[1].at); wait < 1900*time.Millisecond {
		s.t.Errorf("the next event came after %s, asked for were 2 s", wait)
	}
}

func freedAtRate(s *stage) {
	var well atomic.Bool
	r := aim(s.t, func(int, hit) reply {
		if well.Load() {
			return reply{}
		}
		return reply{status: 500}
	})
	s.on(r.url, map[string]any{"retry": retries(3600), "ratePerSecond": 10})
	waiting := s.publishSome(1, 10)
	r.got(s.t, 10)
	s.is("waiting", waiting...)
	well.Store(true)
	s.publish(11)
	s.is("delivered", waiting...)
	hits := r.hits()[10:]
	if span := hits[10].at.Sub(hits[0].at); span < 800*time.Millisecond {
		s.t.Errorf("11 requests at 10 a second took %s", span)
	}
}

func cancelledHead(s *stage) {
	r := aim(s.t, statuses(500))
	s.on(r.url, map[string]any{"ordered": true, "retry": retries(3600)})
	events := s.publishSome(1, 3)
	r.got(s.t, 1)
	head := s.is("waiting", events[0])
	s.do(http.StatusAccepted, "/deliveries/"+head.text("id")+"/cancel", nil)
	s.is("delivered", events[1:]...)
	if d := s.is("cancelled", events[0]); !strings.Contains(d.text("reason"), "scene") {
		s.t.Errorf("reason: %q", d.text("reason"))
	}
}

func resendBesideLine(s *stage) {
	r := aim(s.t, func(_ int, h hit) reply {
		if h.n() == 2 {
			return reply{status: 500}
		}
		return reply{}
	})
	s.on(r.url, map[string]any{"ordered": true, "retry": retries(3600)})
	d := s.is("delivered", s.publish(1))
	events := s.publishSome(2, 3)
	r.got(s.t, 2)
	s.is("waiting", events...)
	s.ends(s.resend(d), "delivered")
	s.is("waiting", events...)
	r.stays(s.t, 3, 300*time.Millisecond)
}

func linedUpLater(s *stage) {
	r := aim(s.t, statuses())
	e := s.on(r.url, nil)
	ordered := func(on bool) {
		s.must(http.StatusOK, s.key, "PATCH", "/endpoints/"+e, map[string]any{"ordered": on})
	}
	s.do(http.StatusOK, "/endpoints/"+e+"/pause", nil)
	events := s.publishSome(1, 5)
	ordered(true)
	events = append(events, s.publishSome(6, 10)...)
	s.do(http.StatusOK, "/endpoints/"+e+"/resume", nil)
	s.is("delivered", events...)
	s.do(http.StatusOK, "/endpoints/"+e+"/pause", nil)
	events = s.publishSome(11, 15)
	ordered(false)
	events = append(events, s.publishSome(16, 20)...)
	s.do(http.StatusOK, "/endpoints/"+e+"/resume", nil)
	s.is("delivered", events...)
	r.stays(s.t, 20, 100*time.Millisecond)
}

func orderedDrains(s *stage) {
	r := aim(s.t, statuses(500))
	e := s.on(r.url, map[string]any{"ordered": true, "retry": retries(1)})
	events := s.publishSome(1, 4)
	r.got(s.t, 1)
	s.do(http.StatusOK, "/endpoints/"+e+"/pause", nil)
	s.is("held", events...)
	events = append(events, s.publishSome(5, 8)...)
	r.stays(s.t, 1, 1500*time.Millisecond)
	s.do(http.StatusOK, "/endpoints/"+e+"/resume", map[string]any{"ratePerSecond": 10})
	s.is("delivered", events...)
	hits := r.hits()
	wantOrder(s.t, hits)
	if span := hits[8].at.Sub(hits[1].at); len(hits) != 9 || span < 500*time.Millisecond {
		s.t.Errorf("%d requests, 8 of them at 10 a second in %s", len(hits), span)
	}
}

func expungedWaiting(s *stage) {
	r := aim(s.t, statuses(500))
	e := s.on(r.url, map[string]any{"retry": retries(1)})
	event := s.publish(7)
	r.got(s.t, 1)
	s.do(http.StatusOK, "/endpoints/"+e+"/pause", nil)
	s.is("held", event)
	s.must(http.StatusNoContent, s.key, "POST", "/events/"+event+"/expunge", nil)
	s.do(http.StatusOK, "/endpoints/"+e+"/resume", nil)
	r.stays(s.t, 1, 2*time.Second)
	if d := s.is("cancelled", event); !strings.Contains(d.text("reason"), "expunged") {
		s.t.Errorf("reason: %q", d.text("reason"))
	}
}

func conflictAlone(s *stage) {
	var mu sync.Mutex
	counted := map[int]int{}
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			draft := keyed("contested", i)
			if i%3 == 0 {
				draft = keyed(fmt.Sprint("own-", i), i)
			}
			status, _ := s.call(s.key, "POST", "/events", draft)
			mu.Lock()
			defer mu.Unlock()
			counted[status]++
		})
	}
	wg.Wait()
	if counted[202] != 21 || counted[409] != 39 {
		s.t.Errorf("answers by status: %v, want 21 accepted and 39 conflicts", counted)
	}
}

func wideMoment(s *stage) {
	s.topic("wide.moment")
	r := aim(s.t, statuses())
	topics := map[string]any{"topics": []string{"wide.moment"}}
	kept := s.on(r.url+"/kept", topics)
	s.must(http.StatusAccepted, s.instance, "POST", "/events", `{"topic":"wide.moment","audience":"all","data":{"n":1}}`)
	s.must(http.StatusOK, s.key, "PATCH", "/endpoints/"+kept, map[string]any{"topics": []string{"prompt.created"}})
	s.on(r.url+"/late", topics)
	r.got(s.t, 1)
	r.stays(s.t, 1, 1500*time.Millisecond)
	if path := r.hits()[0].path; path != "/kept" {
		s.t.Errorf("%s got it", path)
	}
}

func allSuspended(s *stage) {
	s.topic("all.suspended")
	r := aim(s.t, statuses())
	s.on(r.url, map[string]any{"topics": []string{"all.suspended"}})
	suspend := func(on bool) {
		s.must(http.StatusOK, s.instance, "PATCH", "/projects/"+s.project, map[string]any{"suspended": on})
	}
	suspend(true)
	event := s.must(http.StatusAccepted, s.instance, "POST", "/events", `{"topic":"all.suspended","audience":"all","data":{"n":1}}`).text("id")
	s.is("held", event)
	suspend(false)
	s.is("delivered", event)
}

func datedSwitch(s *stage) {
	r := aim(s.t, statuses())
	e := s.endpoint(s.key, r.url, map[string]any{"format": "plain"})
	at := "/endpoints/" + e.text("id") + "/secret/"
	in := func(d time.Duration) map[string]any {
		return map[string]any{"switchAt": time.Now().Add(d).UTC().Format(time.RFC3339Nano)}
	}
	s.do(http.StatusOK, at+"rotate", in(time.Hour))
	s.do(http.StatusOK, at+"undo", nil)
	fresh := s.do(http.StatusOK, at+"rotate", in(2*time.Second)).text("secret")
	s.is("delivered", s.publish(1))
	if h := r.hits()[0]; !verified(h, mainHeader, e.text("secret")) || !verified(h, mainHeader+"-Next", fresh) {
		s.t.Errorf("before the switch: %v", h.header)
	}
	time.Sleep(3 * time.Second)
	s.is("delivered", s.publish(2))
	if h := r.hits()[1]; !verified(h, mainHeader, fresh) || !verified(h, mainHeader+"-Previous", e.text("secret")) {
		s.t.Errorf("after the switch: %v", h.header)
	}
	if shown := s.do(http.StatusOK, at+"reveal", nil); shown.text("secret") != fresh || shown.text("previous") != e.text("secret") {
		s.t.Errorf("revealed: %v", shown)
	}
}

func noGrace(s *stage) {
	r := aim(s.t, statuses())
	e := s.endpoint(s.key, r.url, map[string]any{"format": "plain"})
	at := "/endpoints/" + e.text("id") + "/secret/"
	fresh := s.do(http.StatusOK, at+"rotate", map[string]any{"graceHours": 0}).text("secret")
	s.do(http.StatusOK, at+"switch", nil)
	s.is("delivered", s.publish(1))
	if h := r.hits()[0]; !verified(h, mainHeader, fresh) || signedBy(h, e.text("secret")) || h.header.Get(mainHeader+"-Previous") != "" {
		s.t.Errorf("after the switch: %v", h.header)
	}
	s.do(http.StatusConflict, at+"undo", nil)
	s.do(http.StatusOK, at+"rotate", nil)
}

func rateLifted(s *stage) {
	r := aim(s.t, statuses())
	e := s.on(r.url, map[string]any{"ratePerSecond": 0.2})
	events := s.publishSome(1, 10)
	r.got(s.t, 1)
	s.must(http.StatusOK, s.key, "PATCH", "/endpoints/"+e, map[string]any{"ratePerSecond": 0})
	started := time.Now()
	s.is("delivered", events...)
	if took := time.Since(started); took > 5*time.Second {
		s.t.Errorf("they went %s after the rate was lifted", took)
	}
}

func resumeAgain(s *stage) {
	r := aim(s.t, statuses())
	e := s.on(r.url, nil)
	s.do(http.StatusOK, "/endpoints/"+e+"/pause", nil)
	events := s.publishSome(1, 10)
	s.do(http.StatusOK, "/endpoints/"+e+"/resume", map[string]any{"ratePerSecond": 0.2})
	r.got(s.t, 1)
	s.do(http.StatusOK, "/endpoints/"+e+"/pause", nil)
	s.do(http.StatusOK, "/endpoints/"+e+"/resume", nil)
	started := time.Now()
	s.is("delivered", events...)
	if took := time.Since(started); took > 5*time.Second {
		s.t.Errorf("they went %s after the second resume", took)
	}
}
