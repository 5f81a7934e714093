package rawjson

import (
	"bytes"
	"cmp"
	"strconv"
)

// decimal is a number by its digits, so that comparing loses none: its size is
// 0.DIGITS × 10^exponent. digits has no zero at either end; none at all is 0.
type decimal struct {
	negative bool
	digits   []byte
	exponent int
}

// IsNumber reports whether text is a number as JSON spells it.
func IsNumber(text []byte) bool {
	n, _, _ := scanNumber(text)
	return n > 0 && n == len(text)
}

// Compare orders two numbers as written, exactly, never as floats: -1, 0 or
// +1. Both must satisfy IsNumber.
func Compare(a, b []byte) int { return parseDecimal(a).compare(parseDecimal(b)) }

// IsWhole reports whether a number as written has no fraction: 12, 12.0, 1.2e1.
// It must satisfy IsNumber.
func IsWhole(token []byte) bool {
	d := parseDecimal(token)
	return len(d.digits) == 0 || len(d.digits) <= d.exponent
}

func (d decimal) compare(o decimal) int {
	if by := cmp.Compare(d.sign(), o.sign()); by != 0 || d.sign() == 0 {
		return by
	}
	size := cmp.Compare(d.exponent, o.exponent)
	if size == 0 {
		size = bytes.Compare(d.digits, o.digits)
	}
	return size * d.sign()
}

func (d decimal) sign() int {
	switch {
	case len(d.digits) == 0:
		return 0
	case d.negative:
		return -1
	}
	return 1
}

func parseDecimal(token []byte) decimal {
	var d decimal
	mantissa := token
	if e := bytes.IndexAny(token, "eE"); e >= 0 {
		mantissa = token[:e]
		d.exponent = clampedInt(token[e+1:])
	}
	mantissa, d.negative = bytes.CutPrefix(mantissa, []byte("-"))
	whole, fraction, _ := bytes.Cut(mantissa, []byte("."))
	d.exponent += len(whole)
	all := whole
	if len(fraction) > 0 {
		all = append(append(make([]byte, 0, len(whole)+len(fraction)), whole...), fraction...)
	}
	d.digits = bytes.TrimLeft(all, "0")
	d.exponent -= len(all) - len(d.digits)
	d.digits = bytes.TrimRight(d.digits, "0")
	return d
}

// clampedInt reads an exponent; beyond a billion either way they are all the
// same to us.
func clampedInt(text []byte) int {
	const most = 1_000_000_000
	n, err := strconv.Atoi(string(bytes.TrimPrefix(text, []byte("+"))))
	switch {
	case err != nil && text[0] == '-' || n < -most:
		return -most
	case err != nil || n > most:
		return most
	}
	return n
}

// Lossy lists the places ("items[0].id") of the numbers in a checked document
// whose digits JavaScript can't keep: what it writes is another number.
func Lossy(object []byte) []string {
	var found []string
	lossy(object, "", &found)
	for i, place := range found {
		if len(place) > 1 && place[0] == '.' {
			found[i] = place[1:]
		}
	}
	return found
}

func lossy(value []byte, path string, found *[]string) {
	switch {
	case len(value) == 0:
	case value[0] == '{':
		for key, v := range All(value) {
			name := unescape(nil, key[1:len(key)-1], replaceLone)
			lossy(v, path+segment(name), found)
		}
	case value[0] == '[':
		for i, v := range Elements(value) {
			lossy(v, path+"["+strconv.Itoa(i)+"]", found)
		}
	case IsNumber(value):
		if Compare(value, finite(appendScriptNumber(nil, value))) != 0 {
			*found = append(*found, path)
		}
	}
}

// finite stands in for the null that JavaScript writes for infinity.
func finite(written []byte) []byte {
	if string(written) == "null" {
		return []byte("0")
	}
	return written
}
