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

// switchWords say what a switch does.
func switchWords(s Secret) Sentence {
	words := Sentence{{Text: "From then on the new secret signs "}, {Text: s.Header, Code: true}, {Text: "."}}
	if s.GraceFor != "" && s.GraceFor != "0 s" {
		words = append(words, Words{Text: " The old signature is sent along for " + s.GraceFor + "."})
	}
	return words
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
