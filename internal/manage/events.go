package manage

import (
	"context"
	"slices"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/webhook"
)

// EventDetail is an event with who got it and who did not, and why.
type EventDetail struct {
	// Event comes without Data where the caller may not see payloads.
	webhook.Event
	Matches []EventMatch
	// Later are endpoints that stand now and did not yet when the event was
	// accepted, newest first; at most MaxLimit.
	Later []webhook.Endpoint
	// Progress is how far a wide event has come.
	Progress webhook.FanOutProgress
	// Deliveries are those of the event that the caller sees, resends included,
	// newest first; at most MaxLimit.
	Deliveries []webhook.DeliveryRow
	// Wide counts what became of all of them where there are more; zero where
	// Deliveries are all.
	Wide        webhook.Outcomes
	Hidden      bool
	NeedsReason bool
}

// EventMatch is what became of an event at one endpoint of its accept moment.
type EventMatch struct {
	Endpoint webhook.Endpoint
	filter.Explanation
}

// Events lists what was published, newest first, without data.
func (s *Service) Events(ctx context.Context, c account.Caller, f webhook.EventFilter) (webhook.Page[webhook.Event], error) {
	var none webhook.Page[webhook.Event]
	project, err := scope(c, account.ViewEvents, f.ProjectID)
	if err != nil {
		return none, err
	}
	if f.Limit, err = limitOf(f.Limit); err != nil {
		return none, err
	}
	f.ProjectID = project
	page, err := s.Store.Events(ctx, f)
	if err != nil {
		return none, err
	}
	if err := s.seenFrom(ctx, c, project, page.Items); err != nil {
		return none, err
	}
	for i := range page.Items {
		if c.PayloadOf(page.Items[i].ProjectID) != account.PayloadOpen && c.PayloadOf(project) != account.PayloadOpen {
			page.Items[i].Search = nil
		}
	}
	return page, nil
}

// Event answers one event with its matching explained. project is the one that
// the caller looks from, which counts for events for all; zero takes the
// event's own. reason is why support opens the payload.
func (s *Service) Event(ctx context.Context, c account.Caller, project webhook.ProjectID, id webhook.EventID, reason string) (EventDetail, error) {
	var none EventDetail
	d, from, err := s.openEvent(ctx, c, project, id, reason)
	if err != nil {
		return none, err
	}
	deliveries, err := s.Store.Deliveries(ctx, webhook.DeliveryFilter{ProjectID: from, EventID: id, Limit: MaxLimit})
	if err != nil {
		return none, err
	}
	for _, row := range deliveries.Items {
		d.Deliveries = append(d.Deliveries, maskRow(c, row))
	}
	if deliveries.Next != "" {
		counts, err := s.Store.OutcomesOf(ctx, from, []webhook.EventID{id})
		if err != nil {
			return none, err
		}
		d.Wide = counts[id]
	}
	if err := s.explainAll(ctx, c, from, &d); err != nil {
		return none, err
	}
	if d.FanOut {
		if d.Progress, err = s.Store.FanOutOf(ctx, id); err != nil {
			return none, err
		}
	}
	if d.Hidden {
		d.Data, d.Search = nil, nil
	}
	return d, nil
}

// EventData answers an event with its data, if the caller may see that, and
// nothing of what became of it. project is as in Event.
func (s *Service) EventData(ctx context.Context, c account.Caller, project webhook.ProjectID, id webhook.EventID) (webhook.Event, error) {
	d, _, err := s.openEvent(ctx, c, project, id, "")
	if err == nil && d.Hidden {
		return webhook.Event{}, webhook.Forbidden("the payload is not given to your role as a file; open it on the event's page")
	}
	return d.Event, err
}

// openEvent reads an event as it is seen from a project, which it answers too,
// and records that its payload was opened. What is hidden is still in it.
func (s *Service) openEvent(ctx context.Context, c account.Caller, project webhook.ProjectID, id webhook.EventID, reason string) (d EventDetail, from webhook.ProjectID, err error) {
	event, from, err := s.event(ctx, c, account.ViewEvents, project, id)
	if err != nil {
		return d, from, err
	}
	seen := []webhook.Event{event}
	if err := s.seenFrom(ctx, c, from, seen); err != nil {
		return d, from, err
	}
	d.Event = seen[0]
	d.Hidden, d.NeedsReason, err = s.openPayload(ctx, c, object{from, id.UUID, event.Topic}, reason, "")
	return d, from, err
}

// explainAll says of every endpoint of the project what the event was to it.
func (s *Service) explainAll(ctx context.Context, c account.Caller, project webhook.ProjectID, d *EventDetail) (err error) {
	if project.IsZero() {
		return nil
	}
	if d.Data != nil {
		if d.Matches, err = s.explain(ctx, c, project, d.Event, d.Hidden); err != nil {
			return err
		}
	}
	standing, err := s.Store.Endpoints(ctx, EndpointFilter{ProjectID: project, Limit: MaxLimit})
	for _, e := range standing.Items {
		if e.CreatedAt.After(d.AcceptedAt) {
			d.Later = append(d.Later, maskEndpoint(c, e))
		}
	}
	return err
}

// Outcomes counts what became of each of a project's events there.
func (s *Service) Outcomes(ctx context.Context, c account.Caller, project webhook.ProjectID, ids []webhook.EventID) (map[webhook.EventID]webhook.Outcomes, error) {
	if err := c.May(account.ViewEvents, project); err != nil {
		return nil, err
	}
	return s.Store.OutcomesOf(ctx, project, ids)
}

