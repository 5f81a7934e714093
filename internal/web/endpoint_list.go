package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// The states that the list of endpoints can be narrowed to.
const (
	stateTrouble  = "trouble"
	stateUnsteady = "unsteady"
	stateHealthy  = "healthy"
	statePaused   = "paused"
	stateUnused   = "unused"
)

var listStates = []struct {
	name, label string
	tone        component.Tone
	holds       func(condition) bool
}{
	{"", "all", component.Neutral, func(condition) bool { return true }},
	{stateTrouble, "needs you", component.Bad, condition.needsYou},
	{stateUnsteady, "not quite well", component.Retry, condition.doubtful},
	{stateHealthy, "healthy", component.Good, is(healthy)},
	{statePaused, "paused", component.Held, func(c condition) bool { return c == stopped || c == pausedBySomebody }},
	{stateUnused, "not used yet", component.Wait, is(unused)},
}

// listedEndpoints is how many stand on a page.
const listedEndpoints = 30

func (w *Web) listEndpoints(c *gin.Context) error {
	project, caller := w.project(c), w.caller(c)
	list, err := w.standings(c.Request.Context(), caller, project.ID)
	if err != nil {
		return err
	}
	found := list.found(c.Query("q"))
	m := endpoints.ListModel{Action: under(project.ID, "endpoints"), Query: c.Query("q"), State: c.Query("state"), Topic: c.Query("topic")}
	if m.Topic != "" {
		if found, err = w.taking(c, found, m.Topic); err != nil {
			return err
		}
		m.Chosen = []component.Chip{{Label: "takes " + m.Topic, URL: firstPage(withQuery(c, "topic", "")), On: true}}
		m.ClearURL = m.Action
	}
	chosen := listStates[0].holds
	for _, s := range listStates {
		n := found.counted(s.holds)
		if s.name == m.State {
			chosen = s.holds
		} else if n == 0 && s.name != "" {
			continue
		}
		m.States = append(m.States, component.Chip{Label: s.label, Tone: s.tone, Count: count(int64(n)), On: s.name == m.State, URL: firstPage(withQuery(c, "state", s.name))})
	}
	if len(list) == 0 {
		m.States = nil
	}
	page := found.narrowed(chosen).page(c, &m.Pager)
	if m.Rows, err = w.endpointRows(c, page); err != nil {
		return err
	}
	if caller.May(account.ChangeEndpoint, project.ID) == nil {
		m.NewURL = under(project.ID, "endpoints", "new")
	}
	m.Empty = emptyEndpoints(project, len(list) > 0, m.NewURL != "")
	if m.Shell, err = w.shell(c, atEndpoints, "Endpoints", component.Link{Label: "Endpoints"}); err != nil {
		return err
	}
	return w.render(c, http.StatusOK, endpoints.List(m))
}

// taking are those that take one of the topics that a pattern stands for.
func (w *Web) taking(c *gin.Context, list standings, pattern string) (standings, error) {
	topics, err := w.Manage.Topics(c.Request.Context(), w.caller(c))
	if err != nil {
		return nil, err
	}
	subscriptions, err := w.Manage.Subscriptions(c.Request.Context(), w.caller(c), w.project(c).ID)
	if err != nil {
		return nil, err
	}
	taking := map[webhook.EndpointID]bool{}
	for _, t := range topics {
		if !filter.Topic(pattern, t.Name) {
			continue
		}
		for _, taker := range takers(subscriptions, t.Name) {
			taking[taker.ID] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(one standing) bool { return !taking[one.ID] }), nil
}

func emptyEndpoints(project webhook.Project, any, may bool) component.EmptyModel {
	if any {
		return component.EmptyModel{
			Title: "No endpoint is like that", Text: "Others are: look at all of them.",
			Action: component.Link{Label: "All endpoints", URL: under(project.ID, "endpoints")},
		}
	}
	m := component.EmptyModel{Title: "No endpoint yet", Text: "An endpoint is a URL of yours that events are posted to: signed, and tried again until they arrive."}
	if may {
		m.Action = component.Link{Label: "Connect the first one", URL: under(project.ID, "start")}
	}
	return m
}

// firstPage drops the page from an address.
func firstPage(address string) string {
	path, query, _ := strings.Cut(address, "?")
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		if part != "" && !strings.HasPrefix(part, "page=") {
			kept = append(kept, part)
		}
	}
	if len(kept) == 0 {
		return path
	}
	return path + "?" + strings.Join(kept, "&")
}

