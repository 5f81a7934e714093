package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// thisNode is the node that the fixture's pages are drawn by.
var thisNode = webhook.NodeID{UUID: mint.UUID(time.Now())}

// instanceAdmin is signed in and belongs to no project.
func (f *fixture) instanceAdmin() *browser {
	f.t.Helper()
	f.user("root@example.com", account.Admin, "")
	return f.signIn("root@example.com")
}

func (f *fixture) beat(node webhook.NodeID, name string) {
	f.t.Helper()
	f.must(f.store.Heartbeat(f.t.Context(), node, name, "1.2.3"))
}

func TestSystem_is_for_admins_and_missing_for_everybody_else(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.instanceAdmin().get("/admin/system").is(http.StatusOK).says("System", "Nodes", "Backlog", "SQLite")
	f.user("support@example.com", account.Support, "")
	others := map[string]*browser{
		"support": f.signIn("support@example.com"), "owner": f.as(account.Owner), "developer": f.as(account.Developer), "viewer": f.as(account.Viewer),
	}
	for who, b := range others {
		if got := b.get("/admin/system"); got.status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", who, got.status)
		}
		if got := b.get("/projects"); strings.Contains(string(got.body), "/admin/system") {
			t.Errorf("%s is offered the page", who)
		}
	}
	admin := f.signIn("root@example.com")
	for _, path := range []string{"/projects", f.path()} {
		if got := admin.get(path).is(http.StatusOK); got.doc().Find(`nav a[href="/admin/system"]`).Length() == 0 {
			t.Errorf("%s does not lead an admin to the system", path)
		}
	}
}

func TestSystem_tells_who_lives_who_is_silent_and_whose_work_was_taken_over(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lost, silent := webhook.NodeID{UUID: mint.UUID(time.Now())}, webhook.NodeID{UUID: mint.UUID(time.Now())}
	b := f.instanceAdmin()
	f.beat(lost, "node-c")
	f.clock.forward(40 * time.Second)
	f.beat(silent, "node-b")
	f.delivery(f.ours)
	if jobs, _, err := f.store.Claim(t.Context(), silent, webhook.Room{Slots: 10, Lagging: 10}); err != nil || len(jobs) != 1 {
		t.Fatalf("claimed %d, %v", len(jobs), err)
	}
	f.clock.forward(31 * time.Second)
	f.beat(thisNode, `node-a<script>`)
	got := b.get("/admin/system").is(http.StatusOK)
	rows := map[string]string{}
	got.doc().Find("table tbody tr").Each(func(_ int, row *goquery.Selection) {
		rows[row.Find("td bdi").First().Text()] = strings.Join(strings.Fields(row.Text()), " ")
	})
	for name, words := range map[string][]string{
		"node-a<script>": {"alive", "this node", "0 in hand"},
		"node-b":         {"silent for 31 s", "1 in hand", "taken over by the others as its leases end, the last in"},
		"node-c":         {"lost, silent for 1 min", "Its work was taken over", "0 in hand"},
	} {
		for _, w := range words {
			if !strings.Contains(rows[name], w) {
				t.Errorf("the row of %s does not say %q: %s", name, w, rows[name])
			}
		}
	}
	got.says("1 node is silent", "of 1,024", "Pool of this node", "node-a<script>").hides("<script>alert", "node-a<script>")
	if exact := got.doc().Find("tbody time[title]").Length(); exact != 6 {
		t.Errorf("%d times are exact on hover, want 6", exact)
	}
	if marks := got.doc().Find("tbody .mark svg").Length(); marks != 3 {
		t.Errorf("%d states have a shape, want 3", marks)
	}
	if region := got.doc().Find("#system"); region.AttrOr("hx-get", "") != "/admin/system" || region.AttrOr("hx-select", "") != "#system" {
		t.Error("the page does not keep itself fresh")
	}
	f.clock.forward(time.Minute)
	b.get("/admin/system").says("Its leases are over: the others are taking its work over now.")
}

func TestSystem_shows_the_backlog_and_what_a_clean_stop_leaves(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.instanceAdmin()
	f.beat(thisNode, "node-a")
	b.get("/admin/system").says("1 node alive", "nothing waits to be sent")
	f.delivery(f.ours)
	f.clock.forward(4 * time.Second)
	b.get("/admin/system").says("since the first of them could go").hides("nothing waits to be sent")
	f.must(f.store.Leave(t.Context(), thisNode))
	b.get("/admin/system").says("0 nodes alive").hides("node-a")
}
