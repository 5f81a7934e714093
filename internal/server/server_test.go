package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"github.com/bellwire/bellwire/internal/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeAPI answers errors with a mark, so that tests see who answered.
type fakeAPI struct{ reader bool }

func (f fakeAPI) Mount(engine *gin.Engine) {
	engine.GET("/api/v1/things/:id", func(c *gin.Context) { c.String(http.StatusOK, c.Param("id")) })
	engine.GET("/api/panic", func(*gin.Context) { panic("cookie=secret-in-panic-is-ours-to-see") })
	engine.POST("/api/v1/echo", func(c *gin.Context) {
		body, err := io.ReadAll(c.Request.Body)
		if err != nil {
			c.String(http.StatusRequestTimeout, "slow")
			return
		}
		c.String(http.StatusOK, "%s", body)
	})
}

func (fakeAPI) Refuse(c *gin.Context, err error) {
	status := http.StatusNotFound
	if e, ok := err.(interface{ HTTPStatus() int }); ok {
		status = e.HTTPStatus()
	}
	c.Data(status, "application/problem+json", []byte(`{}`))
}

func (f fakeAPI) InstanceReader(*gin.Context) bool { return f.reader }

func newServer(t *testing.T, change func(*server.Options)) *server.Server {
	t.Helper()
	options := server.Options{
		API: fakeAPI{},
		Pages: []server.Page{
			{Method: http.MethodGet, Path: "/page", Handler: func(c *gin.Context) { c.String(http.StatusOK, "page") }},
			{Method: http.MethodPost, Path: "/page", Handler: func(c *gin.Context) { c.String(http.StatusOK, "changed") }},
			{Method: http.MethodGet, Path: "/broken", Handler: func(*gin.Context) { panic("oh") }},
		},
		Problem: func(c *gin.Context, err error) { c.Data(http.StatusTeapot, "text/html", []byte(err.Error())) },
	}
	if change != nil {
		change(&options)
	}
	s, err := server.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func call(s *server.Server, method, target string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	s.Handler().ServeHTTP(recorder, request)
	return recorder
}

func TestErrorsComeInTheMannerOfTheSurfaceThatWasCalled(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	for _, c := range []struct {
		method, target string
		status         int
		kind           string
	}{
		{"GET", "/api/v1/nothing", 404, "application/problem+json"},
		{"GET", "/api", 404, "application/problem+json"},
		{"PUT", "/api/v1/things/1", 405, "application/problem+json"},
		{"TRACE", "/api/v1/things/1", 405, "application/problem+json"},
		{"GET", "/api/panic", 500, "application/problem+json"},
		{"GET", "//api/v1/things/1", 418, "text/html"},
		{"GET", "/apiary", 418, "text/html"},
		{"GET", "/nothing", 418, "text/html"},
		{"GET", "/broken", 418, "text/html"},
		{"GET", "/page/", 418, "text/html"},
		{"DELETE", "/page", 405, "text/plain; charset=utf-8"},
	} {
		got := call(s, c.method, c.target)
		if got.Code != c.status || got.Header().Get("Content-Type") != c.kind {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.target, got.Code, got.Header().Get("Content-Type"), c.status, c.kind)
		}
	}
	if allow := call(s, "PUT", "/page").Header().Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") {
		t.Errorf("Allow is %q", allow)
	}
}

func TestAnEscapedSlashStaysInItsSegment(t *testing.T) {
	t.Parallel()
	got := call(newServer(t, nil), "GET", "/api/v1/things/a%2Fb")
	if got.Code != 200 || got.Body.String() != "a/b" {
		t.Errorf("%d %q", got.Code, got.Body)
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *server.Options) { o.BaseURL = &url.URL{Scheme: "https", Host: "bell.example"} })
	for _, target := range []string{"/page", "/nothing", "/api/v1/nothing", "/api/panic", "/healthz"} {
		h := call(s, "GET", target).Header()
		for name, want := range map[string]string{
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "DENY",
			"Referrer-Policy":              "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security":    "max-age=31536000",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", target, name, h.Get(name))
			}
		}
		policy := h.Get("Content-Security-Policy")
		if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s: policy %q", target, policy)
		}
		if len(h.Get("X-Request-Id")) != 16 {
			t.Errorf("%s: request id %q", target, h.Get("X-Request-Id"))
		}
	}
	if h := call(newServer(t, nil), "GET", "/page").Header(); h.Get("Strict-Transport-Security") != "" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("plain http: %v", h)
	}
}

func TestPagesRefuseChangesThatAnotherSiteAsksFor(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *server.Options) { o.BaseURL = &url.URL{Scheme: "http", Host: "bell.example"} })
	for _, c := range []struct {
		name    string
		headers []string
		ok      bool
	}{
		{"same origin by fetch metadata", []string{"Sec-Fetch-Site", "same-origin"}, true},
		{"cross site", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"sibling domain", []string{"Sec-Fetch-Site", "same-site"}, false},
		{"old browser, same host", []string{"Origin", "http://example.com"}, true},
		{"old browser, other host", []string{"Origin", "https://evil.example"}, false},
		{"opaque origin", []string{"Origin", "null"}, false},
		{"the public address behind a proxy", []string{"Origin", "http://bell.example"}, true},
		{"no browser at all", nil, true},
	} {
		if got := call(s, "POST", "/page", c.headers...); (got.Code == 200) != c.ok {
			t.Errorf("%s: %d", c.name, got.Code)
		}
	}
	if got := call(s, "GET", "/page", "Sec-Fetch-Site", "cross-site"); got.Code != 200 {
		t.Errorf("a link from another site: %d", got.Code)
	}
}

