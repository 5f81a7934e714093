package web

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/static"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/layout"
	"github.com/bellwire/bellwire/views/session"
)

func (w *Web) showSignIn(c *gin.Context) error {
	if w.caller(c).User != nil {
		return w.redirect(c, localPath(c.Query("next")))
	}
	return w.render(c, http.StatusOK, session.SignIn(w.signInModel(c, c.Query("next"), "", "")))
}

func (w *Web) signInModel(c *gin.Context, next, email, problem string) session.SignInModel {
	m := session.SignInModel{
		Shell: w.auth(c, "Sign in"), Action: pathSignIn, Email: email, Error: problem, Next: localPath(next),
	}
	if ready, err := w.Manage.IsSetUp(c.Request.Context()); err == nil && !ready {
		m.NotSetUp = true
	}
	if w.Provider != nil {
		m.Provider = component.Link{Label: w.Provider.Name(), URL: pathProvider + "?next=" + url.QueryEscape(m.Next)}
	}
	if w.DemoLinks != nil {
		for _, link := range w.DemoLinks(c.Request.Context()) {
			m.Demo = append(m.Demo, component.Link{Label: link.Label, URL: link.URL})
		}
	}
	return m
}

func (w *Web) doSignIn(c *gin.Context) error {
	email := c.PostForm("email")
	in, err := w.Manage.Authenticate(c.Request.Context(), email, c.PostForm("password"), c.ClientIP())
	switch webhook.KindOf(err) {
	case webhook.KindUnauthorized, webhook.KindLimited:
		return w.render(c, http.StatusUnprocessableEntity, session.SignIn(w.signInModel(c, c.PostForm("next"), email, err.Error())))
	}
	if err != nil {
		return err
	}
	next := localPath(c.PostForm("next"))
	if in.CodeNeeded() {
		return w.askCode(c, in.Ticket, next)
	}
	return w.welcome(c, in, next)
}

// welcome begins the session of somebody who has given all that is asked, and
// tells them of what they should know.
func (w *Web) welcome(c *gin.Context, in manage.Entrance, next string) error {
	if err := w.signIn(c, in.User, true); err != nil {
		return err
	}
	if in.Failed.Count > 0 {
		w.flash(c, component.Flash{
			Tone: component.Retry,
			Text: plural(int64(in.Failed.Count), "sign-in has", "sign-ins have") + " failed since your last one, the latest " +
				relative(in.Failed.At, w.Now()) + " from " + in.Failed.Addr + ". If that was not you, change your password.",
			Link: component.Link{Label: "Your profile", URL: pathProfile},
		})
	}
	if in.RecoveryLeft >= 0 {
		w.flash(c, component.Flash{
			Tone: component.Retry, Text: "You used a recovery code; " + count(int64(in.RecoveryLeft)) + " of them are left.",
			Link: component.Link{Label: "Make new ones", URL: pathProfile + "#factor-title"},
		})
	}
	return w.redirect(c, next)
}

func (w *Web) doSignOut(c *gin.Context) error {
	if err := w.sessions.Destroy(c.Request.Context()); err != nil {
		return err
	}
	return w.redirect(c, pathSignIn)
}

func (w *Web) showSetup(c *gin.Context) error {
	return w.render(c, http.StatusOK, session.Setup(w.setupModel(c, c.Query("token"), nil)))
}

func (w *Web) setupModel(c *gin.Context, token string, wrong map[string]string) session.SetupModel {
	m := session.SetupModel{
		Shell: w.auth(c, "Set up Bellwire"), Action: pathSetup, Token: token,
		Email:    component.Input{Value: c.PostForm("email"), Error: wrong["email"]},
		Password: component.Input{Error: wrong["password"]},
	}
	if _, err := w.Manage.Link(c.Request.Context(), account.LinkSetup, token); err != nil {
		m.Problem = err.Error()
	}
	return m
}

func (w *Web) doSetup(c *gin.Context) error {
	token := c.PostForm("token")
	admin, err := w.Manage.CompleteSetup(c.Request.Context(), token, c.PostForm("email"), c.PostForm("password"), c.ClientIP())
	if wrong, ok := mistakes(err); ok {
		return w.render(c, http.StatusUnprocessableEntity, session.Setup(w.setupModel(c, token, wrong)))
	}
	if err != nil {
		return err
	}
	if err := w.signIn(c, admin, true); err != nil {
		return err
	}
	w.done(c, "Bellwire is yours: you are its administrator.")
	return w.redirect(c, pathProjects)
}

func (w *Web) showLink(c *gin.Context) error {
	token := c.Query("token")
	m := session.LinkModel{Shell: w.auth(c, "Sign in by link"), Action: pathLink, Token: token, SignInURL: pathSignIn}
	link, err := w.Manage.Link(c.Request.Context(), account.LinkSignIn, token)
	if err != nil {
		m.Problem = err.Error()
		return w.render(c, http.StatusNotFound, session.Link(m))
	}
	m.Email, m.Role = link.Email, string(link.Role)
	project, err := w.Manage.Project(c.Request.Context(), account.ForSystem("sign-in link"), link.ProjectID)
	if err != nil {
		return err
	}
	m.Project = project.Name
	return w.render(c, http.StatusOK, session.Link(m))
}

