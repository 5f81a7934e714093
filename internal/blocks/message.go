// Package blocks says an event as a Slack message: what a channel is told, and
// the JSON that chat.postMessage takes for it. It is pure: the same event gives
// the same bytes, so that the log can show again what was sent.
package blocks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// What a message shows at most, in characters as they are sent: Slack takes 150
// in a title and 3,000 in a section, which holds all fields.
const (
	maxTitle  = 150
	maxName   = 60
	maxField  = 250
	maxQuote  = 2900
	maxFields = 8
)

// Place is where the dashboard shows what a message is about.
type Place struct {
	// BaseURL is Bellwire's public address without a slash at the end.
	BaseURL string
	Project webhook.ProjectID
}

// Message is what a channel is told. Its texts are plain: nothing in them is
// escaped yet.
type Message struct {
	Title  string
	Fields []Field
	// Quote is the commit message; empty for none.
	Quote string
	At    time.Time
	// Link opens the page of it.
	Link string
}

// Field is one line of the message's facts.
type Field struct{ Name, Value string }

// LinkText stands on the button.
const LinkText = "View in Bellwire"

// Of makes the message of an event: prompt events by what happened to the
// version, any other by the members of its data.
func Of(event webhook.Event, at Place) Message {
	if m, ok := promptMessage(event, at); ok {
		return m
	}
	return Message{
		Title: cut("🔔 "+event.Topic, maxTitle), Fields: members(event.Data), At: event.OccurredAt,
		Link: at.page("events", event.ID.String()),
	}
}

func (p Place) page(parts ...string) string {
	text := p.BaseURL + "/p/" + p.Project.String()
	for _, part := range parts {
		text += "/" + url.PathEscape(part)
	}
	return text
}

// promptData is what messages tell of a prompt's version.
type promptData struct {
	Name          string   `json:"name"`
	Version       int      `json:"version"`
	Labels        []string `json:"labels"`
	Tags          []string `json:"tags"`
	CommitMessage string   `json:"commitMessage"`
}

func promptMessage(event webhook.Event, at Place) (Message, bool) {
	action, ok := strings.CutPrefix(event.Topic, "prompt.")
	var d promptData
	if !ok || json.Unmarshal(event.Data, &d) != nil || d.Name == "" || d.Version < 1 {
		return Message{}, false
	}
	m := Message{
		Title: "🔔 Prompt " + action,
		Fields: []Field{
			{"Name", cut(d.Name, maxField)}, {"Version", strconv.Itoa(d.Version)}, {"Action", action},
			{"Labels", words(d.Labels)}, {"Tags", words(d.Tags)},
		},
		Quote: cut(d.CommitMessage, maxQuote), At: event.OccurredAt,
		Link: at.page("prompts", d.Name) + "?version=" + strconv.Itoa(d.Version),
	}
	if slices.Contains(d.Labels, webhook.LabelProduction) {
		m.Title = "🚨 Production · Prompt " + action
	}
	if event.Topic == webhook.TopicPromptDeleted { // its page is gone
		m.Link = at.page("events", event.ID.String())
	}
	m.Title = cut(m.Title, maxTitle)
	return m, true
}

func words(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return cut(strings.Join(list, ", "), maxField)
}

// members are the first of the data, each on one line; how many follow is said.
func members(data []byte) []Field {
	var fields []Field
	more := 0
	for key, value := range rawjson.All(data) {
		if len(fields) == maxFields {
			more++
			continue
		}
		name, _ := rawjson.Text(key)
		fields = append(fields, Field{cut(oneLine(name), maxName), cut(oneLine(textOf(value)), maxField)})
	}
	if more > 0 {
		fields = append(fields, Field{"More", fmt.Sprintf("%d other members", more)})
	}
	return fields
}

// textOf is a text as it reads, and any other value as it is written.
func textOf(value []byte) string {
	if text, ok := rawjson.Text(value); ok {
		return text
	}
	var compact bytes.Buffer
	if json.Compact(&compact, value) != nil {
		return string(value)
	}
	return compact.String()
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// cut keeps at most limit characters, counted as they are sent.
func cut(text string, limit int) string {
	size, kept := 0, 0
	for at, r := range text {
		if size < limit {
			kept = at
		}
		if size += width(r); size > limit {
			return text[:kept] + "…"
		}
	}
	return text
}

// width is how many characters one takes once it is escaped, or begins a line
// of a quotation.
func width(r rune) int {
	switch r {
	case '&':
		return len("&amp;")
	case '<', '>':
		return len("&lt;")
	case '\n':
		return len("\n> ")
	}
	return 1
}
