package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// acted writes an act of ours, or of another project, into the audit log.
func (f *fixture) acted(project webhook.Project, change func(*webhook.AuditEntry)) {
	f.t.Helper()
	now := f.clock.now()
	e := webhook.AuditEntry{
		ID: webhook.AuditID{UUID: mint.UUID(now)}, At: now, ProjectID: project.ID, Actor: webhook.Actor{Type: webhook.ActorSystem, Name: "Bellwire"},
		Action: "endpoint.paused", ObjectName: "orders",
	}
	change(&e)
	f.must(f.store.AddAudit(f.t.Context(), e))
}

func TestAudit_reads_in_words_and_is_narrowed_by_what_who_and_when(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Owner)
	e := f.endpoint(f.ours)
	key := f.key()
	path, form := f.draft(b, "?topic=product.viewed")
	b.follow(path, form)
	f.acted(f.theirs, func(e *webhook.AuditEntry) { e.ObjectName = "their-orders" })
	f.acted(f.ours, func(e *webhook.AuditEntry) { e.Action, e.ObjectName = "thing.un-heard.of", "x" })
	page := b.get(f.path("audit")).is(http.StatusOK)
	page.says("created the endpoint orders", "created the API key ci", "owner@example.com published a test event of product.viewed", "did “thing un heard of” to x").hides("their-orders")
	if !page.offers(f.path("endpoints", e.ID.String())) || !page.offers(f.path("keys")) {
		t.Error("an act does not lead to its thing")
	}
	me := "user:" + f.userID("owner@example.com").String()
	rows := func(query string) int {
		t.Helper()
		return b.get(f.path("audit") + "?" + query).is(http.StatusOK).hides("their-orders").doc().Find("tbody tr").Length()
	}
	all := rows("")
	for query, want := range map[string]int{
		"action=endpoint": 1, "action=endpoint.secret": 0, "action=event": 1, "action=key": 1, "actor=" + me: 1, "actor=" + me + "&action=key": 0, "range=1h": all,
		"until=2020-01-01T00:00": 0, "since=2020-01-01T00:00": all, "actor=key:" + key.String(): 0,
	} {
		if got := rows(query); got != want {
			t.Errorf("%s: %d rows, want %d", query, got, want)
		}
	}
	b.get(f.path("audit") + "?actor=" + me + "&range=24h").says("Shown:owner@example.com last 24 h")
	b.get(f.path("audit") + "?action=key&actor=" + me).says("Nothing matches")
	for query, want := range map[string]string{"actor=user:nobody": "actor is nobody", "since=yesterday": "is a time like", "cursor=%00": "cursor"} {
		b.get(f.path("audit") + "?" + query).is(http.StatusUnprocessableEntity).says(want)
		b.get(f.path("audit.csv") + "?" + query).is(map[bool]int{true: http.StatusOK, false: http.StatusUnprocessableEntity}[query == "cursor=%00"])
	}
}

