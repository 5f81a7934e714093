package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSemantics_of_publishing plays what decides who gets an event, and what
// can be done about one afterwards.
func TestSemantics_of_publishing(t *testing.T) {
	play(t, []scene{
		{"an idempotency key makes one event", keyMakesOne},
		{"an idempotency key counts once within a batch", keyInBatch},
		{"header and member must agree about the key", keyTwice},
		{"fifty at once with one key make one event", keyAtOnce},
		{"a refused request keeps no key", keyRefused},
		{"an event for all reaches the subscribers of every project", allReached},
		{"an event reaches fifteen hundred endpoints of one project", wideReached},
		{"a batch is stored whole or not at all", batchWhole},
		{"an endpoint gets the very next event", nextEvent},
		{"prompt filters decide about prompts alone", promptFilters},
		{"payload filters decide", payloadFilters},
		{"an event explains its matching by the settings that counted", explained},
		{"expunged data is gone and its rows stay", expunged},
		{"a delivered one can be sent again", resendDelivered},
		{"an exhausted one can be sent again and heals nothing", resendExhausted},
		{"a resend is held while the endpoint is paused", resendHeld},
		{"a resend to a deleted endpoint is refused in words", resendDeleted},
	})
}

// keyed is a draft with an idempotency key.
func keyed(key string, n int) map[string]any {
	return map[string]any{"topic": "product.viewed", "data": map[string]any{"n": n}, "idempotencyKey": key}
}

func keyMakesOne(s *stage) {
	r := aim(s.t, statuses())
	s.on(r.url, nil)
	first := s.do(http.StatusAccepted, "/events", keyed("order-1", 1))
	again := s.do(http.StatusAccepted, "/events", `{ "idempotencyKey":"order-1", "data": { "n" : 1 }, "topic":"product.viewed" }`)
	if again.text("id") != first.text("id") || first["duplicate"] != false || again["duplicate"] != true || again["deliveries"] != float64(1) {
		s.t.Errorf("first %v, again %v", first, again)
	}
	s.do(http.StatusConflict, "/events", keyed("order-1", 2))
	s.do(http.StatusConflict, "/events", `{"topic":"product.viewed","data":{"n":1},"idempotencyKey":"order-1","occurredAt":"2026-01-01T00:00:00Z"}`)
	s.is("delivered", first.text("id"))
	r.stays(s.t, 1, 500*time.Millisecond)
	// The key is the project's: another one may use it too.
	other := s.stage(s.t)
	if answer := other.do(http.StatusAccepted, "/events", keyed("order-1", 2)); answer["duplicate"] != false {
		s.t.Errorf("another project's key counted: %v", answer)
	}
}

func keyInBatch(s *stage) {
	answer := s.do(http.StatusAccepted, "/events/batch", map[string]any{"events": []any{keyed("a", 1), keyed("b", 2), keyed("a", 1)}})
	results := answer.list("results")
	if len(results) != 3 || results[0].text("id") != results[2].text("id") || results[0].text("id") == results[1].text("id") ||
		results[0]["duplicate"] != false || results[2]["duplicate"] != true {
		s.t.Errorf("results: %v", results)
	}
	if stored := s.get("/events").list("data"); len(stored) != 2 {
		s.t.Errorf("%d events are stored, want 2", len(stored))
	}
	s.do(http.StatusConflict, "/events/batch", map[string]any{"events": []any{keyed("c", 1), keyed("c", 2)}})
	s.do(http.StatusConflict, "/events/batch", map[string]any{"events": []any{keyed("d", 1), keyed("a", 2)}})
	if stored := s.get("/events").list("data"); len(stored) != 2 {
		s.t.Errorf("%d events are stored after conflicts, want 2", len(stored))
	}
	if answer := s.do(http.StatusAccepted, "/events", keyed("d", 9)); answer["duplicate"] != false {
		s.t.Errorf("a refused batch kept its key: %v", answer)
	}
}

// withHeader publishes with an Idempotency-Key header.
func (s *stage) withHeader(key, body string) (int, string) {
	s.t.Helper()
	q, err := http.NewRequest("POST", s.url+"/api/v1/events", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+s.key)
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Idempotency-Key", key)
	response, err := http.DefaultClient.Do(q)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	var text strings.Builder
	_, _ = fmt.Fprint(&text, response.Header.Get("Content-Type"))
	return response.StatusCode, text.String()
}

