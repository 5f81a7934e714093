package api

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/prompts"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// which reads what picks a version.
func (in asked) which() (manage.Which, error) {
	which := manage.Which{Label: in.Query("label")}
	if in.Query("version") == "" {
		return which, nil
	}
	if which.Label != "" {
		return which, webhook.Conflict("Cannot specify both version and label")
	}
	var err error
	which.Number, err = in.number("version", 0, 1<<30)
	return which, err
}

func (in asked) number(name string, absent, most int) (int, error) {
	if in.Query(name) == "" {
		return absent, nil
	}
	return positive("query."+name, in.Query(name), most)
}

func positive(at, text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, webhook.Invalid(at, "must be a whole number from 1 to %d", most)
	}
	return n, nil
}

func (in asked) oneOf(name string, words ...string) (string, error) {
	text := in.Query(name)
	for _, w := range append(words, "") {
		if text == w {
			return text, nil
		}
	}
	return "", webhook.Invalid("query."+name, "must be %s or %s", words[0], words[1])
}

func (in asked) time(name string) (time.Time, error) {
	text := in.Query(name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.Year() < 1970 || t.Year() > 9999 {
		return t, webhook.Invalid("query."+name, "must be a time as RFC 3339 writes it, such as 2026-01-24T10:30:00Z")
	}
	return t, nil
}

// checkQuery refuses parameters that are not known or come twice, and settles
// which project the request is about.
func (a *API) checkQuery(in *asked, known []string) error {
	var faults []webhook.Field
	for name, values := range in.Request.URL.Query() {
		found := false
		for _, k := range known {
			found = found || k == name
		}
		switch {
		case !found:
			faults = append(faults, webhook.Field{Location: "query." + shorten(name), Message: "is not known here"})
		case len(values) > 1:
			faults = append(faults, webhook.Field{Location: "query." + name, Message: "must be there once"})
		}
	}
	if err := webhook.InvalidFields(faults); err != nil {
		return err
	}
	var err error
	if in.project, err = a.projectOf(in.Request.Context(), in.caller, in.Query("projectId"), "query.projectId"); err != nil {
		return err
	}
	if in.project.IsZero() {
		return webhook.Invalid("query.projectId", "is missing: use a project's key, or name the project")
	}
	return nil
}

// promptDraft reads a new version.
func promptDraft(body []byte) (name string, d prompts.Draft, err error) {
	d = prompts.Draft{Type: webhook.PromptText, Config: []byte("{}")}
	m := reading{body: body}
	m.read(map[string]func(value []byte) string{
		"name":   func(v []byte) string { return m.text(v, &name) },
		"prompt": func(v []byte) string { d.Content = compact(v); return "" },
		"type": func(v []byte) string {
			var word string
			fault := m.text(v, &word)
			d.Type = webhook.PromptType(word)
			return fault
		},
		"labels": func(v []byte) string { return m.texts(v, "labels", &d.Labels) },
		"tags":   func(v []byte) string { return m.texts(v, "tags", &d.Tags) },
		"config": func(v []byte) string { d.Config = compact(v); return "" },
		"commitMessage": func(v []byte) string {
			if string(v) == "null" {
				return ""
			}
			return m.text(v, &d.CommitMessage)
		},
	})
	if d.Content == nil && m.whole() {
		m.fault("prompt", "is missing")
	}
	return name, d, webhook.InvalidFields(m.faults)
}

func newLabels(body []byte) (labels []string, err error) {
	m := reading{body: body}
	m.read(map[string]func(value []byte) string{
		"newLabels": func(v []byte) string { return m.texts(v, "newLabels", &labels) },
	})
	if labels == nil && m.whole() {
		m.fault("newLabels", "is missing: an array of labels")
	}
	return labels, webhook.InvalidFields(m.faults)
}

// reading is a JSON object on its way into what it says.
type reading struct {
	body   []byte
	faults []webhook.Field
}

func (m *reading) fault(at, message string) {
	m.faults = append(m.faults, webhook.Field{Location: at, Message: message})
}

// whole reports whether nothing was wrong so far.
func (m *reading) whole() bool { return len(m.faults) == 0 }

// read gives each member to its reader, which answers what is wrong with it.
func (m *reading) read(members map[string]func(value []byte) string) {
	if len(m.body) == 0 || m.body[0] != '{' {
		m.fault("body", "must be a JSON object")
		return
	}
	for key, value := range rawjson.All(m.body) {
		name, _ := rawjson.Text(key)
		reader, known := members[name]
		if !known {
			m.fault(shorten(name), "is not known here")
		} else if message := reader(value); message != "" {
			m.fault(name, message)
		}
	}
}

func (*reading) text(value []byte, into *string) string {
	text, ok := rawjson.Text(value)
	if !ok {
		return "must be a string"
	}
	*into = text
	return ""
}

// texts reads a list of strings; null leaves it out.
func (m *reading) texts(value []byte, at string, into *[]string) string {
	if string(value) == "null" {
		return ""
	}
	if len(value) == 0 || value[0] != '[' {
		return "must be an array of strings"
	}
	list := []string{}
	for i, element := range rawjson.Elements(value) {
		text, ok := rawjson.Text(element)
		if !ok {
			m.fault(at+"["+strconv.Itoa(i)+"]", "must be a string")
		}
		list = append(list, text)
	}
	*into = list
	return ""
}

// compact drops the white space between tokens and keeps every spelling; the
// document was checked.
func compact(value []byte) []byte {
	var out bytes.Buffer
	if err := json.Compact(&out, value); err != nil {
		return value
	}
	return out.Bytes()
}
