package app

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/config"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/secret"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Desk carries out the commands of somebody at the machine, beside a running
// server or on a database that does not exist yet.
type Desk struct {
	store  *store.Store
	manage *manage.Service
	keys   *secret.Keyring
	caller account.Caller
}

// OpenDesk opens the database and brings it up to date.
func OpenDesk(ctx context.Context, c config.Config) (*Desk, error) {
	log := slog.New(slog.DiscardHandler)
	s, err := openStore(ctx, c, webhook.NodeID{}, log)
	if err != nil {
		return nil, err
	}
	d := &Desk{store: s, caller: account.ForSystem("command line")}
	if err := d.prepare(ctx, c, log); err != nil {
		s.Close()
		return nil, err
	}
	return d, nil
}

func (d *Desk) prepare(ctx context.Context, c config.Config, log *slog.Logger) error {
	if err := d.store.Migrate(ctx); err != nil {
		return err
	}
	keys, err := openKeyring(ctx, c, d.store)
	if err != nil {
		return err
	}
	out, err := newEgress(c, nil)
	if err != nil {
		return err
	}
	d.keys = keys
	d.manage = newManage(c, "", d.store, keys, out, sleeper{}, nil, log)
	return d.manage.SeedTopics(ctx)
}

// sleeper wakes nobody: a server looks for itself within a second.
type sleeper struct{}

func (sleeper) Wake() {}

// Close ends the connection to the database.
func (d *Desk) Close() error { return d.store.Close() }

// CreateUser makes somebody who can sign in and answers the id.
func (d *Desk) CreateUser(ctx context.Context, email, role, password string) (string, error) {
	user, err := d.manage.CreateUser(ctx, d.caller, manage.NewUser{Email: email, Role: account.Role(role), Password: password})
	return user.ID.String(), err
}

// ResetSecondFactor takes somebody's second factor away and answers their id.
func (d *Desk) ResetSecondFactor(ctx context.Context, email string) (string, error) {
	user, err := d.manage.UserByEmail(ctx, d.caller, email)
	if err != nil {
		return "", err
	}
	return user.ID.String(), d.manage.ResetSecondFactor(ctx, d.caller, user.ID)
}

// CreateProject makes a project and answers the id. The owner, an email
// address, must be somebody's already; empty for nobody.
func (d *Desk) CreateProject(ctx context.Context, name, externalID, owner string) (string, error) {
	if owner != "" {
		_, err := d.manage.UserByEmail(ctx, d.caller, owner)
		if webhook.KindOf(err) == webhook.KindNotFound {
			return "", fmt.Errorf("--owner %q: there is no such person in this database, and no project was made; make one with: bellwire user create --email", owner)
		}
		if err != nil {
			return "", fmt.Errorf("--owner: %w", err)
		}
	}
	project, err := d.manage.CreateProject(ctx, d.caller, manage.NewProject{Name: name, ExternalID: externalID})
	if err != nil || owner == "" {
		return project.ID.String(), err
	}
	_, err = d.manage.SetMember(ctx, d.caller, project.ID, manage.NewMember{Email: owner, Role: account.Owner})
	return project.ID.String(), err
}

// AddMember gives somebody a role in a project, an id or "ext:" and an
// external id, and answers the person's id.
func (d *Desk) AddMember(ctx context.Context, project, email, role string) (string, error) {
	found, err := d.project(ctx, project)
	if err != nil {
		return "", err
	}
	member, err := d.manage.SetMember(ctx, d.caller, found.ID, manage.NewMember{Email: email, Role: account.Role(role)})
	return member.UserID.String(), err
}

// project finds what --project names.
func (d *Desk) project(ctx context.Context, named string) (webhook.Project, error) {
	found, err := d.manage.FindProject(ctx, d.caller, named)
	switch webhook.KindOf(err) {
	case webhook.KindInvalid:
		return found, fmt.Errorf("--project %q is neither a project's id nor ext: and an external id", named)
	case webhook.KindNotFound:
		return found, fmt.Errorf("--project %q: there is no such project in this database", named)
	}
	return found, err
}

// CreateKey makes an API key for a project, or for the instance if project is
// empty.
func (d *Desk) CreateKey(ctx context.Context, project, name string, scopes []string) (id, secret string, err error) {
	var owner webhook.ProjectID
	if project != "" {
		found, err := d.project(ctx, project)
		if err != nil {
			return "", "", err
		}
		owner = found.ID
	}
	for i := range scopes {
		scopes[i] = strings.TrimSpace(scopes[i])
	}
	key, err := d.manage.CreateKey(ctx, d.caller, manage.NewKey{ProjectID: owner, Name: name, Scopes: scopes})
	return key.ID.String(), key.Secret, err
}
