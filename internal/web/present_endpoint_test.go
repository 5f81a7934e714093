package web

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

func wellEndpoint() webhook.Endpoint {
	return webhook.Endpoint{
		Settings:      webhook.Settings{Name: "orders", URL: "https://example.com/hook", Format: webhook.FormatAbba, Timeout: 15 * time.Second},
		State:         webhook.EndpointActive,
		LastSuccessAt: noon.Add(-time.Minute),
	}
}

func TestEndpointMark_says_how_an_endpoint_is(t *testing.T) {
	t.Parallel()
	unsteady := component.Mark{Tone: component.Retry, Text: "unsteady"}
	for name, c := range map[string]struct {
		change func(*webhook.Endpoint)
		last   hour
		mark   component.Mark
		note   string
	}{
		"well":         {func(*webhook.Endpoint) {}, hour{attempts: 9, failed: 4}, component.Mark{Tone: component.Good, Text: "healthy"}, ""},
		"new":          {func(e *webhook.Endpoint) { e.LastSuccessAt = time.Time{} }, hour{}, component.Mark{Tone: component.Wait, Text: "nothing sent yet"}, ""},
		"one failed":   {func(e *webhook.Endpoint) { e.ConsecutiveFailures = 1 }, hour{attempts: 100, failed: 19}, component.Mark{Tone: component.Retry, Text: "last attempt failed"}, ""},
		"failing":      {func(e *webhook.Endpoint) { e.ConsecutiveFailures = 1200 }, hour{attempts: 1300, failed: 1300}, component.Mark{Tone: component.Bad, Text: "failing"}, "1,200 failures in a row"},
		"half failed":  {func(*webhook.Endpoint) {}, hour{attempts: 22, failed: 11}, unsteady, "50 % of 22 attempts failed in the last hour"},
		"a fifth":      {func(*webhook.Endpoint) {}, hour{attempts: 10, failed: 2}, unsteady, "20 % of 10 attempts failed in the last hour"},
		"less failed":  {func(*webhook.Endpoint) {}, hour{attempts: 100, failed: 19}, component.Mark{Tone: component.Good, Text: "healthy"}, ""},
		"one given up": {func(*webhook.Endpoint) {}, hour{attempts: 100, failed: 1, exhausted: 1}, unsteady, "1 delivery was given up in the last hour"},
		"paused": {func(e *webhook.Endpoint) { e.State, e.PausedBecause = webhook.EndpointPaused, webhook.PausedAsGone },
			hour{attempts: 20, failed: 20}, component.Mark{Tone: component.Held, Text: "paused"}, "the receiver answered 410 Gone"},
		"deleted": {func(e *webhook.Endpoint) { e.DeletedAt, e.State = noon, webhook.EndpointPaused }, hour{}, component.Mark{Tone: component.Quiet, Text: "deleted"}, ""},
	} {
		e := wellEndpoint()
		c.change(&e)
		if mark, note := endpointMark(e, c.last); mark != c.mark || note != c.note {
			t.Errorf("%s: got %+v, %q", name, mark, note)
		}
	}
}

func TestPauseWords_differ_for_every_reason(t *testing.T) {
	t.Parallel()
	seen := map[string]webhook.PauseReason{}
	for _, reason := range []webhook.PauseReason{webhook.PausedByPerson, webhook.PausedAsGone, webhook.PausedAsFailing, webhook.PausedByProject, webhook.PausedBySecret} {
		words := pauseWords(reason)
		if other, ok := seen[words]; ok || words == "" {
			t.Errorf("%s and %s both read %q", reason, other, words)
		}
		seen[words] = reason
	}
}

func TestPresentEndpoint_is_a_row_of_the_list(t *testing.T) {
	t.Parallel()
	e := wellEndpoint()
	e.Topics = []string{"a", "b", "c", "d", "e"}
	var fast webhook.Latency
	fast.Add(30 * time.Millisecond)
	row := presentEndpoint(e, []webhook.StatsBucket{{Delivered: 3, Failed: 1, Latency: fast}, {}}, hour{}, noon)
	if row.SuccessRate != "75.0 %" || row.P95 != "≤ 32 ms" || row.MoreTopics != "+2" || len(row.Topics) != 3 || len(row.Trend) != 2 || row.LastSuccess.Text != "1 min ago" {
		t.Errorf("got %+v", row)
	}
	if row := presentEndpoint(wellEndpoint(), nil, hour{attempts: 20, failed: 20}, noon); row.SuccessRate != "–" || row.P95 != "–" || row.MoreTopics != "" || row.Note == "" {
		t.Errorf("without numbers: %+v", row)
	}
}