func keyTwice(s *stage) {
	body := `{"topic":"product.viewed","data":{"n":1},"idempotencyKey":"member"}`
	if status, kind := s.withHeader("header", body); status != http.StatusUnprocessableEntity || kind != "application/problem+json" {
		s.t.Errorf("two keys: got %d %s", status, kind)
	}
	if status, _ := s.withHeader("member", body); status != http.StatusAccepted {
		s.t.Errorf("one key in both places: got %d", status)
	}
	if answer := s.do(http.StatusAccepted, "/events", body); answer["duplicate"] != true {
		s.t.Errorf("the header's key was not kept: %v", answer)
	}
}

func keyAtOnce(s *stage) {
	r := aim(s.t, statuses())
	s.on(r.url, nil)
	var mu sync.Mutex
	ids, originals := map[string]bool{}, 0
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			status, answer := s.call(s.key, "POST", "/events", keyed("same", 1))
			mu.Lock()
			defer mu.Unlock()
			ids[answer.text("id")] = true
			if status != http.StatusAccepted {
				s.t.Errorf("got %d: %v", status, answer)
			}
			if answer["duplicate"] == false {
				originals++
			}
		})
	}
	wg.Wait()
	if len(ids) != 1 || originals != 1 {
		s.t.Errorf("%d ids, %d of them no duplicate", len(ids), originals)
	}
	r.got(s.t, 1)
	r.stays(s.t, 1, 500*time.Millisecond)
}

func keyRefused(s *stage) {
	s.do(http.StatusUnprocessableEntity, "/events", `{"topic":"product.viewd","data":{},"idempotencyKey":"k"}`)
	if answer := s.do(http.StatusAccepted, "/events", keyed("k", 1)); answer["duplicate"] != false {
		s.t.Errorf("the refused request kept its key: %v", answer)
	}
}

// topic makes a topic of this scene's own.
func (s *stage) topic(name string) {
	s.t.Helper()
	s.must(http.StatusCreated, s.instance, "POST", "/topics", map[string]any{"name": name})
}

func allReached(s *stage) {
	s.topic("all.reached")
	r := aim(s.t, statuses())
	stages := []*stage{s, s.stage(s.t), s.stage(s.t)}
	for i, one := range stages {
		one.on(fmt.Sprintf("%s/%d", r.url, i), map[string]any{"topics": []string{"all.*"}})
	}
	stages[2].on(r.url+"/other", map[string]any{"topics": []string{"product.*"}})
	draft := `{"topic":"all.reached","audience":"all","data":{"n":1},"idempotencyKey":"once"}`
	answer := s.must(http.StatusAccepted, s.instance, "POST", "/events", draft)
	if answer["fanOut"] != true {
		s.t.Errorf("answer: %v", answer)
	}
	if again := s.must(http.StatusAccepted, s.instance, "POST", "/events", draft); again["duplicate"] != true || again.text("id") != answer.text("id") {
		s.t.Errorf("again: %v", again)
	}
	r.got(s.t, 3)
	r.stays(s.t, 3, 500*time.Millisecond)
	for _, one := range stages {
		one.is("delivered", answer.text("id"))
		if d := one.get("/events/" + answer.text("id")); d.text("audience") != "all" || len(d.list("matching")) == 0 {
			s.t.Errorf("a project with a delivery sees %v", d)
		}
	}
	outsider := s.stage(s.t)
	if status, seen := outsider.call(outsider.key, "GET", "/events/"+answer.text("id"), nil); status != http.StatusNotFound {
		s.t.Errorf("a project without a delivery sees %d %v", status, seen)
	}
	s.must(http.StatusForbidden, s.key, "POST", "/events", draft)
}

