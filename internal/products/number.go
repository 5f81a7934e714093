package products

import (
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/rawjson"
)

// decimalText and wholeText are how the topics' schemas want numbers in
// strings.
var (
	decimalText = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	wholeText   = regexp.MustCompile(`^-?[0-9]+$`)
)

func checkText(value []byte, least, most int) string {
	text, isText := rawjson.Text(value)
	n := utf8.RuneCountInString(text)
	switch {
	case !isText:
		return "must be text, or null to clear it"
	case n < least:
		return "is empty; null clears it"
	case n > most:
		return fmt.Sprintf("has %d characters, at most %d are taken", n, most)
	case !plain(text):
		return "holds a NUL character"
	}
	return ""
}

func checkPrice(value []byte) string {
	if text, isText := rawjson.Text(value); isText && !decimalText.MatchString(text) || !isText && !rawjson.IsNumber(value) {
		return `must be a number, or a decimal number in a string such as "12.50"; null clears it`
	}
	return checkLength(value)
}

func checkQuantity(value []byte) string {
	text, isText := rawjson.Text(value)
	whole := wholeText.MatchString(text)
	if !isText {
		whole = rawjson.IsNumber(value) && rawjson.IsWhole(value)
	}
	if !whole {
		return `must be a whole number, or one in a string such as "12"; null clears it`
	}
	return checkLength(value)
}

func checkLength(value []byte) string {
	if len(digits(value)) > MaxNumber {
		return fmt.Sprintf("is spelled with more than %d characters", MaxNumber)
	}
	return ""
}

// digits is a number without the quotes that it may stand in.
func digits(value []byte) []byte {
	if text, isText := rawjson.Text(value); isText {
		return []byte(text)
	}
	return value
}

// compare orders two prices or quantities as decimals.
func compare(a, b []byte) int { return rawjson.Compare(digits(a), digits(b)) }

var zero = []byte("0")
