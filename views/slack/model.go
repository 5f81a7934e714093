// Package slack shows how a project stands to a Slack workspace. It must not
// know how Slack is asked.
package slack

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// ShowModel is a project's connection.
type ShowModel struct {
	Shell layout.AppModel
	// Team is empty while the project is not connected.
	Team        string
	Mark        component.Mark
	ConnectedBy string
	ConnectedAt component.Time
	Scopes      []string
	// Lacks are scopes that were not granted, with what goes without them.
	Lacks []string
	// Missing says what an operator must do first; empty if Slack can be used.
	Missing string
	// Trouble says that Slack no longer takes the token; empty if all is well.
	Trouble string
	// ConnectURL leads to Slack; empty for those who may not.
	ConnectURL string
	// Endpoints counts those that post here, in words; EndpointsURL lists them.
	Endpoints    string
	EndpointsURL string
	// NewURL makes one; empty for those who may not.
	NewURL     string
	Disconnect component.ConfirmModel
}
