package web

// SetPace makes streams hurry, for tests.
func (w *Web) SetPace(p Pace) { w.pace = p }

// StreamsOfOne is how many a person can have open.
const StreamsOfOne = streamsOfOne
