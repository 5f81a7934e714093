package main_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe/axe-4.14.1.min.js
var axe string

// startDemo runs "bellwire demo" in a fresh folder and returns what it printed
// once its pages answer.
func startDemo(t *testing.T) (base string, out *buffer) {
	t.Helper()
	addr := freeAddr(t)
	out = &buffer{}
	c := exec.Command(binary, "demo", "--addr", addr, "--dir", filepath.Join(t.TempDir(), "demo"))
	c.Env = clean(os.Environ())
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(os.Interrupt)
		c.Wait()
		if t.Failed() {
			t.Logf("the demo printed:\n%s", out.String())
		}
	})
	eventually(t, 30*time.Second, "the demo has printed its links", func() bool { return strings.Contains(out.String(), "Ctrl-C") })
	return "http://" + addr, out
}

var linkOf = regexp.MustCompile(`Abba commerce agent\s+(\S+)`)

// browser is one Chromium tab that keeps what its console complained of.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	faults []string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() { cancel(); stop() })
	b := &browser{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatalf("start Chromium (make test installs it): %v", err)
	}
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, log.Enable, cdp.Empty{})
		return err
	}))
	return b
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.faults = append(b.faults, e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, e.ExceptionDetails.Text)
	}
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := b.tries(longest, actions...); err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}

// longest is how long any step of a browser may take, however busy the machine
// is: chromedp itself waits for a missing element for ever.
const longest = 90 * time.Second

func (b *browser) tries(within time.Duration, actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(b.ctx, within)
	defer cancel()
	return chromedp.Do(ctx, actions...)
}

// size sets the window and the colour scheme.
func (b *browser) size(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	}))
}

// eval runs a script, and waits for its promise, for the value it answers. A
// page that is left before it answered is asked again when the next one is
// there, so what a script does must bear to be done on both.
func eval[T any](b *browser, script string) (value T) {
	b.t.Helper()
	var err error
	for range 100 {
		if value, err = chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise)); err == nil || !left(err) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		b.t.Fatalf("browser: %v", err)
	}
	return value
}

