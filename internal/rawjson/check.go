package rawjson

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/webhook"
)

// MaxDepth is how deep objects and arrays of an event's data may nest; the
// outermost object is depth 1.
const MaxDepth = 64

// envelopeDepth is what an API body may add around data: {"events":[{"data":…
const envelopeDepth = 4

// linearNames is up to how many members an object's names are compared one by
// one; beyond it a map keeps wide objects from costing quadratic time.
const linearNames = 16

// Check accepts data that is one JSON object: valid UTF-8 without a byte order
// mark, no member named twice (compared after unescaping), depth ≤ MaxDepth,
// numbers within a double's range, nothing behind it. It answers the bytes
// without white space between tokens, everything else as written; they share
// memory with data when there was none to remove.
//
// The error is a *webhook.Error that names the place ("data.a.b[3]") and the
// byte, counted from 1.
func Check(data []byte) ([]byte, error) {
	c := checker{in: data, compact: true, maxDepth: MaxDepth, names: make([][]byte, 0, 16)}
	if f := c.document(true); f != nil {
		return nil, f.under("data")
	}
	if c.out == nil {
		return data, nil
	}
	return append(c.out, data[c.kept:]...), nil
}

// CheckDocument applies the rules of Check to a whole API body, which may be a
// JSON value of any type and a little deeper than data; places are named from
// "body" on.
func CheckDocument(body []byte) error {
	c := checker{in: body, maxDepth: MaxDepth + envelopeDepth, names: make([][]byte, 0, 16)}
	if f := c.document(false); f != nil {
		return f.under("body")
	}
	return nil
}

// checker walks a document once. The path of a fault is put together while
// the calls return, so a good document pays nothing for it.
type checker struct {
	in      []byte
	pos     int
	compact bool
	// out holds the compacted bytes up to in[kept]; nil while no white space
	// has been met.
	out  []byte
	kept int
	// names are the unescaped member names of all open objects, the innermost
	// last.
	names [][]byte
	// badUTF8 is where the first invalid byte is, len(in) if there is none.
	badUTF8  int
	maxDepth int
}

func (c *checker) document(object bool) *fault {
	if bytes.HasPrefix(c.in, []byte("\xef\xbb\xbf")) {
		return c.fault("begins with a byte order mark; send plain UTF-8")
	}
	c.badUTF8 = firstInvalid(c.in)
	c.space()
	if c.pos == len(c.in) {
		return c.fault("is empty; JSON is expected")
	}
	if object && c.in[c.pos] != '{' {
		return c.fault("must be a JSON object")
	}
	if f := c.value(0); f != nil {
		return f
	}
	c.space()
	if c.pos < len(c.in) {
		return c.fault("has more behind its end")
	}
	return nil
}