func wideReached(s *stage) {
	const wide = 1500
	r := aim(s.t, statuses())
	paths := make(chan int)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range paths {
				s.on(fmt.Sprintf("%s/%d", r.url, i), nil)
			}
		})
	}
	for i := range wide {
		paths <- i
	}
	close(paths)
	wg.Wait()
	answer := s.do(http.StatusAccepted, "/events", `{"topic":"product.viewed","data":{"n":1}}`)
	if answer["fanOut"] != true {
		s.t.Errorf("answer: %v", answer)
	}
	eventually(s.t, 60*time.Second, "every endpoint got it", func() bool { return len(r.hits()) >= wide })
	r.stays(s.t, wide, time.Second)
	seen := map[string]bool{}
	for _, h := range r.hits() {
		seen[h.path] = true
	}
	if len(seen) != wide {
		s.t.Errorf("%d endpoints got it, want %d", len(seen), wide)
	}
}

func batchWhole(s *stage) {
	status, answer := s.call(s.key, "POST", "/events/batch", `{"events":[`+viewed+`,`+viewed+`,{"topic":"product.viewed","data":[]}]}`)
	if status/100 != 4 || !strings.Contains(fmt.Sprint(answer["errors"]), "events[2]") {
		s.t.Errorf("got %d %v", status, answer)
	}
	if stored := s.get("/events").list("data"); len(stored) != 0 {
		s.t.Errorf("%d events of a refused batch are stored", len(stored))
	}
	all := strings.Repeat(viewed+",", 999) + viewed
	if results := s.do(http.StatusAccepted, "/events/batch", `{"events":[`+all+`]}`).list("results"); len(results) != 1000 {
		s.t.Errorf("%d results for 1000 events", len(results))
	}
	s.do(http.StatusUnprocessableEntity, "/events/batch", `{"events":[`+all+`,`+viewed+`]}`)
}

func nextEvent(s *stage) {
	r := aim(s.t, statuses())
	for i := range 100 {
		e := s.on(fmt.Sprintf("%s/%d", r.url, i), nil)
		if answer := s.do(http.StatusAccepted, "/events", viewed); answer["deliveries"] != float64(1) {
			s.t.Fatalf("event %d: %v", i, answer)
		}
		s.must(http.StatusNoContent, s.key, "DELETE", "/endpoints/"+e, nil)
		if answer := s.do(http.StatusAccepted, "/events", viewed); answer["deliveries"] != float64(0) {
			s.t.Fatalf("event %d went to a deleted endpoint: %v", i, answer)
		}
	}
}

// prompt is the data of a prompt topic.
func prompt(name, labels, tags string) string {
	return fmt.Sprintf(`{"topic":"prompt.updated","data":{"id":"p1","name":%q,"version":2,"projectId":"x","labels":%s,"tags":%s,
 "prompt":"Hi","type":"text","config":{},"createdAt":"2026-01-01T00:00:00.000Z","updatedAt":"2026-01-01T00:00:00.000Z","commitMessage":null}}`, name, labels, tags)
}

// wantMatched publishes and compares the endpoints that got the event, by name.
func (s *stage) wantMatched(draft string, want ...string) object {
	s.t.Helper()
	answer := s.do(http.StatusAccepted, "/events", draft)
	d := s.get("/events/" + answer.text("id"))
	var got, explained []string
	for _, row := range d.list("log") {
		got = append(got, row.text("endpointName"))
	}
	for _, m := range d.list("matching") {
		if m["matched"] == true {
			explained = append(explained, m.text("endpointName"))
		}
	}
	if !sameNames(got, want) || !sameNames(explained, want) {
		s.t.Errorf("%.60s: got by %v, explained as %v, want %v", draft, got, explained, want)
	}
	return d
}

func sameNames(got, want []string) bool {
	counted := map[string]int{}
	for _, name := range got {
		counted[name]++
	}
	for _, name := range want {
		counted[name]--
	}
	for _, n := range counted {
		if n != 0 {
			return false
		}
	}
	return true
}

func promptFilters(s *stage) {
	r := aim(s.t, statuses())
	topics := []string{"prompt.*", "product.viewed"}
	for name, filter := range map[string]map[string]any{
		"every":      {},
		"named":      {"names": []string{"production/*", "exact"}},
		"labelled":   {"labels": []string{"production", "staging"}},
		"tagged":     {"tags": []string{"eu"}},
		"both parts": {"names": []string{"production/*"}, "labels": []string{"production"}},
	} {
		s.on(r.url, map[string]any{"name": name, "topics": topics, "promptFilter": filter, "format": "abv"})
	}
	s.wantMatched(prompt("production/deep/greeting", `["production"]`, `["eu"]`), "every", "named", "labelled", "tagged", "both parts")
	s.wantMatched(prompt("exact", `[]`, `["us"]`), "every", "named")
	s.wantMatched(prompt("exactly", `["staging"]`, `[]`), "every", "labelled")
	s.wantMatched(viewed, "every", "named", "labelled", "tagged", "both parts")
}

