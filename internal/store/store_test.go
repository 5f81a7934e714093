package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/store/storetest"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestASecondServerOnTheSameFileIsRefused(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	first, second := storetest.Open(t, store.Options{URL: url}), storetest.Open(t, store.Options{URL: url})
	release, err := first.LockServe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.LockServe(); err == nil || !strings.Contains(err.Error(), "another bellwire serve uses") {
		t.Errorf("the second got %v", err)
	}
	release()
	again, err := second.LockServe()
	if err != nil {
		t.Fatalf("after the first has gone: %v", err)
	}
	again()
}

func TestManyServersMayUseOnePostgreSQL(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.Options{URL: storetest.Postgres(t)})
	for range 2 {
		release, err := s.LockServe()
		if err != nil {
			t.Fatal(err)
		}
		defer release()
	}
}

func TestProcessesThatMigrateAtOnceDoItOnce(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := database(t)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					s, err := store.Open(t.Context(), store.Options{URL: url})
					if err != nil {
						t.Error(err)
						return
					}
					defer s.Close()
					if err := s.Migrate(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestANewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := storetest.NewHarness(t, database(t))
			h.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, %s)", map[string]string{"sqlite": "1", "postgres": "TRUE"}[name])
			if err := h.Store.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "9999") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTheDatabaseFileIsForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "with space %41.db")
	storetest.Open(t, store.Options{URL: "sqlite://" + path})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("its mode is %o", mode)
	}
}

func TestAURLThatCannotBeReadIsRefusedWithoutQuotingIt(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "mysql://x", "sqlite://", "postgres://user:hush@host:notaport/db"} {
		_, err := store.Open(t.Context(), store.Options{URL: url})
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestADatabaseThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), store.Options{URL: "postgres:///none?host=" + t.TempDir() + "&user=nobody"})
	if webhook.KindOf(err) != webhook.KindUnavailable {
		t.Errorf("no server: %v", err)
	}
	for _, code := range []string{"08006", "53100", "57P01", "57014", "25006", "58030"} {
		if webhook.KindOf(store.Wrap("do", fmt.Errorf("x: %w", &pgconn.PgError{Code: code}))) != webhook.KindUnavailable {
			t.Errorf("%s is not unavailable", code)
		}
	}
	if webhook.KindOf(store.Wrap("do", &pgconn.PgError{Code: "23505"})) != webhook.KindInternal {
		t.Error("a broken constraint passes for unavailable")
	}
	if webhook.KindOf(store.Wrap("do", context.DeadlineExceeded)) != webhook.KindUnavailable {
		t.Error("a time-out is not unavailable")
	}
	if err := store.Wrap("do", webhook.Conflict("no")); webhook.KindOf(err) != webhook.KindConflict {
		t.Errorf("a told error became %v", err)
	}
}

func TestAFullDiskIsUnavailable(t *testing.T) {
	t.Parallel()
	h := storetest.NewHarness(t, storetest.SQLite(t))
	e := h.Endpoint()
	item := h.Item(h.Event(), false, e)
	item.Event.Data = make([]byte, 1<<20)
	pages := h.Number("PRAGMA page_count")
	if err := h.Store.LimitPages(pages + 20); err != nil {
		t.Fatal(err)
	}
	_, err := h.Store.Admit(t.Context(), []webhook.Admission{{Items: []webhook.AdmissionItem{item}}})
	if webhook.KindOf(err) != webhook.KindUnavailable {
		t.Errorf("got %v", err)
	}
	if n := h.Number("SELECT count(*) FROM events"); n != 0 {
		t.Errorf("%d events stored", n)
	}
}

