package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// post sends JSON to an address with a key; status 0 is no answer.
func post(t *testing.T, at, key, body string) (status int, answer []byte) {
	t.Helper()
	status, answer, err := send("POST", at, key, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

func send(method, at, key, body string) (status int, answer []byte, err error) {
	r, err := http.NewRequest(method, at, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	response, err := (&http.Client{Timeout: 5 * time.Second}).Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// TestCrash_leaves_no_change_without_its_events changes prompts and products
// from eight clients while the server is killed, then holds what is stored
// against the events: each change has its own, and no event tells of a change
// that was not made.
func TestCrash_leaves_no_change_without_its_events(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, n *node) {
		n.start()
		key := n.key("--project", n.project("crashes"))
		stop := make(chan struct{})
		var clients sync.WaitGroup
		for c := range 8 {
			clients.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					case <-time.After(5 * time.Millisecond):
					}
					if c%2 == 0 { // an error is a server that is down: nothing was promised
						send("POST", n.url+"/api/public/v2/prompts", key, fmt.Sprintf(`{"name":"p%d","prompt":"%d","labels":["production"]}`, c, i))
					} else {
						send("PUT", fmt.Sprintf("%s/api/v1/products/s%d-%d", n.url, c, i%3), key, fmt.Sprintf(`{"price":"%d.5","currency":"EUR","quantity":%d}`, i, i%2))
					}
				}
			})
		}
		for i := range 8 {
			time.Sleep(time.Duration(200+83*i) * time.Millisecond)
			n.kill()
			n.start()
		}
		close(stop)
		clients.Wait()
		wantPromptsTold(t, n, key)
		wantProductsTold(t, n, key)
	})
}

// eventData reads the data of every event of a topic, oldest first.
func (n *node) eventData(key, topic string) []object {
	n.t.Helper()
	var ids []string
	for cursor := ""; ; {
		page := n.must(http.StatusOK, key, "GET", "/events?limit=200&topic="+topic+"&cursor="+cursor, nil)
		for _, e := range page.list("data") {
			ids = append([]string{e.text("id")}, ids...)
		}
		if cursor = page.text("nextCursor"); cursor == "" {
			break
		}
	}
	var all []object
	for _, id := range ids {
		data, ok := n.must(http.StatusOK, key, "GET", "/events/"+id, nil)["data"].(map[string]any)
		if !ok {
			n.t.Fatalf("event %s has no data", id)
		}
		all = append(all, data)
	}
	return all
}

func wantPromptsTold(t *testing.T, n *node, key string) {
	t.Helper()
	toldOf := map[string]int{}
	for _, d := range n.eventData(key, "prompt.created") {
		toldOf[fmt.Sprint(d["name"], " ", d["version"])]++
	}
	stored := 0
	for c := 0; c < 8; c += 2 {
		name := fmt.Sprintf("p%d", c)
		for version := 1; ; version++ {
			status, _, err := send("GET", fmt.Sprintf("%s/api/public/v2/prompts/%s?version=%d", n.url, name, version), key, "")
			if err != nil {
				t.Fatal(err)
			}
			if status == http.StatusNotFound {
				break
			}
			stored++
			if k := fmt.Sprint(name, " ", version); toldOf[k] != 1 {
				t.Errorf("%s was told %d times", k, toldOf[k])
			}
		}
	}
	if stored < 40 || len(toldOf) != stored {
		t.Errorf("%d versions are stored and %d were told", stored, len(toldOf))
	}
	// Each version but a prompt's first takes production from the one before.
	if moved := len(n.eventData(key, "prompt.updated")); moved != stored-4 {
		t.Errorf("%d labels were taken, want %d", moved, stored-4)
	}
}

func wantProductsTold(t *testing.T, n *node, key string) {
	t.Helper()
	last, added := map[string]string{}, map[string]int{}
	for _, d := range n.eventData(key, "product.added") {
		added[d.text("productId")]++
	}
	changes := 0
	for _, d := range n.eventData(key, "product.price_changed") {
		changes++
		id, from := d.text("productId"), fmt.Sprint(d["oldPrice"])
		if before, ok := last[id]; ok && before != from {
			t.Errorf("%s went on from %s, the event before ended at %s", id, from, before)
		}
		last[id] = fmt.Sprint(d["newPrice"])
	}
	products := n.must(http.StatusOK, key, "GET", "/products?limit=200", nil).list("data")
	for _, p := range products {
		id := p.text("productId")
		state, _ := p["state"].(map[string]any)
		var price json.Number
		if text, ok := state["price"].(string); ok {
			price = json.Number(text)
		}
		if added[id] != 1 {
			t.Errorf("%s was added %d times", id, added[id])
		}
		if at, ok := last[id]; ok && at != price.String() {
			t.Errorf("%s stands at %s, its last event said %s", id, price, at)
		}
	}
	if len(products) != len(added) || len(products) != 12 || changes < 40 {
		t.Errorf("%d products, %d of them told of, %d changes of prices", len(products), len(added), changes)
	}
}
