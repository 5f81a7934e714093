// Package endpoints shows destinations: the list, one endpoint with its tabs,
// and the form. It must not know how a signature is made or a topic matched.
package endpoints

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/deliveries"
	"github.com/bellwire/bellwire/views/layout"
)

// ListModel is the list of endpoints.
type ListModel struct {
	Shell layout.AppModel
	// NewURL is empty for people who may not make one.
	NewURL string
	// States narrow the list; the first is "all".
	States []component.Chip
	Rows   []Row
	Pager  component.Pager
	Empty  component.EmptyModel
}

// Row is one endpoint in the list.
type Row struct {
	URL    string
	Name   string
	Target string
	Mark   component.Mark
	// Note says why it is paused or failing, in a few words.
	Note   string
	Topics []string
	// MoreTopics is "+4" when not all are named.
	MoreTopics  string
	Format      string
	SuccessRate string
	// Trend is deliveries over time, failed ones as the second layer.
	Trend       []component.Bar
	P95         string
	LastSuccess component.Time
}

// ShowModel is one endpoint. Exactly one of the four tabs is set.
type ShowModel struct {
	Shell layout.AppModel
	Head  Head
	Tabs  []component.Tab
	// Test is the result of a test that was just sent; nil otherwise.
	Test       *TestResult
	Deliveries *deliveries.TableModel
	// States narrow the deliveries tab.
	States   []component.Chip
	Settings []SettingGroup
	Secret   *Secret
	Health   *Health
}

// Head stands above the tabs.
type Head struct {
	Name   string
	ID     string
	Target string
	Mark   component.Mark
	// Because explains a pause or failure in a sentence; empty when all is well.
	Because string
	Since   component.Time
	Figures []component.Figure
	// Deleted endpoints only show their past.
	Deleted bool
	// What can be done; empty addresses are not offered.
	EditURL string
	Pause   component.ConfirmModel
	Delete  component.ConfirmModel
	// ResumeURL takes "rate" (per second) by POST; Held says how many go out.
	ResumeURL   string
	ResumeRates []component.Option
	Held        string
	// TestURL takes "topic" by POST.
	TestURL    string
	TestTopics []component.Option
}

// TestResult is what a test brought.
type TestResult struct {
	Mark component.Mark
	// Verdict in words: "200 in 84 ms. The receiver accepted the signature."
	Verdict string
	Detail  string
	// URL leads to the test's delivery page.
	URL string
	// Next says that the next secret signed it.
	Next     bool
	Response component.Body
}

// SettingGroup is one step of the form, read only.
type SettingGroup struct {
	Title string
	Rows  []SettingRow
}

// SettingRow is one setting; several values are shown as a list.
type SettingRow struct {
	Label  string
	Values []string
	Mono   bool
	Note   string
}

// RotationStep is how far a rotation has come.
type RotationStep int

// The steps of a rotation.
const (
	NoRotation RotationStep = iota
	// NextMade: there is a next secret, the current one still signs.
	NextMade
	// Grace: the new secret signs, the old signature is still sent along.
	Grace
)

// Secret is the signing secret's card and the rotation.
type Secret struct {
	Step RotationStep
	// Since is when the current secret began to sign.
	Since component.Time
	// Masked is the current secret without its middle.
	Masked string
	// Revealed is set right after a reveal, with the password given: it is
	// taken off the screen after HideAfter seconds. RevealedNext likewise.
	Revealed     string
	RevealedNext string
	HideAfter    int
	// MaskedNext is set while there is a next secret.
	MaskedNext string
	// SwitchAt is the time chosen for the switch; zero means by hand.
	SwitchAt component.Time
	// GraceEnds is when the old secret is wiped.
	GraceEnds component.Time
	// Header is the format's main signature header.
	Header string
	// Sent says what receivers see at this moment, one line per header.
	Sent []SentLine
	// Tested is the last test with the next secret; nil for none.
	Tested *TestResult
	// POST addresses; empty when not offered. RotateURL takes "switchAt"
	// (datetime-local, UTC) and "graceHours"; RevealURL takes "which" =
	// current | next; TestURL takes "topic" and "useNext=true".
	RevealURL   string
	RotateURL   string
	TestURL     string
	SwitchURL   string
	UndoURL     string
	Graces      []component.Option
	TestTopics  []component.Option
	RotateError string
	// Compromised switches and wipes at once.
	Compromised component.ConfirmModel
	// Raw warns that the secret was brought and needs the raw option of
	// Standard Webhooks libraries.
	Raw bool
}

// SentLine is one signature header and who signs it.
type SentLine struct {
	Header string
	Signer string
	Tone   component.Tone
}

// Health is how the endpoint has been doing.
type Health struct {
	Ranges  []component.Chip
	Figures []component.Figure
	Volume  component.BarChart
	Latency component.LineChart
	Causes  []CauseRow
	// Limits say what holds now: "8 requests at once while it is slow".
	Limits []SettingRow
}

// CauseRow is one cause of failure with its share 0..1.
type CauseRow struct {
	Cause  string
	Words  string
	Count  string
	Share  float64
	URL    string
	Advice string
}
