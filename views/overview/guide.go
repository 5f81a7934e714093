package overview

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// StartModel is the guide on a page of its own.
type StartModel struct {
	Shell layout.AppModel
	Guide Guide
}

// Progress is how far one step has come.
type Progress string

// How far a step can have come.
const (
	Later   Progress = ""
	Current Progress = "now"
	Done    Progress = "done"
)

// Guide leads from nothing to the first event that was delivered and verified.
// What it shows follows from what there is, never from what was clicked.
type Guide struct {
	Choose  ChooseStep
	Connect ConnectStep
	Publish PublishStep
	Arrive  ArriveStep
	Live    component.Live
}

// ChooseStep is about who receives.
type ChooseStep struct {
	Progress Progress
	// Ways are the kinds of receiver, one of them on.
	Ways []component.Chip
	Text string
	// Command runs the receiver; empty where none is to be run.
	Command string
	// Secret is what the receiver verifies with; empty where it is in Command, or
	// not to be shown.
	Secret string
	Note   string
	// Form asks for what is shown once; nil for none.
	Form *ChooseForm
	// More leads to what helps; no label for none.
	More component.Link
}

// ChooseForm posts to Action for a command or a secret.
type ChooseForm struct {
	Action string
	Label  string
	// To is the local program's URL, "to", asked for if AsksTo.
	To     component.Input
	AsksTo bool
}

// ConnectStep is about the endpoint.
type ConnectStep struct {
	Progress Progress
	Text     string
	// Form is set while there is no endpoint and this person may make one.
	Form *ConnectForm
	// Endpoint is the one that was made, Target where it leads.
	Endpoint component.Link
	Target   string
}

// ConnectForm makes the endpoint; Action takes "name", "url", "topic", "way"
// and "secret" by POST.
type ConnectForm struct {
	Action     string
	Way        string
	Secret     string
	Name       component.Input
	URL        component.Input
	TopicError string
	Topics     []TopicGroup
	Mistakes   []component.Mistake
	// Focus puts the cursor into the URL.
	Focus bool
	// FullURL is the form with everything.
	FullURL string
}

// TopicGroup is a group of topics to choose from.
type TopicGroup struct {
	Title  string
	Topics []component.Option
}

// PublishStep is about the event.
type PublishStep struct {
	Progress Progress
	Text     string
	// Action publishes Topic's example by POST; empty for people who may not.
	Action string
	Topic  string
	Label  string
	// Other leads to where the data can be changed first; no label for none.
	Other component.Link
}

// ArriveStep is about the delivery.
type ArriveStep struct {
	Progress Progress
	// Mark and Text say how it went; no mark before anything was sent.
	Mark component.Mark
	Text string
	// Try is what to do about a failure, one line each.
	Try []string
	// AgainURL sends it again by POST; empty for none.
	AgainURL string
	// Delivery leads to all there is to know.
	Delivery component.Link
	// Request and Answer are set once something was sent.
	Request Side
	Answer  Side
	// Next is where to go from here.
	Next []NextStep
}

// Side is what went one way.
type Side struct {
	Line    string
	Tone    component.Tone
	Headers []component.Header
	Body    component.Body
}

// NextStep is something worth doing afterwards.
type NextStep struct {
	Link component.Link
	Text string
}
