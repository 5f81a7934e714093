package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/deliveries"
)

func deliveryStories() map[string]teller {
	return map[string]teller{
		"deliveries":           func(t string) templ.Component { return deliveries.List(deliveryList(t, 30)) },
		"deliveries-three":     func(t string) templ.Component { return deliveries.List(deliveryList(t, 3)) },
		"deliveries-thousands": func(t string) templ.Component { return deliveries.List(deliveryList(t, 2000)) },
		"deliveries-empty":     func(t string) templ.Component { return deliveries.List(deliveryList(t, 0)) },
		"delivery":             func(t string) templ.Component { return deliveries.Show(deliveryRetrying(t)) },
		"delivery-fine":        func(t string) templ.Component { return deliveries.Show(deliveryFine(t)) },
		"delivery-silent":      func(t string) templ.Component { return deliveries.Show(deliverySilent(t)) },
		"delivery-huge":        func(t string) templ.Component { return deliveries.Show(deliveryHuge(t)) },
		"delivery-waiting":     func(t string) templ.Component { return deliveries.Show(deliveryWaiting(t)) },
	}
}

var rowKinds = []deliveries.Row{
	{Mark: component.Mark{Tone: component.Good, Text: "delivered"}, Topic: "product.price_changed", Endpoint: "orders-prod", EndpointURL: "/story/endpoint", Answer: "200", Tone: component.Good, Attempts: "1", Duration: "84 ms"},
	{Mark: component.Mark{Tone: component.Retry, Text: "retrying in 4 min"}, Topic: "prompt.updated", Endpoint: emoji, EndpointURL: "/story/endpoint", Answer: "500", Tone: component.Bad, Attempts: "3", Duration: "1.2 s"},
	{Mark: component.Mark{Tone: component.Good, Text: "delivered"}, Topic: "chat.message.received", Endpoint: "chat", EndpointURL: "/story/endpoint", Answer: "204", Tone: component.Good, Attempts: "1", Duration: "31 ms", Note: "resend"},
	{Mark: component.Mark{Tone: component.Bad, Text: "exhausted"}, Topic: "product.inventory_changed", Endpoint: longName, EndpointURL: "/story/endpoint", Answer: "connect_timeout", Tone: component.Bad, Attempts: "10", Duration: "5.0 s"},
	{Mark: component.Mark{Tone: component.Held, Text: "held: endpoint paused"}, Topic: strings.Repeat("a.very.long.topic.", 7) + "end", Endpoint: rtlName, EndpointURL: "/story/endpoint", Answer: "–", Attempts: "0", Duration: "–"},
	{Mark: component.Mark{Tone: component.Busy, Text: "sending"}, Topic: "product.viewed", Endpoint: "analytics", EndpointURL: "/story/endpoint", Answer: "–", Attempts: "1", Duration: "–"},
	{Mark: component.Mark{Tone: component.Quiet, Text: "cancelled"}, Topic: "analytics.daily", Endpoint: "old-receiver", Answer: "410", Tone: component.Bad, Attempts: "2", Duration: "40 ms", Note: "test"},
	{Mark: component.Mark{Tone: component.Wait, Text: "waiting"}, Topic: "commission.earned", Endpoint: "ledger", EndpointURL: "/story/endpoint", Answer: "–", Attempts: "0", Duration: "–"},
}

func deliveryTable(n int) deliveries.TableModel {
	m := deliveries.TableModel{
		Pager:      component.Pager{Text: fmt.Sprintf("The %d newest", n), NextURL: "?cursor=x"},
		LiveToggle: component.Chip{URL: "?live=0", On: true},
		Empty:      component.EmptyModel{Title: "No delivery matches", Text: "Nothing failed on orders-prod in the last 24 hours. Look further back, or clear the filter.", Action: component.Link{Label: "Clear the filter", URL: "?"}},
	}
	for i := range n {
		row := rowKinds[i%len(rowKinds)]
		row.ID, row.URL, row.At = id(i), "/story/delivery", ago(time.Duration(i*i/3+4)*time.Second)
		m.Rows = append(m.Rows, row)
	}
	return m
}

func deliveryList(theme string, n int) deliveries.ListModel {
	m := deliveries.ListModel{
		Shell: shell(theme, "Deliveries"), Sentence: "All states · every endpoint · last 24 h", States: states(""), Ranges: ranges("24 h"),
		Filter: deliveries.Filter{
			Action:    "/story/deliveries",
			Endpoints: []component.Option{{Label: "Every endpoint"}, {Value: "1", Label: "orders-prod"}, {Value: "2", Label: longName}},
			Topics:    []component.Option{{Label: "Every topic"}, {Value: "t", Label: "product.price_changed"}},
		},
		Table: deliveryTable(n),
	}
	if n == 0 {
		m.States, m.Sentence, m.Filter.ClearURL, m.Filter.Open = states("exhausted"), "Exhausted · orders-prod · last 24 h", "?", true
		m.Table.LiveToggle, m.Table.Pager = component.Chip{}, component.Pager{}
	} else {
		m.Volume = volume("Deliveries")
	}
	return m
}

