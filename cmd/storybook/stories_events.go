package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/events"
)

func eventStories() map[string]teller {
	return map[string]teller{
		"events":              func(t string) templ.Component { return events.List(eventList(t, 40)) },
		"events-empty":        func(t string) templ.Component { return events.List(eventList(t, 0)) },
		"events-none-match":   func(t string) templ.Component { return events.List(eventsNoneMatch(t)) },
		"event":               func(t string) templ.Component { return events.Show(eventShow(t)) },
		"event-delivered":     func(t string) templ.Component { return events.Show(eventDelivered(t)) },
		"event-nobody":        func(t string) templ.Component { return events.Show(eventNobody(t)) },
		"event-expunged":      func(t string) templ.Component { return events.Show(eventExpunged(t)) },
		"event-fanning-out":   func(t string) templ.Component { return events.Show(eventFanningOut(t)) },
		"event-hidden":        func(t string) templ.Component { return events.Show(eventHidden(t)) },
		"event-large":         func(t string) templ.Component { return events.Show(eventLarge(t)) },
		"event-wide":          func(t string) templ.Component { return events.Show(eventWide(t)) },
		"event-deep":          func(t string) templ.Component { return events.Show(eventDeep(t)) },
		"event-for-all":       func(t string) templ.Component { return events.Show(eventForAll(t)) },
		"event-publish":       func(t string) templ.Component { return events.Form(eventForm(t)) },
		"event-publish-wrong": func(t string) templ.Component { return events.Form(eventFormWrong(t)) },
		"event-publish-again": func(t string) templ.Component { return events.Form(eventFormAgain(t)) },
	}
}

func eventList(theme string, n int) events.ListModel {
	m := events.ListModel{
		Shell: shell(theme, "Events"), Action: "/story/events", Ranges: ranges("24 h"), Sentence: "all events, newest first",
		Topics: []component.Option{{Label: "any topic"}, {Value: "x", Label: "product.price_changed"}}, PublishURL: "/story/event-publish",
		Empty: component.EmptyModel{
			Title: "Nothing was published yet", Text: "An event is one thing that happened. Publish the first from here, or from your program with an API key of the scope publish:",
			Command: "curl -X POST http://127.0.0.1:8080/api/v1/events -H 'Authorization: Bearer KEY' -d '{\"topic\":\"product.viewed\",\"data\":{\"productId\":\"prod_1\"}}'",
			Action:  component.Link{Label: "Publish a test event", URL: "/story/event-publish"},
		},
	}
	if n > 0 {
		m.Pager = component.Pager{NextURL: "?cursor=x", FirstURL: "?", Text: "searched back to 12 Nov 2026, 10:00 UTC; continue with the next page"}
	}
	for i := range n {
		r := events.Row{
			ID: id(i), URL: "/story/event", Topic: "product.price_changed", Got: component.Mark{Tone: component.Good, Text: "3 of 3"}, GotWords: "3 of 3 endpoints got it",
			By: "checkout service", Found: []string{"p_4711"}, At: ago(time.Duration(i*i+3) * time.Second),
		}
		switch i % 5 {
		case 1:
			r.Topic, r.Found, r.By, r.Got = strings.Repeat("long.topic.", 11)+"end", []string{longName, rtlName}, longName, component.Mark{Tone: component.Retry, Text: "1 of 3"}
		case 2:
			r.Topic, r.Audience, r.Found, r.Got = "prompt.updated", "all", nil, component.Mark{Text: "for 1,204"}
		case 3:
			r.By, r.Found, r.Got = rtlName, []string{emoji}, component.Mark{Tone: component.Bad, Text: "0 of 2"}
		case 4:
			r.Topic, r.Got = "chat.message.sent", component.Mark{Tone: component.Quiet, Text: "nobody"}
		}
		m.Rows = append(m.Rows, r)
	}
	return m
}

func eventsNoneMatch(theme string) events.ListModel {
	m := eventList(theme, 0)
	m.Sentence, m.ClearURL, m.Query = "product.viewed · found by "+longName+" · last 24 h", "/story/events", component.Input{Value: longName}
	m.Empty = component.EmptyModel{Title: "Nothing matches", Text: "No event fits this filter.", Action: component.Link{Label: "See all events", URL: "/story/events"}}
	m.Pager = component.Pager{NextURL: "?cursor=x", Text: "searched back to 12 Nov 2026, 10:00 UTC; continue with the next page"}
	return m
}

