package main_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// viewed looks at the page as it stands, narrow and dark, then wide and light.
func (b *browser) viewed(name string) {
	b.t.Helper()
	b.size(390, 844, "dark")
	b.check("events-" + name + "-phone-dark")
	b.size(1440, 900, "light")
	b.check("events-" + name + "-wide-light")
}

// writes puts text in the place of what a field holds, as typing it would.
func (b *browser) writes(field, text string) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS(field), text))
	eval[bool](b, `document.querySelector(`+quoted(field)+`).dispatchEvent(new Event("input",{bubbles:true}))`)
}

// says waits until a part of the page says something.
func (b *browser) says(part, words string) {
	b.t.Helper()
	b.comes(part+" says "+words, `(document.querySelector(`+quoted(part)+`)?.innerText||"").includes(`+quoted(words)+`)`)
}

// operated is a project with a receiver, and in the browser an admin of the
// installation who owns the project. look checks the page; without script it
// only takes a picture.
func operated(t *testing.T, script bool) (b *browser, s *stage, to *target, home string, look func(string)) {
	t.Helper()
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db")).start()
	s = n.stage(t)
	to = aim(t, func(int, hit) reply { return reply{} })
	s.must(http.StatusCreated, n.instance, "POST", "/projects/"+s.project+"/members", map[string]any{"email": adminEmail, "role": "owner"})
	b = newBrowser(t)
	b.size(1440, 900, "light")
	b.givePassword(n.url)
	if look = b.viewed; !script {
		b.withoutScript()
		look = func(name string) { b.picture("events-" + name + "-without-script") }
	}
	return b, s, to, n.url + "/p/" + s.project, look
}

func TestBrowser_a_test_event_is_published_and_its_page_says_who_got_it(t *testing.T) {
	for name, script := range map[string]bool{"with JavaScript": true, "without JavaScript": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, s, to, home, look := operated(t, script)
			viewed := []string{"product.viewed"}
			s.on(to.url+"/hook", map[string]any{"name": "orders", "topics": viewed})
			s.on(to.url+"/picky", map[string]any{"name": "picky", "topics": viewed, "payloadFilter": []map[string]any{
				{"path": "productId", "operator": "equals", "value": "prod_2"},
			}})
			s.on(to.url+"/talks", map[string]any{"name": "talks", "topics": []string{"chat.*"}})
			sleeping := s.on(to.url+"/sleeping", map[string]any{"name": "sleeping", "topics": viewed})
			s.must(http.StatusOK, s.key, "POST", "/endpoints/"+sleeping+"/pause", nil)

			b.open(home + "/events")
			b.wants("Nothing was published yet")
			look("none")
			b.press(`main a[href$="/events/new"]`)
			b.choosesTopic("product.viewed", script)
			b.wrongThenRight(script, look)
			b.publishes(script)
			b.comes("the receiver's answer is on the page", `document.querySelector("#outcome").innerText.includes("1 of 2 endpoints got it.")`+reloading(script))
			s.on(to.url+"/later", map[string]any{"name": "newcomer", "topics": viewed})
			b.open(eval[string](b, `location.href`))
			b.wants("1 is held.", "Held: the endpoint is paused.", "productId equals prod_2", `productId is "prod_1"`, "matches none of them", "newcomer", "was created later")
			look("who-got-it")
			if got := to.hits(); len(got) != 1 || got[0].path != "/hook" || !strings.Contains(got[0].body, "prod_1") {
				t.Errorf("the receiver saw %+v", got)
			}
			if events := s.get("/events").list("data"); len(events) != 1 {
				t.Errorf("%d events were published", len(events))
			}
			b.press(`#outcome form button`)
			b.wants("Resent to orders as a new delivery")
			to.got(t, 2)
			b.press(`main a[href*="/events/new?from="]`)
			b.wants("Filled in from", "3 of 5 endpoints")
			look("again")
			b.open(home + "/events?q=prod_1")
			b.wants("prod_1", "1 of 2")
		})
	}
}

// choosesTopic picks a topic, whose example is there at once or by a button.
func (b *browser) choosesTopic(topic string, script bool) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS(`#topic`), topic))
	if script {
		eval[bool](b, `document.querySelector("#topic").dispatchEvent(new Event("change",{bubbles:true}))`)
	} else {
		b.press(`button[value=example]`)
	}
	loaded := `document.querySelector("#data").value.includes("productId")&&document.querySelector("#topic").value===` + quoted(topic)
	if script { // its scripts listen to the new form
		loaded += `&&!document.querySelector(".htmx-request,.htmx-settling,.htmx-added")&&document.querySelector("#data").dataset.ready==="true"`
	}
	b.comes("its example is in the form", loaded)
}

