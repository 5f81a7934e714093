package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// formScene is a signed-in member of a project with known events: prices in
// EUR from 9 to 9.9 in steps of a tenth, USD and GBP ones, and views.
func formScene(t *testing.T) (b *browser, n *node, home string) {
	t.Helper()
	n = newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db")).start()
	b = newBrowser(t)
	b.size(1440, 900, "light")
	b.do(chromedp.Navigate(n.url+"/sign-in"), chromedp.SetValue(chromedp.CSS(`[name=email]`), "admin@example.com"),
		chromedp.SetValue(chromedp.CSS(`[name=password]`), "correct horse battery"), chromedp.Click(chromedp.CSS(`main form button`)))
	b.wait(`location.pathname.startsWith("/p") && document.readyState=="complete"`)
	b.do(chromedp.Navigate(n.url+"/projects"), chromedp.SetValue(chromedp.CSS(`main [name=name]`), "Shop"), chromedp.Click(chromedp.CSS(`main form:has([name=name]) button`)))
	b.wait(`location.pathname.startsWith("/p/")`)
	home = eval[string](b, `location.pathname`)
	key := n.key("--project", strings.TrimPrefix(home, "/p/"))
	price := `{"topic":"product.price_changed","data":{"productId":"p%d","oldPrice":20,"newPrice":%s,"currency":"%s"}}`
	for i := range 10 {
		n.must(http.StatusAccepted, key, "POST", "/events", fmt.Sprintf(price, i, fmt.Sprintf("9.%d", i), "EUR"))
	}
	n.must(http.StatusAccepted, key, "POST", "/events", fmt.Sprintf(price, 11, "9", "USD"))
	n.must(http.StatusAccepted, key, "POST", "/events", fmt.Sprintf(price, 12, "99", "GBP"))
	for range 3 {
		n.must(http.StatusAccepted, key, "POST", "/events", viewed)
	}
	return b, n, home
}

// wait gives a condition in the page half a minute to hold.
func (b *browser) wait(condition string) {
	b.t.Helper()
	b.comes(condition, condition)
}

// pane waits until the live pane says something.
func (b *browser) pane(words string) {
	b.t.Helper()
	quoted, _ := json.Marshal(words)
	b.wait(`document.querySelector("#preview")?.innerText.includes(` + string(quoted) + `)`)
}

func (b *browser) scripts(on bool) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}

func css(selector string) chromedp.CSS { return chromedp.CSS(selector) }

