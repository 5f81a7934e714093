package storetest

import (
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

func standings(h *Harness) {
	ctx, e := h.T.Context(), h.Endpoint(func(s *webhook.Settings) { s.Name = "first" })
	h.Publish(e)
	h.Record(h.Failed(h.ClaimOne(), 0))
	h.Record(h.Delivered(h.ClaimOne()))
	h.Publish(e)
	h.Record(h.Failed(h.ClaimOne(), time.Hour))
	time.Sleep(2 * time.Millisecond) // ids sort by the millisecond
	idle, gone := h.Endpoint(func(s *webhook.Settings) { s.Name = "second" }), h.Endpoint()
	h.must(h.Store.PauseBy(ctx, h.Project, idle.ID, webhook.PausedByPerson, h.audit("endpoint.paused")))
	h.must(h.Store.DeleteEndpoint(ctx, h.Project, gone.ID, moment(), h.audit("endpoint.deleted")))
	stranger := h.EndpointOf(h.NewProject("other"))

	list := first(h.Store.Standings(ctx, h.Project, time.Now().Add(-time.Hour), 10))
	if len(list) != 2 {
		h.T.Fatalf("%d endpoints", len(list))
	}
	h.same([]string{list[0].Name, list[1].Name, list[1].URL}, []string{"second", "first", e.URL})
	h.same([]int64{list[1].Delivered, list[1].Failed, list[0].Delivered, list[0].Failed}, []int64{1, 2, 0, 0})
	h.same([]webhook.EndpointState{list[0].State, list[1].State}, []webhook.EndpointState{webhook.EndpointPaused, webhook.EndpointActive})
	if s := list[1]; s.ConsecutiveFailures != 1 || s.FailingSince.IsZero() || s.FailingSince.Before(s.LastSuccessAt.Add(-time.Second)) || len(s.Topics) != 0 {
		h.T.Errorf("got %+v", s)
	}
	h.same(len(first(h.Store.Standings(ctx, h.Project, time.Now(), 1))), 1)
	later := first(h.Store.Standings(ctx, h.Project, time.Now().Add(2*time.Minute), 10))
	h.same(later[1].Delivered+later[1].Failed, int64(0))
	h.same(first(h.Store.Standings(ctx, stranger.ProjectID, time.Time{}, 10))[0].ID, stranger.ID)

	taken := first(h.Store.Subscriptions(ctx, h.Project, 10))
	h.same(taken, []webhook.Subscription{
		{ID: idle.ID, Name: "second", State: webhook.EndpointPaused, Topics: idle.Topics}, {ID: e.ID, Name: "first", State: webhook.EndpointActive, Topics: e.Topics},
	})
	h.same(len(first(h.Store.Subscriptions(ctx, h.Project, 1))), 1)
}

func lastFailures(h *Harness) {
	ctx, e, well := h.T.Context(), h.Endpoint(), h.Endpoint()
	h.Publish(well)
	h.Record(h.Delivered(h.ClaimOne()))
	h.Publish(e)
	h.Record(h.Failed(h.ClaimOne(), time.Hour))
	time.Sleep(2 * time.Millisecond) // ids and attempts sort by the millisecond
	h.Publish(e)
	given := h.ClaimOne()
	exhausted := h.Failed(given, 0)
	exhausted.State = webhook.Exhausted
	h.Record(exhausted)
	time.Sleep(2 * time.Millisecond)
	h.Publish(e)
	h.Record(h.Delivered(h.ClaimOne()))
	both := []webhook.EndpointID{e.ID, well.ID}
	last := first(h.Store.LastFailures(ctx, h.Project, both, 10))
	h.same(len(last), 1)
	h.same([]string{last[e.ID].ID.String(), last[e.ID].EndpointName, string(last[e.ID].LastCause)}, []string{given.Delivery.ID.String(), e.Name, string(webhook.CauseStatus)})
	h.same(len(first(h.Store.LastFailures(ctx, h.Project, both, 1))), 0)
	h.same(len(first(h.Store.LastFailures(ctx, h.NewProject("other"), both, 10))), 0)
	h.same(len(first(h.Store.LastFailures(ctx, h.Project, nil, 10))), 0)
	of := func(since time.Time) int64 {
		for _, one := range first(h.Store.Standings(ctx, h.Project, since, 10)) {
			if one.ID == e.ID {
				return one.GivenUp
			}
		}
		return -1
	}
	h.same([]int64{of(time.Now().Add(-time.Hour)), of(time.Now().Add(time.Hour))}, []int64{1, 0})
}

func tallies(h *Harness) {
	ctx, failing, shaken := h.T.Context(), h.Endpoint(), h.Endpoint()
	parked, stopped, gone := h.Endpoint(), h.Endpoint(), h.Endpoint()
	h.Exec("UPDATE endpoints SET consecutive_failures = 3 WHERE id IN (%s, %s, %s)", h.Lit(failing.ID.UUID), h.Lit(parked.ID.UUID), h.Lit(gone.ID.UUID))
	h.Exec("UPDATE endpoints SET consecutive_failures = 2 WHERE id = %s", h.Lit(shaken.ID.UUID))
	h.must(h.Store.PauseBy(ctx, h.Project, parked.ID, webhook.PausedByPerson, h.audit("endpoint.paused")))
	h.must(h.Store.PauseBy(ctx, h.Project, stopped.ID, webhook.PausedAsGone, h.audit("endpoint.paused")))
	h.must(h.Store.DeleteEndpoint(ctx, h.Project, gone.ID, moment(), h.audit("endpoint.deleted")))
	other, empty := h.NewProject("other"), h.NewProject("empty")
	h.EndpointOf(other)

	h.same(first(h.Store.Tallies(ctx, []webhook.ProjectID{h.Project, other, empty}, 3)), map[webhook.ProjectID]webhook.Tally{
		h.Project: {Endpoints: 4, Failing: 1, Stopped: 1}, other: {Endpoints: 1},
	})
	h.same(first(h.Store.Tallies(ctx, []webhook.ProjectID{other}, 0))[other].Failing, int64(1))
	h.same(len(first(h.Store.Tallies(ctx, nil, 3))), 0)
}

func backlogs(h *Harness) {
	ctx, free, held := h.T.Context(), h.Endpoint(), h.Endpoint()
	line := h.Endpoint(func(s *webhook.Settings) { s.Ordered = true })
	before := moment()
	for range 3 {
		h.Publish(free, line)
	}
	h.Publish(held)
	h.must(h.Store.PauseBy(ctx, h.Project, held.ID, webhook.PausedByPerson, h.audit("endpoint.paused")))
	all := []webhook.EndpointID{free.ID, held.ID, line.ID}
	waiting := func(atMost int64) []int64 {
		b := first(h.Store.Backlogs(ctx, h.Project, all, atMost))
		return []int64{b[free.ID].Waiting, b[held.ID].Waiting, b[line.ID].Waiting}
	}
	h.same(waiting(100), []int64{3, 1, 3})
	h.same(waiting(2), []int64{2, 1, 2})
	if oldest := first(h.Store.Backlogs(ctx, h.Project, all, 100))[line.ID].Oldest; oldest.Before(before.Add(-time.Second)) || oldest.After(moment().Add(time.Second)) {
		h.T.Errorf("the oldest is of %v", oldest)
	}
	h.same(len(first(h.Store.Backlogs(ctx, h.NewProject("other"), all, 100))), 0)
	h.same(len(first(h.Store.Backlogs(ctx, h.Project, nil, 100))), 0)
}
