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
	// About explains the state that is chosen; empty where its word says all.
	About string
	// Chosen are the parts of the filter, each with the page without it.
	Chosen []component.Chip
	// States switch the state shown; the first is "all".
	States    []component.Chip
	Ranges    []component.Chip
	Filter    Filter
	Histogram Histogram
	Table     TableModel
	// Fresh is a project that nothing was ever delivered for: there is nothing
	// to narrow yet.
	Fresh bool
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
	// Wrong are mistakes of the address that no field of the form holds.
	Wrong []string
	// ClearURL is set while a filter is on.
	ClearURL string
	// Open unfolds the time, More all fields where the window is small.
	Open bool
	More bool
}

// Histogram counts over time; each column leads to its own stretch of time.
// None without columns.
type Histogram struct {
	Title   string
	Summary string
	Peak    string
	Axis    []string
	Legend  []component.Legend
	Columns []component.Column
	// From is where the first column begins, "2006-01-02T15:04" in UTC; each
	// is so many Minutes wide. The script that drags out a time reads them.
	From    string
	Minutes string
}

// TableModel is the log's rows, also on an endpoint's page.
type TableModel struct {
	Rows []Row
	// HideEndpoint drops the column where every row has the same.
	HideEndpoint bool
	Pager        component.Pager
	Empty        component.EmptyModel
	Live         Live
	// RefreshURL is this page again, for those without script.
	RefreshURL string
	// ResendURL takes picked rows by POST as "id", with Back, the page to lead
	// to; empty where the person can't.
	ResendURL string
	Back      string
}

// Live is where a list's changes come from; none without a Stream.
type Live struct {
	Stream string
	// Rows is how many the list holds at most.
	Rows int
	// On is the state; OnURL and OffURL are the page with it switched.
	On     bool
	OnURL  string
	OffURL string
}

// Row is one delivery in the log. It is compared with ==: no slices.
type Row struct {
	URL      string
	ID       string
	Mark     component.Mark
	Topic    string
	EventURL string
	// Found are the event's search values in a line; empty for none, and for
	// those who may not see payloads.
	Found       string
	Endpoint    string
	EndpointURL string
	// Answer is a status or an error in a word; Tone colours it.
	Answer   string
	Tone     component.Tone
	Attempts string
	Duration string
	At       component.Time
	// Due is when it is tried next, beside a mark that says so.
	Due component.Time
	// Note is "test", "resend" or empty.
	Note string
	// Pick offers it for sending again.
	Pick bool
	// Gone is set once a row no longer belongs to the list that shows it.
	Gone bool
}

// ShowModel is one delivery.
type ShowModel struct {
	Shell layout.AppModel
	ID    string
	// Verdict in words: "Your server answered 500 three times." Mark is the
	// state.
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
	// Due is when it is tried next, as attempt Upcoming.
	Due      component.Time
	Upcoming string
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
	// ActNote says what the first button does now: "will be held: the endpoint
	// is paused".
	ActNote string
	// ResumeURL leads to where what holds it can be lifted.
	ResumeURL string
	Attempts  []Attempt
	// ReasonURL takes by POST, as "reason", why somebody opens a payload that
	// is hidden until then; empty when there is nothing to open.
	ReasonURL string
	// Exchange is the selected attempt, or what will be sent when none was
	// made; nil when there is nothing to show.
	Exchange *Exchange
	// Advice is what to try, from the cause.
	Advice   []string
	Siblings []Sibling
	// MoreSiblings is "9 more" when not all are named here.
	MoreSiblings string
	EventURL     string
	// Ticket is a text for a support ticket, to copy.
	Ticket string
	// Permalink is this page's whole address, to copy.
	Permalink string
	// Stream is where the page's changes come from; empty once it has ended, or
	// where it can't be followed. RefreshURL is the page again.
	Stream     string
	RefreshURL string
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
	// Gap is the time since the one before: "+5 min".
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
	// Curl is the same request as a command; CurlNote says what it needs.
	Curl      string
	CurlNote  string
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
	// DownloadURL has all bytes of the body; empty where there are none.
	DownloadURL string
}

// Sibling is another delivery of the same event.
type Sibling struct {
	Endpoint string
	URL      string
	Mark     component.Mark
	At       component.Time
	Note     string
}
