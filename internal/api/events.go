package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Event is one occurrence of a topic, without its data.
type Event struct {
	ID             string   `json:"id" format:"uuid"`
	ProjectID      string   `json:"projectId,omitempty" format:"uuid" doc:"Not there with audience all"`
	Audience       string   `json:"audience" enum:"project,all"`
	Topic          string   `json:"topic"`
	OccurredAt     string   `json:"occurredAt" format:"date-time"`
	AcceptedAt     string   `json:"acceptedAt" format:"date-time"`
	PublishedBy    *Actor   `json:"publishedBy,omitempty" doc:"A key of the instance has no id and name of its own in projects"`
	IdempotencyKey string   `json:"idempotencyKey,omitempty"`
	Deliveries     int      `json:"deliveries" doc:"How many were made at accept; of an event for all a project sees its own"`
	FanOut         bool     `json:"fanOut,omitempty"`
	Search         []string `json:"search,omitempty" doc:"Values of the topic's search keys"`
	ExpungedAt     string   `json:"expungedAt,omitempty" format:"date-time"`
}

// EventDetail is an event with its data and who got it, who did not, and why.
type EventDetail struct {
	Event
	Data     json.RawMessage `json:"data" doc:"null once expunged"`
	Matching []Match         `json:"matching"`
	Log      []DeliveryRow   `json:"log" doc:"Its deliveries, resends included, at most 200"`
}

// Match says why an endpoint got the event or not, judged with the settings
// that counted when it was accepted.
type Match struct {
	EndpointID      string      `json:"endpointId" format:"uuid"`
	EndpointName    string      `json:"endpointName"`
	EndpointVersion int64       `json:"endpointVersion"`
	Matched         bool        `json:"matched"`
	Conditions      []Condition `json:"conditions"`
}

// Condition is one condition of an endpoint and how it came out.
type Condition struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"`
}

func eventShape(e webhook.Event) Event {
	return Event{
		ID: e.ID.String(), ProjectID: idOrEmpty(e.ProjectID.UUID), Audience: string(e.Audience), Topic: e.Topic,
		OccurredAt: stamp(e.OccurredAt), AcceptedAt: stamp(e.AcceptedAt), PublishedBy: actorOf(e.PublishedBy), IdempotencyKey: e.Key,
		Deliveries: e.Deliveries, FanOut: e.FanOut, Search: e.Search, ExpungedAt: stamp(e.ExpungedAt),
	}
}

func eventDetail(d manage.EventDetail) EventDetail {
	return EventDetail{
		Event:    eventShape(d.Event),
		Data:     d.Data,
		Matching: each(d.Matches, matchShape),
		Log:      each(d.Deliveries, deliveryRow),
	}
}

func matchShape(m manage.EventMatch) Match {
	return Match{
		EndpointID: m.Endpoint.ID.String(), EndpointName: m.Endpoint.Name, EndpointVersion: m.Endpoint.Version, Matched: m.Matched,
		Conditions: each(m.Lines, func(l filter.Line) Condition { return Condition(l) }),
	}
}

func (a *API) eventCalls() {
	add(a, Call{Method: http.MethodGet, Path: "/events", ID: "list-events", Group: eventGroup, May: account.ViewEvents,
		Summary: "List events", Text: "Newest first, without data."}, a.listEvents)
	add(a, Call{Method: http.MethodGet, Path: "/events/{id}", ID: "get-event", Group: eventGroup, May: account.ViewEvents,
		Summary: "Get an event", Text: "With its data, and for each endpoint why it did or did not get it."}, a.getEvent)
	add(a, Call{Method: http.MethodPost, Path: "/events/{id}/expunge", ID: "expunge-event", Group: eventGroup, May: account.Expunge,
		Summary: "Remove an event's payload for good", Text: "Its rows stay.", Status: http.StatusNoContent}, a.expungeEvent)
}

type listEventsInput struct {
	Paging
	OfProject
	Span
	Topic string `query:"topic" maxLength:"128"`
	Query string `query:"q" maxLength:"256" doc:"An event's id, or the value of a search key"`
}

func (a *API) listEvents(ctx context.Context, caller account.Caller, in *listEventsInput) (*answer[List[Event]], error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	project, err := a.projectOf(ctx, caller, in.ProjectID, "query.projectId")
	if err != nil {
		return nil, err
	}
	page, err := a.manage.Events(ctx, caller, webhook.EventFilter{
		ProjectID: project, Topic: in.Topic, Since: in.Since, Until: in.Until, Query: in.Query, Cursor: in.Cursor, Limit: in.Limit,
	})
	return answering(listOf(page, eventShape), err)
}

type getEventInput struct {
	ByID
	ProjectID string `query:"projectId" maxLength:"300" doc:"For an event for all: the project that it is looked at from"`
}

func (a *API) getEvent(ctx context.Context, caller account.Caller, in *getEventInput) (*answer[EventDetail], error) {
	id, err := idIn(in.ID, "event")
	if err != nil {
		return nil, err
	}
	project, err := a.projectOf(ctx, caller, in.ProjectID, "query.projectId")
	if err != nil {
		return nil, err
	}
	d, err := a.manage.Event(ctx, caller, project, webhook.EventID{UUID: id}, "")
	return answering(eventDetail(d), err)
}

func (a *API) expungeEvent(ctx context.Context, caller account.Caller, in *ByID) (*nothing, error) {
	id, err := idIn(in.ID, "event")
	if err != nil {
		return nil, err
	}
	return done(a.manage.Expunge(ctx, caller, webhook.EventID{UUID: id}))
}
