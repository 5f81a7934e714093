package prompts

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Data is what an event of a prompt carries; change is the id that all events
// of one change share. The event's version must have its content.
func Data(p webhook.Prompt, e Event, change webhook.UUID, by webhook.Actor) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	v := e.Version
	data := eventData{
		ID: v.ID.String(), Name: p.Name, Version: v.Number, ProjectID: p.ProjectID.String(), Labels: list(v.Labels),
		Prompt: v.Content, Type: string(p.Type), Config: v.Config, Tags: list(e.Tags),
		CreatedAt: stamp(v.CreatedAt), UpdatedAt: stamp(v.UpdatedAt), ChangeID: change.String(),
		Previous: previous{list(e.PreviousLabels), list(e.PreviousTags)}, Actor: actorOf(by),
	}
	if v.CommitMessage != "" {
		data.CommitMessage = &v.CommitMessage
	}
	err := encoder.Encode(data)
	return bytes.TrimSpace(text.Bytes()), err
}

// eventData is the prompt version object with what changed.
type eventData struct {
	ID            string          `json:"id"`
	Name          string          `json:"name"`
	Version       int             `json:"version"`
	ProjectID     string          `json:"projectId"`
	Labels        []string        `json:"labels"`
	Prompt        json.RawMessage `json:"prompt"`
	Type          string          `json:"type"`
	Config        json.RawMessage `json:"config"`
	Tags          []string        `json:"tags"`
	CreatedAt     string          `json:"createdAt"`
	UpdatedAt     string          `json:"updatedAt"`
	CommitMessage *string         `json:"commitMessage"`
	ChangeID      string          `json:"changeId"`
	Previous      previous        `json:"previous"`
	Actor         actor           `json:"actor"`
}

type previous struct {
	Labels []string `json:"labels"`
	Tags   []string `json:"tags"`
}

type actor struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// actorOf names who made the change. What Bellwire does by itself is done with
// no key and no user; to receivers it is a program like any.
func actorOf(by webhook.Actor) actor {
	a := actor{Type: string(webhook.ActorKey), Name: by.Name}
	if by.Type == webhook.ActorUser {
		a.Type = string(webhook.ActorUser)
	}
	if !by.ID.IsZero() {
		a.ID = by.ID.String()
	}
	return a
}

// list is never written as null.
func list(words []string) []string {
	if words == nil {
		return []string{}
	}
	return words
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
