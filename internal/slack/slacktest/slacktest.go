// Package slacktest is a Slack for tests and the demo: a workspace with
// channels that lets apps in by OAuth, lists its channels in pages and takes
// messages. It knows what Slack documents and nothing of Bellwire.
package slacktest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The app that workspaces know.
const (
	ClientID = "app.bellwire"
	Secret   = "slack-client-secret"
)

// Channel is one of the workspace.
type Channel struct {
	ID, Name string
	Private  bool
	// Refuses is the error that posting to it answers; empty takes messages.
	Refuses string
}

// Posted is a message that the workspace took.
type Posted struct {
	Channel string
	// Body is the request's, as it came.
	Body json.RawMessage
	// Header is the request's.
	Header http.Header
}

// Workspace is an http.Handler with /oauth/v2/authorize and /api/. It is safe
// for concurrent use.
type Workspace struct {
	TeamID, TeamName string
	mux              *http.ServeMux

	mu       sync.Mutex
	channels []Channel
	posted   []Posted
	calls    map[string]int
	codes    map[string]string // the redirect address that each was given for
	tokens   map[string]bool   // false once revoked
	scopes   string
	limited  int // how many posts are answered 429 first
	wait     int // seconds that they name
}

// New makes a workspace.
func New(id, name string, channels ...Channel) *Workspace {
	w := &Workspace{
		TeamID: id, TeamName: name, channels: channels, mux: http.NewServeMux(), calls: map[string]int{}, codes: map[string]string{},
		tokens: map[string]bool{}, scopes: "chat:write,chat:write.public,channels:read,groups:read",
	}
	w.mux.HandleFunc("GET /oauth/v2/authorize", w.authorize)
	w.mux.HandleFunc("GET /oauth/v2/allow", w.allow)
	w.mux.HandleFunc("GET /favicon.ico", func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(http.StatusNoContent) })
	w.mux.HandleFunc("POST /api/oauth.v2.access", w.access)
	w.mux.HandleFunc("POST /api/conversations.list", w.list)
	w.mux.HandleFunc("POST /api/chat.postMessage", w.post)
	w.mux.HandleFunc("POST /api/auth.revoke", w.revoke)
	return w
}

func (w *Workspace) ServeHTTP(out http.ResponseWriter, r *http.Request) { w.mux.ServeHTTP(out, r) }

// Posted are the messages that were taken, oldest first.
func (w *Workspace) Posted() []Posted {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.posted)
}

// In are the messages of one channel.
func (w *Workspace) In(channel string) []Posted {
	return slices.DeleteFunc(w.Posted(), func(p Posted) bool { return p.Channel != channel })
}

// Calls counts the requests to a method.
func (w *Workspace) Calls(method string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[method]
}

// RevokeAll ends every token, as somebody in the workspace can.
func (w *Workspace) RevokeAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for token := range w.tokens {
		w.tokens[token] = false
	}
}

// Tokens are all that were given out.
func (w *Workspace) Tokens() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.tokens))
}

// Live counts the tokens that still act.
func (w *Workspace) Live() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, live := range w.tokens {
		if live {
			n++
		}
	}
	return n
}

// Grant says which scopes the next installation gets.
func (w *Workspace) Grant(scopes string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scopes = scopes
}

// Code is one that somebody who allowed the app comes back with.
func (w *Workspace) Code(redirect string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	code := rand.Text()
	w.codes[code] = redirect
	return code
}

// Limit has the next posts answered 429 with a Retry-After in seconds.
func (w *Workspace) Limit(posts, seconds int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limited, w.wait = posts, seconds
}

// Refuse has posts to a channel answered with an error; empty takes them again.
func (w *Workspace) Refuse(channel, code string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.channels {
		if w.channels[i].ID == channel {
			w.channels[i].Refuses = code
		}
	}
}

var consent = template.Must(template.New("consent").Parse(`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Sign in to {{.Team}}</title>
<body style="font: 16px sans-serif; max-width: 32rem; margin: 3rem auto; padding: 0 1rem"><h1>Bellwire asks to act in {{.Team}}</h1>
<p>This is no real Slack: it is the workspace that Bellwire's demo and tests bring along.</p><ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
<p><a id="allow" href="{{.Allow}}">Allow</a> · <a id="cancel" href="{{.Cancel}}">Cancel</a></p></body></html>`))

func (w *Workspace) authorize(out http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if q.Get("client_id") != ClientID || q.Get("state") == "" || err != nil || back.Host == "" {
		http.Error(out, "invalid_client_id or bad_redirect_uri", http.StatusBadRequest)
		return
	}
	cancel := *back
	cancel.RawQuery = url.Values{"error": {"access_denied"}, "state": {q.Get("state")}}.Encode()
	out.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = consent.Execute(out, map[string]any{
		"Team": w.TeamName, "Scopes": strings.Split(q.Get("scope"), ","), "Allow": "/oauth/v2/allow?" + r.URL.RawQuery, "Cancel": cancel.String(),
	})
}

