package api

import (
	"context"
	"net/http"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Key is an API key without its secret.
type Key struct {
	ID           string   `json:"id" format:"uuid"`
	ProjectID    string   `json:"projectId,omitempty" format:"uuid" doc:"Not there on an instance key"`
	Name         string   `json:"name"`
	Scopes       []string `json:"scopes"`
	CreatedBy    *Actor   `json:"createdBy,omitempty"`
	CreatedAt    string   `json:"createdAt" format:"date-time"`
	LastUsedAt   string   `json:"lastUsedAt,omitempty" format:"date-time" doc:"To the minute"`
	LastUsedFrom string   `json:"lastUsedFrom,omitempty" doc:"The network address of that use"`
	ExpiresAt    string   `json:"expiresAt,omitempty" format:"date-time" doc:"Not there on a key that lasts"`
	Prefix       string   `json:"prefix,omitempty" doc:"The first characters of the secret, to tell keys apart by"`
	RevokedAt    string   `json:"revokedAt,omitempty" format:"date-time"`
}

// NewKey is a key with its secret, which is shown this once.
type NewKey struct {
	Key
	Secret string `json:"secret"`
}

// KeyRequest makes a key.
type KeyRequest struct {
	ProjectID string   `json:"projectId,omitempty" maxLength:"300" doc:"A project's id, or ext: and its external id"`
	Instance  bool     `json:"instance,omitempty" doc:"Makes a key of the instance in place of a project's; only instance keys may"`
	Name      string   `json:"name,omitempty" maxLength:"200"`
	Scopes    []string `json:"scopes" minItems:"1" maxItems:"4" enum:"publish,manage,read,secrets"`
	Life      int64    `json:"expiresInSeconds,omitempty" minimum:"0" maximum:"157680000" doc:"0 or left out: never"`
}

func keyShape(k account.Key) Key {
	scopes := make([]string, len(k.Scopes))
	for i, s := range k.Scopes {
		scopes[i] = string(s)
	}
	return Key{
		ID: k.ID.String(), ProjectID: idOrEmpty(k.ProjectID.UUID), Name: k.Name, Scopes: scopes, CreatedBy: actorOf(k.CreatedBy),
		CreatedAt: stamp(k.CreatedAt), LastUsedAt: stamp(k.LastUsedAt), LastUsedFrom: k.LastUsedAddr, ExpiresAt: stamp(k.ExpiresAt),
		Prefix: k.Prefix, RevokedAt: stamp(k.RevokedAt),
	}
}

const keyGroup = "Keys"

func (a *API) keyCalls() {
	add(a, Call{Method: http.MethodGet, Path: "/keys", ID: "list-keys", Group: keyGroup, May: account.ViewKeys,
		Summary: "List API keys", Text: "Newest first, revoked ones included. An instance key that names no project lists the instance's own."}, a.listKeys)
	add(a, Call{Method: http.MethodPost, Path: "/keys", ID: "create-key", Group: keyGroup, May: account.CreateKeys,
		Summary: "Create an API key", Text: "No key can give more than it has.", Status: http.StatusCreated}, a.createKey)
	add(a, Call{Method: http.MethodDelete, Path: "/keys", ID: "revoke-key", Group: keyGroup, May: account.RevokeKeys,
		Summary: "Revoke an API key, named by id", Status: http.StatusNoContent}, a.revokeKey)
	add(a, Call{Method: http.MethodDelete, Path: "/keys/{id}", ID: "revoke-key-by-path", Group: keyGroup, May: account.RevokeKeys,
		Summary: "Revoke an API key", Text: "It stops working at once, on other nodes within a second.", Status: http.StatusNoContent}, a.revokeKeyByPath)
}

func (a *API) listKeys(ctx context.Context, caller account.Caller, in *OfProject) (*answer[List[Key]], error) {
	project, err := a.projectOf(ctx, caller, in.ProjectID, "query.projectId")
	if err != nil {
		return nil, err
	}
	found, err := a.manage.Keys(ctx, caller, project)
	return answering(listOf(webhook.Page[account.Key]{Items: found}, keyShape), err)
}

func (a *API) createKey(ctx context.Context, caller account.Caller, in *struct{ Body KeyRequest }) (*answer[NewKey], error) {
	project, err := a.projectOf(ctx, caller, in.Body.ProjectID, "projectId")
	switch {
	case err != nil:
		return nil, err
	case in.Body.Instance && (in.Body.ProjectID != "" || !project.IsZero()):
		return nil, webhook.Invalid("instance", "goes with no project, and only instance keys may make instance keys")
	case !in.Body.Instance && project.IsZero():
		return nil, webhook.Invalid("projectId", "is missing; for a key of the instance send instance: true")
	}
	key, err := a.manage.CreateKey(ctx, caller, manage.NewKey{ProjectID: project, Name: in.Body.Name, Scopes: in.Body.Scopes, ExpiresIn: time.Duration(in.Body.Life) * time.Second})
	return answering(NewKey{keyShape(key.Key), key.Secret}, err)
}

type revokeKeyInput struct {
	ID string `query:"id" required:"true" maxLength:"64"`
}

func (a *API) revokeKey(ctx context.Context, caller account.Caller, in *revokeKeyInput) (*nothing, error) {
	out, err := a.revoke(ctx, caller, in.ID)
	if in.ID != "" && webhook.KindOf(err) == webhook.KindNotFound {
		err = locate(err, "query.id")
	}
	return out, err
}

func (a *API) revokeKeyByPath(ctx context.Context, caller account.Caller, in *ByID) (*nothing, error) {
	return a.revoke(ctx, caller, in.ID)
}

func (a *API) revoke(ctx context.Context, caller account.Caller, text string) (*nothing, error) {
	id, err := idIn(text, "key")
	if err != nil {
		return nil, err
	}
	return done(a.manage.RevokeKey(ctx, caller, webhook.KeyID{UUID: id}))
}
