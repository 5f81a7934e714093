package filter

import (
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
)

// The topics that Bellwire itself publishes about a project's deliveries.
const (
	EndpointWarning   = "endpoint.warning"
	EndpointPaused    = "endpoint.paused"
	EndpointResumed   = "endpoint.resumed"
	DeliveryExhausted = "delivery.exhausted"
)

// IsOperational reports whether a topic is one that Bellwire makes itself. No
// glob matches these; they are subscribed by full name only.
func IsOperational(name string) bool {
	switch name {
	case EndpointWarning, EndpointPaused, EndpointResumed, DeliveryExhausted:
		return true
	}
	return false
}

// Topic reports whether a pattern, a full name or a glob, takes a topic.
func Topic(pattern, name string) bool {
	return takes(newGlob(pattern), name, IsOperational(name))
}

func takes(g glob, name string, operational bool) bool {
	return g.match(name) && (!operational || !g.starry)
}

// CheckTopicPattern refuses a pattern that no topic's name could match.
func CheckTopicPattern(pattern string) error {
	const most = 128
	if pattern == "" || len(pattern) > most {
		return webhook.Invalid("topics", "must be names or globs of 1 to %d characters", most)
	}
	if strings.HasPrefix(pattern, ".") || strings.HasSuffix(pattern, ".") || strings.Contains(pattern, "..") {
		return webhook.Invalid("topics", "%q has an empty segment", pattern)
	}
	for i := range len(pattern) {
		if !topicCharacter(pattern[i]) {
			return webhook.Invalid("topics", `%q may have letters, digits, "_", "-", "." and the wildcard "*" only`, pattern)
		}
	}
	return nil
}

func topicCharacter(b byte) bool {
	return 'a' <= b|0x20 && b|0x20 <= 'z' || '0' <= b && b <= '9' || b == '_' || b == '-' || b == '.' || b == '*'
}
