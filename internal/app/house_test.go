package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/config"
)

// running is a node with everything on, until the test ends.
func running(t *testing.T, c config.Config) *App {
	t.Helper()
	a, err := New(t.Context(), c, "1.2.3", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	started(t, a)
	return a
}

func started(t *testing.T, a *App) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, func() {}) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func (a *App) get(t *testing.T, path, key string) (status int, body string) {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, path, nil)
	request.Header.Set("Authorization", "Bearer "+key)
	recorder := httptest.NewRecorder()
	a.server.Handler().ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.String()
}

func TestReadiness_names_database_clock_and_backlog(t *testing.T) {
	t.Parallel()
	a := running(t, settings(t))
	status, body := a.get(t, "/readyz", "")
	want := regexp.MustCompile(`^\{"status":"ready","checks":\[\{"name":"database","ok":true,"detail":"sqlite"\},` +
		`\{"name":"clock","ok":true,"detail":"\d+m?s from the database's"\},\{"name":"backlog","ok":true,"detail":"0 endpoints with something due"\}\]\}$`)
	if status != http.StatusOK || !want.MatchString(body) {
		t.Errorf("%d %s", status, body)
	}
}

func TestClocks_may_differ_by_a_minute_either_way(t *testing.T) {
	t.Parallel()
	for ahead, fine := range map[time.Duration]bool{
		0: true, time.Minute: true, -time.Minute: true, time.Minute + time.Second: false, -time.Minute - time.Second: false, -time.Hour: false,
	} {
		if detail, err := skew(ahead); (err == nil) != fine || fine && detail == "" {
			t.Errorf("%s ahead: %q, %v", ahead, detail, err)
		}
	}
}
