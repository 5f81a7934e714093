package main_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// query is the address of the page, its path left out.
func (b *browser) query() url.Values {
	b.t.Helper()
	values, err := url.ParseQuery(strings.TrimPrefix(eval[string](b, `location.search`), "?"))
	if err != nil {
		b.t.Fatal(err)
	}
	return values
}

// rows are the words of the log's rows.
func (b *browser) rows() []string {
	b.t.Helper()
	return eval[[]string](b, `[...document.querySelectorAll("#log tbody tr")].map(r=>r.textContent.replace(/\s+/g," "))`)
}

// follows presses a link or button of the page by its words.
func (b *browser) follows(selector, words string) {
	b.t.Helper()
	if !eval[bool](b, fmt.Sprintf(`(()=>{const e=[...document.querySelectorAll(%s)].find(e=>e.textContent.includes(%s)||e.ariaLabel===%[2]s);if(e)e.setAttribute("data-here","");return !!e})()`, quoted(selector), quoted(words))) {
		b.t.Fatalf("there is no %s that says %q", selector, words)
	}
	b.press(`[data-here]`)
}

// chooses picks an option, as a person does; without script Apply sends it.
func (b *browser) chooses(field, value string, script bool) {
	b.t.Helper()
	if !script {
		eval[bool](b, fmt.Sprintf(`(document.querySelector("#filters [name=%s]").value=%s,true)`, field, quoted(value)))
		b.press(`#filters form .btn`)
		return
	}
	eval[bool](b, fmt.Sprintf(`(()=>{window.before=true;const s=document.querySelector("#filters [name=%s]");s.value=%s;s.dispatchEvent(new Event("change",{bubbles:true}));return true})()`, field, quoted(value)))
	b.comes(field+" is in the address", `!window.before&&document.readyState==="complete"`)
}

func TestBrowser_the_log_is_narrowed_and_resent_with_and_without_JavaScript(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]bool{"with JavaScript": true, "without JavaScript": false} {
		t.Run(name, func(t *testing.T) {
			var status atomic.Int32
			status.Store(http.StatusOK)
			s, b, shop := liveStage(t, &status)
			fine := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			t.Cleanup(fine.Close)
			s.on(fine.URL+"/hook", map[string]any{"name": "ledger", "topics": []string{"commission.earned"}})
			s.is("delivered", s.publishSome(1, 2)...)
			status.Store(http.StatusTeapot)
			failed := s.publishSome(3, 5)
			s.is("exhausted", failed...)
			earned := s.must(http.StatusAccepted, s.key, "POST", "/events", `{"topic":"commission.earned","data":{"saleId":"s","productId":"p","productName":"P","merchantId":"m","saleAmount":1,"amountEarned":1}}`).text("id")
			s.is("delivered", earned)
			if !script {
				b.withoutScript()
			}
			b.narrowed(s, shop, earned, script)
			b.resent(s, shop, &status, script)
		})
	}
}

// narrowed walks through every filter of the log.
func (b *browser) narrowed(s *stage, shop, event string, script bool) {
	t := b.t
	b.open(s.url + "/p/" + s.project + "/deliveries")
	if n := len(b.rows()); n != 6 {
		t.Fatalf("%d rows at first", n)
	}
	b.follows(`nav[aria-label=State] a`, "exhausted")
	if rows := b.rows(); len(rows) != 3 || b.query().Get("state") != "exhausted" || !strings.Contains(rows[0], "418 I'm a teapot") {
		t.Errorf("exhausted: %v at %v", rows, b.query())
	}
	b.chooses("endpoint", shop, script)
	b.follows(`nav[aria-label=Time] a`, "last hour")
	if q := b.query(); q.Get("state") != "exhausted" || q.Get("endpoint") != shop || q.Get("range") != "1h" {
		t.Errorf("the filters do not add up: %v", q)
	}
	b.wants("exhausted", "shop", "last hour", "Clear all")
	b.typed(`#filters [name=status]`, "404")
	b.press(`#filters form .btn`)
	b.wants("Nothing matches")
	b.follows(`.chosen`, "status 404")
	if q := b.query(); q.Has("status") || q.Get("endpoint") != shop || len(b.rows()) != 3 {
		t.Errorf("taking one part away leaves %v", q)
	}
	b.follows(`#filters a`, "Clear all")
	if q := b.query(); len(q) != 0 || len(b.rows()) != 6 {
		t.Errorf("cleared, the address has %v", q)
	}
	b.chooses("topic", "commission.earned", script)
	if rows := b.rows(); len(rows) != 1 || !strings.Contains(rows[0], "ledger") {
		t.Errorf("one topic: %v", rows)
	}
	b.follows(`#filters a`, "Clear all")
	b.typed(`#filter-q`, event)
	b.press(`#filters form .btn`)
	if rows := b.rows(); len(rows) != 1 || !strings.Contains(rows[0], "commission.earned") {
		t.Errorf("one event: %v", rows)
	}
}

