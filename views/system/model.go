// Package system shows those who keep the installation what it runs on and is
// at. It must not know how any of it is found out.
package system

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// ShowModel is the page.
type ShowModel struct {
	Shell layout.AppModel
	// Live keeps the page fresh.
	Live component.Live
	// State says in a few words how the nodes are.
	State component.Mark
	Nodes []NodeRow
	// Backlog, Pool and Database are figures; Host is the node that Pool is of.
	Backlog  []component.Figure
	Host     string
	Pool     []component.Figure
	Database []component.Figure
}

// NodeRow is one server process.
type NodeRow struct {
	ID      string
	Name    string
	Version string
	// Here says that it is the one that drew the page.
	Here      bool
	Mark      component.Mark
	Started   component.Time
	Heartbeat component.Time
	// Sending is how many deliveries are leased to it.
	Sending string
	// Note says what becomes of its work; empty while it lives.
	Note string
}