func (w *Web) useLink(c *gin.Context) error {
	user, project, err := w.Manage.UseSignInLink(c.Request.Context(), c.PostForm("token"), c.ClientIP())
	if webhook.KindOf(err) == webhook.KindNotFound {
		return w.render(c, http.StatusNotFound, session.Link(session.LinkModel{
			Shell: w.auth(c, "Sign in by link"), Action: pathLink, SignInURL: pathSignIn, Problem: err.Error(),
		}))
	}
	if err != nil {
		return err
	}
	// Somebody without a password proves themselves by a fresh link.
	if err := w.signIn(c, user, user.PasswordHash == ""); err != nil {
		return err
	}
	if user.LastSeenAt.IsZero() && user.PasswordHash == "" {
		w.flash(c, component.Flash{
			Tone: component.Good, Text: "Welcome. This link was good once; with a password you can come back without one.",
			Link: component.Link{Label: "Set a password", URL: pathProfile + "#password-title"},
		})
	}
	return w.redirect(c, under(project))
}

// askPassword shows the step-up page in place of a refusal that the password
// would lift; afterwards the visitor is back where the form stood.
func (w *Web) askPassword(c *gin.Context, refusal error) error {
	back := "/"
	if c.Request.Method == http.MethodGet {
		back = c.Request.URL.RequestURI()
	} else if from, err := url.Parse(c.GetHeader("Referer")); err == nil && from.Host == c.Request.Host {
		back = from.RequestURI()
	}
	c.Abort()
	return w.render(c, http.StatusForbidden, session.StepUp(w.stepUpModel(c, refusal.Error(), back)))
}

func (w *Web) stepUpModel(c *gin.Context, purpose, next string) session.StepUpModel {
	user := w.caller(c).User
	if purpose == "" {
		purpose = "go on"
	}
	m := session.StepUpModel{
		Shell: w.auth(c, "Your password again"), Action: pathStepUp, Email: user.Email, Purpose: purposeOf(purpose),
		Next: localPath(next), CancelURL: localPath(next), NoPassword: user.PasswordHash == "", NeedsCode: !user.SecondFactorAt.IsZero(),
	}
	if w.Provider != nil {
		m.Provider = component.Link{Label: w.Provider.Name(), URL: pathProve + "?next=" + url.QueryEscape(m.Next)}
	}
	return m
}

func (w *Web) doStepUp(c *gin.Context) error {
	next := localPath(c.PostForm("next"))
	err := w.Manage.StepUp(c.Request.Context(), w.caller(c), c.PostForm("password"), c.PostForm("code"))
	switch webhook.KindOf(err) {
	case webhook.KindInvalid, webhook.KindLimited:
		m := w.stepUpModel(c, c.PostForm("purpose"), next)
		if wrong, ok := mistakes(err); ok {
			m.Error, m.CodeError = wrong["password"], wrong["code"]
		} else {
			m.Error = err.Error()
		}
		return w.render(c, http.StatusUnprocessableEntity, session.StepUp(m))
	}
	if err != nil {
		return err
	}
	return w.steppedUp(c, next)
}

// steppedUp leads on, for ten minutes.
func (w *Web) steppedUp(c *gin.Context, next string) error {
	if err := w.stepUp(c); err != nil {
		return err
	}
	words := "Thank you. You can go on for ten minutes."
	if w.sessions.Exists(c.Request.Context(), keyDraft) {
		words += " What you typed is still in the form."
	}
	w.done(c, words)
	return w.redirect(c, next)
}

// setTheme keeps the choice in a cookie of its own, which outlives sessions.
func (w *Web) setTheme(c *gin.Context) error {
	theme := c.PostForm("theme")
	if theme != "light" && theme != "dark" {
		theme = ""
	}
	http.SetCookie(c.Writer, &http.Cookie{Name: "theme", Value: theme, Path: "/", MaxAge: 365 * 24 * 3600, SameSite: http.SameSiteLaxMode,
		HttpOnly: true, Secure: w.sessions.Cookie.Secure})
	return w.redirect(c, localPath(c.PostForm("back")))
}

// showIcon answers those who ask for an icon without having read a page.
func (w *Web) showIcon(c *gin.Context) error {
	return w.redirect(c, static.Path("img/favicon.svg"))
}

func themeOf(c *gin.Context) string {
	if theme, err := c.Cookie("theme"); err == nil && (theme == "light" || theme == "dark") {
		return theme
	}
	return ""
}

func (w *Web) auth(c *gin.Context, title string) layout.AuthModel {
	m := layout.AuthModel{Title: title, Theme: themeOf(c), Flashes: w.flashes(c)}
	if w.BaseURL != nil && w.BaseURL.Scheme == "http" && w.Environment == "" {
		m.Notice = "This installation is reached over plain http: passwords can be read on the way. Set BELLWIRE_BASE_URL to an https address."
	}
	return m
}
