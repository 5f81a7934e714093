package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/topics"
)

// groupTitles are in the order of the catalogue.
var groupTitles = []struct {
	group       webhook.Group
	title, note string
}{
	{webhook.GroupCommerce, "Commerce agent", "Prices, stock and commissions."},
	{webhook.GroupPrompts, "Prompts", "Changes of prompts, their labels and tags."},
	{webhook.GroupStore, "Store", "Chats, products and daily numbers."},
	{webhook.GroupCustom, "Of this platform", "Topics that the operator added."},
	{webhook.GroupOperational, "Operational", "Made by Bellwire about this project; subscribed by full name only."},
}

func (w *Web) listTopics(c *gin.Context) error {
	project, query := w.project(c), strings.ToLower(strings.TrimSpace(c.Query("q")))
	all, err := w.Manage.Topics(c.Request.Context(), w.caller(c))
	if err != nil {
		return err
	}
	subscribers, err := w.subscribers(c)
	if err != nil {
		return err
	}
	shell, err := w.shell(c, atTopics, "Topics", component.Link{Label: "Topics"})
	if err != nil {
		return err
	}
	m := topics.ListModel{Shell: shell, Action: under(project.ID, "topics"), Query: c.Query("q")}
	for _, g := range groupTitles {
		group := topics.Group{Title: g.title, Note: g.note}
		for _, t := range all {
			if t.Group != g.group || !strings.Contains(strings.ToLower(t.Name+" "+t.Description), query) {
				continue
			}
			group.Rows = append(group.Rows, topics.Row{
				URL: under(project.ID, "topics", t.Name), Name: t.Name, Description: t.Description, Deprecated: t.Deprecated,
				Subscribers: plural(int64(len(takers(subscribers, t.Name))), "endpoint", "endpoints"),
			})
		}
		if len(group.Rows) > 0 {
			m.Groups = append(m.Groups, group)
		}
	}
	return w.render(c, http.StatusOK, topics.List(m))
}

// subscribers are the project's endpoints, of which a page shows who takes a
// topic.
func (w *Web) subscribers(c *gin.Context) ([]webhook.Endpoint, error) {
	page, err := w.Manage.Endpoints(c.Request.Context(), w.caller(c), manage.EndpointFilter{ProjectID: w.project(c).ID, Limit: manage.MaxLimit})
	return page.Items, err
}

func takers(endpoints []webhook.Endpoint, topic string) []webhook.Endpoint {
	var list []webhook.Endpoint
	for _, e := range endpoints {
		if slices.ContainsFunc(e.Topics, func(pattern string) bool { return filter.Topic(pattern, topic) }) {
			list = append(list, e)
		}
	}
	return list
}

func (w *Web) showTopic(c *gin.Context) error {
	project := w.project(c)
	t, err := w.Manage.Topic(c.Request.Context(), w.caller(c), c.Param("topic"))
	if err != nil {
		return err
	}
	endpoints, err := w.subscribers(c)
	if err != nil {
		return err
	}
	shell, err := w.shell(c, atTopics, t.Name, component.Link{Label: "Topics", URL: under(project.ID, "topics")}, component.Link{Label: t.Name})
	if err != nil {
		return err
	}
	m := presentTopic(t)
	m.Shell = shell
	m.Publish = w.publishCommand(t.Name, string(t.Example))
	m.EventsURL = under(project.ID, "events") + "?topic=" + t.Name
	if w.caller(c).May(account.ChangeEndpoint, project.ID) == nil {
		m.SubscribeURL = under(project.ID, "endpoints", "new") + "?topic=" + t.Name
	}
	for _, e := range takers(endpoints, t.Name) {
		m.Subscribers = append(m.Subscribers, component.Link{Label: e.Name, URL: pathEndpoint(e)})
	}
	return w.render(c, http.StatusOK, topics.Show(m))
}

func presentTopic(t webhook.Topic) topics.ShowModel {
	m := topics.ShowModel{
		Name: t.Name, Description: t.Description, Deprecated: t.Deprecated, Check: "Data that breaks the schema is refused.",
		Schema: presentBody(t.Schema, ""), Example: presentBody(t.Example, ""), SearchKeys: t.SearchKeys, Members: schemaMembers(t.Schema),
	}
	for _, g := range groupTitles {
		if g.group == t.Group {
			m.Group = g.title
		}
	}
	switch {
	case len(t.Schema) == 0:
		m.Check = "Any object is taken."
	case t.WarnOnly:
		m.Check = "Data that breaks the schema is taken with a warning."
	}
	return m
}

// schemaMembers lists the top level of a JSON Schema in alphabetical order,
// required members first. A schema of another shape has its text alone.
func schemaMembers(schema []byte) []topics.Member {
	var s struct {
		Required   []string
		Properties map[string]struct {
			Type        any
			Description string
		}
	}
	if len(schema) == 0 || json.Unmarshal(schema, &s) != nil {
		return nil
	}
	var required, optional []topics.Member
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		property := s.Properties[name]
		member := topics.Member{Name: name, Type: typeWords(property.Type), Note: property.Description, Required: slices.Contains(s.Required, name)}
		if member.Required {
			required = append(required, member)
		} else {
			optional = append(optional, member)
		}
	}
	return append(required, optional...)
}

func typeWords(t any) string {
	switch v := t.(type) {
	case string:
		return v
	case []any:
		var words []string
		for _, one := range v {
			if word, ok := one.(string); ok {
				words = append(words, word)
			}
		}
		return strings.Join(words, " or ")
	}
	return "any"
}
