package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// Names that pages must survive: long, right to left, emoji, markup.
var (
	longName = strings.Repeat("a-very-long-endpoint-name-", 11) + "that-ends-here"
	rtlName  = "نقطة الاستلام الرئيسية للمتجر"
	emoji    = "🛒 shop 🧵🏽‍♀️ — <b>bold</b> & \"quoted\""
	hostile  = `</pre><script>alert(1)</script><img src=x onerror=alert(1)>`
)

var now = time.Date(2026, 11, 21, 9, 56, 48, 120e6, time.UTC)

// ago is a moment before the storybook's present.
func ago(d time.Duration) component.Time {
	return moment(now.Add(-d), words(d)+" ago")
}

func in(d time.Duration) component.Time {
	return moment(now.Add(d), "in "+words(d))
}

// moment has no ISO time: the page's script would count from the real clock.
func moment(t time.Time, text string) component.Time {
	return component.Time{Text: text, Full: t.Format("2 Jan 2006, 15:04:05.000 UTC")}
}

func words(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

// id is a made-up UUIDv7.
func id(n int) string { return fmt.Sprintf("019aa5c2-%04x-7b31-9c0d-4e5f60718%03x", n&0xffff, n&0xfff) }

func rail(current string) []layout.RailGroup {
	item := func(label string, icon component.Icon) layout.RailItem {
		return layout.RailItem{Label: label, Icon: icon, URL: "/story/" + strings.ToLower(label), Current: label == current}
	}
	endpoints := item("Endpoints", component.IconEndpoint)
	endpoints.Count, endpoints.Tone = "2", component.Bad
	return []layout.RailGroup{
		{Items: []layout.RailItem{
			item("Overview", component.IconOverview), endpoints, item("Deliveries", component.IconDelivery),
			item("Events", component.IconEvent), item("Topics", component.IconTopic), item("Products", component.IconProduct), item("Prompts", component.IconPrompt),
		}},
		{Title: "Project", Items: []layout.RailItem{item("Keys", component.IconKey), item("Members", component.IconMembers)}},
		{Title: "Staff", Items: []layout.RailItem{item("Projects", component.IconProjects)}},
	}
}

func shell(theme, section string, crumbs ...string) layout.AppModel {
	m := layout.AppModel{
		Title: section, Theme: theme, Path: "/", Wide: section == "Deliveries" || section == "Events",
		Crumbs:         []component.Link{{Label: "Nimbus Store", URL: "/story/overview"}},
		Project:        component.Link{Label: "Nimbus Store", URL: "/story/overview"},
		Projects:       []component.Chip{{Label: "Nimbus Store", URL: "/story/overview", On: true}, {Label: rtlName, URL: "/story/overview"}, {Label: longName, URL: "/story/overview"}},
		AllProjectsURL: "/story/projects", Rail: rail(section),
		User:      layout.User{Name: "Ada Okafor", Email: "ada@nimbus.example", Role: "developer of Nimbus Store", ProfileURL: "/story/profile", SignOutURL: "/sign-out"},
		SearchURL: "/search", Environment: "demo", EnvironmentNote: "Made-up data, local receivers", ThemeURL: "/theme",
		Keys: layout.Keys{Overview: "/story/overview", Endpoints: "/story/endpoints", Deliveries: "/story/deliveries", Events: "/story/events", Topics: "/story/topics"},
	}
	if len(crumbs) == 0 {
		m.Crumbs = append(m.Crumbs, component.Link{Label: section})
	} else {
		m.Crumbs = append(m.Crumbs, component.Link{Label: section, URL: "/story/" + strings.ToLower(section)})
	}
	for _, c := range crumbs {
		m.Crumbs = append(m.Crumbs, component.Link{Label: c})
	}
	return m
}

func door(theme, title string) layout.AuthModel { return layout.AuthModel{Title: title, Theme: theme} }

// stories are all pages in all their states.
func stories() map[string]teller {
	all := map[string]teller{}
	for _, part := range []map[string]teller{doorStories(), overviewStories(), guideStories(), deliveryStories(), endpointStories(), endpointPageStories(), eventStories(), topicStories(), productStories(), promptStories(), slackStories(), settingsStories(), systemStories()} {
		for name, tell := range part {
			all[name] = tell
		}
	}
	return all
}

func ranges(on string) []component.Chip {
	var out []component.Chip
	for _, r := range []string{"1 h", "24 h", "7 d", "30 d"} {
		out = append(out, component.Chip{Label: r, URL: "?range=" + strings.ReplaceAll(r, " ", ""), On: r == on})
	}
	return out
}

// charts are the pair of charts with what the page's script draws from.
func charts(on string) component.ChartsModel {
	m := component.ChartsModel{Ranges: ranges(on), Action: "#", Since: component.Input{Value: "2026-11-20T09:30"}, Until: component.Input{Value: "2026-11-21T09:30"}, Volume: volume("Attempts"), Latency: latency()}
	plot := component.Plot{Region: "overview", Step: 1800}
	for i := range 48 {
		plot.Starts = append(plot.Starts, now.Truncate(30*time.Minute).Add(time.Duration(i-48)*30*time.Minute).Unix())
	}
	m.Volume.Plot, m.Latency.Plot = plot, plot
	m.Volume.Scale, m.Latency.Scale = "per 30 min, UTC", "per 30 min, UTC"
	m.Volume.Plot.ID, m.Latency.Plot.ID = "chart-attempts", "chart-latency"
	return m
}

// sparse is a pair of charts in which next to nothing was.
func sparse() component.ChartsModel {
	m := charts("")
	m.Custom, m.Log = "21 Nov 08:00–09:30 UTC", component.Link{Label: "Deliveries of this time", URL: "/story/deliveries"}
	for i := range m.Volume.Bars {
		if i != 7 && i != 30 {
			m.Volume.Bars[i].Parts = []component.Part{{Tone: component.Good}, {Tone: component.Bad}}
			for l := range m.Latency.Lines {
				m.Latency.Lines[l].Values[i] = -1
			}
		}
	}
	return m
}

// idle is a time in which nothing was.
func idle() component.ChartsModel {
	m := sparse()
	m.Nothing = "Nothing was sent in this time."
	return m
}

func states(on string) []component.Chip {
	return []component.Chip{
		{Label: "All", URL: "?", On: on == ""},
		{Label: "Delivered", URL: "?state=delivered", Tone: component.Good, On: on == "delivered"},
		{Label: "Retrying", URL: "?state=retrying", Tone: component.Retry},
		{Label: "Waiting", URL: "?state=waiting", Tone: component.Wait},
		{Label: "Held", URL: "?state=held", Tone: component.Held},
		{Label: "Exhausted", URL: "?state=exhausted", Title: "Given up: every try failed, and nothing more is tried", Tone: component.GivenUp, On: on == "exhausted", Count: "17"},
		{Label: "Cancelled", URL: "?state=cancelled", Tone: component.Quiet},
	}
}

func volume(title string) component.BarChart {
	c := component.BarChart{
		Title: title, Peak: "1,240 / 30 min", Axis: []string{"10:00", "16:00", "22:00", "04:00", "now"},
		Summary: "Deliveries in the last 24 hours: 41,203 delivered, 212 failed; the peak was 1,240 at 14:30.",
		Legend:  []component.Legend{{Tone: component.Good, Label: "delivered", Value: "41,203"}, {Tone: component.Bad, Label: "failed", Value: "212"}},
	}
	for i := range 48 {
		good := 600 + 500*float64((i*7)%13)/13
		bad := 0.0
		if i%9 == 4 || i > 41 {
			bad = float64(20 + (i*31)%160)
		}
		c.Bars = append(c.Bars, component.Bar{Label: bucketLabel(i), Note: map[bool]string{true: "timeout ×3, error status ×2"}[bad > 0], Title: fmt.Sprintf("bucket %d: %.0f delivered, %.0f failed", i, good, bad), Parts: []component.Part{{Tone: component.Good, Value: good}, {Tone: component.Bad, Value: bad}}})
	}
	return c
}

func wordsOf(values []float64) []string {
	var out []string
	for _, v := range values {
		out = append(out, fmt.Sprintf("≤ %.0f ms", v))
	}
	return out
}

func bucketLabel(i int) string {
	at := now.Truncate(30 * time.Minute).Add(time.Duration(i-48) * 30 * time.Minute)
	return at.Format("2 Jan 15:04") + "–" + at.Add(30*time.Minute).Format("15:04")
}

func latency() component.LineChart {
	c := component.LineChart{Title: "Latency", Peak: "2.0 s", Axis: []string{"10:00", "16:00", "22:00", "04:00", "now"}, Summary: "Time to answer in the last 24 hours: median 84 ms, 95th percentile 410 ms, 99th 1.9 s."}
	series := [][]float64{{}, {}, {}}
	for i := range 48 {
		base := 60 + float64((i*17)%40)
		series[0] = append(series[0], base)
		series[1] = append(series[1], base*4+float64((i*29)%90))
		series[2] = append(series[2], base*9+float64((i*53)%900))
		c.Labels = append(c.Labels, bucketLabel(i))
		c.Titles = append(c.Titles, fmt.Sprintf("p50 %.0f ms, p95 %.0f ms, p99 %.0f ms", series[0][i], series[1][i], series[2][i]))
	}
	series[0][20], series[1][20], series[2][20] = -1, -1, -1
	for i, l := range []string{"p50", "p95", "p99"} {
		c.Lines = append(c.Lines, component.Line{Rank: []int{1, 0, 2}[i], Label: l, Value: []string{"84 ms", "410 ms", "1.9 s"}[i], Values: series[i], Words: wordsOf(series[i])})
	}
	return c
}
