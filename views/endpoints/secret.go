package endpoints

import (
	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
)

// step is how one stage of the rotation looks when another is reached.
func step(reached, stage RotationStep) templ.Attributes {
	switch {
	case reached == stage:
		return templ.Attributes{"class": "now", "aria-current": "step"}
	case reached > stage:
		return templ.Attributes{"class": "done"}
	}
	return nil
}

// tested reports whether the receiver took the next secret.
func tested(s Secret) bool { return s.Tested != nil && s.Tested.Mark.Tone == component.Good }

func undoLabel(step RotationStep) string {
	if step == Grace {
		return "Undo the switch"
	}
	return "Drop the next secret"
}
