package endpoints

import (
	"strconv"

	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
)

// step is how the n-th of the four steps looks: two and three are open at
// once, because a switch needs no test.
func step(s Secret, n int) templ.Attributes {
	class := "todo"
	switch {
	case n == 2 && s.Step == Grace:
		class = "todo" // whether it was tested is not known any more
	case n <= reached(s):
		class = "done"
	case n == reached(s)+1:
		class = "now"
	}
	attrs := templ.Attributes{"class": class, "data-step": strconv.Itoa(n)}
	if class == "now" {
		attrs["aria-current"] = "step"
	}
	return attrs
}

// reached is how many steps lie behind.
func reached(s Secret) int {
	switch {
	case s.Step == Grace:
		return 3
	case s.Step == NextMade && tested(s):
		return 2
	case s.Step == NextMade:
		return 1
	}
	return 0
}

// tested reports whether the receiver took the next secret.
func tested(s Secret) bool { return s.Tested != nil && s.Tested.Mark.Tone == component.Good }

// failed reports whether the receiver refused the next secret.
func failed(s Secret) bool { return s.Tested != nil && !tested(s) }

// oneHeader reports whether both signatures of a rotation share a header.
func oneHeader(s Secret) bool { return len(s.Sent) == 1 }

// graceful reports whether the old signature is sent along after the switch.
func graceful(s Secret) bool { return s.GraceFor != "" && s.GraceFor != "0 s" }

// makingWords say what requests carry once the next secret is made.
func makingWords(s Secret) Sentence {
	if oneHeader(s) {
		return Sentence{{Text: "The current one keeps signing. "}, {Text: s.Header, Code: true}, {Text: " then lists the next one's signature beside it, so nothing changes for your receiver."}}
	}
	return Sentence{
		{Text: "The current one keeps signing "}, {Text: s.Header, Code: true}, {Text: ". The next one's signature goes along in "},
		{Text: s.Header + "-Next", Code: true}, {Text: " and in the list of "}, {Text: "webhook-signature", Code: true}, {Text: ", so nothing changes for your receiver."},
	}
}

// switchWords say what a switch does.
func switchWords(s Secret) Sentence {
	words := Sentence{{Text: "From then on the new secret signs "}, {Text: s.Header, Code: true}, {Text: "."}}
	if !graceful(s) {
		return words
	}
	where := "beside it"
	if !oneHeader(s) {
		where = "in " + s.Header + "-Previous"
	}
	words = append(words, Words{Text: " The old signature is sent along " + where + " for " + s.GraceFor + oldEnds(s) + "."})
	return words
}

// oldEnds is the hour at which the old signature ends.
func oldEnds(s Secret) string {
	switch {
	case s.OldEnds == "":
		return ""
	case s.SwitchAt.Zero():
		return ": if you switch now, until " + s.OldEnds
	}
	return ": until " + s.OldEnds
}

// riskWords say what a switch does to a receiver that does not know the next
// secret.
func riskWords(s Secret) string {
	switch {
	case !graceful(s):
		return "A receiver without the next secret refuses every delivery after the switch."
	case oneHeader(s):
		return "A receiver without the next secret takes deliveries only as long as the old signature goes along, then refuses them."
	}
	return "A receiver without the next secret that reads " + s.Header + " alone refuses deliveries from the switch on; one that reads " + s.Header + "-Previous too, once the old signature ends."
}

func undoLabel(step RotationStep) string {
	if step == Grace {
		return "Undo the switch"
	}
	return "Drop the next secret"
}

// chosen selects what was typed before; without it the first stands.
func chosen(options []component.Option, value string) []component.Option {
	picked := make([]component.Option, len(options))
	for i, o := range options {
		o.Selected = o.Value == value
		picked[i] = o
	}
	return picked
}
