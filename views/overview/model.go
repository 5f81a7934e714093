// Package overview shows a project's state: is it fine, what is not, why, and
// what to press. It must not know how the state is worked out.
package overview

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
	"github.com/bellwire/bellwire/views/layout"
)

// ShowModel is the overview page.
type ShowModel struct {
	Shell layout.AppModel
	// Verdict is one sentence: "All 12 endpoints are healthy".
	Verdict component.Mark
	// Detail is a second, quieter sentence; may be empty.
	Detail string
	// Groups are the endpoints that are not well, those that need a person
	// first, and those that hold something. They are those that Verdict and
	// Detail speak of.
	Groups []Group
	// Figures and Charts are nil while there is nothing to show.
	Figures []component.Figure
	Charts  *component.ChartsModel
	// Failures are the last ones, those alike in one row.
	Failures    []FailureRow
	FailuresURL string
	// Guide is set until a first event was delivered.
	Guide *Guide
	// StartURL opens the guide again; empty while it is on the page.
	StartURL string
	Live     component.Live
}

// Group is a list of endpoints with a heading.
type Group struct {
	ID    string
	Title string
	Rows  []TroubleRow
	// More leads to those that are not listed; no label for none.
	More component.Link
}

// TroubleRow is one endpoint that is not well.
type TroubleRow struct {
	Name string
	URL  string
	// Target is the host and path, or the host only for viewers.
	Target string
	Mark   component.Mark
	// Cause is in words: "answers 500; 214 deliveries wait".
	Cause string
	Since component.Time
	// Action leads to where it is mended; Resume lets go what it holds. One of
	// them is offered.
	Action component.Link
	Resume endpoints.Resume
}

// FailureRow is one failed delivery, or several of the same endpoint that
// failed alike.
type FailureRow struct {
	URL      string
	Mark     component.Mark
	Topic    string
	Endpoint string
	// Answer is the status or the error in a word.
	Answer string
	// Times is "8 times"; empty for once.
	Times string
	// At is the latest, Since the first of several.
	At    component.Time
	Since component.Time
}
