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
		"deliveries-fresh":     func(t string) templ.Component { return deliveries.List(deliveryFresh(t)) },
		"delivery-long":        func(t string) templ.Component { return deliveries.Show(deliveryLong(t)) },
		"delivery":             func(t string) templ.Component { return deliveries.Show(deliveryRetrying(t)) },
		"delivery-fine":        func(t string) templ.Component { return deliveries.Show(deliveryFine(t)) },
		"delivery-silent":      func(t string) templ.Component { return deliveries.Show(deliverySilent(t)) },
		"delivery-huge":        func(t string) templ.Component { return deliveries.Show(deliveryHuge(t)) },
		"deliveries-wrong":     func(t string) templ.Component { return deliveries.List(deliveryWrong(t)) },
		"deliveries-still":     func(t string) templ.Component { return deliveries.List(deliveryStill(t)) },
		"delivery-bytes":       func(t string) templ.Component { return deliveries.Show(deliveryBytes(t)) },
		"delivery-hidden":      func(t string) templ.Component { return deliveries.Show(deliveryHidden(t)) },
		"delivery-cancelled":   func(t string) templ.Component { return deliveries.Show(deliveryCancelled(t)) },
		"delivery-new":         func(t string) templ.Component { return deliveries.Show(deliveryNew(t)) },
		"delivery-waiting":     func(t string) templ.Component { return deliveries.Show(deliveryWaiting(t)) },
	}
}

var rowKinds = []deliveries.Row{
	{Mark: component.Mark{Tone: component.Good, Text: "delivered"}, Topic: "product.price_changed", Found: "prod_042", Endpoint: "orders-prod", EndpointURL: "/story/endpoint", Answer: "200", Tone: component.Good, Attempts: "1", Duration: "84 ms"},
	{Mark: component.Mark{Tone: component.Retry, Text: "retrying"}, Due: in(252 * time.Second), Topic: "prompt.updated", Endpoint: emoji, EndpointURL: "/story/endpoint", Answer: "500", Tone: component.Bad, Attempts: "3", Duration: "1.2 s"},
	{Mark: component.Mark{Tone: component.Good, Text: "delivered"}, Topic: "chat.message.received", Found: "sess_0012 · store_demo", Endpoint: "chat", EndpointURL: "/story/endpoint", Answer: "204", Tone: component.Good, Attempts: "1", Duration: "31 ms", Note: "resend"},
	{Mark: component.Mark{Tone: component.GivenUp, Text: "exhausted"}, Topic: "product.inventory_changed", Found: longName, Endpoint: longName, EndpointURL: "/story/endpoint", Answer: "connect_timeout", Tone: component.Bad, Attempts: "10", Duration: "5.0 s"},
	{Mark: component.Mark{Tone: component.Held, Text: "held: endpoint paused"}, Topic: strings.Repeat("a.very.long.topic.", 7) + "end", Found: rtlName, Endpoint: rtlName, EndpointURL: "/story/endpoint", Answer: "–", Attempts: "0", Duration: "–"},
	{Mark: component.Mark{Tone: component.Busy, Text: "sending"}, Topic: "product.viewed", Endpoint: "analytics", EndpointURL: "/story/endpoint", Answer: "–", Attempts: "1", Duration: "–"},
	{Mark: component.Mark{Tone: component.Quiet, Text: "cancelled"}, Topic: "analytics.daily", Endpoint: "old-receiver", Answer: "410", Tone: component.Bad, Attempts: "2", Duration: "40 ms", Note: "test"},
	{Mark: component.Mark{Tone: component.Wait, Text: "waiting"}, Topic: "commission.earned", Endpoint: "ledger", EndpointURL: "/story/endpoint", Answer: "–", Attempts: "0", Duration: "–"},
}

