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
		{get, pathProfile, signedIn, w.showProfile},
		{post, pathProfile + "/password", signedIn, w.changePassword},
		{post, pathProfile + "/sessions/end-others", signedIn, w.endOtherSessions},
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
		Empty:      component.EmptyModel{Title: "No project yet", Text: "A project is a tenant: its endpoints, events and people. Ask the platform to add you to one."},
	}
	if caller.May(account.CreateProject, webhook.ProjectID{}) == nil {
		m.CreateURL = pathProjects
		m.Empty.Text = "A project is a tenant: its endpoints, events and people. Make the first one here."
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

func (w *Web) showProfile(c *gin.Context) error { return w.profile(c, http.StatusOK, nil) }

func (w *Web) profile(c *gin.Context, status int, wrong map[string]string) error {
	shell, err := w.shell(c, atProfile, "Your profile")
	if err != nil {
		return err
	}
	user := w.caller(c).User
	m := settings.ProfileModel{
		Shell: shell, Email: user.Email, Role: string(user.Role), HasPassword: user.PasswordHash != "",
		PasswordURL: pathProfile + "/password", Mistakes: listed(wrong),
		// The use-case calls the present password "password" when it is wrong.
		Current:  component.Input{Error: wrong["password"]},
		Password: component.Input{Error: wrong["newPassword"]},
	}
	sessions, err := w.Sessions.SessionsOf(c.Request.Context(), user.ID)
	if err != nil {
		return err
	}
	here := hashToken(w.sessions.Token(c.Request.Context()))
	for _, s := range sessions {
		m.Sessions = append(m.Sessions, settings.SessionRow{
			Device: device(s.Agent), Addr: s.Addr, Started: moment(s.CreatedAt, w.Now()), Seen: moment(s.LastSeenAt, w.Now()),
			Current: s.Token == here,
		})
	}
	if len(sessions) > 1 {
		m.EndOthers = component.ConfirmModel{
			ID: "end-others", Label: "Sign out everywhere else", Title: "Sign out everywhere else?",
			Consequence: plural(int64(len(sessions)-1), "other browser is", "other browsers are") + " signed out at once.",
			URL:         pathProfile + "/sessions/end-others", Submit: "Sign out",
		}
	}
	return w.render(c, status, settings.Profile(m))
}

func (w *Web) changePassword(c *gin.Context) error {
	user := w.caller(c).User
	err := w.Manage.ChangePassword(c.Request.Context(), w.caller(c), c.PostForm("current"), c.PostForm("password"))
	if wrong, ok := mistakes(err); ok {
		return w.profile(c, http.StatusUnprocessableEntity, wrong)
	}
	if err != nil {
		return err
	}
	// Whoever knew the old password is signed out, also where they know this
	// browser's token.
	if err := w.stepUp(c); err != nil {
		return err
	}
	if err := w.Sessions.EndSessions(c.Request.Context(), user.ID, hashToken(w.sessions.Token(c.Request.Context()))); err != nil {
		return err
	}
	w.done(c, "Your password is changed. Other browsers are signed out.")
	return w.redirect(c, pathProfile)
}

func (w *Web) endOtherSessions(c *gin.Context) error {
	if err := w.Sessions.EndSessions(c.Request.Context(), w.caller(c).User.ID, hashToken(w.sessions.Token(c.Request.Context()))); err != nil {
		return err
	}
	w.done(c, "Other browsers are signed out.")
	return w.redirect(c, pathProfile)
}

// device names a browser and system from what it says of itself.
func device(agent string) string {
	pick := func(names ...string) string {
		for _, name := range names {
			if strings.Contains(agent, name) {
				return name
			}
		}
		return ""
	}
	browser := pick("Firefox", "Edg", "Chrome", "Safari", "curl")
	system := pick("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")
	switch {
	case browser == "" && system == "":
		return "unknown browser"
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + " on " + system
}