func payloadFilters(s *stage) {
	r := aim(s.t, statuses())
	row := func(path, operator, value string) map[string]any {
		return map[string]any{"path": path, "operator": operator, "value": value}
	}
	for name, rows := range map[string][]any{
		"equals":  {row("currency", "equals", "EUR")},
		"not":     {row("currency", "notEquals", "EUR")},
		"one of":  {row("currency", "oneOf", "USD, EUR")},
		"number":  {row("price", "gte", "10"), row("price", "lt", "20")},
		"deep":    {row("shop.name", "startsWith", "Ab")},
		"contain": {row("shop.name", "contains", "bb")},
		"glob":    {row("shop.name", "glob", "A*a")},
		"exists":  {row("sale", "exists", "")},
	} {
		s.on(r.url, map[string]any{"name": name, "topics": []string{"product.viewed"}, "payloadFilter": rows})
	}
	event := func(data string) string { return `{"topic":"product.viewed","data":` + data + `}` }
	s.wantMatched(event(`{"currency":"EUR","price":10.0,"shop":{"name":"Abba"},"sale":null}`), "equals", "one of", "number", "deep", "contain", "glob", "exists")
	s.wantMatched(event(`{"currency":"GBP","price":20}`), "not")
	s.wantMatched(event(`{"price":1.5e1}`), "number")
	s.wantMatched(event(`{}`))
}

func explained(s *stage) {
	r := aim(s.t, statuses())
	filter := []any{map[string]any{"path": "currency", "operator": "equals", "value": "EUR"}}
	e := s.on(r.url, map[string]any{"name": "euros", "payloadFilter": filter})
	s.on(r.url, map[string]any{"name": "prompts", "topics": []string{"prompt.*"}})
	d := s.wantMatched(`{"topic":"product.viewed","data":{"currency":"USD"}}`)
	reasons := fmt.Sprint(d["matching"])
	if len(d.list("matching")) != 2 || !strings.Contains(reasons, "USD") || !strings.Contains(reasons, "product.viewed") {
		s.t.Errorf("matching: %s", reasons)
	}
	time.Sleep(5 * time.Millisecond) // versions are told apart by the millisecond
	s.must(http.StatusOK, s.key, "PATCH", "/endpoints/"+e, map[string]any{"payloadFilter": []any{}})
	s.on(r.url, map[string]any{"name": "late"})
	later := s.get("/events/" + d.text("id"))
	if fmt.Sprint(later["matching"]) != reasons {
		s.t.Errorf("the explanation changed with the settings:\n%v\n%s", later["matching"], reasons)
	}
	time.Sleep(5 * time.Millisecond)
	s.wantMatched(`{"topic":"product.viewed","data":{"currency":"USD"}}`, "euros", "late")
}

func expunged(s *stage) {
	r := aim(s.t, statuses())
	s.on(r.url, nil)
	event := s.publish(7)
	d := s.is("delivered", event)
	s.must(http.StatusNoContent, s.key, "POST", "/events/"+event+"/expunge", nil)
	shown := s.get("/events/" + event)
	if shown["data"] != nil || shown.text("expungedAt") == "" || len(shown.list("log")) != 1 {
		s.t.Errorf("the event shows %v", shown)
	}
	if attempt := s.attempts(d.text("id"))[0]; strings.Contains(fmt.Sprint(attempt["request"]), `"n":7`) {
		s.t.Errorf("the log still has the payload: %v", attempt)
	}
	if answer := s.do(http.StatusConflict, "/deliveries/"+d.text("id")+"/resend", nil); !strings.Contains(answer.text("detail"), "payload") {
		s.t.Errorf("a resend was answered %v", answer)
	}
	audit := fmt.Sprint(s.get("/audit")["data"])
	if !strings.Contains(audit, "event.expunged") {
		s.t.Errorf("audit: %s", audit)
	}
}