func TestBothDialectsHaveTheSameTables(t *testing.T) {
	t.Parallel()
	lite, full := storetest.NewHarness(t, storetest.SQLite(t)), storetest.NewHarness(t, storetest.Postgres(t))
	got := lite.Texts(`SELECT m.name || '.' || c.name || CASE WHEN c."notnull" OR c.pk > 0 THEN ' not null' ELSE '' END FROM sqlite_master m, pragma_table_xinfo(m.name) c
 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%%' AND m.name NOT LIKE 'goose%%'`)
	want := full.Texts(`SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' THEN ' not null' ELSE '' END FROM information_schema.columns c
 WHERE table_schema = 'public' AND table_name !~ '_(default|[0-9]+|log)$' AND table_name NOT LIKE 'goose%%'`)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 100 {
		t.Errorf("%d columns; PostgreSQL (-) and SQLite (+) differ:\n%s", len(got), diff)
	}
	got, want = lite.Texts("SELECT name FROM sqlite_master WHERE type IN ('view', 'index') AND name NOT LIKE 'sqlite%%'"),
		full.Texts("SELECT viewname FROM pg_views WHERE schemaname = 'public' UNION ALL SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname !~ '_(pkey|key|idx)$' AND tablename NOT LIKE 'goose%%'")
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("views and indexes: PostgreSQL (-) and SQLite (+) differ:\n%s", diff)
	}
}

func TestTheAuditLogIsKeptForGood(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := storetest.NewHarness(t, database(t))
			for _, text := range []string{"UPDATE audit SET detail = 'x'", "DELETE FROM audit"} {
				if err := h.TryExec(text); err == nil || !strings.Contains(err.Error(), "kept for good") {
					t.Errorf("%s: %v", text, err)
				}
			}
		})
	}
}

// The tables are empty here, as when a new server plans its statements: the
// plans must be those for millions of rows all the same.
func TestQueueStatementsUseTheirIndexesFromTheStart(t *testing.T) {
	t.Parallel()
	h := storetest.NewHarness(t, storetest.Postgres(t))
	h.Exec("SET plan_cache_mode = force_generic_plan")
	h.Exec("SET enable_seqscan = off")
	h.Exec("SET enable_hashjoin = off")
	h.Exec("SET enable_mergejoin = off")
	i := 0
	for name, q := range store.QueueStatements {
		i++
		h.Exec("PREPARE q%d (%s) AS %s", i, q.Types, strings.ReplaceAll(q.SQL, "%", "%%"))
		plan := strings.Join(h.Texts("EXPLAIN EXECUTE q%d (%s)", i, q.Values), "\n")
		for _, wrong := range []string{"deliveries_by_endpoint", "deliveries_by_project", "Seq Scan on deliveries", "Seq Scan on events"} {
			if strings.Contains(plan, wrong) {
				t.Errorf("%s: the plan has %q:\n%s", name, wrong, plan)
			}
		}
	}
}

func TestHeadersAndSettingsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	headers := []webhook.HeaderLine{{Name: "A", Value: "b: c"}, {Name: "Empty"}, {Name: "Odd", Value: "\x00\xff ü "}}
	if diff := cmp.Diff(headers, store.HeadersAgain(headers)); diff != "" {
		t.Error(diff)
	}
	if got := store.HeadersAgain(nil); got != nil {
		t.Errorf("no headers became %v", got)
	}
	settings := webhook.Settings{
		Name: "n", Kind: webhook.KindWebhook, URL: "https://x/", Format: webhook.FormatCustom, Custom: &webhook.CustomFormat{Header: "H", Signed: "body"},
		Topics: []string{"a", "b.*"}, Prompt: webhook.PromptFilter{Names: []string{"p"}}, Payload: webhook.PayloadFilter{Rows: []webhook.PayloadRow{{Path: "a.b", Operator: webhook.OpExists}}},
		Headers: []webhook.Header{{Name: "X", Secret: true, Sealed: []byte{0, 255}}}, Retry: webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: []time.Duration{time.Second}},
		Timeout: 15 * time.Second, MaxInFlight: 3, RatePerSecond: 0.5, Ordered: true,
	}
	got, err := store.SettingsAgain(settings)
	if diff := cmp.Diff(settings, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestNodesCallEachOther(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	one, two := storetest.Open(t, store.Options{URL: url}), storetest.Open(t, store.Options{URL: url})
	ctx, cancel := context.WithCancel(t.Context())
	called, ended := make(chan struct{}, 10), make(chan struct{})
	go func() {
		two.Listen(ctx, func() { called <- struct{}{} }, func() {})
		close(ended)
	}()
	await := func(what string) {
		t.Helper()
		select {
		case <-called:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s did not come", what)
		}
	}
	await("the call at the start")
	if err := one.Notify(ctx); err != nil {
		t.Fatal(err)
	}
	await("the other node's call")
	cancel()
	<-ended
}
