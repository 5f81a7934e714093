package manage

import (
	"context"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// NewKey is what an API key is made from.
type NewKey struct {
	// ProjectID zero makes an instance key: the platform's own.
	ProjectID webhook.ProjectID
	// Name empty means "key".
	Name   string
	Scopes []string
	// ExpiresIn zero makes a key that lasts.
	ExpiresIn time.Duration
}

// MaxKeyLife is how long a key can last that ends by itself.
const MaxKeyLife = 5 * 365 * 24 * time.Hour

// IssuedKey is a new key with its secret, shown once.
type IssuedKey struct {
	account.Key
	Secret string
}

// Keys lists the keys of a project, or of the instance.
func (s *Service) Keys(ctx context.Context, c account.Caller, project webhook.ProjectID) ([]account.Key, error) {
	if project.IsZero() {
		project = c.OwnProject()
	}
	if err := c.May(account.ViewKeys, project); err != nil {
		return nil, err
	}
	return s.Store.Keys(ctx, project)
}

// CreateKey makes an API key.
func (s *Service) CreateKey(ctx context.Context, c account.Caller, n NewKey) (IssuedKey, error) {
	var none IssuedKey
	if n.ProjectID.IsZero() {
		n.ProjectID = c.OwnProject()
	}
	if err := c.May(account.CreateKeys, n.ProjectID); err != nil {
		return none, err
	}
	scopes, err := account.Scopes(n.Scopes)
	if err != nil {
		return none, err
	}
	if err := c.Grants(scopes); err != nil {
		return none, err
	}
	if n.Name == "" {
		n.Name = "key"
	}
	name, err := checkName("name", n.Name)
	if err != nil {
		return none, err
	}
	if n.ExpiresIn < 0 || n.ExpiresIn > MaxKeyLife {
		return none, webhook.Invalid("expiresInSeconds", "must be from 0 (never) to %d", int(MaxKeyLife.Seconds()))
	}
	if err := s.outlives(c, n.ExpiresIn); err != nil {
		return none, err
	}
	if !n.ProjectID.IsZero() {
		if _, err := s.Store.Project(ctx, n.ProjectID); err != nil {
			return none, err
		}
	}
	now, secret := s.now(), account.NewKeySecret()
	key := account.Key{
		ID:        webhook.KeyID{UUID: mint.UUID(now)},
		ProjectID: n.ProjectID,
		Name:      name,
		Scopes:    scopes,
		Hash:      account.HashToken(secret),
		CreatedBy: c.Actor,
		CreatedAt: now,
		Prefix:    secret[:account.KeyPrefixLen],
	}
	detail := "with " + strings.Join(words(scopes), ", ")
	if n.ExpiresIn > 0 {
		key.ExpiresAt = now.Add(n.ExpiresIn)
		detail += ", until " + key.ExpiresAt.Format(time.DateOnly)
	}
	entry := s.entry(c, "key.created", aboutKey(key), detail)
	return IssuedKey{key, secret}, s.Store.CreateKey(ctx, key, entry)
}

// outlives refuses a key that would last longer than the one that makes it.
func (s *Service) outlives(c account.Caller, life time.Duration) error {
	if c.Key == nil || c.Key.ExpiresAt.IsZero() {
		return nil
	}
	left := c.Key.ExpiresAt.Sub(s.now())
	if life == 0 || life > left {
		return webhook.Invalid("expiresInSeconds", "must be from 1 to %d: no key lasts longer than the one that makes it", max(1, int(left.Seconds())))
	}
	return nil
}

// RevokeKey makes a key useless for good, with the links that it made. Keys that
// it made stay.
func (s *Service) RevokeKey(ctx context.Context, c account.Caller, id webhook.KeyID) error {
	key, err := s.Store.Key(ctx, id)
	hidden := !c.Sees(key.ProjectID) || key.ProjectID.IsZero() && !c.SeesAll()
	if webhook.KindOf(err) == webhook.KindNotFound || err == nil && hidden {
		return webhook.NotFound("there is no such key")
	}
	if err != nil {
		return err
	}
	if err := c.May(account.RevokeKeys, key.ProjectID); err != nil {
		return err
	}
	if err := s.Store.RevokeKey(ctx, id, s.now(), s.entry(c, "key.revoked", aboutKey(key), "")); err != nil {
		return err
	}
	s.revoked(id)
	return nil
}

// AuthenticateKey answers the caller behind a key's secret.
func (s *Service) AuthenticateKey(ctx context.Context, secret, addr string) (account.Caller, error) {
	key, err := s.Store.KeyByHash(ctx, account.HashToken(secret))
	if webhook.KindOf(err) == webhook.KindNotFound {
		return account.Caller{}, webhook.Unauthorized("this API key is not known")
	}
	if err != nil {
		return account.Caller{}, err
	}
	if !key.RevokedAt.IsZero() {
		return account.Caller{}, webhook.Unauthorized("this API key has been revoked")
	}
	if !key.ExpiresAt.IsZero() && !key.ExpiresAt.After(s.now()) {
		return account.Caller{}, webhook.Unauthorized("this API key has expired")
	}
	s.touch(func() error {
		if s.now().Sub(key.LastUsedAt) < touchEvery {
			return nil
		}
		return s.Store.TouchKey(ctx, key.ID, s.now(), addr)
	})
	return account.ForKey(key, addr), nil
}

// AuthenticateBasic is AuthenticateKey for callers that send the key's id as
// well.
func (s *Service) AuthenticateBasic(ctx context.Context, id, secret, addr string) (account.Caller, error) {
	c, err := s.AuthenticateKey(ctx, secret, addr)
	if err != nil {
		return account.Caller{}, err
	}
	if subtle.ConstantTimeCompare([]byte(c.Key.ID.String()), []byte(strings.ToLower(id))) != 1 {
		return account.Caller{}, webhook.Unauthorized("this API key is not known")
	}
	return c, nil
}

func aboutKey(k account.Key) object { return object{k.ProjectID, k.ID.UUID, k.Name} }

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}
