package storetest

import (
	"github.com/bellwire/bellwire/internal/webhook"
)

// finding is by what people remember of an event or an id.
var finding = []scene{
	{"search values are read for many events at once, and only for those that the project sees", func(h *Harness) {
		ctx, e := h.T.Context(), h.Endpoint()
		stranger := h.EndpointOf(h.NewProject("other"))
		with := func(all bool, values ...string) func(*webhook.Event) {
			return func(ev *webhook.Event) {
				if ev.Search = values; all {
					ev.ProjectID, ev.Audience = webhook.ProjectID{}, webhook.AudienceAll
				}
			}
		}
		two := h.publish(with(false, "p-2", "c-1"), e)[0].EventID
		none := h.publish(asIs, e)[0].EventID
		wide := h.publish(with(true, "w-1"), e)[0].EventID
		unseen := h.publish(with(true, "w-2"), stranger)[0].EventID
		theirs := h.publish(func(ev *webhook.Event) { ev.ProjectID, ev.Search = stranger.ProjectID, []string{"t-1"} }, stranger)[0].EventID
		ids := []webhook.EventID{theirs, unseen, wide, none, two}
		h.same(first(h.Store.SearchValuesOf(ctx, h.Project, ids)), map[webhook.EventID][]string{two: {"c-1", "p-2"}, wide: {"w-1"}})
		h.same(first(h.Store.SearchValuesOf(ctx, stranger.ProjectID, ids)), map[webhook.EventID][]string{theirs: {"t-1"}, unseen: {"w-2"}})
		h.same(first(h.Store.SearchValuesOf(ctx, h.Project, nil)), map[webhook.EventID][]string{})
		h.must(h.Store.Expunge(ctx, two, moment(), h.audit("event.expunged")))
		h.same(first(h.Store.SearchValuesOf(ctx, h.Project, []webhook.EventID{two})), map[webhook.EventID][]string{})
	}},
	{"a shortened id finds an endpoint, an event or a delivery of its project", findShort},
}

func findShort(h *Harness) {
	e := h.Endpoint()
	other := h.NewProject("other")
	d := h.publish(asIs, e)[0]
	wide := h.publish(func(ev *webhook.Event) { ev.ProjectID, ev.Audience = webhook.ProjectID{}, webhook.AudienceAll }, e)[0].EventID
	for _, want := range []struct {
		id    webhook.UUID
		found webhook.Shortened
	}{
		{e.ID.UUID, webhook.Shortened{Endpoint: e.ID}},
		{d.EventID.UUID, webhook.Shortened{Event: d.EventID}},
		{wide.UUID, webhook.Shortened{Event: wide}},
		{d.ID.UUID, webhook.Shortened{Delivery: d.ID}},
	} {
		text := want.id.String()
		short, ok := webhook.ParseShortID(text[:8] + "…" + text[30:])
		h.same(ok, true)
		h.same(first(h.Store.FindShort(h.T.Context(), h.Project, short)), want.found)
		h.same(first(h.Store.FindShort(h.T.Context(), other, short)), webhook.Shortened{})
		short, _ = webhook.ParseShortID(text[:8] + "…" + text[24:29] + string('0'+(text[35]+1)%8))
		h.same(first(h.Store.FindShort(h.T.Context(), h.Project, short)), webhook.Shortened{})
	}
}
