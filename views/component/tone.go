package component

// Class sets the colour that atoms and their surroundings take up.
func Class(t Tone) string {
	switch t {
	case Neutral:
		return "t-neutral"
	case GivenUp:
		return "t-bad"
	}
	return "t-" + string(t)
}

// toneIcon is the shape of a tone.
func toneIcon(t Tone) Icon {
	switch t {
	case Good:
		return IconCheck
	case Bad:
		return IconCross
	case GivenUp:
		return IconStop
	case Retry:
		return IconRetry
	case Held:
		return IconPause
	case Busy:
		return IconDots
	case Wait:
		return IconClock
	case Quiet:
		return IconBan
	case Unknown:
		return IconQuestion
	}
	return IconCircle
}