// value passes one value inside depth containers.
func (c *checker) value(depth int) *fault {
	switch b := c.peek(); b {
	case '{':
		return c.object(depth + 1)
	case '[':
		return c.array(depth + 1)
	case '"':
		_, _, f := c.text()
		return f
	case 't':
		return c.literal("true")
	case 'f':
		return c.literal("false")
	case 'n':
		return c.literal("null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return c.number()
	}
	return c.syntax("a value is expected")
}

func (c *checker) object(depth int) *fault {
	if depth > c.maxDepth {
		return c.fault("nests deeper than " + strconv.Itoa(c.maxDepth) + " levels")
	}
	base := len(c.names)
	var seen map[string]struct{}
	c.pos++
	c.space()
	if c.peek() == '}' {
		c.pos++
		return nil
	}
	for {
		start := c.pos
		name, f := c.name()
		if f != nil {
			return f
		}
		if c.repeated(base, &seen, name) {
			c.pos = start
			return c.fault("is there twice").inside(segment(name))
		}
		c.names = append(c.names, name)
		if f := c.value(depth); f != nil {
			return f.inside(segment(name))
		}
		c.space()
		switch c.peek() {
		case ',':
			c.pos++
			c.space()
		case '}':
			c.pos++
			c.names = c.names[:base]
			return nil
		default:
			return c.syntax(`"," or "}" is expected`)
		}
	}
}

// name passes a member's name and the colon, and answers it unescaped.
func (c *checker) name() ([]byte, *fault) {
	if c.peek() != '"' {
		return nil, c.syntax("a member name in double quotes is expected")
	}
	raw, escaped, f := c.text()
	if f != nil {
		return nil, f
	}
	if escaped {
		raw = unescape(make([]byte, 0, len(raw)), raw, keepLone)
	}
	c.space()
	if c.peek() != ':' {
		return nil, c.syntax(`":" is expected`)
	}
	c.pos++
	c.space()
	return raw, nil
}

// repeated reports whether the innermost object, whose names begin at base,
// already has the name. It notes the name in seen once that exists.
func (c *checker) repeated(base int, seen *map[string]struct{}, name []byte) bool {
	names := c.names[base:]
	if len(names) < linearNames {
		for _, n := range names {
			if bytes.Equal(n, name) {
				return true
			}
		}
		return false
	}
	if *seen == nil {
		*seen = make(map[string]struct{}, 2*linearNames)
		for _, n := range names {
			(*seen)[string(n)] = struct{}{}
		}
	}
	if _, ok := (*seen)[string(name)]; ok {
		return true
	}
	(*seen)[string(name)] = struct{}{}
	return false
}

func (c *checker) array(depth int) *fault {
	if depth > c.maxDepth {
		return c.fault("nests deeper than " + strconv.Itoa(c.maxDepth) + " levels")
	}
	c.pos++
	c.space()
	if c.peek() == ']' {
		c.pos++
		return nil
	}
	for i := 0; ; i++ {
		if f := c.value(depth); f != nil {
			return f.inside("[" + strconv.Itoa(i) + "]")
		}
		c.space()
		switch c.peek() {
		case ',':
			c.pos++
			c.space()
		case ']':
			c.pos++
			return nil
		default:
			return c.syntax(`"," or "]" is expected`)
		}
	}
}

// peek is the byte at hand, 0 at the end: no JSON token begins with NUL.
func (c *checker) peek() byte {
	if c.pos < len(c.in) {
		return c.in[c.pos]
	}
	return 0
}

// space passes white space and leaves it out of the compacted bytes. It is
// small so that tokens without any around them cost no call.
func (c *checker) space() {
	if c.pos < len(c.in) && c.in[c.pos] <= ' ' {
		c.drop()
	}
}

func (c *checker) drop() {
	i := c.pos
	for i < len(c.in) && isSpace(c.in[i]) {
		i++
	}
	if i == c.pos {
		return
	}
	if c.compact {
		if c.out == nil {
			c.out = make([]byte, 0, len(c.in))
		}
		c.out = append(c.out, c.in[c.kept:c.pos]...)
		c.kept = i
	}
	c.pos = i
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\r' || b == '\t' }

// firstInvalid is where the first byte that is not UTF-8 stands, len(in) if
// there is none.
func firstInvalid(in []byte) int {
	if utf8.Valid(in) {
		return len(in)
	}
	i := 0
	for i < len(in) {
		r, size := utf8.DecodeRune(in[i:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		i += size
	}
	return i
}

// fault is a broken rule: at is the offset, path the place below the root.
type fault struct {
	at      int
	path    string
	message string
}

// fault says in whole words what is wrong with the value at hand.
func (c *checker) fault(message string) *fault { return &fault{at: c.pos, message: message} }

// syntax says what the grammar expected at the byte at hand.
func (c *checker) syntax(expected string) *fault {
	if c.pos >= len(c.in) {
		return c.fault("is not JSON: it ends where " + expected)
	}
	return c.fault("is not JSON: " + expected)
}

// inside puts one step of the path before those that are known.
func (f *fault) inside(step string) *fault {
	f.path = step + f.path
	return f
}

func (f *fault) under(root string) *webhook.Error {
	return webhook.Invalid(root+f.path, "%s (byte %d)", f.message, f.at+1)
}
