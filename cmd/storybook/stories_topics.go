package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/audit"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/topics"
)

func topicStories() map[string]teller {
	return map[string]teller{
		"topics":      func(t string) templ.Component { return topics.List(topicList(t)) },
		"topics-many": func(t string) templ.Component { return topics.List(topicListLong(t)) },
		"topics-none": func(t string) templ.Component {
			return topics.List(topics.ListModel{Shell: shell(t, "Topics"), Action: "/story/topics", Query: "prise"})
		},
		"topic":            func(t string) templ.Component { return topics.Show(topicShow(t)) },
		"topic-operator":   func(t string) templ.Component { return topics.Show(topicOperated(t)) },
		"topic-kept":       func(t string) templ.Component { return topics.Show(topicKept(t)) },
		"topic-new":        func(t string) templ.Component { return topics.Form(topicForm(t)) },
		"topic-edit-wrong": func(t string) templ.Component { return topics.Form(topicFormWrong(t)) },
		"topic-shipped":    func(t string) templ.Component { return topics.Form(topicFormShipped(t)) },
		"audit":            func(t string) templ.Component { return audit.List(auditList(t, 30)) },
		"audit-chosen":     func(t string) templ.Component { return audit.List(auditChosen(t)) },
		"audit-empty":      func(t string) templ.Component { return audit.List(auditList(t, 0)) },
	}
}

func topicList(theme string) topics.ListModel {
	return topics.ListModel{Shell: shell(theme, "Topics"), Action: "/story/topics", NewURL: "/story/topic-new", Groups: []topics.Group{
		{Title: "Commerce agent", Note: "Prices, stock and commissions.", Rows: []topics.Row{
			{URL: "/story/topic", Name: "product.price_changed", Description: "A product's price is another one than before.", Subscribers: "3 endpoints"},
			{URL: "/story/topic", Name: "commission.earned", Description: "A sale that came through the agent brought a commission.", Subscribers: "no endpoint"},
		}},
		{Title: "Of this platform", Note: "Topics that the operator added.", Rows: []topics.Row{
			{URL: "/story/topic", Name: strings.Repeat("operator-made.", 9) + "x", Description: strings.Repeat("A long description that says everything twice. ", 8), Deprecated: true, Subscribers: "1,204 endpoints"},
			{URL: "/story/topic", Name: "order.made", Description: rtlName + " " + emoji, Subscribers: "1 endpoint"},
		}},
	}}
}

// topicListLong has 200 topics of 20 families of one platform.
func topicListLong(theme string) topics.ListModel {
	m := topicList(theme)
	group := topics.Group{Title: "Of this platform", Note: "Topics that the operator added."}
	for i := range 200 {
		group.Rows = append(group.Rows, topics.Row{
			URL: "/story/topic", Name: fmt.Sprintf("family_%02d.thing_%02d.changed", i/10, i%10), Description: "Something of this family changed.",
			Deprecated: i%17 == 3, Subscribers: []string{"no endpoint", "1 endpoint", "12 endpoints"}[i%3],
		})
	}
	m.Groups[1] = group
	return m
}

func topicShow(theme string) topics.ShowModel {
	return topics.ShowModel{
		Shell: shell(theme, "Topics", "product.price_changed"), Name: "product.price_changed", Group: "Commerce agent", Description: "A product's price is another one than before.",
		Check: "Data that breaks the schema is refused.", SearchKeys: []string{"productId"}, EventsURL: "/story/events", SubscribeURL: "/story/endpoint-new", PublishURL: "/story/event-publish",
		Members: []topics.Member{
			{Name: "productId", Type: "string", Required: true, Note: "Events can be found by it."}, {Name: "oldPrice", Type: "number or string", Required: true}, {Name: "newPrice", Type: "number or string", Required: true},
			{Name: "currency", Type: "string", Required: true, Note: `ISO 4217 · One of "EUR", "USD"`}, {Name: "offers", Type: "list of object"}, {Name: "offers[].price", Type: "number", Required: true, Note: "At least 0"},
		},
		Example: component.Body{Text: payload, Kind: "json"}, Schema: component.Body{Text: "{\n  \"type\": \"object\",\n  \"required\": [\"productId\"]\n}", Kind: "json"},
		Curl:    "curl -X POST http://127.0.0.1:8080/api/v1/events -H 'Authorization: Bearer KEY' -d '{\"topic\":\"product.price_changed\"}'",
		Program: "bellwire publish --url http://127.0.0.1:8080 --key KEY --topic product.price_changed --data '{}'",
		Subscribers: []topics.Subscriber{
			{Name: "orders-prod", URL: "/story/endpoint", Pattern: "product.price_changed"}, {Name: longName, URL: "/story/endpoint", Pattern: "product.*", Paused: true}, {Name: rtlName, URL: "/story/endpoint", Pattern: "*"},
		},
	}
}

func topicOperated(theme string) topics.ShowModel {
	m := topicShow(theme)
	m.Name, m.Group, m.SubscribeURL, m.Description = strings.Repeat("operator-made.", 9)+"x", "Of this platform", "", rtlName+" "+emoji
	m.Deprecated = "It is deprecated: it can still be published and still arrives, but nothing new should be built on it."
	m.Operate = &topics.Operate{EditURL: "/story/topic-new", DeprecateURL: "/story/topic", Delete: component.ConfirmModel{
		ID: "delete-topic", Label: "Delete", Title: "Delete " + m.Name + "?", Danger: true, Small: true, Submit: "Delete the topic", URL: "#",
		Consequence: "Publishing it is refused from now on, in every project. Events and deliveries of it stay in the log.",
	}}
	return m
}