func deliveryTable(n int) deliveries.TableModel {
	m := deliveries.TableModel{
		Pager: component.Pager{Text: fmt.Sprintf("The %d newest", n), NextURL: "?cursor=x"}, ResendURL: "/resend", Back: "/story/deliveries",
		RefreshURL: "?", Live: deliveries.Live{Stream: "/story/stream", Rows: 50, On: true, OnURL: "?", OffURL: "?live=off"},
		Empty: component.EmptyModel{Title: "No delivery matches", Text: "Nothing failed on orders-prod in the last 24 hours. Look further back, or clear the filter.", Action: component.Link{Label: "Clear the filter", URL: "?"}},
	}
	for i := range n {
		row := rowKinds[i%len(rowKinds)]
		row.EventURL, row.Pick = "/story/event", row.Mark.Tone == component.Good || row.Mark.Tone == component.GivenUp || row.Mark.Tone == component.Quiet
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
		m.Chosen = []component.Chip{{Label: "exhausted", URL: "?"}, {Label: "orders-prod", URL: "?"}, {Label: longName, URL: "?"}, {Label: "last 24 h", URL: "?"}}
		m.Table.Pager = component.Pager{}
	} else {
		m.Histogram = histogram()
	}
	return m
}

func histogram() deliveries.Histogram {
	v := volume("")
	h := deliveries.Histogram{Title: "Attempts, last 24 h", Summary: v.Summary, Peak: v.Peak, Axis: v.Axis, Legend: v.Legend, From: "2026-11-20T09:30", Minutes: "30"}
	for i, bar := range v.Bars {
		h.Columns = append(h.Columns, component.Column{Bar: bar, URL: fmt.Sprintf("?since=%d", i)})
	}
	h.Columns[20] = component.Column{}
	return h
}

// deliveryFresh is the log of a project that nothing happened in.
func deliveryFresh(theme string) deliveries.ListModel {
	m := deliveryList(theme, 0)
	m.Fresh, m.Histogram, m.Chosen, m.Sentence = true, deliveries.Histogram{}, nil, "all deliveries, newest first"
	m.Table.Empty = component.EmptyModel{Title: "Nothing was delivered yet", Text: "Deliveries appear here, by themselves, as soon as an event matches an endpoint.", Action: component.Link{Label: "Publish a test event", URL: "#"}}
	return m
}

// deliveryLong was tried twelve times.
func deliveryLong(theme string) deliveries.ShowModel {
	m := deliverySilent(theme)
	m.Attempts, m.MoreSiblings = nil, "9 more"
	for n := range 12 {
		at := ago(time.Duration(12-n) * 3 * time.Hour)
		at.Text = "21 Nov 09:56"
		m.Attempts = append(m.Attempts, deliveries.Attempt{
			Number: fmt.Sprint(n + 1), URL: fmt.Sprintf("?attempt=%d", n+1), Current: n == 11, Mark: component.Mark{Tone: component.Bad, Text: "failed"},
			Answer: "500 Internal Server Error", At: at, Duration: "84 ms", Scale: 0.3, Phases: phases(0, 0, 0, 82, 2), Gap: "+3 h",
		})
	}
	return m
}

// deliveryWrong is a filter that can't be read.
func deliveryWrong(theme string) deliveries.ListModel {
	m := deliveryList(theme, 0)
	m.Histogram, m.Filter.Open, m.Chosen, m.Sentence = deliveries.Histogram{}, true, nil, ""
	m.Filter.Status = component.Input{Value: "teapot", Error: "is a number from 100 to 599"}
	m.Filter.Since = component.Input{Value: "yesterday", Error: "is a time like 2026-01-24T10:30, in UTC"}
	m.Filter.Wrong = []string{"endpoint is not an endpoint's id"}
	m.Table, m.Filter.More = deliveries.TableModel{}, true
	return m
}

