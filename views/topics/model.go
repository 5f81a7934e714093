// Package topics shows the catalogue of topics: what can happen and how its
// data looks; operators change it here. It must not know how events are
// checked.
package topics

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// ListModel is the catalogue.
type ListModel struct {
	Shell  layout.AppModel
	Groups []Group
	// Query narrows by name and description, sent as "q" by GET to Action.
	Action string
	Query  string
	// NewURL adds a topic; empty for all but operators.
	NewURL string
}

// Group is one family of topics.
type Group struct {
	Title string
	Note  string
	Rows  []Row
}

// Row is one topic in the catalogue.
type Row struct {
	URL         string
	Name        string
	Description string
	Deprecated  bool
	// Subscribers is printed: "3 endpoints".
	Subscribers string
}

// ShowModel is one topic.
type ShowModel struct {
	Shell       layout.AppModel
	Name        string
	Group       string
	Description string
	// Deprecated says what that means; empty for a topic in use.
	Deprecated string
	// Check says how strictly data is checked: "refused", "a warning", "any object".
	Check      string
	Members    []Member
	Schema     component.Body
	Example    component.Body
	SearchKeys []string
	// Curl and Program are lines that publish the example; empty where nobody
	// can, and Curl where the example is too long for a line.
	Curl        string
	Program     string
	Subscribers []Subscriber
	EventsURL   string
	// PublishURL fills the form for a test event; empty for none.
	PublishURL string
	// SubscribeURL opens a new endpoint with this topic ticked.
	SubscribeURL string
	// Operate is set for operators.
	Operate *Operate
}

// Subscriber is an endpoint that takes the topic, and by which pattern.
type Subscriber struct {
	Name    string
	URL     string
	Pattern string
	Paused  bool
}

// Operate are the acts of operators, for all projects.
type Operate struct {
	// EditURL changes the topic.
	EditURL string
	// DeprecateURL takes "deprecated" (true or false) by POST.
	DeprecateURL string
	// Delete is a ConfirmModel without a URL while something keeps the topic.
	Delete component.ConfirmModel
	// Kept says why it can't be deleted, Keepers who names it.
	Kept    string
	Keepers []component.Link
}

// Member is one member of the topic's data.
type Member struct {
	// Name is its path: "items[].id".
	Name     string
	Type     string
	Required bool
	Note     string
}

// FormModel makes or changes a topic. It posts to Action: name (new only),
// group, description, schema, example, searchKeys (one per line), warnOnly
// and deprecated ("true" or absent).
type FormModel struct {
	Shell     layout.AppModel
	New       bool
	Action    string
	CancelURL string
	Mistakes  []component.Mistake
	// Shipped topics keep their shape: only warnOnly and deprecated are asked.
	Shipped     bool
	Name        component.Input
	Groups      []component.Option
	GroupError  string
	Description component.Input
	Schema      component.EditorModel
	Example     component.EditorModel
	SearchKeys  component.Input
	WarnOnly    bool
	Deprecated  bool
}
