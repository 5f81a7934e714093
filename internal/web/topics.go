package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/topics"
)

// topicPages show the catalogue; operators change it from inside any project.
// "new-topic" stands beside the topics, for one may be named "new".
func (w *Web) topicPages() []line {
	return []line{
		{get, "/p/:project/topics", member, w.listTopics},
		{get, "/p/:project/new-topic", member, w.newTopic},
		{post, "/p/:project/new-topic", member, w.createTopic},
		{get, "/p/:project/topics/:topic", member, w.showTopic},
		{get, "/p/:project/topics/:topic/edit", member, w.editTopic},
		{post, "/p/:project/topics/:topic/edit", member, w.updateTopic},
		{post, "/p/:project/topics/:topic/deprecate", member, w.deprecateTopic},
		{post, "/p/:project/topics/:topic/delete", member, w.deleteTopic},
	}
}

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
	subscriptions, err := w.Manage.Subscriptions(c.Request.Context(), w.caller(c), project.ID)
	if err != nil {
		return err
	}
	shell, err := w.shell(c, atTopics, "Topics", component.Link{Label: "Topics"})
	if err != nil {
		return err
	}
	m := topics.ListModel{Shell: shell, Action: under(project.ID, "topics"), Query: c.Query("q")}
	if w.operates(c) {
		m.NewURL = under(project.ID, "new-topic")
	}
	for _, g := range groupTitles {
		group := topics.Group{Title: g.title, Note: g.note}
		for _, t := range all {
			if t.Group != g.group || !strings.Contains(strings.ToLower(t.Name+" "+t.Description), query) {
				continue
			}
			group.Rows = append(group.Rows, topics.Row{
				URL: under(project.ID, "topics", t.Name), Name: t.Name, Description: t.Description, Deprecated: t.Deprecated,
				Subscribers: subscriberWords(len(takers(subscriptions, t.Name))),
			})
		}
		if len(group.Rows) > 0 {
			m.Groups = append(m.Groups, group)
		}
	}
	return w.render(c, http.StatusOK, topics.List(m))
}

func subscriberWords(n int) string {
	if n == 0 {
		return "no endpoint"
	}
	return plural(int64(n), "endpoint", "endpoints")
}

// operates reports whether the visitor keeps the catalogue.
func (w *Web) operates(c *gin.Context) bool {
	return w.caller(c).May(account.ChangeTopics, webhook.ProjectID{}) == nil
}

// taker is an endpoint that takes a topic, and the first pattern that does.
type taker struct {
	webhook.Subscription
	pattern string
}

func takers(subscriptions []webhook.Subscription, topic string) []taker {
	var list []taker
	for _, s := range subscriptions {
		if pattern, ok := takes(s.Topics, topic); ok {
			list = append(list, taker{s, pattern})
		}
	}
	return list
}

// takes finds the first pattern that a topic fits.
func takes(patterns []string, topic string) (pattern string, ok bool) {
	at := slices.IndexFunc(patterns, func(pattern string) bool { return filter.Topic(pattern, topic) })
	if at < 0 {
		return "", false
	}
	return patterns[at], true
}

// inLine is the longest example that still makes a line to run, in bytes.
const inLine = 2000

func (w *Web) showTopic(c *gin.Context) error {
	project, caller := w.project(c).ID, w.caller(c)
	t, err := w.Manage.Topic(c.Request.Context(), caller, c.Param("topic"))
	if err != nil {
		return err
	}
	subscriptions, err := w.Manage.Subscriptions(c.Request.Context(), caller, project)
	if err != nil {
		return err
	}
	m := presentTopic(t)
	m.EventsURL = under(project, "events") + "?topic=" + url.QueryEscape(t.Name)
	if publishable(t.Name) {
		if m.Program = w.programCommand(t.Name, "@data.json"); len(t.Example) <= inLine {
			m.Curl, m.Program = w.publishCommand(t.Name, string(exampleOf(t))), w.programCommand(t.Name, string(exampleOf(t)))
		}
		if caller.May(account.Publish, project) == nil {
			m.PublishURL = newEventURL(project, t.Name)
		}
	}
	if !t.Deprecated && caller.May(account.ChangeEndpoint, project) == nil {
		m.SubscribeURL = under(project, "endpoints", "new") + "?topic=" + url.QueryEscape(t.Name)
	}
	for _, e := range takers(subscriptions, t.Name) {
		m.Subscribers = append(m.Subscribers, topics.Subscriber{
			Name: e.Name, URL: under(project, "endpoints", e.ID.String()), Pattern: e.pattern, Paused: e.State == webhook.EndpointPaused,
		})
	}
	if m.Operate, err = w.operate(c, t); err != nil {
		return err
	}
	m.Shell, err = w.shell(c, atTopics, t.Name, component.Link{Label: "Topics", URL: under(project, "topics")}, component.Link{Label: t.Name})
	if err != nil {
		return err
	}
	return w.render(c, http.StatusOK, topics.Show(m))
}

// operate are the acts of operators on a topic; nil for everybody else, and
// for topics that Bellwire makes itself.
func (w *Web) operate(c *gin.Context, t webhook.Topic) (*topics.Operate, error) {
	if !w.operates(c) || t.Group == webhook.GroupOperational {
		return nil, nil
	}
	at := func(act string) string { return under(w.project(c).ID, "topics", t.Name, act) }
	o := &topics.Operate{EditURL: at("edit"), DeprecateURL: at("deprecate")}
	if t.Shipped {
		o.Kept = "It ships with Bellwire, so it can't be deleted."
		return o, nil
	}
	namers, err := w.Manage.TopicNamers(c.Request.Context(), w.caller(c), t.Name)
	if err != nil {
		return nil, err
	}
	if len(namers) > 0 {
		o.Kept = "It can't be deleted while " + plural(int64(len(namers)), "endpoint names", "endpoints name") + " it in full:"
		for _, e := range namers {
			o.Keepers = append(o.Keepers, component.Link{Label: e.Name, URL: pathEndpoint(e)})
		}
		return o, nil
	}
	o.Delete = component.ConfirmModel{
		ID: "delete-topic", Label: "Delete", Title: "Delete " + t.Name + "?", Danger: true, Small: true, Submit: "Delete the topic",
		Consequence: "Publishing it is refused from now on, in every project. Events and deliveries of it stay in the log. Endpoints that take it by a pattern keep their other topics.",
		URL:         at("delete"),
	}
	return o, nil
}

// deprecatedWords stand wherever somebody works with such a topic.
const deprecatedWords = "It is deprecated: it can still be published and still arrives, but nothing new should be built on it."

func presentTopic(t webhook.Topic) topics.ShowModel {
	m := topics.ShowModel{
		Name: t.Name, Description: t.Description, Check: "Data that breaks the schema is refused.",
		Schema: presentBody(t.Schema, ""), Example: presentBody(t.Example, ""), SearchKeys: t.SearchKeys, Members: schemaMembers(t.Schema),
	}
	for _, g := range groupTitles {
		if g.group == t.Group {
			m.Group = g.title
		}
	}
	if t.Deprecated {
		m.Deprecated = deprecatedWords
	}
	switch {
	case len(t.Schema) == 0:
		m.Check = "Any object is taken."
	case t.WarnOnly:
		m.Check = "Data that breaks the schema is taken with a warning."
	}
	return m
}
