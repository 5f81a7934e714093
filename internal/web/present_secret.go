package web

import (
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

var graces = []component.Option{
	{Value: "24", Label: "24 hours"}, {Value: "1", Label: "1 hour"}, {Value: "72", Label: "3 days"},
	{Value: "168", Label: "7 days"}, {Value: "0", Label: "no time at all"},
}

// presentSecret shows which secret does what at this moment.
func presentSecret(e webhook.Endpoint, at webhook.Signing, now time.Time) *endpoints.Secret {
	header := wire.SignatureHeader(e.Format, e.Custom)
	s := &endpoints.Secret{
		Masked: maskedSecret, Header: header, Graces: graces, Sent: sentLines(e.Format, header, at),
		Receivers: receivers(e.Format, header), Stages: stages, CodeURL: tabURL(e, tabCode),
	}
	if at.Current != nil {
		s.Since = moment(at.Current.ActiveFrom, now)
	}
	switch {
	case at.Next != nil:
		s.Step, s.Stage, s.MaskedNext, s.SwitchAt = endpoints.NextMade, 1, maskedSecret, moment(at.Next.ActiveFrom, now)
		from := at.Next.ActiveFrom
		if from.IsZero() {
			from = now
		}
		s.GraceFor, s.OldEnds = exactly(at.Next.Grace), toTheMinute(from.Add(at.Next.Grace))
	case at.Previous != nil:
		s.Step, s.Stage, s.GraceEnds = endpoints.Grace, 2, moment(at.Previous.ExpiresAt, now)
		s.OldEnds = toTheMinute(at.Previous.ExpiresAt)
	}
	return s
}

func toTheMinute(at time.Time) string { return at.UTC().Format("2 Jan 2006, 15:04 UTC") }

// sentLines name each signature header of a request and who signs it now.
func sentLines(format webhook.FormatName, header string, at webhook.Signing) []endpoints.SentLine {
	current := endpoints.SentLine{Header: header, Signer: "current secret", Tone: component.Good}
	list := "current secret"
	var second []endpoints.SentLine
	switch {
	case at.Next != nil:
		list, second = "current and next secrets", []endpoints.SentLine{{Header: header + "-Next", Signer: "next secret", Tone: component.Accent}}
	case at.Previous != nil:
		list, second = "current and previous secrets", []endpoints.SentLine{{Header: header + "-Previous", Signer: "previous secret", Tone: component.Wait}}
	}
	both := endpoints.SentLine{Header: "webhook-signature", Signer: list, Tone: component.Good}
	if format == webhook.FormatStandard {
		return []endpoints.SentLine{both}
	}
	return append(append([]endpoints.SentLine{current}, second...), both)
}

// stages of a rotation, as the columns of the table of receivers.
var stages = []string{"Before", "Next made", "Switched", "Retired"}

// receivers say what accepts requests at each stage. A legacy header has room
// for one signature, the standard one for both.
func receivers(format webhook.FormatName, header string) []endpoints.Receiver {
	always := endpoints.Receiver{Words: "Knows both secrets", Accepts: []bool{true, true, true, true}}
	if format == webhook.FormatStandard {
		return []endpoints.Receiver{
			always,
			{Words: "Knows the old secret only", Accepts: []bool{true, true, true, false}},
			{Words: "Knows the new secret only", Accepts: []bool{false, true, true, true}},
		}
	}
	return []endpoints.Receiver{
		always,
		{Words: "Old secret only, reads " + header, Accepts: []bool{true, true, false, false}},
		{Words: "Old secret only, reads \u2011Previous too", Accepts: []bool{true, true, true, false}},
		{Words: "New secret only, reads " + header, Accepts: []bool{false, false, true, true}},
		{Words: "New secret only, reads \u2011Next too", Accepts: []bool{false, true, true, true}},
	}
}

func offerRotation(s *endpoints.Secret, e webhook.Endpoint, waiting int64) {
	s.RevealURL = pathEndpoint(e, "secret", "reveal")
	switch s.Step {
	case endpoints.NoRotation:
		s.RotateURL = pathEndpoint(e, "secret", "rotate")
	case endpoints.NextMade:
		s.SwitchURL, s.UndoURL = pathEndpoint(e, "secret", "switch"), pathEndpoint(e, "secret", "undo")
	case endpoints.Grace:
		s.UndoURL = pathEndpoint(e, "secret", "undo")
	}
	s.Compromised = component.ConfirmModel{
		ID: "compromised", Label: "Replace it now", Title: "Replace the secret at once?", Danger: true, Submit: "Replace and wipe",
		Consequence: compromisedWords(s.Step, waiting), URL: pathEndpoint(e, "secret", "compromised"),
	}
}

func compromisedWords(step endpoints.RotationStep, waiting int64) string {
	words := "The old secret is wiped and signs nothing any more; a new one is made and signs from now on."
	if step == endpoints.NextMade {
		words = "The old secret is wiped and signs nothing any more; the next one signs from now on."
	}
	words += " There is no grace and no undo. Until your receiver has the new secret it refuses what is sent"
	switch waiting {
	case 0:
		return words + "; refused deliveries are tried again."
	case 1:
		return words + ", the delivery that waits now too; refused deliveries are tried again."
	default:
		return words + ", the " + waitingCount(waiting) + " that wait now too; refused deliveries are tried again."
	}
}
