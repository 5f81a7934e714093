package component

import (
	"fmt"

	"github.com/a-h/templ"
)

func fieldID(m FieldModel) string {
	if m.ID != "" {
		return m.ID
	}
	return m.Name
}

// named gives an element its id, if it has one.
func named(id string) templ.Attributes {
	if id == "" {
		return nil
	}
	return templ.Attributes{"id": id}
}

func fieldType(m FieldModel) string {
	if m.Type == "" {
		return "text"
	}
	return m.Type
}

// fieldValue never sends a password back to the browser.
func fieldValue(m FieldModel) string {
	if m.Type == "password" {
		return ""
	}
	return m.Input.Value
}

func fieldAttributes(m FieldModel) templ.Attributes {
	attrs := templ.Attributes{}
	for name, value := range map[string]string{"autocomplete": m.Autocomplete, "min": m.Min, "max": m.Max, "step": m.Step, "list": m.List} {
		if value != "" {
			attrs[name] = value
		}
	}
	if m.Required {
		attrs["required"] = true
	}
	if m.Autofocus {
		attrs["autofocus"] = true
	}
	if m.Digits {
		attrs["inputmode"] = "numeric"
	}
	if m.Mono {
		attrs["spellcheck"], attrs["autocapitalize"] = "false", "none"
	}
	described := ""
	if m.Input.Error != "" {
		attrs["aria-invalid"] = "true"
		described = fieldID(m) + "-error"
	}
	if m.Hint != "" {
		if described != "" {
			described += " "
		}
		described += fieldID(m) + "-hint"
	}
	if described != "" {
		attrs["aria-describedby"] = described
	}
	return attrs
}

func mistakesTitle(n int) string {
	if n == 1 {
		return "One thing needs another look. Nothing was saved."
	}
	return fmt.Sprintf("%d things need another look. Nothing was saved.", n)
}
