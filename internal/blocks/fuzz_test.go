package blocks_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/bellwire/bellwire/internal/blocks"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// FuzzOf: any event makes a message that Slack takes: one JSON document within
// its bounds.
func FuzzOf(f *testing.F) {
	f.Add("prompt.created", `{"name":"a","version":1,"labels":["production"],"tags":[],"commitMessage":"x\ny"}`)
	f.Add("prompt.updated", `{"name":"<!channel>","version":"3","labels":1,"tags":[[]]}`)
	f.Add("order.created", `{"id":1001,"a":{"b":"\ud800"},"":null,"<&>":"&lt;"}`)
	f.Fuzz(func(t *testing.T, topic, data string) {
		checked, err := rawjson.Check([]byte(data))
		if err != nil || checked[0] != '{' || !webhook.ValidTopicName(topic) {
			return
		}
		var body struct{ Blocks slack.Blocks }
		text := blocks.Of(event(topic, string(checked)), place).JSON("C1")
		if err := json.Unmarshal(text, &body); err != nil || !utf8.Valid(text) {
			t.Fatalf("%v: %s", err, text)
		}
		for _, block := range body.Blocks.BlockSet {
			var limit int
			var words string
			switch b := block.(type) {
			case *slack.HeaderBlock:
				limit, words = 150, b.Text.Text
			case *slack.SectionBlock:
				limit, words = 3000, b.Text.Text
			default:
				continue
			}
			if n := utf8.RuneCountInString(words); n == 0 || n > limit {
				t.Errorf("a %s of %d characters: %s", block.BlockType(), n, text)
			}
		}
	})
}
