package component

import (
	"strconv"
	"strings"
)

// EditorModel is a text area for JSON. It posts like any text area; the
// page's script adds formatting, a check and a Tab key that indents.
type EditorModel struct {
	Field FieldModel
	// Faults stand below the text, each with its place.
	Faults []EditorFault
}

// EditorFault is one wrong place of the text.
type EditorFault struct {
	// Path names the member: "data.items[2].id".
	Path string
	// Line is where it stands in the text, from 1; empty if nobody knows.
	Line string
	Text string
}

// edited is the field with what the faults say to screen readers.
func edited(m EditorModel) FieldModel {
	f := m.Field
	f.Mono = true
	if f.Hint == "" {
		f.Hint = "With script: Tab indents; Esc, then Tab leaves the field."
	}
	if len(m.Faults) > 0 && f.Input.Error == "" {
		f.Input.Error = "Nothing is lost: mend the text and try again."
	}
	return f
}

// editorRows grows with the text, within reason.
func editorRows(m FieldModel) string {
	lines := strings.Count(m.Input.Value, "\n") + 2
	return strconv.Itoa(min(max(lines, m.Rows, 8), 28))
}
