package main

import (
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/events"
	"github.com/bellwire/bellwire/views/topics"
)

func eventStories() map[string]teller {
	return map[string]teller{
		"events":         func(t string) templ.Component { return events.List(eventList(t, 40)) },
		"events-empty":   func(t string) templ.Component { return events.List(eventList(t, 0)) },
		"event":          func(t string) templ.Component { return events.Show(eventShow(t)) },
		"event-expunged": func(t string) templ.Component { return events.Show(eventExpunged(t)) },
		"topics":         func(t string) templ.Component { return topics.List(topicList(t)) },
		"topics-none": func(t string) templ.Component {
			return topics.List(topics.ListModel{Shell: shell(t, "Topics"), Action: "/story/topics", Query: "prise"})
		},
		"topic": func(t string) templ.Component { return topics.Show(topicShow(t)) },
	}
}

func eventList(theme string, n int) events.ListModel {
	m := events.ListModel{
		Shell: shell(theme, "Events"), Action: "/story/events", Ranges: ranges("24 h"),
		Topics: []component.Option{{Label: "Every topic"}, {Value: "x", Label: "product.price_changed"}},
		Empty:  component.EmptyModel{Title: "No event yet", Text: "Publish one with a key:", Command: "curl -X POST http://127.0.0.1:8080/api/v1/events -H 'Authorization: Bearer bwsk_…' -d @event.json"},
		Pager:  component.Pager{NextURL: "?cursor=x", FirstURL: "?", Text: "Searched back to 12 Nov"},
	}
	for i := range n {
		r := events.Row{ID: id(i), URL: "/story/event", Topic: "product.price_changed", Deliveries: "3", By: "checkout service", Found: []string{"p_4711"}, At: ago(time.Duration(i*i+3) * time.Second)}
		switch i % 4 {
		case 1:
			r.Topic, r.Found, r.By, r.Deliveries = strings.Repeat("long.topic.", 11)+"end", []string{longName, rtlName}, longName, "fanning out"
		case 2:
			r.Topic, r.Audience, r.Found, r.Deliveries = "prompt.updated", "all", nil, "1,204"
		}
		m.Rows = append(m.Rows, r)
	}
	return m
}

func eventShow(theme string) events.ShowModel {
	return events.ShowModel{
		Shell: shell(theme, "Events", component.Short(id(1))), ID: id(1), Topic: "product.price_changed", TopicURL: "/story/topic",
		Verdict: component.Mark{Tone: component.Retry, Text: "2 of 4 endpoints got it, 1 is still being tried"}, Occurred: ago(40 * time.Minute), Accepted: ago(36 * time.Minute),
		By: "key “checkout service”", Key: "order-4711-price-2", Payload: component.Body{Text: payload, Kind: "json", Size: "312 B"},
		Receivers: []events.Receiver{
			{Endpoint: "ledger", URL: "/story/delivery-fine", Mark: component.Mark{Tone: component.Good, Text: "delivered"}, Answer: "200", Attempts: "1", At: ago(36 * time.Minute)},
			{Endpoint: "orders-prod", URL: "/story/delivery", Mark: component.Mark{Tone: component.Retry, Text: "retrying in 4 min"}, Answer: "500", Attempts: "4", At: ago(time.Minute)},
			{Endpoint: longName, URL: "/story/delivery", Mark: component.Mark{Tone: component.Good, Text: "delivered"}, Answer: "204", Attempts: "2", At: ago(30 * time.Minute), Note: "resend"},
		},
		Missed:  []events.Missed{{Endpoint: "eu-only", EndpointURL: "/story/endpoint", Lines: []events.Line{{OK: true, What: "Topic", Why: "product.* takes product.price_changed"}, {What: "currency one of USD, GBP", Why: "it is EUR"}}}},
		Expunge: component.ConfirmModel{ID: "expunge", Label: "Remove the payload", Title: "Remove this event's payload?", Consequence: "The data is gone for good; rows and times stay. It can't be resent any more.", URL: "#", Danger: true, Small: true},
	}
}

func eventExpunged(theme string) events.ShowModel {
	m := eventShow(theme)
	m.Payload, m.Expunge, m.Audience = component.Body{Note: "Removed by ada@nimbus.example on 20 Nov 2026"}, component.ConfirmModel{}, "all projects"
	m.Receivers, m.FanOut = nil, "Being fanned out: 12,000 of about 40,000 deliveries are made."
	m.Verdict = component.Mark{Tone: component.Busy, Text: "On its way to every subscribed project"}
	return m
}

func topicList(theme string) topics.ListModel {
	return topics.ListModel{Shell: shell(theme, "Topics"), Action: "/story/topics", Groups: []topics.Group{
		{Title: "Commerce agent", Rows: []topics.Row{
			{URL: "/story/topic", Name: "product.price_changed", Description: "A product's price is another one than before.", Subscribers: "3 endpoints", Last: ago(4 * time.Second)},
			{URL: "/story/topic", Name: "commission.earned", Description: "A sale that came through the agent brought a commission.", Subscribers: "none"},
		}},
		{Title: "Your own", Note: "Made by an administrator or an instance key.", Rows: []topics.Row{{URL: "/story/topic", Name: strings.Repeat("operator-made.", 9) + "x", Description: strings.Repeat("A long description that says everything twice. ", 8), Deprecated: true, Subscribers: "1,204 endpoints", Last: ago(90 * time.Hour)}}},
	}}
}

func topicShow(theme string) topics.ShowModel {
	return topics.ShowModel{
		Shell: shell(theme, "Topics", "product.price_changed"), Name: "product.price_changed", Group: "Commerce agent", Description: "A product's price is another one than before.",
		Check: "is refused, with the place named", SearchKeys: []string{"productId"}, EventsURL: "/story/events", SubscribeURL: "/story/endpoint-new",
		Members: []topics.Member{{Name: "productId", Type: "string", Required: true, Note: "Events can be found by it."}, {Name: "oldPrice", Type: "number", Required: true}, {Name: "newPrice", Type: "number", Required: true}, {Name: "currency", Type: "string", Required: true, Note: "ISO 4217"}},
		Example: component.Body{Text: payload, Kind: "json"}, Schema: component.Body{Text: "{\n  \"type\": \"object\",\n  \"required\": [\"productId\"]\n}", Kind: "json"},
		Publish: "curl -X POST http://127.0.0.1:8080/api/v1/events -H 'Authorization: Bearer bwsk_…' -d '{\"topic\":\"product.price_changed\"}'", Subscribers: []component.Link{{Label: "orders-prod", URL: "#"}, {Label: longName, URL: "#"}},
	}
}