func (w *Workspace) allow(out http.ResponseWriter, r *http.Request) {
	back, err := url.Parse(r.URL.Query().Get("redirect_uri"))
	if err != nil {
		http.Error(out, "bad_redirect_uri", http.StatusBadRequest)
		return
	}
	code := w.Code(back.String())
	back.RawQuery = url.Values{"code": {code}, "state": {r.URL.Query().Get("state")}}.Encode()
	http.Redirect(out, r, back.String(), http.StatusFound)
}

func (w *Workspace) access(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls["oauth.v2.access"]++
	redirect, known := w.codes[r.FormValue("code")]
	switch {
	case r.FormValue("client_id") != ClientID:
		refuse(out, "invalid_client_id")
	case r.FormValue("client_secret") != Secret:
		refuse(out, "bad_client_secret")
	case !known:
		refuse(out, "invalid_code")
	case redirect != r.FormValue("redirect_uri"):
		refuse(out, "bad_redirect_uri")
	default:
		delete(w.codes, r.FormValue("code"))
		token := "xoxb-" + rand.Text()
		w.tokens[token] = true
		answer(out, map[string]any{"ok": true, "access_token": token, "token_type": "bot", "scope": w.scopes, "team": map[string]string{"id": w.TeamID, "name": w.TeamName}})
	}
}

// may says why a token can't act; empty if it can. It needs w.mu.
func (w *Workspace) may(token string) string {
	live, known := w.tokens[token]
	switch {
	case token == "":
		return "not_authed"
	case !known:
		return "invalid_auth"
	case !live:
		return "token_revoked"
	}
	return ""
}

func (w *Workspace) list(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls["conversations.list"]++
	if code := w.may(token(r)); code != "" {
		refuse(out, code)
		return
	}
	private := strings.Contains(r.FormValue("types"), "private_channel")
	if private && !strings.Contains(w.scopes, "groups:read") {
		refuse(out, "missing_scope")
		return
	}
	from, _ := strconv.Atoi(r.FormValue("cursor"))
	limit, _ := strconv.Atoi(r.FormValue("limit"))
	var page []map[string]any
	next := ""
	for i := from; i < len(w.channels); i++ {
		if len(page) == limit && limit > 0 {
			next = strconv.Itoa(i)
			break
		}
		if c := w.channels[i]; !c.Private || private {
			page = append(page, map[string]any{"id": c.ID, "name": c.Name, "is_channel": true, "is_private": c.Private})
		}
	}
	answer(out, map[string]any{"ok": true, "channels": page, "response_metadata": map[string]string{"next_cursor": next}})
}

func (w *Workspace) post(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls["chat.postMessage"]++
	if w.limited > 0 {
		w.limited--
		out.Header().Set("Retry-After", strconv.Itoa(w.wait))
		out.WriteHeader(http.StatusTooManyRequests)
		refuse(out, "ratelimited")
		return
	}
	if code := w.may(token(r)); code != "" {
		refuse(out, code)
		return
	}
	var body json.RawMessage
	var message struct {
		Channel string            `json:"channel"`
		Text    string            `json:"text"`
		Blocks  []json.RawMessage `json:"blocks"`
	}
	err := json.NewDecoder(r.Body).Decode(&body)
	if err != nil || json.Unmarshal(body, &message) != nil {
		refuse(out, "invalid_json")
		return
	}
	at := slices.IndexFunc(w.channels, func(c Channel) bool { return c.ID == message.Channel })
	switch {
	case at < 0:
		refuse(out, "channel_not_found")
	case w.channels[at].Refuses != "":
		refuse(out, w.channels[at].Refuses)
	case len(message.Blocks) > 50 || len(message.Blocks) == 0 && message.Text == "":
		refuse(out, "invalid_blocks")
	default:
		w.posted = append(w.posted, Posted{message.Channel, body, r.Header.Clone()})
		if len(w.posted) > kept {
			w.posted = slices.Delete(w.posted, 0, 1)
		}
		answer(out, map[string]any{"ok": true, "channel": message.Channel, "ts": fmt.Sprintf("%d.000100", w.calls["chat.postMessage"])})
	}
}

// kept bounds the messages that are remembered.
const kept = 10_000

func (w *Workspace) revoke(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls["auth.revoke"]++
	if code := w.may(token(r)); code != "" {
		refuse(out, code)
		return
	}
	w.tokens[token(r)] = false
	answer(out, map[string]any{"ok": true, "revoked": true})
}

// token is the caller's, in the header or, as older calls send it, in the form.
func token(r *http.Request) string {
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return bearer
	}
	return r.FormValue("token")
}

func refuse(out http.ResponseWriter, code string) {
	answer(out, map[string]any{"ok": false, "error": code})
}

func answer(out http.ResponseWriter, body any) {
	out.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(out).Encode(body) // whose reader went away can't be told
}
