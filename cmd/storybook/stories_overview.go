package main

import (
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/overview"
)

func overviewStories() map[string]teller {
	page := func(make func(theme string) overview.ShowModel) teller {
		return func(theme string) templ.Component { return overview.Show(make(theme)) }
	}
	guide := func(make func() overview.Guide) teller {
		return func(theme string) templ.Component {
			return overview.Start(overview.StartModel{Shell: shell(theme, "Overview", "Getting started"), Guide: make()})
		}
	}
	return map[string]teller{
		"overview":           page(overviewBusy),
		"overview-well":      page(overviewWell),
		"overview-unsteady":  page(overviewUnsteady),
		"overview-nothing":   page(overviewNothing),
		"overview-suspended": page(overviewSuspended),
		"overview-quiet":     page(overviewQuiet),
		"overview-first-run": page(overviewFirst),
		"start-local":        guide(guideLocal),
		"start-url-wrong":    guide(guideWrong),
		"start-forward":      guide(guideForward),
		"start-viewer":       guide(guideViewer),
		"start-failed":       guide(guideFailed),
		"start-arrived":      guide(guideArrived),
	}
}

func overviewBusy(theme string) overview.ShowModel {
	m := overviewWell(theme)
	m.Shell.Trouble = true
	m.Verdict = component.Mark{Tone: component.Bad, Text: "2 endpoints need you"}
	m.Detail = "Of the others 1 not quite well, 9 healthy."
	m.Groups = []overview.Group{
		{ID: "needs-you", Title: "Needs you", More: component.Link{Label: "12 more endpoints", URL: "/story/endpoints"}, Rows: []overview.TroubleRow{
			{Name: "orders-prod", URL: "/story/endpoint", Target: "hooks.nimbus.example/…/orders", Mark: component.Mark{Tone: component.Bad, Text: "failing"}, Cause: "it answered 500; 31 failures in a row", Since: component.Time{Text: "07:56 UTC"}, Action: component.Link{Label: "See why", URL: "/story/delivery"}},
			{Name: longName, URL: "/story/endpoint", Target: "legacy.example.org/very/long/path/that/goes/on/and/on/and/never/seems/to/end/hook", Mark: component.Mark{Tone: component.Held, Text: "paused"}, Cause: "the receiver answered 410 Gone", Since: component.Time{Text: "19 Nov 12:00 UTC"}, Action: component.Link{Label: "Change its URL", URL: "#"}},
		}},
		{ID: "unsteady", Title: "Not quite well", Rows: []overview.TroubleRow{
			{Name: rtlName, URL: "/story/endpoint", Target: "xn--mgbh0fb.example/hook", Mark: component.Mark{Tone: component.Retry, Text: "unsteady"}, Cause: "41 % of 12 attempts failed in the last hour; the last time it did not answer in time", Action: component.Link{Label: "See why", URL: "#"}},
		}},
	}
	m.Failures = failureRows()
	m.FailuresURL = "/story/deliveries"
	return m
}

func failureRows() []overview.FailureRow {
	var rows []overview.FailureRow
	for i, answer := range []string{"500 Internal Server Error", "connect timeout", "TLS error", "410 Gone", "DNS error"} {
		row := overview.FailureRow{URL: "/story/delivery", Mark: component.Mark{Tone: component.Retry, Text: "retrying in 4 min"}, Topic: "product.price_changed", Endpoint: []string{"orders-prod", longName, rtlName}[i%3], Answer: answer, At: ago(time.Duration(i*i+1) * time.Minute)}
		if i%2 == 0 {
			row.Mark, row.Times, row.Since, row.Topic = component.Mark{Tone: component.Bad, Text: "exhausted"}, "8 times", component.Time{Text: "12:03 UTC"}, "3 topics"
		}
		rows = append(rows, row)
	}
	return rows
}

