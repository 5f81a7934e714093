package main

import (
	"time"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
	"github.com/bellwire/bellwire/views/overview"
)

func overviewStories() map[string]teller {
	page := func(make func(theme string) overview.ShowModel) teller {
		return func(theme string) templ.Component { return overview.Show(make(theme)) }
	}
	return map[string]teller{
		"overview":              page(overviewBusy),
		"overview-well":         page(overviewWell),
		"overview-unsteady":     page(overviewUnsteady),
		"overview-nothing":      page(overviewNothing),
		"overview-paused":       page(overviewPaused),
		"overview-suspended":    page(overviewSuspended),
		"overview-one":          page(overviewOne),
		"overview-idle":         page(overviewIdle),
		"overview-quiet":        page(overviewQuiet),
		"overview-first-run":    page(overviewFirst),
		"overview-first-failed": page(overviewFirstFailed),
	}
}

func overviewBusy(theme string) overview.ShowModel {
	m := overviewWell(theme)
	m.Shell.Trouble = true
	m.Verdict = component.Mark{Tone: component.Bad, Text: "2 endpoints need you"}
	m.Detail = "Of the others 1 not quite well, 9 healthy."
	m.Groups = []overview.Group{
		{ID: "needs-you", Title: "Needs you", Rows: []overview.TroubleRow{
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
			row.Mark, row.Times, row.Since, row.Topic = component.Mark{Tone: component.GivenUp, Text: "exhausted"}, "8 times", component.Time{Text: "12:03 UTC"}, "3 topics"
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

func overviewPaused(theme string) overview.ShowModel {
	m := overviewWell(theme)
	m.Verdict, m.Detail = component.Mark{Tone: component.Held, Text: "1 healthy, 3 paused and holding 1,157+"}, "What is held goes out once somebody resumes it; nothing is lost."
	row := func(name, holds string, resume endpoints.Resume) overview.TroubleRow {
		resume.Name = name
		return overview.TroubleRow{
			Name: name, URL: "/story/endpoint", Target: "hooks.nimbus.example/…/news", Mark: component.Mark{Tone: component.Held, Text: "paused"},
			Cause: "holds " + holds + "; paused by a person", Since: component.Time{Text: "16:12 UTC"}, Resume: resume,
		}
	}
	rates := []component.Option{{Label: "as fast as it takes them", Selected: true}, {Value: "5", Label: "116 at 5/s, about 24 s"}}
	m.Groups = []overview.Group{{ID: "paused", Title: "Paused", Rows: []overview.TroubleRow{
		row("newsletter", "116 deliveries", endpoints.Resume{URL: "#", Rates: rates}), row(longName, "1,000+ deliveries", endpoints.Resume{URL: "#", Rates: rates}),
		row(rtlName, "1 delivery", endpoints.Resume{URL: "#"}),
	}}}
	return m
}

func overviewNothing(theme string) overview.ShowModel {
	m := overviewBusy(theme)
	m.Verdict = component.Mark{Tone: component.Bad, Text: "Nothing gets through"}
	m.Groups = m.Groups[:1]
	for range 3 {
		m.Groups[0].Rows = append(m.Groups[0].Rows, m.Groups[0].Rows[:2]...)
	}
	m.Groups[0].Rows = m.Groups[0].Rows[:8]
	m.Groups[0].More = component.Link{Label: "52 more endpoints", URL: "/story/endpoints"}
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

func overviewOne(theme string) overview.ShowModel {
	m := overviewQuiet(theme)
	m.Verdict = component.Mark{Tone: component.Good, Text: "Your endpoint is healthy"}
	return m
}

// overviewIdle shows a time in which nothing was sent.
func overviewIdle(theme string) overview.ShowModel {
	m := overviewWell(theme)
	none := idle()
	m.Charts = &none
	m.Figures = []component.Figure{{Label: "Attempts delivered", Value: "0"}, {Label: "Success rate", Value: "–"}, {Label: "p95 latency", Value: "–"}, {Label: "Waiting", Value: "0"}}
	return m
}

func overviewFirst(theme string) overview.ShowModel {
	g := guideLocal()
	return overview.ShowModel{Shell: shell(theme, "Overview"), Verdict: component.Mark{Text: "No endpoint yet"}, Detail: "Connect one and send it a first event.", Guide: &g}
}

func overviewFirstFailed(theme string) overview.ShowModel {
	g := guideFailed()
	return overview.ShowModel{
		Shell: shell(theme, "Overview"), Verdict: component.Mark{Tone: component.Retry, Text: "The first event has not arrived yet"}, Detail: "The steps below say why, and what to do.", Guide: &g,
	}
}
