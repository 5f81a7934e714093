package web

import (
	"testing"
	"time"

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
		"new":          {func(e *webhook.Endpoint) { e.LastSuccessAt = time.Time{} }, hour{}, component.Mark{Tone: component.Wait, Text: "not used yet"}, ""},
		"one failed":   {func(e *webhook.Endpoint) { e.ConsecutiveFailures = 1 }, hour{attempts: 100, failed: 19}, component.Mark{Tone: component.Retry, Text: "last attempt failed"}, ""},
		"failing":      {func(e *webhook.Endpoint) { e.ConsecutiveFailures = 1200 }, hour{attempts: 1300, failed: 1300}, component.Mark{Tone: component.Bad, Text: "failing"}, "1,200 failures in a row"},
		"half failed":  {func(*webhook.Endpoint) {}, hour{attempts: 22, failed: 11}, component.Mark{Tone: component.Bad, Text: "mostly failing"}, "50 % of 22 attempts failed in the last hour"},
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
	row := presentEndpoint(e, []webhook.StatsBucket{{Delivered: 3, Failed: 1, Latency: fast}, {}}, webhook.Backlog{Waiting: 3}, hour{}, noon)
	if row.SuccessRate != "75.0 %" || row.P95 != "≤ 32 ms" || row.MoreTopics != "+2" || len(row.Topics) != 3 || len(row.Trend) != 2 || row.Last.Text != "1 min ago" || row.Waiting != "3" {
		t.Errorf("got %+v", row)
	}
	if row := presentEndpoint(wellEndpoint(), nil, webhook.Backlog{}, hour{attempts: 20, failed: 20}, noon); row.SuccessRate != "–" || row.P95 != "–" || row.MoreTopics != "" || row.Note == "" || row.Waiting != "" {
		t.Errorf("without numbers: %+v", row)
	}
}
