package endpoints

import "github.com/bellwire/bellwire/views/component"

// Health is how the endpoint has been doing.
type Health struct {
	// Now are sentences about this moment that the page's head does not say.
	Now    []NowLine
	Charts component.ChartsModel
	Causes []CauseRow
	// GivenUp counts and leads to what was given up in the time shown; no label
	// for none.
	GivenUp component.Link
	// NoCauses says that nothing failed in the time shown.
	NoCauses string
	// History is what people and rules did to it, newest first; HistoryNote
	// stands where it can't be shown.
	History     []HistoryRow
	HistoryNote string
	HistoryMore component.Link
	// Limits say what holds now: "8 requests at once while it is slow".
	Limits []SettingRow
}

// NowLine is one fact about this moment.
type NowLine struct {
	Mark component.Mark
	Text string
	At   component.Time
}

// CauseRow is one cause of failure with its share 0..1.
type CauseRow struct {
	Cause  string
	Words  string
	Count  string
	Share  float64
	URL    string
	Advice string
	// Statuses tell error statuses apart: "500 × 140"; StatusNote says what was
	// counted for that.
	Statuses   []component.Link
	StatusNote string
}

// HistoryRow is one change of the endpoint.
type HistoryRow struct {
	Mark component.Mark
	By   string
	Note string
	At   component.Time
}