// wrongThenRight sends data that is no JSON and mends it: nothing is lost.
func (b *browser) wrongThenRight(script bool, look func(string)) {
	b.t.Helper()
	b.writes(`#data`, "{\n  \"productId\": \"prod_1\",\n  oops\n}")
	if script {
		b.says(`#reach`, "it would be refused")
		b.says(`[data-json-say]`, "not JSON: line 3")
	}
	b.press(`button[value=publish]`)
	b.forgive("422")
	b.wants("needs another look", "line 3")
	if got := eval[string](b, `document.querySelector("#data").value`); !strings.Contains(got, "oops") {
		b.t.Errorf("the text is now %q", got)
	}
	look("wrong")
	if script {
		b.click(`[data-json-line="3"]`)
		b.comes("the line is marked", `document.activeElement.id==="data"&&document.activeElement.value.slice(document.activeElement.selectionStart,document.activeElement.selectionEnd).trim()==="oops"`)
	}
	b.writes(`#data`, `{"productId":"prod_1","price":1.10}`)
	if script {
		b.says(`#reach`, "2 of 4 endpoints")
		b.comes("what was wrong is said no more", `!document.querySelector(".faults, #draft [role=alert], #data[aria-invalid=true]")`)
		b.click(`[data-json-format]`)
		b.comes("the text is laid out and every number spelt as before", `document.querySelector("#data").value==='{\n  "productId": "prod_1",\n  "price": 1.10\n}'`)
	} else {
		b.press(`.formfoot button[value=preview]`)
	}
	b.wants("2 of 4 endpoints", "held until it is resumed", "productId equals prod_2")
	look("form")
}

// publishes presses the button, with script twice as impatient people do.
func (b *browser) publishes(script bool) {
	b.t.Helper()
	if script {
		eval[bool](b, `(()=>{const button=document.querySelector(".formfoot button[value=publish]");setTimeout(()=>{button.click();button.click()});return true})()`)
	} else {
		b.do(chromedp.Click(chromedp.CSS(`.formfoot button[value=publish]`)))
	}
	b.comes("the event has its page", `!!document.querySelector("#outcome")`)
}

// reloading loads the page anew in a condition, for a browser whose page does
// not follow by itself.
func reloading(script bool) string {
	if script {
		return ""
	}
	return `||(location.reload(),false)`
}

func TestBrowser_the_catalogue_is_kept_by_operators_and_read_by_developers(t *testing.T) {
	for name, script := range map[string]bool{"with JavaScript": true, "without JavaScript": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, s, to, home, look := operated(t, script)
			b.open(home + "/topics")
			b.press(`main a[href$="/new-topic"]`)
			b.typed(`#name`, "order.placed")
			b.typed(`#description`, "An order was placed 🛒")
			b.writes(`#schema`, "{\n  \"type\": \"object\",\n  \"required\": [\"id\"],\n  \"properties\": {\n    \"id\": { \"type\": \"thing\" }\n  }\n}")
			b.press(`.formfoot button`)
			b.forgive("422")
			b.wants("schema.properties.id.type", "line 5")
			if got := eval[string](b, `document.querySelector("#name").value+document.querySelector("#description").value`); got != "order.placedAn order was placed 🛒" {
				t.Errorf("what was typed is now %q", got)
			}
			look("topic-wrong")
			b.writes(`#schema`, `{"type":"object","required":["id"],"properties":{"id":{"type":"string"}}}`)
			b.press(`.formfoot button`)
			b.wants("order.placed is in the catalogue", "Members of data", "string · required", "Operate")
			s.on(to.url+"/hook", map[string]any{"name": "orders", "topics": []string{"order.*"}})
			b.press(`main a[href$="/edit"]`)
			b.writes(`#description`, "An order was paid.")
			look("topic-edit")
			b.press(`.formfoot button`)
			b.wants("Saved.", "An order was paid.", "orders", "by order.*")
			look("topic")
			b.press(`form[action$="/deprecate"] button`)
			b.wants("new endpoints are not offered it", "nothing new should be built on it")
			look("topic-deprecated")
			b.open(home + "/topics?q=paid")
			b.wants("order.placed", "deprecated", "1 endpoint")
			b.open(home + "/topics/order.placed")
			b.click(`button[popovertarget=delete-topic]`)
			look("topic-delete")
			b.press(`#delete-topic button[type=submit]`)
			b.wants("order.placed is deleted.")
			b.keepsPrompts(home, look)
			b.readByDeveloper(s, home)
		})
	}
}

