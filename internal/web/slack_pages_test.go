package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/slack"
	"github.com/bellwire/bellwire/internal/slack/slacktest"
	"github.com/bellwire/bellwire/internal/webhook"
)

// slackApp lets the fixture speak with a workspace.
func (f *fixture) slackApp() *slacktest.Workspace {
	f.t.Helper()
	w := slacktest.New("T1", "Acme <b>Inc", slacktest.Channel{ID: "C0ONE", Name: "one"}, slacktest.Channel{ID: "C0TWO", Name: "two"},
		slacktest.Channel{ID: "C0PRIV", Name: "leads", Private: true}, slacktest.Channel{ID: "C0OLD", Name: "old", Refuses: "is_archived"})
	s := httptest.NewServer(w)
	f.t.Cleanup(s.Close)
	api, err := url.Parse(s.URL + "/api/")
	f.must(err)
	f.manage.Slack = slack.App{ClientID: slacktest.ClientID, Secret: slacktest.Secret, API: api, RedirectURL: baseURL + "/slack/callback", Client: http.DefaultClient}
	return w
}

// toSlack goes there from a link and answers the state that it was sent with.
func (b *browser) toSlack(link string) string {
	b.t.Helper()
	to, err := url.Parse(b.get(link).is(http.StatusSeeOther).header.Get("Location"))
	if err != nil || to.Path != "/oauth/v2/authorize" || to.Query().Get("redirect_uri") != baseURL+"/slack/callback" {
		b.t.Fatalf("sent to %s, %v", to, err)
	}
	return to.Query().Get("state")
}

func (b *browser) connect(f *fixture, w *slacktest.Workspace) {
	b.t.Helper()
	state := b.toSlack(f.path("slack", "connect"))
	b.get("/slack/callback?state=" + state + "&code=" + w.Code(baseURL+"/slack/callback")).is(http.StatusSeeOther)
	b.get(f.path("slack")).is(http.StatusOK).says("Connected to Acme <b>Inc", "connected", "chat:write.public").hides("xoxb-")
}

func TestSlack_is_connected_once_by_whoever_left_for_it(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	b := f.as(account.Developer)
	b.get(f.path("slack")).is(http.StatusOK).says("no Slack app yet", "BELLWIRE_SLACK_CLIENT_ID", baseURL+"/slack/callback")
	b.get(f.path("slack", "connect")).is(http.StatusConflict)
	b.get(f.path("endpoints", "new") + "?kind=slack").is(http.StatusOK).says("no Slack app yet").hides("Create endpoint")
	w := f.slackApp()
	b.get(f.path("slack")).is(http.StatusOK).says("Not connected", "groups:read", "Connect Slack")
	b.get(f.path("endpoints", "new")+"?kind=slack").says("Authenticate with Slack", "Webhook Call", "Slack Message")

	b.get("/slack/callback?state=x&code=y").is(http.StatusSeeOther)
	b.get("/projects").says("Slack was not connected: that took too long")
	state := b.toSlack(f.path("slack", "connect"))
	other := f.visitor()
	other.get("/slack/callback?state=" + state + "&code=" + w.Code(baseURL+"/slack/callback")).is(http.StatusSeeOther)
	b.get("/slack/callback?state=wrong&code=" + w.Code(baseURL+"/slack/callback"))
	b.get("/slack/callback?state=" + state + "&code=" + w.Code(baseURL+"/slack/callback")) // the state was used up by the wrong one
	if w.Live() != 0 {
		t.Errorf("%d tokens were made", w.Live())
	}
	state = b.toSlack(f.path("slack", "connect"))
	b.get("/slack/callback?state=" + state + "&error=access_denied").is(http.StatusSeeOther)
	b.get(f.path("slack")).says("Slack was not connected (access_denied). Nothing has changed.", "Not connected")
	state = b.toSlack(f.path("slack", "connect"))
	b.get("/slack/callback?state=" + state + "&code=made-up")
	b.get(f.path("slack")).says("Slack does not know this way back any more")
	state = b.toSlack(f.path("slack", "connect"))
	f.clock.forward(16 * time.Minute)
	b.get("/slack/callback?state=" + state + "&code=" + w.Code(baseURL+"/slack/callback"))
	if w.Live() != 0 {
		t.Errorf("%d tokens were made", w.Live())
	}
	b.connect(f, w)
	if acts := f.actions(); !strings.Contains(acts, "slack.connected") || strings.Contains(f.log.String(), "xoxb-") {
		t.Errorf("audit %s, log %s", acts, f.log)
	}
	f.as(account.Viewer).get(f.path("slack")).is(http.StatusOK).says("Acme <b>Inc").hides("Disconnect", "Reconnect")
}

