package web

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/settings"
)

// profilePages are about the person who is signed in.
func (w *Web) profilePages() []line {
	return []line{
		{get, pathProfile, signedIn, w.showProfile},
		{post, pathProfile + "/name", signedIn, w.rename},
		{post, pathProfile + "/password", signedIn, w.changePassword},
		{post, pathProfile + "/sessions/end-others", signedIn, w.endOtherSessions},
		{post, pathProfile + "/sessions/:session/end", signedIn, w.endSession},
	}
}

func (w *Web) showProfile(c *gin.Context) error { return w.profile(c, http.StatusOK, nil) }

// oddFields are the profile's fields whose ids are no words.
var oddFields = map[string]string{"current": "current password", "current-code": "code", "off-password": "password", "off-code": "code"}

// profile shows the page; wrong has the fields' ids.
func (w *Web) profile(c *gin.Context, status int, wrong map[string]string) error {
	shell, err := w.shell(c, atProfile, "Your profile", component.Link{Label: "Your profile"})
	if err != nil {
		return err
	}
	maps.DeleteFunc(wrong, func(_, text string) bool { return text == "" })
	caller := w.caller(c)
	m := settings.ProfileModel{
		Shell: shell, Email: caller.User.Email, Role: instanceRole(caller.User.Role), HasPassword: caller.User.PasswordHash != "",
		NameURL: pathProfile + "/name", PasswordURL: pathProfile + "/password", Mistakes: listed(wrong),
		Name:    component.Input{Value: c.DefaultPostForm("name", caller.User.Name), Error: wrong["name"]},
		Current: component.Input{Error: wrong["current"]}, Code: component.Input{Error: wrong["current-code"]}, Password: component.Input{Error: wrong["password"]},
		Stale: caller.User.PasswordHash == "" && !caller.SteppedUp, ThemeURL: pathTheme, Theme: themeOf(c),
	}
	for i, mistake := range m.Mistakes {
		if name, odd := oddFields[mistake.Field]; odd {
			m.Mistakes[i].Text = name + " " + wrong[mistake.Field]
		}
	}
	if m.Factor, err = w.presentFactor(c, wrong); err != nil {
		return err
	}
	if err := w.presentSessions(c, &m); err != nil {
		return err
	}
	return w.render(c, status, settings.Profile(m))
}

func instanceRole(role account.Role) string {
	switch role {
	case account.Admin:
		return "admin of this installation"
	case account.Support:
		return "support of this installation"
	}
	return "member"
}

// lowCodes is when new recovery codes are asked for.
const lowCodes = 3

func (w *Web) presentFactor(c *gin.Context, wrong map[string]string) (settings.FactorModel, error) {
	caller := w.caller(c)
	f, err := w.Manage.SecondFactor(c.Request.Context(), caller)
	if err != nil {
		return settings.FactorModel{}, err
	}
	m := settings.FactorModel{
		On: f.On(), Since: moment(f.Since, w.Now()), Left: f.RecoveryLeft, Low: f.RecoveryLeft <= lowCodes, RenewURL: pathFactor + "/codes",
		Mark:     component.Mark{Tone: component.Quiet, Text: "off"},
		Password: component.Input{Error: wrong["off-password"]}, Code: component.Input{Error: wrong["off-code"]},
		Open: wrong["off-password"] != "" || wrong["off-code"] != "",
	}
	if f.On() {
		m.Mark = component.Mark{Tone: component.Good, Text: "on"}
	}
	if caller.User.PasswordHash != "" {
		m.BeginURL = pathFactor
	}
	if !w.Manage.Demanded(*caller.User) {
		m.OffURL = pathFactor + "/off"
	}
	return m, nil
}