func eventShow(theme string) events.ShowModel {
	return events.ShowModel{
		Shell: shell(theme, "Events", component.Short(id(1))), ID: id(1), Topic: "product.price_changed", TopicURL: "/story/topic",
		Occurred: ago(40 * time.Minute), Accepted: ago(36 * time.Minute), By: "checkout service", ByKind: "API key", Key: "order-4711-price-2", NoKey: "none was given",
		Payload: component.Body{Text: payload, Kind: "json", Size: "312 B"}, RawURL: "/story/event", AgainURL: "/story/event-publish",
		Outcome: events.OutcomeModel{
			Verdict: component.Mark{Tone: component.Retry, Text: "2 of 5 endpoints got it so far."}, Detail: "1 is under way, 1 is held, 1 ended without success.", ResendURL: "/story/event",
			Receivers: []events.Receiver{
				{ID: id(11), Fate: events.Got, Endpoint: "ledger", URL: "/story/delivery-fine", Mark: component.Mark{Tone: component.Good, Text: "delivered"}, Answer: "200", Attempts: "1", At: ago(36 * time.Minute), Resend: true},
				{ID: id(12), Fate: events.Due, Endpoint: "orders-prod", URL: "/story/delivery", Mark: component.Mark{Tone: component.Retry, Text: "retrying in 4 min"}, Answer: "500", Attempts: "4", At: ago(time.Minute)},
				{ID: id(13), Fate: events.Due, Endpoint: rtlName, URL: "/story/delivery", Mark: component.Mark{Tone: component.Held, Text: "held"}, Attempts: "0", At: ago(time.Minute), Why: "Held: the endpoint is paused. It goes out when somebody resumes it."},
				{ID: id(14), Fate: events.Got, Endpoint: longName, URL: "/story/delivery", Mark: component.Mark{Tone: component.Good, Text: "delivered"}, Answer: "204", Attempts: "2", At: ago(30 * time.Minute), Note: "resend", Resend: true},
				{ID: id(15), Endpoint: "old-crm", URL: "/story/delivery", Mark: component.Mark{Tone: component.GivenUp, Text: "exhausted"}, Answer: "500 Internal Server Error", Attempts: "3", At: ago(30 * time.Minute), Why: "The retry schedule is used up after 3 attempts.", Resend: true},
			},
			Missed: eventMisses(),
		},
		Expunge: component.ConfirmModel{ID: "expunge", Label: "Expunge the payload", Title: "Expunge this payload?", Submit: "Expunge", Danger: true, URL: "#",
			Consequence: "The data is removed for good and can't be sent again; the log's rows stay. 1 waiting delivery is cancelled."},
	}
}

func eventMisses() []events.Missed {
	return []events.Missed{
		{Endpoint: "eu-only", EndpointURL: "/story/endpoint", Lines: []events.Line{{OK: true, What: "topic is one of product.*", Why: "product.price_changed matches product.*"}, {What: "currency is one of USD, GBP", Why: `currency is "EUR"`}}},
		{Endpoint: emoji, EndpointURL: "/story/endpoint", Notes: []string{"paused now"}, Lines: []events.Line{{What: "topic is one of prompt.*", Why: "product.price_changed matches none of them"}}},
		{Endpoint: longName, Notes: []string{"deleted since"}, Lines: []events.Line{{What: "name contains " + longName, Why: "name is " + longName}}},
		{Endpoint: "new-shop", EndpointURL: "/story/endpoint", Lines: []events.Line{{What: "was created later", Why: "3 min after the event was accepted"}}},
	}
}

func eventDelivered(theme string) events.ShowModel {
	m := eventShow(theme)
	m.Outcome.Verdict, m.Outcome.Detail = component.Mark{Tone: component.Good, Text: "1 endpoint got it."}, ""
	m.Outcome.Receivers, m.Outcome.Missed, m.Key, m.By, m.ByKind = m.Outcome.Receivers[:1], nil, "", "Ada Okafor", "person"
	return m
}

func eventNobody(theme string) events.ShowModel {
	m := eventShow(theme)
	m.Outcome.Verdict = component.Mark{Tone: component.Quiet, Text: "No endpoint took this event."}
	m.Outcome.Detail, m.Outcome.Receivers = "Nothing was sent. What kept each endpoint from it stands below.", nil
	return m
}

func eventExpunged(theme string) events.ShowModel {
	m := eventDelivered(theme)
	m.Payload, m.Expunge, m.RawURL, m.AgainURL = component.Body{Note: "Expunged 3 h ago: the data is gone for good."}, component.ConfirmModel{}, "", ""
	m.Outcome.Unexplained, m.Outcome.ResendURL = "Why another endpoint did not get it can't be explained any more: matching needs the payload.", ""
	return m
}

func eventFanningOut(theme string) events.ShowModel {
	m := eventShow(theme)
	m.Audience, m.Outcome.FanOut = "for all projects that subscribe", "This event goes to many endpoints; their deliveries are made in steps. 12,000 are made so far."
	m.Outcome.Verdict, m.Outcome.Detail = component.Mark{Tone: component.Busy, Text: "On its way."}, ""
	m.Outcome.Receivers, m.Outcome.Missed = nil, nil
	return m
}

func eventHidden(theme string) events.ShowModel {
	m := eventDelivered(theme)
	m.Payload, m.ReasonURL, m.RawURL, m.AgainURL = component.Body{Note: "Hidden until you say why you open it."}, "/story/event", "", ""
	return m
}

// eventLarge has a payload of 256 KiB, of which a page shows the beginning.
func eventLarge(theme string) events.ShowModel {
	m := eventDelivered(theme)
	var text strings.Builder
	for i := 0; text.Len() < 64<<10; i++ {
		fmt.Fprintf(&text, "  \"member-%d\": \"%s\",\n", i, strings.Repeat("x", 200))
	}
	m.Payload = component.Body{Text: "{\n" + text.String(), Kind: "text", Size: "256.0 KB", Note: "only the first 64 KB are shown here"}
	return m
}

