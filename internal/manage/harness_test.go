package manage_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/secret"
	"github.com/bellwire/bellwire/internal/webhook"
)

// bench is a Service on a memory with one project, its people and keys.
type bench struct {
	*manage.Service
	t     *testing.T
	db    *memory
	keys  *secret.Keyring
	at    time.Time
	woken int
	sent  []webhook.Job
	next  bool // the last test asked for the next secret

	project webhook.Project
	other   webhook.Project
}

var start = time.Date(2026, 1, 24, 10, 30, 0, 0, time.UTC)

func newBench(t *testing.T) *bench {
	t.Helper()
	keys, err := secret.NewKeyring([][]byte{[]byte(strings.Repeat("k", 32))})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, db: newMemory(), keys: keys, at: start}
	b.Service = manage.New(manage.Options{
		Store: b.db, Box: keys, URLs: plainURLs{}, Waker: b, Tester: b,
		Throttle: account.NewThrottle(b.now), Now: b.now, Log: slog.New(slog.DiscardHandler),
		Pool:  func() manage.Pool { return manage.Pool{} },
		Facts: manage.Facts{Version: "1.0.0", BaseURL: "https://hooks.example.com"},
	})
	b.project = b.newProject("Shop")
	b.other = b.newProject("Another shop")
	return b
}

func (b *bench) now() time.Time { return b.at }

// Wake counts.
func (b *bench) Wake() { b.woken++ }

// Test answers a success and keeps the job.
func (b *bench) Test(_ context.Context, job webhook.Job, useNext bool) (webhook.Attempt, error) {
	b.sent, b.next = append(b.sent, job), useNext
	return webhook.Attempt{
		ID: job.Delivery.AttemptID, Outcome: webhook.OutcomeDelivered,
		Request: webhook.Request{URL: "https://example.com/hook?token=t"},
	}, nil
}

// plainURLs lets https pass and warns of names below "unknown".
type plainURLs struct{}

func (plainURLs) CheckURL(raw string) (string, error) {
	if !strings.HasPrefix(raw, "https://") {
		return "", webhook.Invalid("url", "must begin with https://")
	}
	return raw, nil
}

func (plainURLs) Resolves(_ context.Context, host string) string {
	if strings.HasSuffix(host, "unknown") {
		return host + " does not resolve yet"
	}
	return ""
}

func (b *bench) newProject(name string) webhook.Project {
	p := webhook.Project{ID: webhook.ProjectID{UUID: mint.UUID(b.at)}, Name: name, ExternalID: strings.ToLower(name)}
	b.db.projects[p.ID] = p
	return p
}

func (b *bench) person(instance, project account.Role) account.Caller {
	u := account.User{ID: webhook.UserID{UUID: mint.UUID(b.at)}, Email: mint.Token() + "@example.com", Role: instance}
	u.Email = strings.ToLower(u.Email)
	b.db.users[u.ID] = u
	roles := map[webhook.ProjectID]account.Role{}
	if project != "" {
		roles[b.project.ID] = project
		b.db.members = append(b.db.members, account.Membership{ProjectID: b.project.ID, UserID: u.ID, Role: project})
	}
	return account.ForUser(u, roles, true, "192.0.2.1")
}

func (b *bench) developer() account.Caller { return b.person(account.Member, account.Developer) }

func (b *bench) wide(scopes ...account.Scope) account.Caller {
	return account.ForKey(account.Key{ID: webhook.KeyID{UUID: mint.UUID(b.at)}, Name: "platform", Scopes: scopes}, "")
}

func (b *bench) narrow(scopes ...account.Scope) account.Caller {
	return account.ForKey(account.Key{ID: webhook.KeyID{UUID: mint.UUID(b.at)}, Name: "ci", ProjectID: b.project.ID, Scopes: scopes}, "")
}

func (b *bench) endpoint(topics ...string) manage.CreatedEndpoint {
	b.t.Helper()
	if len(topics) == 0 {
		topics = []string{"product.price_changed"}
	}
	made, err := b.CreateEndpoint(b.t.Context(), b.developer(), manage.NewEndpoint{
		ProjectID: b.project.ID,
		Settings:  webhook.Settings{URL: "https://example.com/hook?token=t", Topics: topics},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return made
}

func (b *bench) actions() []string {
	var words []string
	for _, e := range b.db.audit {
		words = append(words, e.Action)
	}
	return words
}

func wantKind(t *testing.T, what string, err error, want webhook.Kind) {
	t.Helper()
	if err == nil || webhook.KindOf(err) != want {
		t.Errorf("%s: %v, want kind %d", what, err, want)
	}
}

// wantPlaces checks which members of the input an error names.
func wantPlaces(t *testing.T, what string, err error, want ...string) {
	t.Helper()
	var e *webhook.Error
	if !errors.As(err, &e) || e.Kind != webhook.KindInvalid {
		t.Errorf("%s: %v, want an error at %v", what, err, want)
		return
	}
	var got []string
	for _, f := range e.Fields {
		got = append(got, f.Location)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s: places %v, want %v (%v)", what, got, want, err)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