func (w *Web) presentSessions(c *gin.Context, m *settings.ProfileModel) error {
	sessions, err := w.Sessions.SessionsOf(c.Request.Context(), w.caller(c).User.ID)
	if err != nil {
		return err
	}
	here := w.token(c)
	for _, s := range sessions {
		if w.Now().Sub(s.LastSeenAt) > idleLife {
			continue // worth nothing; it ends for good when it comes again
		}
		row := settings.SessionRow{
			Device: device(s.Agent), Addr: s.Addr, Started: moment(s.CreatedAt, w.Now()), Seen: moment(s.LastSeenAt, w.Now()), Current: s.Token == here,
		}
		if !row.Current {
			row.EndURL = pathProfile + "/sessions/" + sessionID(s) + "/end"
		}
		m.Sessions = append(m.Sessions, row)
	}
	if len(m.Sessions) > 1 {
		m.EndOthers = component.ConfirmModel{
			ID: "end-others", Label: "Sign out everywhere else", Title: "Sign out everywhere else?",
			Consequence: plural(int64(len(m.Sessions)-1), "other browser is", "other browsers are") + " signed out at once.",
			URL:         pathProfile + "/sessions/end-others", Submit: "Sign out",
		}
	}
	return nil
}

// token is the hashed token of the session that asks.
func (w *Web) token(c *gin.Context) string { return hashToken(w.sessions.Token(c.Request.Context())) }

// sessionID names a session on the page: what stands in the store stays there.
func sessionID(s account.Session) string {
	sum := sha256.Sum256([]byte(s.Token))
	return hex.EncodeToString(sum[:8])
}

func (w *Web) rename(c *gin.Context) error {
	err := w.Manage.Rename(c.Request.Context(), w.caller(c), c.PostForm("name"))
	if wrong, ok := mistakes(err); ok {
		return w.profile(c, http.StatusUnprocessableEntity, wrong)
	}
	if err != nil {
		return err
	}
	w.done(c, "Your name is saved.")
	return w.redirect(c, pathProfile)
}

func (w *Web) changePassword(c *gin.Context) error {
	user, err := w.Manage.ChangePassword(c.Request.Context(), w.caller(c), c.PostForm("current"), c.PostForm("code"), c.PostForm("password"))
	if wrong, ok := mistakes(err); ok {
		wrong["current-code"] = wrong["code"]
		delete(wrong, "code")
		return w.profile(c, http.StatusUnprocessableEntity, wrong)
	}
	if err != nil {
		return err
	}
	// Whoever knew the old password is signed out, also where they know this
	// browser's token.
	if err := w.proveAgain(c, user); err != nil {
		return err
	}
	w.done(c, "Your password is changed. Other browsers are signed out.")
	return w.redirect(c, pathProfile)
}

func (w *Web) endSession(c *gin.Context) error {
	user := w.caller(c).User.ID
	sessions, err := w.Sessions.SessionsOf(c.Request.Context(), user)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if sessionID(s) != c.Param("session") {
			continue
		}
		if err := w.Sessions.EndSession(c.Request.Context(), user, s.Token); err != nil {
			return err
		}
		w.done(c, device(s.Agent)+" is signed out.")
		return w.redirect(c, pathProfile)
	}
	return webhook.NotFound("there is no such session; it may have ended by itself")
}

func (w *Web) endOtherSessions(c *gin.Context) error {
	if err := w.Sessions.EndSessions(c.Request.Context(), w.caller(c).User.ID, w.token(c)); err != nil {
		return err
	}
	w.done(c, "Other browsers are signed out.")
	return w.redirect(c, pathProfile)
}

// device names a browser and system from what it says of itself.
func device(agent string) string {
	pick := func(names ...string) string {
		for _, name := range names {
			if word, shown, found := strings.Cut(name, "="); strings.Contains(agent, word) {
				if found {
					return shown
				}
				return word
			}
		}
		return ""
	}
	browser := pick("Firefox", "Edg=Edge", "OPR=Opera", "Chrome", "Safari", "curl")
	system := pick("Android", "iPhone", "iPad", "Windows", "Mac OS X=macOS", "CrOS=ChromeOS", "Linux")
	switch {
	case browser == "" && system == "":
		return "Unknown browser"
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + " on " + system
}