const payload = `{
  "eventId": "019aa5c2-7f10-7b31-9c0d-4e5f60718293",
  "eventType": "product.price_changed",
  "timestamp": "2026-11-21T09:56:48.120Z",
  "productId": "p_4711",
  "oldPrice": 1.0,
  "newPrice": 1e21,
  "currency": "EUR",
  "tags": ["new", "<b>&", "🧵"],
  "stock": null,
  "active": true
}`

func phases(dns, connect, tls, wait, body float64) []component.Phase {
	total := dns + connect + tls + wait + body
	at, out := 0.0, []component.Phase{}
	for i, d := range []float64{dns, connect, tls, wait, body} {
		if d > 0 {
			kind := []string{"dns", "connect", "tls", "wait", "body"}[i]
			label := []string{"DNS", "connect", "TLS", "wait", "body"}[i]
			out = append(out, component.Phase{Kind: kind, Label: label, Text: fmt.Sprintf("%.0f ms", d), From: at / total, To: (at + d) / total})
			at += d
		}
	}
	return out
}

func exchange() *deliveries.Exchange {
	return &deliveries.Exchange{
		Title: "Attempt 3", AttemptID: id(33), Settings: "settings version 7", Timings: phases(4, 12, 21, 1160, 3), Answered: true,
		Request: deliveries.Message{
			Line:    "POST https://hooks.nimbus.example/tenants/4711/orders",
			Headers: []component.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "User-Agent", Value: "Bellwire/0.1.0"}, {Name: "X-Abba-Signature", Value: strings.Repeat("9f86d081", 8)}, {Name: "webhook-id", Value: id(1)}, {Name: "X-Tenant-Token", Value: "tok_…", Masked: true}},
			Body:    component.Body{Text: payload, Raw: strings.ReplaceAll(strings.ReplaceAll(payload, "\n", ""), "  ", ""), Kind: "json", Size: "312 B"},
		},
		Response: deliveries.Message{
			Line: "500 Internal Server Error", Tone: component.Bad,
			Headers: []component.Header{{Name: "Content-Type", Value: "text/html"}, {Name: "Server", Value: "nginx"}},
			Body:    component.Body{Text: "<!doctype html>\n<title>500</title>\n<p>NullPointerException at OrderService.java:214</p>\n" + hostile, Kind: "html", Size: "148 B"},
		},
		Curl: "curl -X POST 'https://hooks.nimbus.example/tenants/4711/orders' \\\n  -H 'Content-Type: application/json' \\\n  --data-binary @body.json",
	}
}

func deliveryRetrying(theme string) deliveries.ShowModel {
	failed := component.Mark{Tone: component.Bad, Text: "failed"}
	return deliveries.ShowModel{
		Shell: shell(theme, "Deliveries", component.Short(id(9))), ID: id(9), Mark: component.Mark{Tone: component.Retry, Text: "retrying"},
		Verdict: "Your server answered 500 three times. Next try in 4 min 12 s.", Detail: "Six more tries over the next 3 days follow if it keeps failing.",
		Topic: "product.price_changed", Event: component.Link{Label: id(1), URL: "/story/event"}, Endpoint: component.Link{Label: "orders-prod", URL: "/story/endpoint"},
		Target: "https://hooks.nimbus.example/tenants/4711/orders", Created: ago(36 * time.Minute), Due: in(252 * time.Second),
		SendNowURL: "#", Cancel: component.ConfirmModel{ID: "cancel", Label: "Cancel", Title: "Cancel this delivery?", Consequence: "It is not tried again. You can resend it later.", URL: "#", Submit: "Cancel delivery", Danger: true},
		Attempts: []deliveries.Attempt{
			{Number: "1", URL: "?attempt=1", Mark: failed, Answer: "500 Internal Server Error", At: ago(36 * time.Minute), Duration: "1.2 s", Scale: 0.24, Phases: phases(4, 12, 21, 1160, 3)},
			{Number: "2", URL: "?attempt=2", Mark: component.Mark{Tone: component.Unknown, Text: "unknown"}, Answer: "may or may not have been sent", At: ago(35 * time.Minute), Duration: "–", Gap: "5 s later"},
			{Number: "3", URL: "?attempt=3", Mark: failed, Answer: "No answer within 5 s", At: ago(30 * time.Minute), Duration: "5.0 s", Scale: 1, Phases: phases(4, 12, 0, 4984, 0), Gap: "5 min later"},
			{Number: "4", URL: "?attempt=4", Current: true, Mark: failed, Answer: "500 Internal Server Error", At: ago(time.Minute), Duration: "1.2 s", Scale: 0.24, Phases: phases(4, 12, 21, 1160, 3), Gap: "29 min later"},
		},
		Exchange: exchange(), Advice: []string{"Look into your server's log at 09:55:48 UTC for event 019aa5c2-…: it answered 500 after 1.2 s.", "Answer 2xx first and do the work afterwards: slow answers hold your own queue."},
		Siblings: []deliveries.Sibling{{Endpoint: "ledger", URL: "#", Mark: component.Mark{Tone: component.Good, Text: "delivered"}}, {Endpoint: longName, URL: "#", Mark: component.Mark{Tone: component.Held, Text: "held"}, Note: "test"}},
		Ticket:   "Delivery " + id(9), EventURL: "/story/event",
	}
}

