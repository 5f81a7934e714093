// Package component holds the atoms that pages are made of: badges, fields,
// tables, charts. It knows shapes and tones and must not know the product's
// words: no "delivery", no "endpoint".
package component

// Tone is what a mark, badge or bar says besides its words. Each tone has a
// shape of its own, so that colour never speaks alone.
type Tone string

// The tones. The zero value is Neutral.
const (
	Neutral Tone = ""        // – a plain fact
	Accent  Tone = "accent"  // the house's amber: actions, the current thing
	Good    Tone = "good"    // ✓ it arrived
	Busy    Tone = "busy"    // … under way at this moment
	Retry   Tone = "retry"   // ↻ failed, will be tried again
	Wait    Tone = "wait"    // ○ not tried yet
	Bad     Tone = "bad"     // ✕ it failed
	GivenUp Tone = "givenup" // ✕ in an octagon: failed for good; coloured as Bad
	Held    Tone = "held"    // ⏸ stopped by a person or a rule
	Quiet   Tone = "quiet"   // ⊘ ended without result, nobody's fault
	Unknown Tone = "unknown" // ? nobody knows
)

// Mark is a tone with its word: "delivered", "retrying in 4 min".
type Mark struct {
	Tone Tone
	Text string
}

// Time is one moment, printed. The zero value shows a dash.
type Time struct {
	// ISO is RFC 3339 in UTC; the page's script keeps Text fresh from it.
	ISO string
	// Text is relative or short: "4 min ago", "in 12 s".
	Text string
	// Full is the exact time for the tooltip: "21 Nov 2026, 09:56:48.120 UTC".
	Full string
}

// Zero reports whether there is no time to show.
func (t Time) Zero() bool { return t.ISO == "" && t.Text == "" }

// Link is words that lead somewhere.
type Link struct {
	Label string
	URL   string
}

// Chip is a filter that can be on. URL is the page with it switched.
type Chip struct {
	Label string
	// Title explains it on hover; may be empty.
	Title string
	URL   string
	On    bool
	Tone  Tone
	Count string
}

// Tab is one of several views of the same thing.
type Tab struct {
	Label   string
	URL     string
	Current bool
	Count   string
}

// Option is one choice of a select, radio group or checklist.
type Option struct {
	Value    string
	Label    string
	Hint     string
	Selected bool
	Disabled bool
}

// Input is what a form field holds now and what is wrong with it.
type Input struct {
	Value string
	Error string
}

// FieldModel describes a labelled field around an input.
type FieldModel struct {
	// Name is the form name; ID defaults to it.
	Name  string
	ID    string
	Label string
	Hint  string
	Input Input
	// Type is an HTML input type, "text" when empty.
	Type         string
	Placeholder  string
	Autocomplete string
	Required     bool
	Autofocus    bool
	// Digits brings up the keyboard with figures.
	Digits bool
	// Mono sets the value in the fixed-width face: URLs, ids, patterns.
	Mono bool
	// Optional shows the word beside the label.
	Optional bool
	Min      string
	Max      string
	Step     string
	// Unit is shown after the input: "seconds".
	Unit string
	Rows int
	// List is the id of a datalist.
	List string
}

// Mistake is one entry of a form's summary of errors; Field is the id to jump
// to.
type Mistake struct {
	Field string
	Text  string
}

// Flash is the answer to what was just done, shown once on the next page.
type Flash struct {
	Tone Tone
	Text string
	// Link, when it has a label, leads to what the flash speaks of.
	Link Link
}

// Pager leads through a list by cursor. Empty URLs have no page.
type Pager struct {
	FirstURL string
	NextURL  string
	// FirstLabel and NextLabel are "Newest" and "Older" if empty.
	FirstLabel string
	NextLabel  string
	// Text says what is shown: "50 newest", "searched back to 12 Nov".
	Text string
}

// EmptyModel is what stands where a list has nothing to show.
type EmptyModel struct {
	Title string
	Text  string
	// Action is the one thing to do next; none when its label is empty.
	Action Link
	// Command is a line to run instead, with a copy button.
	Command string
}

