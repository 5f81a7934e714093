package main_test

import (
	"net/http"
	"strings"
	"time"
)

func testsCountNowhere(s *stage) {
	r := aim(s.t, statuses(500, 410))
	e := s.on(r.url, nil)
	for range 2 {
		answer := s.do(http.StatusOK, "/endpoints/"+e+"/test", nil)
		d := s.get("/deliveries/" + answer.text("deliveryId"))
		if answer.text("outcome") != "failed" || d.text("state") != "exhausted" || d["test"] != true {
			s.t.Errorf("answered %v, logged %v", answer, d)
		}
	}
	r.stays(s.t, 2, 1500*time.Millisecond)
	shown := s.get("/endpoints/" + e)
	if shown["consecutiveFailures"] != float64(0) || shown.text("state") != "active" {
		s.t.Errorf("tests changed the endpoint: %v", shown)
	}
	if stats := s.get("/stats?endpointId=" + e); stats["failed"] != float64(0) || stats["delivered"] != float64(0) {
		s.t.Errorf("tests are in the statistics: %v", stats)
	}
	s.do(http.StatusOK, "/endpoints/"+e+"/pause", nil)
	if answer := s.do(http.StatusOK, "/endpoints/"+e+"/test", nil); answer.text("outcome") != "delivered" {
		s.t.Errorf("a paused endpoint can't be tested: %v", answer)
	}
}

func deletingCancels(s *stage) {
	r := aim(s.t, statuses(500, 500))
	e := s.on(r.url, map[string]any{"retry": retries(3600)})
	events := s.publishSome(1, 2)
	r.got(s.t, 2)
	s.is("waiting", events...)
	s.must(http.StatusNoContent, s.key, "DELETE", "/endpoints/"+e, nil)
	if d := s.is("cancelled", events...); !strings.Contains(d.text("reason"), "deleted") {
		s.t.Errorf("reason: %q", d.text("reason"))
	}
}

func deletingCancelsFailing(s *stage) {
	r := aim(s.t, func(int, hit) reply { return reply{status: 500, wait: time.Second} })
	e := s.on(r.url, map[string]any{"retry": retries(1)})
	event := s.publish(1)
	r.got(s.t, 1)
	s.must(http.StatusNoContent, s.key, "DELETE", "/endpoints/"+e, nil)
	if d := s.is("cancelled", event); !strings.Contains(d.text("reason"), "deleted") {
		s.t.Errorf("reason: %q", d.text("reason"))
	}
	r.stays(s.t, 1, 1500*time.Millisecond)
}

func (s *stage) resend(d object) string {
	s.t.Helper()
	return s.do(http.StatusAccepted, "/deliveries/"+d.text("id")+"/resend", nil).text("id")
}

// ends waits until a delivery is in the state.
func (s *stage) ends(delivery, state string) object {
	s.t.Helper()
	var d object
	eventually(s.t, 20*time.Second, "the delivery is "+state, func() bool {
		d = s.get("/deliveries/" + delivery)
		return d.text("state") == state
	})
	return d
}

func resendDelivered(s *stage) {
	r := aim(s.t, statuses())
	s.on(r.url, nil)
	d := s.is("delivered", s.publish(1))
	again := s.ends(s.resend(d), "delivered")
	hits := r.got(s.t, 2)
	if hits[0].event != hits[1].event || hits[0].body != hits[1].body && !strings.Contains(hits[1].body, `"n":1`) || again.text("resendOf") != d.text("id") {
		s.t.Errorf("sent again as %v", again)
	}
}

func resendExhausted(s *stage) {
	r := aim(s.t, statuses(500, 500, 410, 500, 500))
	e := s.on(r.url, map[string]any{"retry": retries(1)})
	d := s.is("exhausted", s.publish(1))
	failures := s.get("/endpoints/" + e)["consecutiveFailures"]
	gone := s.ends(s.resend(d), "exhausted")
	if gone["attemptCount"] != float64(2) {
		s.t.Errorf("a resend that met 410 had %v attempts", gone["attemptCount"])
	}
	shown := s.get("/endpoints/" + e)
	if shown.text("state") != "active" || shown["consecutiveFailures"] != failures {
		s.t.Errorf("resends changed the endpoint: %v, before %v failures", shown, failures)
	}
	r.got(s.t, 4)
	s.ends(s.resend(d), "delivered")
	if now := s.get("/endpoints/" + e)["consecutiveFailures"]; now != failures {
		s.t.Errorf("a resend healed the endpoint: %v", now)
	}
}

func resendHeld(s *stage) {
	r := aim(s.t, statuses())
	e := s.on(r.url, nil)
	d := s.is("delivered", s.publish(1))
	s.do(http.StatusOK, "/endpoints/"+e+"/pause", nil)
	again := s.resend(d)
	s.ends(again, "held")
	s.do(http.StatusConflict, "/deliveries/"+again+"/resend", nil)
	r.stays(s.t, 1, time.Second)
	s.do(http.StatusOK, "/endpoints/"+e+"/resume", nil)
	s.ends(again, "delivered")
}

func resendDeleted(s *stage) {
	r := aim(s.t, statuses())
	e := s.on(r.url, nil)
	d := s.is("delivered", s.publish(1))
	s.must(http.StatusNoContent, s.key, "DELETE", "/endpoints/"+e, nil)
	answer := s.do(http.StatusConflict, "/deliveries/"+d.text("id")+"/resend", nil)
	if !strings.Contains(answer.text("detail"), "deleted") {
		s.t.Errorf("answered %v", answer)
	}
	if log := s.get("/deliveries/" + d.text("id")); len(log.list("attempts")) != 1 {
		s.t.Errorf("the log of a deleted endpoint shows %v", log)
	}
}
