package web

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/deliveries"
)

// shownBody is how much of a body a page carries; the API has all of it.
const shownBody = 64 << 10

func presentExchange(a manage.AttemptDetail) *deliveries.Exchange {
	x := &deliveries.Exchange{
		Title:     fmt.Sprintf("Attempt %d", a.Number),
		AttemptID: a.ID.String(),
		Settings:  fmt.Sprintf("settings version %d", a.EndpointVersion),
		Timings:   phases(a.Attempt),
		Answered:  a.Response.Status != 0,
		Request: deliveries.Message{
			Line: a.Request.Method + " " + a.Request.URL, Headers: presentHeaders(a.Request.Headers), Body: presentBody(a.Request.Body, a.BodyNote),
		},
	}
	if a.Request.Method == "" {
		x.Request.Line = "The request was not written down."
	} else {
		x.Curl = curl(a.Request)
	}
	if a.Outcome != webhook.OutcomeDelivered {
		x.Error = a.Error
	}
	if x.Answered {
		x.Response = deliveries.Message{
			Line: statusLine(a.Response.Status), Tone: component.Bad, Headers: presentHeaders(a.Response.Headers),
			Body: presentAnswer(a.Response),
		}
		if a.Outcome == webhook.OutcomeDelivered {
			x.Response.Tone = component.Good
		}
	}
	return x
}

func presentAnswer(r webhook.Response) component.Body {
	b := presentBody(r.Body, truncatedNote(r))
	b.Received = true
	return b
}

func truncatedNote(r webhook.Response) string {
	if r.Truncated {
		return "the answer was longer or broke off; this is what was kept of it, 64 KB at most"
	}
	return ""
}

func presentHeaders(lines []webhook.HeaderLine) []component.Header {
	var list []component.Header
	for _, line := range lines {
		list = append(list, component.Header{Name: line.Name, Value: line.Value, Masked: strings.Contains(line.Value, "****")})
	}
	return list
}

// presentBody shows bytes as text where they are text, JSON set out in lines.
func presentBody(raw []byte, note string) component.Body {
	b := component.Body{Size: size(len(raw)), Note: note}
	if len(raw) == 0 {
		b.Kind = "text"
		return b
	}
	cut := raw
	if len(cut) > shownBody {
		cut, b.Note = cut[:shownBody], joinNotes(note, "only the first 64 KB are shown here")
	}
	if !isText(cut) {
		b.Kind, b.Text = "binary", hex.Dump(cut[:min(len(cut), 4<<10)])
		b.Note = joinNotes(b.Note, "not text: shown as bytes")
		return b
	}
	cut = bytes.ToValidUTF8(cut, nil)
	b.Kind, b.Text = "text", string(cut)
	var pretty bytes.Buffer
	if !tooDeep(cut) && json.Indent(&pretty, cut, "", "  ") == nil {
		b.Kind, b.Text, b.Raw = "json", pretty.String(), string(cut)
	} else if trimmed := bytes.TrimSpace(cut); len(trimmed) > 0 && trimmed[0] == '<' {
		b.Kind = "html"
	}
	return b
}

func joinNotes(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// shownDepth is how deep JSON can be nested to be set out in lines. Every
// level indents further, so a hostile answer of brackets alone would grow a
// thousandfold.
const shownDepth = 64

// tooDeep counts brackets, those inside strings too: being wrong costs the
// line breaks only.
func tooDeep(json []byte) bool {
	depth := 0
	for _, b := range json {
		switch b {
		case '[', '{':
			if depth++; depth > shownDepth {
				return true
			}
		case ']', '}':
			depth--
		}
	}
	return false
}

func isText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return !utf8.FullRune(b) // a rune that a cut went through is text
		}
		if r != '\n' && r != '\r' && r != '\t' && unicode.IsControl(r) {
			return false
		}
		b = b[n:]
	}
	return true
}

// curl is the same request as a command, safe to paste: every part is quoted
// for a POSIX shell.
func curl(r webhook.Request) string {
	var b strings.Builder
	b.WriteString("curl -X " + r.Method + " " + quote(r.URL))
	for _, h := range r.Headers {
		line := h.Name + ": " + h.Value
		if h.Value == "" {
			line = h.Name + ";" // how curl sends a header without a value
		}
		b.WriteString(" \\\n  -H " + quote(line))
	}
	if len(r.Body) > 0 {
		b.WriteString(" \\\n  --data-raw " + quote(string(r.Body)))
	}
	return b.String()
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
