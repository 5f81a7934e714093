package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/api"
	"github.com/bellwire/bellwire/internal/egress"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/secret"
	"github.com/bellwire/bellwire/internal/server"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/store/storetest"
	"github.com/bellwire/bellwire/internal/webhook"
)

// fixture is the API behind the whole router, on a real SQLite database with
// two projects, ours and theirs. Nothing is sent: deliveries stay waiting.
type fixture struct {
	t       testing.TB
	store   *store.Store
	manage  *manage.Service
	api     *api.API
	handler http.Handler
	clock   *clock
	tester  *tester
	streams *streams

	ours, theirs webhook.Project
	// Secrets of keys: of our project with every scope and with one each, of
	// their project, of the instance with every scope and for reading.
	full, publish, read, managing, secrets, foreign, instance, instanceRead string
}

// clock is the real one, put forward by tests.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// tester answers tests as if a receiver had.
type tester struct {
	mu   sync.Mutex
	jobs []webhook.Job
	next []bool
}

func (s *tester) Test(_ context.Context, job webhook.Job, useNext bool) (webhook.Attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs, s.next = append(s.jobs, job), append(s.next, useNext)
	return attemptOf(job), nil
}

func attemptOf(job webhook.Job) webhook.Attempt {
	return webhook.Attempt{
		ID: job.Delivery.AttemptID, DeliveryID: job.Delivery.ID, Number: job.Delivery.Attempts, StartedAt: job.ClaimedAt,
		Duration: 3500 * time.Microsecond, Timings: webhook.Timings{FirstByte: 1250 * time.Microsecond}, Outcome: webhook.OutcomeFailed,
		Cause: webhook.CauseStatus, Error: "answered 500", EndpointVersion: job.Delivery.EndpointVersion,
		Request: webhook.Request{Method: "POST", URL: "https://receiver.example/hook",
			Headers: []webhook.HeaderLine{{Name: "Content-Type", Value: "application/json"}}},
		Response: webhook.Response{Status: 500, Headers: []webhook.HeaderLine{{Name: "Server", Value: "<x>"}}, Body: []byte("no\x00\xff")},
	}
}

type idle struct{}

func (idle) Wake()                           {}
func (idle) Reserve(webhook.EndpointID) bool { return false }
func (idle) Release(webhook.EndpointID)      {}
func (idle) Submit([]webhook.Job)            {}

type names struct{}

func (names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if strings.HasPrefix(host, "receiver.example") {
		return []netip.Addr{netip.MustParseAddr("93.184.215.14")}, nil
	}
	return nil, errors.New("no such host")
}

func newFixture(t testing.TB, with ...func(*api.Options)) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: &clock{}, tester: &tester{}, streams: &streams{}}
	f.store = storetest.Open(t, store.Options{URL: storetest.SQLite(t)})
	keys, err := secret.NewKeyring([][]byte{bytes.Repeat([]byte{7}, 32)})
	f.must(err)
	out, err := egress.New(egress.Policy{Resolver: names{}})
	f.must(err)
	f.manage = manage.New(manage.Options{
		Store: f.store, Box: keys, URLs: out, Waker: idle{}, Tester: f.tester, Throttle: account.NewThrottle(time.Now), Now: time.Now,
		Node: thisNode, Pool: func() manage.Pool { return manage.Pool{Slots: 1024, Free: 1000, Running: 20, Queued: 4, Unrecorded: 1} },
		Facts: manage.Facts{Version: "1.2.3", BaseURL: "https://bell.example", EgressIPs: []string{"203.0.113.7"}, Retention: 720 * time.Hour},
	})
	f.must(f.manage.SeedTopics(t.Context()))
	publisher := publish.New(f.store, idle{}, publish.Options{})
	f.manage.Changer = publisher
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); publisher.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	options := api.Options{Manage: f.manage, Publisher: publisher, Listeners: f.streams, Version: "1.2.3", Now: f.clock.now}
	for _, change := range with {
		change(&options)
	}
	f.api = api.New(options)
	s, err := server.New(server.Options{API: f.api})
	f.must(err)
	f.handler = s.Handler()
	f.people()
	return f
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

var system = account.ForSystem("test")

func (f *fixture) people() {
	ctx := context.Background()
	var err error
	f.ours, err = f.manage.CreateProject(ctx, system, manage.NewProject{Name: "Ours", ExternalID: "acme/1"})
	f.must(err)
	f.theirs, err = f.manage.CreateProject(ctx, system, manage.NewProject{Name: "Theirs"})
	f.must(err)
	all := []string{"publish", "manage", "read", "secrets"}
	f.full = f.key(f.ours.ID, all...)
	f.publish = f.key(f.ours.ID, "publish")
	f.read = f.key(f.ours.ID, "read")
	f.managing = f.key(f.ours.ID, "manage")
	f.secrets = f.key(f.ours.ID, "secrets")
	f.foreign = f.key(f.theirs.ID, all...)
	f.instance = f.key(webhook.ProjectID{}, all...)
	f.instanceRead = f.key(webhook.ProjectID{}, "read")
}

