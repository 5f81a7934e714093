// Package topics shows the catalogue of topics: what can happen and how its
// data looks. It must not know how events are checked.
package topics

import (
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// ListModel is the catalogue.
type ListModel struct {
	Shell  layout.AppModel
	Groups []Group
	// Query narrows by name, sent as "q" by GET to Action.
	Action string
	Query  string
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
	Last        component.Time
}

// ShowModel is one topic.
type ShowModel struct {
	Shell       layout.AppModel
	Name        string
	Group       string
	Description string
	Deprecated  bool
	// Check says how strictly data is checked: "refused", "a warning", "any object".
	Check      string
	Members    []Member
	Schema     component.Body
	Example    component.Body
	SearchKeys []string
	// Publish is a curl line that publishes the example.
	Publish     string
	Subscribers []component.Link
	EventsURL   string
	// SubscribeURL opens a new endpoint with this topic ticked.
	SubscribeURL string
}

// Member is one member of the topic's data.
type Member struct {
	Name     string
	Type     string
	Required bool
	Note     string
}
