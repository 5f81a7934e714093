package endpoints

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// ListModel is the list of endpoints, those in trouble first.
type ListModel struct {
	Shell layout.AppModel
	// NewURL is empty for people who may not make one.
	NewURL string
	// States narrow the list; the first is "all".
	States []component.Chip
	// Action takes "q" by GET; State is kept.
	Action string
	Query  string
	State  string
	// Topic narrows the list, too, and is kept; Chosen reads it out.
	Topic    string
	Chosen   []component.Chip
	ClearURL string
	Rows     []Row
	Pager    component.Pager
	Empty    component.EmptyModel
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
	// Trend is deliveries over time, failed ones as the second layer; Trending
	// says it in words.
	Trend    []component.Bar
	Trending string
	P95      string
	// Waiting is how many deliveries wait; empty for none.
	Waiting string
	Last    component.Time
}

// Idle reports whether nothing was sent lately: there is no rate.
func (r Row) Idle() bool { return r.SuccessRate == "–" }
