package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// hideSecretAfter is how long a revealed secret stays on the screen, seconds.
const hideSecretAfter = 30

// maskedSecret stands for a secret whose value is not shown.
const maskedSecret = "whsec_••••••••••••"

func (w *Web) secretTab(c *gin.Context, e webhook.Endpoint, test endpoints.TestForm, x extras) (*endpoints.Secret, error) {
	at, err := w.Manage.Secrets(c.Request.Context(), w.caller(c), e.ID)
	if err != nil {
		return nil, err
	}
	s := presentSecret(e, at, w.Now())
	s.Rotate = x.rotate
	if x.test != nil && x.test.Next {
		s.Tested = x.test
	}
	if x.revealed != nil {
		s.HideAfter, s.Revealed, s.RevealedNext = hideSecretAfter, x.revealed.Current, x.revealed.Next
		s.Raw = x.revealed.Current != "" && !strings.HasPrefix(x.revealed.Current, "whsec_")
	}
	if !w.caller(c).Could(account.UseSecrets, e.ProjectID) {
		return s, nil
	}
	waiting, err := w.waitingFor(c, e)
	if err != nil {
		return nil, err
	}
	offerRotation(s, e, waiting)
	s.NeedsPassword = account.NeedsStepUp(w.caller(c).May(account.UseSecrets, e.ProjectID))
	if s.Step == endpoints.NextMade {
		s.Test = test
	}
	return s, nil
}

// revealSecret answers the page itself: a secret never travels in an address
// or a session.
func (w *Web) revealSecret(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	revealed, err := w.Manage.RevealSecret(c.Request.Context(), w.caller(c), e.ID)
	if err != nil {
		return err
	}
	if c.PostForm("which") == "next" {
		revealed.Current = ""
	} else {
		revealed.Next = ""
	}
	return w.endpointPage(c, http.StatusOK, e, tabSecret, extras{revealed: &revealed})
}

func (w *Web) rotateSecret(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	rotation, err := rotationOf(c)
	var made manage.RotatedSecret
	if err == nil {
		made, err = w.Manage.RotateSecret(c.Request.Context(), w.caller(c), e.ID, rotation)
	}
	if wrong, ok := mistakes(err); ok && webhook.KindOf(err) == webhook.KindInvalid {
		return w.endpointPage(c, http.StatusUnprocessableEntity, e, tabSecret, extras{rotate: rotateInput(c, wrong)})
	}
	if err != nil {
		return err
	}
	return w.endpointPage(c, http.StatusOK, e, tabSecret, extras{revealed: &manage.RevealedSecrets{Next: made.Value}})
}

// rotateInput is the form as it was typed, with what is wrong beside it. A
// secret is never written back into a page.
func rotateInput(c *gin.Context, wrong map[string]string) endpoints.RotateInput {
	return endpoints.RotateInput{
		SwitchAt: component.Input{Value: c.PostForm("switchAt"), Error: wrong["switchAt"]},
		Grace:    component.Input{Value: c.PostForm("graceHours"), Error: wrong["graceHours"]},
		Secret:   component.Input{Error: wrong["secret"]},
	}
}

func rotationOf(c *gin.Context) (manage.Rotation, error) {
	r := manage.Rotation{Secret: strings.TrimSpace(c.PostForm("secret"))}
	if raw := c.PostForm("switchAt"); raw != "" {
		at, err := time.Parse("2006-01-02T15:04", raw)
		if err != nil {
			return r, webhook.Invalid("switchAt", "must be a time like 2026-01-24T10:30, in UTC")
		}
		r.SwitchAt = at
	}
	if raw := c.PostForm("graceHours"); raw != "" {
		hours, err := strconv.Atoi(raw)
		if err != nil {
			return r, webhook.Invalid("graceHours", "must be a number of hours")
		}
		grace := time.Duration(hours) * time.Hour
		r.Grace = &grace
	}
	return r, nil
}

func (w *Web) switchSecret(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	if _, err := w.Manage.SwitchSecret(c.Request.Context(), w.caller(c), e.ID); err != nil {
		return err
	}
	w.done(c, "Switched: the new secret signs. The old signature is still sent along until its grace is over.")
	return w.redirect(c, tabURL(e, tabSecret))
}

func (w *Web) undoRotation(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	if _, err := w.Manage.UndoRotation(c.Request.Context(), w.caller(c), e.ID); err != nil {
		return err
	}
	w.done(c, "Undone: one step back.")
	return w.redirect(c, tabURL(e, tabSecret))
}

func (w *Web) replaceCompromised(c *gin.Context) error {
	e, err := w.endpoint(c)
	if err != nil {
		return err
	}
	replaced, err := w.Manage.ReplaceCompromised(c.Request.Context(), w.caller(c), e.ID)
	if err != nil {
		return err
	}
	if n := len(replaced.Waiting.Items); n > 0 {
		more := ""
		if replaced.Waiting.Next != "" {
			more = " or more"
		}
		w.flash(c, component.Flash{Tone: component.Retry, Text: count(int64(n)) + more + " waiting deliveries will be refused until your receiver has the new secret."})
	}
	return w.endpointPage(c, http.StatusOK, e, tabSecret, extras{revealed: &manage.RevealedSecrets{Current: replaced.Value}})
}
