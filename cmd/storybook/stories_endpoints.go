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
		"endpoint":             func(t string) templ.Component { return endpoints.Show(endpointDeliveries(t)) },
		"endpoint-paused":      func(t string) templ.Component { return endpoints.Show(endpointPaused(t)) },
		"endpoint-deleted":     func(t string) templ.Component { return endpoints.Show(endpointDeleted(t)) },
		"endpoint-settings":    func(t string) templ.Component { return endpoints.Show(endpointSettings(t)) },
		"endpoint-secret":      func(t string) templ.Component { return endpoints.Show(endpointSecret(t, endpoints.NoRotation)) },
		"endpoint-secret-next": func(t string) templ.Component { return endpoints.Show(endpointSecret(t, endpoints.NextMade)) },
		"endpoint-secret-grace": func(t string) templ.Component {
			return endpoints.Show(endpointSecret(t, endpoints.Grace))
		},
		"endpoint-health":     func(t string) templ.Component { return endpoints.Show(endpointHealth(t)) },
		"endpoint-new":        func(t string) templ.Component { return endpoints.Form(endpointForm(t)) },
		"endpoint-form-wrong": func(t string) templ.Component { return endpoints.Form(endpointFormWrong(t)) },
	}
}

func trend() []component.Bar { return volume("").Bars[:24] }

func endpointList(theme string, n int) endpoints.ListModel {
	m := endpoints.ListModel{
		Shell: shell(theme, "Endpoints"), NewURL: "/story/endpoint-new",
		Empty: component.EmptyModel{Title: "No endpoint yet", Text: "An endpoint is a URL of yours that takes signed POST requests. Make one, send it a test, and its deliveries show up here.", Action: component.Link{Label: "New endpoint", URL: "/story/endpoint-new"}},
	}
	if n > 0 {
		m.States = []component.Chip{{Label: "All", URL: "?", On: true, Count: "12"}, {Label: "Healthy", URL: "?", Tone: component.Good, Count: "10"}, {Label: "Failing", URL: "?", Tone: component.Bad, Count: "1"}, {Label: "Paused", URL: "?", Tone: component.Held, Count: "1"}}
	}
	kinds := []endpoints.Row{
		{Name: "orders-prod", Target: "hooks.nimbus.example/tenants/4711/orders", Mark: component.Mark{Tone: component.Bad, Text: "failing"}, Note: "answers 500 for 2 h", Topics: []string{"product.*", "commission.earned"}, Format: "abba", SuccessRate: "61.2 %", P95: "1.2 s", LastSuccess: ago(2 * time.Hour)},
		{Name: "ledger", Target: "ledger.nimbus.example/in", Mark: component.Mark{Tone: component.Good, Text: "healthy"}, Topics: []string{"commission.earned"}, Format: "abba", SuccessRate: "100 %", P95: "84 ms", LastSuccess: ago(4 * time.Second)},
		{Name: longName, Target: "legacy.example.org/very/long/path/that/goes/on/and/on/and/never/seems/to/end/hook", Mark: component.Mark{Tone: component.Held, Text: "paused: gone"}, Note: "answered 410", Topics: []string{"chat.session.created", "chat.message.received", "chat.message.sent"}, MoreTopics: "+4", Format: "aicommerce", SuccessRate: "–", P95: "–", LastSuccess: ago(49 * time.Hour)},
		{Name: rtlName, Target: "xn--mgbh0fb.example/hook", Mark: component.Mark{Tone: component.Wait, Text: "nothing sent yet"}, Topics: []string{"*"}, Format: "standard", SuccessRate: "–", P95: "–"},
		{Name: emoji, Target: "127.0.0.1:9003/slow", Mark: component.Mark{Tone: component.Retry, Text: "slow"}, Note: "8 at once while slow", Topics: []string{"prompt.updated"}, Format: "abv", SuccessRate: "98.0 %", P95: "4.8 s", LastSuccess: ago(30 * time.Second)},
	}
	for i := range n {
		row := kinds[i%len(kinds)]
		row.URL, row.Trend = "/story/endpoint", trend()
		m.Rows = append(m.Rows, row)
	}
	return m
}