// left tells whether a question had no answer because its page was left.
func left(err error) bool {
	for _, words := range []string{"navigated or closed", "context was destroyed", "Cannot find context", "Cannot find default execution context"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

// check fails the test for what axe finds, for sideways scrolling and for
// complaints in the console, and leaves a picture of the page.
func (b *browser) check(name string) {
	b.t.Helper()
	type violation struct {
		ID, Help string
		Nodes    []string
	}
	found := eval[[]violation](b, axe+`;axe.run(document,{resultTypes:["violations"]}).then(r=>r.violations.map(v=>({ID:v.id,Help:v.help,Nodes:v.nodes.map(n=>n.html+" "+n.failureSummary)})))`)
	for _, v := range found {
		b.t.Errorf("%s: axe %s: %s\n%s", name, v.ID, v.Help, strings.Join(v.Nodes, "\n"))
	}
	if sideways := eval[float64](b, `document.documentElement.scrollWidth-document.documentElement.clientWidth`); sideways > 0 {
		b.t.Errorf("%s scrolls sideways by %v px", name, sideways)
	}
	b.mu.Lock()
	for _, fault := range b.faults {
		b.t.Errorf("%s: the console says: %s", name, fault)
	}
	b.faults = nil
	b.mu.Unlock()
	b.picture(name)
}

// picture writes a screenshot to test-artifacts, which CI keeps.
func (b *browser) picture(name string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatalf("browser: %v", err)
	}
	dir := filepath.Join("..", "..", "test-artifacts", "screenshots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func TestBrowser_every_page_of_the_demo_is_accessible_at_any_width_and_theme(t *testing.T) {
	t.Parallel()
	base, out := startDemo(t)
	b := newBrowser(t)
	found := linkOf.FindStringSubmatch(out.String())
	if found == nil {
		t.Fatalf("the demo printed no sign-in link:\n%s", out.String())
	}
	b.size(1440, 900, "light")
	b.do(chromedp.Navigate(found[1]))
	b.check("sign-in-link")
	b.do(chromedp.Click(chromedp.CSS(`main form button`)))
	home := ""
	eventually(t, 10*time.Second, "the link leads into the project", func() bool {
		home = eval[string](b, `location.pathname`)
		return strings.HasPrefix(home, "/p/")
	})
	time.Sleep(8 * time.Second) // retries and exhaustions take their time in the demo
	pages := map[string]string{
		"overview": home, "endpoints": home + "/endpoints", "endpoint-new": home + "/endpoints/new", "endpoint-new-slack": home + "/endpoints/new?kind=slack", "slack": home + "/slack", "deliveries": home + "/deliveries",
		"events": home + "/events", "event-publish": home + "/events/new", "products": home + "/products", "product": home + "/products/prod_000", "audit": home + "/audit", "topics": home + "/topics", "topic": home + "/topics/product.price_changed", "members": home + "/members",
		"keys": home + "/keys", "profile": "/profile", "projects": "/projects", "not-found": home + "/endpoints/019bef3c-8a40-7c11-9d2e-5b1f0c7a6e21",
	}
	for name, from := range map[string]string{"endpoint": "endpoints", "delivery": "deliveries", "event": "events"} {
		pages[name] = b.firstLink(base, pages[from], home+"/"+from+"/")
	}
	for _, tab := range []string{"settings", "secret", "code", "health"} {
		pages["endpoint-"+tab] = pages["endpoint"] + "?tab=" + tab
	}
	for _, view := range []struct {
		name          string
		width, height int64
		scheme        string
	}{{"wide-light", 1440, 900, "light"}, {"wide-dark", 1440, 900, "dark"}, {"phone-light", 390, 844, "light"}, {"phone-dark", 390, 844, "dark"}} {
		b.size(view.width, view.height, view.scheme)
		for name, path := range pages {
			b.do(chromedp.Navigate(base+path), chromedp.WaitReady(chromedp.CSS(`main`)))
			if name == "not-found" {
				b.forgive("404")
			}
			b.check(name + "-" + view.name)
		}
	}
}

// forgive drops the console's line about a status that was asked for.
func (b *browser) forgive(status string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := b.faults[:0]
	for _, fault := range b.faults {
		if !strings.Contains(fault, status) {
			kept = append(kept, fault)
		}
	}
	b.faults = kept
}

// firstLink is the first address on a page that leads below a path and on to
// one thing, not to a form.
func (b *browser) firstLink(base, path, below string) string {
	b.t.Helper()
	b.do(chromedp.Navigate(base+path), chromedp.WaitReady(chromedp.CSS(`main`)))
	encoded, _ := json.Marshal(below)
	link := eval[string](b, fmt.Sprintf(`([...document.querySelectorAll("main a")].map(a=>a.getAttribute("href")).find(h=>h&&h.startsWith(%s)&&/[0-9a-f-]{36}$/.test(h)))||""`, encoded))
	if link == "" {
		b.t.Fatalf("%s links to nothing below %s", path, below)
	}
	return link
}

func TestDemo_shows_deliveries_within_five_seconds_of_its_first_line(t *testing.T) {
	addr := freeAddr(t)
	out := &firstWrite{}
	c := exec.Command(binary, "demo", "--addr", addr, "--dir", filepath.Join(t.TempDir(), "demo"))
	c.Env = clean(os.Environ())
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Signal(os.Interrupt); c.Wait() })
	eventually(t, 30*time.Second, "the demo has printed a link", func() bool { return linkOf.MatchString(out.String()) })
	visitor := newVisitor(t, "http://"+addr)
	home := visitor.useLink(linkOf.FindStringSubmatch(out.String())[1])
	eventually(t, 5*time.Second-time.Since(out.at()), "the overview shows deliveries", func() bool {
		return deliveredOf(visitor.get(home)) > 0
	})
	t.Logf("deliveries were on the overview %s after the first line", time.Since(out.at()).Round(time.Millisecond))
}
