package web

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
	"github.com/bellwire/bellwire/views/overview"
)

// heldBack is what endpoints hold that a person paused: nobody is at fault, and
// still nothing gets through to them.
type heldBack struct {
	// list are those that hold something, the latest paused first.
	list  standings
	waits map[webhook.EndpointID]webhook.Backlog
	// unread is how many paused ones were not looked at.
	unread int
}

// heldBy counts what waits for endpoints that a person paused, for the latest
// paused ones: a backlog is counted row by row.
func (w *Web) heldBy(ctx context.Context, caller account.Caller, project webhook.ProjectID, list standings) (heldBack, error) {
	paused := list.narrowed(is(pausedBySomebody))
	if len(paused) == 0 {
		return heldBack{}, nil
	}
	slices.SortStableFunc(paused, func(a, b standing) int { return cmp.Compare(b.PausedAt.UnixMilli(), a.PausedAt.UnixMilli()) })
	looked := paused.listed()
	waits, err := w.Manage.Backlogs(ctx, caller, project, looked.ids())
	held := heldBack{waits: waits, unread: len(paused) - len(looked)}
	for _, one := range looked {
		if waits[one.ID].Waiting > 0 {
			held.list = append(held.list, one)
		}
	}
	return held, err
}

// words are what paused endpoints hold, after "1 paused": " and holding 116".
func (h heldBack) words() string {
	if len(h.list) == 0 {
		return ""
	}
	var sum int64
	more := ""
	if h.unread > 0 {
		more = "+"
	}
	for _, one := range h.list {
		n := h.waits[one.ID].Waiting
		sum += n
		if boundedCount(n) != count(n) {
			more = "+"
		}
	}
	return " and holding " + count(sum) + more
}

// comfort is the line below; empty where nothing is held.
func (h heldBack) comfort() string {
	if len(h.list) == 0 {
		return ""
	}
	return "What is held goes out once somebody resumes it; nothing is lost."
}

// pausedGroup names the endpoints that hold something, with the way to let it
// go for those who may; no rows if none does.
func (w *Web) pausedGroup(caller account.Caller, project webhook.ProjectID, held heldBack) overview.Group {
	group := overview.Group{ID: "paused", Title: "Paused"}
	may := caller.May(account.PauseEndpoint, project) == nil
	for _, one := range held.list {
		group.Rows = append(group.Rows, presentPaused(one, held.waits[one.ID], may, w.Now()))
	}
	if held.unread > 0 {
		group.More = component.Link{
			Label: plural(int64(held.unread), "more paused endpoint", "more paused endpoints"), URL: under(project, "endpoints") + "?state=" + statePaused,
		}
	}
	return group
}

func presentPaused(s standing, waits webhook.Backlog, mayResume bool, now time.Time) overview.TroubleRow {
	e := s.Endpoint
	row := overview.TroubleRow{Name: e.Name, URL: pathEndpoint(e), Target: e.URL, Since: clockTime(e.PausedAt, now)}
	row.Mark, _ = endpointMark(e, s.hour)
	row.Cause = "holds " + boundedCount(waits.Waiting) + " " + oneOf(waits.Waiting, "delivery", "deliveries") + "; paused by a person"
	if mayResume {
		row.Resume = endpoints.Resume{URL: pathEndpoint(e, "resume"), Name: e.Name, Rates: drainRates(waits.Waiting)}
	} else {
		row.Action = component.Link{Label: "Look at it", URL: pathEndpoint(e)}
	}
	return row
}
