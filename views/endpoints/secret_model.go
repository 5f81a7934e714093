package endpoints

import "github.com/bellwire/bellwire/views/component"

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
	// OldEnds is when the old signature ends: "22 Nov 2026, 17:40 UTC". Before
	// the switch, if that comes as planned, or now.
	OldEnds string
	// GraceFor is how long the old one will be sent along: "24 hours".
	GraceFor string
	// Header is the format's main signature header.
	Header string
	// Sent says what receivers see at this moment, one line per header.
	Sent []SentLine
	// Receivers say who accepts what at each stage; Stage is the present one.
	Receivers []Receiver
	Stages    []string
	Stage     int
	// Tested is the last test with the next secret; nil for none.
	Tested *TestResult
	Test   TestForm
	// POST addresses; empty when not offered. RotateURL takes "switchAt"
	// (datetime-local, UTC), "graceHours" and "secret"; RevealURL takes
	// "which" = current | next.
	RevealURL string
	RotateURL string
	SwitchURL string
	UndoURL   string
	// NeedsPassword is set when the next act asks for it.
	NeedsPassword bool
	Graces        []component.Option
	Rotate        RotateInput
	// Compromised switches and wipes at once.
	Compromised component.ConfirmModel
	// Raw warns that the secret was brought and needs the raw option of
	// Standard Webhooks libraries.
	Raw     bool
	CodeURL string
}

// RotateInput is what was typed to begin a rotation and what is wrong with it.
type RotateInput struct {
	SwitchAt component.Input
	Grace    component.Input
	Secret   component.Input
}

// SentLine is one signature header and who signs it.
type SentLine struct {
	Header string
	Signer string
	Tone   component.Tone
}

// Receiver is a kind of receiver and whether it accepts requests at each
// stage of a rotation.
type Receiver struct {
	Words   string
	Accepts []bool
}
