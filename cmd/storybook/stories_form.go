package main

import (
	"strings"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

func operators(on string) []component.Option {
	var out []component.Option
	for _, o := range [][2]string{{"equals", "is"}, {"oneOf", "is one of"}, {"gt", ">"}, {"exists", "exists"}} {
		out = append(out, component.Option{Value: o[0], Label: o[1], Selected: o[0] == on})
	}
	return out
}

func endpointForm(theme string) endpoints.FormModel {
	return endpoints.FormModel{
		Shell: shell(theme, "Endpoints", "New"), New: true, Action: "#", CancelURL: "/story/endpoints",
		Formats: []endpoints.FormatOption{
			{Value: "", Title: "By topic", Header: "abba, abv, aicommerce or standard", Text: "The format that the topics' documents name.", Selected: true},
			{Value: "standard", Title: "Standard Webhooks", Header: "webhook-signature", Text: "v1, base64 over id.time.body; libraries in every language."},
			{Value: "abba", Title: "ABBA", Header: "X-Abba-Signature", Text: "Flat body, hex over the body."},
			{Value: "abv", Title: "ABV", Header: "x-abv-signature", Text: "Prompt versions, t=…,s=…"},
			{Value: "aicommerce", Title: "AI commerce", Header: "X-Webhook-Signature", Text: "sha256=hex over JavaScript's spelling of the body."},
			{Value: "custom", Title: "Your own", Header: "you name it", Text: "Header, what is signed, encoding, value."},
		},
		Custom: endpoints.Custom{
			Signed:    []component.Option{{Value: "body", Label: "body"}, {Value: "{t}.{body}", Label: "{t}.{body}"}},
			Encodings: []component.Option{{Value: "hex", Label: "hex"}, {Value: "base64", Label: "base64"}},
			Bodies:    []component.Option{{Value: "plain", Label: "id, type, timestamp, data"}, {Value: "flat", Label: "flat"}, {Value: "data", Label: "data alone"}},
		},
		Topics: []endpoints.TopicGroup{
			{Title: "Commerce agent", Note: "Prices, stock and commissions.", Key: "commerce", Open: true, Topics: []component.Option{
				{Value: "product.price_changed", Label: "product.price_changed", Hint: "A product's price is another one.", Selected: true},
				{Value: "product.inventory_changed", Label: "product.inventory_changed", Hint: "A product's quantity is another one."},
				{Value: "product.back_in_stock", Label: "product.back_in_stock", Hint: "A product that was sold out can be had again."},
				{Value: "commission.earned", Label: "commission.earned", Hint: "A sale brought a commission."},
			}},
			{Title: "Prompts", Note: "Changes of prompts.", Key: "prompts", Topics: []component.Option{{Value: "prompt.created", Label: "prompt.created", Hint: "A prompt has a new version."}}},
			{Title: "Operational", Note: "by full name only", Topics: []component.Option{{Value: "endpoint.paused", Label: "endpoint.paused", Hint: "Bellwire stopped sending to an endpoint."}}},
		},
		Payload:      []endpoints.PayloadRow{{Operators: operators("equals")}, {Operators: operators("equals")}},
		Headers:      []endpoints.HeaderRow{{}, {}},
		Retries:      []component.Option{{Value: "standard", Label: "Standard", Hint: "9 retries over 3 days", Selected: true}, {Value: "short", Label: "Short", Hint: "10 s, 60 s, 300 s"}, {Value: "custom", Label: "Your own", Hint: "up to 20 waits"}},
		ClientErrors: true, PreviewURL: "/preview", Operators: operators("equals"),
		Now: endpoints.Now{Prompts: "all prompts", Payload: "whatever it says", Format: "By topic", Retry: "Standard", Headers: "none", Limits: "standard timeout, 64 at once, no rate", Secret: "made for you"},
		Live: endpoints.LiveModel{
			Matches: endpoints.Matches{Waiting: true, Problem: "Choose a topic to see which of the last events match."},
			Request: endpoints.Request{Waiting: true, Problem: "Choose a topic to see the request that would be sent."},
		},
	}
}

func endpointFormWrong(theme string) endpoints.FormModel {
	m := endpointForm(theme)
	m.New = false
	m.Was = "orders-prod"
	m.Name, m.URL = component.Input{Value: longName}, component.Input{Value: "http://169.254.169.254/latest/meta-data", Error: "must begin with https://"}
	m.Mistakes = []component.Mistake{{Field: "url", Text: "URL: must begin with https://"}, {Field: "headers", Text: "Header 1: “Cookie” can't be set"}, {Field: "payload", Text: "Condition 1: the path is empty between two dots"}}
	m.Warning = "hooks.nimbus.example does not resolve yet. It is saved all the same, and judged at every delivery."
	for i := range m.Formats {
		m.Formats[i].Selected = m.Formats[i].Value == "custom"
	}
	m.Payload[0] = endpoints.PayloadRow{Path: "customer..country", Operators: operators("oneOf"), Value: "DE, FR", Error: "the path is empty between two dots"}
	m.Headers[0] = endpoints.HeaderRow{Name: "Cookie", Value: "a=b", Error: "“Cookie” can't be set: endpoints have no sessions"}
	m.Headers[1] = endpoints.HeaderRow{Name: "X-Tenant-Token", Secret: true, Kept: true}
	m.PromptNames = component.Input{Value: "production/*"}
	for i := range m.Retries {
		m.Retries[i].Selected = m.Retries[i].Value == "custom"
	}
	m.Delays, m.Ordered = component.Input{Value: "10\n60\nsoon", Error: "line 3: “soon” is not a number of seconds"}, true
	m.Live = livePane()
	m.Live.Request.Notes = []string{"The member “timestamp” of the data is left out: the envelope has one of its own."}
	return m
}

func livePane() endpoints.LiveModel {
	ago := func(text string) component.Time {
		return component.Time{ISO: "2026-11-21T09:56:48Z", Text: text, Full: "21 Nov 2026, 09:56:48 UTC"}
	}
	return endpoints.LiveModel{
		Patterns: []endpoints.PatternMatch{
			{Pattern: "product.*", Topics: []string{"product.price_changed", "product.inventory_changed", "product.back_in_stock"}, More: "and 3 more"},
			{Pattern: "invoice.*", None: "takes no topic that there is now"},
		},
		Prompts: true,
		Matches: endpoints.Matches{
			Mark: component.Mark{Tone: component.Good, Text: "2 of the last 100 events would match"},
			Taken: []endpoints.Tried{
				{ID: eventID, Topic: "product.price_changed", At: ago("4 min ago"), URL: "/story/event"}, {ID: eventID, Topic: longName, At: ago("2 h ago"), URL: "/story/event"},
			},
			MissedTitle: "Why the other 98 events would not",
			Missed: []endpoints.Tried{
				{ID: eventID, Topic: "product.price_changed", At: ago("5 min ago"), URL: "/story/event", Because: []string{`data.currency is "USD"; data.newPrice is 129.9`}},
				{ID: eventID, Topic: "commission.earned", At: ago("9 min ago"), URL: "/story/event", Because: []string{"commission.earned matches none of them"}},
			},
		},
		Request: endpoints.Request{
			Examples: []component.Option{{Value: "topic:product.price_changed", Label: "example of product.price_changed", Selected: true}},
			Events:   []component.Option{{Value: "event:1", Label: "product.price_changed · 4 min ago"}},
			Of:       "The example of product.price_changed. Signed with a made-up secret.",
			Line:     "POST https://hooks.nimbus.example/orders", Body: component.Body{Text: payload, Kind: "json", Size: "312 B"},
			Headers: []component.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "X-Abba-Signature", Value: "5d41402abc4b2a76b9719d911017c592…"}},
		},
	}
}

