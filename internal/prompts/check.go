package prompts

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// The bounds of what people and programs write.
const (
	MaxName = 255
	// MaxContent bounds a version's prompt and config together, in bytes as
	// JSON: an event must hold them with its other members.
	MaxContent = 200 << 10
	MaxCommit  = 500
	MaxLabel   = 36
	MaxTag     = 200
	maxWords   = 50
)

var (
	label    = regexp.MustCompile(`^[a-z0-9_\-.]+$`)
	markup   = regexp.MustCompile(`<[^>]*>`)
	variable = regexp.MustCompile(`\{\{\s*([A-Za-z][A-Za-z0-9_]*)\s*\}\}`)
	reserved = []string{"new", "metrics", "prompt-detail"}
)

// CheckName refuses names that no prompt can have.
func CheckName(name string) error {
	switch {
	case name == "":
		return webhook.Invalid("name", "is missing")
	case utf8.RuneCountInString(name) > MaxName:
		return webhook.Invalid("name", "can have at most %d characters", MaxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return webhook.Invalid("name", "must be one line of text")
	case strings.Contains(name, "|"):
		return webhook.Invalid("name", `can't contain "|"`)
	case markup.MatchString(name):
		return webhook.Invalid("name", "can't contain HTML")
	case slices.Contains(reserved, name):
		return webhook.Invalid("name", "can't be %s: that is an address of its own", name)
	case strings.TrimSpace(name) != name:
		return webhook.Invalid("name", "can't begin or end with a space")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return webhook.Invalid("name", `must have a name between any two "/", and none at its ends`)
		}
	}
	return nil
}

// CheckLabels refuses labels that no version can hold; location is the list's.
func CheckLabels(location string, labels []string) error {
	return checkWords(location, labels, func(l string) string {
		switch {
		case l == "":
			return "is empty"
		case len(l) > MaxLabel:
			return fmt.Sprintf("can have at most %d characters", MaxLabel)
		case !label.MatchString(l):
			return `must be lowercase letters, digits, "_", "-" and "." only`
		}
		return ""
	})
}

// CheckTags refuses tags that no prompt can have.
func CheckTags(location string, tags []string) error {
	return checkWords(location, tags, func(t string) string {
		switch {
		case strings.TrimSpace(t) == "":
			return "is empty"
		case len(t) > MaxTag:
			return fmt.Sprintf("can have at most %d bytes", MaxTag)
		case !utf8.ValidString(t) || strings.ContainsFunc(t, unicode.IsControl):
			return "must be one line of text"
		}
		return ""
	})
}

func checkWords(location string, words []string, fault func(string) string) error {
	if len(words) > maxWords {
		return webhook.Invalid(location, "can be at most %d", maxWords)
	}
	var fields []webhook.Field
	for i, w := range words {
		if message := fault(w); message != "" {
			fields = append(fields, webhook.Field{Location: fmt.Sprintf("%s[%d]", location, i), Message: message})
		}
	}
	return webhook.InvalidFields(fields)
}

// CheckDraft looks at everything a new version says; its JSON must be checked
// as JSON already.
func CheckDraft(d Draft) error {
	var fields []webhook.Field
	add := func(location, message string) {
		fields = append(fields, webhook.Field{Location: location, Message: message})
	}
	if d.Type != webhook.PromptText && d.Type != webhook.PromptChat {
		add("type", "must be text or chat")
	} else if at, message := contentFault(d); message != "" {
		add(at, message)
	}
	if n := len(d.Content) + len(d.Config); n > MaxContent {
		add("prompt", fmt.Sprintf("and config have %d bytes as JSON, at most %d are taken", n, MaxContent))
	}
	if utf8.RuneCountInString(d.CommitMessage) > MaxCommit {
		add("commitMessage", fmt.Sprintf("can have at most %d characters", MaxCommit))
	}
	for _, err := range []error{CheckLabels("labels", d.Labels), CheckTags("tags", d.Tags)} {
		var told *webhook.Error
		if errors.As(err, &told) {
			fields = append(fields, told.Fields...)
		}
	}
	return webhook.InvalidFields(fields)
}

// contentFault says what is wrong with a prompt's content, empty for nothing.
func contentFault(d Draft) (at, message string) {
	if d.Type == webhook.PromptText {
		if _, ok := rawjson.Text(d.Content); !ok {
			return "prompt", "must be a string in a prompt of type text"
		}
		return "", ""
	}
	if len(d.Content) == 0 || d.Content[0] != '[' {
		return "prompt", "must be an array of messages in a prompt of type chat"
	}
	spoken := map[string]bool{} // variables
	var placeholders []string
	count := 0
	for i, m := range rawjson.Elements(d.Content) {
		count++
		place, name := messageFault(m, spoken)
		if place != "" {
			return fmt.Sprintf("prompt[%d]%s", i, strings.TrimSuffix(place, "|")), name
		}
		if name != "" {
			placeholders = append(placeholders, name)
		}
	}
	if count == 0 {
		return "prompt", "must hold at least one message"
	}
	for _, p := range placeholders {
		if spoken[p] {
			return "prompt", fmt.Sprintf("uses %q as a variable and as a placeholder: give one of them another name", p)
		}
	}
	return "", ""
}

// messageFault judges one message and notes its variables. With a place it
// answers what is wrong there ("|" for the message itself), without one the name
// of the placeholder that the message is, if it is one.
func messageFault(m []byte, spoken map[string]bool) (place, name string) {
	if len(m) == 0 || m[0] != '{' {
		return "|", "must be an object with role and content"
	}
	kind, _ := textAt(m, "type")
	if kind == "placeholder" {
		name, ok := textAt(m, "name")
		if !ok || name == "" {
			return ".name", "must be the placeholder's name"
		}
		return "", name
	}
	if role, ok := textAt(m, "role"); !ok || role == "" {
		return ".role", "must be a string, such as system, user or assistant"
	}
	content, ok := textAt(m, "content")
	if !ok {
		return ".content", "must be a string"
	}
	for _, found := range variable.FindAllStringSubmatch(content, -1) {
		spoken[found[1]] = true
	}
	return "", ""
}

func textAt(object []byte, member string) (string, bool) {
	value, ok := rawjson.Lookup(object, member)
	if !ok {
		return "", false
	}
	return rawjson.Text(value)
}