// resent picks rows and sends them again, and reads what came of it.
func (b *browser) resent(s *stage, shop string, status *atomic.Int32, script bool) {
	t := b.t
	list := s.url + "/p/" + s.project + "/deliveries?state=exhausted"
	b.open(list)
	if shown := eval[bool](b, `document.querySelector("#resend").checkVisibility()`); shown {
		t.Error("the bar is there before anything is picked")
	}
	if script {
		b.do(chromedp.Click(chromedp.CSS(`[data-pick-all]`)))
	} else {
		b.do(chromedp.Click(chromedp.CSS(`tbody tr:nth-child(1) [data-pick]`)), chromedp.Click(chromedp.CSS(`tbody tr:nth-child(3) [data-pick]`)))
	}
	status.Store(http.StatusOK)
	b.press(`#resend .btn-primary`)
	sent := map[bool]int{true: 3, false: 2}[script]
	b.wants(fmt.Sprintf("%d resent.", sent), "exhausted")
	if q := b.query(); q.Get("state") != "exhausted" || len(b.rows()) != 3 {
		t.Errorf("it leads back to %v", q)
	}
	b.open(s.url + "/p/" + s.project + "/deliveries?state=delivered")
	eventually(t, 15*time.Second, "they arrived", func() bool {
		b.open(s.url + "/p/" + s.project + "/deliveries?state=delivered")
		return strings.Count(strings.Join(b.rows(), "\n"), "resend") == sent
	})

	// What was picked can't be sent any more: the words say why.
	b.open(list)
	b.do(chromedp.Click(chromedp.CSS(`tbody tr:nth-child(2) [data-pick]`)))
	s.must(http.StatusNoContent, s.key, "DELETE", "/endpoints/"+shop, nil)
	b.press(`#resend .btn-primary`)
	b.wants("Nothing was resent: the endpoint is deleted.")
	if script {
		b.check("deliveries-refused")
	}
}

