package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/gob"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

// How long a session lives (ASVS 5.0 V7.3), and how long a password given
// again counts.
const (
	idleLife   = 8 * time.Hour
	seenEvery  = time.Minute
	wholeLife  = 7 * 24 * time.Hour
	stepUpLife = 10 * time.Minute
)

// Names of values in a session.
const (
	keyUser    = "user"
	keyProof   = "proof" // account.User.Proof of whoever signed in
	keySince   = "since" // when the person signed in
	keyStepUp  = "step-up"
	keySeen    = "seen"
	keyFlashes = "flashes"
	// What was typed into a form that asked for the password first.
	keyDraft   = "draft"
	keyDraftAt = "draft-at"
	// Between the two steps of a sign-in; nothing but the second step reads them.
	keyTicketUser  = "ticket-user"
	keyTicketProof = "ticket-proof"
	keyTicketAt    = "ticket-at"
	keyTicketTries = "ticket-tries"
	// keyLanguage is the one that verification code was looked at in last.
	keyLanguage = "language"
)

func init() {
	gob.Register([]component.Flash{})
	gob.Register(time.Time{})
}

func newSessions(store Sessions, base *url.URL) *scs.SessionManager {
	m := scs.New()
	m.Store = carrier{store}
	m.HashTokenInStore = true
	// scs's own idle timeout would write the session at every request; keySeen
	// does it once a minute.
	m.Lifetime = wholeLife
	m.Cookie.HttpOnly = true
	m.Cookie.Path = "/"
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Name = "bellwire"
	if base != nil && base.Scheme == "https" {
		m.Cookie.Name = "__Host-bellwire"
		m.Cookie.Secure = true
	}
	return m
}

// carrier lets scs use a store that takes a context.
type carrier struct{ store Sessions }

func (s carrier) Find(token string) ([]byte, bool, error) {
	return s.store.SessionFind(context.Background(), token)
}

func (s carrier) Commit(token string, data []byte, expires time.Time) error {
	return s.store.SessionCommit(context.Background(), token, data, expires)
}

func (s carrier) Delete(token string) error {
	return s.store.SessionDelete(context.Background(), token)
}

func (s carrier) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	return s.store.SessionFind(ctx, token)
}

func (s carrier) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	if ctx.Value(cameWith{}) == token {
		return s.store.SessionUpdate(ctx, token, data, expires)
	}
	return s.store.SessionCommit(ctx, token, data, expires)
}

// cameWith is the hashed token of the session that a request came with. One
// that was ended while the request ran must not come back by being saved.
type cameWith struct{}

func (s carrier) DeleteCtx(ctx context.Context, token string) error {
	return s.store.SessionDelete(ctx, token)
}

// loadSession puts the session into the request's context.
func (w *Web) loadSession(c *gin.Context) error {
	token, _ := c.Cookie(w.sessions.Cookie.Name) // no cookie: a new session
	ctx, err := w.sessions.Load(c.Request.Context(), token)
	if err != nil {
		return err
	}
	if found := w.sessions.Token(ctx); found != "" {
		ctx = context.WithValue(ctx, cameWith{}, hashToken(found))
	}
	c.Request = c.Request.WithContext(ctx)
	c.Set(ctxSession, true)
	return nil
}

// saveSession writes the session and its cookie, if one was loaded; it must run
// before the first byte of the answer.
func (w *Web) saveSession(c *gin.Context) error {
	if !c.GetBool(ctxSession) {
		return nil
	}
	ctx := c.Request.Context()
	switch w.sessions.Status(ctx) {
	case scs.Modified:
		token, expires, err := w.sessions.Commit(ctx)
		if webhook.KindOf(err) == webhook.KindNotFound { // ended meanwhile
			token, expires, err = "", time.Time{}, nil
		}
		if err != nil {
			return err
		}
		w.sessions.WriteSessionCookie(ctx, c.Writer, token, expires)
	case scs.Destroyed:
		w.sessions.WriteSessionCookie(ctx, c.Writer, "", time.Time{})
	case scs.Unmodified:
	}
	return nil
}

// signIn begins a new session for a user: a new token, so that one planted
// before is worth nothing, and empty, so that nobody inherits the password
// that the person before them gave.
func (w *Web) signIn(c *gin.Context, user account.User, steppedUp bool) error {
	ctx := c.Request.Context()
	if err := w.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := w.sessions.RenewToken(ctx); err != nil {
		return err
	}
	w.sessions.Put(ctx, keyUser, user.ID.String())
	w.sessions.Put(ctx, keyProof, user.Proof())
	w.sessions.Put(ctx, keySince, w.Now())
	w.sessions.Put(ctx, keySeen, w.Now())
	if steppedUp {
		w.sessions.Put(ctx, keyStepUp, w.Now())
	}
	return w.bind(c, user.ID)
}

// bind commits a new token and tells the store whose it is.
func (w *Web) bind(c *gin.Context, user webhook.UserID) error {
	ctx := c.Request.Context()
	token, expires, err := w.sessions.Commit(ctx)
	if err != nil {
		return err
	}
	w.sessions.WriteSessionCookie(ctx, c.Writer, token, expires)
	since := w.sessions.GetTime(ctx, keySince)
	return w.Sessions.BindSession(ctx, hashToken(token), user, since, c.ClientIP(), c.Request.UserAgent())
}

// hashToken is the form in which scs hands tokens to the store.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// proveAgain carries the session over an act of its own that ended all of the
// person's sessions; user is what the act made of them. What somebody else
// changed meanwhile is not in it, and ends this session, too.
func (w *Web) proveAgain(c *gin.Context, user account.User) error {
	w.sessions.Put(c.Request.Context(), keyProof, user.Proof())
	return w.stepUp(c)
}

// stepUp notes that the person gave their password just now.
func (w *Web) stepUp(c *gin.Context) error {
	ctx := c.Request.Context()
	if err := w.sessions.RenewToken(ctx); err != nil {
		return err
	}
	w.sessions.Put(ctx, keyStepUp, w.Now())
	return w.bind(c, w.caller(c).User.ID)
}

// sessionCaller answers who the session's user is; the zero Caller for nobody.
func (w *Web) sessionCaller(c *gin.Context) (account.Caller, error) {
	ctx := c.Request.Context()
	if !w.sessions.Exists(ctx, keyUser) {
		return account.Caller{}, nil
	}
	id, err := webhook.ParseUUID(w.sessions.GetString(ctx, keyUser))
	if err != nil {
		return account.Caller{}, err
	}
	if idle := w.Now().Sub(w.sessions.GetTime(ctx, keySeen)); idle > idleLife {
		return account.Caller{}, w.sessions.Destroy(ctx)
	} else if idle > seenEvery && !strings.HasSuffix(c.FullPath(), "/stream") { // a page that is left open does nothing
		w.sessions.Put(ctx, keySeen, w.Now())
	}
	fresh := w.Now().Sub(w.sessions.GetTime(ctx, keyStepUp)) < stepUpLife
	caller, err := w.Manage.CallerOf(ctx, webhook.UserID{UUID: id}, fresh, c.ClientIP())
	// A sign-in that was under way while the password changed is begun with the
	// old one, and would outlive the sessions that the change ended.
	if webhook.KindOf(err) == webhook.KindUnauthorized || err == nil && w.sessions.GetString(ctx, keyProof) != caller.User.Proof() {
		return account.Caller{}, w.sessions.Destroy(ctx)
	}
	return caller, err
}
