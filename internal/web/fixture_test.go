package web_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/egress"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/secret"
	"github.com/bellwire/bellwire/internal/server"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/store/storetest"
	"github.com/bellwire/bellwire/internal/web"
	"github.com/bellwire/bellwire/internal/webhook"
)

// fixture is the dashboard behind the whole router, on a real SQLite database
// with two projects, ours and theirs. Nothing is sent by itself: deliveries
// stay waiting until a test attempts them.
type fixture struct {
	t       *testing.T
	store   *store.Store
	manage  *manage.Service
	publish *publish.Publisher
	web     *web.Web
	handler http.Handler
	clock   *clock
	tester  *tester
	log     *bytes.Buffer

	ours, theirs webhook.Project
}

// clock is the real one, put forward by tests.
type clock struct {
	mu    sync.Mutex // guards ahead
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

// tester answers tests as a receiver with the status would.
type tester struct {
	mu     sync.Mutex // guards all below
	status int
	jobs   []webhook.Job
	next   []bool
	// before runs first, if set.
	before func()
}

func (s *tester) Test(_ context.Context, job webhook.Job, useNext bool) (webhook.Attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before != nil {
		s.before()
	}
	s.jobs, s.next = append(s.jobs, job), append(s.next, useNext)
	return attemptOf(job, s.status), nil
}

// attemptOf is an attempt that a receiver answered with a status.
func attemptOf(job webhook.Job, status int) webhook.Attempt {
	a := webhook.Attempt{
		ID: job.Delivery.AttemptID, DeliveryID: job.Delivery.ID, Number: job.Delivery.Attempts, StartedAt: job.ClaimedAt,
		Duration: 84 * time.Millisecond, Timings: webhook.Timings{Connect: 20 * time.Millisecond, FirstByte: 60 * time.Millisecond},
		Outcome: webhook.OutcomeDelivered, EndpointVersion: job.Delivery.EndpointVersion,
		Request: webhook.Request{
			Method: "POST", URL: "https://receiver.example/hook?token=t0p",
			Headers: []webhook.HeaderLine{{Name: "Content-Type", Value: "application/json"}},
		},
		Response: webhook.Response{Status: status, Body: []byte("<script>alert(1)</script>")},
	}
	if status < 200 || status > 299 {
		a.Outcome, a.Cause, a.Error = webhook.OutcomeFailed, webhook.CauseStatus, "answered as a test wants"
	}
	return a
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

const baseURL = "http://bell.example"

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: &clock{}, tester: &tester{status: 200}, log: &bytes.Buffer{}}
	f.store = storetest.Open(t, store.Options{URL: storetest.SQLite(t), Now: f.clock.now})
	keys, err := secret.NewKeyring([][]byte{bytes.Repeat([]byte{7}, 32)})
	f.must(err)
	out, err := egress.New(egress.Policy{Resolver: names{}})
	f.must(err)
	log := slog.New(slog.NewTextHandler(f.log, nil))
	f.manage = manage.New(manage.Options{
		Store: f.store, Box: keys, URLs: out, Waker: idle{}, Tester: f.tester, Throttle: account.NewThrottle(f.clock.now),
		Node: thisNode, Pool: func() manage.Pool { return manage.Pool{Slots: 1024, Free: 1000, Running: 20, Queued: 4, Unrecorded: 1} },
		Now: f.clock.now, Log: log, Facts: manage.Facts{Version: "1.2.3", BaseURL: baseURL},
	})
	f.must(f.manage.SeedTopics(t.Context()))
	f.publish = publish.New(f.store, idle{}, publish.Options{Now: f.clock.now})
	f.manage.Changer = f.publish
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = f.publish.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	base, err := url.Parse(baseURL)
	f.must(err)
	f.web = web.New(web.Options{Manage: f.manage, Publish: f.publish, Sessions: f.store, BaseURL: base, Log: log, Now: f.clock.now, Environment: "test"})
	f.serve(base, log)
	f.ours, err = f.manage.CreateProject(t.Context(), system, manage.NewProject{Name: "Ours"})
	f.must(err)
	f.theirs, err = f.manage.CreateProject(t.Context(), system, manage.NewProject{Name: "Theirs"})
	f.must(err)
	return f
}

// overHTTPS is the same dashboard with an https base URL.
func (f *fixture) overHTTPS() {
	f.t.Helper()
	base, err := url.Parse("https://bell.example")
	f.must(err)
	options := f.web.Options
	options.BaseURL = base
	f.rebuilt(options)
}

// rebuilt is the dashboard made anew with other options.
func (f *fixture) rebuilt(options web.Options) {
	f.t.Helper()
	f.web = web.New(options)
	f.serve(options.BaseURL, options.Log)
}

func (f *fixture) serve(base *url.URL, log *slog.Logger) {
	f.t.Helper()
	var pages []server.Page
	for _, r := range f.web.Routes() {
		pages = append(pages, server.Page{Method: r.Method, Path: r.Path, Handler: r.Handler})
	}
	s, err := server.New(server.Options{BaseURL: base, Log: log, Pages: pages, Problem: f.web.Problem, Admin: f.web.IsAdmin})
	f.must(err)
	f.handler = s.Handler()
}

