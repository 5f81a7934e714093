package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

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
	if got := call(s, "GET", "/healthz"); got.Code != 200 {
		t.Errorf("the process answers %d", got.Code)
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

// serve runs a server on a free port until the test ends.
func serve(t *testing.T, s *server.Server) (addr string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	return listener.Addr().String(), stop
}

func TestStoppingLetsOpenRequestsFinish(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	s := newServer(t, func(o *server.Options) {
		o.Pages = []server.Page{{Method: "GET", Path: "/slow", Handler: func(c *gin.Context) {
			close(entered)
			<-leave
			c.String(http.StatusOK, "finished")
		}}}
	})
	addr, stop := serve(t, s)
	answer := make(chan string, 1)
	go func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Get("http://" + addr + "/slow")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answer <- string(body)
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for call(s, "GET", "/readyz").Code != http.StatusServiceUnavailable {
		time.Sleep(time.Millisecond)
	}
	close(leave)
	if got := <-answer; got != "finished" {
		t.Errorf("the open request got %q", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestAHungRequestDoesNotKeepTheServerFromStopping(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(o *server.Options) { o.Grace = 50 * time.Millisecond })
	addr, stop := serve(t, s)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhal")
	time.Sleep(20 * time.Millisecond) // until the server reads the body; shorter only makes the test easier
	start := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

func TestAnAddressInUseIsNamed(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	s := newServer(t, func(o *server.Options) { o.Addr = listener.Addr().String() })
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), listener.Addr().String()) {
		t.Errorf("got %v", err)
	}
}

func TestTheSecondListenerServesMetricsAlone(t *testing.T) {
	t.Parallel()
	spare, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	metrics := spare.Addr().String()
	spare.Close()
	s := newServer(t, func(o *server.Options) { o.MetricsAddr = metrics })
	addr, _ := serve(t, s)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + addr + "/page")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	var body string
	for range 200 { // the second listener opens a moment after the first answers
		response, err := client.Get("http://" + metrics + "/anything")
		if err != nil {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		body = string(text)
		break
	}
	if !strings.Contains(body, "bellwire_http_request_duration_seconds") {
		t.Errorf("metrics: %q", body)
	}
}

func TestATricklingRequestEndsAndASlowAnswerDoesNot(t *testing.T) {
	t.Parallel()
	const limit = 100 * time.Millisecond
	s := newServer(t, func(o *server.Options) {
		o.ReadTimeout = limit
		o.Pages = []server.Page{{Method: "POST", Path: "/slow", Handler: func(c *gin.Context) {
			io.Copy(io.Discard, c.Request.Body)
			select {
			case <-c.Request.Context().Done():
			case <-time.After(2 * limit):
				c.String(http.StatusOK, "whole")
			}
		}}}
	})
	addr, _ := serve(t, s)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhal")
	answer, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 408") {
		t.Errorf("the trickling client got %q", answer)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Post("http://"+addr+"/slow", "text/plain", strings.NewReader("whole"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); string(body) != "whole" {
		t.Errorf("the slow handler lost its client: %d %q", response.StatusCode, body)
	}
}
