package endpoints

import (
	"strconv"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// The values of the submit buttons, posted as "do". All but the first draw the
// form again with what was typed; nothing is saved. The Drop ones are followed
// by the row's position from 0.
const (
	DoSave        = "save"
	DoPreview     = "preview"
	DoAddPayload  = "add-payload"
	DoAddHeader   = "add-header"
	DoDropPayload = "drop-payload-"
	DoDropHeader  = "drop-header-"
	// DoFind looks for channels, DoTry posts a test to the chosen ones.
	DoFind = "find"
	DoTry  = "try"
)

// The values of payloadBy.
const (
	ByRows       = "rows"
	ByExpression = "expression"
)

// FormModel makes or changes an endpoint. It posts to Action:
//
//	name, url, format, secret (new only)
//	template (text)
//	customHeader, customSigned, customEncoding, customValue, customBody
//	topic (many: ticked names), group (many: all topics of a group),
//	patterns (text: one per line)
//	promptNames, promptTags, promptLabels (text: one per line)
//	payloadBy (rows | expression), expression (text)
//	payloadPath, payloadOperator, payloadValue (many, in step)
//	headerName, headerValue, headerSecret (many, in step; headerSecret is a
//	select of "no" | "yes", "kept" keeps the stored secret value)
//	retry, delays (text: seconds, one per line), clientErrors ("true" or absent)
//	timeout, maxInFlight, rate, ordered ("true" or absent)
//	sample (what the request is shown for), do (one of the constants above)
type FormModel struct {
	Shell layout.AppModel
	New   bool
	// Was is the stored name of the endpoint that is changed.
	Was       string
	Action    string
	CancelURL string
	// Mistakes stand above the form and lead to their fields.
	Mistakes []component.Mistake
	// Warning is a soft one; Taken says that somebody else saved meanwhile.
	Warning string
	Taken   string

	// Kinds are the tabs of a new one.
	Kinds []component.Tab
	// Slack is set for an endpoint that posts to channels: it takes the place of
	// the URL, the format, own headers and the secret.
	Slack *SlackForm

	Name        component.Input
	URL         component.Input
	Secret      component.Input
	Formats     []FormatOption
	FormatError string
	// Template makes the body in place of the format's.
	Template component.Input
	// Presets are services that take a shape of their own; Need says what has to
	// be filled in for the chosen one, with its document.
	Presets []component.Chip
	Need    *Need
	Custom  Custom

	Topics      []TopicGroup
	Patterns    component.Input
	TopicsError string

	PromptNames  component.Input
	PromptTags   component.Input
	PromptLabels component.Input
	// ByExpression says which of the two is in use; both keep what was typed.
	ByExpression bool
	Payload      []PayloadRow
	PayloadError string
	Operators    []component.Option
	Expression   component.Input
	Headers      []HeaderRow
	HeadersError string

	Retries      []component.Option
	RetryError   string
	Delays       component.Input
	ClientErrors bool
	Timeout      component.Input
	MaxInFlight  component.Input
	Rate         component.Input
	Ordered      bool

	// Now are the folds' settings in a few words.
	Now Now
	// PreviewURL takes the same form by POST and answers with Live alone.
	PreviewURL string
	Live       LiveModel
}

// Now says what the closed folds hold.
type Now struct{ Prompts, Payload, Format, Body, Retry, Headers, Limits, Secret string }

// Need is what a service wants filled in.
type Need struct {
	Title string
	Text  string
	// Source is the service's own document.
	Source component.Link
}

// FormatOption is one wire format.
type FormatOption struct {
	Value string
	Title string
	// Header is its signature header, Text what it is for.
	Header   string
	Text     string
	Selected bool
}

// Custom is the format that the developer describes.
type Custom struct {
	Header    component.Input
	Value     component.Input
	Signed    []component.Option
	Encodings []component.Option
	Bodies    []component.Option
	// SignedError, EncodingError and BodyError stand beside those choices.
	SignedError   string
	EncodingError string
	BodyError     string
}

// TopicGroup is one family of topics in the picker.
type TopicGroup struct {
	Title string
	Note  string
	// Key is what "group" posts for all of them; empty where each must be
	// chosen by name.
	Key string
	// Open unfolds it; groups with a tick are open.
	Open   bool
	Topics []component.Option
}

// Ticked counts the chosen ones: "2 of 4".
func (g TopicGroup) Ticked() string {
	n := 0
	for _, t := range g.Topics {
		if t.Selected {
			n++
		}
	}
	return strconv.Itoa(n) + " of " + strconv.Itoa(len(g.Topics))
}

// PayloadRow is one condition on a member of the data.
type PayloadRow struct {
	Path      string
	Operators []component.Option
	Value     string
	Error     string
}

// HeaderRow is one custom header.
type HeaderRow struct {
	Name  string
	Value string
	// Secret values are sealed; Kept says that one is stored and stays when
	// Value is left empty.
	Secret bool
	Kept   bool
	Error  string
}

// LiveModel is what follows from the form as it is typed: the parts that the
// page refreshes while somebody types.
type LiveModel struct {
	// Patterns say which topics each glob takes now.
	Patterns []PatternMatch
	// Members are paths that can be in the data, for the row editor.
	Members []string
	// Prompts says that prompt topics may come, so prompt filters matter.
	Prompts bool
	// Format is the one that the topics bring, in words, for "choose for me".
	Format string
	// Fault is the expression's mistake; nil for none.
	Fault *ExpressionFault
	// Changes are what saving would change; only for a stored endpoint.
	Changes []Change
	Matches Matches
	Request Request
}

// PatternMatch is a glob with the topics that it takes.
type PatternMatch struct {
	Pattern string
	Topics  []string
	// More is "and 4 more"; None says that it takes nothing.
	More string
	None string
}

// ExpressionFault is a mistake in its place.
type ExpressionFault struct {
	// Before, At and After are the line that holds it.
	Before, At, After string
	// Place is "Line 1, column 12".
	Place   string
	Message string
}

// Change is one setting that saving would change.
type Change struct{ Label, Before, After string }

// Matches says which of the last events the filters would take.
type Matches struct {
	// Mark is "7 of the last 100 events would match"; Tone is Bad for none.
	Mark component.Mark
	// Problem is why nothing could be tried; the page keeps the last answer
	// beside it. Waiting says that nothing is wrong, only not chosen yet.
	Problem string
	Waiting bool
	Taken   []Tried
	Missed  []Tried
	// MissedTitle folds the others: "Why 93 others would not".
	MissedTitle string
}

// Tried is one past event.
type Tried struct {
	ID    string
	Topic string
	At    component.Time
	URL   string
	// Because is what kept it out, one line each.
	Because []string
}

// Request is the exact request that would be sent.
type Request struct {
	// Examples and Events are what it can be shown for; the page posts the
	// chosen value as "sample".
	Examples []component.Option
	Events   []component.Option
	// Of says what it is shown for and how it is signed.
	Of string
	// Line is "POST https://…".
	Line    string
	Headers []component.Header
	Body    component.Body
	// Message stands in the place of line, headers and body for Slack.
	Message *Message
	// Notes say what is odd: members left out, digits lost.
	Notes []string
	// Problem is why there is no request yet; the page keeps the last one.
	Problem string
	Waiting bool
}