// eventWide went to more endpoints than a page lists.
func eventWide(theme string) events.ShowModel {
	m := eventShow(theme)
	m.Outcome.Verdict, m.Outcome.Detail = component.Mark{Tone: component.Retry, Text: "812 of 1,000 endpoints got it so far."}, "188 deliveries are under way or held."
	m.Outcome.Receivers, m.Outcome.Missed = nil, nil
	for i := range 200 {
		r := events.Receiver{ID: id(100 + i), Fate: events.Got, Endpoint: fmt.Sprintf("customer-%03d", i), URL: "/story/delivery", Mark: component.Mark{Tone: component.Good, Text: "delivered"}, Answer: "200", Attempts: "1", At: ago(36 * time.Minute)}
		if i%9 == 4 {
			r.Fate, r.Mark, r.Answer = events.Due, component.Mark{Tone: component.Retry, Text: "retrying in 4 min"}, "timed out"
		}
		m.Outcome.Receivers = append(m.Outcome.Receivers, r)
		m.Outcome.Missed = append(m.Outcome.Missed, events.Missed{Endpoint: fmt.Sprintf("shop-%03d", i), EndpointURL: "/story/endpoint", Lines: eventMisses()[0].Lines})
	}
	m.Outcome.More, m.Outcome.Unexplained = component.Link{Label: "See all of its deliveries", URL: "/story/deliveries"}, "Only the first 200 endpoints are explained here."
	return m
}

// eventDeep has a payload of nested lists.
func eventDeep(theme string) events.ShowModel {
	m := eventDelivered(theme)
	var text strings.Builder
	for depth := range 60 {
		fmt.Fprintf(&text, "%s{\n%s\"level\": [\n", strings.Repeat("  ", 2*depth), strings.Repeat("  ", 2*depth+1))
	}
	m.Payload = component.Body{Text: text.String(), Kind: "text", Size: "1.9 KB"}
	return m
}

// eventForAll is the platform's, seen from a project.
func eventForAll(theme string) events.ShowModel {
	m := eventDelivered(theme)
	m.Audience, m.By, m.ByKind, m.Expunge = "for all projects that subscribe", "the platform", "", component.ConfirmModel{}
	return m
}

func eventForm(theme string) events.FormModel {
	return events.FormModel{
		Shell: shell(theme, "Events", "Publish a test event"), Action: "/story/event-publish", CancelURL: "/story/events", ReachURL: "/story/event-publish",
		Groups: []events.TopicGroup{
			{Title: "Commerce agent", Topics: []component.Option{{Value: "product.price_changed", Label: "product.price_changed", Selected: true}, {Value: "b", Label: strings.Repeat("long.topic.", 11) + "end"}}},
			{Title: "Of this platform", Topics: []component.Option{{Value: "c", Label: "order.made (deprecated)"}}},
		},
		About: "A product's price is another one than before.", AboutURL: "/story/topic",
		Data: component.EditorModel{Field: component.FieldModel{Name: "data", Label: "Data", Input: component.Input{Value: payload}, Rows: 12, Required: true}},
		Reach: events.ReachModel{
			Verdict: component.Mark{Tone: component.Good, Text: "2 of 6 endpoints"},
			Gets: []events.Reached{
				{Endpoint: "ledger", URL: "/story/endpoint", Why: "product.price_changed matches product.*"},
				{Endpoint: longName, URL: "/story/endpoint", Why: "product.price_changed matches *", Note: "It is paused: the delivery is held until it is resumed."},
			},
			Miss: eventMisses()[:2], MoreMiss: "and 2 more endpoints",
		},
	}
}

func eventFormWrong(theme string) events.FormModel {
	m := eventForm(theme)
	m.Data.Faults = []component.EditorFault{{Path: "data.newPrice", Line: "4", Text: "must be number, not string"}, {Path: "data.currency", Line: "1", Text: "is missing"}}
	m.Mistakes = []component.Mistake{{Field: "data", Text: "data.newPrice must be number, not string"}, {Field: "data", Text: "data.currency is missing"}, {Field: "key", Text: "idempotencyKey was used with another event in the last 24 hours"}}
	m.Key = component.Input{Value: "order-1", Error: "was used with another event in the last 24 hours"}
	m.Reach = events.ReachModel{Verdict: component.Mark{Tone: component.Bad, Text: "it would be refused"}, Notes: []string{"data.newPrice must be number, not string", "data.currency is missing"}}
	return m
}

func eventFormAgain(theme string) events.FormModel {
	m := eventForm(theme)
	m.Deprecated = "It is deprecated: it can still be published and still arrives, but nothing new should be built on it."
	m.From, m.Copied = id(1), component.Link{Label: component.Short(id(1)), URL: "/story/event"}
	m.Reach = events.ReachModel{Verdict: component.Mark{Tone: component.Quiet, Text: "nobody: the project has no endpoint yet"}, NewURL: "/story/endpoint-new"}
	return m
}