func TestBrowser_a_delivery_is_followed_sent_and_cancelled_from_its_page(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	status.Store(http.StatusInternalServerError)
	s, b, _ := liveStage(t, &status)
	var again atomic.Pointer[http.Request]
	var body atomic.Pointer[string]
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		text := string(raw)
		body.Store(&text)
		again.Store(r)
		w.WriteHeader(int(status.Load()))
	}))
	t.Cleanup(receiver.Close)
	s.on(receiver.URL+"/hook?a=1&b='2'", map[string]any{"name": "slow", "topics": []string{"chat.message.received"}, "retry": retries(1800, 1800)}) // below an hour, which counts in minutes
	publish := func() string {
		event := s.must(http.StatusAccepted, s.key, "POST", "/events", `{"topic":"chat.message.received","data":{"text":"it's $HOME \"and\" `+"`id`"+`"}}`).text("id")
		var id string
		eventually(t, 20*time.Second, "the first try failed", func() bool {
			d := s.is("waiting", event)
			id = d.text("id")
			return len(s.attempts(id)) == 1
		})
		return id
	}
	id := publish()
	page := s.url + "/p/" + s.project + "/deliveries/" + id
	b.open(page)
	b.wants("Your server answered 500.", "Next try in", "Send now", "What to try")

	// The countdown goes down by itself.
	counts := `document.querySelector("h1 time").textContent`
	first := eval[string](b, counts)
	eventually(t, 10*time.Second, "the countdown moves", func() bool { return eval[string](b, counts) != first })
	b.check("delivery-waiting")

	// The command that is copied makes the same request.
	eval[bool](b, `(navigator.clipboard.writeText=(text)=>{window.copied=text;return Promise.resolve()},true)`)
	b.do(chromedp.Click(chromedp.CSS(`[data-copy-from=curl]`)))
	b.comes("the command is copied", `window.copied`)
	command := eval[string](b, `window.copied`)
	was, sent := again.Load(), *body.Load()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "sh", "-c", command).CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v (make test installs curl)\n%s", command, err, out)
	}
	now := again.Load()
	if now == was || *body.Load() != sent || now.URL.String() != was.URL.String() || now.Method != was.Method {
		t.Errorf("the copied command sent %s %s %q\nwant %s %s %q", now.Method, now.URL, *body.Load(), was.Method, was.URL, sent)
	}
	for name, values := range was.Header {
		if got := now.Header.Values(name); name != "Accept-Encoding" && strings.Join(got, "|") != strings.Join(values, "|") {
			t.Errorf("%s: %q, was %q", name, got, values)
		}
	}

	// Send now: it arrives on the page that is open.
	status.Store(http.StatusOK)
	b.follows(`#part-acts button`, "Send now")
	b.wants("It is due now.")
	eventually(t, 20*time.Second, "the page shows by itself that it arrived", func() bool {
		return strings.Contains(b.text(`h1`), "Delivered at try 2") && eval[int](b, `document.querySelectorAll("a.attempt").length`) == 2
	})
	b.follows(`a.attempt`, "500 Internal Server Error")
	if b.query().Get("attempt") != "1" || b.text(`#exchange-title`) != "Attempt 1" || !strings.Contains(b.text(`#part-exchange`), "500 Internal Server Error") {
		t.Errorf("the first attempt is at %v: %s", b.query(), b.text(`#exchange-title`))
	}
	b.open(page + "?attempt=1")
	if b.text(`#exchange-title`) != "Attempt 1" {
		t.Error("an attempt's address does not lead to it")
	}
	if link := eval[string](b, `document.querySelector("#part-acts [data-copy]").dataset.copy`); link != page {
		t.Errorf("the link to copy is %q, want %q", link, page)
	}

	b.follows(`#part-acts button`, "Resend")
	b.wants("Resent. This is the new delivery", "Resent by "+adminEmail)
	eventually(t, 20*time.Second, "the resend arrives live", func() bool { return strings.Contains(b.text(`h1`), "Delivered at the first try") })
	b.check("delivery-resent")

	// Cancelling asks first, and needs no script.
	status.Store(http.StatusInternalServerError)
	id = publish()
	b.withoutScript()
	b.open(s.url + "/p/" + s.project + "/deliveries/" + id)
	b.do(chromedp.Click(chromedp.CSS(`button[popovertarget=cancel]`)))
	b.wants("It is not tried again.")
	b.press(`#cancel button[type=submit]`)
	b.wants("The delivery is cancelled.", "Cancelled by "+adminEmail, "Resend")
	s.is("cancelled", s.get("/deliveries/"+id).text("eventId"))
}

func TestBrowser_the_next_try_arrives_on_the_page_that_counts_down_to_it(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	status.Store(http.StatusInternalServerError)
	s, b, _ := liveStage(t, &status)
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(status.Load())) }))
	t.Cleanup(failing.Close)
	s.on(failing.URL, map[string]any{"name": "soon", "topics": []string{"chat.message.received"}, "retry": retries(20, 20)})
	event := s.must(http.StatusAccepted, s.key, "POST", "/events", `{"topic":"chat.message.received","data":{"text":"x"}}`).text("id")
	id := s.is("waiting", event).text("id")
	b.open(s.url + "/p/" + s.project + "/deliveries/" + id)
	eval[bool](b, `(window.stayed=true)`)
	eventually(t, 15*time.Second, "the first try is on the page", func() bool { return eval[int](b, `document.querySelectorAll("a.attempt").length`) == 1 })
	if words := b.text(`h1`); !strings.Contains(words, "Your server answered 500.") || !strings.Contains(words, "Next try in ") {
		t.Errorf("the verdict is %q", words)
	}
	// A selection in the part that changes keeps it as it is until it is let go.
	eval[bool](b, `(getSelection().selectAllChildren(document.querySelector("#part-attempts a.attempt")),true)`)
	eventually(t, 60*time.Second, "the second try is in the verdict", func() bool { return strings.Contains(b.text(`h1`), "500 twice") })
	if n := eval[int](b, `document.querySelectorAll("a.attempt").length`); n != 1 {
		t.Errorf("what is selected changed under the reader: %d attempts", n)
	}
	eval[bool](b, `(getSelection().removeAllRanges(),true)`)
	status.Store(http.StatusOK)
	s.do(http.StatusAccepted, "/deliveries/"+id+"/send-now", nil)
	eventually(t, 30*time.Second, "all tries are on the page", func() bool {
		return eval[int](b, `document.querySelectorAll("a.attempt").length`) == 3 && strings.Contains(b.text(`h1`), "Delivered at try 3")
	})
	if !eval[bool](b, `window.stayed===true`) {
		t.Error("the page was loaded again")
	}
	if eval[bool](b, `!!document.querySelector("[data-following]")`) {
		t.Error("it is still followed")
	}
	b.check("delivery-arrived")
}
