package webhook

import (
	"regexp"
	"strings"
	"time"
)

// Group is the family that a topic belongs to; it decides the default format.
type Group string

// The groups that ship, and the group of topics that operators make.
const (
	GroupCommerce    Group = "commerce"
	GroupPrompts     Group = "prompts"
	GroupStore       Group = "store"
	GroupOperational Group = "operational"
	GroupCustom      Group = "custom"
)

// Topic is a kind of event.
type Topic struct {
	Name        string
	Group       Group
	Description string
	// Schema is a JSON Schema (2020-12) for the event's data; nil takes any
	// object.
	Schema []byte
	// WarnOnly lets events that break the schema pass, with a warning.
	WarnOnly bool
	// Example is one valid data object.
	Example []byte
	// SearchKeys are up to three top-level members by which events are found.
	SearchKeys []string
	// Shipped topics come with Bellwire and can't be deleted.
	Shipped    bool
	Deprecated bool
	CreatedAt  time.Time
}

var topicName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$`)

// ValidTopicName reports whether a name can be registered: letters, digits,
// "_" and "-" in segments joined by dots, at most 128 characters.
func ValidTopicName(name string) bool { return len(name) <= 128 && topicName.MatchString(name) }

// IsPromptTopic reports whether events of a topic carry a prompt version: those
// that prompt filters judge and format "abv" has a member for.
func IsPromptTopic(name string) bool { return strings.HasPrefix(name, "prompt.") }

// FormatName names a wire format.
type FormatName string

// The formats of the wire specification.
const (
	FormatAbba       FormatName = "abba"
	FormatAbv        FormatName = "abv"
	FormatAICommerce FormatName = "aicommerce"
	FormatStandard   FormatName = "standard"
	FormatPlain      FormatName = "plain"
	FormatHub        FormatName = "hub"
	FormatCustom     FormatName = "custom"
	// FormatSlack is that of every endpoint of kind slack, and of no other.
	FormatSlack FormatName = "slack"
)

// DefaultFormat is the format that an endpoint gets when its developer names
// none, by the groups of its topics: mixed groups get "standard".
func DefaultFormat(groups []Group) FormatName {
	byGroup := map[Group]FormatName{GroupCommerce: FormatAbba, GroupPrompts: FormatAbv, GroupStore: FormatAICommerce}
	if len(groups) == 0 {
		return FormatStandard
	}
	for _, g := range groups[1:] {
		if g != groups[0] {
			return FormatStandard
		}
	}
	if f, ok := byGroup[groups[0]]; ok {
		return f
	}
	return FormatStandard
}
