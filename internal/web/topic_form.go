package web

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/topics"
)

// topicInput is the form of a topic as it was typed.
type topicInput struct {
	name, group, description, schema, example, keys string
	warnOnly, deprecated                            bool
}

func readTopic(c *gin.Context) topicInput {
	text := func(name string) string { return strings.ReplaceAll(c.PostForm(name), "\r\n", "\n") }
	return topicInput{
		name: strings.TrimSpace(text("name")), group: text("group"), description: strings.TrimSpace(text("description")),
		schema: text("schema"), example: text("example"), keys: text("searchKeys"),
		warnOnly: text("warnOnly") == "true", deprecated: text("deprecated") == "true",
	}
}

func storedTopic(t webhook.Topic) topicInput {
	return topicInput{
		name: t.Name, group: string(t.Group), description: t.Description, schema: pretty(t.Schema), example: pretty(t.Example),
		keys: strings.Join(t.SearchKeys, "\n"), warnOnly: t.WarnOnly, deprecated: t.Deprecated,
	}
}

func (in topicInput) searchKeys() []string {
	var keys []string
	for line := range strings.Lines(in.keys) {
		if key := strings.TrimSpace(line); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

func (in topicInput) topic() webhook.Topic {
	return webhook.Topic{
		Name: in.name, Group: webhook.Group(in.group), Description: in.description, Schema: []byte(strings.TrimSpace(in.schema)),
		Example: []byte(strings.TrimSpace(in.example)), SearchKeys: in.searchKeys(), WarnOnly: in.warnOnly, Deprecated: in.deprecated,
	}
}

// patch is the whole form; of a topic that ships, what can be set.
func (in topicInput) patch(shipped bool) manage.TopicPatch {
	p := manage.TopicPatch{WarnOnly: &in.warnOnly, Deprecated: &in.deprecated}
	if shipped {
		return p
	}
	t := in.topic()
	p.Group, p.Description, p.Schema, p.Example, p.SearchKeys = &t.Group, &t.Description, &t.Schema, &t.Example, &t.SearchKeys
	return p
}

// mayOperate refuses those who don't keep the catalogue.
func (w *Web) mayOperate(c *gin.Context) error {
	return w.caller(c).May(account.ChangeTopics, webhook.ProjectID{})
}

// freshTopic is a start to write over.
var freshTopic = topicInput{
	group:   string(webhook.GroupCustom),
	schema:  "{\n  \"type\": \"object\",\n  \"required\": [\"id\"],\n  \"properties\": {\n    \"id\": { \"type\": \"string\" }\n  }\n}",
	example: "{\n  \"id\": \"1\"\n}",
	keys:    "id",
}

func (w *Web) newTopic(c *gin.Context) error {
	if err := w.mayOperate(c); err != nil {
		return err
	}
	return w.showTopicForm(c, http.StatusOK, freshTopic, nil, nil)
}

func (w *Web) createTopic(c *gin.Context) error {
	if err := w.mayOperate(c); err != nil {
		return err
	}
	in := readTopic(c)
	made, err := w.Manage.CreateTopic(c.Request.Context(), w.caller(c), in.topic())
	if told, ok := refusal(err); ok {
		return w.showTopicForm(c, http.StatusUnprocessableEntity, in, nil, told)
	}
	if err != nil {
		return err
	}
	w.Publish.TopicsChanged()
	w.done(c, made.Name+" is in the catalogue. Every project can subscribe to it.")
	return w.redirect(c, under(w.project(c).ID, "topics", made.Name))
}

func (w *Web) editTopic(c *gin.Context) error {
	t, err := w.operated(c)
	if err != nil {
		return err
	}
	return w.showTopicForm(c, http.StatusOK, storedTopic(t), &t, nil)
}

// operated is the topic in the path, for those who keep the catalogue.
func (w *Web) operated(c *gin.Context) (webhook.Topic, error) {
	if err := w.mayOperate(c); err != nil {
		return webhook.Topic{}, err
	}
	return w.Manage.Topic(c.Request.Context(), w.caller(c), c.Param("topic"))
}

func (w *Web) updateTopic(c *gin.Context) error {
	t, err := w.operated(c)
	if err != nil {
		return err
	}
	in := readTopic(c)
	in.name = t.Name
	_, err = w.Manage.UpdateTopic(c.Request.Context(), w.caller(c), t.Name, in.patch(t.Shipped))
	if told, ok := refusal(err); ok {
		return w.showTopicForm(c, http.StatusUnprocessableEntity, in, &t, told)
	}
	if err != nil {
		return err
	}
	w.Publish.TopicsChanged()
	w.done(c, "Saved. It counts from the next event.")
	return w.redirect(c, under(w.project(c).ID, "topics", t.Name))
}

func (w *Web) deprecateTopic(c *gin.Context) error {
	t, err := w.operated(c)
	if err != nil {
		return err
	}
	deprecated := c.PostForm("deprecated") != "false"
	if _, err := w.Manage.UpdateTopic(c.Request.Context(), w.caller(c), t.Name, manage.TopicPatch{Deprecated: &deprecated}); err != nil {
		return err
	}
	w.Publish.TopicsChanged()
	text := t.Name + " is deprecated: new endpoints are not offered it, and it still arrives where it is taken."
	if !deprecated {
		text = t.Name + " is not deprecated any more."
	}
	w.done(c, text)
	return w.redirect(c, under(w.project(c).ID, "topics", t.Name))
}

func (w *Web) deleteTopic(c *gin.Context) error {
	t, err := w.operated(c)
	if err != nil {
		return err
	}
	if err := w.Manage.DeleteTopic(c.Request.Context(), w.caller(c), t.Name); err != nil {
		return err
	}
	w.Publish.TopicsChanged()
	w.done(c, t.Name+" is deleted.")
	return w.redirect(c, under(w.project(c).ID, "topics"))
}

// showTopicForm draws the form as it was typed; before is nil for a new topic.
func (w *Web) showTopicForm(c *gin.Context, status int, in topicInput, before *webhook.Topic, told *webhook.Error) error {
	project := w.project(c).ID
	title := "Add a topic"
	crumbs := []component.Link{{Label: "Topics", URL: under(project, "topics")}}
	m := presentTopicForm(in, told)
	m.New, m.Action, m.CancelURL = before == nil, under(project, "new-topic"), under(project, "topics")
	if before != nil {
		title, m.Shipped = "Edit "+before.Name, before.Shipped
		m.Action, m.CancelURL = under(project, "topics", before.Name, "edit"), under(project, "topics", before.Name)
		crumbs = append(crumbs, component.Link{Label: before.Name, URL: m.CancelURL})
	}
	var err error
	if m.Shell, err = w.shell(c, atTopics, title, append(crumbs, component.Link{Label: title})...); err != nil {
		return err
	}
	return w.render(c, status, topics.Form(m))
}

func presentTopicForm(in topicInput, told *webhook.Error) topics.FormModel {
	var wrong []webhook.Field
	var refused []component.Mistake
	if told != nil {
		wrong = told.Fields
		if len(wrong) == 0 {
			refused = []component.Mistake{{Text: sentence(told.Message)}}
		}
	}
	m := topics.FormModel{
		Mistakes: append(refused, topicMistakes(wrong)...), Name: component.Input{Value: in.name, Error: faultAt(wrong, "name")},
		GroupError: faultAt(wrong, "group"), Description: component.Input{Value: in.description, Error: faultAt(wrong, "description")},
		SearchKeys: component.Input{Value: in.keys, Error: keyFault(wrong)}, WarnOnly: in.warnOnly, Deprecated: in.deprecated,
		Schema: component.EditorModel{
			Field: component.FieldModel{Name: "schema", Label: "JSON Schema of data", Optional: true, Rows: 10, Input: component.Input{Value: in.schema},
				Hint: "Draft 2020-12, no references to other documents. Empty takes any object. With script: Tab indents; Esc, then Tab leaves the field."},
			Faults: editorFaults(wrong, "schema", in.schema),
		},
		Example: component.EditorModel{
			Field: component.FieldModel{Name: "example", Label: "Example of data", Optional: true, Rows: 6, Input: component.Input{Value: in.example},
				Hint: "Shown to developers, used by tests and previews; it must fit the schema."},
			Faults: editorFaults(wrong, "example", in.example),
		},
	}
	for _, g := range groupTitles {
		if g.group != webhook.GroupOperational {
			m.Groups = append(m.Groups, component.Option{Value: string(g.group), Label: g.title, Selected: string(g.group) == in.group})
		}
	}
	return m
}

// topicMistakes sum the wrong places up and lead to their fields.
func topicMistakes(wrong []webhook.Field) []component.Mistake {
	var list []component.Mistake
	for _, f := range wrong {
		field, _, _ := strings.Cut(strings.ReplaceAll(f.Location, "[", "."), ".")
		list = append(list, component.Mistake{Field: field, Text: f.Location + " " + f.Message})
	}
	return list
}

func keyFault(wrong []webhook.Field) string {
	for _, f := range wrong {
		if strings.HasPrefix(f.Location, "searchKeys") {
			return f.Message
		}
	}
	return ""
}
