package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"
)

// scene is one promise of the product played on a running node, in a project
// of its own.
type scene struct {
	name string
	play func(s *stage)
}

// stage is a node seen from one project.
type stage struct {
	*node
	project, key string
}

// scenesAtOnce bounds how many are played side by side: they mostly wait.
const scenesAtOnce = 10

// play runs scenes side by side on one node of each database.
func play(t *testing.T, scenes []scene) {
	databases(t, func(t *testing.T, n *node) {
		n.start()
		room := make(chan struct{}, scenesAtOnce)
		var wg sync.WaitGroup
		for _, sc := range scenes {
			wg.Go(func() {
				room <- struct{}{}
				defer func() { <-room }()
				// Not t.Parallel: that would count the cores, not the waiting.
				t.Run(sc.name, func(t *testing.T) { sc.play(n.stage(t)) })
			})
		}
		wg.Wait()
	})
}

// as is the node as another test sees it.
func (n *node) as(t *testing.T) *node {
	seen := *n
	seen.t = t
	return &seen
}

// stage makes a project with a key of its own.
func (n *node) stage(t *testing.T) *stage {
	t.Helper()
	s := &stage{node: n.as(t)}
	s.project = s.must(http.StatusCreated, s.instance, "POST", "/projects", map[string]any{"name": t.Name()}).text("id")
	s.key = s.must(http.StatusCreated, s.instance, "POST", "/keys", map[string]any{
		"projectId": s.project, "name": "scene", "scopes": []string{"publish", "manage", "read", "secrets"},
	}).text("secret")
	return s
}

// on adds an endpoint and answers its id.
func (s *stage) on(url string, more map[string]any) string {
	s.t.Helper()
	return s.endpoint(s.key, url, more).text("id")
}

// publish accepts the n-th event and answers its id.
func (s *stage) publish(n int) string {
	s.t.Helper()
	return s.must(http.StatusAccepted, s.key, "POST", "/events", fmt.Sprintf(`{"topic":"product.viewed","data":{"n":%d}}`, n)).text("id")
}

func (s *stage) publishSome(from, to int) []string {
	s.t.Helper()
	var ids []string
	for n := from; n <= to; n++ {
		ids = append(ids, s.publish(n))
	}
	return ids
}

// is waits until each event's only delivery is in the state and answers the
// last.
func (s *stage) is(state string, events ...string) (last object) {
	s.t.Helper()
	for _, event := range events {
		last = s.onlyDelivery(s.key, event, state)
	}
	return last
}

func (s *stage) do(status int, path string, body any) object {
	s.t.Helper()
	return s.must(status, s.key, "POST", path, body)
}

func (s *stage) get(path string) object {
	s.t.Helper()
	return s.must(http.StatusOK, s.key, "GET", path, nil)
}

func (s *stage) attempts(delivery string) []object {
	s.t.Helper()
	return s.get("/deliveries/" + delivery).list("attempts")
}

// pausedFor waits until the endpoint is paused and checks why.
func (s *stage) pausedFor(endpoint, reason string) {
	s.t.Helper()
	eventually(s.t, 10*time.Second, "the endpoint is paused for "+reason, func() bool {
		e := s.get("/endpoints/" + endpoint)
		return e.text("state") == "paused" && e.text("pausedBecause") == reason && e.text("pausedAt") != ""
	})
}

// retries is a schedule of its own.
func retries(seconds ...int) map[string]any {
	return map[string]any{"policy": "custom", "delaysSeconds": seconds}
}

// hit is one request that a target saw.
type hit struct {
	at                   time.Time
	path, event, attempt string
	header               http.Header
	body                 string
	open                 int
}

var numbered = regexp.MustCompile(`"n":(\d+)`)

// n is the number that publish put into the event.
func (h hit) n() int {
	found := numbered.FindStringSubmatch(h.body)
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1])
	return n
}

// reply is what a target answers; the zero value is 200 at once.
type reply struct {
	status int
	header map[string]string
	wait   time.Duration
	body   string
}

// target is a receiver in this process that answers as told.
type target struct {
	url    string
	answer func(i int, h hit) reply
	mu     sync.Mutex
	all    []hit
	open   int
}

// aim starts a target; answer gets each request and its position from 1.
func aim(t *testing.T, answer func(i int, h hit) reply) *target {
	t.Helper()
	r := &target{answer: answer}
	server := httptest.NewServer(r)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	r.url = server.URL
	return r
}

// statuses answers with each in turn, then 200.
func statuses(list ...int) func(i int, h hit) reply {
	return func(i int, _ hit) reply {
		if i <= len(list) {
			return reply{status: list[i-1]}
		}
		return reply{}
	}
}

func (r *target) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	h := hit{at: time.Now(), path: q.URL.Path, event: q.Header.Get("webhook-id"), attempt: q.Header.Get("X-Bellwire-Attempt"), header: q.Header, body: string(body)}
	r.mu.Lock()
	r.open++
	h.open = r.open
	r.all = append(r.all, h)
	i := len(r.all)
	r.mu.Unlock()
	answer := r.answer(i, h)
	select {
	case <-time.After(answer.wait):
	case <-q.Context().Done():
	}
	for name, value := range answer.header {
		w.Header().Set(name, value)
	}
	r.mu.Lock()
	r.open--
	r.mu.Unlock()
	if answer.status != 0 {
		w.WriteHeader(answer.status)
	}
	io.WriteString(w, answer.body)
}

func (r *target) hits() []hit {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]hit(nil), r.all...)
}

// got waits until the target saw so many requests.
func (r *target) got(t *testing.T, n int) []hit {
	t.Helper()
	eventually(t, 20*time.Second, fmt.Sprintf("the receiver saw %d requests", n), func() bool { return len(r.hits()) >= n })
	return r.hits()
}

// stays checks that nothing more arrives for a while.
func (r *target) stays(t *testing.T, n int, during time.Duration) {
	t.Helper()
	time.Sleep(during)
	if got := len(r.hits()); got != n {
		t.Fatalf("the receiver saw %d requests, want %d", got, n)
	}
}

// wantOrder checks that requests came as the events were published.
func wantOrder(t *testing.T, hits []hit) {
	t.Helper()
	for i := 1; i < len(hits); i++ {
		if hits[i].n() < hits[i-1].n() {
			t.Fatalf("event %d came after event %d", hits[i].n(), hits[i-1].n())
		}
	}
}
