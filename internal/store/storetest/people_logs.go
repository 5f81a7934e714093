package storetest

import (
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// listed lists deliveries over pages of two and answers their ids.
func (h *Harness) listed(f webhook.DeliveryFilter) []webhook.DeliveryID {
	h.T.Helper()
	ids := []webhook.DeliveryID{}
	for _, row := range all(h, 2, func(cursor string) (webhook.Page[webhook.DeliveryRow], error) {
		f.Cursor, f.Limit = cursor, 2
		return h.Store.Deliveries(h.T.Context(), f)
	}) {
		ids = append(ids, row.ID)
	}
	return ids
}

// publish stores one event for endpoints and answers its deliveries; events
// and deliveries sort by the millisecond.
func (h *Harness) publish(change func(*webhook.Event), endpoints ...webhook.Endpoint) []webhook.Delivery {
	h.T.Helper()
	time.Sleep(2 * time.Millisecond)
	event := h.Event()
	change(&event)
	item := h.Item(event, false, endpoints...)
	for i := range item.Deliveries {
		item.Deliveries[i].Topic = event.Topic
	}
	if a := h.Admit(item); a.Err != nil || a.Stale {
		h.T.Fatalf("not admitted: %+v", a)
	}
	return item.Deliveries
}

func asIs(*webhook.Event) {}

func about(topic string) func(*webhook.Event) {
	return func(e *webhook.Event) { e.Topic = topic }
}

var deliveries = []scene{
	{"deliveries are listed newest first over pages, by every filter", deliveryFilters},
	{"held is what waits behind a pause or a suspension, and nothing else", func(h *Harness) {
		ctx, e, other := h.T.Context(), h.Endpoint(), h.Endpoint()
		sent := h.publish(asIs, e)[0]
		h.Record(h.Delivered(h.ClaimOne()))
		waits, free := h.publish(asIs, e)[0], h.publish(asIs, other)[0]
		held := webhook.DeliveryFilter{ProjectID: h.Project, State: webhook.Held}
		h.same(h.listed(held), []webhook.DeliveryID{})
		h.must(h.Store.PauseBy(ctx, h.Project, e.ID, webhook.PausedByPerson, h.audit("endpoint.paused")))
		h.same(h.listed(held), []webhook.DeliveryID{waits.ID})
		h.same(h.listed(webhook.DeliveryFilter{ProjectID: h.Project, State: webhook.Waiting}), []webhook.DeliveryID{free.ID, waits.ID})
		row := first(h.Store.Delivery(ctx, h.Project, waits.ID))
		if row.Shown() != webhook.Held || row.State != webhook.Waiting || row.PausedBecause != webhook.PausedByPerson {
			h.T.Errorf("shown as %s: %+v", row.Shown(), row)
		}
		h.must(h.Store.SuspendProject(ctx, h.Project, moment(), h.audit("project.suspended")))
		h.same(h.listed(held), []webhook.DeliveryID{free.ID, waits.ID})
		if row := first(h.Store.Delivery(ctx, h.Project, sent.ID)); row.Shown() != webhook.Delivered || !row.Suspended || row.ProjectName != "shop" {
			h.T.Errorf("shown as %s: %+v", row.Shown(), row)
		}
	}},
	{"an id of a delivery, attempt, endpoint or event finds deliveries", func(h *Harness) {
		e, other := h.Endpoint(), h.Endpoint()
		both := h.publish(asIs, e, other)
		h.publish(asIs, other)
		job := h.Claim(1)[0]
		h.Record(h.Delivered(job))
		find := func(id webhook.UUID) []webhook.DeliveryID {
			return h.listed(webhook.DeliveryFilter{ProjectID: h.Project, Query: id.String()})
		}
		h.same(find(both[0].ID.UUID), []webhook.DeliveryID{both[0].ID})
		h.same(find(job.Delivery.AttemptID.UUID), []webhook.DeliveryID{job.Delivery.ID})
		h.same(len(find(other.ID.UUID)), 2)
		h.same(len(find(both[0].EventID.UUID)), 2)
		h.same(find(mint.UUID(time.Now())), []webhook.DeliveryID{})
		h.same(h.listed(webhook.DeliveryFilter{ProjectID: h.NewProject("other"), Query: e.ID.String()}), []webhook.DeliveryID{})
		h.refused(webhook.KindInvalid, func() error {
			return second(h.Store.Deliveries(h.T.Context(), webhook.DeliveryFilter{ProjectID: h.Project, Query: "orders"}))
		})
	}},
	{"attempts are read in order with what was sent and answered", func(h *Harness) {
		ctx, d := h.T.Context(), h.publish(asIs, h.Endpoint())[0]
		h.same(first(h.Store.Attempts(ctx, h.Project, d.ID)), []webhook.Attempt{})
		var want []webhook.Attempt
		for range 3 {
			result := h.Failed(h.ClaimOne(), 0)
			h.Record(result)
			a := result.Attempt
			a.StartedAt = a.StartedAt.UTC().Truncate(time.Millisecond)
			want = append(want, a)
		}
		h.same(first(h.Store.Attempts(ctx, h.Project, d.ID)), want)
	}},
	{"attempts of many deliveries are read at once, without bodies and of one project only", func(h *Harness) {
		ctx, e, stranger := h.T.Context(), h.Endpoint(), h.EndpointOf(h.NewProject("other"))
		twice, untried := h.publish(asIs, e)[0], webhook.DeliveryID{UUID: mint.UUID(time.Now())}
		tried := func() webhook.Attempt {
			result := h.Failed(h.ClaimOne(), 0)
			result.Attempt.Response.Body, result.Attempt.Response.Truncated = []byte("oops"), true
			h.Record(result)
			a := result.Attempt
			a.StartedAt, a.Response.Body = a.StartedAt.UTC().Truncate(time.Millisecond), nil
			return a
		}
		want := map[webhook.DeliveryID][]webhook.Attempt{twice.ID: {tried(), tried()}}
		h.must(h.Store.CancelBy(ctx, h.Project, twice.ID, "enough", h.audit("delivery.cancelled")))
		theirs := h.publish(func(ev *webhook.Event) { ev.ProjectID = stranger.ProjectID }, stranger)[0]
		foreign := tried()
		ids := []webhook.DeliveryID{theirs.ID, untried, twice.ID}
		h.same(first(h.Store.AttemptsOf(ctx, h.Project, ids)), want)
		h.same(len(first(h.Store.AttemptsOf(ctx, h.Project, nil))), 0)
		want[theirs.ID] = []webhook.Attempt{foreign}
		h.same(first(h.Store.AttemptsOf(ctx, webhook.ProjectID{}, ids)), want)
		h.must(h.Store.DeleteProject(ctx, stranger.ProjectID, h.audit("project.deleted")))
		delete(want, theirs.ID)
		h.same(first(h.Store.AttemptsOf(ctx, webhook.ProjectID{}, ids)), want)
	}},
}

func deliveryFilters(h *Harness) {
	e, other := h.Endpoint(), h.Endpoint()
	a := h.publish(about("product.viewed"), e)[0]
	h.Record(h.Failed(h.ClaimOne(), time.Hour))
	b := h.publish(about("chat.message.sent"), e)[0]
	h.Record(h.Delivered(h.ClaimOne()))
	time.Sleep(2 * time.Millisecond)
	middle := moment()
	time.Sleep(2 * time.Millisecond)
	c := h.publish(about("product.viewed"), e, other)
	stranger := h.EndpointOf(h.NewProject("other"))
	foreign := webhook.Event{}
	h.publish(func(ev *webhook.Event) { ev.ProjectID = stranger.ProjectID; foreign = *ev }, stranger)
	c1, c2 := c[0].ID, c[1].ID
	if string(c1.UUID[:]) < string(c2.UUID[:]) {
		c1, c2 = c2, c1
	}
	for what, want := range map[string]struct {
		filter webhook.DeliveryFilter
		ids    []webhook.DeliveryID
	}{
		"all of the project": {webhook.DeliveryFilter{}, []webhook.DeliveryID{c1, c2, b.ID, a.ID}},
		"endpoint":           {webhook.DeliveryFilter{EndpointID: other.ID}, []webhook.DeliveryID{c[1].ID}},
		"event":              {webhook.DeliveryFilter{EventID: a.EventID}, []webhook.DeliveryID{a.ID}},
		"another's event":    {webhook.DeliveryFilter{EventID: foreign.ID}, []webhook.DeliveryID{}},
		"another's endpoint": {webhook.DeliveryFilter{EndpointID: stranger.ID}, []webhook.DeliveryID{}},
		"state":              {webhook.DeliveryFilter{State: webhook.Delivered}, []webhook.DeliveryID{b.ID}},
		"waiting":            {webhook.DeliveryFilter{State: webhook.Waiting}, []webhook.DeliveryID{c1, c2, a.ID}},
		"failed":             {webhook.DeliveryFilter{State: webhook.Failed}, []webhook.DeliveryID{a.ID}},
		"topic":              {webhook.DeliveryFilter{Topic: "chat.message.sent"}, []webhook.DeliveryID{b.ID}},
		"status":             {webhook.DeliveryFilter{Status: 500}, []webhook.DeliveryID{a.ID}},
		"since":              {webhook.DeliveryFilter{Since: middle}, []webhook.DeliveryID{c1, c2}},
		"until":              {webhook.DeliveryFilter{Until: middle}, []webhook.DeliveryID{b.ID, a.ID}},
		"several":            {webhook.DeliveryFilter{EndpointID: e.ID, Topic: "product.viewed", State: webhook.Waiting, Until: middle}, []webhook.DeliveryID{a.ID}},
		"NUL":                {webhook.DeliveryFilter{Topic: "\x00\xff"}, []webhook.DeliveryID{}},
	} {
		want.filter.ProjectID = h.Project
		if ids := h.listed(want.filter); !equal(ids, want.ids) {
			h.T.Errorf("%s: got %v, want %v", what, ids, want.ids)
		}
	}
	if n := len(h.listed(webhook.DeliveryFilter{})); n != 5 {
		h.T.Errorf("all projects: %d deliveries, want 5", n)
	}
	row := first(h.Store.Delivery(h.T.Context(), h.Project, a.ID))
	if row.LastStatus != 500 || row.LastCause != webhook.CauseStatus || row.Attempts != 1 || row.EndpointURL != "https://example.com/hook" || row.ProjectName != "shop" {
		h.T.Errorf("the row lacks what lists show: %+v", row)
	}
}

func equal[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// listedEvents lists events over pages of two.
func (h *Harness) listedEvents(f webhook.EventFilter) []webhook.EventID {
	h.T.Helper()
	ids := []webhook.EventID{}
	for _, e := range all(h, 2, func(cursor string) (webhook.Page[webhook.Event], error) {
		f.Cursor, f.Limit = cursor, 2
		return h.Store.Events(h.T.Context(), f)
	}) {
		if e.Data != nil {
			h.T.Error("a list carries data")
		}
		ids = append(ids, e.ID)
	}
	return ids
}

var events = []scene{
	{"an event is read as it was accepted", func(h *Harness) {
		want := h.Event()
		want.Data, want.Search, want.Hop, want.Key = []byte(`{"z":1.0,"a":"ü"}`), []string{"p-1", ""}, 2, "k"
		h.Admit(h.Item(want, false))
		event := first(h.Store.Event(h.T.Context(), h.Project, want.ID))
		want.Seq, want.AcceptedAt = event.Seq, event.AcceptedAt
		h.same(event, want)
		if event.Seq == 0 || event.AcceptedAt.IsZero() {
			h.T.Errorf("without order or time: %+v", event)
		}
		h.same(first(h.Store.EventOwner(h.T.Context(), want.ID)), h.Project)
	}},
	{"several deliveries are read by their ids, another project's left out", func(h *Harness) {
		ctx, e := h.T.Context(), h.Endpoint()
		a, b := h.publish(asIs, e)[0], h.publish(asIs, e)[0]
		other := h.NewProject("other")
		foreign := h.publish(func(ev *webhook.Event) { ev.ProjectID = other }, h.EndpointOf(other))[0]
		ids := []webhook.DeliveryID{b.ID, foreign.ID, {UUID: mint.UUID(time.Now())}, a.ID}
		read := func(project webhook.ProjectID) map[webhook.DeliveryID]bool {
			found := map[webhook.DeliveryID]bool{}
			for _, row := range first(h.Store.DeliveriesByID(ctx, project, ids)) {
				found[row.ID] = row.EndpointName != ""
			}
			return found
		}
		h.same(read(h.Project), map[webhook.DeliveryID]bool{a.ID: true, b.ID: true})
		h.same(read(other), map[webhook.DeliveryID]bool{foreign.ID: true})
		h.same(read(webhook.ProjectID{}), map[webhook.DeliveryID]bool{a.ID: true, b.ID: true, foreign.ID: true})
		h.same(len(first(h.Store.DeliveriesByID(ctx, h.Project, nil))), 0)
	}},
	{"many are sent again at once, and what can't be stops no other", func(h *Harness) {
		ctx, e, gone := h.T.Context(), h.Endpoint(), h.Endpoint()
		var ended []webhook.DeliveryID
		for range 60 { // more than one transaction takes
			ended = append(ended, h.publish(asIs, e)[0].ID)
		}
		lost := h.publish(asIs, gone)[0].ID
		h.Exec("UPDATE deliveries SET state = 'exhausted'")
		waits := h.publish(asIs, e)[0].ID
		h.must(h.Store.DeleteEndpoint(ctx, h.Project, gone.ID, moment(), h.audit("endpoint.deleted")))
		var many []manage.Again
		for _, id := range append(ended, lost, waits) {
			again := webhook.Delivery{ID: webhook.DeliveryID{UUID: mint.UUID(time.Now())}, State: webhook.Waiting}
			many = append(many, manage.Again{ProjectID: h.Project, Of: id, Delivery: again, Entry: h.audit("delivery.resent")})
		}
		refused := first(h.Store.ResendManyBy(ctx, many))
		for i, err := range refused[:60] {
			if row := first(h.Store.Delivery(ctx, h.Project, many[i].Delivery.ID)); err != nil || row.ResendOf != many[i].Of {
				h.T.Errorf("%d: %v %+v", i, err, row.Delivery)
			}
		}
		for i, word := range map[int]string{60: "deleted", 61: "has not ended"} {
			if err := refused[i]; webhook.KindOf(err) != webhook.KindConflict || !strings.Contains(err.Error(), word) {
				h.T.Errorf("%d: %v", i, err)
			}
		}
		audit := first(h.Store.Audit(ctx, webhook.AuditFilter{ProjectID: h.Project, Action: "delivery.resent", Limit: 200}))
		h.same(len(audit.Items), 60)
	}},
	{"events are listed newest first over pages, by every filter", eventFilters},
	{"a project sees of the events for all those that it has a delivery of", func(h *Harness) {
		ctx, e := h.T.Context(), h.Endpoint()
		other := h.NewProject("other")
		own := h.publish(asIs, e)[0].EventID
		wide := func(ev *webhook.Event) { ev.ProjectID, ev.Audience = webhook.ProjectID{}, webhook.AudienceAll }
		got1 := h.publish(wide, e)[0].EventID
		var unseen webhook.EventID
		h.publish(func(ev *webhook.Event) { wide(ev); unseen = ev.ID })
		last := h.publish(asIs, e)[0].EventID
		h.same(h.listedEvents(webhook.EventFilter{ProjectID: h.Project}), []webhook.EventID{last, got1, own})
		h.same(h.listedEvents(webhook.EventFilter{ProjectID: other}), []webhook.EventID{})
		h.same(h.listedEvents(webhook.EventFilter{}), []webhook.EventID{last, unseen, got1, own})
		two := h.publish(wide, e, h.Endpoint(), h.EndpointOf(other))
		h.Exec("UPDATE deliveries SET state = 'exhausted'")
		h.Resend(two[0].ID)
		ids := []webhook.EventID{got1, unseen, two[0].EventID}
		h.same(first(h.Store.OutcomesOf(ctx, h.Project, ids)), map[webhook.EventID]webhook.Outcomes{got1: {Made: 1}, two[0].EventID: {Made: 2, Live: 1}})
		h.same(first(h.Store.OutcomesOf(ctx, other, ids)), map[webhook.EventID]webhook.Outcomes{two[0].EventID: {Made: 1}})
		h.same(first(h.Store.OutcomesOf(ctx, other, nil)), map[webhook.EventID]webhook.Outcomes{})
		h.Record(h.Delivered(h.ClaimOne()))
		h.same(first(h.Store.OutcomesOf(ctx, h.Project, []webhook.EventID{two[0].EventID})), map[webhook.EventID]webhook.Outcomes{two[0].EventID: {Made: 2, Delivered: 1}})
		h.must(second(h.Store.Event(ctx, h.Project, got1)))
		h.must(second(h.Store.Event(ctx, webhook.ProjectID{}, unseen)))
		h.same(first(h.Store.EventOwner(ctx, unseen)), webhook.ProjectID{})
		h.refused(webhook.KindNotFound, func() error { return second(h.Store.Event(ctx, other, got1)) })
		h.refused(webhook.KindNotFound, func() error { return second(h.Store.Event(ctx, h.Project, unseen)) })
	}},
	{"recent events come with data, without tests and what was expunged", func(h *Harness) {
		ctx, e := h.T.Context(), h.Endpoint()
		a, b := h.publish(asIs, e)[0].EventID, h.publish(asIs, e)[0].EventID
		h.must(h.Store.Expunge(ctx, a, moment(), h.audit("event.expunged")))
		test := h.Event()
		d := webhook.Delivery{ID: webhook.DeliveryID{UUID: mint.UUID(time.Now())}, ProjectID: h.Project, EventID: test.ID, EndpointID: e.ID, Topic: test.Topic,
			State: webhook.Sending, AttemptID: webhook.AttemptID{UUID: mint.UUID(time.Now())}, Test: true}
		h.must(h.Store.CreateTest(ctx, test, d, time.Minute))
		h.publish(asIs)
		list := first(h.Store.RecentEvents(ctx, h.Project, 10))
		if len(list) != 2 || list[1].ID != b || string(list[1].Data) != `{"n":1.0}` {
			h.T.Errorf("got %+v", list)
		}
		h.same(len(first(h.Store.RecentEvents(ctx, h.Project, 1))), 1)
	}},
	{"expunging removes the data once, and nothing of it is sent any more", func(h *Harness) {
		ctx := h.T.Context()
		line := h.Endpoint(func(s *webhook.Settings) { s.Ordered = true })
		ahead := h.publish(func(e *webhook.Event) { e.Search = []string{"p-1"} }, line)[0]
		behind := h.publish(asIs, line)[0]
		job := h.ClaimOne()
		h.Record(h.Failed(job, time.Hour))
		h.must(h.Store.Expunge(ctx, ahead.EventID, moment(), h.audit("event.expunged")))
		event := first(h.Store.Event(ctx, h.Project, ahead.EventID))
		if event.Data != nil || event.Search != nil || event.ExpungedAt.IsZero() {
			h.T.Errorf("left over: %+v", event)
		}
		h.same(h.listedEvents(webhook.EventFilter{ProjectID: h.Project, Query: "p-1"}), []webhook.EventID{})
		if row := h.Row(ahead.ID); row.State != webhook.Cancelled || row.Reason == "" {
			h.T.Errorf("still to be sent: %+v", row)
		}
		h.same(h.ClaimOne().Delivery.ID, behind.ID)
		h.CheckInvariants("expunging")
		h.refused(webhook.KindConflict, func() error { return h.Store.Expunge(ctx, ahead.EventID, moment(), h.audit("event.expunged")) })
		h.refused(webhook.KindNotFound, func() error {
			return h.Store.Expunge(ctx, webhook.EventID{UUID: mint.UUID(time.Now())}, moment(), h.audit("event.expunged"))
		})
	}},
}

func eventFilters(h *Harness) {
	find := func(values ...string) func(*webhook.Event) {
		return func(e *webhook.Event) { e.Search = values }
	}
	var ids []webhook.EventID
	note := func(change func(*webhook.Event)) func(*webhook.Event) {
		return func(e *webhook.Event) { change(e); ids = append(ids, e.ID) }
	}
	h.publish(note(find("p-1", "c-1")))
	h.publish(note(about("chat.message.sent")))
	time.Sleep(2 * time.Millisecond)
	middle := moment()
	h.publish(note(find("p-1")))
	h.publish(note(find("P-1")))
	other := h.NewProject("other")
	h.publish(note(func(e *webhook.Event) { e.ProjectID, e.Search = other, []string{"p-1"} }))
	for what, want := range map[string]struct {
		filter webhook.EventFilter
		ids    []webhook.EventID
	}{
		"all of the project": {webhook.EventFilter{}, []webhook.EventID{ids[3], ids[2], ids[1], ids[0]}},
		"topic":              {webhook.EventFilter{Topic: "chat.message.sent"}, []webhook.EventID{ids[1]}},
		"since":              {webhook.EventFilter{Since: middle}, []webhook.EventID{ids[3], ids[2]}},
		"until":              {webhook.EventFilter{Until: middle}, []webhook.EventID{ids[1], ids[0]}},
		"search value":       {webhook.EventFilter{Query: "p-1"}, []webhook.EventID{ids[2], ids[0]}},
		"value and topic":    {webhook.EventFilter{Query: "p-1", Topic: "chat.message.sent"}, []webhook.EventID{}},
		"id":                 {webhook.EventFilter{Query: ids[1].String()}, []webhook.EventID{ids[1]}},
		"another's id":       {webhook.EventFilter{Query: ids[4].String()}, []webhook.EventID{}},
	} {
		want.filter.ProjectID = h.Project
		if found := h.listedEvents(want.filter); !equal(found, want.ids) {
			h.T.Errorf("%s: got %v, want %v", what, found, want.ids)
		}
	}
	h.same(h.listedEvents(webhook.EventFilter{Query: "p-1"}), []webhook.EventID{ids[4], ids[2], ids[0]})
	h.same(h.listedEvents(webhook.EventFilter{Query: ids[4].String()}), []webhook.EventID{ids[4]})
}
