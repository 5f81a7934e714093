package overview

import (
	"strconv"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
)

func number(n int) string { return strconv.Itoa(n) }

func stepID(n int) string { return "step-" + number(n) }

func stepState(p Progress) templ.Attributes {
	if p != Current {
		return nil
	}
	return templ.Attributes{"aria-current": "step"}
}

func progressWords(p Progress) string {
	switch p {
	case Done:
		return "(done)"
	case Current:
		return "(now)"
	case Later:
	}
	return "(later)"
}

func arriveTitle(s ArriveStep) string {
	if s.Progress == Done {
		return "It arrived"
	}
	return "See it arrive"
}

// following are the attributes that keep the steps fresh while somebody waits:
// more often than a page that is only open.
func following(live component.Live) templ.Attributes {
	attributes := component.Refresh("guide", live)
	if attributes != nil {
		attributes["hx-trigger"] = "every 1s"
		attributes["hx-select-oob"] = "#step-1-no,#step-1-title"
	}
	return attributes
}