// ConfirmModel is a button that asks before it posts. It works without
// script: the question is a native popover.
type ConfirmModel struct {
	// ID must be unique on the page.
	ID string
	// Label is the verb on the button, Title the question.
	Label string
	Title string
	// Consequence says what will happen, with numbers.
	Consequence string
	// URL is posted to; Submit is the verb inside (Label when empty).
	URL    string
	Submit string
	// Type is a word to type first; none when empty. Posted as "confirm".
	Type   string
	Danger bool
	Small  bool
}

// Figure is one number that matters, with its name.
type Figure struct {
	Label string
	Value string
	Note  string
	Tone  Tone
}

// Part is one layer of a bar.
type Part struct {
	Tone  Tone
	Value float64
}

// Bar is one column of a chart.
type Bar struct {
	// Title is its tooltip: "09:40–09:45: 1,204 delivered, 3 failed".
	Title string
	// Label is when it was, alone; Note what else to say of it, may be empty.
	Label string
	Note  string
	Parts []Part
}

// Legend names a tone of a chart.
type Legend struct {
	Tone  Tone
	Label string
	Value string
}

// Plot is what the page's script needs to draw a chart that can be looked into;
// the zero value keeps the still picture.
type Plot struct {
	// ID of the figure, unique on the page.
	ID string
	// Region is the id of the part of the page that is fetched again for another
	// time, which the address then holds as "since" and "until".
	Region string
	// Starts are the columns' first moments in Unix seconds, Step their width.
	Starts []int64
	Step   int64
}

// BarChart is a stacked column chart drawn by the server.
type BarChart struct {
	Title string
	// Scale says what a column stands for and in which time zone.
	Scale string
	// Summary says the chart in words for people who can't see it.
	Summary string
	// Peak labels the top of the scale; Axis holds labels from left to right.
	Peak   string
	Axis   []string
	Bars   []Bar
	Legend []Legend
	Plot   Plot
}

// Line is one series of a line chart; a negative value is a gap.
type Line struct {
	// Rank picks the stroke: 0 is the strongest.
	Rank   int
	Label  string
	Value  string
	Values []float64
	// Words are the values printed, one for each.
	Words []string
}

// LineChart is a small chart of levels drawn by the server: each value holds
// for its whole column.
type LineChart struct {
	Title string
	// Scale says what a level stands for and in which time zone.
	Scale   string
	Summary string
	Peak    string
	Axis    []string
	// Titles are the tooltips of the columns, one per value; Labels say when
	// alone.
	Titles []string
	Labels []string
	Lines  []Line
	Plot   Plot
}

// ChartsModel is a pair of charts over one time, with the switch of that time.
type ChartsModel struct {
	// Nothing says that nothing was in this time; the charts are then left out.
	Nothing string
	// Ranges switch the time: 1 h, 24 h, 7 days, 30 days.
	Ranges []Chip
	// Action takes "since" and "until" (UTC, to the minute) by GET, beside what
	// is Kept. Custom is the time chosen so, in words; empty for none.
	Action string
	Kept   []Option
	Since  Input
	Until  Input
	Custom string
	// Log leads to what happened in the time that was chosen.
	Log     Link
	Volume  BarChart
	Latency LineChart
}

// Phase is a stretch of a timing bar, from and to as parts of the whole 0..1.
type Phase struct {
	// Kind picks the hue: "dns", "connect", "tls", "wait", "body".
	Kind  string
	Label string
	Text  string
	From  float64
	To    float64
}

// Body is a piece of text as it stood on the wire.
type Body struct {
	// Text is what to show, pretty-printed if Pretty says so; Raw the exact
	// text when it differs.
	Text string
	Raw  string
	// Kind is "json", "html", "text" or "binary".
	Kind string
	// Size is printed: "1.2 KB".
	Size string
	// Note says what is odd: "first 64 KB of the answer", "not UTF-8".
	Note string
	// Received is set for what a receiver answered; everything else was sent.
	Received bool
}

// Header is one header line; Masked ones hide their value at the source.
type Header struct {
	Name   string
	Value  string
	Masked bool
}

// Live keeps a region fresh: URL is fetched again and the region with the
// same id taken out of the answer. Stream, when set, is a server-sent-events
// address whose event "changed" says when; without it every five seconds.
type Live struct {
	URL    string
	Stream string
}
