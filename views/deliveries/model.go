// Package deliveries shows the log: the list, and one delivery with every
// attempt, request and response. It must not know how a verdict is reached.
package deliveries

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// ListModel is the log of a project.
type ListModel struct {
	Shell layout.AppModel
	// Sentence says the filter in words: "failed · orders-prod · last 24 h".
	Sentence string
	// States switch the state shown; the first is "all".
	States []component.Chip
	Ranges []component.Chip
	Filter Filter
	// Volume is the histogram above; none without bars.
	Volume component.BarChart
	Table  TableModel
}

// Filter is the form above the log. It goes by GET to Action as "endpoint",
// "topic", "status", "q", "since" and "until", with "state" and "range" kept.
type Filter struct {
	Action    string
	Endpoints []component.Option
	Topics    []component.Option
	Status    component.Input
	Query     component.Input
	Since     component.Input
	Until     component.Input
	// Kept are hidden members: chips that are on.
	Kept []component.Option
	// ClearURL is set while a filter is on.
	ClearURL string
	// Open unfolds the less common fields.
	Open bool
}

// TableModel is the log's rows, also on an endpoint's page.
type TableModel struct {
	Rows []Row
	// HideEndpoint drops the column where every row has the same.
	HideEndpoint bool
	Pager        component.Pager
	Empty        component.EmptyModel
	Live         component.Live
	// LiveToggle switches Live; none when its URL is empty. On is the state.
	LiveToggle component.Chip
}

// Row is one delivery in the log.
type Row struct {
	URL         string
	ID          string
	Mark        component.Mark
	Topic       string
	Endpoint    string
	EndpointURL string
	// Answer is a status or an error in a word; Tone colours it.
	Answer   string
	Tone     component.Tone
	Attempts string
	Duration string
	At       component.Time
	// Note is "test", "resend" or empty.
	Note string
}

// ShowModel is one delivery.
type ShowModel struct {
	Shell layout.AppModel
	ID    string
	// Verdict in words: "Your server answered 500 three times. Next try in 4
	// min 12 s." Mark is the state.
	Mark    component.Mark
	Verdict string
	// Detail is a quieter second sentence; may be empty.
	Detail string
	Topic  string
	Event  component.Link
	// Endpoint leads to its page; its URL is empty once deleted.
	Endpoint component.Link
	Target   string
	Created  component.Time
	Due      component.Time
	Ended    component.Time
	// Provenance says who asked: "resent by ada@example.com"; Original leads
	// to the delivery it repeats.
	Provenance string
	Original   component.Link
	Resends    []component.Link
	Test       bool
	// The POST addresses of what can be done; empty when it can't.
	ResendURL  string
	SendNowURL string
	Cancel     component.ConfirmModel
	// ResendNote says what a resend does now: "will be held: the endpoint is
	// paused".
	ResendNote string
	Attempts   []Attempt
	// ReasonURL takes by POST, as "reason", why somebody opens a payload that
	// is hidden until then; empty when there is nothing to open.
	ReasonURL string
	// Exchange is the selected attempt, or what will be sent when none was
	// made; nil when there is nothing to show.
	Exchange *Exchange
	// Advice is what to try, from the cause.
	Advice   []string
	Siblings []Sibling
	EventURL string
	// Ticket is a text for a support ticket, to copy.
	Ticket string
	Live   component.Live
}

// Attempt is one line of the timeline.
type Attempt struct {
	Number string
	// URL selects it; Current says it is.
	URL     string
	Current bool
	Mark    component.Mark
	// Answer is "500 Internal Server Error" or the error in words.
	Answer   string
	At       component.Time
	Duration string
	// Scale is its part of the longest attempt's time, 0..1.
	Scale  float64
	Phases []component.Phase
	// Gap says what lies between it and the one before: "5 min later".
	Gap string
}

// Exchange is one request and its response.
type Exchange struct {
	Title    string
	Request  Message
	Response Message
	// Error is why there is no response.
	Error string
	// Answered is false when nothing came back.
	Answered bool
	// Curl is the same request as a command.
	Curl      string
	AttemptID string
	Settings  string
	Timings   []component.Phase
}

// Message is one side of an exchange.
type Message struct {
	// Line is the first: "POST https://…" or "500 Internal Server Error".
	Line    string
	Tone    component.Tone
	Headers []component.Header
	Body    component.Body
}

// Sibling is another delivery of the same event.
type Sibling struct {
	Endpoint string
	URL      string
	Mark     component.Mark
	At       component.Time
	Note     string
}
