// Package endpoints shows destinations: the list, one endpoint with its tabs,
// and the form. It must not know how a signature is made or a topic matched.
package endpoints

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// ListModel is the list of endpoints.
type ListModel struct {
	Shell layout.AppModel
	// NewURL is empty for people who may not make one.
	NewURL string
	// States narrow the list; the first is "all".
	States []component.Chip
	Rows   []Row
	Pager  component.Pager
	Empty  component.EmptyModel
}

// Row is one endpoint in the list.
type Row struct {
	URL    string
	Name   string
	Target string
	Mark   component.Mark
	// Note says why it is paused or failing, in a few words.
	Note   string
	Topics []string
	// MoreTopics is "+4" when not all are named.
	MoreTopics  string
	Format      string
	SuccessRate string
	// Trend is deliveries over time, failed ones as the second layer.
	Trend       []component.Bar
	P95         string
	LastSuccess component.Time
}

// SettingRow is one setting; several values are shown as a list.
type SettingRow struct {
	Label  string
	Values []string
	Mono   bool
	Note   string
}

// Health is how the endpoint has been doing.
type Health struct {
	Ranges  []component.Chip
	Figures []component.Figure
	Volume  component.BarChart
	Latency component.LineChart
	Causes  []CauseRow
	// Limits say what holds now: "8 requests at once while it is slow".
	Limits []SettingRow
}

// CauseRow is one cause of failure with its share 0..1.
type CauseRow struct {
	Cause  string
	Words  string
	Count  string
	Share  float64
	URL    string
	Advice string
}
