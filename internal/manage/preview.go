package manage

import (
	"context"
	"slices"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/webhook"
)

// previewEvents is how far back a preview of filters looks.
const previewEvents = 100

// PreviewWish says what to try, and on what.
type PreviewWish struct {
	ProjectID webhook.ProjectID
	Settings  webhook.Settings
	// Sample is a past event to answer with its data; zero for none.
	Sample webhook.EventID
}

// Preview says what settings would have matched. Events come newest first and
// without data.
type Preview struct {
	// Recent are all events that were looked at.
	Recent  []webhook.Event
	Matched []webhook.Event
	Missed  []Missed
	// Sample is the wished event with its data; nil if it is not among the
	// recent ones, or the caller may not open it.
	Sample *webhook.Event
}

// Missed is an event that would not have been taken, with the conditions that
// failed.
type Missed struct {
	webhook.Event
	Because []filter.Line
}

// PreviewMatches tries settings that are not saved yet on the latest events of
// a project. What a payload filter matches tells what payloads say, so only
// those try one who may open them without leaving a trace. With an Invalid
// error about the settings the answer still holds Recent and Sample.
func (s *Service) PreviewMatches(ctx context.Context, c account.Caller, wish PreviewWish) (Preview, error) {
	if err := c.May(account.ViewEvents, wish.ProjectID); err != nil {
		return Preview{}, err
	}
	events, err := s.Store.RecentEvents(ctx, wish.ProjectID, previewEvents)
	if err != nil {
		return Preview{}, err
	}
	open := c.PayloadOf(wish.ProjectID) == account.PayloadOpen
	var p Preview
	for _, ev := range events {
		if open && ev.ID == wish.Sample && !ev.ID.IsZero() {
			p.Sample = &ev
		}
		p.Recent = append(p.Recent, withoutData(ev))
	}
	e := webhook.Endpoint{ProjectID: wish.ProjectID, Settings: wish.Settings}
	ready, err := previewFilter(e, open)
	if err != nil {
		return p, err
	}
	for _, ev := range events {
		if ready.Match(ev) {
			p.Matched = append(p.Matched, withoutData(ev))
			continue
		}
		failed := slices.DeleteFunc(filter.Explain(e, ev).Lines, func(l filter.Line) bool { return l.OK })
		p.Missed = append(p.Missed, Missed{withoutData(ev), failed})
	}
	return p, nil
}

func previewFilter(e webhook.Endpoint, open bool) (*filter.Compiled, error) {
	byData := !e.Payload.Empty() || !e.Prompt.Empty()
	if byData && !open {
		return nil, webhook.Invalid("payloadFilter", "can be tried on past events by members of the project only")
	}
	if err := filter.CheckPayload(e.Payload); err != nil {
		return nil, err
	}
	return filter.Compile(e)
}

func withoutData(ev webhook.Event) webhook.Event {
	ev.Data, ev.Search = nil, nil
	return ev
}