func deliveryFine(theme string) deliveries.ShowModel {
	m := deliveryRetrying(theme)
	m.Mark, m.Verdict, m.Detail = component.Mark{Tone: component.Good, Text: "delivered"}, "Delivered at the first try, in 84 ms.", ""
	m.SendNowURL, m.Cancel, m.ResendURL, m.Due, m.Ended = "", component.ConfirmModel{}, "#", component.Time{}, ago(35*time.Minute)
	m.Provenance, m.Original = "Resent by ada@nimbus.example.", component.Link{Label: "The original", URL: "#"}
	m.Advice, m.Attempts = nil, m.Attempts[:1]
	m.Attempts[0] = deliveries.Attempt{Number: "1", URL: "?attempt=1", Current: true, Mark: component.Mark{Tone: component.Good, Text: "delivered"}, Answer: "200 OK", At: ago(35 * time.Minute), Duration: "84 ms", Scale: 1, Phases: phases(0, 0, 0, 82, 2)}
	m.Exchange.Title, m.Exchange.Response = "Attempt 1", deliveries.Message{Line: "200 OK", Tone: component.Good, Headers: []component.Header{{Name: "Content-Length", Value: "0"}}}
	m.Exchange.Timings = m.Attempts[0].Phases
	return m
}

func deliverySilent(theme string) deliveries.ShowModel {
	m := deliveryRetrying(theme)
	m.Mark, m.Verdict = component.Mark{Tone: component.Bad, Text: "exhausted"}, "hooks.nimbus.example did not accept a connection in 10 tries over 3 days. Nothing more will be sent."
	m.Detail, m.Endpoint = "The endpoint was deleted since.", component.Link{Label: longName}
	m.Exchange.Answered, m.Exchange.Error = false, "connect_timeout: no connection to 203.0.113.7:443 within 5 s"
	m.ResendURL, m.SendNowURL, m.Cancel, m.ResendNote = "", "", component.ConfirmModel{}, "Can't be resent: the endpoint is deleted."
	return m
}

func deliveryHuge(theme string) deliveries.ShowModel {
	m := deliveryFine(theme)
	line := "    {\"sku\": \"p_4711\", \"name\": \"Lorem ipsum dolor sit amet\", \"price\": 12.50},\n"
	items := strings.Repeat(line, 256<<10/len(line))
	m.Exchange.Request.Body = component.Body{Text: "{\n  \"items\": [\n" + items + "    null\n  ]\n}", Kind: "json", Size: "256 KB"}
	m.Exchange.Response.Body = component.Body{Text: strings.Repeat("x", 64<<10), Kind: "text", Size: "64 KB", Note: "first 64 KB of the answer"}
	m.Exchange.Response.Headers = append(m.Exchange.Response.Headers, component.Header{Name: "X-Long", Value: strings.Repeat("header-value-", 200)})
	return m
}

func deliveryWaiting(theme string) deliveries.ShowModel {
	m := deliveryRetrying(theme)
	m.Mark, m.Verdict, m.Detail = component.Mark{Tone: component.Held, Text: "held"}, "Held: orders-prod is paused.", "It goes out when someone resumes the endpoint."
	m.Attempts, m.Advice, m.Exchange.Title, m.Exchange.AttemptID, m.Exchange.Timings = nil, nil, "What will be sent", "", nil
	m.Exchange.Answered, m.Exchange.Error = false, "Not sent yet."
	return m
}
