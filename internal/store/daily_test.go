package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/store/storetest"
	"github.com/bellwire/bellwire/internal/webhook"
)

// almanac is a database whose nodes live on a clock of the test's.
type almanac struct {
	*storetest.Harness
	mu    sync.Mutex
	at    time.Time
	nodes []*manage.Service
}

func (a *almanac) now() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at
}

func (a *almanac) is(day, hour string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, err := time.Parse(time.RFC3339, day+"T"+hour+":00Z")
	if err != nil {
		a.T.Fatal(err)
	}
	a.at = at
}

// newAlmanac has three nodes; on SQLite, which has one, they stand for its past
// lives.
func newAlmanac(t *testing.T, url string) *almanac {
	t.Helper()
	a := &almanac{Harness: storetest.NewHarness(t, url)}
	for range 3 {
		s := a.Store
		if a.Store.Dialect() == store.Postgres {
			s = storetest.Open(t, store.Options{URL: url})
		}
		a.nodes = append(a.nodes, manage.New(manage.Options{
			Store: s, Now: a.now, Log: slog.New(slog.DiscardHandler), Changer: publish.New(s, nobody{}, publish.Options{Now: a.now}),
			Facts: manage.Facts{Retention: 720 * time.Hour},
		}))
	}
	if err := a.nodes[0].SeedTopics(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

func inAlmanacs(t *testing.T, test func(t *testing.T, a *almanac)) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newAlmanac(t, database(t)))
		})
	}
}

// happens stores events of a project at a moment, all in one transaction.
func (a *almanac) happens(project webhook.ProjectID, day, hour string, n int, topic, data string) {
	a.T.Helper()
	at, err := time.Parse(time.RFC3339, day+"T"+hour+":00Z")
	if err != nil {
		a.T.Fatal(err)
	}
	items := make([]webhook.AdmissionItem, n)
	for i := range items {
		e := a.Event()
		e.ID, e.ProjectID, e.Topic, e.Data = webhook.EventID{UUID: mint.UUID(at)}, project, topic, []byte(data)
		items[i] = a.Item(e, false)
	}
	if answer := a.Admit(items...); answer.Err != nil || answer.Stale {
		a.T.Fatalf("%+v", answer)
	}
}

