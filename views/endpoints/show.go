package endpoints

import (
	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/deliveries"
	"github.com/bellwire/bellwire/views/layout"
)

// ShowModel is one endpoint. Exactly one of the tabs is set.
type ShowModel struct {
	Shell layout.AppModel
	Head  Head
	Tabs  []component.Tab
	// Test is the result of a test that was just sent; nil otherwise.
	Test *TestResult
	// Start teaches in place of an empty log; nil once something was sent.
	Start      *Start
	Deliveries *deliveries.TableModel
	// States narrow the deliveries tab.
	States   []component.Chip
	Settings []SettingGroup
	Secret   *Secret
	Code     *Code
	Health   *Health
}

// Head stands above the tabs.
type Head struct {
	Name   string
	ID     string
	Target string
	Mark   component.Mark
	// Notice says what is not well; nil when all is.
	Notice  *Notice
	Figures []component.Figure
	// What can be done; empty addresses are not offered.
	EditURL string
	// HistoryURL leads to what people did to it.
	HistoryURL string
	Test       TestForm
	Pause      component.ConfirmModel
	Delete     component.ConfirmModel
}

// Notice says why an endpoint is not well, and what to try.
type Notice struct {
	Tone component.Tone
	// Title is what is so: "Paused by ada@example.com".
	Title string
	Since component.Time
	// Text is what follows from it, Try what to do.
	Text string
	Try  string
	Way  component.Link
	// Copy is the matter in a few lines, for a message to somebody else.
	Copy string
	// Resume is offered where a person can lift it.
	Resume Resume
}

// Resume lets held deliveries go. URL takes "rate" (per second) by POST; empty
// is not offered.
type Resume struct {
	URL string
	// Name is the endpoint's where several stand beside each other.
	Name  string
	Rates []component.Option
}

func rateLabel(r Resume) string {
	if r.Name == "" {
		return "How fast to send what is held"
	}
	return "How fast to send what " + r.Name + " holds"
}

func resumeLabel(r Resume) templ.Attributes {
	if r.Name == "" {
		return nil
	}
	return templ.Attributes{"aria-label": "Resume " + r.Name}
}

// TestForm sends a test. URL takes "topic" and "useNext" by POST; empty is not
// offered.
type TestForm struct {
	URL    string
	Topics []component.Option
	// Next offers the next secret, Chosen picks it at first.
	Next   bool
	Chosen bool
	// Wait is how long the answer can take: "15 s".
	Wait string
}

// TestResult is what a test brought.
type TestResult struct {
	Mark component.Mark
	// Verdict in words: "Your server answered 200 in 84 ms."
	Verdict string
	Detail  string
	// Facts are short: topic, time taken, which secret signed.
	Facts []component.Figure
	// URL leads to the test's delivery page.
	URL string
	// Next says that the next secret signed it.
	Next     bool
	Response component.Body
	// Again sends the same test once more.
	Again TestForm
	Topic string
}

// Start is what to do first with an endpoint that was never used.
type Start struct {
	Steps []StartStep
	// Listening is an address that only this machine can reach: the command
	// answers there. Empty for none.
	Command string
}

// StartStep is one of them.
type StartStep struct {
	Title string
	Text  string
	Done  bool
	Way   component.Link
	// Test sends one from here; its URL is empty elsewhere.
	Test TestForm
}

// SettingGroup is one step of the form, told in sentences.
type SettingGroup struct {
	Title     string
	Sentences []Sentence
}

// Sentence is a run of words; some of them are what was typed.
type Sentence []Words

// Words are a piece of a sentence.
type Words struct {
	Text string
	// Code is for what machines read: names, patterns, addresses.
	Code bool
}

// Code is how to verify this endpoint's requests.
type Code struct {
	Languages []component.Chip
	Language  string
	// Text is the code; Kind picks the colours.
	Text string
	Kind string
	File string
	// Download is the same as a file, Run the line that starts it.
	Download string
	Run      string
	// Sends is set for the script that posts a sample instead of taking one.
	Sends bool
	// Scheme says how the format signs.
	Scheme     []SettingRow
	Frameworks []CodeTip
	Library    CodeTip
	// Raw says that libraries take the secret with their raw option only.
	SecretURL string
}

// CodeTip is a line of code with its place.
type CodeTip struct {
	Place string
	Code  string
}
