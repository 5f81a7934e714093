// Package events shows what was published and who got it, who did not and
// why, and publishes test events. It must not know how events are matched.
package events

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// ListModel is the list of events. The filter goes by GET to Action as
// "topic", "q", "since" and "until"; Kept are further values to keep.
type ListModel struct {
	Shell  layout.AppModel
	Action string
	// Sentence reads the filter out.
	Sentence string
	// Mistakes are those of the filter that no field of it can show.
	Mistakes []component.Mistake
	Topics   []component.Option
	Query    component.Input
	Since    component.Input
	Until    component.Input
	// TimesOpen unfolds the exact times.
	TimesOpen bool
	Kept      []component.Option
	// Ranges switch the time shown.
	Ranges []component.Chip
	// ClearURL is set while a filter is on.
	ClearURL string
	// PublishURL makes a test event; empty for those who may not.
	PublishURL string
	Rows       []Row
	// NoFound leaves out what the rows are found by, for those who may not see it.
	NoFound bool
	Pager   component.Pager
	Empty   component.EmptyModel
	Live    component.Live
}

// Row is one event.
type Row struct {
	URL   string
	ID    string
	Topic string
	// Got is how it went: "2 of 3", "no endpoint", "many".
	Got component.Mark
	// GotWords say the same in full, for the tooltip.
	GotWords string
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
	Outcome  OutcomeModel
	Occurred component.Time
	Accepted component.Time
	// By is the publisher and ByKind what it is: "API key", "person".
	By     string
	ByKind string
	// Audience says for whom it was.
	Audience string
	// Key is the idempotency key that was given; NoKey stands in its place.
	Key   string
	NoKey string
	// Payload is empty with a Note once expunged.
	Payload component.Body
	// RawURL is the exact data as a file; empty if it can't be had.
	RawURL string
	// ReasonURL opens a hidden payload for those who say why, by POST of
	// "reason"; empty for everybody else.
	ReasonURL string
	// AgainURL fills the form for a new event with this one; empty for none.
	AgainURL string
	// Expunge removes the payload; none when its URL is empty.
	Expunge component.ConfirmModel
}

// OutcomeModel is who got the event and who did not: the part of the page
// that changes while deliveries are under way.
type OutcomeModel struct {
	// Verdict is one sentence: "3 of 4 endpoints got it".
	Verdict component.Mark
	// Detail follows it, quietly.
	Detail string
	// URL answers this part anew, asked every so often until Every is empty:
	// "2s".
	URL   string
	Every string

	Receivers []Receiver
	Missed    []Missed
	// Unexplained says why nothing can be said of those that did not get it;
	// empty while Missed tells.
	Unexplained string
	// More leads to deliveries that are not listed; none without a label.
	More component.Link
	// FanOut says that more deliveries are being made.
	FanOut string
	// ResendURL sends one delivery again, by POST of "delivery".
	ResendURL string
}

// Fate is how an event stands with an endpoint; the worst is first.
type Fate int

// The fates.
const (
	Lost Fate = iota // nothing more is tried
	Due              // under way or held
	Got              // it arrived
)

// Receiver is a delivery of the event. Fate is that of its endpoint.
type Receiver struct {
	Fate        Fate
	Endpoint    string
	EndpointURL string
	URL         string
	ID          string
	Mark        component.Mark
	Answer      string
	Attempts    string
	At          component.Time
	// Why says what keeps or ended it; empty when the mark says all.
	Why string
	// Note is "test" or "resend" or empty.
	Note string
	// Resend offers to send it again.
	Resend bool
}

// Missed is an endpoint that did not get the event.
type Missed struct {
	Endpoint    string
	EndpointURL string
	// Notes are what the endpoint is now: "paused", "deleted".
	Notes []string
	Lines []Line
}

// unfolded is how many endpoints that do not get an event stand open.
const unfolded = 12

// Line is one condition and whether it held.
type Line struct {
	OK   bool
	What string
	Why  string
}