func topicOptions() []component.Option {
	return []component.Option{{Value: "product.price_changed", Label: "product.price_changed", Selected: true}, {Value: "commission.earned", Label: "commission.earned"}}
}

func endpointShow(theme, tab string) endpoints.ShowModel {
	m := endpoints.ShowModel{
		Shell: shell(theme, "Endpoints", "orders-prod"),
		Head: endpoints.Head{
			Name: "orders-prod", ID: id(7), Target: "https://hooks.nimbus.example/tenants/4711/orders", Mark: component.Mark{Tone: component.Bad, Text: "failing"},
			Because: "Answers 500 to everything. 214 deliveries wait for their next try.", Since: ago(2 * time.Hour),
			Figures: []component.Figure{{Label: "Success rate, 24 h", Value: "61.2 %", Tone: component.Bad}, {Label: "p95", Value: "1.2 s"}, {Label: "Last success", Value: "2 h ago"}, {Label: "Waiting", Value: "214"}},
			EditURL: "/story/endpoint-form-wrong", TestURL: "#", TestTopics: topicOptions(),
			Pause:  component.ConfirmModel{ID: "pause", Label: "Pause", Title: "Pause orders-prod?", Consequence: "Nothing more is sent to it. New events and 214 waiting deliveries are held until someone resumes it.", URL: "#"},
			Delete: component.ConfirmModel{ID: "delete", Label: "Delete", Title: "Delete orders-prod?", Consequence: "Deletes the endpoint; 214 waiting deliveries are cancelled. Its log stays readable.", URL: "#", Type: "orders-prod", Danger: true},
		},
	}
	for _, label := range []string{"Deliveries", "Settings", "Secret", "Health"} {
		t := component.Tab{Label: label, URL: map[string]string{"Deliveries": "/story/endpoint", "Settings": "/story/endpoint-settings", "Secret": "/story/endpoint-secret", "Health": "/story/endpoint-health"}[label], Current: label == tab}
		m.Tabs = append(m.Tabs, t)
	}
	return m
}

func endpointDeliveries(theme string) endpoints.ShowModel {
	m := endpointShow(theme, "Deliveries")
	table := deliveryTable(16)
	table.HideEndpoint = true
	m.Deliveries, m.States = &table, states("")
	m.Test = &endpoints.TestResult{Mark: component.Mark{Tone: component.Bad}, Verdict: "500 in 1.2 s.", Detail: "Your server took the request and failed on it. Its log at 09:56:48 UTC says why.", URL: "/story/delivery", Response: component.Body{Text: `{"error":"order 4711 is unknown"}`, Kind: "json", Size: "33 B"}}
	return m
}

func endpointPaused(theme string) endpoints.ShowModel {
	m := endpointDeliveries(theme)
	m.Test = nil
	m.Head.Name, m.Head.Mark = longName, component.Mark{Tone: component.Held, Text: "paused"}
	m.Head.Because, m.Head.Pause = "Paused: the receiver answered 410 Gone.", component.ConfirmModel{}
	m.Head.ResumeURL, m.Head.Held = "#", "12 are held; send them"
	m.Head.ResumeRates = []component.Option{{Value: "0", Label: "at once"}, {Value: "10", Label: "10 per second", Selected: true}, {Value: "1", Label: "1 per second"}}
	return m
}

func endpointDeleted(theme string) endpoints.ShowModel {
	m := endpointDeliveries(theme)
	m.Test, m.Head = nil, endpoints.Head{Name: rtlName, ID: id(8), Target: "https://old.example/hook", Mark: component.Mark{Tone: component.Quiet, Text: "deleted"}, Because: "Deleted by ada@nimbus.example. Its log stays.", Since: ago(50 * time.Hour), Deleted: true}
	return m
}