var system = account.ForSystem("test")

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

const password = "horse battery staple 7"

// user makes somebody with a password; role empty leaves them out of ours.
func (f *fixture) user(email string, instance, role account.Role) account.User {
	f.t.Helper()
	u, err := f.manage.CreateUser(f.t.Context(), system, manage.NewUser{Email: email, Role: instance, Password: password})
	f.must(err)
	if role != "" {
		_, err = f.manage.SetMember(f.t.Context(), system, f.ours.ID, manage.NewMember{Email: email, Role: role})
		f.must(err)
	}
	return u
}

// as is a browser of somebody new with a role in ours, signed in by password.
// The password was given just now; see tired.
func (f *fixture) as(role account.Role) *browser {
	f.t.Helper()
	email := string(role) + "@example.com"
	f.user(email, account.Member, role)
	return f.signIn(email)
}

func (f *fixture) signIn(email string) *browser {
	f.t.Helper()
	b := f.visitor()
	if got := b.post("/sign-in", url.Values{"email": {email}, "password": {password}}); got.status != http.StatusSeeOther {
		f.t.Fatalf("%s can't sign in: %d\n%s", email, got.status, got.text())
	}
	return b
}

// tired lets the time pass after which the password is asked for again.
func (f *fixture) tired() { f.clock.forward(11 * time.Minute) }

// path is an address inside our project.
func (f *fixture) path(parts ...string) string { return inside(f.ours, parts...) }

func inside(p webhook.Project, parts ...string) string {
	return "/p/" + p.ID.String() + strings.TrimSuffix("/"+strings.Join(parts, "/"), "/")
}

// endpoint makes one for product.viewed.
func (f *fixture) endpoint(project webhook.Project, change ...func(*webhook.Settings)) manage.CreatedEndpoint {
	f.t.Helper()
	set := webhook.Settings{Name: "orders", URL: "https://receiver.example/hook?token=t0p", Topics: []string{"product.viewed"}}
	for _, c := range change {
		c(&set)
	}
	e, err := f.manage.CreateEndpoint(f.t.Context(), system, manage.NewEndpoint{ProjectID: project.ID, Settings: set})
	f.must(err)
	return e
}

// viewed publishes a product.viewed.
func (f *fixture) viewed(project webhook.Project) webhook.EventID {
	f.t.Helper()
	receipts, err := f.publish.Publish(f.t.Context(), system, []publish.Draft{{
		Topic: "product.viewed", Project: project.ID, Data: []byte(`{"productId":"prod_1","name":"<b>café</b>"}`),
	}})
	f.must(err)
	return receipts[0].ID
}

// delivery makes an endpoint, publishes to it and answers the delivery.
func (f *fixture) delivery(project webhook.Project) webhook.DeliveryRow {
	f.t.Helper()
	f.endpoint(project)
	event := f.viewed(project)
	page, err := f.store.Deliveries(f.t.Context(), webhook.DeliveryFilter{ProjectID: project.ID, EventID: event, Limit: 10})
	f.must(err)
	if len(page.Items) != 1 {
		f.t.Fatalf("%d deliveries of the event", len(page.Items))
	}
	return page.Items[0]
}

// attempted claims everything that is due and records an answer's status; a
// failure ends the delivery.
func (f *fixture) attempted(status int) {
	f.t.Helper()
	node := webhook.NodeID{UUID: mint.UUID(f.clock.now())}
	jobs, _, err := f.store.Claim(f.t.Context(), node, webhook.Room{Slots: 10, Lagging: 10})
	f.must(err)
	if len(jobs) == 0 {
		f.t.Fatal("nothing is due")
	}
	var settled []webhook.Settled
	for _, job := range jobs {
		a := attemptOf(job, status)
		state := webhook.Delivered
		if a.Outcome == webhook.OutcomeFailed {
			state = webhook.Exhausted
		}
		settled = append(settled, webhook.Settled{
			ProjectID: job.Delivery.ProjectID, EndpointID: job.Delivery.EndpointID, DeliveryID: job.Delivery.ID, Attempt: a, State: state,
			Failures: job.Delivery.Failures + 1,
		})
	}
	f.must(f.store.Record(f.t.Context(), node, settled))
}

// key makes an API key of ours.
func (f *fixture) key() webhook.KeyID {
	f.t.Helper()
	key, err := f.manage.CreateKey(f.t.Context(), system, manage.NewKey{ProjectID: f.ours.ID, Name: "ci", Scopes: []string{"read"}})
	f.must(err)
	return key.ID
}

// actions are the audit log's, newest first.
func (f *fixture) actions() string {
	f.t.Helper()
	page, err := f.store.Audit(f.t.Context(), webhook.AuditFilter{Limit: 200})
	f.must(err)
	var words []string
	for _, e := range page.Items {
		words = append(words, e.Action)
	}
	return strings.Join(words, " ")
}

func (f *fixture) userID(email string) webhook.UserID {
	f.t.Helper()
	u, err := f.store.UserByEmail(f.t.Context(), email)
	f.must(err)
	return u.ID
}
