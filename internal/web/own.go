package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/settings"
)

// ownPages belong to the person and not to a project.
func (w *Web) ownPages() []line {
	return []line{
		{get, "/", signedIn, w.home},
		{get, pathProjects, signedIn, w.listProjects},
		{post, pathProjects, signedIn, w.createProject},
	}
}

// home opens the only project of somebody who has one, else the list.
func (w *Web) home(c *gin.Context) error {
	projects, err := w.Manage.Projects(c.Request.Context(), w.caller(c), manage.ProjectFilter{Limit: 2})
	if err != nil {
		return err
	}
	if len(projects.Items) == 1 {
		return w.redirect(c, under(projects.Items[0].ID))
	}
	return w.redirect(c, pathProjects)
}

func (w *Web) listProjects(c *gin.Context) error {
	m, err := w.projectsModel(c, nil)
	if err != nil {
		return err
	}
	return w.render(c, http.StatusOK, settings.Projects(m))
}

func (w *Web) projectsModel(c *gin.Context, wrong map[string]string) (settings.ProjectsModel, error) {
	shell, err := w.shell(c, atProjects, "Projects")
	if err != nil {
		return settings.ProjectsModel{}, err
	}
	caller, query := w.caller(c), c.Query("q")
	page, err := w.Manage.Projects(c.Request.Context(), caller, manage.ProjectFilter{Query: query, Cursor: c.Query("cursor"), Limit: manage.MaxLimit})
	if err != nil {
		return settings.ProjectsModel{}, err
	}
	m := settings.ProjectsModel{
		Shell: shell, Action: pathProjects, Query: query, Mistakes: listed(wrong),
		Name:       component.Input{Value: c.PostForm("name"), Error: wrong["name"]},
		ExternalID: component.Input{Value: c.PostForm("externalId"), Error: wrong["externalId"]},
		Pager:      pager(c, page.Next, ""),
		Empty:      component.EmptyModel{Title: "No project yet", Text: "A project holds the endpoints, events and people of one customer, team or product. Ask an owner of one to invite you."},
	}
	if caller.May(account.CreateProject, webhook.ProjectID{}) == nil {
		m.CreateURL = pathProjects
		m.Empty.Text = "A project holds the endpoints, events and people of one customer, team or product. You can make others at any time."
	}
	if query != "" {
		m.Empty = component.EmptyModel{Title: "No project is like that", Text: "None of yours has a name or external id with these words.", Action: component.Link{Label: "All projects", URL: pathProjects}}
	}
	m.Rows, err = w.projectRows(c, page.Items)
	return m, err
}

// projectRows are the projects of a page, those first whose endpoints need
// somebody.
func (w *Web) projectRows(c *gin.Context, projects []webhook.Project) ([]settings.ProjectRow, error) {
	caller, ids := w.caller(c), make([]webhook.ProjectID, len(projects))
	for i, p := range projects {
		ids[i] = p.ID
	}
	tallies, err := w.Manage.Tallies(c.Request.Context(), caller, ids, troubleFrom)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(projects, func(a, b webhook.Project) int { return cmp.Compare(needing(tallies[b.ID]), needing(tallies[a.ID])) })
	rows := make([]settings.ProjectRow, len(projects))
	for i, p := range projects {
		rows[i] = presentProject(caller, p, tallies[p.ID], w.Now())
	}
	return rows, nil
}

// needing is how many endpoints need somebody for sure: those that fail every
// time, and those that a rule stopped.
func needing(t webhook.Tally) int64 { return t.Failing + t.Stopped }

func presentProject(caller account.Caller, p webhook.Project, t webhook.Tally, now time.Time) settings.ProjectRow {
	row := settings.ProjectRow{
		URL: under(p.ID), Name: p.Name, ExternalID: p.ExternalID, Role: "staff", Endpoints: count(t.Endpoints), EndpointsURL: under(p.ID, "endpoints"),
		Mark: component.Mark{Tone: component.Good, Text: "active"}, Created: moment(p.CreatedAt, now),
	}
	if role := caller.Projects[p.ID]; role != "" {
		row.Role = string(role)
	}
	switch n := needing(t); {
	case n > 0:
		row.Trouble = component.Link{Label: plural(n, "endpoint needs you", "endpoints need you"), URL: row.EndpointsURL + "?state=" + stateTrouble}
	case t.Endpoints == 0:
		row.Mark = component.Mark{Tone: component.Wait, Text: "no endpoint yet"}
	}
	if p.Suspended() {
		row.Mark = component.Mark{Tone: component.Held, Text: "suspended"}
	}
	return row
}

func (w *Web) createProject(c *gin.Context) error {
	project, err := w.Manage.CreateProject(c.Request.Context(), w.caller(c), manage.NewProject{
		Name: c.PostForm("name"), ExternalID: strings.TrimSpace(c.PostForm("externalId")),
	})
	if wrong, ok := mistakes(err); ok {
		m, err := w.projectsModel(c, wrong)
		if err != nil {
			return err
		}
		return w.render(c, http.StatusUnprocessableEntity, settings.Projects(m))
	}
	if err != nil {
		return err
	}
	w.done(c, "Project "+project.Name+" is made.")
	return w.redirect(c, under(project.ID))
}
