package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/slack/slacktest"
)

// connectSlack lets the app into the workspace as a person does, and answers an
// endpoint for the channel.
func connectSlack(t *testing.T, v *visitor, w *slacktest.Workspace, home, channel string) {
	t.Helper()
	consent := v.get(home + "/slack/connect")
	allow := regexp.MustCompile(`redirect_uri=([^&"]+).*?state=([^&"]+)`).FindStringSubmatch(strings.ReplaceAll(consent, "&amp;", "&"))
	if allow == nil {
		t.Fatalf("Slack asks nothing:\n%s", consent)
	}
	back, err := url.QueryUnescape(allow[1])
	if err != nil {
		t.Fatal(err)
	}
	if page := v.get("/slack/callback?state=" + allow[2] + "&code=" + w.Code(back)); !strings.Contains(page, "Connected to "+w.TeamName) {
		t.Fatalf("not connected:\n%s", page)
	}
	v.post(home+"/endpoints/new", url.Values{"kind": {"slack"}, "topic": {"prompt.created", "prompt.updated", "prompt.deleted"}, "channel": {channel}, "rate": {"100"}, "clientErrors": {"true"}, "do": {"save"}})
}

// promptChange is a change by the public API and the events that must follow:
// action, name, version, labels now, labels before.
type promptChange struct {
	method, path, body string
	follows            []string
}

var promptChanges = []promptChange{
	{"POST", "", `{"name":"movies/critic","prompt":"Rate {{movie}}","labels":["production"],"tags":["a"],"commitMessage":"First"}`,
		[]string{"created movies/critic 1 [production latest] []"}},
	{"POST", "", `{"name":"bot","type":"chat","prompt":[{"role":"system","content":"Be brief"}]}`, []string{"created bot 1 [latest] []"}},
	{"POST", "", `{"name":"movies/critic","prompt":"Rate {{movie}} well","labels":["production"],"tags":["a"]}`,
		[]string{"created movies/critic 2 [production latest] []", "updated movies/critic 1 [] [production latest]"}},
	{"PATCH", "/movies%2Fcritic/versions/1", `{"newLabels":["staging"]}`, []string{"updated movies/critic 1 [staging] []"}},
	{"PATCH", "/movies%2Fcritic/versions/1", `{"newLabels":["production"]}`,
		[]string{"updated movies/critic 1 [staging production] [staging]", "updated movies/critic 2 [latest] [production latest]"}},
	{"POST", "", `{"name":"movies/critic","prompt":"Rate {{movie}} again","tags":["a","b"]}`,
		[]string{"created movies/critic 3 [latest] []", "updated movies/critic 2 [] [latest]", "updated movies/critic 1 [staging production] [staging production]"}},
}

// TestPrompts_every_change_reaches_a_webhook_and_a_channel_and_nothing_else_does
// makes changes as the product's own client does. The webhook's receiver is the
// document's code, which says whether the signature is right.
func TestPrompts_every_change_reaches_a_webhook_and_a_channel_and_nothing_else_does(t *testing.T) {
	t.Parallel()
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db"))
	w := withSlack(t, n, slacktest.Channel{ID: "C0CHANGES", Name: "prompt-changes"})
	n.start()
	v := newVisitor(t, n.url)
	v.signIn("admin@example.com", "correct horse battery")
	_, home := v.postTo("/projects", url.Values{"name": {"Studio"}})
	key := n.key("--project", strings.TrimPrefix(home, "/p/"))
	connectSlack(t, v, w, home, "C0CHANGES prompt-changes")
	addr := freeAddr(t)
	endpoint := n.must(http.StatusCreated, key, "POST", "/endpoints", map[string]any{
		"name": "sync", "url": "http://" + addr + "/api/webhooks/abv-prompts", "topics": []string{"prompt.*"}, "retry": quickRetry,
	})
	receiver := startReceiver(t, addr, "seed003.mjs", "WEBHOOK_SECRET="+endpoint.text("secret"))
	w.Limit(2, 1) // Slack takes nothing at first, for a second
	var want []string
	for _, c := range promptChanges {
		status, answer, err := send(c.method, n.url+"/api/public/v2/prompts"+c.path, key, c.body)
		if err != nil || status > 299 {
			t.Fatalf("%s %s answered %d %s %v", c.method, c.body, status, answer, err)
		}
		want = append(want, c.follows...)
	}
	slices.Sort(want)
	eventually(t, 30*time.Second, "every change arrived, twice as the receiver refuses each once", func() bool { return len(receiver.seen(t)) >= 2*len(want) })
	eventually(t, 30*time.Second, "the channel was told", func() bool { return len(w.In("C0CHANGES")) >= len(want) })
	time.Sleep(time.Second) // for what must not come
	if got := webhooksSay(t, receiver.seen(t)); !slices.Equal(got, want) {
		t.Errorf("the webhook was told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := channelSays(t, w); !slices.Equal(got, withoutBefore(want)) {
		t.Errorf("the channel was told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(withoutBefore(want), "\n"))
	}
}

// webhooksSay reads what the receiver took, each event once.
func webhooksSay(t *testing.T, all []seen) []string {
	t.Helper()
	said := map[string]string{}
	for _, s := range all {
		if s.Said != http.StatusOK {
			t.Errorf("the document's code said %d to %s", s.Said, s.Body)
		}
		var body struct {
			ID, Action string
			Previous   struct{ Labels []string }
			Prompt     struct {
				Name    string
				Version int
				Labels  []string
			}
		}
		if err := json.Unmarshal([]byte(s.Body), &body); err != nil {
			t.Fatal(err)
		}
		said[body.ID] = fmt.Sprintf("%s %s %d %v %v", body.Action, body.Prompt.Name, body.Prompt.Version, body.Prompt.Labels, body.Previous.Labels)
	}
	var list []string
	for _, words := range said {
		list = append(list, words)
	}
	slices.Sort(list)
	return list
}

var fact = regexp.MustCompile(`\*(\w+):\* (.*)`)

func channelSays(t *testing.T, w *slacktest.Workspace) []string {
	t.Helper()
	var list []string
	for _, p := range w.In("C0CHANGES") {
		var m struct {
			Blocks []struct{ Text struct{ Text string } }
		}
		if err := json.Unmarshal(p.Body, &m); err != nil || len(m.Blocks) < 2 {
			t.Fatalf("posted %s", p.Body)
		}
		facts := map[string]string{}
		for _, f := range fact.FindAllStringSubmatch(m.Blocks[1].Text.Text, -1) {
			facts[f[1]] = f[2]
		}
		labels := strings.ReplaceAll(strings.Replace(facts["Labels"], "none", "", 1), ",", "")
		list = append(list, fmt.Sprintf("%s %s %s [%s]", facts["Action"], facts["Name"], facts["Version"], labels))
		if alarm := strings.Contains(m.Blocks[0].Text.Text, "Production"); alarm != strings.Contains(labels, "production") {
			t.Errorf("%s stands over %s", m.Blocks[0].Text.Text, labels)
		}
	}
	slices.Sort(list)
	return list
}

func withoutBefore(list []string) []string {
	var cut []string
	for _, words := range list {
		cut = append(cut, words[:strings.Index(words, "]")+1])
	}
	slices.Sort(cut)
	return cut
}
