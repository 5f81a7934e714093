package main_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// request is what a receiver in this process saw.
type request struct {
	event, attempt, timestamp, body string
}

// answering starts a receiver that answers with the statuses in turn, then
// 200.
func answering(t *testing.T, statuses ...int) (url string, seen func() []request) {
	t.Helper()
	var mu sync.Mutex
	var all []request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body := make([]byte, r.ContentLength)
		n, _ := r.Body.Read(body)
		all = append(all, request{r.Header.Get("webhook-id"), r.Header.Get("X-Bellwire-Attempt"), r.Header.Get("webhook-timestamp"), string(body[:n])})
		status := http.StatusOK
		if len(all) <= len(statuses) {
			status = statuses[len(all)-1]
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, "answer %d", len(all))
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []request {
		mu.Lock()
		defer mu.Unlock()
		return append([]request(nil), all...)
	}
}

func (n *node) endpoint(key, url string, more map[string]any) object {
	n.t.Helper()
	body := map[string]any{"name": "receiver", "url": url, "topics": []string{"product.*"}, "retry": quickRetry}
	for name, value := range more {
		body[name] = value
	}
	return n.must(http.StatusCreated, key, "POST", "/endpoints", body)
}

const viewed = `{"topic":"product.viewed","data":{"productId":"p1"}}`

// onlyDelivery waits until the event has one delivery and it is in the state.
func (n *node) onlyDelivery(key, event, state string) object {
	n.t.Helper()
	var found object
	eventually(n.t, 20*time.Second, "the delivery is "+state, func() bool {
		all := n.must(http.StatusOK, key, "GET", "/deliveries?eventId="+event, nil).list("data")
		if len(all) != 1 {
			return false
		}
		found = all[0]
		return found.text("state") == state
	})
	return found
}

func TestDelivery_three_attempts_are_logged_as_they_went(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		n.start()
		key := n.key("--project", n.project("three attempts"))
		url, seen := answering(t, 500, 500)
		n.endpoint(key, url+"/hook", nil)
		event := n.must(http.StatusAccepted, key, "POST", "/events", viewed).text("id")
		row := n.onlyDelivery(key, event, "delivered")
		requests := seen()
		if len(requests) != 3 {
			t.Fatalf("the receiver saw %d requests, want 3", len(requests))
		}
		delivery := n.must(http.StatusOK, key, "GET", "/deliveries/"+row.text("id"), nil)
		attempts := delivery.list("attempts")
		if len(attempts) != 3 {
			t.Fatalf("the log has %d attempts, want 3: %v", len(attempts), delivery)
		}
		for i, a := range attempts {
			wantAttempt(t, i, a, requests[i], event)
		}
		if requests[0].timestamp == requests[2].timestamp {
			t.Errorf("the third attempt was signed at the time of the first: %s", requests[0].timestamp)
		}
	})
}

func wantAttempt(t *testing.T, i int, logged object, sent request, event string) {
	t.Helper()
	if sent.event != event || sent.attempt != fmt.Sprint(i+1) {
		t.Errorf("request %d: event %s attempt %s, want event %s", i+1, sent.event, sent.attempt, event)
	}
	status := []float64{500, 500, 200}[i]
	response, _ := logged["response"].(map[string]any)
	if logged["number"] != float64(i+1) || response["status"] != status {
		t.Errorf("logged attempt %d: %v", i+1, logged)
	}
	if response["body"] != fmt.Sprintf("answer %d", i+1) {
		t.Errorf("logged answer %d: got %v", i+1, response["body"])
	}
	if req, _ := logged["request"].(map[string]any); req["body"] != sent.body {
		t.Errorf("logged request %d: got %v, sent %s", i+1, req["body"], sent.body)
	}
	if _, ok := logged["timings"].(map[string]any); !ok {
		t.Errorf("logged attempt %d has no timings: %v", i+1, logged)
	}
}