func overviewWell(theme string) overview.ShowModel {
	m := charts("24 h")
	return overview.ShowModel{
		Shell: shell(theme, "Overview"), Verdict: component.Mark{Tone: component.Good, Text: "All 12 endpoints are healthy"}, StartURL: "/story/start-arrived",
		Figures: []component.Figure{
			{Label: "Attempts delivered", Value: "41,203"}, {Label: "Success rate", Value: "99.5 %", Note: "212 failed attempts"}, {Label: "p95 latency", Value: "≤ 512 ms"},
			{Label: "Waiting", Value: "214"}, {Label: "Held", Value: "12", Tone: component.Held},
		},
		Charts: &m,
	}
}

func overviewUnsteady(theme string) overview.ShowModel {
	m := overviewBusy(theme)
	m.Shell.Trouble, m.Groups, m.Failures = false, m.Groups[1:], m.Failures[:1]
	m.Verdict, m.Detail = component.Mark{Tone: component.Retry, Text: "1 of 12 endpoints is not quite well"}, "Of the others 11 healthy."
	return m
}

func overviewNothing(theme string) overview.ShowModel {
	m := overviewBusy(theme)
	m.Verdict = component.Mark{Tone: component.Bad, Text: "Nothing gets through"}
	m.Detail = "No server could be reached at all: it is probably the network or the name resolution on our side. Nothing is lost, everything is tried again."
	return m
}

func overviewSuspended(theme string) overview.ShowModel {
	m := overviewWell(theme)
	m.Verdict, m.Detail = component.Mark{Tone: component.Held, Text: "This project is suspended"}, "Everything is held until an operator lifts the suspension; nothing is lost."
	return m
}

// overviewQuiet has two lone steps in its charts.
func overviewQuiet(theme string) overview.ShowModel {
	m := overviewWell(theme)
	few := sparse()
	m.Charts = &few
	m.Verdict, m.Detail = component.Mark{Tone: component.Good, Text: "3 healthy, 1 paused, 2 not used yet"}, ""
	return m
}

func overviewFirst(theme string) overview.ShowModel {
	g := guideLocal()
	return overview.ShowModel{Shell: shell(theme, "Overview"), Verdict: component.Mark{Text: "No endpoint yet"}, Detail: "Connect one and send it a first event.", Guide: &g}
}

func ways(on string) []component.Chip {
	var chips []component.Chip
	for _, w := range []string{"On this machine", "I have a URL", "No public URL"} {
		chips = append(chips, component.Chip{Label: w, URL: "#", On: w == on})
	}
	return chips
}

func guideLocal() overview.Guide {
	return overview.Guide{
		Choose: overview.ChooseStep{
			Progress: overview.Current, Ways: ways("On this machine"), Text: "Run this in a terminal: it listens here, verifies each signature and prints what comes.",
			Command: "bellwire listen --port 9000 --secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Note: "The secret in it becomes that of the endpoint which you connect below.",
		},
		Connect: overview.ConnectStep{Progress: overview.Current, Text: "An endpoint is where events are posted to: signed, and tried again until they arrive.", Form: connectForm("http://127.0.0.1:9000/")},
		Publish: overview.PublishStep{Text: "An event of the topic's own example, the way your backend would publish it."},
		Arrive:  overview.ArriveStep{Text: "The request and your server's answer appear here by themselves."},
	}
}

func connectForm(url string) *overview.ConnectForm {
	return &overview.ConnectForm{
		Action: "#", Way: "local", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", URL: component.Input{Value: url}, Name: component.Input{Value: "on-this-machine"}, FullURL: "/story/endpoint-new",
		Topics: []overview.TopicGroup{{Title: "Commerce agent", Topics: topicOptions()}, {Title: "Prompts", Topics: []component.Option{{Value: "prompt.created", Label: "prompt.created"}}}},
	}
}

