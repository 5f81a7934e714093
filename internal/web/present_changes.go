package web

import (
	"fmt"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/endpoints"
)

// presentChanges compares what is stored with what is typed; nothing for a new
// endpoint.
func presentChanges(before *webhook.Endpoint, set webhook.Settings) []endpoints.Change {
	if before == nil {
		return nil
	}
	if set.Timeout == 0 {
		set.Timeout = webhook.DefaultTimeout
	}
	set.Topics = inOldOrder(before.Topics, set.Topics)
	old, now := settingLines(before.Settings), settingLines(set)
	var list []endpoints.Change
	for i := range old {
		if old[i].words != now[i].words {
			list = append(list, endpoints.Change{Label: old[i].label, Before: orNone(old[i].words), After: orNone(now[i].words)})
		}
	}
	return append(list, typedSecrets(set.Headers)...)
}

// typedSecrets are new values of secret headers, which are not shown.
func typedSecrets(headers []webhook.Header) []endpoints.Change {
	var list []endpoints.Change
	for _, h := range headers {
		if h.Secret && h.Value != "" {
			list = append(list, endpoints.Change{Label: "Header " + h.Name, Before: "its value", After: "a new secret value"})
		}
	}
	return list
}

func orNone(words string) string {
	if words == "" {
		return "none"
	}
	return words
}

type settingLine struct{ label, words string }

// settingLines are all settings in a steady order, each in a few words.
func settingLines(set webhook.Settings) []settingLine {
	return []settingLine{
		{"Name", set.Name}, {whereLabel(set), set.URL}, {"Topics", strings.Join(set.Topics, ", ")},
		{"Prompt names", strings.Join(set.Prompt.Names, ", ")}, {"Prompt tags", strings.Join(set.Prompt.Tags, ", ")},
		{"Prompt labels", strings.Join(set.Prompt.Labels, ", ")}, {"Data", payloadWords(set.Payload)}, {"Format", formatLine(set)}, {"Body", templateWords(set.Template)},
		{"Own headers", headerWords(set.Headers)}, {"Retries", retryLine(set.Retry)}, {"Timeout", span(set.Timeout)},
		{"At once", limitWords(set.MaxInFlight)}, {"Rate", rateWords(set.RatePerSecond)}, {"Order", orderWords(set.Ordered)},
	}
}

func templateWords(template string) string {
	if template == "" {
		return "as the format says"
	}
	return template
}

func whereLabel(set webhook.Settings) string {
	if set.Kind == webhook.KindSlack {
		return "Channel"
	}
	return "URL"
}

func payloadWords(f webhook.PayloadFilter) string {
	if f.Expression != "" {
		return f.Expression
	}
	rows := make([]string, len(f.Rows))
	for i, r := range f.Rows {
		rows[i] = strings.TrimSpace(r.Path + " " + operatorLabel(r.Operator) + " " + r.Value)
	}
	return strings.Join(rows, ", and ")
}

func formatLine(set webhook.Settings) string {
	if set.Custom == nil {
		return string(set.Format)
	}
	c := set.Custom
	return strings.Join([]string{"custom", c.Header + ": " + c.Value, c.Signed, c.Encoding, c.Body}, ", ")
}

func headerWords(headers []webhook.Header) string {
	var list []string
	for _, h := range hideSecret(headers) {
		list = append(list, h.Name+": "+h.Value)
	}
	return strings.Join(list, ", ")
}

func retryLine(r webhook.RetryPolicy) string {
	words := string(r.Policy)
	if r.Policy == webhook.RetryCustom {
		list := make([]string, len(r.Delays))
		for i, wait := range r.Delays {
			list[i] = span(wait)
		}
		words = "after " + strings.Join(list, ", ")
	}
	if r.NoClientErrors {
		words += "; not after 4xx"
	}
	return words
}

func limitWords(limit int) string {
	if limit == 0 {
		limit = webhook.DefaultMaxInFlight
	}
	return plural(int64(limit), "request", "requests")
}

func rateWords(rate float64) string {
	if rate == 0 {
		return "no limit"
	}
	return fmt.Sprintf("%g per second", rate)
}

func orderWords(ordered bool) string {
	if ordered {
		return "kept, one at a time"
	}
	return "not kept"
}