func TestDelivery_resend_shows_who_asked_and_send_now_goes_at_once(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		n.start()
		key := n.key("--project", n.project("again"), "--name", "support script")
		url, seen := answering(t, 500)
		n.endpoint(key, url, map[string]any{"retry": map[string]any{"policy": "custom", "delaysSeconds": []int{3600}}})
		event := n.must(http.StatusAccepted, key, "POST", "/events", viewed).text("id")
		eventually(t, 10*time.Second, "the first attempt failed", func() bool { return len(seen()) == 1 })
		waiting := n.onlyDelivery(key, event, "waiting")
		started := time.Now()
		n.must(http.StatusAccepted, key, "POST", "/deliveries/"+waiting.text("id")+"/send-now", nil)
		ended := n.onlyDelivery(key, event, "delivered")
		if took := time.Since(started); took > 2*time.Second {
			t.Errorf("send-now took %s", took)
		}
		again := n.must(http.StatusAccepted, key, "POST", "/deliveries/"+ended.text("id")+"/resend", nil)
		eventually(t, 10*time.Second, "the resend arrived", func() bool { return len(seen()) == 3 })
		shown := n.must(http.StatusOK, key, "GET", "/deliveries/"+again.text("id"), nil)
		by, _ := shown["requestedBy"].(map[string]any)
		if shown.text("resendOf") != ended.text("id") || by["name"] != "support script" || by["type"] != "key" {
			t.Errorf("the resend shows %v", shown)
		}
		if got := seen()[2].event; got != event {
			t.Errorf("the resend has event id %s, want %s", got, event)
		}
	})
}

func TestServe_second_one_on_a_file_says_so_and_exits(t *testing.T) {
	t.Parallel()
	n := newNode(t, "sqlite://"+t.TempDir()+"/bellwire.db")
	n.start()
	second := exec.Command(binary, "serve")
	second.Env = append(n.env, "BELLWIRE_ADDR="+freeAddr(t))
	out, err := second.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another bellwire serve") {
		t.Errorf("got %v:\n%s", err, out)
	}
}

func TestServe_bad_settings_are_all_named_and_nothing_starts(t *testing.T) {
	t.Parallel()
	c := exec.Command(binary, "serve")
	c.Env = append(clean(nil), "BELLWIRE_ADDR=nowhere", "BELLWIRE_DATABASE_URL=mysql://x", "BELLWIRE_MASTER_KEY=short", "BELLWIRE_WORKERS=abc", "BELLWIRE_ALLOW_HTTP=maybe", "PATH=/usr/bin:/bin", "HOME="+t.TempDir())
	out, err := c.CombinedOutput()
	if code := c.ProcessState.ExitCode(); code != 2 {
		t.Errorf("exit status %d (%v), want 2", code, err)
	}
	for _, variable := range []string{"BELLWIRE_ADDR", "BELLWIRE_DATABASE_URL", "BELLWIRE_MASTER_KEY", "BELLWIRE_WORKERS", "BELLWIRE_ALLOW_HTTP"} {
		if !strings.Contains(string(out), variable) {
			t.Errorf("%s is not named in:\n%s", variable, out)
		}
	}
}

func TestServe_stops_cleanly_under_load(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		n.start()
		key := n.key("--project", n.project("stopping"))
		url, seen := answering(t)
		n.endpoint(key, url, nil)
		for range 200 {
			n.must(http.StatusAccepted, key, "POST", "/events", viewed)
		}
		if err := n.stop(); err != nil {
			t.Errorf("the server did not exit with 0: %v", err)
		}
		n.start()
		eventually(t, 20*time.Second, "every event arrived", func() bool { return len(events(seen())) == 200 })
		if got := len(seen()); got != 200 {
			t.Errorf("%d requests for 200 events: a clean stop must not send twice", got)
		}
	})
}

func events(requests []request) map[string]bool {
	ids := map[string]bool{}
	for _, r := range requests {
		ids[r.event] = true
	}
	return ids
}
