package main_test

import (
	"context"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
)

const (
	adminEmail    = "admin@example.com"
	adminPassword = "correct horse battery"
)

// looked checks the page as it stands in both widths and themes, without
// loading it again: what was made is shown once. The walk over every page looks
// at the other pairs.
func (b *browser) looked(name string) {
	b.t.Helper()
	b.size(390, 844, "dark")
	b.check("people-" + name + "-phone-dark")
	b.size(1440, 900, "light")
	b.check("people-" + name + "-wide-light")
}

func (b *browser) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS(`main`)))
}

// typed fills a field as a person would.
func (b *browser) typed(field, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(field), text))
}

// press clicks and waits for the page that follows.
func (b *browser) press(button string) {
	b.t.Helper()
	if err := b.presses(button, longest); err != nil {
		b.t.Fatalf("browser: press %s: %v", button, err)
	}
}

func (b *browser) presses(button string, within time.Duration) error {
	b.t.Helper()
	eval[bool](b, `(window.before=true)`)
	if err := b.tries(within, chromedp.Click(chromedp.CSS(button))); err != nil {
		return err
	}
	b.comes(button+" leads to another page", `!window.before&&document.readyState==="complete"&&document.querySelector("main")`)
	return nil
}

func (b *browser) text(selector string) string {
	b.t.Helper()
	return eval[string](b, `(document.querySelector(`+quoted(selector)+`)||{textContent:""}).textContent`)
}

func quoted(s string) string { return "`" + s + "`" }

func (b *browser) wants(words ...string) {
	b.t.Helper()
	page := eval[string](b, `document.querySelector("main").innerText`)
	for _, w := range words {
		if !strings.Contains(page, w) {
			b.t.Fatalf("the page does not say %q:\n%s", w, page)
		}
	}
}

func (b *browser) withoutScript() {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// codeIn is the code that an app shows by the clock so far from now.
func codeIn(t *testing.T, secret string, ahead time.Duration) string {
	t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), time.Now().Add(ahead))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func (b *browser) givePassword(base string) {
	b.t.Helper()
	b.open(base + "/sign-in")
	b.typed(`#email`, adminEmail)
	b.typed(`#password`, adminPassword)
	b.press(`main form button`)
}

func (b *browser) signOut() {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(`button[popovertarget=me]`)))
	b.press(`#me form[action="/sign-out"] button`)
}

func TestBrowser_people_prove_themselves_and_invite_others(t *testing.T) {
	for name, script := range map[string]bool{"with JavaScript": true, "without JavaScript": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db")).start()
			home := n.url + "/p/" + n.project("Shop")
			b := newBrowser(t)
			look := b.looked
			if !script {
				b.withoutScript()
				look = func(string) {}
			}
			b.size(1440, 900, "light")
			secret, codes := turnOn(b, n, look)
			signInTwice(b, n, secret, codes[0], look)
			inviteByLink(b, n, home, script, look)
			makeKey(b, n, home, look)
			endAnother(b, n, codes[2])
			turnOffAgain(b, n, codes, look)
		})
	}
}

func turnOn(b *browser, n *node, look func(string)) (secret string, recovery []string) {
	b.t.Helper()
	b.givePassword(n.url)
	b.open(n.url + "/admin/system")
	b.wants("1 node alive", "this node", "SQLite")
	look("system")
	b.open(n.url + "/profile")
	b.press(`a[href="/profile/second-factor"]`)
	look("enrol")
	b.press(`main form button`)
	b.wants("Scan with your app")
	look("scan")
	secret = b.text(`pre[aria-label="The secret"]`)
	b.typed(`#code`, codeIn(b.t, secret, 0))
	b.press(`form[action$="/confirm"] button`)
	b.wants("not shown again")
	look("codes")
	recovery = eval[[]string](b, `[...document.querySelectorAll(".codes li")].map(l=>l.textContent)`)
	b.press(`main a.btn-primary`)
	b.wants("10 recovery codes are left")
	look("profile-proven")
	return secret, recovery
}

func signInTwice(b *browser, n *node, secret, recovery string, look func(string)) {
	b.t.Helper()
	b.signOut()
	b.givePassword(n.url)
	b.wants("Code from your app")
	look("code")
	b.typed(`#code`, codeIn(b.t, secret, 30*time.Second)) // that of the present step was used
	b.press(`main form button`)
	b.open(n.url + "/profile")
	b.wants("this one")
	b.signOut()
	b.givePassword(n.url)
	b.do(chromedp.Click(chromedp.CSS(`main summary`)))
	b.typed(`#recovery`, recovery)
	b.press(`main details button`)
	b.wants("9 of them are left")
}

