package api

import (
	"context"
	"crypto/sha256"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// maxSecret bounds what is taken for a key and hashed at all.
const maxSecret = 256

// authenticate reads the bearer key. Keys in the query or in cookies are no
// keys: they would end up in logs, or be sent by other sites.
func (a *API) authenticate(c *gin.Context) (account.Caller, error) {
	values := c.Request.Header.Values("Authorization")
	if len(values) == 0 {
		return account.Caller{}, webhook.Unauthorized("send an API key: Authorization: Bearer <secret>")
	}
	scheme, secret, _ := strings.Cut(values[0], " ")
	secret = strings.TrimSpace(secret)
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || secret == "" || len(secret) > maxSecret {
		return account.Caller{}, webhook.Unauthorized("the Authorization header must be one Bearer <secret>")
	}
	addr := c.ClientIP()
	caller, err := a.callerWith(c.Request.Context(), secret, addr)
	caller.Addr = addr // a remembered caller may have come from elsewhere
	return caller, err
}

// callerFor is authenticate, for calls whose clients may send the key's id and
// its secret as a pair, too.
func (a *API) callerFor(c *gin.Context, call Call) (account.Caller, error) {
	id, secret, pair := c.Request.BasicAuth()
	if call.Base != PublicPrefix || !pair || len(c.Request.Header.Values("Authorization")) != 1 {
		return a.authenticate(c)
	}
	if secret == "" || len(secret) > maxSecret {
		return account.Caller{}, webhook.Unauthorized("the password must be an API key's secret")
	}
	addr := c.ClientIP()
	caller, err := a.callerWith(c.Request.Context(), secret, addr)
	caller.Addr = addr
	if err == nil && caller.Key.ID.String() != strings.ToLower(id) {
		return account.Caller{}, webhook.Unauthorized("the user name is not the id of the key whose secret the password is")
	}
	return caller, err
}

// callerWith answers whose key a secret is. Known keys and wrong ones are
// remembered apart, so that guesses can't push out the keys in use.
func (a *API) callerWith(ctx context.Context, secret, addr string) (account.Caller, error) {
	hash, asked := sha256.Sum256([]byte(secret)), a.options.Now()
	if caller, ok := a.keys.recall(hash); ok {
		return caller, nil
	}
	if err, ok := a.wrongKeys.recall(hash); ok {
		return account.Caller{}, err
	}
	caller, err := a.manage.AuthenticateKey(ctx, secret, addr)
	switch {
	case err == nil:
		a.keys.keep(hash, caller, asked)
	case webhook.KindOf(err) == webhook.KindUnauthorized:
		a.wrongKeys.keep(hash, err, asked)
	}
	return caller, err
}

// InstanceReader reports whether the request carries an instance key that may
// read: those see the metrics.
func (a *API) InstanceReader(c *gin.Context) bool {
	caller, err := a.authenticate(c)
	return err == nil && caller.OwnProject().IsZero() && caller.May(account.ViewDeliveries, webhook.ProjectID{}) == nil
}

type callerKey struct{}

func withCaller(ctx context.Context, caller account.Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// callerOf is who makes the call; enter has put them there.
func callerOf(ctx context.Context) account.Caller {
	caller, _ := ctx.Value(callerKey{}).(account.Caller)
	return caller
}
