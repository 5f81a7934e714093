package endpoints

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// The values of the submit buttons, posted as "do". Adding a row renders the
// form again with one more; nothing is saved.
const (
	DoSave       = "save"
	DoPreview    = "preview"
	DoAddPayload = "add-payload"
	DoAddHeader  = "add-header"
)

// FormModel makes or changes an endpoint. It posts to Action:
//
//	name, url, format, secret (new only)
//	customHeader, customSigned, customEncoding, customValue, customBody
//	topic (many: ticked names), patterns (text: one per line)
//	promptNames, promptTags, promptLabels (text: one per line)
//	payloadPath, payloadOperator, payloadValue (many, in step)
//	headerName, headerValue, headerSecret (many, in step; headerSecret is a
//	select of "no" | "yes", "kept" keeps the stored secret value)
//	retry, delays (text: seconds, one per line), clientErrors ("true" or absent)
//	timeout, maxInFlight, rate, ordered ("true" or absent)
//	do (one of the constants above)
type FormModel struct {
	Shell     layout.AppModel
	New       bool
	Action    string
	CancelURL string
	// Mistakes stand above the form and lead to their fields.
	Mistakes []component.Mistake
	// Warning is a soft one, such as a name that doesn't resolve yet.
	Warning string

	Name        component.Input
	URL         component.Input
	Secret      component.Input
	Formats     []FormatOption
	FormatError string
	Custom      Custom

	Topics      []TopicGroup
	Patterns    component.Input
	TopicsError string

	PromptNames  component.Input
	PromptTags   component.Input
	PromptLabels component.Input
	Payload      []PayloadRow
	Headers      []HeaderRow
	HeadersError string

	Retries      []component.Option
	Delays       component.Input
	ClientErrors bool
	Timeout      component.Input
	MaxInFlight  component.Input
	Rate         component.Input
	Ordered      bool

	// PreviewURL takes the same form by POST and answers with Preview alone;
	// empty switches the live pane off, the preview button stays.
	PreviewURL string
	Preview    *PreviewModel
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
	Signed    []component.Option
	Encodings []component.Option
	Value     component.Input
	Bodies    []component.Option
}

// TopicGroup is one family of topics in the picker.
type TopicGroup struct {
	Title string
	Note  string
	// Open unfolds it; groups with a tick are open.
	Open   bool
	Topics []component.Option
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

// PreviewModel is the pane beside the form.
type PreviewModel struct {
	// Matches says "matches 7 of the last 100 events"; Tone is Bad for none.
	Matches component.Mark
	Samples []component.Link
	// Line and Headers and Body are the exact request that would be sent.
	Line    string
	Headers []component.Header
	Body    component.Body
	// Notes say what is odd: members left out, digits lost.
	Notes []string
	// Problem is why there is no request yet.
	Problem string
}
