package app

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/dispatch"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestMetrics_tell_of_the_process_the_pool_and_each_attempt(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer receiver.Close()
	c := settings(t)
	c.BaseURL = &url.URL{Scheme: "https", Host: "bell.example"}
	c.AllowHTTP, c.EgressAllow = true, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	a := running(t, c)
	ctx, system := t.Context(), account.ForSystem("test")
	project, err := a.manage.CreateProject(ctx, system, manage.NewProject{Name: "Shop"})
	if err != nil {
		t.Fatal(err)
	}
	endpoint, err := a.manage.CreateEndpoint(ctx, system, manage.NewEndpoint{
		ProjectID: project.ID, Settings: webhook.Settings{URL: receiver.URL + "/hook", Topics: []string{"*"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	key, err := a.manage.CreateKey(ctx, system, manage.NewKey{Scopes: []string{"read"}})
	if err != nil {
		t.Fatal(err)
	}
	draft := publish.Draft{Topic: "product.viewed", Data: []byte(`{"productId":"p"}`), Project: project.ID}
	if _, err := a.publisher.Publish(ctx, system, []publish.Draft{draft}); err != nil {
		t.Fatal(err)
	}
	counted := `bellwire_attempts_total{cause="http_status",outcome="failed"} 1`
	_, metrics := a.get(t, "/healthz", "")
	for end := time.Now().Add(10 * time.Second); !strings.Contains(metrics, counted); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no %s in\n%s", counted, metrics)
		}
		_, metrics = a.get(t, "/metrics", key.Secret)
	}
	// What the pool holds at this moment is not for a test to say.
	for _, line := range []string{
		`bellwire_attempts_total{cause="",outcome="delivered"} 0`, `bellwire_dispatch_slots{state="used"} `, "bellwire_dispatch_in_flight ",
		"bellwire_dispatch_queued ", "bellwire_dispatch_unrecorded ", "bellwire_dispatch_workers ", "go_goroutines ", "process_start_time_seconds ",
		"bellwire_http_request_duration_seconds_count",
	} {
		if !strings.Contains(metrics, "\n"+line) {
			t.Errorf("no %s", line)
		}
	}
	for _, secret := range []string{endpoint.ID.String(), project.ID.String(), receiver.URL} {
		if strings.Contains(metrics, secret) {
			t.Errorf("the metrics hold %s", secret)
		}
	}
}

// table is a dispatch.Queue that records what it is told to.
type table struct {
	dispatch.Queue
	fails  error
	claims int
}

func (q *table) Record(context.Context, webhook.NodeID, []webhook.Settled) error { return q.fails }

func TestAttempts_count_once_stored_and_never_if_tests(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	behind := &table{fails: errors.New("disk full")}
	q := newCountedQueue(behind, registry)
	failed := webhook.Settled{Attempt: webhook.Attempt{Outcome: webhook.OutcomeFailed, Cause: webhook.CauseTimeout}}
	delivered := webhook.Settled{Attempt: webhook.Attempt{Outcome: webhook.OutcomeDelivered}}
	tested := failed
	tested.Test = true
	batch := []webhook.Settled{failed, delivered, tested, failed}
	if err := q.Record(t.Context(), webhook.NodeID{}, batch); !errors.Is(err, behind.fails) {
		t.Errorf("the failure is told as %v", err)
	}
	behind.fails = nil
	if err := q.Record(t.Context(), webhook.NodeID{}, batch); err != nil {
		t.Error(err)
	}
	for series, want := range map[string]float64{"delivered ": 1, "failed timeout": 2, "unknown worker_lost": 0} {
		if got := counts(t, registry)[series]; got != want {
			t.Errorf("%s: %g, want %g", series, got, want)
		}
	}
}

// counts reads the attempts by "outcome cause".
func counts(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil || len(families) != 2 || families[0].GetName() != "bellwire_attempts_total" {
		t.Fatalf("%d families, %v", len(families), err)
	}
	found := map[string]float64{}
	for _, m := range families[0].GetMetric() {
		words := map[string]string{}
		for _, l := range m.GetLabel() {
			words[l.GetName()] = l.GetValue()
		}
		found[words["outcome"]+" "+words["cause"]] = m.GetCounter().GetValue()
	}
	return found
}

// Claim finds something every other time.
func (q *table) Claim(context.Context, webhook.NodeID, webhook.Room) ([]webhook.Job, time.Duration, error) {
	q.claims++
	return make([]webhook.Job, q.claims%2), 0, q.fails
}

func TestClaims_are_timed_if_they_got_something(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	q := newCountedQueue(&table{}, registry)
	for range 5 {
		if _, _, err := q.Claim(t.Context(), webhook.NodeID{}, webhook.Room{Slots: 10}); err != nil {
			t.Fatal(err)
		}
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "bellwire_claim_seconds" {
			if n := f.GetMetric()[0].GetHistogram().GetSampleCount(); n != 3 {
				t.Errorf("%d claims were timed, 3 got something", n)
			}
			return
		}
	}
	t.Error("claims are not timed")
}

func TestPool_figures_are_those_of_one_moment(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(dispatchGauges{func() dispatch.Stats {
		return dispatch.Stats{Slots: 100, Free: 93, Running: 4, Queued: 3, Workers: 6, Unrecorded: 2}
	}})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			got[name] = m.GetGauge().GetValue()
		}
	}
	for name, want := range map[string]float64{
		"bellwire_dispatch_slots free": 93, "bellwire_dispatch_slots used": 7, "bellwire_dispatch_in_flight": 4,
		"bellwire_dispatch_queued": 3, "bellwire_dispatch_workers": 6, "bellwire_dispatch_unrecorded": 2,
	} {
		if got[name] != want {
			t.Errorf("%s is %g, want %g", name, got[name], want)
		}
	}
}
