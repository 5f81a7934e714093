package component

// Short cuts the middle out of a long identifier: the time is at its front,
// what tells it apart at its end.
func Short(id string) string {
	runes := []rune(id)
	if len(runes) <= 16 {
		return id
	}
	return string(runes[:8]) + "…" + string(runes[len(runes)-6:])
}

// Initial is the first letter of a name, for a small square.
func Initial(name string) string {
	for _, r := range name {
		return string(r)
	}
	return "·"
}

// either is a word, or another in place of an empty one.
func either(word, other string) string {
	if word == "" {
		return other
	}
	return word
}