func TestPresentHead_explains_what_is_not_well(t *testing.T) {
	t.Parallel()
	e := wellEndpoint()
	if head := presentHead(e, manage.Stats{}, hour{}, noon); head.Because != "" || head.Figures[3].Value != "0" {
		t.Errorf("well: %+v", head)
	}
	if head := presentHead(e, manage.Stats{}, hour{attempts: 24, failed: 11}, noon); head.Mark.Text != "unsteady" || head.Because != "45 % of 24 attempts failed in the last hour." || !head.Since.Zero() {
		t.Errorf("unsteady: %+v", head)
	}
	e.NotBefore = noon.Add(90 * time.Second)
	if head := presentHead(e, manage.Stats{}, hour{}, noon); head.Because != "The receiver asked for quiet; the next request goes in 1 min." {
		t.Errorf("quiet: %q", head.Because)
	}
	e.ConsecutiveFailures, e.LastFailureAt = 5, noon
	if head := presentHead(e, manage.Stats{}, hour{}, noon); head.Because != "5 failures in a row." || head.Since.Zero() {
		t.Errorf("failing: %q since %v", head.Because, head.Since)
	}
	e.State, e.PausedBecause, e.PausedAt = webhook.EndpointPaused, webhook.PausedBySecret, noon.Add(-time.Hour)
	if head := presentHead(e, manage.Stats{}, hour{}, noon); head.Because != "Paused: the signing secret can't be read." || head.Since.Text != "1 h ago" {
		t.Errorf("paused: %q since %v", head.Because, head.Since)
	}
}

func TestOfferPause_fits_the_state(t *testing.T) {
	t.Parallel()
	e := wellEndpoint()
	m, err := presentHead(e, manage.Stats{}, hour{}, noon), error(nil)
	if offerPause(&m, e, manage.Stats{}); m.Pause.URL == "" || m.ResumeURL != "" || err != nil {
		t.Errorf("active: %+v", m)
	}
	e.State = webhook.EndpointPaused
	m = presentHead(e, manage.Stats{}, hour{}, noon)
	stats := manage.Stats{States: map[webhook.State]int64{webhook.Held: 214, webhook.Delivered: 9}}
	if offerPause(&m, e, stats); m.Pause.URL != "" || !strings.HasSuffix(m.ResumeURL, "/resume") || m.Held != "214 held deliveries go out" {
		t.Errorf("paused: %+v", m)
	}
}

func TestOpenWords_count_what_a_deletion_cancels(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "nothing waits, so no delivery is", 1: "1 waiting delivery is", 214: "214 waiting deliveries are", manage.MaxCount: "10,000+ waiting deliveries are"} {
		stats := manage.Stats{States: map[webhook.State]int64{webhook.Waiting: n, webhook.Exhausted: 7}}
		if got := openWords(stats); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestPresentSettings_reads_the_whole_form_out(t *testing.T) {
	t.Parallel()
	e := wellEndpoint()
	e.Version, e.Topics, e.MaxInFlight, e.RatePerSecond, e.Ordered = 3, []string{"product.*"}, 8, 2.5, true
	e.Custom = &webhook.CustomFormat{Header: "X-Sig", Value: "v1={signature}", Signed: "body", Encoding: "hex", Body: "flat"}
	e.Prompt = webhook.PromptFilter{Labels: []string{"production"}}
	e.Payload.Rows = []webhook.PayloadRow{{Path: "price", Operator: webhook.OpAtMost, Value: "10"}, {Path: "sku", Operator: webhook.OpExists}}
	e.Headers = []webhook.Header{{Name: "X-S", Value: "****", Secret: true}}
	e.Retry = webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: []time.Duration{10 * time.Second, time.Hour}, NoClientErrors: true}
	got := map[string]string{}
	for _, g := range presentSettings(e) {
		for _, row := range g.Rows {
			got[row.Label] = strings.Join(row.Values, "|")
		}
	}
	want := map[string]string{
		"Name": "orders", "URL": "https://example.com/hook", "Settings version": "3", "Format": "abba", "Signature header": "X-Sig: v1={signature}",
		"Signed": "body, hex", "Body": "flat", "Topics": "product.*", "Prompt labels": "production", "Data": "price ≤ 10|sku exists",
		"Retries": "after 10 s, 1 h; not after 4xx", "Timeout": "15 s", "At once": "1 requests", "Rate": "2.5 per second",
		"Order": "kept: one at a time, oldest first", "Own headers": "X-S: ****",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
