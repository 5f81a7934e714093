package web

import (
	"net/http"
	"strings"

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
	page, err := w.Manage.Projects(c.Request.Context(), caller, manage.ProjectFilter{Query: query, Cursor: c.Query("cursor")})
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
	for _, p := range page.Items {
		m.Rows = append(m.Rows, w.presentProject(caller, p))
	}
	return m, nil
}

func (w *Web) presentProject(caller account.Caller, p webhook.Project) settings.ProjectRow {
	row := settings.ProjectRow{
		URL: under(p.ID), Name: p.Name, ExternalID: p.ExternalID, Role: "staff",
		Mark: component.Mark{Tone: component.Good, Text: "active"}, Created: moment(p.CreatedAt, w.Now()),
	}
	if role := caller.Projects[p.ID]; role != "" {
		row.Role = string(role)
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
