package rawjson

import (
	"strconv"
	"unicode/utf8"
)

// stops marks the bytes that end a plain run inside a string: the quote, the
// backslash and control characters.
var stops = func() (t [256]bool) {
	for b := range 0x20 {
		t[b] = true
	}
	t['"'], t['\\'] = true, true
	return t
}()

// text passes a string and answers what stands between its quotes.
func (c *checker) text() (raw []byte, escaped bool, f *fault) {
	in, start := c.in, c.pos+1
	for i := start; ; {
		for i < len(in) && !stops[in[i]] {
			i++
		}
		if i == len(in) {
			return nil, false, c.fault("is not JSON: this string does not end")
		}
		switch in[i] {
		case '"':
			if c.badUTF8 < i && c.badUTF8 >= start {
				c.pos = c.badUTF8
				return nil, false, c.fault("is not valid UTF-8")
			}
			c.pos = i + 1
			return in[start:i], escaped, nil
		case '\\':
			n := escapeLength(in[i:])
			if n == 0 {
				c.pos = i
				return nil, false, c.fault("is not JSON: this escape does not exist")
			}
			escaped = true
			i += n
		default:
			c.pos = i
			return nil, false, c.fault("has a control character that is not escaped")
		}
	}
}

// escapeLength is the length of the escape that in begins with, 0 if it is
// none.
func escapeLength(in []byte) int {
	if len(in) < 2 {
		return 0
	}
	switch in[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(in); ok {
			return 6
		}
	}
	return 0
}

// hex4 reads the code unit of an escape like é.
func hex4(in []byte) (rune, bool) {
	if len(in) < 6 {
		return 0, false
	}
	var r rune
	for _, b := range in[2:6] {
		switch {
		case '0' <= b && b <= '9':
			b -= '0'
		case 'a' <= b && b <= 'f':
			b -= 'a' - 10
		case 'A' <= b && b <= 'F':
			b -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(b)
	}
	return r, true
}

func (c *checker) literal(word string) *fault {
	rest := c.in[c.pos:]
	if len(rest) < len(word) || string(rest[:len(word)]) != word {
		return c.syntax("a value is expected")
	}
	c.pos += len(word)
	return nil
}

// number passes a number and refuses one that no double can hold.
func (c *checker) number() *fault {
	n, whole, exponent := scanNumber(c.in[c.pos:])
	if n == 0 {
		return c.syntax("a number is expected")
	}
	// A number of up to 308 digits before the point is below 1e308; only
	// longer ones and those with an exponent need the full conversion.
	if exponent || whole > 308 {
		if _, err := strconv.ParseFloat(string(c.in[c.pos:c.pos+n]), 64); err != nil {
			return c.fault("is a number beyond the range of a double")
		}
	}
	c.pos += n
	return nil
}

// scanNumber is the length of the number that in begins with (0 if it begins
// with none), its digits before the point and whether it has an exponent.
func scanNumber(in []byte) (length, whole int, exponent bool) {
	i := 0
	if i < len(in) && in[i] == '-' {
		i++
	}
	whole = digits(in[i:])
	if whole == 0 || whole > 1 && in[i] == '0' {
		return 0, 0, false
	}
	i += whole
	if i < len(in) && in[i] == '.' {
		n := digits(in[i+1:])
		if n == 0 {
			return 0, 0, false
		}
		i += 1 + n
	}
	if i < len(in) && in[i]|0x20 == 'e' {
		i++
		if i < len(in) && (in[i] == '+' || in[i] == '-') {
			i++
		}
		n := digits(in[i:])
		if n == 0 {
			return 0, 0, false
		}
		return i + n, whole, true
	}
	return i, whole, false
}

func digits(in []byte) int {
	n := 0
	for n < len(in) && in[n]-'0' <= 9 {
		n++
	}
	return n
}

// What unescape makes of a surrogate that has no partner.
const (
	// keepLone keeps it as its own three bytes, so that two different ones
	// stay different.
	keepLone = iota
	// replaceLone makes it U+FFFD, so that the result is valid UTF-8.
	replaceLone
)

// unescape appends the characters that raw, the inside of a checked string,
// stands for.
func unescape(dst, raw []byte, lone int) []byte {
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			i++
			continue
		}
		r, n := unescapeOne(raw[i:])
		i += n
		if !isSurrogate(r) || lone == replaceLone {
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = append(dst, 0xed, 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
	}
	return dst
}

// unescapeOne reads the escape that in begins with, both halves of a surrogate
// pair at once, and answers the character and the bytes read. A surrogate
// without partner is answered as it is.
func unescapeOne(in []byte) (rune, int) {
	if escapeLength(in) == 0 {
		return utf8.RuneError, 1
	}
	switch in[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		high, _ := hex4(in)
		if high < 0xd800 || high > 0xdbff || len(in) < 12 || in[6] != '\\' || in[7] != 'u' {
			return high, 6
		}
		low, ok := hex4(in[6:])
		if !ok || low < 0xdc00 || low > 0xdfff {
			return high, 6
		}
		return 0x10000 + (high-0xd800)<<10 + (low - 0xdc00), 12
	}
	return rune(in[1]), 2
}

func isSurrogate(r rune) bool { return 0xd800 <= r && r <= 0xdfff }
