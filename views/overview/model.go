// Package overview shows a project's state: is it fine, what is not, why, and
// what to press. It must not know how the state is worked out.
package overview

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// ShowModel is the overview page.
type ShowModel struct {
	Shell layout.AppModel
	// Verdict is one sentence: "All 12 endpoints are healthy". Its tone is
	// Good, Retry, Bad or Neutral.
	Verdict component.Mark
	// Detail is a second, quieter sentence; may be empty.
	Detail string
	// Trouble are the endpoints that need a person.
	Trouble []TroubleRow
	// Ranges switch the time shown: 1 h, 24 h, 7 d.
	Ranges  []component.Chip
	Figures []component.Figure
	Volume  component.BarChart
	Latency component.LineChart
	// Failures are the last ones, at most ten.
	Failures    []FailureRow
	FailuresURL string
	// FirstRun is set while the project has no endpoint or no event.
	FirstRun *FirstRun
	Live     component.Live
}

// TroubleRow is one endpoint that needs a person.
type TroubleRow struct {
	Name string
	URL  string
	// Target is the host and path, or the host only for viewers.
	Target string
	Mark   component.Mark
	// Cause is in words: "answers 500 since 2 h; 214 deliveries wait".
	Cause string
	Since component.Time
	// Action is posted when Post is set, else followed.
	Action component.Link
	Post   bool
}

// FailureRow is one failed delivery.
type FailureRow struct {
	URL      string
	Mark     component.Mark
	Topic    string
	Endpoint string
	// Answer is the status or the error in a word.
	Answer string
	At     component.Time
}

// FirstRun teaches the first three steps.
type FirstRun struct {
	Steps []Step
}

// Step is one thing to do; Command can be run as it stands.
type Step struct {
	Title   string
	Text    string
	Done    bool
	Action  component.Link
	Command string
}
