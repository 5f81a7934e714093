package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestProjects_show_their_endpoints_and_those_in_need_first(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("admin@example.com", account.Admin, "")
	f.endpoint(f.ours)
	f.endpoint(f.theirs)
	f.endpoint(f.theirs, func(s *webhook.Settings) { s.Name, s.Topics = "idle", []string{"prompt.created"} })
	for range 3 {
		f.viewed(f.theirs)
		f.attempted(500)
	}
	page := f.signIn("admin@example.com").get("/projects").is(http.StatusOK).says("1 endpoint needs you")
	var rows []string
	for _, row := range page.doc().Find("tbody tr").EachIter() {
		rows = append(rows, strings.Join(strings.Fields(row.Text()), " "))
	}
	if len(rows) != 2 || !strings.HasPrefix(rows[0], "Theirs 1 endpoint needs youstaff2") || !strings.HasPrefix(rows[1], "Ours activestaff1") {
		t.Errorf("got %q", rows)
	}
	trouble := inside(f.theirs, "endpoints") + "?state=trouble"
	if !page.offers(trouble) {
		t.Errorf("nothing leads to %s", trouble)
	}
	f.signIn("admin@example.com").get(trouble).is(http.StatusOK).says("orders").hides("idle")
	f.as(account.Viewer).get("/projects").is(http.StatusOK).says("Ours", "active").hides("Theirs", "needs you")
}
