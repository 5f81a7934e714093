package deliveries

import "github.com/bellwire/bellwire/views/component"

// tone is the class that colours an answer.
func tone(t component.Tone) string {
	if t == component.Neutral {
		return ""
	}
	return component.Class(t)
}

// pages is the pager below the rows; its words stand above them when the live
// switch is there.
func pages(m TableModel) component.Pager {
	p := m.Pager
	if m.LiveToggle.URL != "" {
		p.Text = ""
	}
	return p
}