// endAnother signs another browser out; it is out at its next click.
func endAnother(b *browser, n *node, recovery string) {
	b.t.Helper()
	other := newVisitor(b.t, n.url)
	other.signIn(adminEmail, adminPassword)
	if _, at := other.postTo("/sign-in/code", url.Values{"code": {recovery}, "next": {"/profile"}}); at != "/profile" {
		b.t.Fatalf("the recovery code leads to %s", at)
	}
	b.open(n.url + "/profile")
	b.wants("this one", "Unknown browser", "Sign out everywhere else")
	b.press(`form[action*="/profile/sessions/"][action$="/end"] button`)
	b.wants("is signed out")
	if strings.Contains(b.text(`main`), "Sign out everywhere else") {
		b.t.Error("the session is still listed")
	}
	if _, at := other.postTo("/profile/name", url.Values{"name": {"Thief"}}); at != "/sign-in" {
		b.t.Errorf("the browser that was signed out is led to %s", at)
	}
}

// turnOffAgain ends the second factor with the password and a recovery code;
// after that the password alone signs in.
func turnOffAgain(b *browser, n *node, recovery []string, look func(string)) {
	b.t.Helper()
	b.open(n.url + "/profile")
	b.do(chromedp.Click(chromedp.CSS(`section[aria-labelledby="factor-title"] summary`)))
	b.typed(`#off-password`, adminPassword)
	b.typed(`#off-code`, recovery[0]) // it has signed in
	b.press(`form[action$="/off"] button`)
	b.wants("is not one of your recovery codes, or was used")
	b.forgive("422")
	look("turn-off-refused")
	b.typed(`#off-password`, adminPassword)
	b.typed(`#off-code`, recovery[1])
	b.press(`form[action$="/off"] button`)
	b.wants("Your second factor is off")
	b.signOut()
	b.givePassword(n.url)
	b.open(n.url + "/profile")
	b.wants("this one")
}

func inviteByLink(b *browser, n *node, home string, script bool, look func(string)) {
	b.t.Helper()
	b.open(home + "/members")
	b.typed(`#email`, "grace@example.com")
	b.press(`form[action$="/invitations"] button`)
	b.wants("Invitation for grace@example.com")
	look("invited")
	link := b.text(`pre[aria-label="The link"]`)
	guest := newBrowser(b.t)
	if !script {
		guest.withoutScript()
	}
	guest.open(link)
	guest.wants("Join Shop", "grace@example.com")
	if script {
		guest.looked("invitation")
	}
	guest.typed(`#name`, "Grace")
	guest.typed(`#password`, "a very long phrase")
	guest.press(`main form button`)
	guest.wants("You belong to this project now")
	b.open(home + "/members")
	b.wants("Grace")
	b.do(chromedp.Click(chromedp.CSS(`button[popovertarget^="role-"]`)))
	b.do(chromedp.Click(chromedp.CSS(`[popover]:popover-open input[value=viewer]`)))
	b.press(`[popover]:popover-open button[type=submit]`)
	b.wants("grace@example.com is viewer now")
	look("members")
}

func makeKey(b *browser, n *node, home string, look func(string)) {
	b.t.Helper()
	b.open(home + "/keys")
	b.typed(`#name`, "backend")
	b.do(chromedp.Click(chromedp.CSS(`input[name=scope][value=publish]`)))
	b.press(`form[action$="/keys"] button`)
	b.wants("Copy it now")
	look("key-made")
	key := b.text(`pre[aria-label="The key"]`)
	n.must(202, key, "POST", "/events", viewed)
	b.open(home + "/keys")
	b.wants("backend", "127.0.0.1") // from where it was used
	b.do(chromedp.Click(chromedp.CSS(`button[popovertarget^="revoke-"]`)))
	b.press(`[popover]:popover-open button[type=submit]`)
	b.wants("The key is revoked", "1 key that was revoked or has expired")
	eventually(b.t, 10*time.Second, "the key is refused", func() bool {
		status, _ := n.call(key, "POST", "/events", viewed)
		return status == 401
	})
}

func TestCommand_takes_a_lost_second_factor_away(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, n *node) {
		n.start()
		v := newVisitor(t, n.url)
		v.signIn(adminEmail, adminPassword)
		secret := factorOf(t, v.post("/profile/second-factor", nil))
		v.post("/profile/second-factor/confirm", map[string][]string{"code": {codeIn(t, secret, 0)}})
		if _, at := newVisitor(t, n.url).signIn(adminEmail, adminPassword); at != "/sign-in/code" {
			t.Fatalf("the password leads to %s", at)
		}
		n.command("user", "reset-second-factor", "--email", adminEmail)
		if _, at := v.postTo("/profile/name", nil); at != "/sign-in" {
			t.Errorf("the session from before leads to %s", at)
		}
		if _, at := newVisitor(t, n.url).signIn(adminEmail, adminPassword); at == "/sign-in/code" {
			t.Error("a code is asked for all the same")
		}
	})
}

func factorOf(t *testing.T, page string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, `aria-label="The secret">`)
	secret, _, _ := strings.Cut(rest, "<")
	if !found {
		t.Fatalf("no secret on the page:\n%s", page)
	}
	return secret
}
