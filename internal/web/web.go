// Package web is the dashboard: it reads forms, calls the use-cases and maps
// what comes back to the views' models. It knows pages, sessions and paths and
// must not know SQL, gorm, or the JSON API.
package web

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Sessions keeps who is signed in where. Tokens come hashed.
type Sessions interface {
	SessionFind(ctx context.Context, token string) (data []byte, found bool, err error)
	SessionCommit(ctx context.Context, token string, data []byte, expires time.Time) error
	// SessionUpdate is SessionCommit for a session that must still stand:
	// webhook.NotFound if it was ended.
	SessionUpdate(ctx context.Context, token string, data []byte, expires time.Time) error
	SessionDelete(ctx context.Context, token string) error
	// BindSession says whose session it is, since when and where it runs, for the
	// list of sessions on the profile page.
	BindSession(ctx context.Context, token string, user webhook.UserID, since time.Time, addr, agent string) error
	SessionsOf(ctx context.Context, user webhook.UserID) ([]account.Session, error)
	// EndSession ends one of the user's sessions; NotFound if it is not theirs.
	EndSession(ctx context.Context, user webhook.UserID, token string) error
	// EndSessions ends every session of the user but the one with the token.
	EndSessions(ctx context.Context, user webhook.UserID, except string) error
}

// Provider is where people can prove who they are instead of by a password.
type Provider interface {
	// Name is what they know it by.
	Name() string
	Begin(ctx context.Context, fresh bool) (url string, challenge account.Challenge, err error)
	Finish(ctx context.Context, challenge account.Challenge, state, code string) (account.Identity, error)
}

// Options are what the dashboard works with.
type Options struct {
	Manage   *manage.Service
	Publish  *publish.Publisher
	Sessions Sessions
	BaseURL  *url.URL
	Log      *slog.Logger
	Now      func() time.Time
	// Environment is a word such as "demo" or "dev", empty for production.
	Environment     string
	EnvironmentNote string
	// Provider is nil where there is none.
	Provider Provider
	// DemoLinks are one-click sign-ins, in the demo only.
	DemoLinks func(ctx context.Context) []DemoLink
}

// DemoLink signs in as somebody of the demo.
type DemoLink struct {
	Label string
	URL   string
}

// Web answers the dashboard's routes.
type Web struct {
	Options
	sessions *scs.SessionManager
	streams  *streams
	pace     Pace
	alarms   alarms
}

// New makes the dashboard.
func New(options Options) *Web {
	return &Web{
		Options: options, sessions: newSessions(options.Sessions, options.BaseURL), streams: newStreams(), pace: usualPace,
	}
}

// handler is one page or form: read, do, answer.
type handler func(c *gin.Context) error

// handle runs a handler with the session loaded, and shows its error as a page.
func (w *Web) handle(who who, h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := w.enter(c, who, h); err != nil {
			w.Problem(c, err)
		}
	}
}

func (w *Web) enter(c *gin.Context, who who, h handler) error {
	if err := readForm(c); err != nil {
		return err
	}
	if err := w.loadSession(c); err != nil {
		return err
	}
	if err := w.admit(c, who); err != nil {
		return err
	}
	if c.IsAborted() {
		return nil // admit has sent the visitor to the door
	}
	return h(c)
}

// What a form can post, in bytes. Most have some KiB; one with an event's data
// may have all 256 KiB of it, laid out over lines, and encoded for a form that
// comes to several times as much.
const (
	maxForm      = 1 << 20
	maxEventForm = 4 << 20
)

func formLimit(c *gin.Context) int64 {
	switch c.FullPath() {
	case "/p/:project/events/new", "/p/:project/events/preview":
		return maxEventForm
	}
	return maxForm
}

// readForm reads a posted form whole before anything is looked up for it.
// Files are taken nowhere, so a form with parts is none of ours.
func readForm(c *gin.Context) error {
	if c.Request.Method != http.MethodPost {
		return nil
	}
	kind, _, _ := mime.ParseMediaType(c.GetHeader("Content-Type")) // an unreadable one is no form
	if kind != "application/x-www-form-urlencoded" && c.Request.ContentLength != 0 {
		return webhook.Invalid("", "this address takes forms of pages only")
	}
	limit := formLimit(c)
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)
	err := c.Request.ParseForm()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return webhook.TooLarge("the form is over the limit of %d bytes", limit)
	case err != nil:
		return webhook.Invalid("", "the form can't be read")
	}
	for _, values := range c.Request.PostForm {
		for _, value := range values {
			if !utf8.ValidString(value) || strings.Contains(value, "\x00") {
				return webhook.Invalid("", "the form holds a NUL or bytes that are not UTF-8")
			}
		}
	}
	return nil
}
