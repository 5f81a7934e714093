package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// TestAnEventForThousandsOfEndpointsSurvivesKills kills the server right after
// it took an event for everybody, and again while it is on its way: every
// endpoint gets it, and twice only where the log says that nobody knows whether
// the first request arrived.
func TestAnEventForThousandsOfEndpointsSurvivesKills(t *testing.T) {
	const endpoints = 2400
	databases(t, func(t *testing.T, n *node) {
		n.start()
		url, arrived := counting(t)
		paths := subscribe(n, url, endpoints)
		event := n.must(http.StatusAccepted, n.instance, "POST", "/events", map[string]any{
			"topic": "product.viewed", "audience": "all", "data": map[string]any{"productId": "p1"},
		}).text("id")
		n.kill()
		n.start()
		eventually(t, 60*time.Second, "some endpoints got the event", func() bool { return len(arrived()) >= endpoints/8 })
		n.kill()
		n.start()
		eventually(t, 120*time.Second, "every endpoint got the event", func() bool { return len(arrived()) == endpoints })
		eventually(t, 120*time.Second, "no delivery is still sending or waiting", func() bool {
			for _, state := range []string{"sending", "waiting"} {
				if left := n.must(http.StatusOK, n.instance, "GET", "/deliveries?state="+state, nil).list("data"); len(left) > 0 {
					return false
				}
			}
			return true
		})
		unknown, times := n.unknownAttempts(event), arrived()
		if len(unknown) != endpoints {
			t.Errorf("%d endpoints have a delivery of the event, want %d", len(unknown), endpoints)
		}
		for id, n := range unknown {
			if got := times[paths[id]]; got < 1 || got > 1+n {
				t.Errorf("endpoint %s got the event %d times, and %d attempts are unknown", id, got, n)
			}
		}
	})
}

// counting is a receiver that counts requests by path.
func counting(t *testing.T) (url string, arrived func() map[string]int) {
	t.Helper()
	var mu sync.Mutex
	paths := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		defer mu.Unlock()
		paths[r.URL.Path]++
	}))
	t.Cleanup(server.Close)
	return server.URL, func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		copied := make(map[string]int, len(paths))
		for path, n := range paths {
			copied[path] = n
		}
		return copied
	}
}

// subscribe makes endpoints in two projects, and answers each one's path.
func subscribe(n *node, url string, endpoints int) map[string]string {
	n.t.Helper()
	keys := []string{n.key("--project", n.project("one")), n.key("--project", n.project("two"))}
	var mu sync.Mutex
	paths := map[string]string{}
	var making sync.WaitGroup
	for maker := range 8 {
		making.Go(func() {
			for i := maker; i < endpoints; i += 8 {
				path := fmt.Sprintf("/%d", i)
				status, made := n.call(keys[i%2], "POST", "/endpoints", map[string]any{
					"name": "receiver", "url": url + path, "topics": []string{"product.*"}, "retry": quickRetry, "timeoutSeconds": 5,
				})
				if status != http.StatusCreated {
					n.t.Errorf("endpoint %d was answered %d", i, status)
				}
				mu.Lock()
				paths[made.text("id")] = path
				mu.Unlock()
			}
		})
	}
	making.Wait()
	return paths
}

// unknownAttempts counts, for each endpoint that has a delivery of the event,
// the attempts that nobody knows the end of. Each has one delivery.
func (n *node) unknownAttempts(event string) map[string]int {
	n.t.Helper()
	unknown := map[string]int{}
	for cursor, more := "", true; more; more = cursor != "" {
		page := n.must(http.StatusOK, n.instance, "GET", "/deliveries?limit=200&eventId="+event+"&cursor="+cursor, nil)
		for _, d := range page.list("data") {
			endpoint := d.text("endpointId")
			if _, twice := unknown[endpoint]; twice {
				n.t.Errorf("endpoint %s has two deliveries", endpoint)
			}
			unknown[endpoint] = 0
			if attempts, _ := d["attemptCount"].(float64); attempts < 2 {
				continue
			}
			for _, a := range n.must(http.StatusOK, n.instance, "GET", "/deliveries/"+d.text("id"), nil).list("attempts") {
				if a.text("outcome") == "unknown" {
					unknown[endpoint]++
				}
			}
		}
		cursor = page.text("nextCursor")
	}
	return unknown
}
