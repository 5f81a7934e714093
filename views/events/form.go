package events

import (
	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
)

// The values of the submit buttons, posted as "do". Only the first stores
// something.
const (
	DoPublish = "publish"
	DoPreview = "preview"
	DoExample = "example"
)

// FormModel publishes a test event. It posts to Action: topic, data, key,
// once, from and do (one of the constants above).
type FormModel struct {
	Shell     layout.AppModel
	Action    string
	CancelURL string
	// ReachURL takes the same form by POST and answers Reach alone.
	ReachURL string
	// Once is the form's own id, by which it counts once if it comes twice.
	Once     string
	Mistakes []component.Mistake
	Groups   []TopicGroup
	// About is the chosen topic's description, AboutURL its page.
	About    string
	AboutURL string
	// Deprecated says so of the chosen topic; empty for others.
	Deprecated string
	TopicError string
	Data       component.EditorModel
	Key        component.Input
	// From is the event that the form was filled with, empty for none; Copied
	// leads to it.
	From   string
	Copied component.Link
	Reach  ReachModel
}

// TopicGroup is one family of topics in the picker.
type TopicGroup struct {
	Title  string
	Topics []component.Option
}

// ReachModel says who would get the event, before it is published.
type ReachModel struct {
	Verdict component.Mark
	// Taken: publishing would not be refused for what is known now.
	Taken bool
	// Notes are warnings: a schema that only warns, a suspended project.
	Notes []string
	// Gets and Miss name the first of each; MoreGets and MoreMiss count the
	// rest in words, empty if there are none.
	Gets     []Reached
	MoreGets string
	Miss     []Missed
	MoreMiss string
	// NewURL makes an endpoint for the topic; empty where that helps nobody.
	NewURL string
}

// Reached is an endpoint that would get the event.
type Reached struct {
	Endpoint string
	URL      string
	// Why is the pattern that takes it; Note what holds it: "paused: held …".
	Why  string
	Note string
}

// reaching are the attributes that fetch who would get it while the form is
// typed in.
func reaching(url string) templ.Attributes {
	return templ.Attributes{
		"hx-post": url, "hx-include": "#draft", "hx-target": "#reach", "hx-swap": "outerHTML",
		"hx-trigger": "input delay:400ms from:#draft, change delay:150ms from:#draft", "hx-sync": "this:replace",
	}
}

// loading are the attributes of the button that brings a topic's example.
func loading(url string) templ.Attributes {
	return templ.Attributes{
		"hx-post": url, "hx-include": "#draft", "hx-target": "#draft", "hx-select": "#draft", "hx-swap": "outerHTML",
		"data-load-example": true,
	}
}

// following are the attributes that keep the outcome fresh until it stands.
func following(m OutcomeModel) templ.Attributes {
	if m.Every == "" {
		return nil
	}
	return templ.Attributes{
		"data-live": true, "hx-get": m.URL, "hx-target": "#outcome", "hx-swap": "outerHTML", "hx-trigger": "every " + m.Every,
	}
}
