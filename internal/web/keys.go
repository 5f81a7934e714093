package web

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/settings"
)

var keyScopes = []component.Option{
	{Value: string(account.ScopePublish), Label: "publish", Hint: "send events"},
	{Value: string(account.ScopeRead), Label: "read", Hint: "see endpoints, deliveries and events"},
	{Value: string(account.ScopeManage), Label: "manage", Hint: "change endpoints and resend"},
	{Value: string(account.ScopeSecrets), Label: "secrets", Hint: "reveal and rotate signing secrets"},
}

func (w *Web) listKeys(c *gin.Context) error { return w.keys(c, http.StatusOK, nil, nil) }

func (w *Web) keys(c *gin.Context, status int, wrong map[string]string, made *settings.MadeKey) error {
	project, caller := w.project(c), w.caller(c)
	shell, err := w.shell(c, atKeys, "API keys", component.Link{Label: "API keys"})
	if err != nil {
		return err
	}
	keys, err := w.Manage.Keys(c.Request.Context(), caller, project.ID)
	if err != nil {
		return err
	}
	m := settings.KeysModel{
		Shell: shell, Made: made, Mistakes: listed(wrong), ScopesErr: wrong["scopes"],
		Name: component.Input{Value: c.PostForm("name"), Error: wrong["name"]}, Scopes: chosenScopes(c),
	}
	if made != nil {
		m.Name.Value, m.Scopes = "", keyScopes
	}
	if mayOnceSteppedUp(caller, account.CreateKeys, project.ID) {
		m.CreateURL = under(project.ID, "keys")
	}
	for _, key := range keys {
		m.Rows = append(m.Rows, w.presentKey(project, key, caller.May(account.RevokeKeys, project.ID) == nil))
	}
	return w.render(c, status, settings.Keys(m))
}

// chosenScopes keeps what was ticked when the form comes again.
func chosenScopes(c *gin.Context) []component.Option {
	ticked := map[string]bool{}
	for _, scope := range c.PostFormArray("scope") {
		ticked[scope] = true
	}
	options := make([]component.Option, len(keyScopes))
	for i, option := range keyScopes {
		option.Selected = ticked[option.Value]
		options[i] = option
	}
	return options
}

func (w *Web) presentKey(p webhook.Project, key account.Key, may bool) settings.KeyRow {
	row := settings.KeyRow{
		ID: key.ID.String(), Name: key.Name, By: key.CreatedBy.Name,
		Created: moment(key.CreatedAt, w.Now()), LastUsed: moment(key.LastUsedAt, w.Now()),
		Mark: component.Mark{Tone: component.Good, Text: "active"},
	}
	for _, scope := range key.Scopes {
		row.Scopes = append(row.Scopes, string(scope))
	}
	switch {
	case !key.RevokedAt.IsZero():
		row.Mark = component.Mark{Tone: component.Quiet, Text: "revoked " + relative(key.RevokedAt, w.Now())}
	case may:
		row.Revoke = component.ConfirmModel{
			ID: "revoke-" + row.ID, Label: "Revoke", Title: "Revoke " + key.Name + "?", Danger: true, Small: true,
			Consequence: "Programs that use it are refused at once. This can't be undone.",
			URL:         under(p.ID, "keys", row.ID, "revoke"),
		}
	}
	return row
}

// createKey answers with the page itself: the secret is shown once and kept
// nowhere.
func (w *Web) createKey(c *gin.Context) error {
	project := w.project(c)
	issued, err := w.Manage.CreateKey(c.Request.Context(), w.caller(c), manage.NewKey{
		ProjectID: project.ID, Name: c.PostForm("name"), Scopes: c.PostFormArray("scope"),
	})
	if wrong, ok := mistakes(err); ok {
		return w.keys(c, http.StatusUnprocessableEntity, wrong, nil)
	}
	if err != nil {
		return err
	}
	return w.keys(c, http.StatusOK, nil, &settings.MadeKey{
		ID: issued.ID.String(), Name: issued.Name, Secret: issued.Secret,
		Command: fmt.Sprintf("curl -H 'Authorization: Bearer %s' %s/api/v1/meta", issued.Secret, w.BaseURL),
	})
}

func (w *Web) revokeKey(c *gin.Context) error {
	id, err := webhook.ParseUUID(c.Param("key"))
	if err != nil {
		return webhook.NotFound("there is no such key")
	}
	if err := w.Manage.RevokeKey(c.Request.Context(), w.caller(c), webhook.KeyID{UUID: id}); err != nil {
		return err
	}
	w.done(c, "The key is revoked.")
	return w.redirect(c, under(w.project(c).ID, "keys"))
}