// endpointFormExpression is a stored endpoint on its way to an expression that
// has a mistake, while somebody else has saved.
func endpointFormExpression(theme string) endpoints.FormModel {
	m := endpointForm(theme)
	m.New, m.ByExpression, m.Was = false, true, "orders-prod"
	m.Name, m.URL = component.Input{Value: "orders-prod"}, component.Input{Value: "https://hooks.nimbus.example/orders"}
	m.Taken = "Somebody else saved this endpoint meanwhile; it is at version 4 now. What you typed is all here and nothing was saved: what saving changes, against their version, stands in the preview."
	m.Patterns = component.Input{Value: "product.*\ninvoice.*"}
	m.Mistakes = []component.Mistake{{Field: "expression", Text: "Expression: line 2, column 4: newPrice is not known here; a member of the event is written data.newPrice"}}
	m.Expression = component.Input{Value: "data.currency == \"EUR\"\n&& newPrice < 100", Error: "line 2, column 4: newPrice is not known here; a member of the event is written data.newPrice"}
	m.Live = livePane()
	m.Live.Fault = &endpoints.ExpressionFault{Before: "&& ", At: "newPrice", After: " < 100", Place: "Line 2, column 4", Message: "newPrice is not known here; a member of the event is written data.newPrice"}
	m.Live.Matches = endpoints.Matches{Problem: "Expression: line 2, column 4: newPrice is not known here."}
	m.Live.Changes = []endpoints.Change{
		{Label: "URL", Before: "https://old.nimbus.example/hook", After: "https://hooks.nimbus.example/orders"}, {Label: "Data", Before: "none", After: "data.currency == \"EUR\""},
	}
	return m
}

