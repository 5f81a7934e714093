package main_test

import (
	"context"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// both looks at the page as it stands, narrow and dark, then wide and light.
func (b *browser) both(name string) {
	b.t.Helper()
	b.size(390, 844, "dark")
	b.check("endpoint-" + name + "-phone-dark")
	b.size(1440, 900, "light")
	b.check("endpoint-" + name + "-wide-light")
}

// faster has the page's clocks tick so many times as often.
func (b *browser) faster(times string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `const tick=window.setInterval;window.setInterval=(f,ms,...rest)=>tick(f,ms/` + times + `,...rest);`,
		})
		return err
	}))
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// comes gives an expression half a minute to hold. On its way from one page to
// the next the browser has no answer, or none of the elements yet.
func (b *browser) comes(what, script string) {
	b.t.Helper()
	asked := chromedp.Evaluate[bool](`(async()=>{try{return !!(await(`+script+`))}catch{return false}})()`, chromedp.EvalAwaitPromise)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if holds, err := chromedp.Run(b.ctx, asked); err == nil && holds {
			return
		}
		if time.Now().After(deadline) {
			b.picture("failed")
			b.t.Fatalf("waited in vain until %s\n%s", what, b.text("main"))
		}
	}
}

// developed is a project with one endpoint, and a developer of it in a browser
// who came by a link and has a password, not given yet.
func developed(t *testing.T, answer func(i int, h hit) reply) (b *browser, s *stage, to *target, endpoint, secret string) {
	t.Helper()
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db")).start()
	s = n.stage(t)
	to = aim(t, answer)
	made := s.endpoint(s.key, to.url+"/hook", map[string]any{"name": "orders", "format": "abba"})
	user := s.must(http.StatusCreated, s.instance, "POST", "/projects/"+s.project+"/sign-in-links", map[string]any{"email": "dev@example.com", "role": "developer", "expiresInSeconds": 600})
	b = newBrowser(t)
	b.size(1440, 900, "light")
	b.open(user.text("url"))
	b.press(`main form button`)
	return b, s, to, n.url + "/p/" + s.project + "/endpoints/" + made.text("id"), made.text("secret")
}

func TestBrowser_endpoint_page_leads_from_a_first_test_to_a_deletion(t *testing.T) {
	seen := make(chan struct{})
	b, s, to, endpoint, _ := developed(t, func(i int, _ hit) reply {
		select { // the first answer is kept until the page was seen to wait for it
		case <-seen:
		case <-time.After(12 * time.Second):
		}
		return reply{}
	})
	b.open(endpoint)
	b.wants("No event was sent to it yet")
	b.both("start")

	eval[bool](b, `(window.before=true)`)
	b.click(`.firststeps form button`)
	b.comes("the button tells how long it runs", `/^Sending · [0-9]+ s$/.test(document.querySelector(".firststeps form button")?.textContent||"")&&document.querySelector(".firststeps form button").getAttribute("aria-busy")==="true"`)
	close(seen)
	b.comes("the answer is on the page", `!window.before&&!!document.querySelector("#test-result")`)
	b.wants("Your server answered 200 OK.", "current secret")
	b.both("tested")
	if got := to.hits(); len(got) != 1 || got[0].attempt != "1" {
		t.Fatalf("the receiver saw %+v", got)
	}
	b.press(`#test-result a[href*="/deliveries/"]`)
	b.wants("test")

	b.open(endpoint)
	b.click(`button[popovertarget=send-test]`)
	b.comes("the question about the test is open", `document.querySelector("#send-test").matches(":popover-open")`)
	b.both("test-dialog")
	b.open(endpoint)
	b.click(`button[popovertarget=pause]`)
	b.press(`#pause button[type=submit]`)
	b.wants("Paused by dev@example.com", "Nothing is held yet")
	events := s.publishSome(1, 6)
	s.is("held", events...)
	b.open(endpoint)
	b.wants("6 deliveries are held. Nothing is lost.")
	if rates := b.text(`select[name=rate]`); !strings.Contains(rates, "6 at 1/s, about 6 s") {
		t.Errorf("the rates offered: %s", rates)
	}
	b.both("paused")
	b.do(chromedp.SetValue(chromedp.CSS(`select[name=rate]`), "1"))
	b.press(`.flash form button`)
	b.wants("6 held deliveries go out at 1 per second, oldest first: about 6 s.")

	b.open(endpoint)
	b.click(`button[popovertarget=pause]`)
	b.press(`#pause button[type=submit]`)
	s.publish(7)
	b.open(endpoint)
	b.click(`button[popovertarget=delete]`)
	b.both("delete")
	b.click(`#delete button[type=submit]`)
	if !eval[bool](b, `document.querySelector("#delete-word").matches(":invalid")`) {
		t.Error("nothing has to be typed before deliveries are lost")
	}
	b.typed(`#delete-word`, "orders")
	b.press(`#delete button[type=submit]`)
	b.wants("orders is deleted.")
	b.press(`.flash a`)
	b.wants("Nothing is sent to it any more")
	b.both("deleted")
}

