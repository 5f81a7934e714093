package main

import (
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/overview"
)

func overviewStories() map[string]teller {
	return map[string]teller{
		"overview":           func(t string) templ.Component { return overview.Show(overviewBusy(t)) },
		"overview-well":      func(t string) templ.Component { return overview.Show(overviewWell(t)) },
		"overview-first-run": func(t string) templ.Component { return overview.Show(overviewFirst(t)) },
	}
}

func overviewBusy(theme string) overview.ShowModel {
	m := overviewWell(theme)
	m.Shell.Trouble = true
	m.Verdict = component.Mark{Tone: component.Bad, Text: "2 endpoints need you"}
	m.Detail = "The other 10 are healthy. 214 deliveries wait."
	m.Trouble = []overview.TroubleRow{
		{Name: "orders-prod", URL: "/story/endpoint", Target: "hooks.nimbus.example/…/orders", Mark: component.Mark{Tone: component.Bad, Text: "failing"}, Cause: "answers 500; 214 deliveries wait for their next try", Since: ago(2 * time.Hour), Action: component.Link{Label: "See why", URL: "/story/delivery"}},
		{Name: longName, URL: "/story/endpoint", Target: "legacy.example.org/very/long/path/that/goes/on/and/on/and/never/seems/to/end/hook", Mark: component.Mark{Tone: component.Held, Text: "paused: 410 Gone"}, Cause: "the receiver says it is gone for good; 12 deliveries are held", Since: ago(26 * time.Hour), Action: component.Link{Label: "Resume", URL: "#"}, Post: true},
	}
	for i, answer := range []string{"500", "connect_timeout", "tls_error", "410", "500", "dns_error"} {
		mark := component.Mark{Tone: component.Retry, Text: "retrying in 4 min"}
		if i%3 == 1 {
			mark = component.Mark{Tone: component.Bad, Text: "exhausted"}
		}
		m.Failures = append(m.Failures, overview.FailureRow{URL: "/story/delivery", Mark: mark, Topic: "product.price_changed", Endpoint: []string{"orders-prod", longName, rtlName}[i%3], Answer: answer, At: ago(time.Duration(i*i+1) * time.Minute)})
	}
	m.FailuresURL = "/story/deliveries"
	return m
}

func overviewWell(theme string) overview.ShowModel {
	return overview.ShowModel{
		Shell: shell(theme, "Overview"), Verdict: component.Mark{Tone: component.Good, Text: "All 12 endpoints are healthy"},
		Detail: "41,203 deliveries in the last 24 hours; nothing waits.", Ranges: ranges("24 h"),
		Figures: []component.Figure{
			{Label: "Delivered", Value: "41,203", Note: "+4 % on the day before"}, {Label: "Success rate", Value: "99.5 %", Note: "of attempts"},
			{Label: "Failed attempts", Value: "212", Tone: component.Bad}, {Label: "Waiting", Value: "214", Note: "oldest 2 h"}, {Label: "Held", Value: "12"},
		},
		Volume: volume("Deliveries"), Latency: latency(),
	}
}

func overviewFirst(theme string) overview.ShowModel {
	return overview.ShowModel{
		Shell: shell(theme, "Overview"), Verdict: component.Mark{Tone: component.Neutral, Text: "Nothing has happened here yet"}, Detail: "Three steps to the first delivery.",
		FirstRun: &overview.FirstRun{Steps: []overview.Step{
			{Title: "Say where to deliver", Text: "An endpoint is a URL of yours that takes POST requests.", Done: true, Action: component.Link{Label: "Endpoints", URL: "/story/endpoints"}},
			{Title: "Make a key", Text: "Programs publish with it. It shows once.", Action: component.Link{Label: "Make a key", URL: "/story/keys"}},
			{Title: "Publish an event", Text: "Run this with your key; the delivery shows up here.", Command: "curl -X POST http://127.0.0.1:8080/api/v1/events \\\n  -H 'Authorization: Bearer bwsk_…' \\\n  -H 'Content-Type: application/json' \\\n  -d '{\"topic\":\"product.price_changed\",\"data\":{\"productId\":\"p_1\",\"oldPrice\":10,\"newPrice\":8,\"currency\":\"EUR\"}}'"},
		}},
	}
}
