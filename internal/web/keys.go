package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
	"github.com/bellwire/bellwire/views/settings"
)

var keyScopes = []component.Option{
	{Value: string(account.ScopePublish), Label: "Publish events", Hint: "publish: what a backend needs to send, and nothing else."},
	{Value: string(account.ScopeRead), Label: "Read the log", Hint: "read: endpoints, deliveries, events with their payloads, statistics."},
	{Value: string(account.ScopeManage), Label: "Manage", Hint: "manage: make and change endpoints, resend, make keys no stronger than itself."},
	{Value: string(account.ScopeSecrets), Label: "Handle signing secrets", Hint: "secrets: reveal and rotate what deliveries are signed with."},
}

// scopeWords are the scopes as a list of keys shows them.
var scopeWords = map[account.Scope]string{
	account.ScopePublish: "publish events", account.ScopeRead: "read the log", account.ScopeManage: "manage", account.ScopeSecrets: "handle signing secrets",
}

var keyLives = []component.Option{
	{Value: "0", Label: "never"}, {Value: "2592000", Label: "in 30 days"}, {Value: "7776000", Label: "in 90 days"}, {Value: "31536000", Label: "in a year"},
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
	typed := w.typed(c, under(project.ID, "keys"))
	m := settings.KeysModel{
		Shell: shell, Made: made, Mistakes: listed(wrong), ScopesErr: wrong["scopes"],
		Name: component.Input{Value: typed.Get("name"), Error: wrong["name"]}, Scopes: chosenScopes(typed["scope"]), Expiry: selected(keyLives, typed.Get("expires")),
	}
	if made != nil {
		m.Name.Value, m.Scopes, m.Expiry = "", keyScopes, keyLives
	}
	if caller.Could(account.CreateKeys, project.ID) {
		m.CreateURL = under(project.ID, "keys")
	}
	for _, key := range keys {
		row := w.presentKey(project, key, caller.May(account.RevokeKeys, project.ID) == nil)
		if row.Mark.Tone == component.Quiet {
			m.Ended = append(m.Ended, row)
		} else {
			m.Rows = append(m.Rows, row)
		}
	}
	return w.render(c, status, settings.Keys(m))
}

// chosenScopes keeps what was ticked when the form comes again.
func chosenScopes(ticked []string) []component.Option {
	options := slices.Clone(keyScopes)
	for i := range options {
		options[i].Selected = slices.Contains(ticked, options[i].Value)
	}
	return options
}

func (w *Web) presentKey(p webhook.Project, key account.Key, may bool) settings.KeyRow {
	now := w.Now()
	row := settings.KeyRow{
		ID: key.ID.String(), Name: key.Name, By: byWhom(key.CreatedBy), Created: moment(key.CreatedAt, now), Used: moment(key.LastUsedAt, now),
		Addr: key.LastUsedAddr, Expires: until(key.ExpiresAt, now), Mark: component.Mark{Tone: component.Good, Text: "active"},
	}
	if key.Prefix != "" {
		row.Prefix = key.Prefix + "…"
	}
	for _, scope := range key.Scopes {
		row.May = append(row.May, scopeWords[scope])
	}
	switch {
	case !key.RevokedAt.IsZero():
		row.Mark = component.Mark{Tone: component.Quiet, Text: "revoked " + relative(key.RevokedAt, now)}
	case !key.ExpiresAt.IsZero() && !key.ExpiresAt.After(now):
		row.Mark = component.Mark{Tone: component.Quiet, Text: "expired " + relative(key.ExpiresAt, now)}
	case may:
		row.Revoke = component.ConfirmModel{
			ID: "revoke-" + row.ID, Label: "Revoke", Title: "Revoke " + key.Name + "?", Danger: true, Small: true,
			Consequence: w.useOf(key) + " Programs that send it are refused at once." + heirs(key) + " This can't be undone.",
			URL:         under(p.ID, "keys", row.ID, "revoke"),
		}
	}
	return row
}

// heirs warns of the keys that a key can have made.
func heirs(key account.Key) string {
	if !slices.Contains(key.Scopes, account.ScopeManage) {
		return ""
	}
	return " Keys that were made with it stay: look for its name under Made."
}

// useOf says how a key was used last.
func (w *Web) useOf(key account.Key) string {
	switch {
	case key.LastUsedAt.IsZero():
		return "It was never used."
	case key.LastUsedAddr == "":
		return "It was used " + relative(key.LastUsedAt, w.Now()) + "."
	}
	return "It was used " + relative(key.LastUsedAt, w.Now()) + " from " + key.LastUsedAddr + "."
}

// createKey answers with the page itself: the secret is shown once and kept
// nowhere.
func (w *Web) createKey(c *gin.Context) error {
	if err := w.mayOrKeep(c, account.CreateKeys); err != nil {
		return err
	}
	issued, err := w.Manage.CreateKey(c.Request.Context(), w.caller(c), manage.NewKey{
		ProjectID: w.project(c).ID, Name: c.PostForm("name"), Scopes: c.PostFormArray("scope"), ExpiresIn: lifeOf(c.PostForm("expires")),
	})
	if wrong, ok := mistakes(err); ok {
		return w.keys(c, http.StatusUnprocessableEntity, wrong, nil)
	}
	if err != nil {
		return err
	}
	made := &settings.MadeKey{ID: issued.ID.String(), Name: issued.Name, Secret: issued.Secret}
	made.Tries, made.Command = w.tryOf(issued)
	return w.keys(c, http.StatusOK, nil, made)
}

// tryOf is a command that shows what a new key can do.
func (w *Web) tryOf(key manage.IssuedKey) (tries, command string) {
	call := func(rest string) string {
		return fmt.Sprintf("curl -H 'Authorization: Bearer %s' %s", key.Secret, rest)
	}
	at := w.BaseURL.String() + "/api/v1"
	switch {
	case slices.Contains(key.Scopes, account.ScopePublish):
		return "Publish a first event with it:", call("-H 'Content-Type: application/json' \\\n  -d '{\"topic\":\"product.viewed\",\"data\":{\"productId\":\"p1\"}}' " + at + "/events")
	case slices.Contains(key.Scopes, account.ScopeRead):
		return "Read the latest deliveries with it:", call("'" + at + "/deliveries?limit=5'")
	case slices.Contains(key.Scopes, account.ScopeManage):
		return "List the endpoints with it:", call(at + "/endpoints")
	}
	return "Try that it is known:", call(at + "/meta")
}

func (w *Web) revokeKey(c *gin.Context) error {
	id, err := pathID(c, "key")
	if err != nil {
		return err
	}
	keys, err := w.Manage.Keys(c.Request.Context(), w.caller(c), w.project(c).ID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(keys, func(k account.Key) bool { return k.ID.UUID == id }) {
		return webhook.NotFound("there is no such key")
	}
	if err := w.Manage.RevokeKey(c.Request.Context(), w.caller(c), webhook.KeyID{UUID: id}); err != nil {
		return err
	}
	w.done(c, "The key is revoked.")
	return w.redirect(c, under(w.project(c).ID, "keys"))
}