var inSoManyUnits = regexp.MustCompile(`^in [0-9]+ (d|h|min|s)( [0-9]+ (h|min|s))?$`)

func TestBrowser_endpoint_secret_is_revealed_hidden_and_rotated(t *testing.T) {
	b, s, to, endpoint, secret := developed(t, func(int, hit) reply { return reply{} })
	tab := endpoint + "?tab=secret"
	b.open(tab)
	b.both("secret")
	b.press(`form[action$="/secret/rotate"] button`)
	next := b.text(`#secret-next`)
	if !strings.HasPrefix(next, "whsec_") || next == secret {
		t.Fatalf("the next secret is shown as %q", next)
	}
	b.both("secret-next")
	b.press(`.stepper form[action$="/test"] button`)
	b.wants("The receiver knows the next secret: you can switch.")
	b.both("secret-tested")
	if got := to.hits(); len(got) != 1 || got[0].header.Get("X-Abba-Signature-Next") != "" {
		t.Errorf("the test with the next secret came as %+v", got)
	}
	b.press(`form[action$="/secret/switch"] button`)
	b.wants("X-Abba-Signature-Previous", "previous secret")
	if left := b.text(`time[data-countdown]`); !inSoManyUnits.MatchString(left) || !strings.HasPrefix(left, "in 23 h") && left != "in 1 d 0 h" {
		t.Errorf("the old secret is wiped %q", left)
	}
	b.both("secret-grace")
	b.press(`form[action$="/secret/undo"] button`)
	b.wants("X-Abba-Signature-Next", "Undone")
	b.press(`form[action$="/secret/undo"] button`)
	b.wants("Make the next secret")
	s.publish(1)
	if got := to.got(t, 2)[1]; got.header.Get("X-Abba-Signature-Next")+got.header.Get("X-Abba-Signature-Previous") != "" {
		t.Error("a dropped secret still signs")
	}

	b.faster("10")
	b.open(tab)
	b.press(`form[action$="/secret/reveal"] button`)
	if got := b.text(`#secret-current`); got != secret {
		t.Fatalf("revealed %q, want %q", got, secret)
	}
	b.click(`.card [data-copy]`)
	b.comes("the copy button says so", `!!document.querySelector(".card [data-copied]")`)
	b.comes("the time left is counted", `/^hidden in [0-9]+ s$/.test(document.querySelector("[data-hide-count]")?.textContent||"")`)
	b.comes("the secret hides itself", `document.querySelector("#secret-current").textContent.startsWith("whsec_•")`)
	if html := eval[string](b, `document.documentElement.outerHTML`); strings.Contains(html, secret) {
		t.Error("the hidden secret is still in the page")
	}
	b.click(`button[popovertarget=compromised]`)
	b.both("secret-compromised")
	b.press(`#compromised button[type=submit]`)
	if got := b.text(`#secret-current`); got == secret || !strings.HasPrefix(got, "whsec_") {
		t.Errorf("after the replacement the secret is %q", got)
	}
}

