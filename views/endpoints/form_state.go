package endpoints

import (
	"fmt"

	"github.com/a-h/templ"
)

// previewing are the attributes that fetch the pane while the form is typed
// in; nothing is awaited, so the pane never blocks typing.
func previewing(url string) templ.Attributes {
	if url == "" {
		return nil
	}
	return templ.Attributes{
		"hx-post": url, "hx-include": "#endpoint", "hx-target": "#preview", "hx-swap": "outerHTML",
		"hx-trigger": "input delay:500ms from:#endpoint, change delay:200ms from:#endpoint", "hx-sync": "this:replace",
	}
}

// The folds are open where something is filled in or wrong, so that nothing
// that counts is out of sight.

func promptsOpen(m FormModel) bool {
	for _, input := range []string{
		m.PromptNames.Value, m.PromptNames.Error, m.PromptTags.Value, m.PromptTags.Error,
		m.PromptLabels.Value, m.PromptLabels.Error,
	} {
		if input != "" {
			return true
		}
	}
	return false
}

func payloadOpen(m FormModel) bool {
	for _, r := range m.Payload {
		if r.Path != "" || r.Value != "" || r.Error != "" {
			return true
		}
	}
	return false
}

func headersOpen(m FormModel) bool {
	for _, h := range m.Headers {
		if h.Name != "" || h.Value != "" || h.Error != "" {
			return true
		}
	}
	return m.HeadersError != ""
}

func limitsOpen(m FormModel) bool {
	return m.Ordered || m.MaxInFlight.Value != "" || m.Rate.Value != "" ||
		m.Timeout.Error != "" || m.MaxInFlight.Error != "" || m.Rate.Error != ""
}

// nth names the inputs of a row for screen readers.
func nth(what string, i int) string { return fmt.Sprintf("%s %d", what, i+1) }

// shownValue never sends a stored secret value to the browser.
func shownValue(h HeaderRow) string {
	if h.Kept {
		return ""
	}
	return h.Value
}

func valueHint(h HeaderRow) string {
	if h.Kept {
		return "stored; leave empty to keep"
	}
	return "value"
}
