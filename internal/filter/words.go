package filter

import (
	"regexp"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types/ref"
)

// mistakeOf is the first mistake that CEL found, in words; nil for none.
func mistakeOf(text string, issues *cel.Issues) error {
	if issues == nil || issues.Err() == nil {
		return nil
	}
	found := issues.Errors()
	if len(found) == 0 {
		return &ExpressionError{Line: 1, Column: 1, Message: runtimeWords(issues.Err())}
	}
	first := found[0]
	for _, e := range found {
		at, best := e.Location, first.Location
		if at.Line() < best.Line() || at.Line() == best.Line() && at.Column() < best.Column() {
			first = e
		}
	}
	mistake := &ExpressionError{
		Line: max(first.Location.Line(), 1), Column: max(first.Location.Column()+1, 1), Message: compileWords(first.Message),
	}
	name := undeclared.FindStringSubmatch(first.Message)
	if name != nil && mistake.on(text) == '(' {
		mistake.Message = "there is no function " + name[1]
	}
	return mistake
}

// on is the character at the mistake's place, 0 at the end.
func (e *ExpressionError) on(text string) rune {
	lines := strings.Split(text, "\n")
	if e.Line > len(lines) {
		return 0
	}
	line := []rune(lines[e.Line-1])
	if e.Column > len(line) {
		return 0
	}
	return line[e.Column-1]
}

var undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)

// phrase turns one message of CEL into words of ours.
type phrase struct {
	of    *regexp.Regexp
	words func(part []string) string
}

func say(of, words string) phrase {
	return phrase{regexp.MustCompile(of), func([]string) string { return words }}
}

var compilePhrases = sync.OnceValue(func() []phrase {
	return []phrase{
		{undeclared, func(p []string) string { return unknownName(p[1]) }},
		{regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'$`), func(p []string) string {
			kinds := typeWords(p[2])
			if kinds == "a number and a number" {
				return sign(p[1]) + " compares two spellings of numbers here; write both with a decimal point or neither"
			}
			return sign(p[1]) + " does not work on " + kinds
		}},
		{regexp.MustCompile(`mismatched input '<EOF>'|no viable alternative at input '<EOF>'|missing .* at '<EOF>'`), func([]string) string { return "ends too early" }},
		{regexp.MustCompile(`token recognition error at: '(.*)'$`), func(p []string) string { return strayText(p[1]) }},
		{regexp.MustCompile(`(?:extraneous|mismatched) input '(.*?)' expecting`), func(p []string) string { return strayText(p[1]) }},
		{regexp.MustCompile(`no viable alternative at input '(.*)'`), func(p []string) string { return "“" + p[1] + "” does not belong here" }},
		{regexp.MustCompile(`missing '?(.*?)'? at '`), func(p []string) string { return "“" + p[1] + "” is missing here" }},
		say(`regex program size`, "the pattern is too large"),
		say(`recursion (limit|depth)`, "nests too deep"),
		say(`comprehension exceeds nesting limit|nesting limit`, "has loops in loops in loops; two levels are enough"),
		say(`exceeds limit|size limit|code point|node (count )?limit|expression nodes`, "is too long"),
		{regexp.MustCompile(`^invalid matches argument`), func([]string) string { return "the pattern is no regular expression" }},
		{regexp.MustCompile(`^invalid (timestamp|duration) argument`), func(p []string) string { return "the text is no " + p[1] }},
		say(`cannot be range of a comprehension`, "only lists and objects can be gone through"),
		{regexp.MustCompile(`^type '(.*)' does not support field selection`), func(p []string) string { return typeWords(p[1]) + " has no members" }},
		say(`invalid int literal`, "the number is too large; write it with a decimal point"),
		{regexp.MustCompile(`^expected type '(.*)' but found '(.*)'$`), func(p []string) string {
			return "must be " + typeWords(p[1]) + ", not " + typeWords(p[2])
		}},
	}
})

func compileWords(message string) string {
	for _, p := range compilePhrases() {
		if part := p.of.FindStringSubmatch(message); part != nil {
			return p.words(part)
		}
	}
	return strings.TrimPrefix(message, "Syntax error: ")
}

func unknownName(name string) string {
	if written := spelt[strings.ToLower(name)]; written != "" {
		return "“" + name + "” is written " + written
	}
	return name + " is not known here; a member of the event is written data." + name
}

// spelt are words of other languages.
var spelt = map[string]string{"and": "&&", "or": "||", "not": "!", "none": "null", "nil": "null", "undefined": "null"}

func strayText(text string) string {
	if written := spelt[strings.ToLower(text)]; written != "" {
		return "“" + text + "” is written " + written
	}
	switch {
	case strings.HasPrefix(text, "="):
		return "“=” compares with two signs: =="
	case strings.HasPrefix(text, "&"):
		return "“and” is written &&"
	case strings.HasPrefix(text, "|"):
		return "“or” is written ||"
	case strings.HasPrefix(text, `"`), strings.HasPrefix(text, "'"):
		return "the text is not closed"
	}
	return "“" + text + "” does not belong here"
}

// sign is an operator or function as it is written.
func sign(name string) string {
	if name == "_?_:_" {
		return "? :"
	}
	if trimmed := strings.Trim(name, "_"); strings.Contains(name, "_") && trimmed != "" {
		return strings.ReplaceAll(trimmed, "_", " ")
	}
	return name
}

var typeNames = regexp.MustCompile(`\b(double|int|uint|string|bool|list|map|dyn|google\.protobuf\.Timestamp|timestamp|google\.protobuf\.Duration|duration|null_type|bytes)\b(\([^()]*\))?`)

var typeWord = map[string]string{
	"double": "a number", "int": "a number", "uint": "a number", "string": "a text", "bool": "true or false", "list": "a list", "map": "an object",
	"dyn": "a member", "google.protobuf.Timestamp": "a time", "timestamp": "a time", "google.protobuf.Duration": "a duration",
	"duration": "a duration", "null_type": "null", "bytes": "bytes",
}

// typeWords names CEL's types: "(string, int)" is "a text and a number".
func typeWords(names string) string {
	var words []string
	for _, found := range typeNames.FindAllStringSubmatch(names, -1) {
		words = append(words, typeWord[found[1]])
	}
	if len(words) == 0 {
		return names
	}
	return strings.Join(words, " and ")
}

func kindOf(v ref.Val) string { return typeWords(v.Type().TypeName()) }

var runtimePhrases = sync.OnceValue(func() []phrase {
	return []phrase{
		{regexp.MustCompile(`^no such key: (.*)$`), func(p []string) string { return p[1] + " is missing" }},
		say(`cost limit exceeded`, "it takes too many steps on this event"),
		say(`operation interrupted`, "it takes too long on this event"),
		{regexp.MustCompile(`^no such overload: (\S+)\((.*)\)`), func(p []string) string { return sign(p[1]) + " does not work on " + typeWords(p[2]) }},
		say(`^no such overload`, "it compares or calls what does not fit together"),
		say(`divi(sion|de) by zero`, "it divides by zero"),
		say(`modulus by zero`, "it divides by zero"),
		say(`index out of bounds`, "a list has no such element"),
		say(`regex program size`, "the pattern is too large"),
		say(`error parsing regexp`, "the pattern is no regular expression"),
		say(`overflow|range`, "a number is out of range"),
		say(`^internal error`, "it can't be evaluated"),
	}
})

func runtimeWords(err error) string {
	message := err.Error()
	for _, p := range runtimePhrases() {
		if part := p.of.FindStringSubmatch(message); part != nil {
			return p.words(part)
		}
	}
	return message
}
