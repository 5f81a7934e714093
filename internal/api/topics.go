package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Topic is a kind of event.
type Topic struct {
	Name        string          `json:"name"`
	Group       string          `json:"group" enum:"commerce,prompts,store,operational,custom"`
	Description string          `json:"description"`
	Schema      json.RawMessage `json:"schema,omitempty" doc:"JSON Schema (2020-12) of the data; none takes any object"`
	WarnOnly    bool            `json:"warnOnly" doc:"Data that breaks the schema is accepted all the same"`
	Example     json.RawMessage `json:"example,omitempty"`
	SearchKeys  []string        `json:"searchKeys" doc:"Members of data by which events can be found"`
	Shipped     bool            `json:"shipped" doc:"Comes with Bellwire and can't be deleted"`
	Deprecated  bool            `json:"deprecated"`
	CreatedAt   string          `json:"createdAt,omitempty" format:"date-time"`
}

func topicShape(t webhook.Topic) Topic {
	return Topic{
		Name: t.Name, Group: string(t.Group), Description: t.Description, Schema: t.Schema, WarnOnly: t.WarnOnly, Example: t.Example,
		SearchKeys: present(t.SearchKeys), Shipped: t.Shipped, Deprecated: t.Deprecated, CreatedAt: stamp(t.CreatedAt),
	}
}

// present makes a list that is written as [] and never as null.
func present[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// TopicRequest makes a topic.
type TopicRequest struct {
	Name        string          `json:"name" maxLength:"128"`
	Group       string          `json:"group,omitempty" doc:"commerce, prompts, store or custom; default custom"`
	Description string          `json:"description,omitempty" maxLength:"2000"`
	Schema      json.RawMessage `json:"schema,omitempty"`
	WarnOnly    bool            `json:"warnOnly,omitempty"`
	Example     json.RawMessage `json:"example,omitempty"`
	SearchKeys  []string        `json:"searchKeys,omitempty" maxItems:"3"`
}

// TopicPatch changes the members that are sent. Of a topic that ships only
// warnOnly and deprecated can be changed.
type TopicPatch struct {
	Group       *string         `json:"group,omitempty" doc:"commerce, prompts, store or custom"`
	Description *string         `json:"description,omitempty" maxLength:"2000"`
	Schema      json.RawMessage `json:"schema,omitempty" doc:"null takes it away"`
	WarnOnly    *bool           `json:"warnOnly,omitempty"`
	Example     json.RawMessage `json:"example,omitempty" doc:"null takes it away"`
	SearchKeys  *[]string       `json:"searchKeys,omitempty" maxItems:"3"`
	Deprecated  *bool           `json:"deprecated,omitempty"`
}

const topicGroup = "Topics"

func (a *API) topicCalls() {
	add(a, Call{Method: http.MethodGet, Path: "/topics", ID: "list-topics", Group: topicGroup, May: account.ViewTopics,
		Summary: "List the topics"}, a.listTopics)
	add(a, Call{Method: http.MethodPost, Path: "/topics", ID: "create-topic", Group: topicGroup, May: account.ChangeTopics,
		Summary: "Create a topic", Status: http.StatusCreated}, a.createTopic)
	add(a, Call{Method: http.MethodGet, Path: "/topics/{name}", ID: "get-topic", Group: topicGroup, May: account.ViewTopics,
		Summary: "Get a topic"}, a.getTopic)
	add(a, Call{Method: http.MethodPatch, Path: "/topics/{name}", ID: "update-topic", Group: topicGroup, May: account.ChangeTopics,
		Summary: "Change a topic"}, a.updateTopic)
	add(a, Call{Method: http.MethodDelete, Path: "/topics/{name}", ID: "delete-topic", Group: topicGroup, May: account.ChangeTopics,
		Summary: "Delete a topic", Text: "Events of it stay.", Status: http.StatusNoContent}, a.deleteTopic)
}

func (a *API) listTopics(ctx context.Context, caller account.Caller, _ *nothing) (*answer[List[Topic]], error) {
	topics, err := a.manage.Topics(ctx, caller)
	return answering(listOf(webhook.Page[webhook.Topic]{Items: topics}, topicShape), err)
}

func (a *API) createTopic(ctx context.Context, caller account.Caller, in *struct{ Body TopicRequest }) (*answer[Topic], error) {
	b := in.Body
	t, err := a.manage.CreateTopic(ctx, caller, webhook.Topic{
		Name: b.Name, Group: webhook.Group(b.Group), Description: b.Description, Schema: given(b.Schema), WarnOnly: b.WarnOnly, Example: given(b.Example), SearchKeys: b.SearchKeys,
	})
	a.options.Publisher.TopicsChanged()
	return answering(topicShape(t), err)
}

type ByName struct {
	Name string `path:"name" maxLength:"128"`
}

func (a *API) getTopic(ctx context.Context, caller account.Caller, in *ByName) (*answer[Topic], error) {
	t, err := a.manage.Topic(ctx, caller, in.Name)
	return answering(topicShape(t), err)
}

type updateTopicInput struct {
	ByName
	Body TopicPatch
}

func (a *API) updateTopic(ctx context.Context, caller account.Caller, in *updateTopicInput) (*answer[Topic], error) {
	b := in.Body
	t, err := a.manage.UpdateTopic(ctx, caller, in.Name, manage.TopicPatch{
		Group: (*webhook.Group)(b.Group), Description: b.Description, Schema: changed(b.Schema), Example: changed(b.Example),
		SearchKeys: b.SearchKeys, WarnOnly: b.WarnOnly, Deprecated: b.Deprecated,
	})
	a.options.Publisher.TopicsChanged()
	return answering(topicShape(t), err)
}

func (a *API) deleteTopic(ctx context.Context, caller account.Caller, in *ByName) (*nothing, error) {
	err := a.manage.DeleteTopic(ctx, caller, in.Name)
	a.options.Publisher.TopicsChanged()
	return done(err)
}

// given is JSON as sent; a null counts as left out.
func given(raw json.RawMessage) []byte {
	if bytes.Equal(raw, []byte("null")) {
		return nil
	}
	return raw
}

// changed is nil for JSON that was left out; a null asks for none.
func changed(raw json.RawMessage) *[]byte {
	if raw == nil {
		return nil
	}
	value := given(raw)
	return &value
}
