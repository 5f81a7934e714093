package web

import (
	"fmt"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/endpoints"
)

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
		{Label: "At once", Values: []string{plural(int64(e.InFlightLimit()), "request", "requests")}},
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
