package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// who says which visitors a route is for. What they may do there is decided
// again by account.Caller.May inside the use-case.
type who string

const (
	anyone   who = "anyone"
	signedIn who = "signed in"
	// enrolling is signed in, too; those who have to turn their second factor on
	// before anything else get no further.
	enrolling who = "signed in, if only to enrol"
	// member sees the project named in the path: its members and staff.
	member who = "sees the project"
	admin  who = "admin"
)

// Names of values in gin's context.
const (
	ctxSession = "web.session" // true once it is loaded
	ctxCaller  = "web.caller"
	ctxProject = "web.project"
	ctxProblem = "web.problem" // true while a problem is shown in place of a page
	ctxFlashed = "web.flashed" // true once a page was given the kept flashes
)

// admit finds out who asks and sends away who may not be here.
func (w *Web) admit(c *gin.Context, who who) error {
	caller, err := w.sessionCaller(c)
	if err != nil {
		return err
	}
	mustEnrol := w.Manage.MustEnrol(caller)
	if who == anyone && mustEnrol {
		caller = account.Caller{}
	}
	c.Set(ctxCaller, caller)
	switch {
	case who == anyone:
		return nil
	case caller.User == nil:
		return w.sendToDoor(c)
	case mustEnrol && who != enrolling:
		return w.sendTo(c, pathFactor)
	case who == admin && caller.User.Role != account.Admin:
		return webhook.NotFound("nothing is at this address")
	case who == member:
		return w.openProject(c, caller)
	}
	return nil
}

// sendToDoor asks a visitor to sign in and to come back: to the page itself if
// it was a part of one that was asked for.
func (w *Web) sendToDoor(c *gin.Context) error {
	next := "/"
	if c.Request.Method == http.MethodGet {
		next = c.Request.URL.RequestURI()
	}
	if at, err := url.Parse(c.GetHeader("HX-Current-URL")); wantsPart(c) && err == nil {
		next = localPath(at.RequestURI())
	}
	return w.sendTo(c, pathSignIn+"?next="+url.QueryEscape(next))
}

// sendTo sends a visitor elsewhere before anything is done for them. A part that
// is only read takes the whole page along: the other page does not fit into its
// place. One that shows what is being typed stays away, and the form stays.
func (w *Web) sendTo(c *gin.Context, path string) error {
	c.Abort()
	if !wantsPart(c) {
		return w.redirect(c, path)
	}
	if c.Request.Method == http.MethodGet {
		c.Header("HX-Redirect", path)
	}
	if err := w.saveSession(c); err != nil {
		return err
	}
	c.Status(http.StatusUnauthorized)
	c.Writer.WriteHeaderNow()
	return nil
}

// pathID is the id that a part of the path names: of a project, an endpoint.
func pathID(c *gin.Context, thing string) (webhook.UUID, error) {
	id, err := webhook.ParseUUID(c.Param(thing))
	if err != nil {
		return webhook.UUID{}, webhook.NotFound("there is no such %s", thing)
	}
	return id, nil
}

func (w *Web) openProject(c *gin.Context, caller account.Caller) error {
	id, err := pathID(c, "project")
	if err != nil {
		return err
	}
	project, err := w.Manage.Project(c.Request.Context(), caller, webhook.ProjectID{UUID: id})
	if err != nil {
		return err
	}
	c.Set(ctxProject, project)
	return nil
}

// caller is who asks; the zero Caller on routes for anyone.
func (w *Web) caller(c *gin.Context) account.Caller {
	caller, _ := c.MustGet(ctxCaller).(account.Caller)
	return caller
}

// project is the one in the path, on routes for those who see it.
func (w *Web) project(c *gin.Context) webhook.Project {
	project, _ := c.MustGet(ctxProject).(webhook.Project)
	return project
}

// meet finds out who sees a problem that no route of ours came across: a wrong
// address, a form of another site. Whoever can't be recognised is a stranger.
func (w *Web) meet(c *gin.Context) {
	if _, met := c.Get(ctxCaller); met || !c.GetBool(ctxSession) && w.loadSession(c) != nil {
		return
	}
	if caller, err := w.sessionCaller(c); err == nil && !w.Manage.MustEnrol(caller) {
		c.Set(ctxCaller, caller)
	}
}

// IsAdmin answers for routes beside the dashboard, such as the metrics.
func (w *Web) IsAdmin(c *gin.Context) bool {
	if w.loadSession(c) != nil {
		return false
	}
	caller, err := w.sessionCaller(c)
	return err == nil && caller.User != nil && caller.User.Role == account.Admin && !w.Manage.MustEnrol(caller)
}

// localPath keeps a "next" address only if it stays on this site.
func localPath(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") ||
		strings.ContainsAny(raw, "\\\r\n\t") {
		return "/"
	}
	return u.RequestURI()
}
