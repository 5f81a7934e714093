package web

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/overview"
)

// projectPages are those of a project that are not its log or its endpoints.
func (w *Web) projectPages() []line {
	return []line{
		{get, "/p/:project", member, w.showOverview},
		{get, "/p/:project/search", member, w.search},
	}
}

// overviewRegion is the part of the page that is kept fresh.
const overviewRegion = "overview"

func (w *Web) showOverview(c *gin.Context) error {
	m, err := w.overviewModel(c)
	if err != nil {
		return err
	}
	return w.render(c, http.StatusOK, overview.Show(m))
}

// overviewParts is what the overview reads.
type overviewParts struct {
	list standings
	held heldBack
	// recent are the latest deliveries, failures those that failed last.
	recent, failures []webhook.DeliveryRow
	stats            manage.Stats
}

func (w *Web) readOverview(ctx context.Context, caller account.Caller, project webhook.ProjectID, span chartTime) (p overviewParts, err error) {
	err = manage.Together(ctx, func(ctx context.Context) (err error) {
		if p.list, err = w.standings(ctx, caller, project); err == nil {
			p.held, err = w.heldBy(ctx, caller, project, p.list)
		}
		return err
	}, func(ctx context.Context) (err error) {
		p.stats, err = w.Manage.Stats(ctx, caller, webhook.StatsFilter{ProjectID: project, Since: span.since, Until: span.until, Step: span.step})
		return err
	}, func(ctx context.Context) (err error) {
		p.recent, p.failures, err = w.failures(ctx, caller, webhook.DeliveryFilter{ProjectID: project, Limit: manage.MaxLimit / 2})
		return err
	})
	return p, err
}

// failures reads the latest deliveries of a filter and, of them and as many
// that were given up, those whose last attempt failed.
func (w *Web) failures(ctx context.Context, caller account.Caller, f webhook.DeliveryFilter) (recent, failures []webhook.DeliveryRow, err error) {
	latest, err := w.Manage.Deliveries(ctx, caller, f)
	if err != nil {
		return nil, nil, err
	}
	f.State = webhook.Exhausted
	exhausted, err := w.Manage.Deliveries(ctx, caller, f)
	return latest.Items, lastFailures(latest.Items, exhausted.Items), err
}

func (w *Web) overviewModel(c *gin.Context) (overview.ShowModel, error) {
	ctx, caller, project, now := c.Request.Context(), w.caller(c), w.project(c), w.Now()
	var none overview.ShowModel
	span := chartTimeOf(c, project.CreatedAt, now)
	parts, err := w.readOverview(ctx, caller, project.ID, span)
	if err != nil {
		return none, err
	}
	state := overviewState{project: project, list: parts.list, held: parts.held, failures: parts.failures, first: !reached(parts.list), past: len(parts.recent) > 0}
	m := overview.ShowModel{StartURL: under(project.ID, "start"), Live: component.Live{URL: c.Request.URL.RequestURI()}}
	m.Verdict, m.Detail = state.verdict()
	if !state.guided() {
		m.Failures, m.FailuresURL = presentFailures(parts.failures, now), under(project.ID, "deliveries")+"?state=exhausted"
		if m.Groups, err = w.troubleGroups(ctx, caller, state); err != nil {
			return none, err
		}
		charts := span.charts(c, under(project.ID, "deliveries")+"?")
		fill(&charts, parts.stats.Buckets, span.step, overviewRegion)
		m.Charts, m.Figures = &charts, figures(parts.stats)
	}
	if state.first {
		guide, err := w.guide(c, parts.list, asked{})
		if err != nil {
			return none, err
		}
		m.Guide, m.StartURL, m.Live = &guide, "", component.Live{} // the guide keeps itself fresh
	}
	if span.own() {
		m.Live = component.Live{} // what was chosen does not move on
	}
	m.Shell, err = w.shell(c, atOverview, "Overview")
	return m, err
}

// listedTrouble is how many endpoints of a group the overview names.
const listedTrouble = 8

// listed are those that a group of the overview names.
func (s standings) listed() standings { return s[:min(len(s), listedTrouble)] }

// troubleGroups are the endpoints that are not well, with the cause of each,
// and those that hold something back.
func (w *Web) troubleGroups(ctx context.Context, caller account.Caller, s overviewState) ([]overview.Group, error) {
	needing, doubtful := s.list.narrowed(condition.needsYou), s.list.narrowed(condition.doubtful)
	last, err := w.Manage.LastFailures(ctx, caller, s.project.ID, slices.Concat(needing.listed(), doubtful.listed()).ids())
	if err != nil {
		return nil, err
	}
	var groups []overview.Group
	for _, kind := range []struct {
		id, title, state string
		all              standings
	}{
		{"needs-you", "Needs you", stateTrouble, needing},
		{"unsteady", "Not quite well", stateUnsteady, doubtful},
	} {
		if len(kind.all) == 0 {
			continue
		}
		group := overview.Group{ID: kind.id, Title: kind.title}
		for _, one := range kind.all.listed() {
			group.Rows = append(group.Rows, presentTrouble(one, last[one.ID], caller, w.Now()))
		}
		if more := len(kind.all) - len(group.Rows); more > 0 {
			group.More = component.Link{
				Label: plural(int64(more), "more endpoint", "more endpoints"), URL: under(s.project.ID, "endpoints") + "?state=" + kind.state,
			}
		}
		groups = append(groups, group)
	}
	if paused := w.pausedGroup(caller, s.project.ID, s.held); len(paused.Rows) > 0 {
		groups = append(groups, paused)
	}
	return groups, nil
}

// failed reports whether the last attempt of a delivery was a failure.
func failed(row webhook.DeliveryRow) bool { return row.LastCause != "" && !row.Test }

func figures(s manage.Stats) []component.Figure {
	open := s.States[webhook.Waiting] + s.States[webhook.Sending]
	list := []component.Figure{
		{Label: "Attempts delivered", Value: count(s.Delivered)},
		{Label: "Success rate", Value: percent(s.Delivered, s.Delivered+s.Failed)},
		{Label: "p95 latency", Value: latencyWords(latencyOf(s.Buckets), 0.95)},
		{Label: "Waiting", Value: capped(open)},
	}
	if s.Delivered+s.Failed > 0 {
		list[1].Note = plural(s.Failed, "failed attempt", "failed attempts")
	}
	if held := s.States[webhook.Held]; held > 0 {
		list = append(list, component.Figure{Label: "Held", Value: capped(held), Tone: component.Held})
	}
	if gone := s.States[webhook.Exhausted]; gone > 0 {
		list = append(list, component.Figure{Label: "Exhausted", Value: capped(gone), Tone: component.Bad})
	}
	return list
}

// capped prints a count that stopped at its bound.
func capped(n int64) string {
	if n >= manage.MaxCount {
		return count(manage.MaxCount) + "+"
	}
	return count(n)
}

func latencyWords(l webhook.Latency, q float64) string {
	d := l.Quantile(q)
	if d == 0 {
		return "–"
	}
	return "≤ " + span(d)
}
