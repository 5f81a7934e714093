package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/prompts"
)

// whichIn reads the version that a page or a form is about, zero for the newest.
func whichIn(text string) (manage.Which, error) {
	if text == "" {
		return manage.Which{}, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return manage.Which{}, webhook.NotFound("there is no such version")
	}
	return manage.Which{Number: n}, nil
}

func (w *Web) showPrompt(c *gin.Context) error {
	return w.drawPrompt(c, http.StatusOK, c.Query("version"), nil)
}

// refusedEdit is a form of the page that was refused, as it was typed.
type refusedEdit struct {
	labels, tags *string
	told         *webhook.Error
}

// drawPrompt shows a prompt with one version, or with two beside each other.
func (w *Web) drawPrompt(c *gin.Context, status int, version string, again *refusedEdit) error {
	project, caller, name := w.project(c).ID, w.caller(c), c.Param("prompt")
	which, err := whichIn(version)
	if err != nil {
		return err
	}
	p, v, err := w.Manage.Prompt(c.Request.Context(), caller, project, name, which)
	if err != nil {
		return err
	}
	m := presentPrompt(p, v, w.Now())
	if with := c.Query("with"); with != "" && with != strconv.Itoa(v.Number) {
		if m.Beside, err = w.beside(c, p, v, with); err != nil {
			return err
		}
	}
	if caller.May(account.ChangePrompts, project) == nil {
		m.NewURL, m.Edit = newPromptURL(project, p.Name), editPrompt(p, v, again)
	}
	title := p.Name
	parts := strings.Split(p.Name, "/")
	crumbs := append(promptCrumbs(project, strings.Join(parts[:len(parts)-1], "/")), component.Link{Label: parts[len(parts)-1], URL: pathPrompt(project, p.Name, 0)})
	if m.Shell, err = w.shell(c, atPrompts, title, crumbs...); err != nil {
		return err
	}
	return w.render(c, status, prompts.Show(m))
}

func (w *Web) beside(c *gin.Context, p webhook.Prompt, v webhook.PromptVersion, with string) (*prompts.Beside, error) {
	which, err := whichIn(with)
	if err != nil {
		return nil, err
	}
	_, other, err := w.Manage.Prompt(c.Request.Context(), w.caller(c), p.ProjectID, p.Name, which)
	if err != nil {
		return nil, err
	}
	b := compareVersions(p.Type, v, other)
	b.BackURL = pathPrompt(p.ProjectID, p.Name, v.Number)
	return &b, nil
}

func (w *Web) labelPrompt(c *gin.Context) error {
	typed := c.PostForm("labels")
	return w.changePrompt(c, refusedEdit{labels: &typed}, func(name string, which manage.Which) (string, error) {
		p, err := w.Manage.SetPromptLabels(c.Request.Context(), w.caller(c), w.project(c).ID, name, which.Number, splitWords(typed))
		if err != nil {
			return "", err
		}
		if v := p.Version(which.Number); v != nil && len(v.Labels) > 0 {
			return fmt.Sprintf("Version %d holds %s.", which.Number, strings.Join(v.Labels, ", ")), nil
		}
		return fmt.Sprintf("Version %d holds no label.", which.Number), nil
	})
}

func (w *Web) tagPrompt(c *gin.Context) error {
	typed := strings.ReplaceAll(c.PostForm("tags"), "\r\n", "\n")
	return w.changePrompt(c, refusedEdit{tags: &typed}, func(name string, _ manage.Which) (string, error) {
		_, err := w.Manage.SetPromptTags(c.Request.Context(), w.caller(c), w.project(c).ID, name, splitLines(typed))
		return "The tags are set.", err
	})
}

// changePrompt does what a form of the page asks for, and shows the page: again,
// with what was typed, if it was refused.
func (w *Web) changePrompt(c *gin.Context, typed refusedEdit, do func(name string, which manage.Which) (said string, err error)) error {
	which, err := whichIn(c.PostForm("version"))
	if err != nil {
		return err
	}
	name := c.Param("prompt")
	said, err := do(name, which)
	if told, ok := refusal(err); ok {
		typed.told = told
		return w.drawPrompt(c, http.StatusUnprocessableEntity, c.PostForm("version"), &typed)
	}
	if err != nil {
		return err
	}
	w.done(c, said)
	return w.redirect(c, pathPrompt(w.project(c).ID, name, which.Number))
}

