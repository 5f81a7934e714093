package manage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestAKeyIsShownOnceAndKeptAsAHash(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	owner := b.person(account.Member, account.Owner)
	issued := must[manage.IssuedKey](t)(b.CreateKey(t.Context(), owner, manage.NewKey{ProjectID: b.project.ID, Scopes: []string{"read", "publish"}}))
	kept := b.db.keys[issued.ID]
	if kept.Hash != account.HashToken(issued.Secret) || kept.Name != "key" || kept.CreatedBy != owner.Actor {
		t.Errorf("kept %+v", kept)
	}
	if e := b.db.audit[0]; e.Action != "key.created" || e.Detail != "with publish, read" || strings.Contains(e.Detail, issued.Secret) {
		t.Errorf("audit %+v", e)
	}
	c := must[account.Caller](t)(b.AuthenticateKey(t.Context(), issued.Secret, "192.0.2.1"))
	if c.Key.ID != issued.ID || c.May(account.Publish, b.project.ID) != nil || c.May(account.ChangeEndpoint, b.project.ID) == nil {
		t.Errorf("caller %+v", c.Key)
	}
	must[account.Caller](t)(b.AuthenticateBasic(t.Context(), issued.ID.String(), issued.Secret, ""))
	_, err := b.AuthenticateBasic(t.Context(), b.project.ID.String(), issued.Secret, "")
	wantKind(t, "another id", err, webhook.KindUnauthorized)
	_, err = b.AuthenticateKey(t.Context(), issued.Secret+"x", "")
	wantKind(t, "another secret", err, webhook.KindUnauthorized)
	if b.db.touched != 1 {
		t.Errorf("last use stamped %d times within a minute", b.db.touched)
	}
	b.at = b.at.Add(time.Minute)
	must[account.Caller](t)(b.AuthenticateKey(t.Context(), issued.Secret, ""))
	if b.db.touched != 2 {
		t.Errorf("last use stamped %d times after a minute", b.db.touched)
	}
}

func TestARevokedKeyIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	owner := b.person(account.Member, account.Owner)
	issued := must[manage.IssuedKey](t)(b.CreateKey(t.Context(), owner, manage.NewKey{ProjectID: b.project.ID, Scopes: []string{"read"}}))
	if err := b.RevokeKey(t.Context(), owner, issued.ID); err != nil {
		t.Fatal(err)
	}
	_, err := b.AuthenticateKey(t.Context(), issued.Secret, "")
	wantKind(t, "a revoked key", err, webhook.KindUnauthorized)
}

func TestKeysMakeNoKeysThatOutliveThem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	owner := b.person(account.Member, account.Owner)
	issued := must[manage.IssuedKey](t)(b.CreateKey(t.Context(), owner, manage.NewKey{ProjectID: b.project.ID, Scopes: []string{"manage"}, ExpiresIn: time.Hour}))
	c := must[account.Caller](t)(b.AuthenticateKey(t.Context(), issued.Secret, ""))
	make := func(life time.Duration) error {
		_, err := b.CreateKey(t.Context(), c, manage.NewKey{Scopes: []string{"manage"}, ExpiresIn: life})
		return err
	}
	b.at = b.at.Add(30 * time.Minute)
	wantPlaces(t, "for ever", make(0), "expiresInSeconds")
	wantPlaces(t, "longer than itself", make(31*time.Minute), "expiresInSeconds")
	if err := make(30 * time.Minute); err != nil {
		t.Error(err)
	}
}

func TestKeysMakeNoStrongerOrWiderKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	narrow := b.narrow(account.ScopeManage, account.ScopeRead)
	own := must[manage.IssuedKey](t)(b.CreateKey(t.Context(), narrow, manage.NewKey{Scopes: []string{"read"}}))
	if own.ProjectID != b.project.ID {
		t.Errorf("its project is %v", own.ProjectID)
	}
	_, err := b.CreateKey(t.Context(), narrow, manage.NewKey{Scopes: []string{"secrets"}})
	wantKind(t, "a stronger key", err, webhook.KindForbidden)
	_, err = b.CreateKey(t.Context(), narrow, manage.NewKey{ProjectID: b.other.ID, Scopes: []string{"read"}})
	wantKind(t, "another project's key", err, webhook.KindNotFound)
	_, err = b.CreateKey(t.Context(), b.person(account.Member, account.Owner), manage.NewKey{Scopes: []string{"read"}})
	wantKind(t, "an owner makes an instance key", err, webhook.KindForbidden)
	_, err = b.CreateKey(t.Context(), narrow, manage.NewKey{Scopes: []string{"root"}})
	wantPlaces(t, "an unknown scope", err, "scopes")
	wide := must[manage.IssuedKey](t)(b.CreateKey(t.Context(), b.wide(account.ScopeManage), manage.NewKey{Scopes: []string{"manage"}}))
	wantKind(t, "a project key revokes the instance's", b.RevokeKey(t.Context(), narrow, wide.ID), webhook.KindNotFound)
	asleep := b.person(account.Member, account.Owner)
	asleep.SteppedUp = false
	_, err = b.CreateKey(t.Context(), asleep, manage.NewKey{ProjectID: b.project.ID, Scopes: []string{"read"}})
	if !account.NeedsStepUp(err) {
		t.Errorf("without the password again: %v", err)
	}
	if keys := must[[]account.Key](t)(b.Keys(t.Context(), narrow, webhook.ProjectID{})); len(keys) != 1 || keys[0].ID != own.ID {
		t.Errorf("a project key lists %v", keys)
	}
}
