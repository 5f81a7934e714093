package web

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
)

// maxDraft bounds what is kept of a form, in bytes.
const maxDraft = 4 << 10

// mayOrKeep asks whether the caller may act on the project. If the password is
// asked first, what was typed is kept meanwhile; it is for forms without
// secrets.
func (w *Web) mayOrKeep(c *gin.Context, action account.Action) error {
	err := w.caller(c).May(action, w.project(c).ID)
	if text := c.Request.PostForm.Encode(); account.NeedsStepUp(err) && len(text) <= maxDraft {
		w.sessions.Put(c.Request.Context(), keyDraft, text)
		w.sessions.Put(c.Request.Context(), keyDraftAt, c.Request.URL.Path)
	}
	return err
}

// typed is what a form that posts to an address holds when it is shown again:
// what was posted just now, or kept by mayOrKeep, once.
func (w *Web) typed(c *gin.Context, at string) url.Values {
	if c.Request.Method == http.MethodPost {
		if c.Request.URL.Path == at {
			return c.Request.PostForm
		}
		return nil
	}
	ctx := c.Request.Context()
	if w.sessions.GetString(ctx, keyDraftAt) != at {
		return nil
	}
	w.sessions.Remove(ctx, keyDraftAt)
	values, _ := url.ParseQuery(w.sessions.PopString(ctx, keyDraft)) // we wrote it
	return values
}
