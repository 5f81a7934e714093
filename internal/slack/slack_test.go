package slack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/sender"
	"github.com/bellwire/bellwire/internal/slack"
	"github.com/bellwire/bellwire/internal/slack/slacktest"
	"github.com/bellwire/bellwire/internal/webhook"
)

const back = "https://bell.example/slack/callback"

func open(t *testing.T, w http.Handler) *url.URL {
	t.Helper()
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	api, err := url.Parse(s.URL + "/api/")
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func app(t *testing.T, w http.Handler) slack.App {
	t.Helper()
	return slack.App{ClientID: slacktest.ClientID, Secret: slacktest.Secret, API: open(t, w), RedirectURL: back, Client: http.DefaultClient}
}

func installed(t *testing.T, a slack.App, w *slacktest.Workspace) string {
	t.Helper()
	i, err := a.Install(t.Context(), w.Code(back))
	if err != nil {
		t.Fatal(err)
	}
	return i.Token
}

func TestInstall_goes_by_the_address_that_Slack_documents(t *testing.T) {
	t.Parallel()
	w := slacktest.New("T1", "Acme")
	a := app(t, w)
	to, err := url.Parse(a.AuthorizeURL("st4te"))
	q := to.Query()
	if err != nil || to.Path != "/oauth/v2/authorize" || q.Get("client_id") != slacktest.ClientID || q.Get("state") != "st4te" || q.Get("redirect_uri") != back ||
		q.Get("scope") != "chat:write,chat:write.public,channels:read,groups:read" {
		t.Errorf("sent to %s, %v", to, err)
	}
	code := w.Code(back)
	i, err := a.Install(t.Context(), code)
	if err != nil || i.TeamID != "T1" || i.TeamName != "Acme" || !strings.HasPrefix(i.Token, "xoxb-") || len(i.Scopes) != 4 {
		t.Fatalf("got %+v, %v", i, err)
	}
	wrong := a
	wrong.Secret = "no"
	elsewhere := a
	elsewhere.RedirectURL = "https://other.example/"
	for name, try := range map[string]func() error{
		"already":          func() error { _, err := a.Install(t.Context(), code); return err },
		"client secret":    func() error { _, err := wrong.Install(t.Context(), w.Code(back)); return err },
		"send people back": func() error { _, err := elsewhere.Install(t.Context(), w.Code(back)); return err },
	} {
		if err := try(); webhook.KindOf(err) != webhook.KindConflict || strings.Contains(err.Error(), slacktest.Secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChannels_come_in_pages_and_without_private_ones_where_those_are_not_granted(t *testing.T) {
	t.Parallel()
	var channels []slacktest.Channel
	for i := range 450 {
		channels = append(channels, slacktest.Channel{ID: fmt.Sprintf("C%03d", i), Name: fmt.Sprintf("n%d", i), Private: i == 7})
	}
	w := slacktest.New("T1", "Acme", channels...)
	a := app(t, w)
	token := installed(t, a, w)
	var all []webhook.SlackChannel
	pages, cursor := 0, ""
	for {
		list, next, err := a.Channels(t.Context(), token, cursor)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, list...)
		pages++
		if cursor = next; next == "" {
			break
		}
	}
	if len(all) != 450 || pages != 3 || !all[7].Private || all[0] != (webhook.SlackChannel{ID: "C000", Name: "n0"}) {
		t.Errorf("%d channels in %d pages", len(all), pages)
	}
	w.Grant("chat:write,channels:read")
	if list, _, err := a.Channels(t.Context(), token, ""); err != nil || len(list) != 200 || list[7].ID != "C008" {
		t.Errorf("without groups:read: %d, %v", len(list), err)
	}
	w.RevokeAll()
	if _, _, err := a.Channels(t.Context(), token, ""); webhook.KindOf(err) != webhook.KindConflict || !strings.Contains(err.Error(), "connect Slack again (token_revoked)") {
		t.Errorf("a revoked token: %v", err)
	}
}

func TestSay_and_Revoke(t *testing.T) {
	t.Parallel()
	w := slacktest.New("T1", "Acme", slacktest.Channel{ID: "C1", Name: "one"}, slacktest.Channel{ID: "C2", Name: "two", Refuses: "not_in_channel"})
	a := app(t, w)
	token := installed(t, a, w)
	say := func(channel string) error {
		return a.Say(t.Context(), token, []byte(`{"channel":"`+channel+`","text":"hi"}`))
	}
	if err := say("C1"); err != nil || len(w.In("C1")) != 1 {
		t.Errorf("posted %d, %v", len(w.In("C1")), err)
	}
	for channel, words := range map[string]string{"C2": "invite it there with /invite (not_in_channel)", "C3": "(channel_not_found)"} {
		if err := say(channel); webhook.KindOf(err) != webhook.KindConflict || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", channel, err)
		}
	}
	if err := a.Revoke(t.Context(), token); err != nil || w.Live() != 0 {
		t.Errorf("%d tokens live, %v", w.Live(), err)
	}
	if err := say("C1"); err == nil || !strings.Contains(err.Error(), "token_revoked") {
		t.Errorf("after it: %v", err)
	}
	gone := a
	gone.API = &url.URL{Scheme: "http", Host: "127.0.0.1:1", Path: "/api/"}
	if err := gone.Say(t.Context(), token, []byte(`{}`)); webhook.KindOf(err) != webhook.KindUnavailable || strings.Contains(err.Error(), token) {
		t.Errorf("nobody there: %v", err)
	}
}

// job is a prompt's event for an endpoint that posts to a channel.
func job(channel string) (webhook.Job, *webhook.Target) {
	j := webhook.Job{
		Event: webhook.Event{ID: webhook.EventID{UUID: webhook.UUID{1}}, Topic: "prompt.created", OccurredAt: time.Unix(1769250600, 0),
			Data: []byte(`{"name":"critic","version":1,"labels":["latest"],"tags":[]}`)},
		Delivery: webhook.Delivery{ID: webhook.DeliveryID{UUID: webhook.UUID{2}}, AttemptID: webhook.AttemptID{UUID: webhook.UUID{3}}, Attempts: 2},
	}
	target := &webhook.Target{Slack: &webhook.SlackInstall{}}
	target.Version, target.Timeout, target.Channel = 5, 5*time.Second, &webhook.SlackChannel{ID: channel}
	return j, target
}

func posting(api *url.URL) *slack.Sender {
	return &slack.Sender{API: api, BaseURL: "https://bell.example", Version: "9", NodeID: webhook.NodeID{UUID: webhook.UUID{4}},
		Post: func(ctx context.Context, to string, headers []webhook.HeaderLine, body []byte, timeout time.Duration) webhook.Attempt {
			return sender.Post(ctx, http.DefaultTransport, to, headers, body, timeout)
		}}
}

func TestSend_posts_the_message_once_and_logs_it_without_the_token(t *testing.T) {
	t.Parallel()
	w := slacktest.New("T1", "Acme", slacktest.Channel{ID: "C1", Name: "one"})
	a := app(t, w)
	s := posting(a.API)
	j, target := job("C1")
	target.Slack.Token = installed(t, a, w)
	got := s.Send(t.Context(), j, target)
	if got.Outcome != webhook.OutcomeDelivered || got.ID != j.Delivery.AttemptID || got.Number != 2 || got.EndpointVersion != 5 || got.NodeID != s.NodeID || got.Duration <= 0 {
		t.Errorf("got %+v", got)
	}
	posted := w.Posted()
	if len(posted) != 1 || string(posted[0].Body) != string(got.Request.Body) || posted[0].Header.Get("X-Bellwire-Attempt-Id") != got.ID.String() {
		t.Fatalf("posted %d", len(posted))
	}
	logged, err := json.Marshal(got)
	if err != nil || strings.Contains(string(logged), target.Slack.Token) || !strings.Contains(string(logged), "Bearer ****") {
		t.Errorf("logged %s, %v", logged, err)
	}
}

func TestSend_tells_every_refusal_in_words(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string, header ...string) http.Handler {
		return http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				out.Header().Set(header[i], header[i+1])
			}
			out.WriteHeader(status)
			out.Write([]byte(body))
		})
	}
	for name, c := range map[string]struct {
		from  http.Handler
		cause webhook.Cause
		words string
		wait  time.Duration
	}{
		"revoked":             {answer(200, `{"ok":false,"error":"token_revoked"}`), webhook.CauseSlackToken, "connect Slack again (token_revoked)", 0},
		"the app was removed": {answer(200, `{"ok":false,"error":"account_inactive"}`), webhook.CauseSlackToken, "(account_inactive)", 0},
		"no such channel":     {answer(200, `{"ok":false,"error":"channel_not_found"}`), webhook.CauseSlack, "invite the app", 0},
		"a new error":         {answer(200, `{"ok":false,"error":"brand_new_2"}`), webhook.CauseSlack, "Slack refused the call: brand_new_2", 0},
		"a hostile error":     {answer(200, `{"ok":false,"error":"<b>x"}`), webhook.CauseSlack, "it gave no reason", 0},
		"not Slack":           {answer(200, `<html>`), webhook.CauseSlack, "not one of Slack's", 0},
		"nothing":             {answer(200, ``), webhook.CauseSlack, "not one of Slack's", 0},
		"too fast":            {answer(429, `{"ok":false,"error":"ratelimited"}`, "Retry-After", "7"), webhook.CauseStatus, "ratelimited", 7 * time.Second},
		"away":                {answer(503, `x`), webhook.CauseStatus, "503", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, target := job("C1")
			got := posting(open(t, c.from)).Send(t.Context(), j, target)
			if got.Outcome != webhook.OutcomeFailed || got.Cause != c.cause || !strings.Contains(got.Error, c.words) || got.RetryAfter != c.wait {
				t.Errorf("got %s %s %q %s", got.Outcome, got.Cause, got.Error, got.RetryAfter)
			}
		})
	}
	j, target := job("C1")
	j.Event.Data = nil
	if got := posting(&url.URL{Scheme: "http", Host: "127.0.0.1:1"}).Send(t.Context(), j, target); got.Cause != webhook.CauseInternal || !strings.Contains(got.Error, "expunged") {
		t.Errorf("without a payload: %+v", got)
	}
}