func (f *fixture) key(project webhook.ProjectID, scopes ...string) string {
	f.t.Helper()
	key, err := f.manage.CreateKey(context.Background(), system, manage.NewKey{ProjectID: project, Scopes: scopes})
	f.must(err)
	return key.Secret
}

// reply is an answer read whole.
type reply struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// call sends a request with a key; body "" sends none. Further headers come in
// pairs.
func (f *fixture) call(key, method, path, body string, headers ...string) reply {
	f.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request := httptest.NewRequest(method, path, reader)
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	f.handler.ServeHTTP(recorder, request)
	return reply{f.t, recorder.Code, recorder.Header(), recorder.Body.Bytes()}
}

// ok makes a call that must answer a status, and reads its JSON.
func (f *fixture) ok(status int, key, method, path, body string, headers ...string) node {
	f.t.Helper()
	got := f.call(key, method, "/api/v1"+path, body, headers...)
	if got.status != status {
		f.t.Fatalf("%s %s: %d, want %d\n%s", method, path, got.status, status, got.body)
	}
	return got.json()
}

// refused makes a call that must be refused with a status and a problem that
// names a place; "" for none in particular.
func (f *fixture) refused(status int, place, key, method, path, body string, headers ...string) string {
	f.t.Helper()
	got := f.call(key, method, "/api/v1"+path, body, headers...)
	return got.problem(status, place)
}

func (r reply) json() node {
	r.t.Helper()
	if len(r.body) == 0 {
		return node{r.t, nil}
	}
	decoder := json.NewDecoder(bytes.NewReader(r.body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		r.t.Fatalf("%v in %q", err, r.body)
	}
	return node{r.t, value}
}

func (r reply) problem(status int, place string) string {
	r.t.Helper()
	var p api.Problem
	decoder := json.NewDecoder(bytes.NewReader(r.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil || r.header.Get("Content-Type") != "application/problem+json" {
		r.t.Fatalf("no problem document: %d %s %q", r.status, r.header.Get("Content-Type"), r.body)
	}
	if r.status != status || p.Status != status || p.Title != http.StatusText(status) || p.Type != "about:blank" || p.Detail == "" {
		r.t.Errorf("want %d, got %d\n%s", status, r.status, r.body)
	}
	found := place == ""
	for _, e := range p.Errors {
		found = found || e.Location == place && e.Message != ""
	}
	if !found {
		r.t.Errorf("%s is not named: %s", place, r.body)
	}
	return p.Detail
}

// node is a value of an answer.
type node struct {
	t     testing.TB
	value any
}

// at goes down by member names and indexes.
func (n node) at(steps ...any) node {
	n.t.Helper()
	for _, step := range steps {
		switch at := step.(type) {
		case string:
			object, ok := n.value.(map[string]any)
			if !ok {
				n.t.Fatalf("%v is no object, so has no %s", n.value, at)
			}
			if n.value, ok = object[at]; !ok {
				n.t.Fatalf("no member %s in %v", at, object)
			}
		case int:
			list, ok := n.value.([]any)
			if !ok || at >= len(list) {
				n.t.Fatalf("no element %d in %v", at, n.value)
			}
			n.value = list[at]
		}
	}
	return n
}

func (n node) has(member string) bool {
	object, _ := n.value.(map[string]any)
	_, ok := object[member]
	return ok
}

func (n node) text(steps ...any) string {
	n.t.Helper()
	switch value := n.at(steps...).value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	case bool:
		if value {
			return "true"
		}
		return "false"
	case nil:
		return "null"
	default:
		n.t.Fatalf("%v is no text", value)
		return ""
	}
}

func (n node) count(steps ...any) int {
	n.t.Helper()
	list, ok := n.at(steps...).value.([]any)
	if !ok {
		n.t.Fatalf("%v is no list", n.at(steps...).value)
	}
	return len(list)
}

// is asserts texts by dotted member name.
func (n node) is(want map[string]string) {
	n.t.Helper()
	for path, text := range want {
		var steps []any
		for step := range strings.SplitSeq(path, ".") {
			steps = append(steps, step)
		}
		if got := n.text(steps...); got != text {
			n.t.Errorf("%s is %q, want %q", path, got, text)
		}
	}
}

const viewed = `{"topic":"product.viewed","data":{"productId":"p1"}}`

// endpoint makes one for product.viewed and answers its id.
func (f *fixture) endpoint(key string) string {
	f.t.Helper()
	return f.ok(201, key, "POST", "/endpoints", `{"url":"https://receiver.example/hook","topics":["product.viewed"]}`).text("id")
}

// delivery makes an endpoint, publishes to it and answers the delivery's id.
func (f *fixture) delivery() (id, event, endpoint string) {
	f.t.Helper()
	endpoint = f.endpoint(f.full)
	event = f.ok(202, f.full, "POST", "/events", viewed).text("id")
	id = f.ok(200, f.full, "GET", "/deliveries?eventId="+event, "").text("data", 0, "id")
	return id, event, endpoint
}

// events counts what is stored in both projects.
func (f *fixture) events() int {
	f.t.Helper()
	return f.ok(200, f.instance, "GET", "/events?limit=200", "").count("data")
}
