package endpoints

import (
	"fmt"
	"strings"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
)

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
	return m.PayloadError != "" || m.Expression.Value != "" || m.Expression.Error != "" || m.ByExpression || len(m.Payload) > 1
}

func headersOpen(m FormModel) bool {
	for _, h := range m.Headers {
		if h.Name != "" || h.Value != "" || h.Error != "" {
			return true
		}
	}
	return m.HeadersError != "" || len(m.Headers) > 1
}

func formatOpen(m FormModel) bool {
	if m.FormatError != "" {
		return true
	}
	for _, f := range m.Formats {
		if f.Selected {
			return f.Value == "custom"
		}
	}
	return false
}

func retryOpen(m FormModel) bool {
	for _, r := range m.Retries {
		if r.Selected && r.Value == "custom" {
			return true
		}
	}
	return m.Delays.Error != "" || m.RetryError != ""
}

func limitsOpen(m FormModel) bool {
	return m.Ordered || m.MaxInFlight.Value != "" || m.Rate.Value != "" ||
		m.Timeout.Error != "" || m.MaxInFlight.Error != "" || m.Rate.Error != ""
}

func secretOpen(m FormModel) bool { return m.Secret.Value != "" || m.Secret.Error != "" }

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
		return "•••• kept unless you type another"
	}
	return "value"
}

func valueType(h HeaderRow) string {
	if h.Secret {
		return "password"
	}
	return "text"
}

// problemTone: nothing chosen yet is no mistake.
func problemTone(waiting bool) component.Tone {
	if waiting {
		return component.Neutral
	}
	return component.Retry
}

// saveWord is what the main button does.
func saveWord(m FormModel) string {
	if m.New {
		return "Create endpoint"
	}
	return "Save changes"
}

// example is an expression to begin with.
type example struct{ code, words string }

var examples = []example{
	{`data.newPrice < data.oldPrice * 0.9`, "a price fell by more than a tenth"},
	{`data.currency in ["EUR", "CHF"] && has(data.merchantId)`, "one of two currencies, and a member is there"},
	{`data.items.exists(i, i.sku.startsWith("A-") && i.quantity > 1)`, "one of a list fits"},
}

var templateExamples = []example{
	{`{{data}}`, "the event's data, whole"},
	{`{{has(data.name) ? data.name : topic}}`, "a member, or something else without it"},
	{`{{cut(json(data), 2000)}}`, "the data as a text of at most so many characters"},
	{`{{secret['X-Routing-Key']}}`, "the value of a secret header, for services that want it in the body"},
}

// templateRows gives a long template room.
func templateRows(text string) int { return min(max(strings.Count(text, "\n")+2, 4), 18) }

// RowID is the id of a wrong row's first field; kind is payload or headers,
// row counts from 0.
func RowID(kind string, row int) string { return fmt.Sprintf("%s-%d", kind, row+1) }

func rowFaultID(kind string, row int) string { return RowID(kind, row) + "-error" }

// invalid marks a field whose fault stands under its row. Only the first of
// the row has an id to jump to.
func invalid(fault, kind string, row int, first bool) templ.Attributes {
	if fault == "" {
		return nil
	}
	attrs := templ.Attributes{"aria-invalid": "true", "aria-describedby": rowFaultID(kind, row)}
	if first {
		attrs["id"] = RowID(kind, row)
	}
	return attrs
}

// expressionState marks the expression that has a mistake; the excerpt under
// it says which.
func expressionState(fault string) templ.Attributes {
	if fault == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true"}
}
