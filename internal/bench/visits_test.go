package bench_test

import (
	"net/http"
	"testing"

	"github.com/bellwire/bellwire/internal/api"
	"github.com/bellwire/bellwire/internal/bench"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/server"
	"github.com/bellwire/bellwire/internal/web"
)

// readRoutes are the GET routes of the dashboard and of the API.
func readRoutes(t *testing.T) map[string]bool {
	t.Helper()
	routes := map[string]bool{}
	for _, r := range web.New(web.Options{}).Routes() {
		if r.Method == http.MethodGet {
			routes[r.Path] = true
		}
	}
	calls := api.New(api.Options{Manage: manage.New(manage.Options{})})
	if _, err := server.New(server.Options{API: calls}); err != nil {
		t.Fatal(err)
	}
	for _, c := range calls.Calls() {
		if c.Method == http.MethodGet {
			routes[c.FullPath()] = true
		}
	}
	return routes
}

func TestEvery_page_and_read_call_is_asked_for_or_left_out_by_name(t *testing.T) {
	t.Parallel()
	asked, routes := bench.Asked(), readRoutes(t)
	if len(routes) < 30 {
		t.Fatalf("only %d routes were found", len(routes))
	}
	for route := range routes {
		reason, left := bench.Unasked[route]
		switch {
		case !asked[route] && !left:
			t.Errorf("%s is neither asked for nor in bench.Unasked: add a visit to internal/bench/visits.go", route)
		case asked[route] && left:
			t.Errorf("%s is asked for and left out", route)
		case left && reason == "":
			t.Errorf("%s is left out without a reason", route)
		}
	}
	for route := range bench.Unasked {
		if !routes[route] {
			t.Errorf("%s is left out and does not exist", route)
		}
	}
}
