package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/bellwire/bellwire/internal/web"
)

// guard is a browser that notices what text of others does in it.
type guard struct {
	*browser
	base string
	mu   sync.Mutex
	// went are the dialogs that opened and the requests that left for elsewhere.
	went  []string
	pages int
}

func newGuard(t *testing.T, base string) *guard {
	t.Helper()
	g := &guard{browser: newBrowser(t), base: base}
	if err := chromedp.Listen(g.ctx, g.notice); err != nil {
		t.Fatal(err)
	}
	g.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.Enable, network.EnableParams{})
		return err
	}))
	return g
}

func (g *guard) notice(event any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch e := event.(type) {
	case *page.EventJavascriptDialogOpening:
		g.went = append(g.went, "a dialog opened: "+e.Message)
		go func() {
			_ = chromedp.Do(g.ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
				_, err := cdp.Call(ctx, t, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})
				return err
			}))
		}()
	case *network.EventRequestWillBeSent:
		if at := e.Request.URL; !strings.HasPrefix(at, g.base+"/") && !strings.HasPrefix(at, "data:image/") && at != "about:blank" {
			g.went = append(g.went, "a request left for "+at)
		}
	}
}

// alive finds what came to life on a page.
const alive = `(()=>{const found=[];if(window.__xss!==undefined)found.push("a script ran");
for(const e of document.querySelectorAll("*")){
if(e.localName==="x-evil"||e.hasAttribute("data-evil"))found.push("markup came to life: "+e.outerHTML.slice(0,200));
for(const a of e.attributes)if(a.name.startsWith("on"))found.push("a handler: "+a.name+" on "+e.localName);
for(const p of ["href","src","action","formAction","data"])if(typeof e[p]==="string"&&/^\s*(javascript|vbscript|data:text)/i.test(e[p]))found.push("an address runs: "+e[p].slice(0,200))}
return {Status:performance.getEntriesByType("navigation")[0]?.responseStatus??0,Found:found}})()`

// looks judges the page that is open and answers its status.
func (g *guard) looks(where string) int {
	g.t.Helper()
	seen := eval[struct {
		Status int
		Found  []string
	}](g.browser, alive)
	g.pages++
	for _, what := range seen.Found {
		g.t.Errorf("%s: %s", where, what)
	}
	g.mu.Lock()
	for _, what := range g.went {
		g.t.Errorf("%s: %s", where, what)
	}
	g.went = nil
	g.mu.Unlock()
	g.forgive("Failed to load resource: the server responded with a status of")
	g.forgive("'beforeunload'") // a form that was filled in is left
	g.browser.mu.Lock()
	defer g.browser.mu.Unlock()
	for _, fault := range g.faults {
		g.t.Errorf("%s: the console says: %s", where, fault)
	}
	g.faults = nil
	if g.t.Failed() {
		g.t.FailNow() // what came to life may lead away from the pages that follow
	}
	return seen.Status
}

func (g *guard) visits(path string) int {
	g.t.Helper()
	g.do(chromedp.Navigate(g.base + path))
	return g.looks(path)
}

// submits sends a form and judges the page that it leads to.
func (g *guard) submits(path string, form url.Values) int {
	g.t.Helper()
	fields, _ := json.Marshal(form)
	eval[bool](g.browser, fmt.Sprintf(`(()=>{if(window.before)return true;window.before=true;const f=document.createElement("form");f.method="post";f.action=%q;for(const [n,vs] of Object.entries(%s))for(const v of vs){const i=document.createElement("textarea");i.name=n;i.value=v;f.append(i)}
document.body.append(f);HTMLFormElement.prototype.submit.call(f);return true})()`, path, fields))
	g.comes(path+" leads to another page", `!window.before&&document.readyState==="complete"`)
	return g.looks("POST " + path)
}

// notPages are the routes that answer something else than a page, or lead away.
var notPages = map[string]bool{
	"/p/:project/audit.csv": true, "/p/:project/deliveries/stream": true, "/p/:project/deliveries/:delivery/stream": true, "/p/:project/deliveries/:delivery/body": true,
	"/p/:project/events/:event/data": true, "/p/:project/endpoints/:endpoint/code/:language": true,
}

// more are other addresses of a route.
var more = map[string][]string{
	"/p/:project/endpoints/:endpoint": {"?tab=settings", "?tab=secret", "?tab=code", "?tab=health"}, "/p/:project/deliveries/:delivery": {"?attempt=1"},
	"/p/:project/endpoints/new": {"?kind=slack", "?for=discord"}, "/p/:project/audit": {"?action=endpoint.updated"}, "/p/:project/deliveries": {"?state=exhausted"},
}

