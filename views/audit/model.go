// Package audit shows who did what in a project. It must not know which acts
// there are.
package audit

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// ListModel is the audit log. The filter goes by GET to Action as "action",
// "actor", "since" and "until"; Kept are further values to keep.
type ListModel struct {
	Shell  layout.AppModel
	Action string
	// Chosen are the parts of the filter, Sentence reads them out.
	Chosen   []component.Chip
	Sentence string
	// Mistakes are those of the filter that no field of it can show.
	Mistakes []component.Mistake
	Actions  []component.Option
	Actors   []component.Option
	Since    component.Input
	Until    component.Input
	// TimesOpen unfolds the exact times.
	TimesOpen bool
	Kept      []component.Option
	Ranges    []component.Chip
	// ExportURL is the same list as CSV, ExportNote its bound.
	ExportURL  string
	ExportNote string
	Rows       []Row
	Pager      component.Pager
	Empty      component.EmptyModel
}

// Row is one act.
type Row struct {
	ID string
	// Who did it; ActorURL narrows the list to them.
	Who      string
	Kind     string
	ActorURL string
	// Did is the verb and what follows it, Object the thing with its page and
	// After what ends the sentence: "revealed the signing secret of",
	// "orders-prod", "".
	Did    string
	Object component.Link
	After  string
	// Detail is one line; More are the lines that it opens to if it is cut.
	Detail string
	More   []string
	// Acts are the single ones where the row is of several, newest first.
	Acts []Act
	// Exact is the action's name for programs.
	Exact string
	Addr  string
	At    component.Time
}

// Act is one of several that a row tells at once; Addr is empty where it is
// the row's.
type Act struct {
	ID     string
	Object component.Link
	Detail string
	More   []string
	Addr   string
	At     component.Time
}
