package blocks_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/blocks"
	"github.com/bellwire/bellwire/internal/webhook"
)

var place = blocks.Place{BaseURL: "https://bell.example", Project: webhook.ProjectID{UUID: webhook.UUID{1}}}

func event(topic, data string) webhook.Event {
	return webhook.Event{
		ID: webhook.EventID{UUID: webhook.UUID{2}}, Topic: topic, Data: []byte(data), OccurredAt: time.Date(2026, 1, 24, 10, 30, 0, 0, time.UTC),
	}
}

const promptData = `{"name":"movies/critic & co","version":3,"labels":["production","latest"],"tags":["entertainment"],` +
	`"commitMessage":"Improved <!channel>\nsecond & last","prompt":"x","previous":{"labels":[],"tags":[]}}`

func TestOf_tells_a_prompts_change(t *testing.T) {
	t.Parallel()
	want := blocks.Message{
		Title: "🚨 Production · Prompt updated",
		Fields: []blocks.Field{
			{"Name", "movies/critic & co"}, {"Version", "3"}, {"Action", "updated"}, {"Labels", "production, latest"}, {"Tags", "entertainment"},
		},
		Quote: "Improved <!channel>\nsecond & last", At: time.Date(2026, 1, 24, 10, 30, 0, 0, time.UTC),
		Link: "https://bell.example/p/01000000-0000-0000-0000-000000000000/prompts/movies%2Fcritic%20&%20co?version=3",
	}
	if diff := cmp.Diff(want, blocks.Of(event("prompt.updated", promptData), place)); diff != "" {
		t.Error(diff)
	}
	plain := blocks.Of(event("prompt.deleted", `{"name":"critic","version":1,"labels":[],"tags":[],"commitMessage":null}`), place)
	if plain.Title != "🔔 Prompt deleted" || plain.Quote != "" || plain.Fields[3].Value != "none" || !strings.Contains(plain.Link, "/events/02000000-") {
		t.Errorf("a deleted one without labels: %+v", plain)
	}
}

func TestJSON_is_what_Slack_documents(t *testing.T) {
	t.Parallel()
	got := string(blocks.Of(event("prompt.updated", promptData), place).JSON("C012"))
	want := `{"channel":"C012","text":"🚨 Production · Prompt updated · Name: movies/critic &amp; co · Version: 3","blocks":[` +
		`{"type":"header","text":{"type":"plain_text","text":"🚨 Production · Prompt updated","emoji":true}},` +
		`{"type":"section","text":{"type":"mrkdwn","text":"*Name:* movies/critic &amp; co\n*Version:* 3\n*Action:* updated\n*Labels:* production, latest\n*Tags:* entertainment"}},` +
		`{"type":"section","text":{"type":"mrkdwn","text":"*Commit message:*\n> Improved &lt;!channel&gt;\n> second &amp; last"}},` +
		`{"type":"context","elements":[{"type":"mrkdwn","text":"\u003c!date^1769250600^{date_short_pretty} {time_secs}|2026-01-24 10:30:00 UTC\u003e"}]},` +
		`{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"View in Bellwire","emoji":false},"action_id":"view","url":` +
		`"https://bell.example/p/01000000-0000-0000-0000-000000000000/prompts/movies%2Fcritic%20\u0026%20co?version=3"}]}],"unfurl_links":false,"unfurl_media":false}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if again := string(blocks.Of(event("prompt.updated", promptData), place).JSON("C012")); again != got {
		t.Error("the same event gave other bytes")
	}
}

func TestOf_tells_any_other_topic_by_its_members(t *testing.T) {
	t.Parallel()
	m := blocks.Of(event("order.created", `{"id":1001,"total":"49.90","who":{"mail":"a@b.c"},"n":null,"text":"two\nlines","l":[1, 2],"a":1,"b":2,"c":3,"d":4}`), place)
	want := []blocks.Field{
		{"id", "1001"}, {"total", "49.90"}, {"who", `{"mail":"a@b.c"}`}, {"n", "null"}, {"text", "two lines"}, {"l", "[1,2]"}, {"a", "1"}, {"b", "2"}, {"More", "2 other members"},
	}
	if diff := cmp.Diff(want, m.Fields); diff != "" || m.Title != "🔔 order.created" || !strings.HasSuffix(m.Link, "/events/02000000-0000-0000-0000-000000000000") {
		t.Error(diff, m)
	}
	for _, data := range []string{`{}`, `{"name":"x","version":"3"}`, `{"name":"","version":1}`} {
		if m := blocks.Of(event("prompt.created", data), place); m.Title != "🔔 prompt.created" {
			t.Errorf("%s: a prompt's event that is none of ours: %+v", data, m)
		}
	}
}

// Slack refuses what is longer: a header of 150 characters, a section of 3000.
func TestJSON_stays_within_Slacks_bounds(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("&é", 20_000)
	quoted, _ := json.Marshal(long)
	for _, e := range []webhook.Event{
		event("prompt.created", `{"name":`+string(quoted)+`,"version":1,"labels":["`+strings.Repeat("l", 5000)+`"],"tags":[],"commitMessage":`+string(quoted)+`}`),
		event("t."+strings.Repeat("x", 300), `{"a":`+string(quoted)+`,`+string(quoted)+`:1,"b":`+string(quoted)+`,"c":`+string(quoted)+`,"d":`+string(quoted)+`}`),
	} {
		var body struct {
			Blocks []struct {
				Type string
				Text struct{ Text string }
			}
		}
		if err := json.Unmarshal(blocks.Of(e, place).JSON("C1"), &body); err != nil {
			t.Fatal(err)
		}
		for _, b := range body.Blocks {
			limit := map[string]int{"header": 150, "section": 3000}[b.Type]
			if n := utf8.RuneCountInString(b.Text.Text); limit > 0 && n > limit {
				t.Errorf("%s: a %s of %d characters", e.Topic[:10], b.Type, n)
			}
		}
	}
}
