package web

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// render answers with a page. It is drawn into a buffer first, so that a page
// that fails half way is an error and not half a page.
func (w *Web) render(c *gin.Context, status int, page templ.Component) error {
	buffer := templ.GetBuffer()
	defer templ.ReleaseBuffer(buffer)
	if err := page.Render(c.Request.Context(), buffer); err != nil {
		return err
	}
	w.forgetFlashes(c)
	if err := w.saveSession(c); err != nil {
		return err
	}
	c.Header("Vary", "HX-Request")
	c.Data(status, "text/html; charset=utf-8", buffer.Bytes())
	return nil
}

// redirect answers a form with the page to show next.
func (w *Web) redirect(c *gin.Context, path string) error {
	if err := w.saveSession(c); err != nil {
		return err
	}
	c.Redirect(http.StatusSeeOther, path)
	return nil
}

// wantsPart reports whether htmx asks for a region only: not for boosted
// links, nor when the browser restores a page from its history.
func wantsPart(c *gin.Context) bool {
	return c.GetHeader("HX-Request") == "true" && c.GetHeader("HX-Boosted") == "" && c.GetHeader("HX-History-Restore-Request") == ""
}

// mistakes are the wrong places of a form by field name; ok is false for an
// error that a form can't show.
func mistakes(err error) (fields map[string]string, ok bool) {
	var e *webhook.Error
	if !errors.As(err, &e) || (e.Kind != webhook.KindInvalid && e.Kind != webhook.KindConflict) {
		return nil, false
	}
	fields = map[string]string{}
	for _, f := range e.Fields {
		fields[f.Location] = f.Message
	}
	if len(fields) == 0 {
		fields[""] = e.Message
	}
	return fields, true
}

// Problem shows an error as a page, and is the only place that logs one.
func (w *Web) Problem(c *gin.Context, err error) {
	if c.Request.Context().Err() != nil {
		c.Abort() // the visitor left
		return
	}
	c.Set(ctxProblem, true)
	w.meet(c)
	if account.NeedsStepUp(err) && w.signedIn(c) {
		if w.askPassword(c, err) == nil {
			return
		}
	}
	if kind := webhook.KindOf(err); kind == webhook.KindInternal || kind == webhook.KindUnavailable {
		w.Log.ErrorContext(c.Request.Context(), "a page failed", slog.String("route", c.FullPath()), slog.Any("error", err))
	}
	c.Abort()
	if drawn := w.render(c, statusOf(err), w.problemPage(c, err)); drawn != nil && !c.Writer.Written() {
		w.Log.ErrorContext(c.Request.Context(), "the error page failed", slog.Any("error", drawn))
		c.String(http.StatusInternalServerError, "something went wrong\n")
	}
}

func (w *Web) signedIn(c *gin.Context) bool {
	caller, ok := c.Get(ctxCaller)
	if !ok {
		return false
	}
	known, _ := caller.(account.Caller)
	return known.User != nil
}

func statusOf(err error) int {
	var known interface{ HTTPStatus() int }
	if errors.As(err, &known) {
		return known.HTTPStatus()
	}
	switch webhook.KindOf(err) {
	case webhook.KindInvalid:
		return http.StatusUnprocessableEntity
	case webhook.KindUnauthorized:
		return http.StatusUnauthorized
	case webhook.KindForbidden:
		return http.StatusForbidden
	case webhook.KindNotFound:
		return http.StatusNotFound
	case webhook.KindConflict:
		return http.StatusConflict
	case webhook.KindLimited:
		return http.StatusTooManyRequests
	case webhook.KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case webhook.KindUnavailable:
		return http.StatusServiceUnavailable
	case webhook.KindInternal:
	}
	return http.StatusInternalServerError
}
