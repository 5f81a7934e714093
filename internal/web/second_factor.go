package web

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/session"
)

// factorPages turn the second factor on and off. Those who must have one before
// anything else reach the way to it.
func (w *Web) factorPages() []line {
	return []line{
		{get, pathFactor, enrolling, w.showEnrol},
		{post, pathFactor, enrolling, w.beginEnrol},
		{post, pathFactor + "/confirm", enrolling, w.confirmEnrol},
		{post, pathFactor + "/codes.txt", enrolling, w.saveCodes},
		{post, pathFactor + "/codes", signedIn, w.renewCodes},
		{post, pathFactor + "/off", signedIn, w.turnOff},
	}
}

func (w *Web) showEnrol(c *gin.Context) error {
	if !w.caller(c).User.SecondFactorAt.IsZero() {
		return w.redirect(c, pathProfile)
	}
	return w.enrol(c, http.StatusOK, "")
}

func (w *Web) enrol(c *gin.Context, status int, wrong string) error {
	caller := w.caller(c)
	m := session.EnrolModel{
		Shell: w.auth(c, "Second factor"), BeginURL: pathFactor, ConfirmURL: pathFactor + "/confirm", CancelURL: pathProfile,
		Demanded: w.Manage.MustEnrol(caller), SignOutURL: pathSignOut, Code: component.Input{Error: wrong},
	}
	begun, err := w.Manage.Enrolment(c.Request.Context(), caller)
	switch {
	case webhook.KindOf(err) == webhook.KindNotFound:
	case err != nil:
		return err
	default:
		m.Secret = begun.Text
		if m.Picture, m.Size, err = qrPath(begun.URL); err != nil {
			return err
		}
	}
	return w.render(c, status, session.Enrol(m))
}

func (w *Web) beginEnrol(c *gin.Context) error {
	if err := w.Manage.BeginSecondFactor(c.Request.Context(), w.caller(c)); err != nil {
		return err
	}
	return w.redirect(c, pathFactor)
}

// confirmEnrol answers with the recovery codes themselves: they are shown once
// and kept nowhere.
func (w *Web) confirmEnrol(c *gin.Context) error {
	proven, err := w.Manage.ConfirmSecondFactor(c.Request.Context(), w.caller(c), c.PostForm("code"))
	if wrong, ok := mistakes(err); ok && wrong["code"] != "" {
		return w.enrol(c, http.StatusUnprocessableEntity, wrong["code"])
	}
	if err != nil {
		return err
	}
	if err := w.proveAgain(c, proven.User); err != nil {
		return err
	}
	return w.codes(c, proven.Codes, true)
}

func (w *Web) codes(c *gin.Context, codes []string, fresh bool) error {
	return w.render(c, http.StatusOK, session.Codes(session.CodesModel{
		Shell: w.auth(c, "Recovery codes"), Codes: codes, SaveURL: pathFactor + "/codes.txt", DoneURL: pathProfile, Fresh: fresh,
	}))
}

func (w *Web) renewCodes(c *gin.Context) error {
	codes, err := w.Manage.RenewRecoveryCodes(c.Request.Context(), w.caller(c))
	if err != nil {
		return err
	}
	return w.codes(c, codes, false)
}

// maxSaved bounds what saveCodes gives back.
const maxSaved = 20

// saveCodes gives the codes on the page back as a file, so that saving works
// without script. It looks nothing up: the codes themselves are kept nowhere.
func (w *Web) saveCodes(c *gin.Context) error {
	codes := c.PostFormArray("code")
	if len(codes) == 0 || len(codes) > maxSaved {
		return webhook.Invalid("code", "must be the codes on the page")
	}
	text := "Recovery codes of " + w.caller(c).User.Email + " for " + w.BaseURL.String() + "\r\nEach works once.\r\n\r\n"
	for _, code := range codes {
		if !account.IsRecoveryCode(account.PlainCode(code)) {
			return webhook.Invalid("code", "must be the codes on the page")
		}
		text += strings.TrimSpace(code) + "\r\n"
	}
	if err := w.saveSession(c); err != nil {
		return err
	}
	c.Header("Content-Disposition", `attachment; filename="bellwire-recovery-codes.txt"`)
	c.Data(http.StatusOK, "text/plain; charset=utf-8", []byte(text))
	return nil
}

func (w *Web) turnOff(c *gin.Context) error {
	user, err := w.Manage.TurnOffSecondFactor(c.Request.Context(), w.caller(c), c.PostForm("password"), c.PostForm("code"))
	if wrong, ok := mistakes(err); ok && wrong[""] == "" {
		return w.profile(c, http.StatusUnprocessableEntity, map[string]string{"off-password": wrong["password"], "off-code": wrong["code"]})
	}
	if err != nil {
		return err
	}
	if err := w.proveAgain(c, user); err != nil {
		return err
	}
	w.done(c, "Your second factor is off. Other browsers are signed out.")
	return w.redirect(c, pathProfile)
}