// SearchValues are the values that a search finds each of a project's events
// by; none for those who may not see payloads without saying why.
func (s *Service) SearchValues(ctx context.Context, c account.Caller, project webhook.ProjectID, ids []webhook.EventID) (map[webhook.EventID][]string, error) {
	if err := c.May(account.ViewEvents, project); err != nil {
		return nil, err
	}
	if c.PayloadOf(project) != account.PayloadOpen {
		return nil, nil
	}
	return s.Store.SearchValuesOf(ctx, project, ids)
}

// thePlatform is how the keys of the instance are called in projects, which
// they are no matter of.
const thePlatform = "the platform"

// seenFrom leaves of events what a project may know: of one for all its own
// deliveries only and not the platform's idempotency key, and no name of a key
// that is not its own.
func (s *Service) seenFrom(ctx context.Context, c account.Caller, project webhook.ProjectID, events []webhook.Event) error {
	if c.SeesAll() {
		return nil
	}
	var forAll []webhook.EventID
	var keyed bool
	for _, e := range events {
		if e.Audience == webhook.AudienceAll {
			forAll = append(forAll, e.ID)
		}
		keyed = keyed || e.PublishedBy.Type == webhook.ActorKey
	}
	if len(forAll) > 0 {
		counts, err := s.Store.OutcomesOf(ctx, project, forAll)
		if err != nil {
			return err
		}
		for i, e := range events {
			if e.Audience == webhook.AudienceAll {
				events[i].Deliveries, events[i].Key = counts[e.ID].Made, ""
			}
		}
	}
	if !keyed {
		return nil
	}
	keys, err := s.Store.Keys(ctx, project)
	if err != nil {
		return err
	}
	for i, e := range events {
		by := func(k account.Key) bool { return k.ID.UUID == e.PublishedBy.ID }
		if e.PublishedBy.Type == webhook.ActorKey && !slices.ContainsFunc(keys, by) {
			events[i].PublishedBy = webhook.Actor{Type: webhook.ActorKey, Name: thePlatform}
		}
	}
	return nil
}

// FindEvent answers the id of an event if the caller sees it from a project.
// Nothing of it is shown, so no look is recorded.
func (s *Service) FindEvent(ctx context.Context, c account.Caller, project webhook.ProjectID, id webhook.EventID) (webhook.EventID, error) {
	event, _, err := s.event(ctx, c, account.ViewEvents, project, id)
	return event.ID, err
}

// FindShort answers what a shortened id means in a project. Nothing of it is
// shown, so no look is recorded.
func (s *Service) FindShort(ctx context.Context, c account.Caller, project webhook.ProjectID, short webhook.ShortID) (webhook.Shortened, error) {
	for _, action := range []account.Action{account.ViewEndpoints, account.ViewEvents, account.ViewDeliveries} {
		if err := c.May(action, project); err != nil {
			return webhook.Shortened{}, err
		}
	}
	return s.Store.FindShort(ctx, project, short)
}

// explain judges the event again with the settings that counted. Where the
// payload is hidden, so is what was found in it.
func (s *Service) explain(ctx context.Context, c account.Caller, project webhook.ProjectID, event webhook.Event, hidden bool) ([]EventMatch, error) {
	endpoints, err := s.Store.EndpointsAt(ctx, project, event.AcceptedAt, MaxLimit)
	if err != nil {
		return nil, err
	}
	matches := make([]EventMatch, len(endpoints))
	for i, e := range endpoints {
		matches[i] = EventMatch{maskEndpoint(c, e), filter.Explain(e, event)}
		if !hidden {
			continue
		}
		for j := range matches[i].Lines[1:] { // the first is about the topic
			matches[i].Lines[j+1].Why = ""
		}
	}
	return matches, nil
}

// event finds one that the caller may see, and the project that it is seen
// from: its own, or for an event for all the one that the caller looks from.
func (s *Service) event(ctx context.Context, c account.Caller, action account.Action, project webhook.ProjectID, id webhook.EventID) (webhook.Event, webhook.ProjectID, error) {
	missing := webhook.NotFound("there is no such event")
	owner, err := s.Store.EventOwner(ctx, id)
	if err != nil && webhook.KindOf(err) != webhook.KindNotFound {
		return webhook.Event{}, project, err
	}
	if err != nil {
		return webhook.Event{}, project, missing
	}
	if own := c.OwnProject(); project.IsZero() && !own.IsZero() {
		project = own
	}
	from := owner
	if owner.IsZero() {
		from = project
	}
	if !c.Sees(from) || from.IsZero() && !c.SeesAll() || !project.IsZero() && from != project {
		return webhook.Event{}, project, missing
	}
	if err := c.May(action, from); err != nil {
		return webhook.Event{}, project, err
	}
	event, err := s.Store.Event(ctx, from, id)
	if webhook.KindOf(err) == webhook.KindNotFound {
		return webhook.Event{}, project, missing
	}
	return event, from, err
}

// Expunge removes an event's payload for good; its rows stay. Of an event for
// all only those can who may see everything.
func (s *Service) Expunge(ctx context.Context, c account.Caller, id webhook.EventID) error {
	event, _, err := s.event(ctx, c, account.Expunge, webhook.ProjectID{}, id)
	if err != nil {
		return err
	}
	if event.Audience == webhook.AudienceAll {
		if err := c.May(account.Expunge, webhook.ProjectID{}); err != nil {
			return err
		}
	}
	return s.Store.Expunge(ctx, id, s.now(), s.entry(c, "event.expunged", object{event.ProjectID, id.UUID, event.Topic}, ""))
}