func TestMetricsAreForAdminsAndInstanceReadersOnly(t *testing.T) {
	t.Parallel()
	admin := false
	s := newServer(t, func(o *server.Options) { o.Admin = func(*gin.Context) bool { return admin } })
	if got := call(s, "GET", "/metrics"); got.Code != 418 {
		t.Errorf("a stranger sees %d", got.Code)
	}
	admin = true
	call(s, "GET", "/api/v1/things/1234567")
	got := call(s, "GET", "/metrics")
	if got.Code != 200 || !strings.Contains(got.Body.String(), `route="/api/v1/things/:id"`) {
		t.Errorf("an admin sees %d\n%s", got.Code, got.Body)
	}
	if strings.Contains(got.Body.String(), "1234567") {
		t.Error("labels hold a path")
	}
	reader := newServer(t, func(o *server.Options) { o.API = fakeAPI{reader: true} })
	if got := call(reader, "GET", "/metrics"); got.Code != 200 {
		t.Errorf("an instance key sees %d", got.Code)
	}
}

func TestReadinessAsksEveryCheckAndKeepsErrorsToItself(t *testing.T) {
	t.Parallel()
	var failing error
	var log bytes.Buffer
	s := newServer(t, func(o *server.Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		o.Checks = []server.Check{
			{Name: "database", Run: func(context.Context) (string, error) { return "", failing }},
			{Name: "backlog", Run: func(context.Context) (string, error) { return "7 waiting", nil }},
		}
	})
	if got := call(s, "GET", "/readyz"); got.Code != 200 || !strings.Contains(got.Body.String(), "7 waiting") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	failing = errors.New("dial db.internal: refused")
	got := call(s, "GET", "/readyz")
	var answer struct {
		Status string
		Checks []struct {
			Name string
			OK   bool
		}
	}
	if err := json.Unmarshal(got.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	if got.Code != 503 || answer.Status != "not ready" || answer.Checks[0].OK || !answer.Checks[1].OK {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if strings.Contains(got.Body.String(), "db.internal") || !strings.Contains(log.String(), "db.internal") {
		t.Error("the error belongs in the log and not in the answer")
	}
	for _, method := range []string{"GET", "HEAD"} {
		if got := call(s, method, "/healthz"); got.Code != 200 {
			t.Errorf("the process answers %s with %d", method, got.Code)
		}
	}
}

func TestTheLogNamesRoutesAndNoSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newServer(t, func(o *server.Options) {
		o.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	secrets := []string{"Cookie", "session=cookie-value", "Authorization", "Bearer bwsk_key-value"}
	call(s, "GET", "/api/v1/things/path-value?token=query-value", secrets...)
	call(s, "GET", "/api/panic?token=query-value", secrets...)
	call(s, "GET", "/nothing/path-value%0a{}", secrets...)
	for _, secret := range []string{"cookie-value", "key-value", "query-value", "path-value"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log:\n%s", secret, log.String())
		}
	}
	if !strings.Contains(log.String(), `"took_ms":`) || strings.Contains(log.String(), `"took":`) {
		t.Errorf("a duration has no unit:\n%s", log.String())
	}
	if !strings.Contains(log.String(), `"route":"/api/v1/things/:id"`) || !strings.Contains(log.String(), "goroutine") {
		t.Errorf("route or stack missing:\n%s", log.String())
	}
}

func TestForwardedAddressesCountOnlyFromTrustedProxies(t *testing.T) {
	t.Parallel()
	page := func(into *string) func(*server.Options) {
		return func(o *server.Options) {
			o.Pages = []server.Page{{Method: "GET", Path: "/addr", Handler: func(c *gin.Context) { *into = c.ClientIP() }}}
		}
	}
	var addr string
	call(newServer(t, page(&addr)), "GET", "/addr", "X-Forwarded-For", "203.0.113.9", "X-Real-IP", "203.0.113.9")
	if addr != "192.0.2.1" {
		t.Errorf("a forged address counted: %s", addr)
	}
	trusting := newServer(t, func(o *server.Options) {
		page(&addr)(o)
		o.TrustedProxies = []string{"192.0.2.0/24"}
	})
	call(trusting, "GET", "/addr", "X-Forwarded-For", "203.0.113.9")
	if addr != "203.0.113.9" {
		t.Errorf("a trusted proxy's word did not count: %s", addr)
	}
	if _, err := server.New(server.Options{TrustedProxies: []string{"nonsense"}}); err == nil {
		t.Error("nonsense was taken for a network")
	}
}
