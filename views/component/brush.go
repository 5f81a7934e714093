package component

// Column is a bar that leads to what it counts; without a URL it counts
// nothing.
type Column struct {
	Bar
	URL string
}

// link is a column ready to draw.
type link struct {
	column
	url string
}

func links(columnsOf []Column) []link {
	bars := make([]Bar, len(columnsOf))
	for i, c := range columnsOf {
		bars[i] = c.Bar
	}
	out := make([]link, len(bars))
	for i, c := range columns(bars) {
		out[i] = link{c, columnsOf[i].URL}
	}
	return out
}