// everywhere has all nodes look at once.
func (a *almanac) everywhere(ctx context.Context) error {
	errs := make([]error, len(a.nodes))
	var wg sync.WaitGroup
	for i, node := range a.nodes {
		wg.Go(func() { errs[i] = node.Daily(ctx) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// told are the summaries of a project in order of their day.
func (a *almanac) told(project webhook.ProjectID) []string {
	a.T.Helper()
	text := "CAST(data AS TEXT)"
	if a.Store.Dialect() == store.Postgres {
		text = "convert_from(data, 'UTF8')"
	}
	all := a.Texts("SELECT %s FROM events WHERE topic = 'analytics.daily' AND project_id = %s", text, a.Lit(project.UUID))
	slices.Sort(all)
	return all
}

func (a *almanac) must(err error) {
	a.T.Helper()
	if err != nil {
		a.T.Fatal(err)
	}
}

func summary(day, topics string, sessions, received, sent int, top string) string {
	return fmt.Sprintf(`{"day":%q,"topics":{%s},"sessions":%d,"messagesReceived":%d,"messagesSent":%d,"topProducts":[%s]}`, day, topics, sessions, received, sent, top)
}

func TestADaysSummaryIsPublishedOnceByAllNodesAndCaughtUpAfterADowntime(t *testing.T) {
	t.Parallel()
	inAlmanacs(t, func(t *testing.T, a *almanac) {
		ctx := t.Context()
		other, quiet := a.NewProject("other"), a.NewProject("quiet")
		a.Endpoint(func(e *webhook.Settings) { e.Topics = []string{"analytics.daily"} })
		a.happens(a.Project, "2026-01-20", "12:00", 1, "product.viewed", `{"productId":"before"}`)
		a.is("2026-01-21", "10:00")
		a.must(a.everywhere(ctx)) // the first look only begins
		if n := a.Number("SELECT count(*) FROM events WHERE topic = 'analytics.daily'"); n != 0 {
			t.Errorf("%d summaries of the time before", n)
		}
		a.happens(a.Project, "2026-01-21", "00:00", 1200, "product.viewed", `{"productId":"a"}`) // more than is read at once
		a.happens(a.Project, "2026-01-21", "23:59", 2, "product.viewed", `{"productId":"b"}`)
		a.happens(a.Project, "2026-01-21", "13:00", 2, "chat.session.created", `{}`)
		a.happens(a.Project, "2026-01-21", "13:00", 3, "chat.message.received", `{}`)
		a.happens(a.Project, "2026-01-21", "13:00", 1, "chat.message.sent", `{}`)
		a.happens(a.Project, "2026-01-22", "00:00", 1, "product.added", `{"productId":"c"}`)
		a.happens(a.Project, "2026-01-24", "00:00", 5, "product.updated", `{}`)
		a.happens(other, "2026-01-23", "08:00", 4, "product.viewed", `{"productId":"d"}`)
		a.happens(other, "2026-01-21", "08:00", 4, "commission.earned", `{}`)
		a.happens(quiet, "2026-01-21", "08:00", 4, "commission.earned", `{}`)
		a.is("2026-01-22", "00:04") // events of the day may be on their way
		a.must(a.everywhere(ctx))
		if got := a.told(a.Project); len(got) != 0 {
			t.Errorf("too early: %s", got)
		}
		a.is("2026-01-24", "09:00") // nobody looked for two days
		a.must(a.everywhere(ctx))
		a.must(a.everywhere(ctx))
		ours := strings.Join(a.told(a.Project), "\n")
		want := summary("2026-01-21", `"chat.message.received":3,"chat.message.sent":1,"chat.session.created":2,"product.viewed":1202`, 2, 3, 1, `{"productId":"a","views":1200},{"productId":"b","views":2}`) +
			"\n" + summary("2026-01-22", `"product.added":1`, 0, 0, 0, "")
		if ours != want {
			t.Errorf("ours:\n%s\nwant\n%s", ours, want)
		}
		if theirs := a.told(other); len(theirs) != 1 || theirs[0] != summary("2026-01-23", `"product.viewed":4`, 0, 0, 0, `{"productId":"d","views":4}`) {
			t.Errorf("theirs: %s", theirs)
		}
		if got := a.told(quiet); len(got) != 0 {
			t.Errorf("a project without store events got %s", got)
		}
		if n := a.Number("SELECT count(*) FROM deliveries WHERE topic = 'analytics.daily'"); n != 2 {
			t.Errorf("%d deliveries of two summaries", n)
		}
	})
}

func TestASummaryThatFailsIsPublishedWithTheNextLook(t *testing.T) {
	t.Parallel()
	inAlmanacs(t, func(t *testing.T, a *almanac) {
		ctx := t.Context()
		a.is("2026-01-21", "10:00")
		a.must(a.everywhere(ctx))
		a.happens(a.Project, "2026-01-21", "12:00", 1, "product.viewed", `{"productId":"a"}`)
		a.is("2026-01-22", "10:00")
		for _, text := range refusals[a.Store.Dialect()] {
			a.must(a.TryExec(strings.ReplaceAll(text, "product.updated", "analytics.daily")))
		}
		if err := a.everywhere(ctx); err == nil || a.Number("SELECT count(*) FROM daily") != 0 {
			t.Errorf("answered %v, %d noted as published", err, a.Number("SELECT count(*) FROM daily"))
		}
		drop := "DROP TRIGGER struck"
		if a.Store.Dialect() == store.Postgres {
			drop += " ON events"
		}
		a.must(a.TryExec(drop))
		a.must(a.everywhere(ctx))
		if got := a.told(a.Project); len(got) != 1 {
			t.Errorf("published %s", got)
		}
	})
}

func TestASummaryLeavesTestsOut(t *testing.T) {
	t.Parallel()
	inAlmanacs(t, func(t *testing.T, a *almanac) {
		ctx := t.Context()
		a.is("2026-01-21", "10:00")
		a.must(a.everywhere(ctx))
		e := a.Endpoint()
		at := time.Date(2026, 1, 21, 12, 0, 0, 0, time.UTC)
		event := a.Event()
		event.ID = webhook.EventID{UUID: mint.UUID(at)}
		d := webhook.Delivery{
			ID: webhook.DeliveryID{UUID: mint.UUID(at)}, ProjectID: a.Project, EventID: event.ID, EndpointID: e.ID, EndpointVersion: 1, Topic: event.Topic,
			State: webhook.Sending, Attempts: 1, AttemptID: webhook.AttemptID{UUID: mint.UUID(at)}, Test: true,
		}
		a.must(a.Store.CreateTest(ctx, event, d, time.Minute))
		a.is("2026-01-22", "10:00")
		a.must(a.everywhere(ctx))
		if got := a.told(a.Project); len(got) != 0 {
			t.Errorf("a test made %s", got)
		}
	})
}