// readsQueries are the pages that have an address of their own for what is asked.
var readsQueries = map[string]bool{
	"/p/:project": true, "/p/:project/endpoints": true, "/p/:project/endpoints/new": true, "/p/:project/deliveries": true, "/p/:project/events": true, "/p/:project/events/new": true,
	"/p/:project/topics": true, "/p/:project/products": true, "/p/:project/prompts": true, "/p/:project/prompts/new": true, "/p/:project/audit": true, "/p/:project/search": true,
	"/p/:project/slack/connect": true, "/projects": true, "/sign-in": true, "/sign-in/link": true, "/invitation": true, "/setup": true, "/slack/callback": true, "/sign-in/oidc/callback": true,
}

// asked is a query that has something hostile under every name that pages read.
func asked(volley string) string {
	query := url.Values{}
	for _, name := range []string{"q", "topic", "state", "status", "endpoint", "range", "since", "until", "cursor", "next", "token", "tab", "action", "actor", "kind", "for", "from", "way", "attempt", "lang", "version", "label", "code", "error", "error_description"} {
		query.Set(name, volley)
	}
	return "?" + query.Encode()
}

var routeParameter = regexp.MustCompile(`:[a-z]+`)

// addresses are all of a route's: each thing of the scene in its place.
func (s *hostileScene) addresses(route string) (all []string) {
	names := routeParameter.FindAllString(route, -1)
	all = []string{route}
	for _, name := range names {
		var next []string
		for _, path := range all {
			for _, id := range s.ids[name] {
				next = append(next, strings.Replace(path, name, url.PathEscape(id), 1))
			}
		}
		all = next
	}
	for _, query := range more[route] {
		all = append(all, strings.NewReplacer(":project", s.project, ":endpoint", s.ids[":endpoint"][0], ":delivery", s.ids[":delivery"][0]).Replace(route)+query)
	}
	return all
}

// walk visits every page of the route table: with one thing each in its
// address, or with all, and then with a hostile query where one is read, too. What
// it leaves out others visit.
func (g *guard) walk(s *hostileScene, all bool, leaves func(route string) bool, wants func(route string, status int) bool) {
	g.t.Helper()
	for i, r := range web.New(web.Options{}).Routes() {
		if r.Method != http.MethodGet || leaves(r.Path) {
			continue
		}
		addresses := s.addresses(r.Path)
		if len(addresses) == 0 {
			g.t.Errorf("%s: the scene has no thing for its address", r.Path)
			continue
		}
		if one := i % len(addresses); !all {
			addresses = addresses[one : one+1]
		}
		if notPages[r.Path] {
			g.file(addresses[0])
			continue
		}
		for _, path := range addresses {
			if status := g.visits(path); !wants(r.Path, status) {
				g.t.Errorf("%s: %d", path, status)
			}
		}
		if all && readsQueries[r.Path] {
			g.visits(strings.ReplaceAll(r.Path, ":project", s.project) + asked(names[i%len(names)]))
		}
	}
	g.t.Logf("%d pages", g.pages)
}

// file checks that what is no page can't be taken for one.
func (g *guard) file(path string) {
	g.t.Helper()
	got := eval[string](g.browser, fmt.Sprintf(`(async()=>{const stop=new AbortController();const r=await fetch(%q,{signal:stop.signal});const h=n=>r.headers.get(n)??"";const told=[r.status,h("content-type"),h("content-disposition"),h("x-content-type-options")].join("|");stop.abort();return told})()`, path))
	if html := strings.Contains(got, "text/html"); !strings.HasSuffix(got, "|nosniff") || html && strings.HasPrefix(got, "200") || !html && !strings.Contains(got, "attachment") && !strings.Contains(got, "event-stream") {
		g.t.Errorf("%s is shown in a browser: %s", path, got)
	}
}

// person makes somebody with a password.
func (n *node) person(t *testing.T, email, role, password string) {
	t.Helper()
	create := exec.Command(binary, "user", "create", "--email", email, "--role", role, "--password-stdin")
	create.Env, create.Stdin = n.env, strings.NewReader(password+"\n")
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func (g *guard) signIn(email, password string) {
	g.t.Helper()
	g.open(g.base + "/sign-in")
	g.typed(`#email`, email)
	g.typed(`#password`, password)
	g.press(`main form button`)
	g.looks("the first page of " + email)
}

// agent names its browser as it likes.
type agent string

func (a agent) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("User-Agent", string(a))
	return http.DefaultTransport.RoundTrip(r)
}