func endpointSettings(theme string) endpoints.ShowModel {
	m := endpointShow(theme, "Settings")
	m.Settings = []endpoints.SettingGroup{
		{Title: "Where", Rows: []endpoints.SettingRow{{Label: "URL", Values: []string{"https://hooks.nimbus.example/tenants/4711/orders"}, Mono: true}, {Label: "Format", Values: []string{"abba"}, Note: "Flat body, X-Abba-Signature: lower-case hex over the body."}}},
		{Title: "Which events", Rows: []endpoints.SettingRow{{Label: "Topics", Values: []string{"product.*", "commission.earned"}, Mono: true}, {Label: "Data", Values: []string{"currency one of EUR, USD", "newPrice > 10"}, Mono: true}}},
		{Title: "How", Rows: []endpoints.SettingRow{{Label: "Retry", Values: []string{"Standard: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h"}}, {Label: "Headers", Values: []string{"X-Tenant: 4711", "X-Tenant-Token: tok_… (secret)"}, Mono: true}, {Label: "Timeout", Values: []string{"15 s"}}, {Label: "Order", Values: []string{"not kept"}}}},
	}
	return m
}

func endpointSecret(theme string, at endpoints.RotationStep) endpoints.ShowModel {
	m := endpointShow(theme, "Secret")
	s := &endpoints.Secret{
		Step: at, Since: ago(90 * 24 * time.Hour), Masked: "whsec_MfKQ…", Header: "X-Abba-Signature", RevealURL: "#",
		Sent:        []endpoints.SentLine{{Header: "X-Abba-Signature", Signer: "current secret", Tone: component.Accent}, {Header: "webhook-signature", Signer: "current secret", Tone: component.Accent}},
		Graces:      []component.Option{{Value: "24", Label: "24 hours", Selected: true}, {Value: "0", Label: "no time at all"}, {Value: "168", Label: "7 days"}},
		TestTopics:  topicOptions(),
		Compromised: component.ConfirmModel{ID: "compromised", Label: "Replace it at once", Title: "Replace the secret at once?", Consequence: "The old secret is wiped now. 214 waiting deliveries will be rejected until your receiver has the new one.", URL: "#", Danger: true},
	}
	switch at {
	case endpoints.NoRotation:
		s.RotateURL, s.Revealed, s.HideAfter, s.Raw = "#", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 3600, true
	case endpoints.NextMade:
		s.MaskedNext, s.SwitchAt, s.TestURL, s.SwitchURL, s.UndoURL = "whsec_C2FV…", in(26*time.Hour), "#", "#", "#"
		s.Tested = &endpoints.TestResult{Mark: component.Mark{Tone: component.Good, Text: "accepted"}, Verdict: "200 in 84 ms, 2 min ago"}
		s.Sent = append(s.Sent[:1:1], endpoints.SentLine{Header: "X-Abba-Signature-Next", Signer: "next secret", Tone: component.Busy}, endpoints.SentLine{Header: "webhook-signature", Signer: "both", Tone: component.Busy})
	case endpoints.Grace:
		s.GraceEnds, s.UndoURL = in(22*time.Hour), "#"
		s.Sent = append(s.Sent[:1:1], endpoints.SentLine{Header: "X-Abba-Signature-Previous", Signer: "old secret", Tone: component.Retry}, endpoints.SentLine{Header: "webhook-signature", Signer: "both", Tone: component.Busy})
	}
	m.Secret = s
	return m
}

func endpointHealth(theme string) endpoints.ShowModel {
	m := endpointShow(theme, "Health")
	m.Health = &endpoints.Health{
		Ranges: ranges("24 h"), Volume: volume("Attempts"), Latency: latency(),
		Figures: []component.Figure{{Label: "Attempts", Value: "1,204"}, {Label: "Failed", Value: "467", Tone: component.Bad}, {Label: "In a row", Value: "31", Note: "failures since 07:56"}},
		Causes: []endpoints.CauseRow{
			{Cause: "http_status", Words: "Answered 500", Count: "401", Share: 0.86, URL: "#", Advice: "Your server's log has the reason; the delivery page shows what it answered."},
			{Cause: "timeout", Words: "No answer in time", Count: "66", Share: 0.14, URL: "#"},
		},
		Limits: []endpoints.SettingRow{{Label: "At once", Values: []string{"1 request"}, Note: "after 20 failures in a row; 64 when it is well"}},
	}
	return m
}