func TestSlack_endpoints_are_made_tried_changed_and_held(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	w := f.slackApp()
	b := f.as(account.Developer)
	b.connect(f, w)
	at := f.path("endpoints", "new")
	form := b.get(at+"?kind=slack").is(http.StatusOK).says("#", "one", "two", "leads", "private", "Dry run").hides("Signing secret", "Own headers", "Format")
	_, values := form.form(endpointForm)
	if values.Get("kind") != "slack" {
		t.Fatalf("the form posts %v", values)
	}
	with := func(pairs ...string) url.Values {
		v := url.Values{"kind": {"slack"}, "clientErrors": {"true"}}
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		return v
	}
	b.post(at, with("do", "save", "topic", "prompt.created")).is(http.StatusUnprocessableEntity).says("choose a channel")
	b.post(at, with("do", "save", "channel", "C0ONE one")).is(http.StatusUnprocessableEntity).says("Topics")
	b.post(at, with("do", "save", "channelID", "nonsense", "topic", "prompt.created")).is(http.StatusUnprocessableEntity).says("no id of a channel")
	b.post(at, with("do", "find", "channelQuery", "TW", "channel", "C0ONE one")).is(http.StatusOK).says("two", "one").hides("leads")
	b.post(at, with("do", "find", "channelQuery", "nowhere")).is(http.StatusOK).says("No channel of the workspace has")
	b.post(at, with("do", "try", "topic", "prompt.created")).is(http.StatusUnprocessableEntity).says("choose one to try")
	tried := b.post(at, with("do", "try", "topic", "prompt.created", "channel", "C0ONE one", "channel", "C0OLD old")).is(http.StatusOK)
	tried.says("#one got the test message", "#old: The channel is archived", "is_archived", "Prompt created", "View in Bellwire")
	if posted := w.Posted(); len(posted) != 1 || !strings.Contains(string(posted[0].Body), "🧪 Test · ") {
		t.Errorf("posted %d", len(posted))
	}
	preview := f.path("endpoints", "preview")
	b.post(preview, with("topic", "prompt.created")).is(http.StatusOK).says("Prompt created").hides("webhook-signature")

	b.post(at, with("do", "save", "name", "prompts", "topic", "prompt.created", "topic", "prompt.updated", "channel", "C0ONE one", "channel", "C0TWO x")).is(http.StatusSeeOther)
	list := b.get(f.path("endpoints")).says("2 endpoints are ready", "prompts #one", "prompts #two", "#two")
	page, err := f.store.Endpoints(t.Context(), webhook.EndpointFilter{ProjectID: f.ours.ID, Limit: 10})
	f.must(err)
	if len(page.Items) != 2 || page.Items[0].Channel == nil || page.Items[0].RatePerSecond != webhook.SlackRate || page.Items[0].Format != webhook.FormatSlack {
		t.Fatalf("made %+v", page.Items)
	}
	one := page.Items[0]
	if one.Channel.ID != "C0ONE" {
		one = page.Items[1]
	}
	if !list.offers(f.path("endpoints", one.ID.String())) {
		t.Error("the list does not lead to it")
	}
	show := f.path("endpoints", one.ID.String())
	b.get(show).is(http.StatusOK).says("#one", "Send a test").hides("?tab=secret", "?tab=code", "signing secret")
	b.get(show+"?tab=settings").is(http.StatusOK).says("Every delivery is a message to", "C0ONE", "says ok counts")
	for _, path := range []string{"/secret/reveal", "/secret/rotate"} {
		b.post(show+path, url.Values{}).is(http.StatusConflict)
	}
	edit := b.get(show + "/edit").is(http.StatusOK)
	action, kept := edit.form(endpointForm)
	if kept.Get("channel") != "C0ONE one" {
		t.Errorf("the form holds %v", kept)
	}
	kept.Set("channel", "C0PRIV leads")
	kept.Set("do", "save")
	b.post(action, kept).is(http.StatusSeeOther)
	b.get(show+"?tab=settings").says("#leads", "C0PRIV", "Saved.")
	f.endpoint(f.ours)
	hook := b.get(f.path("endpoints")).doc().Find(`a[href*="/endpoints/"]`)
	if hook.Length() < 3 {
		t.Errorf("%d endpoints are listed", hook.Length())
	}

	b.post(f.path("slack", "disconnect"), url.Values{}).is(http.StatusSeeOther)
	b.get(f.path("slack")).says("2 endpoints are held", "Connect Slack, and what is held goes out")
	b.get(show).says("Slack does not take the project", "Reconnect the workspace")
	b.post(show+"/resume", url.Values{}).is(http.StatusConflict)
	if w.Live() != 0 || w.Calls("auth.revoke") != 1 {
		t.Errorf("%d tokens act still", w.Live())
	}
	b.connect(f, w)
	b.get(show).hides("Slack does not take the project")
	w.RevokeAll()
	f.clock.forward(2 * time.Minute)
	b.get(at+"?kind=slack").is(http.StatusOK).says("revoked in the workspace", "Reconnect Slack")
	if acts := f.actions(); strings.Count(acts, "slack.connected") != 2 || strings.Count(acts, "slack.disconnected") != 1 {
		t.Errorf("audit %s", acts)
	}
}

func TestSlack_of_another_project_is_nobodys_business(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	w := f.slackApp()
	b := f.as(account.Developer)
	b.connect(f, w)
	state := b.toSlack(f.path("slack", "connect"))
	for _, path := range []string{"slack", "slack/connect"} {
		b.get(inside(f.theirs, path)).is(http.StatusNotFound)
	}
	b.post(inside(f.theirs, "slack", "disconnect"), url.Values{}).is(http.StatusNotFound)
	_, err := f.manage.SetMember(t.Context(), system, f.ours.ID, manage.NewMember{Email: "developer@example.com", Role: account.Viewer})
	f.must(err)
	b.get("/slack/callback?state=" + state + "&code=" + w.Code(baseURL+"/slack/callback")).is(http.StatusForbidden) // no longer a developer
	b.get(f.path("slack", "connect")).is(http.StatusForbidden)
	b.post(f.path("slack", "disconnect"), url.Values{}).is(http.StatusForbidden)
}