func TestAudit_export_is_whole_narrowed_and_harmless_to_a_spreadsheet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	f.acted(f.theirs, func(e *webhook.AuditEntry) { e.ObjectName = "their-orders" })
	for i := range 450 {
		f.acted(f.ours, func(e *webhook.AuditEntry) { e.Object = fmt.Sprint(i) })
	}
	hostile := []string{"=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", ` "=1"`, "fine;=HYPERLINK(1)", "fine\n=1", "fine, and = - + @"}
	for _, text := range hostile {
		f.acted(f.ours, func(e *webhook.AuditEntry) {
			e.Actor.Name, e.ObjectName, e.Detail, e.Action = text, text, text, "odd.act"
		})
	}
	page := b.get(f.path("audit.csv")).is(http.StatusOK)
	if page.header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(page.header.Get("Content-Disposition"), "attachment") || page.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", page.header)
	}
	page.hides("their-orders")
	lines, err := csv.NewReader(strings.NewReader(string(page.body))).ReadAll()
	f.must(err)
	seen := map[string]bool{}
	for _, line := range lines[1:] {
		seen[line[5]] = true
	}
	if len(lines) < 450+len(hostile)+1 || len(lines) > 460+len(hostile) || !seen["0"] || !seen["449"] {
		t.Errorf("%d lines", len(lines))
	}
	start := regexp.MustCompile(`^[\s"]*[=+\-@＝]|[;\t\r\n][\s"]*[=+\-@＝]`)
	for _, line := range lines {
		for _, cell := range line {
			if start.MatchString(cell) {
				t.Errorf("a spreadsheet runs %q", cell)
			}
		}
	}
	// Acts of one millisecond stand in any order.
	if !slices.ContainsFunc(lines, func(line []string) bool { return line[2] == "fine, and = - + @" }) {
		t.Error("plain text did not stay as it was")
	}
	narrowed := b.get(f.path("audit.csv") + "?action=odd").is(http.StatusOK)
	if got := strings.Count(string(narrowed.body), "odd.act"); got != len(hostile) {
		t.Errorf("%d lines of one act, want %d", got, len(hostile))
	}
	b.get(f.path("audit")).is(http.StatusOK).says("=cmd|")
}

func TestAudit_is_for_builders_and_admins(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("root@example.com", account.Admin, "")
	f.user("help@example.com", account.Support, "")
	for who, one := range map[string]struct {
		b      *browser
		status int
	}{
		"owner": {f.as(account.Owner), http.StatusOK}, "developer": {f.as(account.Developer), http.StatusOK}, "admin": {f.signIn("root@example.com"), http.StatusOK},
		"viewer": {f.as(account.Viewer), http.StatusForbidden}, "support": {f.signIn("help@example.com"), http.StatusForbidden},
	} {
		if offered := one.b.get(f.path()).is(http.StatusOK).offers(f.path("audit")); offered != (one.status == http.StatusOK) {
			t.Errorf("%s: the rail has it: %v", who, offered)
		}
		for _, path := range []string{f.path("audit"), f.path("audit.csv"), f.path("audit") + "?since=x", f.path("audit.csv") + "?since=x"} {
			if got := one.b.get(path); one.status == http.StatusForbidden && got.status != one.status {
				t.Errorf("%s %s: %d", who, path, got.status)
			}
		}
		one.b.get(f.path("audit")).is(one.status)
	}
}

var recorded = regexp.MustCompile(`"([a-z-]+(?:\.[a-z-]+)+)", (?:object|about|e\.object)`)

var wordless = regexp.MustCompile(`did “[^”]*”`)

// TestAudit_has_words_for_every_act_in_a_project reads the acts out of the
// sources of those that record them.
func TestAudit_has_words_for_every_act_in_a_project(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	files, err := filepath.Glob("../manage/*.go")
	f.must(err)
	acts := map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		f.must(err)
		for _, m := range recorded.FindAllStringSubmatch(string(source), -1) {
			switch family, _, _ := strings.Cut(m[1], "."); family {
			case "user", "topic", "setup-link": // those are of the instance
			default:
				acts[m[1]] = true
			}
		}
	}
	if len(acts) < 20 {
		t.Fatalf("only %d acts found", len(acts))
	}
	for act := range acts {
		f.acted(f.ours, func(e *webhook.AuditEntry) { e.Action, e.ObjectName = act, "a thing" })
	}
	b := f.as(account.Owner)
	var unknown []string
	for next := f.path("audit"); next != ""; {
		page := b.get(next).is(http.StatusOK)
		unknown = append(unknown, wordless.FindAllString(page.text(), -1)...)
		next = ""
		if link, ok := page.doc().Find(`a[href*="cursor="]`).Last().Attr("href"); ok {
			if u, err := url.Parse(link); err == nil && u.Query().Get("cursor") != "" && len(unknown) < 100 {
				next = u.RequestURI()
			}
		}
	}
	if len(unknown) > 0 {
		t.Errorf("no words for %v", unknown)
	}
}