// deliveryStill is an older page, seen by somebody who may not resend.
func deliveryStill(theme string) deliveries.ListModel {
	m := deliveryList(theme, 8)
	m.Table.Live, m.Table.ResendURL = deliveries.Live{}, ""
	m.Table.Pager = component.Pager{Text: "searched back to 12 Nov 2026, 10:00 UTC; continue with the next page", FirstURL: "?", NextURL: "?cursor=x"}
	for i := range m.Table.Rows {
		m.Table.Rows[i].Pick = false
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
		Verdict: "Your server answered 500 three times.", Detail: "Six more tries over the next 3 days follow if it keeps failing.",
		Topic: "product.price_changed", Event: component.Link{Label: id(1), URL: "/story/event"}, Endpoint: component.Link{Label: "orders-prod", URL: "/story/endpoint"},
		Target: "https://hooks.nimbus.example/tenants/4711/orders", Created: ago(36 * time.Minute), Due: in(252 * time.Second), Upcoming: "5", Permalink: "https://bell.example/p/1/deliveries/" + id(9), Stream: "/story/stream", RefreshURL: "?",
		SendNowURL: "#", Cancel: component.ConfirmModel{ID: "cancel", Label: "Cancel", Title: "Cancel this delivery?", Consequence: "It is not tried again. You can resend it later.", URL: "#", Submit: "Cancel delivery", Danger: true},
		Attempts: []deliveries.Attempt{
			{Number: "1", URL: "?attempt=1", Mark: failed, Answer: "500 Internal Server Error", At: ago(36 * time.Minute), Duration: "1.2 s", Scale: 0.24, Phases: phases(4, 12, 21, 1160, 3)},
			{Number: "2", URL: "?attempt=2", Mark: component.Mark{Tone: component.Unknown, Text: "unknown"}, Answer: "may or may not have been sent", At: ago(35 * time.Minute), Duration: "–", Gap: "+5 s"},
			{Number: "3", URL: "?attempt=3", Mark: failed, Answer: "No answer within 5 s", At: ago(30 * time.Minute), Duration: "5.0 s", Scale: 1, Phases: phases(4, 12, 0, 4984, 0), Gap: "+5 min"},
			{Number: "4", URL: "?attempt=4", Current: true, Mark: failed, Answer: "500 Internal Server Error", At: ago(time.Minute), Duration: "1.2 s", Scale: 0.24, Phases: phases(4, 12, 21, 1160, 3), Gap: "+29 min"},
		},
		Exchange: exchange(), Advice: []string{"Look into your server's log at 09:55:48 UTC for event 019aa5c2-…: it answered 500 after 1.2 s.", "Answer 2xx first and do the work afterwards: slow answers hold your own queue."},
		Siblings: []deliveries.Sibling{{Endpoint: "ledger", URL: "#", Mark: component.Mark{Tone: component.Good, Text: "delivered"}}, {Endpoint: longName, URL: "#", Mark: component.Mark{Tone: component.Held, Text: "held"}, Note: "test"}},
		Ticket:   "Delivery " + id(9), EventURL: "/story/event",
	}
}

func deliveryFine(theme string) deliveries.ShowModel {
	m := deliveryRetrying(theme)
	m.Mark, m.Verdict, m.Detail = component.Mark{Tone: component.Good, Text: "delivered"}, "Delivered at the first try, in 84 ms.", ""
	m.SendNowURL, m.Cancel, m.ResendURL, m.Due, m.Stream, m.RefreshURL, m.Ended = "", component.ConfirmModel{}, "#", component.Time{}, "", "", ago(35*time.Minute)
	m.Provenance, m.Original = "Resent by ada@nimbus.example.", component.Link{Label: "The original", URL: "#"}
	m.Advice, m.Attempts = nil, m.Attempts[:1]
	m.Attempts[0] = deliveries.Attempt{Number: "1", URL: "?attempt=1", Current: true, Mark: component.Mark{Tone: component.Good, Text: "delivered"}, Answer: "200 OK", At: ago(35 * time.Minute), Duration: "84 ms", Scale: 1, Phases: phases(0, 0, 0, 82, 2)}
	m.Exchange.Title, m.Exchange.Response = "Attempt 1", deliveries.Message{Line: "200 OK", Tone: component.Good, Headers: []component.Header{{Name: "Content-Length", Value: "0"}}}
	m.Exchange.Timings = m.Attempts[0].Phases
	return m
}

func deliverySilent(theme string) deliveries.ShowModel {
	m := deliveryRetrying(theme)
	m.Mark, m.Verdict = component.Mark{Tone: component.GivenUp, Text: "exhausted"}, "hooks.nimbus.example did not accept a connection in 10 tries over 3 days. Nothing more will be sent."
	m.Detail, m.Endpoint = "The endpoint was deleted since.", component.Link{Label: longName}
	m.Exchange.Answered, m.Exchange.Error = false, "connect_timeout: no connection to 203.0.113.7:443 within 5 s"
	m.ResendURL, m.SendNowURL, m.Cancel, m.ActNote = "", "", component.ConfirmModel{}, "Can't be resent: the endpoint is deleted."
	return m
}

