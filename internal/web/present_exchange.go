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

// shownBytes is how much of what is no text is shown.
const shownBytes = 4 << 10

func presentExchange(d manage.DeliveryDetail, a manage.AttemptDetail) *deliveries.Exchange {
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
		x.Curl, x.CurlNote = curl(a.Request)
	}
	if len(a.Request.Body) > 0 {
		x.Request.DownloadURL = bodyURL(d, a, "request")
	}
	if len(a.Response.Body) > 0 {
		x.Response.DownloadURL = bodyURL(d, a, "response")
	}
	if a.Outcome != webhook.OutcomeDelivered && a.Cause != webhook.CauseStatus { // a status speaks for itself
		x.Error = sentenceOf(a.Error)
	}
	if x.Answered {
		x.Response = deliveries.Message{
			Line: statusLine(a.Response.Status), Tone: component.Bad, Headers: presentHeaders(a.Response.Headers),
			Body: presentAnswer(a.Response), DownloadURL: x.Response.DownloadURL,
		}
		if a.Outcome == webhook.OutcomeDelivered {
			x.Response.Tone = component.Good
		}
	}
	return x
}

func bodyURL(d manage.DeliveryDetail, a manage.AttemptDetail, side string) string {
	return fmt.Sprintf("%s?attempt=%d&side=%s", pathDelivery(d.Delivery, "body"), a.Number, side)
}

func presentAnswer(r webhook.Response) component.Body {
	b := presentBody(r.Body, truncatedNote(r))
	if r.Truncated {
		setOutPart(&b)
	}
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
	cut = cut[:len(cut)-brokenEnd(cut)] // a rune that this cut went through, or the one at receipt
	if !isText(cut) {
		b.Kind, b.Text = "binary", hex.Dump(cut[:min(len(cut), shownBytes)])
		b.Note = joinNotes(note, "not text: shown as bytes")
		if len(raw) > shownBytes {
			b.Note = joinNotes(b.Note, "the first 4 KB of them")
		}
		return b
	}
	if !utf8.Valid(cut) {
		cut = bytes.ToValidUTF8(cut, []byte("\uFFFD"))
		b.Note = joinNotes(b.Note, "not valid UTF-8: \uFFFD stands where bytes are broken")
	}
	b.Kind, b.Text = "text", string(cut)
	var pretty bytes.Buffer
	if !tooDeep(cut) && json.Indent(&pretty, cut, "", "  ") == nil {
		b.Kind, b.Text, b.Raw = "json", pretty.String(), string(cut)
	} else if trimmed := bytes.TrimSpace(cut); len(trimmed) > 0 && trimmed[0] == '<' {
		b.Kind = "html"
	}
	if len(cut) < len(raw)-utf8.UTFMax {
		setOutPart(&b)
	}
	return b
}

// setOutPart sets out in lines what is the beginning of JSON; a parser takes
// whole texts only.
func setOutPart(b *component.Body) {
	text := strings.TrimLeft(b.Text, " \t\r\n")
	if b.Kind != "text" || text == "" || text[0] != '{' && text[0] != '[' || tooDeep([]byte(text)) {
		return
	}
	b.Kind, b.Raw, b.Text = "json", b.Text, setOut(text)
}

// setOut breaks the lines of JSON and indents them, up to wherever it ends.
func setOut(text string) string {
	var b strings.Builder
	depth, quoted := 0, false
	line := func() { b.WriteString("\n" + strings.Repeat("  ", max(depth, 0))) }
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted:
			b.WriteByte(c)
			if c == '\\' && i+1 < len(text) {
				i++
				b.WriteByte(text[i])
			}
			quoted = c != '"'
		case c == '"':
			quoted = true
			b.WriteByte(c)
		case c == '{' || c == '[':
			b.WriteByte(c)
			if i+1 < len(text) && text[i+1] == c+2 { // "{}" and "[]" stay whole
				i++
				b.WriteByte(text[i])
				continue
			}
			depth++
			line()
		case c == '}' || c == ']':
			depth--
			line()
			b.WriteByte(c)
		case c == ',':
			b.WriteByte(c)
			line()
		case c == ':':
			b.WriteString(": ")
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			b.WriteByte(c)
		}
	}
	return b.String()
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

// isText takes bytes as text if they hold no control characters and are mostly
// UTF-8: a broken character here and there does not make a text unreadable.
func isText(b []byte) bool {
	broken, size := 0, len(b)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			broken++
		case r != '\n' && r != '\r' && r != '\t' && unicode.IsControl(r):
			return false
		}
		b = b[n:]
	}
	return broken*20 <= size
}

// brokenEnd is how many bytes at the end are the beginning of a rune.
func brokenEnd(b []byte) int {
	for n := 1; n <= min(utf8.UTFMax-1, len(b)); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// maxCurlBody is the longest body that stands in the command itself.
const maxCurlBody = 8 << 10

// curl is the same request as a command, safe to paste: every part is quoted
// for a POSIX shell. A body that no command line takes is read from the file
// that the page offers.
func curl(r webhook.Request) (command, note string) {
	var b strings.Builder
	b.WriteString("curl -X " + r.Method + " " + quote(r.URL))
	for _, h := range r.Headers {
		line := h.Name + ": " + h.Value
		if h.Value == "" {
			line = h.Name + ";" // how curl sends a header without a value
		}
		b.WriteString(" \\\n  -H " + quote(line))
	}
	switch {
	case len(r.Body) > maxCurlBody || !utf8.Valid(r.Body) || bytes.IndexByte(r.Body, 0) >= 0:
		b.WriteString(" \\\n  --data-binary @body.bin")
		note = "The body is too long, or no text, for a command line: download it and save it as body.bin."
	case len(r.Body) > 0:
		b.WriteString(" \\\n  --data-raw " + quote(string(r.Body)))
	}
	return b.String(), note
}
