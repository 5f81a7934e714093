package storetest

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/webhook"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Harness is a store with one project, its database by the back door, and
// short words for what tests of the queue do.
type Harness struct {
	T       *testing.T
	Store   *store.Store
	Project webhook.ProjectID
	Node    webhook.NodeID
	db      *sql.DB
}

// NewHarness opens a fresh database.
func NewHarness(t *testing.T, url string) *Harness {
	t.Helper()
	node := webhook.NodeID{UUID: mint.UUID(time.Now())}
	s := Open(t, store.Options{URL: url, Node: node})
	h := &Harness{T: t, Store: s, Node: node, db: raw(t, url)}
	h.Project = h.NewProject("shop")
	return h
}

// raw opens the database beside the store.
func raw(t *testing.T, url string) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", strings.Split(url, "&pool_max_conns")[0]
	if path, lite := strings.CutPrefix(url, "sqlite://"); lite {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_txlock=immediate"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Exec runs SQL that both dialects understand, with values written into it.
func (h *Harness) Exec(format string, args ...any) {
	h.T.Helper()
	if _, err := h.db.Exec(fmt.Sprintf(format, args...)); err != nil {
		h.T.Fatalf("%s: %v", format, err)
	}
}

// Number reads one number.
func (h *Harness) Number(format string, args ...any) int64 {
	h.T.Helper()
	var n int64
	if err := h.db.QueryRow(fmt.Sprintf(format, args...)).Scan(&n); err != nil {
		h.T.Fatalf("%s: %v", format, err)
	}
	return n
}

// Lit writes an id into SQL.
func (h *Harness) Lit(id webhook.UUID) string {
	if h.Store.Dialect() == store.Postgres {
		return "'" + id.String() + "'::uuid"
	}
	return fmt.Sprintf("x'%x'", id[:])
}

// Pass lets time pass for everything that waits, by moving the stored times.
// Nothing else may go on meanwhile.
func (h *Harness) Pass(d time.Duration) {
	h.T.Helper()
	ms := fmt.Sprint(d.Milliseconds())
	for _, text := range []string{
		"UPDATE deliveries SET due_at = due_at - MS, lease_until = CASE WHEN lease_until > 0 THEN lease_until - MS ELSE 0 END WHERE state IN ('waiting', 'sending')",
		`UPDATE endpoint_queue SET next_due_at = CASE WHEN next_due_at < 9223372036854775807 THEN next_due_at - MS ELSE next_due_at END,
 line_due_at = CASE WHEN line_due_at < 9223372036854775807 THEN line_due_at - MS ELSE line_due_at END,
 not_before = not_before - MS, turn_at = turn_at - MS, rate_tat = rate_tat - MS000`,
		"UPDATE endpoints SET not_before = not_before - MS WHERE not_before > 0",
		"UPDATE idempotency SET created_at = created_at - MS",
		"UPDATE fanouts SET leased_until = leased_until - MS",
	} {
		h.Exec("%s", strings.ReplaceAll(text, "MS", ms))
	}
}

// NewProject makes a project.
func (h *Harness) NewProject(name string) webhook.ProjectID {
	h.T.Helper()
	id := webhook.ProjectID{UUID: mint.UUID(time.Now())}
	err := h.Store.CreateProject(h.T.Context(), webhook.Project{ID: id, Name: name, CreatedAt: time.Now(), Catalogue: 1}, h.audit("project.created"))
	if err != nil {
		h.T.Fatal(err)
	}
	return id
}

func (h *Harness) audit(action string) webhook.AuditEntry {
	return webhook.AuditEntry{
		ID: webhook.AuditID{UUID: mint.UUID(time.Now())}, At: time.Now(), ProjectID: h.Project, Action: action,
		Actor: webhook.Actor{Type: webhook.ActorSystem, Name: "test"},
	}
}

// Endpoint makes an endpoint of the project that takes everything.
func (h *Harness) Endpoint(change ...func(*webhook.Settings)) webhook.Endpoint {
	h.T.Helper()
	return h.EndpointOf(h.Project, change...)
}

// EndpointOf makes an endpoint of some project.
func (h *Harness) EndpointOf(project webhook.ProjectID, change ...func(*webhook.Settings)) webhook.Endpoint {
	h.T.Helper()
	now := time.Now().Add(-time.Second)
	e := webhook.Endpoint{
		ID: webhook.EndpointID{UUID: mint.UUID(now)}, ProjectID: project, Version: 1, State: webhook.EndpointActive, CreatedAt: now, UpdatedAt: now,
		Settings: webhook.Settings{
			Name: "hook", Kind: webhook.KindWebhook, URL: "https://example.com/hook", Format: webhook.FormatStandard, Topics: []string{"*"},
			Retry: webhook.RetryPolicy{Policy: webhook.RetryStandard}, Timeout: webhook.DefaultTimeout,
		},
	}
	for _, f := range change {
		f(&e.Settings)
	}
	secret := webhook.Secret{ID: webhook.SecretID{UUID: mint.UUID(now)}, EndpointID: e.ID, Sealed: []byte("sealed"), CreatedAt: now, ActiveFrom: now}
	if err := h.Store.CreateEndpoint(h.T.Context(), e, secret, h.audit("endpoint.created")); err != nil {
		h.T.Fatal(err)
	}
	return e
}

// Event is a new event of the project.
func (h *Harness) Event() webhook.Event {
	now := time.Now().Truncate(time.Millisecond).UTC()
	return webhook.Event{
		ID: webhook.EventID{UUID: mint.UUID(now)}, ProjectID: h.Project, Audience: webhook.AudienceProject, Topic: "product.viewed",
		Data: []byte(`{"n":1.0}`), OccurredAt: now, AcceptedAt: now, PublishedBy: webhook.Actor{Type: webhook.ActorKey, Name: "key"},
	}
}

// Item is an event matched to endpoints, as the publisher would store it.
func (h *Harness) Item(event webhook.Event, handOff bool, endpoints ...webhook.Endpoint) webhook.AdmissionItem {
	h.T.Helper()
	item := webhook.AdmissionItem{Event: event, Fingerprint: [32]byte{1}}
	if !event.ProjectID.IsZero() {
		version, _, err := h.Store.CatalogueVersion(h.T.Context(), event.ProjectID)
		if err != nil {
			h.T.Fatal(err)
		}
		item.Catalogue = version
	}
	for _, e := range endpoints {
		d := webhook.Delivery{
			ID: webhook.DeliveryID{UUID: mint.UUID(time.Now())}, ProjectID: e.ProjectID, EventID: event.ID, EndpointID: e.ID,
			EndpointVersion: e.Version, Topic: event.Topic, State: webhook.Waiting,
		}
		if handOff {
			d.State, d.AttemptID = webhook.Sending, webhook.AttemptID{UUID: mint.UUID(time.Now())}
		}
		item.Deliveries = append(item.Deliveries, d)
		item.LeaseFor = append(item.LeaseFor, e.LeaseFor())
	}
	return item
}

// Admit stores items as one publisher's request.
func (h *Harness) Admit(items ...webhook.AdmissionItem) webhook.Admitted {
	h.T.Helper()
	answers, err := h.Store.Admit(h.T.Context(), []webhook.Admission{{Items: items}})
	if err != nil {
		h.T.Fatal(err)
	}
	return answers[0]
}

// Publish stores one event for endpoints and answers its deliveries.
func (h *Harness) Publish(endpoints ...webhook.Endpoint) []webhook.Delivery {
	h.T.Helper()
	item := h.Item(h.Event(), false, endpoints...)
	if a := h.Admit(item); a.Err != nil || a.Stale {
		h.T.Fatalf("not admitted: %+v", a)
	}
	return item.Deliveries
}

// Claim claims at most n deliveries.
func (h *Harness) Claim(n int) []webhook.Job {
	h.T.Helper()
	jobs, _, err := h.Store.Claim(h.T.Context(), h.Node, webhook.Room{Slots: n, Lagging: n})
	if err != nil {
		h.T.Fatal(err)
	}
	return jobs
}

// ClaimOne claims the one delivery that is expected to be due.
func (h *Harness) ClaimOne() webhook.Job {
	h.T.Helper()
	jobs := h.Claim(100)
	if len(jobs) != 1 {
		h.T.Fatalf("claimed %d deliveries, want 1", len(jobs))
	}
	return jobs[0]
}

// Delivered settles a job as a success.
func (h *Harness) Delivered(j webhook.Job) webhook.Settled {
	return h.settled(j, webhook.OutcomeDelivered, 200, webhook.Delivered, 0)
}

// Failed settles a job as a failure that is tried again after a delay.
func (h *Harness) Failed(j webhook.Job, delay time.Duration) webhook.Settled {
	s := h.settled(j, webhook.OutcomeFailed, 500, webhook.Waiting, delay)
	s.Failures = j.Delivery.Failures + 1
	s.Attempt.Cause, s.Attempt.Error = webhook.CauseStatus, "the receiver answered 500"
	return s
}

// Unknown settles a job whose worker was lost.
func (h *Harness) Unknown(j webhook.Job) webhook.Settled {
	s := h.settled(j, webhook.OutcomeUnknown, 0, webhook.Waiting, 0)
	s.Failures, s.Unknowns = j.Delivery.Failures, j.Delivery.Unknowns+1
	s.Attempt.Cause = webhook.CauseWorkerLost
	return s
}

func (h *Harness) settled(j webhook.Job, outcome webhook.Outcome, status int, state webhook.State, delay time.Duration) webhook.Settled {
	d := j.Delivery
	return webhook.Settled{
		ProjectID: d.ProjectID, EndpointID: d.EndpointID, DeliveryID: d.ID, State: state, Delay: delay, Test: d.Test, Resend: !d.ResendOf.IsZero(),
		Attempt: webhook.Attempt{
			ID: d.AttemptID, DeliveryID: d.ID, Number: d.Attempts, StartedAt: time.Now(), Duration: 3 * time.Millisecond, Outcome: outcome,
			EndpointVersion: d.EndpointVersion, NodeID: h.Node,
			Request:  webhook.Request{Method: "POST", URL: "https://example.com/hook", Headers: []webhook.HeaderLine{{Name: "webhook-id", Value: "1"}}},
			Response: webhook.Response{Status: status, Headers: []webhook.HeaderLine{{Name: "X-Odd", Value: "a: b"}, {Name: "Empty"}}, Body: []byte("\x00\xff")},
		},
	}
}

// Record writes results.
func (h *Harness) Record(results ...webhook.Settled) {
	h.T.Helper()
	if err := h.Store.Record(h.T.Context(), h.Node, results); err != nil {
		h.T.Fatal(err)
	}
}

// Row reads a delivery as it stands.
func (h *Harness) Row(id webhook.DeliveryID) webhook.Delivery {
	h.T.Helper()
	row, err := h.Store.Delivery(h.T.Context(), h.Project, id)
	if err != nil {
		h.T.Fatal(err)
	}
	return row.Delivery
}

// State reads a delivery's state.
func (h *Harness) State(id webhook.DeliveryID) webhook.State {
	h.T.Helper()
	var state string
	if err := h.db.QueryRow("SELECT state FROM deliveries WHERE id = " + h.Lit(id.UUID)).Scan(&state); err != nil {
		h.T.Fatal(err)
	}
	return webhook.State(state)
}

// Attempts counts the attempts of a delivery with an outcome.
func (h *Harness) Attempts(id webhook.DeliveryID, outcome webhook.Outcome) int64 {
	h.T.Helper()
	return h.Number("SELECT count(*) FROM attempts WHERE delivery_id = %s AND outcome = '%s'", h.Lit(id.UUID), outcome)
}

// Resend asks for an ended delivery again.
func (h *Harness) Resend(of webhook.DeliveryID) webhook.DeliveryID {
	h.T.Helper()
	again := webhook.Delivery{ID: webhook.DeliveryID{UUID: mint.UUID(time.Now())}, RequestedBy: webhook.Actor{Type: webhook.ActorUser, Name: "Ann"}}
	if err := h.Store.ResendBy(h.T.Context(), h.Project, of, again, h.audit("delivery.resent")); err != nil {
		h.T.Fatal(err)
	}
	return again.ID
}

// TryExec is Exec for what may be refused.
func (h *Harness) TryExec(text string) error {
	_, err := h.db.Exec(text)
	return err
}

// Texts reads a column of text.
func (h *Harness) Texts(format string, args ...any) []string {
	h.T.Helper()
	rows, err := h.db.Query(fmt.Sprintf(format, args...))
	if err != nil {
		h.T.Fatalf("%s: %v", format, err)
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			h.T.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		h.T.Fatal(err)
	}
	return texts
}
