package manage

import (
	"reflect"

	"github.com/bellwire/bellwire/internal/webhook"
)

// changed names the settings that differ, for the audit log; their values may
// be secrets.
func changed(old, now webhook.Settings) []string {
	var names []string
	add := func(name string, a, b any) {
		if !reflect.DeepEqual(a, b) {
			names = append(names, name)
		}
	}
	add("name", old.Name, now.Name)
	add("kind", old.Kind, now.Kind)
	add("url", old.URL, now.URL)
	add("format", old.Format, now.Format)
	add("custom format", old.Custom, now.Custom)
	add("topics", full(old.Topics), full(now.Topics))
	add("prompt filter", promptLists(old.Prompt), promptLists(now.Prompt))
	add("payload filter", []any{full(old.Payload.Rows), old.Payload.Expression}, []any{full(now.Payload.Rows), now.Payload.Expression})
	add("headers", full(old.Headers), full(now.Headers))
	add("retry policy", []any{old.Retry.Policy, full(old.Retry.Delays), old.Retry.NoClientErrors},
		[]any{now.Retry.Policy, full(now.Retry.Delays), now.Retry.NoClientErrors})
	add("timeout", old.Timeout, now.Timeout)
	add("max in flight", old.MaxInFlight, now.MaxInFlight)
	add("rate", old.RatePerSecond, now.RatePerSecond)
	add("order", old.Ordered, now.Ordered)
	return names
}

// full makes nil and empty equal.
func full[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func promptLists(f webhook.PromptFilter) [][]string {
	return [][]string{full(f.Names), full(f.Tags), full(f.Labels)}
}
