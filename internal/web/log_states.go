package web

import (
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

// logStates are those that a log can be narrowed to.
var logStates = []struct {
	state        webhook.State
	label, about string
	tone         component.Tone
}{
	{"", "all", "", component.Neutral},
	{webhook.Failed, "failed", "Not delivered yet after a failure, or given up", component.Bad},
	{webhook.Waiting, "waiting", "", component.Wait},
	{webhook.Sending, "sending", "", component.Busy},
	{webhook.Delivered, "delivered", "", component.Good},
	{webhook.Exhausted, "exhausted", "Given up: every try failed, and nothing more is tried", component.GivenUp},
	{webhook.Held, "held", "", component.Held},
	{webhook.Cancelled, "cancelled", "", component.Quiet},
}

// stateChips switch the state that a list shows.
func stateChips(c *gin.Context, on webhook.State) []component.Chip {
	var chips []component.Chip
	for _, s := range logStates {
		chips = append(chips, component.Chip{Label: s.label, Title: s.about, Tone: s.tone, On: on == s.state, URL: withQuery(c, "state", string(s.state))})
	}
	return chips
}

// aboutState explains a state in a line; empty where its word says all.
func aboutState(state webhook.State) string {
	for _, s := range logStates {
		if s.state == state && s.about != "" {
			return s.label + ": " + strings.ToLower(s.about[:1]) + s.about[1:]
		}
	}
	return ""
}
