package component

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"
)

// paintLimit is the largest text that is coloured; longer ones stay plain, so
// that a page does not grow fivefold.
const paintLimit = 64 << 10

type piece struct{ class, text string }

// exact is what the copy button copies.
func exact(b Body) string {
	if b.Raw != "" {
		return b.Raw
	}
	return b.Text
}

func exactTitle(b Body) string {
	if b.Received {
		return "Exact bytes as received"
	}
	return "Exact bytes as sent"
}

// emptyBody says why there is nothing to show, in place of a note in the head.
func emptyBody(b Body) string {
	if b.Note != "" {
		return b.Note
	}
	return "Empty"
}

// Painted writes a body's text, coloured if it is JSON, with not one space
// more or less than it has. Every byte of it is escaped.
func Painted(b Body) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		pieces := []piece{{text: b.Text}}
		if b.Kind == "json" {
			pieces = paint(b.Text)
		}
		for _, p := range pieces {
			out := templ.EscapeString(p.text)
			if p.class != "" {
				out = `<span class="` + p.class + `">` + out + `</span>`
			}
			if _, err := io.WriteString(w, out); err != nil {
				return err
			}
		}
		return nil
	})
}

// paint splits JSON into coloured pieces. It never fails: what is not JSON
// comes out as it went in.
func paint(text string) []piece {
	if len(text) > paintLimit {
		return []piece{{text: text}}
	}
	var out []piece
	for len(text) > 0 {
		n, class := token(text)
		if last := len(out) - 1; last >= 0 && out[last].class == class {
			out[last].text += text[:n]
		} else {
			out = append(out, piece{class, text[:n]})
		}
		text = text[n:]
	}
	return out
}

// token measures the first token of the text, at least one byte, and names
// its class.
func token(text string) (int, string) {
	switch c := text[0]; {
	case c == '"':
		n := quoted(text)
		if strings.HasPrefix(strings.TrimLeft(text[n:], " \t\r\n"), ":") {
			return n, "j-key"
		}
		return n, "j-str"
	case c == '-' || c >= '0' && c <= '9':
		return span(text, "-+.eE0123456789"), "j-num"
	case c == 't' || c == 'f' || c == 'n':
		return span(text, "truefalsn"), "j-lit"
	case strings.IndexByte("{}[],:", c) >= 0:
		return 1, "j-sep"
	}
	end := strings.IndexAny(text[1:], "\"-0123456789tfn{}[],:")
	if end < 0 {
		return len(text), ""
	}
	return end + 1, ""
}

func quoted(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

func span(text, set string) int {
	n := 1
	for n < len(text) && strings.IndexByte(set, text[n]) >= 0 {
		n++
	}
	return n
}
