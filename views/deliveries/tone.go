package deliveries

import (
	"strconv"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
)

// tone is the class that colours an answer.
func tone(t component.Tone) string {
	if t == component.Neutral {
		return ""
	}
	return component.Class(t)
}

// below is the pager under the rows; its words stand above them.
func below(m TableModel) component.Pager {
	p := m.Pager
	p.Text = ""
	return p
}

// following are the attributes that the script follows a list by.
func following(l Live) templ.Attributes {
	if l.Stream == "" {
		return nil
	}
	attrs := templ.Attributes{"data-stream": l.Stream, "data-rows": strconv.Itoa(l.Rows)}
	if !l.On {
		attrs["data-still"] = true
	}
	return attrs
}
