package web

import (
	"strings"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
	"github.com/bellwire/bellwire/views/problem"
)

// place is where in the rail a page stands.
type place string

const (
	atOverview   place = "Overview"
	atEndpoints  place = "Endpoints"
	atDeliveries place = "Deliveries"
	atEvents     place = "Events"
	atTopics     place = "Topics"
	atProducts   place = "Products"
	atPrompts    place = "Prompts"
	atKeys       place = "API keys"
	atMembers    place = "Members"
	atSlackPage  place = "Slack"
	atAudit      place = "Audit"
	atProjects   place = "Projects"
	atProfile    place = "Profile"
	atSystem     place = "System"
)

// switchable is how many projects the switcher lists.
const switchable = 8

// shell is everything around a page of the current project; crumbs follow the
// project's name.
func (w *Web) shell(c *gin.Context, at place, title string, crumbs ...component.Link) (layout.AppModel, error) {
	caller := w.caller(c)
	project, inProject := c.Get(ctxProject)
	current, _ := project.(webhook.Project)
	m := layout.AppModel{
		Title: title, Theme: themeOf(c), ThemeURL: pathTheme, Path: c.Request.URL.RequestURI(), Flashes: w.flashes(c),
		Environment: w.Environment, EnvironmentNote: w.EnvironmentNote, AllProjectsURL: pathProjects,
		User: layout.User{
			Name: caller.Actor.Name, Email: caller.User.Email, Role: roleIn(caller, current.ID),
			ProfileURL: pathProfile, SignOutURL: pathSignOut,
		},
		Wide: at == atDeliveries || at == atEvents,
	}
	projects, err := w.Manage.Projects(c.Request.Context(), caller, manage.ProjectFilter{Limit: switchable})
	if err != nil {
		return m, err
	}
	for _, p := range projects.Items {
		m.Projects = append(m.Projects, component.Chip{Label: p.Name, URL: under(p.ID), On: p.ID == current.ID})
	}
	if inProject {
		inside(&m, current, at)
		if err := w.alarm(c, &m, current.ID); err != nil {
			return m, err
		}
		if caller.May(account.ViewAudit, current.ID) == nil {
			settings := &m.Rail[len(m.Rail)-1]
			settings.Items = append(settings.Items, layout.RailItem{
				Label: string(atAudit), Icon: component.IconAudit, URL: under(current.ID, "audit"), Current: at == atAudit,
			})
		}
		crumbs = append([]component.Link{{Label: current.Name, URL: under(current.ID)}}, crumbs...)
	} else {
		m.Rail = []layout.RailGroup{{Items: []layout.RailItem{
			{Label: string(atProjects), Icon: component.IconProjects, URL: pathProjects, Current: at == atProjects},
		}}}
	}
	if caller.May(account.ViewSystem, webhook.ProjectID{}) == nil {
		m.Rail = append(m.Rail, layout.RailGroup{Title: "Instance", Items: []layout.RailItem{
			{Label: string(atSystem), Icon: component.IconAdmin, URL: pathSystem, Current: at == atSystem},
		}})
	}
	m.Crumbs = crumbs
	return m, nil
}

// inside adds what only a project's pages have.
func inside(m *layout.AppModel, p webhook.Project, at place) {
	item := func(label place, icon component.Icon, parts ...string) layout.RailItem {
		return layout.RailItem{Label: string(label), Icon: icon, URL: under(p.ID, parts...), Current: at == label}
	}
	m.Project = component.Link{Label: p.Name, URL: under(p.ID)}
	m.SearchURL = under(p.ID, "search")
	m.Rail = []layout.RailGroup{
		{Items: []layout.RailItem{
			item(atOverview, component.IconOverview),
			item(atEndpoints, component.IconEndpoint, "endpoints"),
			item(atDeliveries, component.IconDelivery, "deliveries"),
			item(atEvents, component.IconEvent, "events"),
			item(atTopics, component.IconTopic, "topics"),
			item(atProducts, component.IconProduct, "products"),
			item(atPrompts, component.IconPrompt, "prompts"),
		}},
		{Title: "Settings", Items: []layout.RailItem{
			item(atKeys, component.IconKey, "keys"),
			item(atMembers, component.IconMembers, "members"),
			item(atSlackPage, component.IconSlack, "slack"),
		}},
	}
	m.Keys = layout.Keys{
		Overview: under(p.ID), Endpoints: under(p.ID, "endpoints"), Deliveries: under(p.ID, "deliveries"),
		Events: under(p.ID, "events"), Topics: under(p.ID, "topics"),
	}
}

// alarm puts into the frame how many endpoints need somebody.
func (w *Web) alarm(c *gin.Context, m *layout.AppModel, project webhook.ProjectID) error {
	n, err := w.troubled(c.Request.Context(), w.caller(c), project)
	if err != nil || n == 0 {
		return err
	}
	m.Trouble = true
	for i, item := range m.Rail[0].Items {
		if item.Label == string(atEndpoints) {
			m.Rail[0].Items[i].Count, m.Rail[0].Items[i].Tone = count(int64(n)), component.Bad
		}
	}
	return nil
}

func roleIn(caller account.Caller, project webhook.ProjectID) string {
	if role := caller.Projects[project]; role != "" {
		return string(role)
	}
	return string(caller.User.Role)
}

// purposeOf turns "give your password again to reveal …" into what follows
// "Give your password to".
func purposeOf(refusal string) string {
	_, purpose, found := strings.Cut(refusal, "give your password again to ")
	if !found {
		return refusal
	}
	purpose, _, _ = strings.Cut(purpose, ";")
	return purpose
}

// problemPage says in words what happened and leads on.
func (w *Web) problemPage(c *gin.Context, err error) templ.Component {
	m := problem.PageModel{Status: statusText(err), RequestID: c.Writer.Header().Get("X-Request-Id")}
	m.Title, m.Text = problemWords(err)
	if w.signedIn(c) {
		if shell, failed := w.shell(c, "", m.Title); failed == nil {
			m.App = &shell
			m.Ways = []component.Link{{Label: "Go to your projects", URL: pathProjects}}
			if shell.Project.URL != "" {
				m.Ways = append([]component.Link{{Label: "Back to " + shell.Project.Label, URL: shell.Project.URL}}, m.Ways...)
			}
			return problem.Page(m)
		}
	}
	m.Auth = layout.AuthModel{Title: m.Title, Theme: themeOf(c)}
	m.Ways = []component.Link{{Label: "Sign in", URL: pathSignIn}}
	return problem.Page(m)
}