func TestBrowser_the_endpoint_form_answers_while_it_is_typed_in(t *testing.T) {
	b, n, home := formScene(t)
	receiver := aim(t, statuses())
	b.do(chromedp.Navigate(n.url + home + "/endpoints/new"))
	b.pane("Choose a topic")
	b.check("form-empty-wide-light")

	// what: search, tick, a whole group, a glob
	b.do(chromedp.SendKeys(css(`[data-find]`), "price"))
	b.wait(`[...document.querySelectorAll(".topic")].filter(e=>e.checkVisibility()).length==1`)
	b.do(chromedp.Click(css(`[value="product.price_changed"]`)))
	b.pane("12 of the last 15 events would match")
	b.pane("example of product.price_changed")
	b.wait(`document.querySelector("[data-group] [data-count]").textContent=="1 of 4"`)
	eval[any](b, `document.querySelector("[data-find]").value="";document.querySelector("[data-find]").dispatchEvent(new Event("input",{bubbles:true}))`)
	b.do(chromedp.Click(css(`[data-all][value=commerce]`)))
	b.wait(`document.querySelectorAll('[name=topic]:checked').length==4`)
	b.do(chromedp.Click(css(`[data-all][value=commerce]`)), chromedp.SendKeys(css(`#patterns`), "product.p*"))
	b.wait(`document.querySelector("[data-part=patterns]").innerText.includes("product.price_changed")`)
	b.pane("12 of the last 15 events would match")
	if eval[bool](b, `document.querySelector("[data-prompts]").checkVisibility()`) {
		t.Error("prompt filters are shown although no prompt topic may match")
	}
	b.do(chromedp.SendKeys(css(`#patterns`), "\nprompt.*"))
	b.wait(`document.querySelector("[data-prompts]").checkVisibility()`)

	// where: the request follows, focus and typing stay
	b.do(chromedp.SendKeys(css(`#url`), receiver.url+"/hook"))
	b.pane("POST " + receiver.url + "/hook")
	if on := eval[string](b, `document.activeElement.id`); on != "url" {
		t.Errorf("the focus went to %q", on)
	}

	// which: rows come and go
	b.do(chromedp.Click(css(`#payload > summary`)))
	b.do(chromedp.SendKeys(css(`[name=payloadPath]`), "currency"), chromedp.SendKeys(css(`[name=payloadValue]`), "EUR"))
	b.pane("10 of the last 15 events would match")
	b.pane("Why the other 5 events would not")
	b.do(chromedp.Click(css(`[data-keep=missed] summary`)))
	b.pane(`currency is "USD"`)
	b.do(chromedp.Click(css(`[data-add=payload]`)), chromedp.SendKeys(css(`[data-row-of=payload]:last-child [name=payloadPath]`), "newPrice"))
	eval[any](b, `{const s=document.querySelector("[data-row-of=payload]:last-child select");s.value="lt";s.dispatchEvent(new Event("change",{bubbles:true}))}`)
	b.do(chromedp.SendKeys(css(`[data-row-of=payload]:last-child [name=payloadValue]`), "9.5"))
	b.pane("5 of the last 15 events would match")
	if !eval[bool](b, `document.querySelector("[data-keep=missed]").open`) {
		t.Error("the list that was opened closed while somebody typed")
	}
	b.do(chromedp.Click(css(`[data-row-of=payload]:first-child [data-drop]`)))
	b.pane("6 of the last 15 events would match")

	// which: one expression, its mistake in its place, the last good answer kept
	b.do(chromedp.Click(css(`[name=payloadBy][value=expression]`)), chromedp.SendKeys(css(`#expression`), "data.currency == \"EUR\" &&\n  newPrice < 9.5"))
	b.wait(`document.querySelector("[data-part=fault]").innerText.includes("Line 2, column 3: newPrice is not known here")`)
	if marked := eval[string](b, `document.querySelector("[data-part=fault] mark").textContent`); marked != "newPrice" {
		t.Errorf("marked is %q", marked)
	}
	b.pane("would match") // kept, under what is wrong
	b.check("form-expression-fault-wide-light")
	b.do(chromedp.Click(css(`.formfoot [value=save]`)))
	b.wait(`document.querySelector("[role=alert]")?.innerText.includes("Expression: line 2, column 3")`)
	b.comes("the focus is on the first mistake", `document.activeElement.id==="expression"`)
	for field, want := range map[string]string{`#url`: receiver.url + "/hook", `#patterns`: "product.p*\nprompt.*", `#expression`: "data.currency == \"EUR\" &&\n  newPrice < 9.5", `[name=payloadPath]`: "newPrice"} {
		quoted, _ := json.Marshal(field)
		if got := eval[string](b, `document.querySelector(`+string(quoted)+`).value`); got != want {
			t.Errorf("%s lost what was typed: %q", field, got)
		}
	}
	b.forgive("422")
	for _, view := range []struct {
		name   string
		width  int64
		scheme string
	}{{"phone-dark", 390, "dark"}, {"phone-light", 390, "light"}, {"wide-dark", 1440, "dark"}, {"wide-light", 1440, "light"}, {"middle-light", 768, "light"}} {
		b.size(view.width, 900, view.scheme)
		b.check("form-mistake-" + view.name)
	}
	b.size(390, 844, "light")
	if eval[bool](b, `document.querySelector("[data-part=outcome]").innerText!=""`) {
		t.Error("beside a mistake no outcome is told")
	}
	eval[any](b, `{const e=document.querySelector("#expression");e.value=e.value.replace("newPrice","data.newPrice");e.dispatchEvent(new Event("input",{bubbles:true}))}`)
	b.pane("5 of the last 15 events would match")
	b.wait(`document.querySelector("[data-part=fault]").innerText==""`)
	b.wait(`document.querySelector("[data-part=outcome]").innerText.startsWith("5 of the last 15 events would match")`) // on phones the pane is far below
	b.size(1440, 900, "light")

	// the request of a real event
	eval[any](b, `{const s=document.querySelector("#sample");s.value=[...s.options].find(o=>o.value.startsWith("event:")).value;s.dispatchEvent(new Event("change",{bubbles:true}))}`)
	b.pane("9.4")
	b.check("form-live-wide-light")
	b.do(chromedp.Click(css(`.formfoot [value=save]`)))
	b.wait(`location.pathname.match(/endpoints\/[0-9a-f-]{36}$/)`)
	b.do(chromedp.Navigate(n.url + eval[string](b, `location.pathname`) + "/edit"))
	b.pane("5 of the last 15 events would match")
	b.do(chromedp.SendKeys(css(`#name`), "-eu"))
	b.pane("What saving changes")
	b.check("form-edit-wide-light")
}

