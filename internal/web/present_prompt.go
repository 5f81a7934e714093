package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/prompts"
)

func presentPrompts(project webhook.ProjectID, s promptSearch, heads []webhook.PromptHead, now time.Time) prompts.ListModel {
	m := prompts.ListModel{
		Title: "Prompts", Action: under(project, "prompts"), Query: s.words, Clear: folderURL(project, ""),
		HooksURL: under(project, "endpoints") + "?topic=prompt.*",
	}
	if s.folder != "" && !s.narrows() {
		m.Title = s.folder
	}
	for _, h := range heads {
		r := prompts.Row{
			Name: h.Name, URL: pathPrompt(project, h.Name, 0), Type: string(h.Type), Labels: named(h.Labels), Tags: h.Tags,
			Versions: count(int64(h.Count)), Changed: moment(h.UpdatedAt, now),
		}
		if s.folder != "" && !s.narrows() {
			r.Name = strings.TrimPrefix(h.Name, s.folder+"/")
		}
		m.Rows = append(m.Rows, r)
	}
	drop := func(part string) string {
		kept := promptSearch{words: s.words, label: s.label, tag: s.tag}
		switch part {
		case "q":
			kept.words = ""
		case "label":
			kept.label = ""
		case "tag":
			kept.tag = ""
		}
		return searchURL(project, kept)
	}
	for _, part := range []struct{ name, value, text string }{
		{"q", s.words, "name has " + inQuotes(s.words)}, {"label", s.label, "label " + s.label}, {"tag", s.tag, "tag " + s.tag},
	} {
		if part.value != "" {
			m.Chosen = append(m.Chosen, component.Chip{Label: part.text, URL: drop(part.name), On: true})
		}
	}
	return m
}

// named puts the label that programs get first, and leaves out what every
// prompt has.
func named(labels []string) []string {
	own := slices.Clone(withoutLatest(labels))
	slices.SortStableFunc(own, func(a, b string) int {
		switch {
		case a == b:
			return 0
		case a == webhook.LabelProduction:
			return -1
		case b == webhook.LabelProduction:
			return 1
		}
		return strings.Compare(a, b)
	})
	return own
}

// shownVersions is how many the history lists.
const shownVersions = 50

func presentPrompt(p webhook.Prompt, v webhook.PromptVersion, now time.Time) prompts.ShowModel {
	m := prompts.ShowModel{
		Name: p.Name, Type: string(p.Type), Tags: p.Tags, Events: promptEvents(p), Open: presentVersion(p.Type, v, now),
		Action:  under(p.ProjectID, "prompts", p.Name),
		Compare: component.FieldModel{Name: "with", ID: "compare-with", Label: fmt.Sprintf("Compare version %d with", v.Number)},
	}
	for i, one := range slices.Backward(p.Versions) {
		if one.Number != v.Number {
			label := "version " + strconv.Itoa(one.Number)
			if len(one.Labels) > 0 {
				label += " (" + strings.Join(one.Labels, ", ") + ")"
			}
			m.Others = append(m.Others, component.Option{Value: strconv.Itoa(one.Number), Label: label})
		}
		if len(p.Versions)-i > shownVersions {
			continue
		}
		m.History = append(m.History, prompts.Entry{
			Number: strconv.Itoa(one.Number), URL: pathPrompt(p.ProjectID, p.Name, one.Number), Labels: presentLabels(one.Labels), Message: one.CommitMessage,
			By: byWhom(one.CreatedBy), Made: moment(one.CreatedAt, now), Current: one.Number == v.Number,
		})
	}
	if more := len(p.Versions) - len(m.History); more > 0 {
		m.Older = plural(int64(more), "older version", "older versions") + " not shown."
	}
	return m
}

func presentLabels(labels []string) []prompts.Label {
	var list []prompts.Label
	for _, l := range labels {
		list = append(list, prompts.Label{Text: l, Marked: l == webhook.LabelProduction})
	}
	return list
}

func presentVersion(kind webhook.PromptType, v webhook.PromptVersion, now time.Time) prompts.Version {
	shown := prompts.Version{
		Number: strconv.Itoa(v.Number), Labels: presentLabels(v.Labels), By: byWhom(v.CreatedBy), Made: moment(v.CreatedAt, now), Message: v.CommitMessage,
		Config: component.Body{Text: pretty(v.Config), Kind: "json"},
	}
	if string(v.Config) == "{}" {
		shown.Config = component.Body{}
	}
	if kind == webhook.PromptText {
		text, _ := rawjson.Text(v.Content)
		shown.Text = component.Body{Text: text, Kind: "text", Size: size(len(text))}
		return shown
	}
	for _, message := range rawjson.Elements(v.Content) {
		shown.Messages = append(shown.Messages, presentMessage(message))
	}
	return shown
}

func presentMessage(message []byte) prompts.Message {
	text := func(member string) string {
		value, _ := rawjson.Lookup(message, member)
		word, _ := rawjson.Text(value)
		return word
	}
	if text("type") == "placeholder" {
		return prompts.Message{Text: text("name"), Placeholder: true}
	}
	return prompts.Message{Role: text("role"), Text: text("content")}
}

// plainText is a version as lines, to be compared.
func plainText(kind webhook.PromptType, v webhook.PromptVersion) []string {
	var lines []string
	if kind == webhook.PromptText {
		text, _ := rawjson.Text(v.Content)
		lines = strings.Split(text, "\n")
	}
	if kind == webhook.PromptChat {
		for _, element := range rawjson.Elements(v.Content) {
			m := presentMessage(element)
			if m.Placeholder {
				lines = append(lines, "placeholder "+m.Text, "")
				continue
			}
			lines = append(append(append(lines, m.Role+":"), strings.Split(m.Text, "\n")...), "")
		}
	}
	if string(v.Config) != "{}" {
		lines = append(append(lines, "", "config:"), strings.Split(pretty(v.Config), "\n")...)
	}
	return lines
}

// maxBeside is how many lines a comparison shows.
const maxBeside = 2000

// compareVersions puts two versions side by side, the older on the left.
func compareVersions(kind webhook.PromptType, a, b webhook.PromptVersion) prompts.Beside {
	if a.Number > b.Number {
		a, b = b, a
	}
	m := prompts.Beside{Left: strconv.Itoa(a.Number), Right: strconv.Itoa(b.Number), Lines: besideLines(plainText(kind, a), plainText(kind, b))}
	switch {
	case !slices.ContainsFunc(m.Lines, func(l prompts.Line) bool { return l.Changed }):
		m.Note = "They say the same."
	case len(m.Lines) > maxBeside:
		m.Note = "The first " + count(maxBeside) + " lines of " + count(int64(len(m.Lines))) + "."
		m.Lines = m.Lines[:maxBeside]
	}
	return m
}

func searchURL(project webhook.ProjectID, s promptSearch) string {
	query := url.Values{}
	for name, value := range map[string]string{"q": s.words, "label": s.label, "tag": s.tag} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return under(project, "prompts")
	}
	return under(project, "prompts") + "?" + query.Encode()
}
