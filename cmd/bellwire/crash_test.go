package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestCrash_every_accepted_event_arrives_after_ten_kills publishes from eight
// clients while the server is killed ten times at odd moments, then waits for
// every event that was answered 202.
func TestCrash_every_accepted_event_arrives_after_ten_kills(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, n *node) {
		n.start()
		project := n.project("crashes")
		key := n.key("--project", project)
		url, seen := answering(t)
		n.endpoint(key, url, map[string]any{"timeoutSeconds": 1})
		load := publishAll(n.url, key, 8)
		for i := range 10 {
			time.Sleep(time.Duration(150+67*i) * time.Millisecond)
			n.kill()
			n.start()
		}
		accepted := load.stop()
		if len(accepted) < 100 {
			t.Fatalf("only %d events were accepted: no load to speak of", len(accepted))
		}
		missing := 0
		eventually(t, 60*time.Second, "every accepted event arrived", func() bool {
			arrived := events(seen())
			missing = 0
			for _, id := range accepted {
				if !arrived[id] {
					missing++
				}
			}
			return missing == 0
		})
		eventually(t, 60*time.Second, "no delivery is still sending or waiting", func() bool {
			for _, state := range []string{"sending", "waiting"} {
				if left := n.must(http.StatusOK, key, "GET", "/deliveries?state="+state, nil).list("data"); len(left) > 0 {
					return false
				}
			}
			return true
		})
		t.Logf("%d accepted, %d requests", len(accepted), len(seen()))
	})
}

// load publishes in the background and keeps the ids that were answered 202.
type load struct {
	mu       sync.Mutex
	accepted []string
	quit     chan struct{}
	wg       sync.WaitGroup
}

func publishAll(server, key string, clients int) *load {
	l := &load{quit: make(chan struct{})}
	for range clients {
		l.wg.Go(func() {
			client := &http.Client{Timeout: 5 * time.Second}
			for {
				select {
				case <-l.quit:
					return
				case <-time.After(2 * time.Millisecond):
					l.publish(client, server, key)
				}
			}
		})
	}
	return l
}

func (l *load) publish(client *http.Client, server, key string) {
	request, _ := http.NewRequest("POST", server+"/api/v1/events", bytes.NewReader([]byte(viewed)))
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return // the server is down: nothing was promised
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	var receipt struct{ ID string }
	if err != nil || response.StatusCode != http.StatusAccepted || json.Unmarshal(body, &receipt) != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accepted = append(l.accepted, receipt.ID)
}

func (l *load) stop() []string {
	close(l.quit)
	l.wg.Wait()
	return l.accepted
}
