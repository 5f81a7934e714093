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
	"github.com/bellwire/bellwire/internal/wire"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/endpoints"
)

// hideSecretAfter is how long a revealed secret stays on the screen, seconds.
const hideSecretAfter = 30

// maskedSecret stands for a secret whose value is not shown.
const maskedSecret = "whsec_••••••••••••"

var graces = []component.Option{
	{Value: "24", Label: "24 hours", Selected: true}, {Value: "1", Label: "1 hour"}, {Value: "72", Label: "3 days"},
	{Value: "168", Label: "7 days"}, {Value: "0", Label: "none"},
}

func (w *Web) secretTab(c *gin.Context, e webhook.Endpoint, x extras) (*endpoints.Secret, error) {
	at, err := w.Manage.Secrets(c.Request.Context(), w.caller(c), e.ID)
	if err != nil {
		return nil, err
	}
	s := presentSecret(e, at, w.Now())
	s.RotateError = x.rotateError
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
	offerRotation(s, e)
	if s.Step == endpoints.NextMade {
		s.TestURL = pathEndpoint(e, "test")
		s.TestTopics, err = w.testTopics(c, e)
	}
	return s, err
}

// presentSecret shows which secret does what at this moment.
func presentSecret(e webhook.Endpoint, at webhook.Signing, now time.Time) *endpoints.Secret {
	header := wire.SignatureHeader(e.Format, e.Custom)
	s := &endpoints.Secret{Masked: maskedSecret, Header: header, Graces: graces}
	if at.Current != nil {
		s.Since = moment(at.Current.ActiveFrom, now)
	}
	current, list := component.Good, "current"
	s.Sent = []endpoints.SentLine{{Header: header, Signer: "current secret", Tone: current}}
	switch {
	case at.Next != nil:
		s.Step, s.MaskedNext, s.SwitchAt = endpoints.NextMade, maskedSecret, moment(at.Next.ActiveFrom, now)
		list = "current and next"
		if e.Format != webhook.FormatStandard {
			s.Sent = append(s.Sent, endpoints.SentLine{Header: header + "-Next", Signer: "next secret", Tone: component.Accent})
		}
	case at.Previous != nil:
		s.Step, s.GraceEnds = endpoints.Grace, moment(at.Previous.ExpiresAt, now)
		list = "current and previous"
		if e.Format != webhook.FormatStandard {
			s.Sent = append(s.Sent, endpoints.SentLine{Header: header + "-Previous", Signer: "previous secret", Tone: component.Quiet})
		}
	}
	if e.Format == webhook.FormatStandard {
		s.Sent[0].Signer = list + plainSecret(list)
	} else {
		s.Sent = append(s.Sent, endpoints.SentLine{Header: "webhook-signature", Signer: list + plainSecret(list), Tone: current})
	}
	return s
}

func plainSecret(list string) string {
	if list == "current" {
		return " secret"
	}
	return " secrets"
}

func offerRotation(s *endpoints.Secret, e webhook.Endpoint) {
	s.RevealURL = pathEndpoint(e, "secret", "reveal")
	switch s.Step {
	case endpoints.NoRotation:
		s.RotateURL = pathEndpoint(e, "secret", "rotate")
	case endpoints.NextMade:
		s.SwitchURL, s.UndoURL = pathEndpoint(e, "secret", "switch"), pathEndpoint(e, "secret", "undo")
	case endpoints.Grace:
		s.UndoURL = pathEndpoint(e, "secret", "undo")
	}
	s.Compromised = component.ConfirmModel{
		ID: "compromised", Label: "Replace it now", Title: "Replace the secret at once?", Danger: true, Submit: "Replace and wipe",
		Consequence: "The old secret is wiped and signs nothing any more. Until your receiver has the new one it refuses deliveries; they are retried.",
		URL:         pathEndpoint(e, "secret", "compromised"),
	}
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
		return w.endpointPage(c, http.StatusUnprocessableEntity, e, tabSecret, extras{rotateError: listed(wrong)[0].Text})
	}
	if err != nil {
		return err
	}
	return w.endpointPage(c, http.StatusOK, e, tabSecret, extras{revealed: &manage.RevealedSecrets{Next: made.Value}})
}

func rotationOf(c *gin.Context) (manage.Rotation, error) {
	var r manage.Rotation
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
	w.done(c, "Switched. The old signature is still sent along during the grace.")
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

func (w *Web) healthTab(c *gin.Context, e webhook.Endpoint) (*endpoints.Health, error) {
	now := w.Now()
	length, chips := chartRange(c, e.CreatedAt, now)
	stats, err := w.Manage.Stats(c.Request.Context(), w.caller(c), webhook.StatsFilter{
		ProjectID: e.ProjectID, EndpointID: e.ID, Since: now.Add(-length), Until: now, Step: stepOf(length),
	})
	if err != nil {
		return nil, err
	}
	h := &endpoints.Health{
		Ranges: chips, Figures: figures(stats), Volume: volumeChart(stats.Buckets, stepOf(length)), Latency: latencyChart(stats.Buckets, stepOf(length)),
		Causes: presentCauses(e, stats), Limits: howRows(e),
	}
	return h, nil
}
