package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/bellwire/bellwire/internal/server"
)

func TestALoopbackServersPagesAnswerToItsOwnNamesOnly(t *testing.T) {
	t.Parallel()
	base := &url.URL{Scheme: "https", Host: "bell.example"}
	for _, c := range []struct {
		addr, path, host string
		status           int
	}{
		{"127.0.0.1:8080", "/page", "127.0.0.1:8080", http.StatusOK},
		{"127.0.0.1:8080", "/page", "localhost:8080", http.StatusOK},
		{"127.0.0.1:8080", "/page", "LOCALHOST", http.StatusOK},
		{"127.0.0.1:8080", "/page", "[::1]:8080", http.StatusOK},
		{"localhost:8080", "/page", "bell.localhost", http.StatusOK},
		{"127.0.0.1:8080", "/page", "bell.example", http.StatusOK}, // a proxy on this machine
		{"127.0.0.1:8080", "/page", "rebound.evil.example:8080", http.StatusMisdirectedRequest},
		{"127.0.0.1:8080", "/page", "127.0.0.1.evil.example", http.StatusMisdirectedRequest},
		{"[::1]:8080", "/page", "evil.example", http.StatusMisdirectedRequest},
		{"127.0.0.1:8080", "/page", "", http.StatusMisdirectedRequest},
		{"127.0.0.1:8080", "/api/v1/things/1", "evil.example", http.StatusOK}, // needs a key
		{"127.0.0.1:8080", "/healthz", "probe.example", http.StatusOK},
		{"0.0.0.0:8080", "/page", "any.example", http.StatusOK},
	} {
		s := newServer(t, func(o *server.Options) { o.Addr, o.BaseURL = c.addr, base })
		request := httptest.NewRequest(http.MethodGet, c.path, nil)
		request.Host = c.host
		answer := httptest.NewRecorder()
		s.Handler().ServeHTTP(answer, request)
		if answer.Code != c.status {
			t.Errorf("%s asked as %q for %s: %d, want %d", c.addr, c.host, c.path, answer.Code, c.status)
		}
	}
}