func deliveryHuge(theme string) deliveries.ShowModel {
	m := deliveryFine(theme)
	line := "    {\"sku\": \"p_4711\", \"name\": \"Lorem ipsum dolor sit amet\", \"price\": 12.50},\n"
	items := strings.Repeat(line, 256<<10/len(line))
	m.Exchange.Request.Body = component.Body{Text: "{\n  \"items\": [\n" + items + "    null\n  ]\n}", Kind: "json", Size: "256 KB"}
	m.Exchange.Response.Body = component.Body{Text: strings.Repeat("x", 64<<10), Kind: "text", Size: "64 KB", Note: "first 64 KB of the answer"}
	m.Exchange.Request.DownloadURL, m.Exchange.Response.DownloadURL = "#", "#"
	m.Exchange.Response.Headers = append(m.Exchange.Response.Headers, component.Header{Name: "X-Long", Value: strings.Repeat("header-value-", 200)})
	return m
}

// deliveryBytes has a body that is no text and one with broken characters.
func deliveryBytes(theme string) deliveries.ShowModel {
	m := deliveryFine(theme)
	m.Exchange.Request.Body = component.Body{Text: "caf\uFFFD and so on", Kind: "text", Size: "14 B", Note: "not valid UTF-8: \uFFFD stands where bytes are broken"}
	m.Exchange.Response.Body = component.Body{Text: strings.Repeat("00000000  89 50 4e 47 0d 0a 1a 0a  00 00 00 0d 49 48 44 52  |.PNG........IHDR|\n", 40), Kind: "binary", Size: "18.2 KB", Note: "not text: shown as bytes; the first 4 KB of them"}
	m.Exchange.Request.DownloadURL, m.Exchange.Response.DownloadURL = "#", "#"
	m.Exchange.CurlNote = "The body is too long, or no text, for a command line: download it and save it as body.bin."
	return m
}

// deliveryHidden is what support sees until it says why.
func deliveryHidden(theme string) deliveries.ShowModel {
	m := deliverySilent(theme)
	m.ReasonURL, m.Target = "#", "https://hooks.nimbus.example/…"
	m.Exchange.Request.Body = component.Body{Note: "Hidden until you say why you open it."}
	m.Exchange.Curl = ""
	return m
}

func deliveryCancelled(theme string) deliveries.ShowModel {
	m := deliveryRetrying(theme)
	m.Mark, m.Verdict, m.Detail = component.Mark{Tone: component.Quiet, Text: "cancelled"}, "Cancelled: nothing more is sent.", "Cancelled by ada@nimbus.example."
	m.SendNowURL, m.Cancel, m.ResendURL, m.Due, m.Stream, m.RefreshURL, m.Ended = "", component.ConfirmModel{}, "#", component.Time{}, "", "", ago(time.Minute)
	m.Resends = []component.Link{{Label: "delivered 4 min ago", URL: "#"}}
	return m
}

// deliveryNew is what a resend leads to: nothing sent yet, being followed.
func deliveryNew(theme string) deliveries.ShowModel {
	m := deliveryRetrying(theme)
	m.Mark, m.Verdict, m.Detail = component.Mark{Tone: component.Wait, Text: "waiting"}, "Waiting to be sent.", ""
	m.Attempts, m.Advice, m.Exchange, m.Upcoming, m.Siblings = nil, nil, nil, "1", nil
	m.Provenance, m.Original = "Resent by ada@nimbus.example.", component.Link{Label: id(8), URL: "#"}
	m.Due = component.Time{Text: "now", Full: "21 Nov 2026, 09:56:48.120 UTC"}
	return m
}

func deliveryWaiting(theme string) deliveries.ShowModel {
	m := deliveryRetrying(theme)
	m.Mark, m.Verdict, m.Detail = component.Mark{Tone: component.Held, Text: "held"}, "Held: orders-prod is paused.", "It goes out when someone resumes the endpoint."
	m.Attempts, m.Advice, m.Exchange.Title, m.Exchange.AttemptID, m.Exchange.Timings = nil, nil, "What will be sent", "", nil
	m.Exchange.Answered, m.Exchange.Error = false, "Not sent yet."
	return m
}
