package web

import (
	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/views/component"
)

// flash keeps a sentence for the next page.
func (w *Web) flash(c *gin.Context, f component.Flash) {
	ctx := c.Request.Context()
	kept, _ := w.sessions.Get(ctx, keyFlashes).([]component.Flash)
	w.sessions.Put(ctx, keyFlashes, append(kept, f))
}

func (w *Web) done(c *gin.Context, text string) {
	w.flash(c, component.Flash{Tone: component.Good, Text: text})
}

// flashes are the sentences kept for a whole page. Neither a part that htmx
// asks for nor a page about a problem shows them: they were kept for another.
func (w *Web) flashes(c *gin.Context) []component.Flash {
	if wantsPart(c) || c.GetBool(ctxProblem) {
		return nil
	}
	kept, _ := w.sessions.Get(c.Request.Context(), keyFlashes).([]component.Flash)
	c.Set(ctxFlashed, len(kept) > 0)
	return kept
}

// forgetFlashes drops them once the page that shows them is drawn.
func (w *Web) forgetFlashes(c *gin.Context) {
	if c.GetBool(ctxFlashed) && !c.GetBool(ctxProblem) {
		w.sessions.Remove(c.Request.Context(), keyFlashes)
	}
}