// TestBrowser_endpoint_secret_asks_for_the_password has somebody with a
// password come by a link: they are signed in, but have not given it.
func TestBrowser_endpoint_secret_asks_for_the_password(t *testing.T) {
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db")).start()
	s := n.stage(t)
	made := s.endpoint(s.key, "http://127.0.0.1:9999/hook", nil)
	const email, password = "ada@example.com", "a password of my own"
	create := exec.Command(binary, "user", "create", "--email", email, "--role", "member", "--password-stdin")
	create.Env, create.Stdin = n.env, strings.NewReader(password+"\n")
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	link := s.must(http.StatusCreated, s.instance, "POST", "/projects/"+s.project+"/sign-in-links", map[string]any{"email": email, "role": "developer", "expiresInSeconds": 600})
	b := newBrowser(t)
	b.size(1440, 900, "light")
	b.open(link.text("url"))
	b.press(`main form button`)
	b.open(n.url + "/p/" + s.project + "/endpoints/" + made.text("id") + "?tab=secret")
	b.wants("Your password is asked for first")
	b.press(`form[action$="/secret/reveal"] button`)
	b.forgive("403")
	b.wants("Confirm that it is you")
	b.typed(`#password`, password)
	b.press(`main form button`)
	if b.text(`#secret-current`) == "" { // back on the tab: once more, now it counts
		b.press(`form[action$="/secret/reveal"] button`)
	}
	if got := b.text(`#secret-current`); got != made.text("secret") {
		t.Errorf("revealed %q", got)
	}
	b.both("secret-revealed")
}

func TestBrowser_endpoint_code_is_shown_copied_and_downloaded(t *testing.T) {
	b, s, _, endpoint, secret := developed(t, func(int, hit) reply { return reply{} })
	b.open(endpoint + "?tab=settings")
	b.wants("It takes events of product.*.", "X-Abba-Signature")
	b.both("settings")
	b.open(endpoint + "?tab=code")
	id := endpoint[strings.LastIndex(endpoint, "/")+1:]
	for _, l := range []struct{ label, name, file string }{
		{"Node", "node", "receiver.mjs"}, {"Go", "go", "receiver.go"}, {"PHP", "php", "receiver.php"}, {"Ruby", "ruby", "receiver.rb"}, {"cURL", "curl", "send-sample.sh"}, {"Python", "python", "receiver.py"},
	} {
		eval[bool](b, `(window.same=true)`)
		b.click(`#code .segments a[href$="lang=` + l.name + `"]`)
		b.comes(l.label+" is shown", `document.querySelector("#code .segments [aria-current]")?.textContent==="`+l.label+`"&&location.search.includes("lang=`+l.name+`")`)
		want := s.get("/endpoints/" + id + "/code?language=" + l.name).text("code")
		if got := b.text(`#code .source pre`); got != want {
			t.Errorf("%s is shown as %q", l.label, got)
		}
		file := eval[string](b, `fetch(document.querySelector("a[download]").href).then(r=>r.text())`)
		if name := eval[string](b, `document.querySelector("a[download]").download`); file != want || name != l.file {
			t.Errorf("%s is downloaded as %s: %q", l.label, name, file)
		}
		if !eval[bool](b, `!!window.same`) || strings.Contains(want, secret) {
			t.Errorf("%s loaded the page anew, or holds the secret", l.label)
		}
		b.check("endpoint-code-" + l.name + "-wide-light")
	}
	b.click(`#code .source [data-copy]`)
	b.comes("the copy button says so", `!!document.querySelector("#code .source [data-copied]")`)
	b.both("code")
	b.open(endpoint + "?tab=code")
	b.wants("receiver.py")
}
