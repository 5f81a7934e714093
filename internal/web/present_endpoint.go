package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
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

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
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
