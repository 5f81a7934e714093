package filter

import (
	"bytes"
	"cmp"
	"errors"
	"strconv"
	"strings"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// row is a payload row made ready to compare.
type row struct {
	webhook.PayloadRow
	path []string
	// options are what "one of" lists.
	options []string
	glob    glob
	// number says that Value is a number, so that numbers compare as such.
	number bool
}

func newRow(r webhook.PayloadRow) row {
	compiled := row{PayloadRow: r, path: strings.Split(r.Path, "."), number: rawjson.IsNumber([]byte(r.Value))}
	switch r.Operator {
	case webhook.OpOneOf:
		compiled.options = listed(r.Value)
	case webhook.OpGlob:
		compiled.glob = newGlob(r.Value)
	}
	return compiled
}

func listed(list string) []string {
	var options []string
	for option := range strings.SplitSeq(list, ",") {
		if option = strings.TrimSpace(option); option != "" {
			options = append(options, option)
		}
	}
	return options
}

// match judges an event's data. A member that is missing is no match, whatever
// the operator.
func (r *row) match(data []byte) bool {
	value, ok := rawjson.Lookup(data, r.path...)
	return ok && r.holds(value)
}

func (r *row) holds(value []byte) bool {
	switch r.Operator {
	case webhook.OpEquals:
		return equals(value, r.Value)
	case webhook.OpNotEquals:
		return !equals(value, r.Value)
	case webhook.OpOneOf:
		for _, option := range r.options {
			if equals(value, option) {
				return true
			}
		}
		return false
	case webhook.OpContains:
		return contains(value, r.Value)
	case webhook.OpStartsWith:
		text, ok := rawjson.Text(value)
		return ok && strings.HasPrefix(text, r.Value)
	case webhook.OpGlob:
		text, ok := rawjson.Text(value)
		return ok && r.glob.match(text)
	case webhook.OpLess, webhook.OpAtMost, webhook.OpMore, webhook.OpAtLeast:
		return r.ordered(value)
	case webhook.OpExists:
		return true
	}
	return false
}

// equals compares a value as written with a row's text: strings by their
// characters, numbers by their exact value, true, false and null by their
// word. Objects and arrays equal nothing.
func equals(value []byte, text string) bool {
	switch value[0] {
	case '"':
		return rawjson.NameIs(value, text)
	case '{', '[':
		return false
	}
	if string(value) == text {
		return true
	}
	want := []byte(text)
	return rawjson.IsNumber(value) && rawjson.IsNumber(want) && rawjson.Compare(value, want) == 0
}

// contains looks for a text inside a string, or for an equal element of an
// array.
func contains(value []byte, text string) bool {
	if part, ok := rawjson.Text(value); ok {
		return strings.Contains(part, text)
	}
	for _, element := range rawjson.Elements(value) {
		if equals(element, text) {
			return true
		}
	}
	return false
}

// ordered compares numbers exactly (a string that spells one counts), and with
// a row whose value is no number the characters of strings, as dates need.
func (r *row) ordered(value []byte) bool {
	text, isText := rawjson.Text(value)
	if isText {
		value = []byte(text)
	}
	var order int
	switch {
	case r.number && rawjson.IsNumber(value):
		order = rawjson.Compare(value, []byte(r.Value))
	case !r.number && isText:
		order = cmp.Compare(text, r.Value)
	default:
		return false
	}
	switch r.Operator {
	case webhook.OpLess:
		return order < 0
	case webhook.OpAtMost:
		return order <= 0
	case webhook.OpMore:
		return order > 0
	}
	return order >= 0
}

// The bounds of payload filters.
const (
	maxRows  = 20
	maxPath  = 256
	maxValue = 1024
)

// operators in the words of forms and explanations.
var operators = map[webhook.Operator]string{
	webhook.OpEquals:     "equals",
	webhook.OpNotEquals:  "does not equal",
	webhook.OpOneOf:      "is one of",
	webhook.OpContains:   "contains",
	webhook.OpStartsWith: "starts with",
	webhook.OpGlob:       "matches",
	webhook.OpLess:       "<",
	webhook.OpAtMost:     "≤",
	webhook.OpMore:       ">",
	webhook.OpAtLeast:    "≥",
	webhook.OpExists:     "exists",
}

// OperatorWords reads an operator out.
func OperatorWords(op webhook.Operator) string { return operators[op] }

// CheckPayload refuses a payload filter that could never be judged; it names
// all of its wrong rows, or the place of the mistake in its expression.
func CheckPayload(f webhook.PayloadFilter) error {
	switch {
	case len(f.Rows) > 0 && f.Expression != "":
		return webhook.Invalid("payloadFilter", "has rows and an expression; choose one")
	case f.Expression != "":
		return placed(CheckExpression(f.Expression))
	}
	return checkRows(f.Rows)
}

// placed says where in the expression the mistake is.
func placed(err error) error {
	var mistake *ExpressionError
	if !errors.As(err, &mistake) {
		return err
	}
	return webhook.Invalid("payloadFilter.expression", "line %d, column %d: %s", mistake.Line, mistake.Column, mistake.Message)
}

func checkRows(rows []webhook.PayloadRow) error {
	if len(rows) > maxRows {
		return webhook.Invalid("payloadFilter", "may have %d rows at most, not %d", maxRows, len(rows))
	}
	var fields []webhook.Field
	for i, r := range rows {
		member, message := rowFault(r)
		if message != "" {
			fields = append(fields, webhook.Field{
				Location: "payloadFilter[" + strconv.Itoa(i) + "]." + member, Message: message,
			})
		}
	}
	return webhook.InvalidFields(fields)
}

func rowFault(r webhook.PayloadRow) (member, message string) {
	switch {
	case r.Path == "":
		return "path", "must name a member, such as customer.country"
	case len(r.Path) > maxPath:
		return "path", "is longer than " + strconv.Itoa(maxPath) + " bytes"
	case strings.HasPrefix(r.Path, ".") || strings.HasSuffix(r.Path, ".") || strings.Contains(r.Path, ".."):
		return "path", "has an empty step"
	case operators[r.Operator] == "":
		return "operator", "is not known"
	case len(r.Value) > maxValue:
		return "value", "is longer than " + strconv.Itoa(maxValue) + " bytes"
	case r.Operator == webhook.OpOneOf && len(listed(r.Value)) == 0:
		return "value", "must list values, separated by commas"
	case r.Value == "" && needsValue(r.Operator):
		return "value", "must not be empty"
	}
	return "", ""
}

// needsValue: without a value these operators would match all or nothing.
func needsValue(o webhook.Operator) bool {
	switch o {
	case webhook.OpEquals, webhook.OpNotEquals, webhook.OpExists:
		return false
	}
	return true
}

// shown is a value for an explanation, cut to a readable length.
func shown(value []byte) string {
	const most = 80
	if len(value) <= most {
		return string(value)
	}
	return string(bytes.ToValidUTF8(value[:most], nil)) + "…"
}
