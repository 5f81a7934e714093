package client_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/client"
)

// server is one that a listener talks to: what it answers, call by call, and
// what it was asked. A call that is not told is answered for good.
type server struct {
	mu    sync.Mutex
	asked []string
	tell  map[string]func(n int, w http.ResponseWriter, r *http.Request)
	count map[string]int
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/api/v1")
	s.mu.Lock()
	s.asked = append(s.asked, call)
	s.count[call]++
	n, tell := s.count[call], s.tell[call]
	s.mu.Unlock()
	if tell == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	tell(n, w, r)
}

// calls are those made so far, signs of life left out.
func (s *server) calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.asked), func(call string) bool { return strings.HasSuffix(call, "/answers") })
}

func listening(n int, w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"id":"e%d","secret":"s"}`, n)
}

// endless is a stream that stays open.
func endless(_ int, w http.ResponseWriter, r *http.Request) {
	http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func ending(reason string) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "event: ping\ndata: {}\n\nevent: end\ndata: {\"reason\":%q}\n\n", reason)
	}
}

func refusing(status int, words string) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"title":"No","detail":%q}`, words)
	}
}

// told is what a listener says.
type told struct {
	mu        sync.Mutex
	connected []string
	away      int
}

func run(t *testing.T, s *server, until func(heard *told) bool) (heard *told, err error) {
	t.Helper()
	s.count = map[string]int{}
	web := httptest.NewServer(s)
	defer web.Close()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	heard = &told{}
	check := func() {
		if until != nil && until(heard) {
			stop()
		}
	}
	f := &client.Forward{
		Client: client.New(web.Client(), web.URL, "k"), Transport: http.DefaultTransport,
		Connected: func(l client.Listening, again bool) {
			heard.mu.Lock()
			defer heard.mu.Unlock()
			heard.connected = append(heard.connected, fmt.Sprint(l.ID, " ", again))
			check()
		},
		Away: func(error, time.Duration) {
			heard.mu.Lock()
			defer heard.mu.Unlock()
			heard.away++
			check()
		},
		Made: func(client.Listening, client.Forwarded) {},
	}
	return heard, f.Run(ctx)
}

func TestForward_gives_up_when_trying_again_is_no_use(t *testing.T) {
	t.Parallel()
	type tells = map[string]func(int, http.ResponseWriter, *http.Request)
	for name, c := range map[string]struct {
		tell tells
		want string
	}{
		"no such project":          {tells{"POST /listen": refusing(404, "there is no such project")}, "no such project"},
		"a wrong key":              {tells{"POST /listen": refusing(401, "the key is not known")}, "not known"},
		"a revoked key":            {tells{"POST /listen": listening, "GET /listen/e1": ending("revoked")}, "revoked"},
		"a key revoked while away": {tells{"POST /listen": listening, "GET /listen/e1": refusing(401, "the key was revoked")}, "revoked"},
		"another of that name":     {tells{"POST /listen": listening, "GET /listen/e1": ending("replaced")}, "--name"},
		"the endpoint's end":       {tells{"POST /listen": listening, "GET /listen/e1": ending("deleted")}, "deleted in the dashboard"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{tell: c.tell}
			_, err := run(t, s, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it ended with %v, want %q", err, c.want)
			}
			if slices.Contains(s.calls(), "DELETE /listen/e1") {
				t.Error("what is not its own any more was removed")
			}
		})
	}
}

func TestForward_connects_again_and_removes_its_endpoint_when_it_is_stopped(t *testing.T) {
	t.Parallel()
	s := &server{tell: map[string]func(int, http.ResponseWriter, *http.Request){
		"POST /listen": listening,
		"GET /listen/e1": func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				ending("stopping")(n, w, r)
				return
			}
			endless(n, w, r)
		},
	}}
	heard, err := run(t, s, func(h *told) bool { return len(h.connected) == 2 })
	if err != nil || !slices.Equal(heard.connected, []string{"e1 false", "e1 true"}) || heard.away != 1 {
		t.Errorf("%v, %d times away, %v", heard.connected, heard.away, err)
	}
	if calls := s.calls(); calls[len(calls)-1] != "DELETE /listen/e1" {
		t.Errorf("asked %v", calls)
	}
}

// A server that makes listeners and knows none of them must not be asked without
// a pause.
func TestForward_makes_a_new_endpoint_after_its_own_was_removed_but_not_in_a_rush(t *testing.T) {
	t.Parallel()
	gone := refusing(404, "there is no such listener")
	s := &server{tell: map[string]func(int, http.ResponseWriter, *http.Request){
		"POST /listen": listening, "GET /listen/e1": gone, "GET /listen/e2": gone, "GET /listen/e3": endless,
	}}
	began := time.Now()
	heard, err := run(t, s, func(h *told) bool { return len(h.connected) == 1 })
	if err != nil || !slices.Equal(heard.connected, []string{"e3 false"}) || heard.away != 2 {
		t.Errorf("%v, %d times away, %v", heard.connected, heard.away, err)
	}
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("three endpoints within %s", took)
	}
	if calls := s.calls(); calls[len(calls)-1] != "DELETE /listen/e3" {
		t.Errorf("asked %v", calls)
	}
}
