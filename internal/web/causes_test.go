package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// declaredCauses reads the language's source, so that a new cause without
// words is found.
func declaredCauses(t *testing.T) []webhook.Cause {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../webhook/attempt.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var causes []webhook.Cause
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Cause" {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		causes = append(causes, webhook.Cause(text))
		return true
	})
	return causes
}

func TestCauses_all_have_words_and_advice(t *testing.T) {
	t.Parallel()
	causes := declaredCauses(t)
	if len(causes) < 16 {
		t.Fatalf("only %v were found", causes)
	}
	for _, cause := range causes {
		status := 0
		if cause == webhook.CauseStatus {
			status = 500
		} else if diagnoses[cause].word == "" {
			t.Errorf("%s has no word", cause)
		}
		if words := did(cause, status); words == "" || strings.Contains(words, "_") || strings.HasPrefix(words, "answered 0") {
			t.Errorf("%s: your server %q", cause, words)
		}
		if len(advice(cause, status)) == 0 {
			t.Errorf("%s has no advice", cause)
		}
	}
}

func TestAdvice_of_a_status_is_its_own_or_its_familys(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		401: "refused the signature", 410: "gone for good", 418: statusAdvice[400][0], 429: "fewer requests", 507: statusAdvice[500][0],
	} {
		if got := advice(webhook.CauseStatus, status); len(got) == 0 || !strings.Contains(got[0], want) {
			t.Errorf("%d: %q", status, got)
		}
	}
	if got := advice(webhook.CauseStatus, 302); got != nil {
		t.Errorf("302: %q", got)
	}
	if causeWord(webhook.CauseStatus, 599) != "599" || causeWord("", 204) != "204 No Content" || causeWord("new_cause", 0) != "new_cause" {
		t.Error("the words of a cell changed")
	}
}

func TestAdvice_for_an_attempt_names_its_host_and_time(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 3, 4, 5, 0, time.UTC)
	for target, want := range map[string]string{
		"https://hooks.example.com/x?token=s3cret": "openssl s_client -connect hooks.example.com:443 -servername hooks.example.com",
		"https://10.0.0.1:8443/x":                  "openssl s_client -connect 10.0.0.1:8443 -servername 10.0.0.1",
		"https://a$(reboot).example/":              "openssl s_client -connect HOST:443 -servername HOST",
		"":                                         "openssl s_client -connect HOST:443 -servername HOST",
	} {
		lines := strings.Join(adviceFor(webhook.Attempt{Cause: webhook.CauseTLS, StartedAt: at}, target), " ")
		if !strings.Contains(lines, want) || strings.Contains(lines, "s3cret") {
			t.Errorf("%s: %s", target, lines)
		}
	}
	if lines := adviceFor(webhook.Attempt{Cause: webhook.CauseReset, StartedAt: at}, "https://hooks.example.com"); !strings.Contains(lines[0], "at 21 Nov 03:04:05 UTC") {
		t.Errorf("the time is missing: %s", lines[0])
	}
	if lines := adviceFor(webhook.Attempt{Cause: webhook.CauseConnect, StartedAt: at}, "http://hooks.example.com:8080/x"); !strings.Contains(lines[0], "curl -v http://hooks.example.com:8080/") {
		t.Errorf("the address is not its own: %s", lines[0])
	}
}

func TestPresentStatuses_tells_error_statuses_apart(t *testing.T) {
	t.Parallel()
	failed := func(n int, cause webhook.Cause, status int) (rows []webhook.DeliveryRow) {
		for range n {
			row := rowOfState(webhook.Exhausted)
			row.LastCause, row.LastStatus = cause, status
			rows = append(rows, row)
		}
		return rows
	}
	rows := slices.Concat(failed(2, webhook.CauseStatus, 502), failed(140, webhook.CauseStatus, 500), failed(9, webhook.CauseTimeout, 0))
	statuses, note := presentStatuses(webhook.Endpoint{}, rows)
	if len(statuses) != 2 || statuses[0].Label != "500 × 140" || statuses[1].Label != "502 × 2" || !strings.HasSuffix(statuses[1].URL, "&status=502") {
		t.Errorf("got %+v", statuses)
	}
	if note != "of the latest 142 deliveries that were last answered so" {
		t.Errorf("got %q", note)
	}
	if statuses, note := presentStatuses(webhook.Endpoint{}, failed(1, webhook.CauseDNS, 0)); statuses != nil || note != "" {
		t.Errorf("no status: %+v %q", statuses, note)
	}
}

func TestPresentCauses_sums_up_the_buckets_with_the_commonest_first(t *testing.T) {
	t.Parallel()
	e := webhook.Endpoint{ID: webhook.EndpointID{UUID: webhook.UUID{7}}}
	rows := presentCauses(e, manage.Stats{Buckets: []webhook.StatsBucket{
		{Causes: map[webhook.Cause]int64{webhook.CauseTimeout: 1, webhook.CauseStatus: 1000, "": 50}},
		{},
		{Causes: map[webhook.Cause]int64{webhook.CauseTimeout: 998, webhook.CauseDNS: 1, webhook.CauseTLS: 0}},
	}})
	if len(rows) != 3 {
		t.Fatalf("got %+v", rows)
	}
	if rows[0].Cause != "http_status" || rows[0].Count != "1,000" || rows[0].Share != 0.5 || rows[1].Count != "999" || rows[2].Cause != "dns_error" {
		t.Errorf("got %+v", rows)
	}
	if rows[1].Words != "Your server did not answer in time." || rows[1].Advice != diagnoses[webhook.CauseTimeout].try[0] {
		t.Errorf("got %+v", rows[1])
	}
	if want := "/deliveries?endpoint=" + e.ID.String() + "&state=exhausted"; !strings.HasSuffix(rows[0].URL, want) {
		t.Errorf("leads to %s", rows[0].URL)
	}
	if rows := presentCauses(e, manage.Stats{}); rows != nil {
		t.Errorf("nothing failed, and yet %+v", rows)
	}
}