func topicKept(theme string) topics.ShowModel {
	m := topicShow(theme)
	m.Schema, m.Example, m.Members, m.Curl = component.Body{}, component.Body{}, nil, ""
	m.Operate = &topics.Operate{EditURL: "/story/topic-new", DeprecateURL: "/story/topic", Kept: "It can't be deleted while 2 endpoints name it in full:",
		Keepers: []component.Link{{Label: "orders-prod", URL: "/story/endpoint"}, {Label: longName, URL: "/story/endpoint"}}}
	return m
}

func topicForm(theme string) topics.FormModel {
	return topics.FormModel{
		Shell: shell(theme, "Topics", "Add a topic"), New: true, Action: "/story/topic-new", CancelURL: "/story/topics",
		Groups:     []component.Option{{Value: "custom", Label: "Of this platform", Selected: true}, {Value: "store", Label: "Store"}},
		Schema:     component.EditorModel{Field: component.FieldModel{Name: "schema", Label: "JSON Schema of data", Optional: true, Input: component.Input{Value: "{\n  \"type\": \"object\"\n}"}, Hint: "Draft 2020-12. Empty takes any object."}},
		Example:    component.EditorModel{Field: component.FieldModel{Name: "example", Label: "Example of data", Optional: true, Input: component.Input{Value: "{\n  \"id\": \"1\"\n}"}, Hint: "It must fit the schema."}},
		SearchKeys: component.Input{Value: "id"},
	}
}

func topicFormWrong(theme string) topics.FormModel {
	m := topicForm(theme)
	m.New, m.Name, m.Deprecated = false, component.Input{Value: strings.Repeat("operator-made.", 9) + "x"}, true
	m.Mistakes = []component.Mistake{{Field: "schema", Text: "schema.type is not one of the shapes that JSON Schema allows"}, {Field: "example", Text: "example.id is missing"}}
	m.Schema.Faults = []component.EditorFault{{Path: "schema.type", Line: "2", Text: "fits none of the shapes that JSON Schema allows"}}
	m.Example.Faults = []component.EditorFault{{Path: "example.id", Line: "1", Text: "is missing"}}
	m.SearchKeys.Error = "can be at most 3"
	return m
}

func topicFormShipped(theme string) topics.FormModel {
	m := topicForm(theme)
	m.New, m.Shipped, m.WarnOnly, m.Name = false, true, true, component.Input{Value: "product.viewed"}
	return m
}

func auditList(theme string, n int) audit.ListModel {
	m := audit.ListModel{
		Shell: shell(theme, "Audit"), Action: "/story/audit", Sentence: "who did what in this project, newest first; kept for good", Ranges: ranges("24 h"),
		Actions: []component.Option{{Label: "anything"}, {Value: "endpoint", Label: "endpoints"}}, Actors: []component.Option{{Label: "anybody"}, {Value: "x", Label: longName}},
		ExportURL: "/story/audit", ExportNote: "The file has the newest 10,000 acts that the filter leaves.",
		Empty: component.EmptyModel{Title: "Nothing was done yet", Text: "Whoever makes, changes, reveals or resends something here is named on this page, for good."},
	}
	for i := range n {
		r := audit.Row{ID: id(i), Who: "Ada Okafor", Kind: "person", ActorURL: "/story/audit", Did: "revealed the signing secret of", Object: component.Link{Label: "orders-prod", URL: "/story/endpoint"}, Exact: "endpoint.secret.revealed", Addr: "192.0.2.14", At: ago(time.Duration(i*i*60+3) * time.Second)}
		switch i % 5 {
		case 1:
			r.Who, r.Kind, r.Did, r.After, r.Object = "deploy", "API key", "switched", "to its next signing secret", component.Link{Label: longName, URL: "/story/endpoint"}
		case 2:
			r.Who, r.Did, r.Object, r.Detail = rtlName, "changed the role of", component.Link{Label: emoji}, "role: viewer → developer"
		case 3:
			r.Who, r.Kind, r.Did, r.Object, r.Addr = longName, "person", "published a test event of", component.Link{Label: "product.price_changed", URL: "/story/event"}, "2001:0db8:85a3:0000:0000:8a2e:0370:7334"
		}
		m.Rows = append(m.Rows, r)
	}
	return m
}

// auditChosen is narrowed to an endpoint, with a long change and a folded row.
func auditChosen(theme string) audit.ListModel {
	m := auditList(theme, 3)
	m.Chosen, m.Sentence = []component.Chip{{Label: "endpoint " + longName, URL: "/story/audit"}, {Label: "last 24 h", URL: "/story/audit"}}, "endpoint "+longName+" · last 24 h"
	m.Rows[0].Did, m.Rows[0].Detail = "changed the endpoint", "topics: product.* → product.viewed; URL: https://a.example/… → https://b.example/…; payload filter: none → price > 10; time…"
	m.Rows[0].More = []string{"topics: product.* → product.viewed", "URL: https://a.example/… → https://b.example/…", "payload filter: none → price > 10", "timeout: 15s → 30s", "header X-Env: added"}
	m.Rows[1].Did, m.Rows[1].After, m.Rows[1].Object = "resent 50 deliveries of", "", component.Link{Label: "product.viewed"}
	for i := range 50 {
		m.Rows[1].Acts = append(m.Rows[1].Acts, audit.Act{ID: id(100 + i), Object: component.Link{Label: "product.viewed · 019bef3c…7a6e21", URL: "/story/delivery"}, Detail: "again for " + id(i), At: ago(time.Minute)})
	}
	return m
}
