// Package events shows what was published and who got it, who did not and
// why. It must not know how events are matched.
package events

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// ListModel is the list of events. The filter goes by GET to Action as
// "topic", "q", "since" and "until".
type ListModel struct {
	Shell  layout.AppModel
	Action string
	Topics []component.Option
	Query  string
	// Ranges switch the time shown.
	Ranges []component.Chip
	// ClearURL is set while a filter is on.
	ClearURL string
	Rows     []Row
	Pager    component.Pager
	Empty    component.EmptyModel
	Live     component.Live
}

// Row is one event.
type Row struct {
	URL   string
	ID    string
	Topic string
	// Deliveries is printed: "3", "fanning out", "0".
	Deliveries string
	// Audience is empty for one project, "all" otherwise.
	Audience string
	By       string
	// Found are the values of the topic's search keys.
	Found []string
	At    component.Time
}

// ShowModel is one event.
type ShowModel struct {
	Shell    layout.AppModel
	ID       string
	Topic    string
	TopicURL string
	// Verdict is one sentence: "3 of 4 endpoints got it".
	Verdict  component.Mark
	Occurred component.Time
	Accepted component.Time
	By       string
	Audience string
	// Key is the idempotency key, empty for none.
	Key string
	// Payload is empty with a Note once expunged.
	Payload   component.Body
	Receivers []Receiver
	Missed    []Missed
	// Unexplained says why nothing can be said of those that did not get it;
	// empty while Missed tells.
	Unexplained string
	// FanOut says that more deliveries are being made.
	FanOut string
	// Expunge removes the payload; none when its URL is empty.
	Expunge component.ConfirmModel
}

// Receiver is a delivery of the event.
type Receiver struct {
	Endpoint    string
	EndpointURL string
	URL         string
	Mark        component.Mark
	Answer      string
	Attempts    string
	At          component.Time
	// Note is "test" or "resend" or empty.
	Note string
}

// Missed is an endpoint that did not get the event.
type Missed struct {
	Endpoint    string
	EndpointURL string
	Lines       []Line
}

// Line is one condition and whether it held.
type Line struct {
	OK   bool
	What string
	Why  string
}