func (w *Web) deletePrompt(c *gin.Context) error {
	project, name := w.project(c).ID, c.Param("prompt")
	which, err := whichIn(c.PostForm("version"))
	if err != nil {
		return err
	}
	after, err := w.Manage.DeletePrompt(c.Request.Context(), w.caller(c), project, name, which)
	if err != nil {
		return err
	}
	if after.Exists() {
		w.done(c, fmt.Sprintf("Version %d of %s is deleted.", which.Number, name))
		return w.redirect(c, pathPrompt(project, name, 0))
	}
	w.done(c, name+" is deleted.")
	return w.redirect(c, under(project, "prompts"))
}

// splitWords are words with spaces or commas between them.
func splitWords(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\r' || r == '\t' })
}

// splitLines are the lines that say something; never nil.
func splitLines(text string) []string {
	lines := []string{}
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	return lines
}

func editPrompt(p webhook.Prompt, v webhook.PromptVersion, again *refusedEdit) *prompts.Edit {
	at := func(part string) string { return under(p.ProjectID, "prompts", p.Name, part) }
	own := strings.Join(withoutLatest(v.Labels), " ")
	e := &prompts.Edit{
		LabelsURL: at("labels"), TagsURL: at("tags"),
		Labels:     component.FieldModel{Name: "labels", Label: "Labels", Input: component.Input{Value: own}, Mono: true, Placeholder: "production staging", Autocomplete: "off", Hint: "Separated by spaces. Leave one out to take it away."},
		LabelsNote: "A label stands on one version only: set here, it moves, and both versions are told as updated. latest stays with the newest version.",
		TagsField: component.FieldModel{Name: "tags", Label: "Tags", Input: component.Input{Value: strings.Join(p.Tags, "\n")}, Rows: len(p.Tags) + 1, Placeholder: "team:support",
			Hint: "One per line. Every version that holds a label is told as updated."},
		DeleteOne: component.ConfirmModel{
			ID: "delete-version", Label: fmt.Sprintf("Delete version %d", v.Number), Title: fmt.Sprintf("Delete version %d of %s?", v.Number, p.Name),
			Consequence: deleteOneWords(p, v), URL: at("delete"), Danger: true,
		},
		DeletePrompt: component.ConfirmModel{
			ID: "delete-prompt", Label: "Delete the whole prompt", Title: "Delete " + p.Name + "?", URL: at("delete"), Danger: true,
			Consequence: fmt.Sprintf("%s for good, and prompt.deleted is sent for each. Programs that ask for it get nothing.", goesWords(len(p.Versions))),
		},
	}
	if again != nil {
		message := sentence(again.told.Message)
		if again.labels != nil {
			e.Labels.Input = component.Input{Value: *again.labels, Error: message}
		}
		if again.tags != nil {
			e.TagsField.Input = component.Input{Value: *again.tags, Error: message}
		}
	}
	return e
}

func goesWords(versions int) string {
	if versions == 1 {
		return "Its only version goes"
	}
	return "All its " + count(int64(versions)) + " versions go"
}

// deleteOneWords say what the deletion of a version comes to.
func deleteOneWords(p webhook.Prompt, v webhook.PromptVersion) string {
	if len(p.Versions) == 1 {
		return "It is the only version: the prompt goes with it, for good. prompt.deleted is sent; programs that ask for it get nothing."
	}
	text := "It goes for good, and prompt.deleted is sent."
	if own := withoutLatest(v.Labels); len(own) > 0 {
		text += " Programs that ask for " + strings.Join(own, " or ") + " get nothing until the label stands on another version."
	}
	if len(withoutLatest(v.Labels)) < len(v.Labels) {
		text += " The newest of the others becomes latest, and is told as updated."
	}
	return text
}

func withoutLatest(labels []string) []string {
	var own []string
	for _, l := range labels {
		if l != webhook.LabelLatest {
			own = append(own, l)
		}
	}
	return own
}

func promptEvents(p webhook.Prompt) component.Link {
	return component.Link{Label: "See events of prompts", URL: under(p.ProjectID, "events") + "?topic=" + url.QueryEscape(webhook.TopicPromptUpdated)}
}
