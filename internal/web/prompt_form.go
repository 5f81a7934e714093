package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/prompts"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	view "github.com/bellwire/bellwire/views/prompts"
)

// promptForm is the form of a version as it was typed.
type promptForm struct {
	name, kind, content, config, labels, tags, message string
	// known: the prompt exists, and its name and type stand.
	known bool
}

func readPrompt(c *gin.Context) promptForm {
	text := func(name string) string { return strings.ReplaceAll(c.PostForm(name), "\r\n", "\n") }
	return promptForm{
		name: strings.TrimSpace(text("name")), kind: text("type"), content: text("prompt"), config: text("config"),
		labels: text("labels"), tags: text("tags"), message: strings.TrimSpace(text("commitMessage")),
	}
}

// draft is what the form says; faults are what can't be read at all.
func (in promptForm) draft() (d prompts.Draft, faults []webhook.Field) {
	d = prompts.Draft{Type: webhook.PromptType(in.kind), Labels: splitWords(in.labels), CommitMessage: in.message, Tags: splitLines(in.tags), Config: []byte("{}")}
	read := func(field, text string) []byte {
		var out bytes.Buffer
		if err := rawjson.CheckDocument([]byte(text)); err != nil {
			faults = append(faults, webhook.Field{Location: field, Message: "must be JSON: " + err.Error()})
		} else if err := json.Compact(&out, []byte(text)); err != nil {
			faults = append(faults, webhook.Field{Location: field, Message: "must be JSON"})
		}
		return out.Bytes()
	}
	if d.Type == webhook.PromptChat {
		d.Content = read("prompt", in.content)
	} else {
		d.Content = rawjson.Quote(in.content)
	}
	if strings.TrimSpace(in.config) != "" {
		d.Config = read("config", in.config)
	}
	return d, faults
}

func (w *Web) newPrompt(c *gin.Context) error {
	project, caller := w.project(c).ID, w.caller(c)
	if err := caller.May(account.ChangePrompts, project); err != nil {
		return err
	}
	in := promptForm{kind: string(webhook.PromptText)}
	if name := c.Query("name"); name != "" {
		p, v, err := w.Manage.Prompt(c.Request.Context(), caller, project, name, manage.Which{})
		if err != nil {
			return err
		}
		in = promptForm{name: p.Name, kind: string(p.Type), config: pretty(v.Config), tags: strings.Join(p.Tags, "\n"), content: editable(p.Type, v.Content), known: true}
	}
	return w.showPromptForm(c, http.StatusOK, in, nil)
}

// editable is what a version holds, as the form takes it.
func editable(kind webhook.PromptType, content []byte) string {
	if kind == webhook.PromptText {
		text, _ := rawjson.Text(content)
		return text
	}
	return pretty(content)
}

func (w *Web) createPrompt(c *gin.Context) error {
	project, caller := w.project(c).ID, w.caller(c)
	if err := caller.May(account.ChangePrompts, project); err != nil {
		return err
	}
	in := readPrompt(c)
	d, faults := in.draft()
	err := webhook.InvalidFields(faults)
	var p webhook.Prompt
	var v webhook.PromptVersion
	if err == nil {
		p, v, err = w.Manage.CreatePrompt(c.Request.Context(), caller, project, in.name, d)
	}
	if told, ok := refusal(err); ok {
		_, _, missing := w.Manage.Prompt(c.Request.Context(), caller, project, in.name, manage.Which{})
		in.known = missing == nil
		return w.showPromptForm(c, http.StatusUnprocessableEntity, in, told)
	}
	if err != nil {
		return err
	}
	w.done(c, "Version "+count(int64(v.Number))+" of "+p.Name+" is made: it holds "+strings.Join(v.Labels, ", ")+".")
	return w.redirect(c, pathPrompt(project, p.Name, v.Number))
}

func (w *Web) showPromptForm(c *gin.Context, status int, in promptForm, told *webhook.Error) error {
	project := w.project(c).ID
	m := presentPromptForm(in, told)
	m.Action, m.CancelURL, m.Title = under(project, "prompts", "new"), under(project, "prompts"), "New prompt"
	crumbs := promptCrumbs(project, "")
	if in.known {
		m.Title, m.CancelURL = "New version of "+in.name, pathPrompt(project, in.name, 0)
		crumbs = append(crumbs, component.Link{Label: in.name, URL: m.CancelURL})
	}
	var err error
	if m.Shell, err = w.shell(c, atPrompts, m.Title, append(crumbs, component.Link{Label: "New"})...); err != nil {
		return err
	}
	return w.render(c, status, view.Form(m))
}

func presentPromptForm(in promptForm, told *webhook.Error) view.FormModel {
	wrong := map[string]string{}
	m := view.FormModel{Known: in.known}
	if told != nil {
		for _, f := range told.Fields {
			field, _, nested := strings.Cut(f.Location, "[")
			text := f.Message
			if nested {
				text = f.Location + " " + f.Message
			}
			if wrong[field] == "" {
				wrong[field] = text
			}
		}
		m.Mistakes = listed(wrong)
		if len(told.Fields) == 0 {
			m.Mistakes = []component.Mistake{{Text: sentence(told.Message)}}
		}
	}
	input := func(value, field string) component.Input { return component.Input{Value: value, Error: wrong[field]} }
	m.Name, m.Labels, m.Tags, m.Message = input(in.name, "name"), input(in.labels, "labels"), input(in.tags, "tags"), input(in.message, "commitMessage")
	m.Types = selected([]component.Option{
		{Value: string(webhook.PromptText), Label: "Text", Hint: "One text, with {{variables}} to fill in."},
		{Value: string(webhook.PromptChat), Label: "Chat", Hint: `Messages as JSON: [{"role": "system", "content": "…"}], with {"type": "placeholder", "name": "history"} where others go.`},
	}, in.kind)
	m.Content = component.FieldModel{Name: "prompt", Label: "Prompt", Input: input(in.content, "prompt"), Rows: 12, Mono: true, Required: true, Placeholder: "Rate {{movie}} out of 10."}
	if in.known && in.kind == string(webhook.PromptChat) {
		m.Content.Hint = `Messages as JSON, each {"role": …, "content": …}, or {"type": "placeholder", "name": …}.`
	}
	m.Config = component.FieldModel{Name: "config", Label: "Config", Input: input(in.config, "config"), Rows: 4, Mono: true, Optional: true, Placeholder: `{"model": "gpt-4o", "temperature": 0.7}`, Hint: "Any JSON; it goes to programs as it is."}
	return m
}
