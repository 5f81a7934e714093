package prompts_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/prompts"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestNamesOfPrompts(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "movie-critic", "support/billing/refund v2", "größe/日本", "news", strings.Repeat("ä", prompts.MaxName), "50% off", "a<b"} {
		if err := prompts.CheckName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "a|b", "<b>x</b>", "new", "metrics", "prompt-detail", "/a", "a/", "a//b", "a/../b", ".", " a", "a\n", "a\x00", "\xff", strings.Repeat("a", prompts.MaxName+1)} {
		if err := prompts.CheckName(bad); webhook.KindOf(err) != webhook.KindInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestFaultsOfANewVersionAreNamedWithTheirPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		draft prompts.Draft
		want  []string
	}{
		"a text":           {prompts.Draft{Type: "text", Content: []byte(`"x"`), Config: []byte(`null`)}, nil},
		"a chat":           {prompts.Draft{Type: "chat", Content: []byte(`[{"type":"chatmessage","role":"system","content":"Hi {{ who }}"}, {"type":"placeholder","name":"history"}]`)}, nil},
		"no type":          {prompts.Draft{Content: []byte(`"x"`)}, []string{"type"}},
		"no text":          {prompts.Draft{Type: "text", Content: []byte(`[]`)}, []string{"prompt"}},
		"no messages":      {prompts.Draft{Type: "chat", Content: []byte(`[ ]`)}, []string{"prompt"}},
		"a chat as text":   {prompts.Draft{Type: "chat", Content: []byte(`"x"`)}, []string{"prompt"}},
		"a text as a line": {prompts.Draft{Type: "chat", Content: []byte(`["x"]`)}, []string{"prompt[0]"}},
		"no role":          {prompts.Draft{Type: "chat", Content: []byte(`[{"content":"x"}]`)}, []string{"prompt[0].role"}},
		"no content":       {prompts.Draft{Type: "chat", Content: []byte(`[{"role":"user","content":"x"},{"role":"user","content":1}]`)}, []string{"prompt[1].content"}},
		"no placeholder":   {prompts.Draft{Type: "chat", Content: []byte(`[{"type":"placeholder"}]`)}, []string{"prompt[0].name"}},
		"two for one name": {prompts.Draft{Type: "chat", Content: []byte(`[{"role":"user","content":"{{who}}"},{"type":"placeholder","name":"who"}]`)}, []string{"prompt"}},
		"labels":           {prompts.Draft{Type: "text", Content: []byte(`"x"`), Labels: []string{"ok", "No", "", strings.Repeat("a", 37)}}, []string{"labels[1]", "labels[2]", "labels[3]"}},
		"tags":             {prompts.Draft{Type: "text", Content: []byte(`"x"`), Tags: []string{"team:ops", " ", "a\nb"}}, []string{"tags[1]", "tags[2]"}},
		"too many":         {prompts.Draft{Type: "text", Content: []byte(`"x"`), Labels: make([]string, 51)}, []string{"labels"}},
		"too large":        {prompts.Draft{Type: "text", Content: []byte(`"` + strings.Repeat("x", prompts.MaxContent) + `"`)}, []string{"prompt"}},
		"a long message":   {prompts.Draft{Type: "text", Content: []byte(`"x"`), CommitMessage: strings.Repeat("ä", 501)}, []string{"commitMessage"}},
	} {
		var places []string
		var told *webhook.Error
		if err := prompts.CheckDraft(c.draft); errors.As(err, &told) {
			for _, f := range told.Fields {
				places = append(places, f.Location)
			}
		}
		if diff := cmp.Diff(c.want, places); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
