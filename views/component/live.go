package component

import (
	"regexp"

	"github.com/a-h/templ"
)

// Refresh are the attributes that keep the region with this id fresh.
func Refresh(id string, live Live) templ.Attributes {
	if live.URL == "" {
		return nil
	}
	attrs := templ.Attributes{
		"data-live": true, "hx-get": live.URL, "hx-select": "#" + id, "hx-target": "#" + id,
		"hx-swap": "outerHTML", "hx-trigger": "every 5s",
	}
	if live.Stream != "" {
		attrs["hx-ext"], attrs["sse-connect"] = "sse", live.Stream
		attrs["hx-trigger"] = "sse:changed"
	}
	return attrs
}

// literal is a word as a pattern that matches nothing else.
func literal(word string) string { return regexp.QuoteMeta(word) }

// Current marks the link that leads to what is shown already.
func Current(on bool) templ.Attributes {
	if !on {
		return nil
	}
	return templ.Attributes{"aria-current": "page"}
}