// keepsPrompts makes two versions of a prompt and looks at its page.
func (b *browser) keepsPrompts(home string, look func(string)) {
	b.t.Helper()
	b.open(home + "/prompts")
	b.press(`main a[href$="/prompts/new"]`)
	b.typed(`#name`, "support/billing")
	b.writes(`#prompt`, hostileWords+"\nBe {{tone}}.")
	b.typed(`#labels`, "production")
	b.press(`.formfoot button`)
	b.wants("Version 1 of support/billing is made", "Be {{tone}}.")
	b.press(`main a[href*="/prompts/new?name="]`)
	b.writes(`#prompt`, "Be brief.\nBe {{tone}}.")
	b.press(`.formfoot button`)
	b.wants("Version 2 of support/billing is made: it holds latest.")
	b.click(`button[popovertarget=delete-version]`)
	look("prompt-delete")
	b.open(home + "/prompts/support%2Fbilling?with=1")
	b.wants("Version 1 beside version 2", "Be brief.")
	look("prompt-beside")
	b.open(home + "/prompts?folder=support")
	b.wants("billing", "production")
}

const hostileWords = `</textarea><script>document.title="owned"</script>`

// readByDeveloper comes as a developer, who finds no button and is refused.
func (b *browser) readByDeveloper(s *stage, home string) {
	b.t.Helper()
	link := s.must(http.StatusCreated, s.instance, "POST", "/projects/"+s.project+"/sign-in-links", map[string]any{"email": "dev@example.com", "role": "developer", "expiresInSeconds": 600})
	b.open(link.text("url"))
	b.press(`main form button`)
	b.open(home + "/topics/product.viewed")
	b.wants("Publish a test event")
	if buttons := eval[float64](b, `document.querySelectorAll('main a[href$="/edit"], main form[action*="/topics/"], main a[href$="/new-topic"]').length`); buttons != 0 {
		b.t.Errorf("a developer is offered %v ways to change a topic", buttons)
	}
	for _, path := range []string{"/new-topic", "/topics/product.viewed/edit", "/topics/product.viewed/deprecate", "/topics/product.viewed/delete"} {
		status := eval[float64](b, `fetch(`+quoted(home+path)+`,{method:"POST",headers:{"Content-Type":"application/x-www-form-urlencoded"},body:"name=mine&deprecated=true"}).then(r=>r.status)`)
		if status != http.StatusForbidden {
			b.t.Errorf("a developer's POST to %s: %v", path, status)
		}
	}
	b.forgive("403")
}

func TestBrowser_the_audit_log_is_narrowed_and_taken_along(t *testing.T) {
	for name, script := range map[string]bool{"with JavaScript": true, "without JavaScript": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, s, to, home, look := operated(t, script)
			s.on(to.url+"/hook", map[string]any{"name": "=cmd|' /C calc'!A0 نقطة 🛒", "topics": []string{"product.*"}})
			b.open(home + "/events/new?topic=product.viewed")
			b.press(`.formfoot button[value=publish]`)
			b.open(home + "/audit")
			b.wants("published a test event of product.viewed", "created the endpoint =cmd|", "added the member "+adminEmail, "created the API key scene")
			look("audit")
			b.do(chromedp.SetValue(chromedp.CSS(`select[name=action]`), "event"))
			b.press(`.toolbar button`)
			b.wants("events", "published a test event of product.viewed")
			if rows := eval[float64](b, `document.querySelectorAll("main tbody tr").length`); rows != 1 {
				t.Errorf("%v rows are left", rows)
			}
			file := eval[string](b, `fetch(document.querySelector("main a[download]").href).then(r=>r.text())`)
			if strings.Count(file, "\n") != 2 || !strings.Contains(file, "event.published") {
				t.Errorf("the file of the narrowed list: %s", file)
			}
			b.press(`.sentence > a.textlink`)
			all := eval[string](b, `fetch(document.querySelector("main a[download]").href).then(r=>r.text())`)
			if !strings.Contains(all, "'=cmd|") || strings.Contains(all, ",=cmd") || !strings.Contains(all, "نقطة 🛒") {
				t.Errorf("the whole file: %s", all)
			}
			b.do(chromedp.SetValue(chromedp.CSS(`select[name=action]`), "payload"))
			b.press(`.toolbar button`)
			b.wants("Nothing matches")
			look("audit-none")
		})
	}
}
