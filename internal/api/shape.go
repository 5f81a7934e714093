package api

import (
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// answer is what a call with a body in its answer returns to huma.
type answer[T any] struct {
	Body T
}

func answering[T any](body T, err error) (*answer[T], error) {
	if err != nil {
		return nil, err
	}
	return &answer[T]{Body: body}, nil
}

// nothing is the input or output of calls that have none.
type nothing struct{}

func done(err error) (*nothing, error) {
	if err != nil {
		return nil, err
	}
	return &nothing{}, nil
}

// List is one page of a list.
type List[T any] struct {
	Data       []T     `json:"data"`
	NextCursor *string `json:"nextCursor" doc:"Give it as cursor for the next page; null on the last"`
	// SearchedBackTo is set when a filter stopped early.
	SearchedBackTo string `json:"searchedBackTo,omitempty" format:"date-time" doc:"The search stopped here for now; go on with nextCursor"`
}

func listOf[T, V any](page webhook.Page[T], shape func(T) V) List[V] {
	list := List[V]{Data: make([]V, 0, len(page.Items)), SearchedBackTo: stamp(page.SearchedBackTo)}
	for _, item := range page.Items {
		list.Data = append(list.Data, shape(item))
	}
	if page.Next != "" {
		list.NextCursor = &page.Next
	}
	return list
}

// Paging is the input of every list. It and the other parts of inputs are
// exported because huma sees no others.
type Paging struct {
	Cursor string `query:"cursor" maxLength:"512" doc:"nextCursor of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// Span narrows a list by time.
type Span struct {
	Since time.Time `query:"since" doc:"Not older than this time (RFC 3339)"`
	Until time.Time `query:"until" doc:"Older than this time (RFC 3339)"`
}

// check refuses times that no clock of ours can have been at.
func (s Span) check() error {
	for place, t := range map[string]time.Time{"query.since": s.Since, "query.until": s.Until} {
		if y := t.Year(); !t.IsZero() && (y < 1970 || y > 9999) {
			return webhook.Invalid(place, "must lie between the years 1970 and 9999")
		}
	}
	if !s.Since.IsZero() && !s.Until.IsZero() && s.Until.Before(s.Since) {
		return webhook.Invalid("query.until", "lies before since")
	}
	return nil
}

// OfProject narrows a list to one project; keys of a project need not say it.
type OfProject struct {
	ProjectID string `query:"projectId" maxLength:"300" doc:"A project's id, or ext: and its external id. An instance key that names none means all"`
}

// ByID is the input of calls on one thing.
type ByID struct {
	ID string `path:"id" maxLength:"64"`
}

// ByProject is the input of calls on one project.
type ByProject struct {
	ID string `path:"id" maxLength:"300" doc:"The project's id, or ext: and its external id"`
}

// notNull refuses a null for members that everything of the kind has: they can
// be changed or left as they are, but not taken away.
func notNull(body []byte, names ...string) error {
	var faults []webhook.Field
	for key, value := range rawjson.All(body) {
		name, _ := rawjson.Text(key)
		if string(value) == "null" && slices.Contains(names, name) {
			faults = append(faults, webhook.Field{Location: name, Message: "can't be null; leave it out to keep what it is"})
		}
	}
	return webhook.InvalidFields(faults)
}

// idIn reads an id. One that is none can't exist.
func idIn(text, what string) (webhook.UUID, error) {
	id, err := webhook.ParseUUID(text)
	if err != nil {
		return id, &webhook.Error{
			Kind:    webhook.KindNotFound,
			Message: "there is no such " + what,
			Fields:  []webhook.Field{{Location: "path.id", Message: "is not the id of any " + what}},
		}
	}
	return id, nil
}

const stampLayout = "2006-01-02T15:04:05.000Z"

// stamp writes a time as all answers do; empty for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(stampLayout)
}

func idOrEmpty(id webhook.UUID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

// Actor is who did something.
type Actor struct {
	Type string `json:"type" enum:"user,key,system"`
	ID   string `json:"id,omitempty" format:"uuid"`
	Name string `json:"name"`
}

func actorOf(a webhook.Actor) *Actor {
	if a.Type == "" {
		return nil
	}
	return &Actor{Type: string(a.Type), ID: idOrEmpty(a.ID), Name: a.Name}
}
