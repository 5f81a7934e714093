package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// shownTopics is how many topics a list's row names.
const shownTopics = 3

func presentEndpoint(e webhook.Endpoint, buckets []webhook.StatsBucket, last hour, now time.Time) endpoints.Row {
	row := endpoints.Row{
		URL: pathEndpoint(e), Name: e.Name, Target: e.URL, Topics: e.Topics, Format: string(e.Format), LastSuccess: moment(e.LastSuccessAt, now),
	}
	row.Mark, row.Note = endpointMark(e, last)
	if len(e.Topics) > shownTopics {
		row.Topics, row.MoreTopics = e.Topics[:shownTopics], fmt.Sprintf("+%d", len(e.Topics)-shownTopics)
	}
	var delivered, failed int64
	var latency webhook.Latency
	for _, b := range buckets {
		delivered += b.Delivered
		failed += b.Failed
		latency.Merge(b.Latency)
	}
	row.SuccessRate, row.P95 = percent(delivered, delivered+failed), latencyWords(latency, 0.95)
	row.Trend = volumeChart(buckets, time.Hour).Bars
	return row
}

func presentHead(e webhook.Endpoint, stats manage.Stats, last hour, now time.Time) endpoints.Head {
	head := endpoints.Head{
		Name: e.Name, ID: e.ID.String(), Target: e.URL, Deleted: !e.DeletedAt.IsZero(),
		Figures: []component.Figure{
			{Label: "Success rate, 24 h", Value: percent(stats.Delivered, stats.Delivered+stats.Failed), Note: plural(stats.Delivered+stats.Failed, "attempt", "attempts")},
			{Label: "p95 latency", Value: latencyWords(stats.Latency, 0.95)},
			{Label: "Last success", Value: orDash(moment(e.LastSuccessAt, now).Text)},
			{Label: "Open", Value: capped(open(stats))},
		},
	}
	var note string
	head.Mark, note = endpointMark(e, last)
	switch {
	case e.State == webhook.EndpointPaused:
		head.Because, head.Since = sentence("Paused: "+note), moment(e.PausedAt, now)
	case e.ConsecutiveFailures >= troubleFrom:
		head.Because, head.Since = sentence(note), moment(failingSince(e), now)
	case note != "":
		head.Because = sentence(note)
	case e.NotBefore.After(now):
		head.Because = "The receiver asked for quiet; the next request goes in " + span(e.NotBefore.Sub(now)) + "."
	}
	return head
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// open counts what is neither delivered nor given up.
func open(s manage.Stats) int64 {
	return s.States[webhook.Waiting] + s.States[webhook.Sending] + s.States[webhook.Held]
}

func openWords(s manage.Stats) string {
	switch n := open(s); n {
	case 0:
		return "nothing waits, so no delivery is"
	case 1:
		return "1 waiting delivery is"
	default:
		return capped(n) + " waiting deliveries are"
	}
}

// offerPause adds the button that fits the endpoint's state.
func offerPause(head *endpoints.Head, e webhook.Endpoint, stats manage.Stats) {
	if e.State == webhook.EndpointActive {
		head.Pause = component.ConfirmModel{
			ID: "pause", Label: "Pause", Title: "Pause " + e.Name + "?", Submit: "Pause",
			Consequence: "Nothing is lost: events are held and go out when you resume it.", URL: pathEndpoint(e, "pause"),
		}
		return
	}
	head.ResumeURL = pathEndpoint(e, "resume")
	head.Held = plural(open(stats), "held delivery goes out", "held deliveries go out")
	head.ResumeRates = []component.Option{
		{Value: "", Label: "as fast as it takes them", Selected: true}, {Value: "1", Label: "1 per second"},
		{Value: "10", Label: "10 per second"}, {Value: "100", Label: "100 per second"},
	}
}

// presentSettings sets the form's four steps out to read.
func presentSettings(e webhook.Endpoint) []endpoints.SettingGroup {
	return []endpoints.SettingGroup{
		{Title: "Where", Rows: []endpoints.SettingRow{
			{Label: "Name", Values: []string{e.Name}}, {Label: "URL", Values: []string{e.URL}, Mono: true},
			{Label: "Settings version", Values: []string{fmt.Sprint(e.Version)}},
		}},
		{Title: "How it looks on the wire", Rows: formatRows(e)},
		{Title: "Which events", Rows: whichRows(e)},
		{Title: "How it is sent", Rows: howRows(e)},
	}
}

func formatRows(e webhook.Endpoint) []endpoints.SettingRow {
	rows := []endpoints.SettingRow{{Label: "Format", Values: []string{string(e.Format)}}}
	if e.Custom != nil {
		rows = append(rows,
			endpoints.SettingRow{Label: "Signature header", Values: []string{e.Custom.Header + ": " + e.Custom.Value}, Mono: true},
			endpoints.SettingRow{Label: "Signed", Values: []string{e.Custom.Signed + ", " + e.Custom.Encoding}, Mono: true},
			endpoints.SettingRow{Label: "Body", Values: []string{e.Custom.Body}})
	}
	return rows
}

func whichRows(e webhook.Endpoint) []endpoints.SettingRow {
	rows := []endpoints.SettingRow{{Label: "Topics", Values: e.Topics, Mono: true}}
	for _, list := range []struct {
		label  string
		values []string
	}{{"Prompt names", e.Prompt.Names}, {"Prompt tags", e.Prompt.Tags}, {"Prompt labels", e.Prompt.Labels}} {
		if len(list.values) > 0 {
			rows = append(rows, endpoints.SettingRow{Label: list.label, Values: list.values, Mono: true})
		}
	}
	var payload []string
	for _, p := range e.Payload.Rows {
		payload = append(payload, strings.TrimSpace(p.Path+" "+operatorLabel(p.Operator)+" "+p.Value))
	}
	if e.Payload.Expression != "" {
		payload = append(payload, e.Payload.Expression)
	}
	if len(payload) > 0 {
		rows = append(rows, endpoints.SettingRow{Label: "Data", Values: payload, Mono: true})
	}
	return rows
}

func howRows(e webhook.Endpoint) []endpoints.SettingRow {
	retry := string(e.Retry.Policy)
	if e.Retry.Policy == webhook.RetryCustom {
		var waits []string
		for _, d := range e.Retry.Delays {
			waits = append(waits, span(d))
		}
		retry = "after " + strings.Join(waits, ", ")
	}
	if e.Retry.NoClientErrors {
		retry += "; not after 4xx"
	}
	rows := []endpoints.SettingRow{
		{Label: "Retries", Values: []string{retry}}, {Label: "Timeout", Values: []string{span(e.Timeout)}},
		{Label: "At once", Values: []string{fmt.Sprintf("%d requests", e.InFlightLimit())}},
	}
	if e.RatePerSecond > 0 {
		rows = append(rows, endpoints.SettingRow{Label: "Rate", Values: []string{fmt.Sprintf("%g per second", e.RatePerSecond)}})
	}
	if e.Ordered {
		rows = append(rows, endpoints.SettingRow{Label: "Order", Values: []string{"kept: one at a time, oldest first"}})
	}
	var headers []string
	for _, h := range e.Headers {
		headers = append(headers, h.Name+": "+h.Value)
	}
	if len(headers) > 0 {
		rows = append(rows, endpoints.SettingRow{Label: "Own headers", Values: headers, Mono: true})
	}
	return rows
}

// failingSince is when the endpoint last was well: its last success, or its
// making if it never had one.
func failingSince(e webhook.Endpoint) time.Time {
	if e.LastSuccessAt.IsZero() {
		return e.CreatedAt
	}
	return e.LastSuccessAt
}