func TestBrowser_the_endpoint_form_loses_nothing_when_it_cannot_be_saved(t *testing.T) {
	b, n, home := formScene(t)
	b.do(chromedp.Navigate(n.url + home + "/endpoints/new?topic=product.viewed"))
	b.pane("3 of the last 15 events would match")
	b.do(chromedp.SendKeys(css(`#url`), aim(t, statuses()).url+"/hook"), chromedp.SendKeys(css(`#name`), "typed for long"))
	b.pane("/hook")
	save := func(words string) {
		t.Helper()
		b.do(chromedp.Click(css(`.formfoot [value=save]`)))
		quoted, _ := json.Marshal(words)
		b.wait(`document.querySelector("[data-unsaved]").innerText.includes(` + string(quoted) + `)`)
		if got := eval[string](b, `location.pathname+" "+document.querySelector("#name").value`); got != home+"/endpoints/new typed for long" {
			t.Errorf("the page is %q now", got)
		}
	}
	// signed out in another tab
	if status := eval[int](b, `fetch("/sign-out",{method:"POST"}).then(r=>r.status)`); status != http.StatusOK {
		t.Fatalf("signing out: %d", status)
	}
	save("You are signed out")
	b.forgive("401")
	b.check("form-signed-out-wide-light")
	b.size(390, 844, "dark")
	b.check("form-signed-out-phone-dark")
	// the server is away
	eval[any](b, `window.fetch=()=>Promise.reject(new TypeError("away"))`)
	save("The server can't be reached")
}

func TestBrowser_the_endpoint_form_works_without_scripts(t *testing.T) {
	b, n, home := formScene(t)
	receiver := aim(t, statuses())
	b.scripts(false)
	b.do(chromedp.Navigate(n.url+home+"/endpoints/new"), chromedp.SendKeys(css(`#name`), "plain"), chromedp.SendKeys(css(`#url`), receiver.url+"/hook"))
	// Selectors do not need the page's scripts: clicks and keys come from outside.
	b.do(chromedp.SendKeys(css(`#patterns`), "product.*"), chromedp.Click(css(`#payload > summary`)), chromedp.SendKeys(css(`[name=payloadPath]`), "currency"),
		chromedp.SendKeys(css(`[name=payloadValue]`), "EUR"), chromedp.Click(css(`[data-add=payload]`)))
	b.shows(`[data-row-of=payload]:nth-child(3)`)
	b.do(chromedp.SendKeys(css(`[data-row-of=payload]:nth-child(2) [name=payloadPath]`), "gone"), chromedp.Click(css(`[data-row-of=payload]:nth-child(2) [data-drop]`)))
	b.shows(`[data-row-of=payload]:nth-child(2) [name=payloadPath][value=""]`)
	b.do(chromedp.Click(css(`[data-by-hand]`)))
	b.shows(`#preview .tries`)
	b.scripts(true)
	b.pane("10 of the last 15 events would match")
	b.pane("POST " + receiver.url + "/hook")
	if eval[bool](b, `document.querySelector("[name=expression]").checkVisibility()`) {
		t.Error("the expression is shown although conditions were chosen")
	}
	if eval[string](b, `document.querySelector("#name").value`) != "plain" {
		t.Error("the preview lost what was typed")
	}
	b.size(390, 844, "light")
	b.check("form-without-scripts-phone-light")
	b.scripts(false)
	b.size(1440, 900, "light")
	b.do(chromedp.Click(css(`.formfoot [value=save]`)))
	b.shows(`[aria-current]`)
	b.scripts(true)
	b.wait(`location.pathname.match(/endpoints\/[0-9a-f-]{36}$/)`)
}

// shows waits for an element where scripts are off.
func (b *browser) shows(selector string) {
	b.t.Helper()
	b.do(chromedp.WaitReady(css(selector)))
}
