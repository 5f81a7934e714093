package rawjson

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// JavaScript is what JSON.stringify(JSON.parse(object)) makes of a checked
// document: array indexes first among the members, ECMAScript's numbers and
// escapes.
func JavaScript(object []byte) []byte {
	return AppendJavaScript(make([]byte, 0, len(object)+len(object)/8), object)
}

// AppendJavaScript appends JavaScript(object).
func AppendJavaScript(dst, object []byte) []byte {
	s := script{in: object, out: dst}
	s.value()
	return s.out
}

// script respells one document from in to out.
type script struct {
	in  []byte
	pos int
	out []byte
}

func (s *script) value() {
	s.pos = skipSpace(s.in, s.pos)
	if s.pos >= len(s.in) {
		return
	}
	switch s.in[s.pos] {
	case '{':
		s.object()
	case '[':
		s.array()
	default:
		end := skip(s.in, s.pos)
		if end < 0 {
			end = len(s.in)
		}
		s.scalar(s.in[s.pos:end])
		s.pos = end
	}
}

func (s *script) scalar(token []byte) {
	switch {
	case len(token) == 0:
	case token[0] == '"':
		s.out = appendScriptText(s.out, token)
	case token[0] == '-' || token[0]-'0' <= 9:
		s.out = appendScriptNumber(s.out, token)
	default:
		s.out = append(s.out, token...)
	}
}

func (s *script) array() {
	s.out = append(s.out, '[')
	for first := true; s.step(']'); first = false {
		if !first {
			s.out = append(s.out, ',')
		}
		s.value()
	}
	s.out = append(s.out, ']')
}

// step passes the opening bracket or comma at hand and reports whether a
// further item follows; if none does it passes the closing bracket.
func (s *script) step(closing byte) bool {
	s.pos = skipSpace(s.in, s.pos)
	if s.pos < len(s.in) && s.in[s.pos] != closing {
		s.pos = skipSpace(s.in, s.pos+1)
	}
	if s.pos < len(s.in) && s.in[s.pos] != closing {
		return true
	}
	s.pos++
	return false
}

// part is a piece of a written object: one member, or all those before the
// first array index. index is -1 unless the member's name is an array index.
type part struct {
	start, end int
	index      int64
}

func (s *script) object() {
	s.out = append(s.out, '{')
	open := len(s.out)
	var parts []part // kept from the first array index on
	for s.step('}') {
		if len(s.out) > open {
			s.out = append(s.out, ',')
		}
		start := len(s.out)
		s.value() // the name
		index := arrayIndex(s.out[start:])
		if index >= 0 && parts == nil && start > open {
			parts = append(parts, part{open, start - 1, -1})
		}
		s.out = append(s.out, ':')
		if s.pos = skipSpace(s.in, s.pos); s.pos < len(s.in) {
			s.pos++ // the colon
		}
		s.value()
		if index >= 0 || parts != nil {
			parts = append(parts, part{start, len(s.out), index})
		}
	}
	if parts != nil {
		s.reorder(open, parts)
	}
	s.out = append(s.out, '}')
}

// reorder writes the members from open on again, array indexes first in
// ascending order.
func (s *script) reorder(open int, parts []part) {
	slices.SortStableFunc(parts, func(a, b part) int {
		switch {
		case a.index < 0 && b.index < 0:
			return 0
		case a.index < 0:
			return 1
		case b.index < 0:
			return -1
		}
		return int(a.index - b.index)
	})
	written := bytes.Clone(s.out[open:])
	s.out = s.out[:open]
	for i, p := range parts {
		if i > 0 {
			s.out = append(s.out, ',')
		}
		s.out = append(s.out, written[p.start-open:p.end-open]...)
	}
}

// arrayIndex is the number that a quoted name spells if ECMAScript takes it
// for an array index (0 to 2³²−2, no leading zero), else -1.
func arrayIndex(quoted []byte) int64 {
	name := quoted[min(1, len(quoted)):max(1, len(quoted)-1)]
	if len(name) == 0 || len(name) > 10 || digits(name) < len(name) || name[0] == '0' && len(name) > 1 {
		return -1
	}
	var n int64
	for _, b := range name {
		n = n*10 + int64(b-'0')
	}
	if n > math.MaxUint32-1 {
		return -1
	}
	return n
}

// appendScriptText appends a string token with JavaScript's escapes. One
// without a backslash is spelt alike in both.
func appendScriptText(dst, token []byte) []byte {
	if bytes.IndexByte(token, '\\') < 0 {
		return append(dst, token...)
	}
	dst = append(dst, '"')
	for i := 1; i < len(token)-1; {
		if token[i] != '\\' {
			dst = append(dst, token[i])
			i++
			continue
		}
		r, n := unescapeOne(token[i:])
		i += n
		switch {
		case r < utf8.RuneSelf:
			dst = appendEscaped(dst, byte(r))
		case isSurrogate(r):
			dst = append(dst, '\\', 'u', 'd', hexDigits[r>>8&0xf], hexDigits[r>>4&0xf], hexDigits[r&0xf])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

// appendScriptNumber appends the double that a number token stands for as
// ECMAScript's Number::toString writes it.
func appendScriptNumber(dst, token []byte) []byte {
	if plainNumber(token) {
		return append(dst, token...)
	}
	f, _ := strconv.ParseFloat(string(token), 64)
	switch {
	case f == 0:
		return append(dst, '0')
	case math.IsInf(f, 0):
		return append(dst, "null"...)
	}
	if size := math.Abs(f); size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// Go writes at least two digits of exponent, ECMAScript as few as it takes.
	if e := bytes.IndexByte(dst[start:], 'e') + start; dst[e+2] == '0' {
		dst = append(dst[:e+2], dst[e+3:]...)
	}
	return dst
}

// plainNumber reports whether JavaScript surely writes a number as it stands:
// at most 15 digits, which every double keeps, no exponent, no idle zero and
// not so small that it would get an exponent.
func plainNumber(token []byte) bool {
	if token[0] == '-' {
		token = token[1:]
	}
	whole := digits(token)
	if whole == 0 || whole > 15 || token[0] == '0' {
		return false
	}
	if whole == len(token) {
		return true
	}
	return len(token) <= 16 && token[whole] == '.' &&
		whole+1+digits(token[whole+1:]) == len(token) && token[len(token)-1] != '0'
}