func guideWrong() overview.Guide {
	g := guideLocal()
	g.Choose = overview.ChooseStep{Progress: overview.Current, Ways: ways("I have a URL"), Text: "Any program of yours that takes POST requests over https. It should answer 2xx at once and do its work afterwards."}
	g.Connect.Form = connectForm("http://169.254.169.254/latest")
	g.Connect.Form.URL.Error, g.Connect.Form.TopicError = "must begin with https://", "is not a topic"
	g.Connect.Form.Name.Value = longName
	g.Connect.Form.Mistakes = []component.Mistake{{Text: "secret: must have 16 to 256 characters"}}
	return g
}

func guideForward() overview.Guide {
	g := guideLocal()
	g.Choose = overview.ChooseStep{
		Progress: overview.Current, Ways: ways("No public URL"), Once: true,
		Text:    "A command on your machine fetches the deliveries from here and posts them, signed, to your local program. Its answers show up in this dashboard.",
		Command: "bellwire listen --forward http://localhost:3000/webhooks --key bwsk_kq3mN7vT1xZ9aB4cD6eF8gH0jK2lM5nP --url https://bell.example",
	}
	g.Connect = overview.ConnectStep{Progress: overview.Current, Text: "The command makes its own endpoint as soon as it runs. This page notices."}
	return g
}

func guideViewer() overview.Guide {
	g := guideLocal()
	g.Choose.Command, g.Choose.Note, g.Connect.Form = "", "", nil
	g.Connect.Text = "Your role may look but not connect anything: ask an owner or developer of this project."
	return g
}

func guideFailed() overview.Guide {
	g := guideLocal()
	g.Choose.Progress, g.Choose.Command, g.Choose.Note = overview.Done, "", ""
	g.Choose.CommandURL, g.Choose.CommandLabel = "#", "Show the command with its secret"
	g.Connect = overview.ConnectStep{Progress: overview.Done, Endpoint: component.Link{Label: "on-this-machine", URL: "/story/endpoint"}, Target: "http://127.0.0.1:9000/", Text: "Subscribed to product.price_changed."}
	g.Publish = overview.PublishStep{Progress: overview.Done, Text: g.Publish.Text, Action: "#", Topic: "product.price_changed", Label: "Publish another product.price_changed", Other: component.Link{Label: "Change its data first", URL: "#"}}
	g.Arrive = overview.ArriveStep{
		Progress: overview.Current, Mark: component.Mark{Tone: component.Retry, Text: "retrying in 4 min"}, Text: "Your server refused the connection.", AgainURL: "#",
		Try:      []string{"Nothing listens on port 9000: start the command of step 1 in a terminal and leave it running.", "Then send it again. It is also tried again by itself."},
		Delivery: component.Link{Label: "Everything about this delivery", URL: "/story/delivery"},
	}
	return g
}

func guideArrived() overview.Guide {
	g := guideFailed()
	g.Arrive = overview.ArriveStep{
		Progress: overview.Done, Mark: component.Mark{Tone: component.Good, Text: "delivered"}, Text: "Your server answered 200 in 12 ms. That is the whole way: published, matched, signed, delivered.",
		Delivery: component.Link{Label: "Everything about this delivery", URL: "/story/delivery"},
		Request:  overview.Side{Line: "POST http://127.0.0.1:9000/", Headers: []component.Header{{Name: "webhook-signature", Value: "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="}}, Body: component.Body{Text: payload, Kind: "json", Size: "312 B"}},
		Answer:   overview.Side{Line: "200 OK", Tone: component.Good, Body: component.Body{Text: `{"received":true}`, Kind: "json", Size: "17 B", Received: true}},
		Next: []overview.NextStep{
			{Link: component.Link{Label: "Verify the signature in your own code", URL: "#"}, Text: "Ready to paste, in six languages."},
			{Link: component.Link{Label: "Choose more topics and filters", URL: "#"}, Text: "With a preview of what would match."},
			{Link: component.Link{Label: "Make an API key for your backend", URL: "#"}, Text: "It publishes events with the scope publish."},
			{Link: component.Link{Label: "Invite a colleague", URL: "#"}, Text: "By a link that signs them in."},
		},
	}
	return g
}
