package blocks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// post is the body of chat.postMessage.
type post struct {
	Channel string `json:"channel"`
	// Text is what notifications show, and those who can't see blocks.
	Text        string        `json:"text"`
	Blocks      []slack.Block `json:"blocks"`
	UnfurlLinks bool          `json:"unfurl_links"`
	UnfurlMedia bool          `json:"unfurl_media"`
}

// JSON is the body that posts the message to a channel.
func (m Message) JSON(channel string) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(post{Channel: channel, Text: escape(m.summary()), Blocks: m.blocks()}); err != nil {
		panic(err) // strings and blocks always encode
	}
	return bytes.TrimSpace(out.Bytes())
}

// summary is the message in one line.
func (m Message) summary() string {
	text := m.Title
	for i, f := range m.Fields {
		if i == 2 {
			break
		}
		text += fmt.Sprintf(" · %s: %s", f.Name, f.Value)
	}
	return text
}

func (m Message) blocks() []slack.Block {
	list := []slack.Block{slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, m.Title, true, false))}
	if len(m.Fields) > 0 {
		var lines []string
		for _, f := range m.Fields {
			lines = append(lines, "*"+escape(f.Name)+":* "+escape(f.Value))
		}
		list = append(list, section(strings.Join(lines, "\n")))
	}
	if m.Quote != "" {
		list = append(list, section("*Commit message:*\n> "+strings.ReplaceAll(escape(m.Quote), "\n", "\n> ")))
	}
	list = append(list, slack.NewContextBlock("", slack.NewTextBlockObject(slack.MarkdownType, stamp(m.At), false, false)))
	if m.Link != "" {
		button := slack.NewButtonBlockElement("view", "", slack.NewTextBlockObject(slack.PlainTextType, LinkText, false, false)).WithURL(m.Link)
		list = append(list, slack.NewActionBlock("", button))
	}
	return list
}

func section(markdown string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, markdown, false, false), nil, nil)
}

// stamp is a time that each reader sees in their own zone, with the exact one
// where that can't be shown.
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting
func stamp(t time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time_secs}|%s>", t.Unix(), t.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// escape makes text mean itself: these three begin and end what Slack obeys,
// such as calls for everybody's attention.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace
