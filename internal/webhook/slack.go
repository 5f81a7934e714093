package webhook

import "time"

// SlackChannel is where an endpoint of kind slack posts.
type SlackChannel struct {
	// ID is Slack's own, which stays when the channel is renamed.
	ID string
	// Name is without the #, as it was when it was chosen.
	Name    string
	Private bool
}

// SlackInstall is a project's connection to a workspace.
type SlackInstall struct {
	ProjectID ProjectID
	TeamID    string
	TeamName  string
	// Scopes are what the workspace granted.
	Scopes []string
	// Sealed is the bot's token at rest, bound to the project; Token is it opened.
	Sealed      []byte
	Token       string
	ConnectedBy string
	ConnectedAt time.Time
}

// SlackUse counts a project's endpoints of kind slack, and those of them that
// are held because Slack does not take the token.
type SlackUse struct{ Endpoints, Held int }

// SlackTokenField is what a sealed token is bound to besides its project.
const SlackTokenField = "slack-token"

// SlackRate is how many messages a second Slack takes for one channel.
const SlackRate = 1
