package server

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/webhook"
)

const requestIDHeader = "X-Request-Id"

// requestID names every answer, so that a person can quote it and the log can
// be searched for it. A client's own id is not taken over: it could be any text.
func requestID(c *gin.Context) {
	c.Header(requestIDHeader, fmt.Sprintf("%016x", rand.Uint64()))
}

// recover turns a panic into an error answer and one log line: route and
// stack, never headers or bodies, which carry cookies and keys.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		caught := recover()
		if err, ok := caught.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(caught) // net/http ends the connection without a word
		}
		if caught != nil {
			s.options.Log.ErrorContext(c.Request.Context(), "a handler panicked",
				"request", c.Writer.Header().Get(requestIDHeader), "route", c.FullPath(),
				"panic", fmt.Sprint(caught), "stack", string(debug.Stack()))
			c.Abort()
			if !c.Writer.Written() {
				s.refuse(c, errPanic)
			}
		}
	}()
	c.Next()
}

// content is what pages may load: everything from here, nothing inline, and
// no other page may frame it.
const content = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"

// headers are on every answer, errors and files included. The referrer policy
// is same-origin and not none: with none, browsers send "Origin: null" with
// forms, which the cross-site check must refuse.
func (s *Server) headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", content)
	if s.options.BaseURL != nil && s.options.BaseURL.Scheme == "https" {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// private keeps pages out of every cache.
func private(c *gin.Context) { c.Header("Cache-Control", "no-store") }

// sameOrigin refuses state-changing requests that another site sent.
func (s *Server) sameOrigin() (gin.HandlerFunc, error) {
	protection := http.NewCrossOriginProtection()
	if base := s.options.BaseURL; base != nil {
		if err := protection.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
			return nil, fmt.Errorf("base URL: %w", err)
		}
	}
	return func(c *gin.Context) {
		if err := protection.Check(c.Request); err != nil {
			s.refuse(c, webhook.Forbidden("this request came from another site, so it was not carried out. Open the page here, reload it and try again; "+
				"if it happens on every page, whoever runs this server has to set BELLWIRE_BASE_URL to the address that you see in your browser"))
		}
	}, nil
}

// statusError is a refusal that has a status and no kind in the language.
type statusError struct {
	status  int
	message string
}

func (e *statusError) Error() string { return e.message }

// HTTPStatus is the status that the surfaces answer with.
func (e *statusError) HTTPStatus() int { return e.status }

var (
	errMethod = &statusError{http.StatusMethodNotAllowed, "this address does not take that method; see the Allow header"}
	errPanic  = &statusError{http.StatusInternalServerError, "something went wrong on our side; the request id finds it in the log"}
)

// plainStatus and plainWords serve answers that have no surface of their own.
func plainStatus(err error) int {
	var e *statusError
	if errors.As(err, &e) {
		return e.status
	}
	switch webhook.KindOf(err) {
	case webhook.KindNotFound:
		return http.StatusNotFound
	case webhook.KindForbidden:
		return http.StatusForbidden
	}
	return http.StatusInternalServerError
}

func plainWords(err error) string { return strconv.Itoa(plainStatus(err)) + " " + err.Error() }
