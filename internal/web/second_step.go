package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/session"
)

// How long somebody can take for the second step, and how many wrong codes it
// bears before the password is asked again.
const (
	ticketLife  = 5 * time.Minute
	ticketTries = 5
)

// askCode keeps who gave the password in a session of its own, which is nobody's
// yet: all that it opens is the page that asks for the code.
func (w *Web) askCode(c *gin.Context, ticket manage.Ticket, next string) error {
	ctx := c.Request.Context()
	if err := w.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := w.sessions.RenewToken(ctx); err != nil {
		return err
	}
	w.sessions.Put(ctx, keyTicketUser, ticket.User.String())
	w.sessions.Put(ctx, keyTicketProof, ticket.Proof)
	w.sessions.Put(ctx, keyTicketAt, w.Now())
	return w.redirect(c, pathCode+"?next="+url.QueryEscape(next))
}

// ticket answers who is between the two steps; ok is false for nobody, and when
// it took too long.
func (w *Web) ticket(c *gin.Context) (manage.Ticket, bool) {
	ctx := c.Request.Context()
	user, err := webhook.ParseUUID(w.sessions.GetString(ctx, keyTicketUser))
	late := w.Now().Sub(w.sessions.GetTime(ctx, keyTicketAt)) > ticketLife
	if err != nil || late || w.sessions.GetInt(ctx, keyTicketTries) >= ticketTries {
		return manage.Ticket{}, false
	}
	return manage.Ticket{User: webhook.UserID{UUID: user}, Proof: w.sessions.GetString(ctx, keyTicketProof)}, true
}

func (w *Web) showCode(c *gin.Context) error {
	next := localPath(c.Query("next"))
	if w.caller(c).User != nil {
		return w.redirect(c, next)
	}
	if _, ok := w.ticket(c); !ok {
		return w.startOver(c, next)
	}
	return w.render(c, http.StatusOK, session.Code(w.codeModel(c, next, "")))
}

func (w *Web) codeModel(c *gin.Context, next, problem string) session.CodeModel {
	return session.CodeModel{
		Shell: w.auth(c, "Your second factor"), Action: pathCode, Next: next, Error: problem, Recovery: c.PostForm("recovery") != "",
		BackURL: signInFor(next),
	}
}

// startOver asks for the password again.
func (w *Web) startOver(c *gin.Context, next string) error {
	if err := w.sessions.Clear(c.Request.Context()); err != nil {
		return err
	}
	return w.redirect(c, signInFor(next))
}

// signInFor is the door that leads on to an address.
func signInFor(next string) string {
	if next == "/" {
		return pathSignIn
	}
	return pathSignIn + "?next=" + url.QueryEscape(next)
}

func (w *Web) doCode(c *gin.Context) error {
	next := localPath(c.PostForm("next"))
	if w.caller(c).User != nil { // sent twice
		return w.redirect(c, next)
	}
	ticket, ok := w.ticket(c)
	if !ok {
		return w.startOver(c, next)
	}
	in, err := w.Manage.FinishSignIn(c.Request.Context(), ticket, c.PostForm("code"), c.ClientIP())
	switch webhook.KindOf(err) {
	case webhook.KindUnauthorized:
		return w.startOver(c, next)
	case webhook.KindInvalid, webhook.KindLimited:
		return w.wrongCode(c, next, err)
	}
	if err != nil {
		return err
	}
	return w.welcome(c, in, next)
}

func (w *Web) wrongCode(c *gin.Context, next string, err error) error {
	ctx := c.Request.Context()
	w.sessions.Put(ctx, keyTicketTries, w.sessions.GetInt(ctx, keyTicketTries)+1)
	if _, ok := w.ticket(c); !ok {
		return w.startOver(c, next)
	}
	words := err.Error()
	if webhook.KindOf(err) == webhook.KindInvalid {
		words = "that " + words // "code is not right"
	}
	return w.render(c, http.StatusUnprocessableEntity, session.Code(w.codeModel(c, next, sentence(words))))
}
