package main

import (
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

func endpointStories() map[string]teller {
	return map[string]teller{
		"endpoints":            func(t string) templ.Component { return endpoints.List(endpointList(t, 8)) },
		"endpoints-empty":      func(t string) templ.Component { return endpoints.List(endpointList(t, 0)) },
		"endpoints-thousands":  func(t string) templ.Component { return endpoints.List(endpointList(t, 1000)) },
		"endpoint-health":      func(t string) templ.Component { return endpoints.Show(endpointHealth(t)) },
		"endpoint-new":         func(t string) templ.Component { return endpoints.Form(endpointForm(t)) },
		"endpoint-form-filled": func(t string) templ.Component { return endpoints.Form(endpointFormFilled(t)) },
		"endpoint-form-long":   func(t string) templ.Component { return endpoints.Form(endpointFormLong(t)) },
		"endpoints-sixty":      func(t string) templ.Component { return endpoints.List(endpointsSixty(t)) },
		"endpoint-health-idle": func(t string) templ.Component { return endpoints.Show(endpointHealthIdle(t)) },
		"endpoint-form-taken":  func(t string) templ.Component { return endpoints.Form(endpointFormExpression(t)) },
		"endpoint-form-wrong":  func(t string) templ.Component { return endpoints.Form(endpointFormWrong(t)) },
	}
}

func trend() []component.Bar { return volume("").Bars[:24] }

func endpointList(theme string, n int) endpoints.ListModel {
	m := endpoints.ListModel{
		Shell: shell(theme, "Endpoints"), NewURL: "/story/endpoint-new",
		Empty: component.EmptyModel{Title: "No endpoint yet", Text: "An endpoint is a URL of yours that takes signed POST requests. Make one, send it a test, and its deliveries show up here.", Action: component.Link{Label: "New endpoint", URL: "/story/endpoint-new"}},
	}
	if n > 0 {
		m.States = []component.Chip{{Label: "all", URL: "?", On: true, Count: "8"}, {Label: "needs you", URL: "?", Tone: component.Bad, Count: "4"}, {Label: "not quite well", URL: "?", Tone: component.Retry, Count: "1"}, {Label: "healthy", URL: "?", Tone: component.Good, Count: "1"}, {Label: "paused", URL: "?", Tone: component.Held, Count: "2"}, {Label: "not used yet", URL: "?", Tone: component.Wait, Count: "2"}}
	}
	kinds := []endpoints.Row{
		{Name: "orders-prod", Target: "hooks.nimbus.example/tenants/4711/orders", Mark: component.Mark{Tone: component.Bad, Text: "failing"}, Note: "31 failures in a row", Topics: []string{"product.*", "commission.earned"}, Format: "abba", SuccessRate: "61.2 %", P95: "1.2 s", Waiting: "214", Last: ago(2 * time.Hour)},
		{Name: longName, Target: "legacy.example.org/very/long/path/that/goes/on/and/on/and/never/seems/to/end/hook", Mark: component.Mark{Tone: component.Held, Text: "paused"}, Note: "the receiver answered 410 Gone", Topics: []string{"chat.session.created", "chat.message.received", "chat.message.sent"}, MoreTopics: "+4", Format: "aicommerce", SuccessRate: "–", P95: "–", Waiting: "10,000+", Last: ago(49 * time.Hour)},
		{Name: emoji, Target: "127.0.0.1:9003/slow", Mark: component.Mark{Tone: component.Retry, Text: "unsteady"}, Note: "41 % of 12 attempts failed in the last hour", Topics: []string{"prompt.updated"}, Format: "abv", SuccessRate: "58.3 %", P95: "4.8 s", Last: ago(30 * time.Second)},
		{Name: rtlName, Target: "xn--mgbh0fb.example/hook", Mark: component.Mark{Tone: component.Wait, Text: "not used yet"}, Topics: []string{"*"}, Format: "standard", SuccessRate: "–", P95: "–"},
		{Name: "ledger", Target: "ledger.nimbus.example/in", Mark: component.Mark{Tone: component.Good, Text: "healthy"}, Topics: []string{"commission.earned"}, Format: "abba", SuccessRate: "100 %", P95: "84 ms", Last: ago(4 * time.Second)},
	}
	for i := range n {
		row := kinds[i*len(kinds)/n] // those alike stand together, the worst first
		row.URL, row.Trend = "/story/endpoint", trend()
		m.Rows = append(m.Rows, row)
	}
	return m
}

func endpointsSixty(theme string) endpoints.ListModel {
	m := endpointList(theme, 30)
	m.Query = "hook"
	m.Pager = component.Pager{Text: "1–30 of 60, trouble first", NextURL: "?page=2", NextLabel: "Next page"}
	return m
}

func endpointHealthIdle(theme string) endpoints.ShowModel {
	m := endpointHealth(theme)
	m.Health.Charts, m.Health.Causes, m.Health.NoCauses = idle(), nil, "Nothing was sent in this time."
	m.Health.GivenUp = component.Link{}
	m.Health.Now = []endpoints.NowLine{{Mark: component.Mark{Tone: component.Retry, Text: "2 failures in a row"}, Text: "the first of them", At: ago(2 * time.Hour)}}
	m.Health.History, m.Health.HistoryNote = nil, "Who changed what is shown to the developers and owners of this project."
	return m
}

func endpointHealth(theme string) endpoints.ShowModel {
	m := endpointShow(theme, "Health")
	m.Health = &endpoints.Health{
		Charts: charts("24 h"),
		Causes: []endpoints.CauseRow{
			{Cause: "http_status", Words: "Your server answered with an error status.", Statuses: []component.Link{{Label: "500 × 140", URL: "#"}, {Label: "502 × 2", URL: "#"}}, StatusNote: "of the latest 142 deliveries that were last answered so", Count: "401", Share: 0.86, URL: "#", Advice: "Your server's log has the reason; the delivery page shows what it answered."},
			{Cause: "timeout", Words: "No answer in time", Count: "66", Share: 0.14, URL: "#"},
		},
		GivenUp: component.Link{Label: "12 deliveries of this time given up", URL: "#"},
		History: []endpoints.HistoryRow{
			{Mark: component.Mark{Tone: component.Good, Text: "resumed"}, By: "ada@nimbus.example", Note: "was held because: the receiver answered 410 Gone", At: ago(3 * time.Hour)},
			{Mark: component.Mark{Tone: component.Held, Text: "paused"}, By: "bellwire", Note: "the receiver answered 410 Gone", At: ago(5 * time.Hour)},
			{Mark: component.Mark{Tone: component.Accent, Text: "settings changed"}, By: longName, Note: "url, topics", At: ago(49 * time.Hour)},
		},
		Limits: []endpoints.SettingRow{{Label: "At once", Values: []string{"1 request"}, Note: "after 20 failures in a row; 64 when it is well"}},
	}
	return m
}