// found are those whose name or URL contains the words, or whose id they are.
func (s standings) found(words string) standings {
	words = strings.ToLower(strings.TrimSpace(words))
	if words == "" {
		return s
	}
	var some standings
	for _, one := range s {
		if strings.Contains(strings.ToLower(one.Name), words) || strings.Contains(strings.ToLower(one.URL), words) || one.ID.String() == words {
			some = append(some, one)
		}
	}
	return some
}

func (s standings) narrowed(holds func(condition) bool) standings {
	var some standings
	for _, one := range s {
		if holds(one.condition) {
			some = append(some, one)
		}
	}
	return some
}

// page is the part that the address asks for, and where the others are.
func (s standings) page(c *gin.Context, pager *component.Pager) standings {
	n, err := strconv.Atoi(c.DefaultQuery("page", "1"))
	if last := max(1, (len(s)+listedEndpoints-1)/listedEndpoints); err != nil || n < 1 {
		n = 1
	} else {
		n = min(n, last)
	}
	from, to := (n-1)*listedEndpoints, min(n*listedEndpoints, len(s))
	if len(s) > listedEndpoints {
		pager.Text = fmt.Sprintf("%s–%s of %s, trouble first", count(int64(from+1)), count(int64(to)), count(int64(len(s))))
		pager.FirstLabel, pager.NextLabel = "First page", "Next page"
	}
	if n > 1 {
		pager.FirstURL = withQuery(c, "page", "")
	}
	if to < len(s) {
		pager.NextURL = withQuery(c, "page", strconv.Itoa(n+1))
	}
	return s[from:to]
}

// endpointRows adds to a page of standings what only its rows show.
func (w *Web) endpointRows(c *gin.Context, page standings) ([]endpoints.Row, error) {
	ctx, caller, project, now := c.Request.Context(), w.caller(c), w.project(c).ID, w.Now()
	if len(page) == 0 {
		return nil, nil
	}
	ids := page.ids()
	var whole webhook.Page[webhook.Endpoint]
	var stats map[webhook.EndpointID][]webhook.StatsBucket
	var waiting map[webhook.EndpointID]webhook.Backlog
	err := manage.Together(ctx, func(ctx context.Context) (err error) {
		stats, err = w.Manage.StatsByEndpoint(ctx, caller, webhook.StatsFilter{ProjectID: project, Since: now.Add(-trendSpan), Until: now, Step: time.Hour}, ids)
		return err
	}, func(ctx context.Context) (err error) {
		if whole, err = w.Manage.Endpoints(ctx, caller, manage.EndpointFilter{ProjectID: project, IDs: ids, Limit: listedEndpoints}); err == nil {
			waiting, err = w.Manage.Backlogs(ctx, caller, project, ids)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	settings := map[webhook.EndpointID]webhook.Endpoint{}
	for _, e := range whole.Items {
		settings[e.ID] = e
	}
	var rows []endpoints.Row
	for _, one := range page {
		if e, ok := settings[one.ID]; ok { // it may have been deleted meanwhile
			rows = append(rows, presentEndpoint(e, stats[e.ID], waiting[e.ID], one.hour, now))
		}
	}
	return rows, nil
}

// shownTopics is how many topics a list's row names.
const shownTopics = 3

func presentEndpoint(e webhook.Endpoint, buckets []webhook.StatsBucket, waits webhook.Backlog, last hour, now time.Time) endpoints.Row {
	row := endpoints.Row{
		URL: pathEndpoint(e), Name: e.Name, Target: e.URL, Topics: e.Topics, Format: string(e.Format), Last: moment(lastAttempt(e), now),
	}
	row.Mark, row.Note = endpointMark(e, last)
	if len(e.Topics) > shownTopics {
		row.Topics, row.MoreTopics = e.Topics[:shownTopics], fmt.Sprintf("+%d", len(e.Topics)-shownTopics)
	}
	var delivered, failed int64
	for _, b := range buckets {
		delivered += b.Delivered
		failed += b.Failed
	}
	row.SuccessRate, row.P95 = percent(delivered, delivered+failed), latencyWords(latencyOf(buckets), 0.95)
	row.Trend = volumeChart(buckets, time.Hour).Bars
	row.Trending = fmt.Sprintf("In the last 24 hours %s delivered, %s failed", count(delivered), count(failed))
	if waits.Waiting > 0 {
		row.Waiting = boundedCount(waits.Waiting)
	}
	return row
}

// boundedCount prints a backlog, which is counted up to a bound.
func boundedCount(n int64) string {
	if n >= manage.MaxBacklog {
		return count(manage.MaxBacklog) + "+"
	}
	return count(n)
}

func lastAttempt(e webhook.Endpoint) time.Time {
	if e.LastFailureAt.After(e.LastSuccessAt) {
		return e.LastFailureAt
	}
	return e.LastSuccessAt
}
