package main_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bellwire/bellwire/internal/slack/slacktest"
)

// withSlack lets a node speak with a workspace on this machine, which
// serve --dev opens.
func withSlack(t *testing.T, n *node, channels ...slacktest.Channel) *slacktest.Workspace {
	t.Helper()
	w := slacktest.New("T1", "Acme", channels...)
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	n.env = append(n.env, "BELLWIRE_SLACK_CLIENT_ID="+slacktest.ClientID, "BELLWIRE_SLACK_CLIENT_SECRET="+slacktest.Secret, "BELLWIRE_SLACK_API_URL="+s.URL+"/api/")
	return w
}

// told is what a channel was told, by title.
func told(t *testing.T, w *slacktest.Workspace, channel string) []string {
	t.Helper()
	var titles []string
	for _, p := range w.In(channel) {
		var m struct {
			Blocks []struct{ Text struct{ Text string } }
		}
		if err := json.Unmarshal(p.Body, &m); err != nil || len(m.Blocks) == 0 {
			t.Fatalf("posted %s: %v", p.Body, err)
		}
		titles = append(titles, m.Blocks[0].Text.Text)
	}
	return titles
}

func TestBrowser_slack_is_connected_tried_told_and_connected_again(t *testing.T) {
	t.Parallel()
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db"))
	w := withSlack(t, n, slacktest.Channel{ID: "C0CHANGES", Name: "prompt-changes"}, slacktest.Channel{ID: "C0ALERTS", Name: "alerts", Private: true},
		slacktest.Channel{ID: "C0OTHER", Name: "other"})
	n.start()
	b := newBrowser(t)
	b.size(1440, 900, "light")
	b.do(chromedp.Navigate(n.url+"/sign-in"), chromedp.SetValue(chromedp.CSS(`[name=email]`), "admin@example.com"),
		chromedp.SetValue(chromedp.CSS(`[name=password]`), "correct horse battery"), chromedp.Click(chromedp.CSS(`main form button`)))
	b.wait(`location.pathname.startsWith("/p") && document.readyState=="complete"`)
	b.do(chromedp.Navigate(n.url+"/projects"), chromedp.SetValue(chromedp.CSS(`main [name=name]`), "Studio"), chromedp.Click(chromedp.CSS(`main form:has([name=name]) button`)))
	b.wait(`location.pathname.startsWith("/p/")`)
	home := eval[string](b, `location.pathname`)
	key := n.key("--project", strings.TrimPrefix(home, "/p/"))

	b.do(chromedp.Navigate(n.url+home+"/endpoints/new"), chromedp.Click(chromedp.CSS(`.tabs-line a:not([aria-current])`)))
	b.wait(`document.body.innerText.includes("Authenticate with Slack")`)
	b.check("slack-form-unconnected")
	b.do(chromedp.Click(chromedp.CSS(`form a.btn-primary`)), chromedp.WaitReady(chromedp.CSS(`#allow`)), chromedp.Click(chromedp.CSS(`#allow`)))
	b.wait(`location.search=="?kind=slack" && document.body.innerText.includes("Connected to Acme")`)

	// Typed until the page's script listens.
	find := func(words string, leaves int) {
		b.wait(fmt.Sprintf(`(() => { const box = document.querySelector("[name=channelQuery]"); box.value = %q; box.dispatchEvent(new Event("input", {bubbles: true})); return document.querySelectorAll(".channel:not([hidden])").length == %d })()`, words, leaves))
	}
	find("prompt", 1)
	b.do(chromedp.Click(chromedp.CSS(`[value^="C0CHANGES"]`)))
	find("", 3)
	b.do(chromedp.Click(chromedp.CSS(`[value^="C0ALERTS"]`)))
	eval[bool](b, `(() => { for (const box of document.querySelectorAll("[name=topic][value^='prompt.']")) { box.closest("details").open = true; box.click() } return true })()`)
	b.pane("Prompt created")
	b.check("slack-form")
	b.do(chromedp.Click(chromedp.CSS(`button[value=try]`)))
	b.wait(`document.body.innerText.includes("#alerts got the test message.")`)
	for _, channel := range []string{"C0CHANGES", "C0ALERTS"} {
		if got := told(t, w, channel); len(got) != 1 || got[0] != "🧪 Test · 🔔 Prompt created" && !strings.HasPrefix(got[0], "🧪 Test · 🚨") {
			t.Errorf("a dry run told %s %q", channel, got)
		}
	}
	b.do(chromedp.Click(chromedp.CSS(`.formfoot .btn-primary`)))
	b.wait(`document.body.innerText.includes("2 endpoints are ready, one for each channel.")`)

	prompt := `{"name":"movies/critic","prompt":"Rate it","labels":["production"],"commitMessage":"First words"}`
	n.prompt(t, key, prompt)
	want := []string{"🚨 Production · Prompt created"}
	for _, channel := range []string{"C0CHANGES", "C0ALERTS"} {
		eventually(t, 15*time.Second, "the channel is told", func() bool { return len(told(t, w, channel)) >= 2 })
		if got := told(t, w, channel)[1:]; len(got) != 1 || got[0] != want[0] {
			t.Errorf("%s was told %q, want %q", channel, got, want)
		}
	}
	if other := told(t, w, "C0OTHER"); other != nil {
		t.Errorf("a channel that nobody chose was told %q", other)
	}

	w.RevokeAll()
	n.prompt(t, key, strings.Replace(prompt, "First", "Second", 1))
	b.do(chromedp.Navigate(n.url + home + "/slack"))
	eventually(t, 20*time.Second, "the page says that Slack takes no more", func() bool {
		b.do(chromedp.Reload())
		return strings.Contains(eval[string](b, `document.querySelector("main").innerText`), "2 endpoints are held because Slack does not take the connection.")
	})
	b.check("slack-revoked")
	b.do(chromedp.Click(chromedp.CSS(`main [role=alert] a.btn-primary`)), chromedp.WaitReady(chromedp.CSS(`#allow`)), chromedp.Click(chromedp.CSS(`#allow`)))
	b.wait(`document.body.innerText.includes("Connected to Acme. Choose the channels")`)
	for _, channel := range []string{"C0CHANGES", "C0ALERTS"} {
		// The second version takes production from the first: one created, one updated.
		eventually(t, 20*time.Second, "what was held arrives", func() bool { return len(told(t, w, channel)) >= 4 })
		if got := strings.Join(told(t, w, channel)[2:], ", "); got != "🚨 Production · Prompt created, 🔔 Prompt updated" && got != "🔔 Prompt updated, 🚨 Production · Prompt created" {
			t.Errorf("%s was told %s", channel, got)
		}
	}
	time.Sleep(2 * time.Second)
	if n := len(w.Posted()); n != 8 {
		t.Errorf("%d messages in all", n)
	}
	if log := n.log.String(); strings.Contains(log, "xoxb-") || strings.Contains(log, slacktest.Secret) {
		t.Error("the log holds a token or the app's secret")
	}
}

// prompt makes a version by the public API.
func (n *node) prompt(t *testing.T, key, body string) {
	t.Helper()
	at, err := url.Parse(n.url + "/api/public/v2/prompts")
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := post(t, at.String(), key, body); status != 201 {
		t.Fatalf("the prompt was answered %d %s", status, answer)
	}
}
