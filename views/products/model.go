// Package products shows what platforms last said of their products and which
// events followed. It must not know how states are compared.
package products

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// ListModel is a project's products. The search goes by GET to Action as "q".
type ListModel struct {
	Shell  layout.AppModel
	Action string
	Query  component.Input
	// ClearURL is set while something is looked for.
	ClearURL string
	// Hidden says why names and values are not shown; empty where they are. Then
	// nothing can be looked for.
	Hidden string
	Rows   []Row
	Pager  component.Pager
	Empty  component.EmptyModel
}

// Row is one product.
type Row struct {
	URL string
	ID  string
	// Name, Price and Quantity are empty where the platform said none.
	Name     string
	Price    string
	Quantity string
	Changed  component.Time
}

// ShowModel is one product.
type ShowModel struct {
	Shell layout.AppModel
	ID    string
	// Title is the name, the id where there is none.
	Title    string
	Price    string
	Quantity string
	First    component.Time
	Changed  component.Time
	State    component.Body
	// ReasonURL opens a hidden state for those who say why, by POST of "reason";
	// empty for everybody else.
	ReasonURL string
	// Events are the latest that followed from changes, newest first.
	Events []Event
	// NoEvents stands in their place.
	NoEvents string
	// MoreURL lists everything that was published about the product; empty where
	// nothing can be looked for.
	MoreURL string
	// Command says the next state.
	Command string
}

// Event is one that followed.
type Event struct {
	URL   string
	ID    string
	Topic string
	Got   component.Mark
	// GotWords say the same in full, for the tooltip.
	GotWords string
	At       component.Time
}