func TestBrowser_hostile_text_in_every_field_comes_to_life_on_no_page(t *testing.T) {
	t.Parallel()
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db")).start()
	s := newHostileScene(t, n)
	if refused := slices.Sorted(maps.Keys(s.refused)); !slices.Equal(refused, fieldsOfRules) {
		t.Errorf("refused are\n%q, want\n%q", refused, fieldsOfRules)
	}
	const developer, support, password = "dev@example.com", "help@example.com", "a password of my own"
	n.person(t, developer, "member", password)
	n.person(t, support, "support", password)
	s.must(http.StatusCreated, s.instance, "POST", "/projects/"+s.project+"/members", map[string]any{"email": developer, "role": "developer"})
	for _, name := range names {
		v := newVisitor(t, n.url)
		v.http.Transport = agent(strings.ToValidUTF8(strings.ReplaceAll(name, "\u2028", ""), ""))
		v.signIn(adminEmail, adminPassword)
	}
	var all sync.WaitGroup
	at := func(name string, visit func(t *testing.T)) {
		all.Go(func() { t.Run(name, visit) }) // not t.Parallel: that would count the cores, not the waiting
	}
	at("as admin", func(t *testing.T) {
		g := newGuard(t, n.url)
		g.signIn(adminEmail, adminPassword)
		// A project's pages are drawn for an admin as for its developer.
		shared := func(route string) bool { return strings.HasPrefix(route, "/p/") && !adminOnly[route] }
		g.walk(s, false, shared, func(route string, status int) bool {
			return status == http.StatusOK || leadsNowhere[route]
		})
		g.sends(s)
	})
	at("as developer", func(t *testing.T) {
		g := newGuard(t, n.url)
		g.signIn(developer, password)
		g.submits("/profile/name", url.Values{"name": {names[0]}})
		g.walk(s, true, none, func(route string, status int) bool {
			return status == http.StatusOK || leadsNowhere[route] || adminOnly[route]
		})
	})
	at("as support", func(t *testing.T) {
		g := newGuard(t, n.url)
		g.signIn(support, password)
		for _, of := range []string{"/deliveries/:delivery", "/events/:event", "/products/:product"} {
			path := s.addresses("/p/:project" + of)[0]
			if status := g.submits(path, url.Values{"reason": {names[0]}}); status != http.StatusOK {
				t.Errorf("POST %s: %d", path, status)
			}
		}
		g.walk(s, false, none, func(_ string, status int) bool { return status < http.StatusInternalServerError })
	})
	all.Wait()
}

// fieldsOfRules take nothing hostile at all.
var fieldsOfRules = []string{"endpoint topics", "topic group", "topic's name"}

// leadsNowhere are pages of something that this installation has not.
var leadsNowhere = map[string]bool{
	"/sign-in/oidc": true, "/sign-in/oidc/callback": true, "/step-up/oidc": true, "/slack/callback": true, "/p/:project/slack/connect": true, "/setup": true,
	"/sign-in/link": true, "/invitation": true,
}

var adminOnly = map[string]bool{"/admin/system": true, "/p/:project/new-topic": true, "/p/:project/topics/:topic/edit": true}

func none(string) bool { return false }

// typed are the names of the fields of all forms.
var typed = strings.Fields(`name url topic group patterns promptNames promptTags promptLabels expression payloadPath payloadOperator payloadValue headerName headerValue
	template customHeader customSigned customEncoding customValue customBody format retry delays timeout maxInFlight rate secret sample channel channelQuery channelID
	email password role expires scope description schema example searchKeys data key reason labels tags label tag commitMessage prompt config version type
	token next purpose to way externalId graceHours switchAt confirm do`)

// sends posts every form with text in it and reads it back: as a mistake, in a
// preview, or in the words that say that it was done.
func (g *guard) sends(s *hostileScene) {
	g.t.Helper()
	at := "/p/" + s.project
	endpoint, prompt := at+"/endpoints/"+s.ids[":endpoint"][0], at+"/prompts/"+url.PathEscape(s.ids[":prompt"][0])
	for i, path := range []string{
		at + "/endpoints/new", at + "/endpoints/preview", endpoint + "/edit", endpoint + "/test", endpoint + "/resume", endpoint + "/secret/rotate",
		at + "/events/new", at + "/events/preview", at + "/prompts/new", at + "/new-topic", at + "/topics/evil.t0/edit", at + "/keys", at + "/invitations", at + "/sign-in-links",
		at + "/start/command", at + "/start/endpoint", at + "/start/event", "/projects", "/profile/name", "/profile/password", "/sign-in/link", "/invitation", "/step-up", prompt + "/labels", prompt + "/tags",
	} {
		form := url.Values{}
		for _, field := range typed {
			form.Set(field, names[i%len(names)])
		}
		if status := g.submits(path, form); status >= http.StatusInternalServerError {
			g.t.Errorf("POST %s: %d", path, status)
		}
	}
	// What was done is said with its name.
	for _, name := range names[:2] {
		g.submits(at+"/keys", url.Values{"name": {name}, "scope": {"read"}})
		g.submits("/projects", url.Values{"name": {name}})
		g.submits(at+"/endpoints/new", url.Values{"name": {name}, "url": {"http://127.0.0.1:9/"}, "topic": {"chat.message.received"}, "retry": {"standard"}, "timeout": {"15"}, "do": {"save"}})
	}
}
