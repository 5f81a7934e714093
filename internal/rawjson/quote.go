package rawjson

import "unicode/utf8"

const hexDigits = "0123456789abcdef"

// Quote is s as a JSON string the way JavaScript writes it: only the quote,
// the backslash and control characters are escaped. Bytes that are no UTF-8
// become U+FFFD.
func Quote(s string) []byte { return AppendQuote(make([]byte, 0, len(s)+2), s) }

// AppendQuote appends Quote(s).
func AppendQuote(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		if b := s[i]; b < utf8.RuneSelf {
			dst = appendEscaped(dst, b)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		dst = utf8.AppendRune(dst, r)
		i += size
	}
	return append(dst, '"')
}

// appendEscaped appends an ASCII character of a string, escaped if it must be.
func appendEscaped(dst []byte, b byte) []byte {
	if !stops[b] {
		return append(dst, b)
	}
	switch b {
	case '"', '\\':
		return append(dst, '\\', b)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&0xf])
}

// segment is one member's step of a path: ".name", or ["odd name"] where a dot
// could mislead. Long names are cut.
func segment(name []byte) string {
	const longest = 64
	plain := len(name) > 0 && len(name) <= longest
	for _, b := range name {
		plain = plain && (b == '_' || b == '-' || b == '$' || '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'z')
	}
	if plain {
		return "." + string(name)
	}
	if len(name) > longest {
		return "[" + string(Quote(string(name[:longest])+"…")) + "]"
	}
	return "[" + string(Quote(string(name))) + "]"
}