const eventID = "019aa5c2-7f10-7b31-9c0d-4e5f60718293"

// endpointFormFilled is a new endpoint with everything typed and nothing wrong.
func endpointFormFilled(theme string) endpoints.FormModel {
	m := endpointForm(theme)
	m.Name, m.URL = component.Input{Value: "Bestellungen · الطلبات 🚀"}, component.Input{Value: "https://hooks.nimbus.example/orders?tenant=42"}
	m.Patterns = component.Input{Value: "product.*\ninvoice.*"}
	m.Payload = []endpoints.PayloadRow{
		{Path: "currency", Operators: operators("oneOf"), Value: "EUR, CHF"}, {Path: "newPrice", Operators: operators("gt"), Value: "100"}, {Operators: operators("equals")},
	}
	m.Headers = []endpoints.HeaderRow{{Name: "X-Tenant", Value: "42"}, {Name: "X-Token", Secret: true, Kept: true}, {}}
	m.Now.Payload, m.Now.Headers = "2 conditions", "X-Tenant, X-Token"
	m.Live = livePane()
	m.Live.Request.Headers = append(m.Live.Request.Headers, component.Header{Name: "X-Tenant", Value: "42"}, component.Header{Name: "X-Token", Value: "****"})
	return m
}

// endpointFormLong holds the longest of everything, with no event that matches.
func endpointFormLong(theme string) endpoints.FormModel {
	m := endpointFormFilled(theme)
	wide := strings.Repeat("verylongwordwithoutanybreak", 12)
	m.New, m.Was = false, longName
	m.Name, m.URL = component.Input{Value: longName}, component.Input{Value: "https://hooks.nimbus.example/" + wide, Error: wide + " is longer than 2048 bytes"}
	m.Mistakes = []component.Mistake{{Field: "url", Text: "URL: " + wide + " is longer than 2048 bytes"}}
	m.Topics = append(m.Topics, endpoints.TopicGroup{Title: wide, Note: wide, Key: "custom", Open: true, Topics: []component.Option{
		{Value: wide, Label: wide, Hint: strings.Repeat("A description that does not want to end. ", 12), Selected: true},
		{Value: "old.topic", Label: "old.topic", Hint: "Deprecated. Use another.", Selected: true},
	}})
	m.Patterns = component.Input{Value: wide + "*", Error: "entry 1 is longer than 200 characters"}
	m.Payload = []endpoints.PayloadRow{{Path: wide, Operators: operators("equals"), Value: wide, Error: wide}, {Operators: operators("equals")}}
	m.Headers = []endpoints.HeaderRow{{Name: wide, Value: wide}, {Name: wide, Secret: true, Kept: true}, {}}
	m.Now = endpoints.Now{Prompts: "4 entries", Payload: "1 condition", Headers: wide + ", " + wide, Format: wide, Retry: wide, Limits: wide, Secret: wide}
	m.Live.Patterns = []endpoints.PatternMatch{{Pattern: wide + "*", Topics: []string{wide, wide}, More: "and 44 more"}}
	m.Live.Matches = endpoints.Matches{Mark: component.Mark{Tone: component.Bad, Text: "none of the last 100 events would match"}, Missed: m.Live.Matches.Missed, MissedTitle: "Why the other 100 events would not"}
	m.Live.Matches.Missed[0].Because = []string{wide}
	m.Live.Changes = []endpoints.Change{{Label: "Header " + wide, Before: wide, After: wide}}
	m.Live.Request.Line = "POST https://hooks.nimbus.example/" + wide
	m.Live.Request.Headers = append(m.Live.Request.Headers, component.Header{Name: wide, Value: wide})
	return m
}
