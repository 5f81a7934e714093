package web

import (
	"encoding/gob"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/session"
)

// awayLife is how long somebody may stay at the identity provider.
const awayLife = 15 * time.Minute

// keyAway is the session's value while its person is at the provider.
const keyAway = "away"

// away is what a person left for the identity provider with.
type away struct {
	Challenge account.Challenge
	At        time.Time
	Next      string
	// Again says that somebody signed in proves themselves once more.
	Again bool
}

func init() { gob.Register(away{}) }

func (w *Web) toProvider(c *gin.Context) error {
	if w.caller(c).User != nil {
		return w.redirect(c, localPath(c.Query("next")))
	}
	return w.sendAway(c, false)
}

func (w *Web) toProveAgain(c *gin.Context) error { return w.sendAway(c, true) }

func (w *Web) sendAway(c *gin.Context, again bool) error {
	if w.Provider == nil {
		return webhook.NotFound("nothing is at this address")
	}
	to, challenge, err := w.Provider.Begin(c.Request.Context(), again)
	if err != nil {
		w.Log.WarnContext(c.Request.Context(), "the identity provider can't be used", "error", err)
		return w.notSignedIn(c, http.StatusServiceUnavailable, c.Query("next"), w.Provider.Name()+" can't be reached at the moment. Use your password, or try again in a minute.")
	}
	w.sessions.Put(c.Request.Context(), keyAway, away{challenge, w.Now(), localPath(c.Query("next")), again})
	return w.redirect(c, to)
}

// fromProvider is where the provider sends people back to.
func (w *Web) fromProvider(c *gin.Context) error {
	ctx := c.Request.Context()
	left, ok := w.sessions.Pop(ctx, keyAway).(away) // one answer for each time away
	if w.Provider == nil {
		return webhook.NotFound("nothing is at this address")
	}
	if !ok || w.Now().Sub(left.At) > awayLife {
		return w.notSignedIn(c, http.StatusUnprocessableEntity, left.Next, "That took too long, or began in another browser. Try again.")
	}
	if c.Query("code") == "" {
		return w.notSignedIn(c, http.StatusUnprocessableEntity, left.Next, w.Provider.Name()+" did not sign you in"+refusalCode(c.Query("error"))+".")
	}
	identity, err := w.Provider.Finish(ctx, left.Challenge, c.Query("state"), c.Query("code"))
	if err != nil {
		w.Log.WarnContext(ctx, "the identity provider's answer was not taken", "error", err)
		return w.notSignedIn(c, http.StatusUnprocessableEntity, left.Next, "What "+w.Provider.Name()+" answered could not be verified. Try again; if it stays so, ask your administrator to look at the log.")
	}
	if left.Again {
		return w.provenAgain(c, identity, left.Next)
	}
	return w.signInWith(c, identity, left.Next)
}

func (w *Web) signInWith(c *gin.Context, identity account.Identity, next string) error {
	in, err := w.Manage.SignInWith(c.Request.Context(), identity, c.ClientIP())
	switch webhook.KindOf(err) {
	case webhook.KindUnauthorized, webhook.KindConflict:
		return w.notSignedIn(c, http.StatusForbidden, next, sentence(err.Error()))
	}
	if err != nil {
		return err
	}
	if in.CodeNeeded() {
		return w.askCode(c, in.Ticket, next)
	}
	return w.welcome(c, in, next)
}

func (w *Web) provenAgain(c *gin.Context, identity account.Identity, next string) error {
	if w.caller(c).User == nil {
		return w.redirect(c, signInFor(next))
	}
	err := w.Manage.StepUpWith(c.Request.Context(), w.caller(c), identity)
	switch webhook.KindOf(err) {
	case webhook.KindUnauthorized, webhook.KindConflict, webhook.KindForbidden:
		return w.notSignedIn(c, http.StatusForbidden, next, sentence(err.Error()))
	}
	if err != nil {
		return err
	}
	return w.steppedUp(c, next)
}

// notSignedIn shows the door, or for somebody inside the question again, with
// what went wrong.
func (w *Web) notSignedIn(c *gin.Context, status int, next, words string) error {
	if w.caller(c).User != nil {
		m := w.stepUpModel(c, "", next)
		m.Error = words
		return w.render(c, status, session.StepUp(m))
	}
	return w.render(c, status, session.SignIn(w.signInModel(c, next, "", words)))
}

// refusalCode is an error code of RFC 6749 §4.1.2.1 in brackets; what else
// stands in an address is not repeated.
func refusalCode(code string) string {
	if code == "" || len(code) > 40 {
		return ""
	}
	for _, r := range code {
		if r != '_' && (r < 'a' || r > 'z') {
			return ""
		}
	}
	return " (" + code + ")"
}
