// Package payload makes the bodies of endpoints that describe them: a template
// is a JSON document whose texts hold {{expressions}} over the event. It is pure
// and bounded: nothing but the event can be named, every expression ends after a
// set number of steps, and what comes out is JSON of at most MaxBody bytes.
package payload

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/shelf"
	"github.com/bellwire/bellwire/internal/webhook"
)

// The bounds of templates and of what they make, in bytes and pieces.
const (
	MaxTemplate    = 16 << 10
	MaxBody        = 256 << 10
	MaxExpressions = 100
)

// Place is where the error of a template points to.
const Place = "template"

// Template is a compiled one. It is safe for concurrent use.
type Template struct{ parts []part }

// part is either bytes that stand as they are, or an expression.
type part struct {
	bytes []byte
	value *filter.Value
	// text is the expression as it was written; inside says that it stands within
	// a text, not in its place.
	text   string
	inside bool
}

// templates shares the compiled form of those in use; each is compiled when the
// first event asks.
var templates = shelf.New(128, func(text string) func() (*Template, error) {
	return sync.OnceValues(func() (*Template, error) { return compile(text) })
})

// Check refuses what is no template; nothing is one.
func Check(text string) error {
	if text == "" {
		return nil
	}
	_, err := compile(text)
	return err
}

// Fill makes the body of an event. What an expression names and the event does
// not have becomes null, and in the middle of a text nothing; without answers
// those expressions, each with the reason.
func Fill(text string, event webhook.Event, secrets map[string]string) (body []byte, without []string, err error) {
	t, err := templates.Of(text)()
	if err != nil {
		return nil, nil, err
	}
	scene := filter.Scene{Event: event, Secrets: secrets}
	for _, p := range t.parts {
		if p.value == nil {
			body = append(body, p.bytes...)
			continue
		}
		filled, err := p.fill(scene)
		if err != nil {
			without = append(without, "{{"+p.text+"}} "+err.Error())
		}
		if body = append(body, filled...); len(body) > MaxBody {
			return nil, nil, webhook.Invalid(Place, "makes more than %d KiB of this event", MaxBody>>10)
		}
	}
	if len(body) > MaxBody {
		return nil, nil, webhook.Invalid(Place, "makes more than %d KiB of this event", MaxBody>>10)
	}
	return body, without, nil
}

// fill answers JSON, or the inside of a JSON text.
func (p part) fill(scene filter.Scene) ([]byte, error) {
	if !p.inside {
		value, err := p.value.JSON(scene)
		if err != nil {
			return []byte("null"), err
		}
		return value, nil
	}
	text, err := p.value.Text(scene)
	quoted := rawjson.AppendText(nil, text)
	return quoted[1 : len(quoted)-1], err
}

// compile reads a template.
func compile(text string) (*Template, error) {
	switch {
	case len(text) > MaxTemplate:
		return nil, webhook.Invalid(Place, "has %d bytes, at most %d are taken", len(text), MaxTemplate)
	case !utf8.ValidString(text):
		return nil, webhook.Invalid(Place, "is not UTF-8")
	}
	if err := rawjson.CheckDocument([]byte(text)); err != nil {
		return nil, webhook.Invalid(Place, "must be JSON: %s", reason(err))
	}
	c := &compiler{rest: text, whole: text}
	for c.rest != "" {
		if err := c.step(); err != nil {
			return nil, err
		}
	}
	c.flush()
	return &Template{c.parts}, nil
}

func reason(err error) string {
	var e *webhook.Error
	if errors.As(err, &e) && e.Message != "" {
		return e.Message
	}
	return err.Error()
}

// compiler goes through a document that is known to be JSON.
type compiler struct {
	whole, rest string
	bytes       []byte
	parts       []part
	expressions int
}

func (c *compiler) flush() {
	if len(c.bytes) > 0 {
		c.parts = append(c.parts, part{bytes: c.bytes})
		c.bytes = nil
	}
}

// step takes what stands before the next text, or that text.
func (c *compiler) step() error {
	at := strings.IndexByte(c.rest, '"')
	if at < 0 {
		at = len(c.rest)
	}
	if at > 0 {
		c.bytes, c.rest = append(c.bytes, c.rest[:at]...), c.rest[at:]
		return nil
	}
	end := textEnd(c.rest)
	literal := c.rest[:end]
	place := len(c.whole) - len(c.rest)
	c.rest = c.rest[end:]
	var text string
	if err := json.Unmarshal([]byte(literal), &text); err != nil || !strings.Contains(text, "{{") {
		c.bytes = append(c.bytes, literal...)
		return nil //nolint:nilerr // it was checked to be JSON; a text without expressions stands as it is
	}
	if strings.HasPrefix(strings.TrimLeft(c.rest, " \t\r\n"), ":") {
		return c.refuse(place, "names of members can't be filled in")
	}
	return c.text(text, place)
}

// textEnd is the length of the JSON text that a document begins with.
func textEnd(text string) int {
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

// text takes a text with expressions apart.
func (c *compiler) text(text string, place int) error {
	pieces, err := split(text)
	if err != nil {
		return c.refuse(place, err.Error())
	}
	sole := len(pieces) == 1
	if !sole {
		c.bytes = append(c.bytes, '"')
	}
	for _, p := range pieces {
		if !p.expression {
			quoted := rawjson.AppendText(nil, p.text)
			c.bytes = append(c.bytes, quoted[1:len(quoted)-1]...)
			continue
		}
		value, err := filter.CompileValue(p.text)
		if err != nil {
			return c.refuse(place, "{{"+p.text+"}}: "+err.Error())
		}
		if c.expressions++; c.expressions > MaxExpressions {
			return c.refuse(place, fmt.Sprintf("there are more than %d expressions", MaxExpressions))
		}
		c.flush()
		c.parts = append(c.parts, part{value: value, text: p.text, inside: !sole})
	}
	if !sole {
		c.bytes = append(c.bytes, '"')
	}
	return nil
}

// refuse names the line that a fault is in.
func (c *compiler) refuse(place int, words string) error {
	return webhook.Invalid(Place, "line %d: %s", 1+strings.Count(c.whole[:place], "\n"), words)
}

type piece struct {
	text       string
	expression bool
}

// split parts a text into what stands and what is filled in.
func split(text string) ([]piece, error) {
	var pieces []piece
	for text != "" {
		before, after, found := strings.Cut(text, "{{")
		if before != "" {
			pieces = append(pieces, piece{text: before})
		}
		if !found {
			break
		}
		inner, rest, closed := strings.Cut(after, "}}")
		if !closed {
			return nil, errors.New("“{{” is not closed by “}}”")
		}
		if inner = strings.TrimSpace(inner); inner == "" {
			return nil, errors.New("“{{}}” is empty")
		}
		pieces = append(pieces, piece{inner, true})
		text = rest
	}
	return pieces, nil
}
