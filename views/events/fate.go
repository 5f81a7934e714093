package events

// fates are the parts of the list of receivers, each under its heading.
var fates = []struct {
	fate      Fate
	id, title string
}{
	{Lost, "lost-title", "Who did not get it"},
	{Due, "due-title", "Who is still to get it"},
	{Got, "got-title", "Who got it"},
}

func of(fate Fate, receivers []Receiver) []Receiver {
	var some []Receiver
	for _, r := range receivers {
		if r.Fate == fate {
			some = append(some, r)
		}
	}
	return some
}
