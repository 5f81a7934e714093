//go:build !race

// The table is walked by one goroutine: the race detector would see nothing and
// take ten times as long, so make runs this test without it.

package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/prompts"
	"github.com/bellwire/bellwire/internal/web"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Who comes: somebody not signed in, three members of ours, the owner of
// theirs, and staff, who are members of nothing.
const (
	nobody    = "nobody"
	viewer    = "viewer"
	developer = "developer"
	owner     = "owner"
	stranger  = "stranger"
	support   = "support"
	admin     = "admin"
)

var (
	everybody = []string{viewer, developer, owner, stranger, support, admin}
	readers   = []string{viewer, developer, owner, support, admin}
	members   = []string{viewer, developer, owner}
	builders  = []string{developer, owner}
	builds    = []string{developer, owner, admin}
	helps     = []string{developer, owner, support, admin}
	owns      = []string{owner, admin}
	rules     = []string{admin}
)

// allowed says who may ask for a route; of a project's, on ours. Nobody is in
// where the row is for anyone.
type allowed struct {
	may    []string
	anyone bool
	// bare routes find nothing to show without a link or a provider: 404 then
	// says nothing of who asked.
	bare bool
	// form is what is typed; ids stand in for the names of things.
	form url.Values
}

// pages is who may ask for what.
var pages = map[string]allowed{
	"GET /sign-in":                {anyone: true},
	"POST /sign-in":               {anyone: true},
	"GET /sign-in/code":           {anyone: true},
	"POST /sign-in/code":          {anyone: true},
	"GET /sign-in/oidc":           {anyone: true, bare: true},
	"GET /sign-in/oidc/callback":  {anyone: true, bare: true},
	"GET /setup":                  {anyone: true, bare: true},
	"POST /setup":                 {anyone: true, bare: true},
	"GET /sign-in/link":           {anyone: true, bare: true},
	"POST /sign-in/link":          {anyone: true, bare: true},
	"GET /invitation":             {anyone: true, bare: true},
	"POST /invitation":            {anyone: true, bare: true},
	"POST /theme":                 {anyone: true, form: url.Values{"theme": {"dark"}}},
	"GET /favicon.ico":            {anyone: true},
	"GET /step-up/oidc":           {may: everybody, bare: true},
	"POST /step-up":               {may: everybody},
	"POST /sign-out":              {may: everybody},
	"GET /":                       {may: everybody},
	"GET /projects":               {may: everybody},
	"POST /projects":              {may: rules, form: url.Values{"name": {"New"}}},
	"GET /admin/system":           {may: rules},
	"GET /profile":                {may: everybody},
	"POST /profile/name":          {may: everybody, form: url.Values{"name": {"Ada"}}},
	"POST /profile/password":      {may: everybody},
	"GET /profile/second-factor":  {may: everybody},
	"POST /profile/second-factor": {may: everybody},

	"POST /profile/sessions/end-others":     {may: everybody},
	"POST /profile/sessions/:session/end":   {may: everybody},
	"POST /profile/second-factor/confirm":   {may: everybody},
	"POST /profile/second-factor/codes.txt": {may: everybody},
	"POST /profile/second-factor/codes":     {may: everybody},
	"POST /profile/second-factor/off":       {may: everybody},

	"GET /p/:project":           {may: readers},
	"GET /p/:project/search":    {may: readers},
	"GET /p/:project/audit":     {may: builds},
	"GET /p/:project/audit.csv": {may: builds},

	"GET /p/:project/start":           {may: readers},
	"POST /p/:project/start/command":  {may: builds},
	"POST /p/:project/start/endpoint": {may: builds},
	"POST /p/:project/start/event":    {may: builders, form: url.Values{"topic": {"product.viewed"}}},
	"POST /p/:project/start/again":    {may: helps},

	"GET /p/:project/members":                            {may: readers},
	"POST /p/:project/members/:user/role":                {may: owns, form: url.Values{"role": {"viewer"}}},
	"POST /p/:project/members/:user/remove":              {may: owns},
	"POST /p/:project/members/:user/reset-second-factor": {may: rules},
	"POST /p/:project/sign-in-links":                     {may: rules, form: url.Values{"email": {"x@example.com"}, "role": {"viewer"}}},
	"POST /p/:project/invitations":                       {may: owns, form: url.Values{"email": {"y@example.com"}, "role": {"viewer"}}},
	"POST /p/:project/invitations/:invitation/renew":     {may: owns},
	"POST /p/:project/invitations/:invitation/revoke":    {may: owns},
	"GET /p/:project/keys":                               {may: builds},
	"POST /p/:project/keys":                              {may: owns, form: url.Values{"name": {"ci"}, "scope": {"read"}}},
	"POST /p/:project/keys/:key/revoke":                  {may: owns},

	"GET /p/:project/endpoints":                               {may: readers},
	"GET /p/:project/endpoints/new":                           {may: builds},
	"POST /p/:project/endpoints/new":                          {may: builds},
	"POST /p/:project/endpoints/preview":                      {may: builds},
	"GET /p/:project/endpoints/:endpoint":                     {may: readers},
	"GET /p/:project/endpoints/:endpoint/edit":                {may: builds},
	"POST /p/:project/endpoints/:endpoint/edit":               {may: builds},
	"POST /p/:project/endpoints/:endpoint/pause":              {may: helps},
	"POST /p/:project/endpoints/:endpoint/resume":             {may: helps},
	"POST /p/:project/endpoints/:endpoint/delete":             {may: builds},
	"POST /p/:project/endpoints/:endpoint/test":               {may: builds, form: url.Values{"topic": {"product.viewed"}}},
	"GET /p/:project/endpoints/:endpoint/code/:language":      {may: readers},
	"POST /p/:project/endpoints/:endpoint/secret/reveal":      {may: builds},
	"POST /p/:project/endpoints/:endpoint/secret/rotate":      {may: builds},
	"POST /p/:project/endpoints/:endpoint/secret/switch":      {may: builds},
	"POST /p/:project/endpoints/:endpoint/secret/undo":        {may: builds},
	"POST /p/:project/endpoints/:endpoint/secret/compromised": {may: builds},

	"GET /p/:project/deliveries":                     {may: readers},
	"GET /p/:project/deliveries/stream":              {may: readers},
	"POST /p/:project/deliveries/resend":             {may: helps},
	"GET /p/:project/deliveries/:delivery":           {may: readers},
	"POST /p/:project/deliveries/:delivery":          {may: readers, form: url.Values{"reason": {"they asked"}}},
	"GET /p/:project/deliveries/:delivery/stream":    {may: members},
	"GET /p/:project/deliveries/:delivery/body":      {may: members},
	"POST /p/:project/deliveries/:delivery/resend":   {may: helps},
	"POST /p/:project/deliveries/:delivery/send-now": {may: helps},
	"POST /p/:project/deliveries/:delivery/cancel":   {may: builds},
	"GET /p/:project/events":                         {may: readers},
	"GET /p/:project/events/new":                     {may: builders},
	"POST /p/:project/events/new":                    {may: builders},
	"POST /p/:project/events/preview":                {may: builders},
	"GET /p/:project/events/:event":                  {may: readers},
	"POST /p/:project/events/:event":                 {may: readers, form: url.Values{"reason": {"they asked"}}},
	"GET /p/:project/events/:event/data":             {may: []string{viewer, developer, owner, admin}},
	"POST /p/:project/events/:event/resend":          {may: helps, form: url.Values{"delivery": {":delivery"}}},
	"POST /p/:project/events/:event/expunge":         {may: owns},
	"GET /p/:project/products":                       {may: readers},
	"GET /p/:project/products/:product":              {may: readers},
	"POST /p/:project/products/:product":             {may: readers, form: url.Values{"reason": {"they asked"}}},
	"GET /p/:project/topics":                         {may: readers},
	"GET /p/:project/topics/:topic":                  {may: readers},
	"GET /p/:project/new-topic":                      {may: rules},
	"POST /p/:project/new-topic":                     {may: rules},
	"GET /p/:project/topics/:topic/edit":             {may: rules},
	"POST /p/:project/topics/:topic/edit":            {may: rules},
	"POST /p/:project/topics/:topic/deprecate":       {may: rules},
	"POST /p/:project/topics/:topic/delete":          {may: rules},
	"GET /p/:project/prompts":                        {may: []string{viewer, developer, owner, admin}},
	"GET /p/:project/prompts/new":                    {may: builders},
	"POST /p/:project/prompts/new":                   {may: builders},
	"GET /p/:project/prompts/:prompt":                {may: []string{viewer, developer, owner, admin}},
	"POST /p/:project/prompts/:prompt/labels":        {may: builders, form: url.Values{"version": {"1"}, "labels": {"staging"}}},
	"POST /p/:project/prompts/:prompt/tags":          {may: builders},
	"POST /p/:project/prompts/:prompt/delete":        {may: builders},
	"GET /p/:project/slack":                          {may: readers},
	"GET /p/:project/slack/connect":                  {may: builds},
	"POST /p/:project/slack/disconnect":              {may: builds, bare: true},
	"GET /slack/callback":                            {may: everybody, bare: true},
}

// crowd is everybody of the table in a browser of their own.
type crowd struct {
	*fixture
	in map[string]*browser
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	c := &crowd{fixture: newFixture(t), in: map[string]*browser{}}
	c.web.SetPace(web.Pace{Look: time.Millisecond, Check: time.Hour, Beat: time.Hour, Life: 5 * time.Millisecond, Write: time.Minute})
	c.in[nobody] = c.visitor()
	for _, role := range everybody {
		instance := account.Member
		if role == support || role == admin {
			instance = account.Role(role)
		}
		c.user(role+"@example.com", instance, "")
		c.in[role] = c.signIn(role + "@example.com")
	}
	c.user("other@example.com", account.Member, "")
	c.join(c.theirs, stranger, account.Owner)
	c.opened()
	return c
}

func (c *crowd) join(p webhook.Project, who string, role account.Role) {
	c.t.Helper()
	_, err := c.manage.SetMember(c.t.Context(), system, p.ID, manage.NewMember{Email: who + "@example.com", Role: role})
	c.must(err)
}

// opened makes ours anew, so that what was done to the last one does not count.
// That one goes: whoever belongs to many projects is slow to let in.
func (c *crowd) opened() {
	c.t.Helper()
	err := c.manage.DeleteProject(c.t.Context(), system, c.ours.ID)
	c.must(err)
	c.ours, err = c.manage.CreateProject(c.t.Context(), system, manage.NewProject{Name: "Ours"})
	c.must(err)
	for _, role := range members {
		c.join(c.ours, role, account.Role(role))
	}
	c.join(c.ours, "other", account.Viewer)
}

// things makes what a route's address names, in ours.
func (c *crowd) things(r web.Route, who string) map[string]string {
	c.t.Helper()
	ids := map[string]string{":project": c.ours.ID.String(), ":language": "go"}
	for _, name := range parameter.FindAllString(r.Path, -1) {
		switch name {
		case ":endpoint", ":delivery", ":event":
			d := c.delivery(c.ours)
			ids[":endpoint"], ids[":delivery"], ids[":event"] = d.EndpointID.String(), d.ID.String(), d.EventID.String()
			if strings.HasSuffix(r.Path, "/body") {
				c.attempted(500)
			}
		case ":key":
			ids[name] = c.key().String()
		case ":user":
			ids[name] = c.userID("other@example.com").String()
		case ":invitation":
			made, err := c.manage.Invite(c.t.Context(), system, c.ours.ID, manage.NewInvitation{Email: "new@example.com", Role: account.Viewer})
			c.must(err)
			ids[name] = made.ID.String()
		case ":product":
			c.say(c.ours, `p1 {"name":"prod_1"}`)
			ids[name] = "p1"
		case ":prompt":
			_, _, err := c.manage.CreatePrompt(c.t.Context(), system, c.ours.ID, "ours", prompts.Draft{Type: webhook.PromptText, Content: []byte(`"x"`), Config: []byte(`{}`)})
			c.must(err)
			ids[name] = "ours"
		case ":topic":
			ids[name] = "of." + c.ours.ID.String()
			_, err := c.manage.CreateTopic(c.t.Context(), system, webhook.Topic{Name: ids[name], Group: webhook.GroupCustom})
			c.must(err)
		case ":session":
			if who != nobody {
				c.signIn(who + "@example.com")
				form := c.in[who].get("/profile").doc().Find(`form[action*="/profile/sessions/"][action$="/end"]`).First()
				ids[name] = strings.Split(form.AttrOr("action", "/profile/sessions//end"), "/")[3]
			}
		}
	}
	return ids
}

// ask asks for a route as a browser does.
func (c *crowd) ask(who string, r web.Route, form url.Values, ids map[string]string) page {
	path := filled(r.Path, ids)
	if r.Method == http.MethodGet {
		if strings.HasSuffix(path, "/body") {
			path += "?attempt=1"
		}
		return c.in[who].get(path)
	}
	typed := url.Values{}
	for name, values := range form {
		typed.Set(name, filled(values[0], ids))
	}
	return c.in[who].post(path, typed)
}

// atTheDoor reports whether somebody was asked to sign in.
func (p page) atTheDoor() bool {
	return p.status == http.StatusSeeOther && strings.HasPrefix(p.location, "/sign-in?next=")
}

// TestWho_may_open_and_do_what tries everybody on every route of the table of
// addresses, in our project and from outside.
func TestWho_may_open_and_do_what(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	left := maps.Clone(pages)
	for _, r := range c.web.Routes() {
		name := r.Method + " " + r.Path
		row, known := left[name]
		if !known {
			t.Errorf("%s: no row of this table says who may", name)
			continue
		}
		delete(left, name)
		c.opened()
		c.shutOut(r, row)
		c.letIn(r, row)
	}
	for name := range left {
		t.Errorf("%s is in the table and no route", name)
	}
}

// shutOut tries those who may not: nothing is done for them.
func (c *crowd) shutOut(r web.Route, row allowed) {
	c.t.Helper()
	if row.anyone {
		return
	}
	ids := c.things(r, nobody)
	before := c.actions()
	name, ofProject := r.Method+" "+r.Path, strings.Contains(r.Path, ":project")
	if got := c.ask(nobody, r, row.form, ids); !got.atTheDoor() {
		c.t.Errorf("%s as nobody: %d to %q", name, got.status, got.location)
	}
	for _, who := range everybody {
		if slices.Contains(row.may, who) {
			continue
		}
		want := http.StatusForbidden
		if ofProject && who == stranger || r.Who == "admin" {
			want = http.StatusNotFound
		}
		got := c.ask(who, r, row.form, ids)
		if got.status != want {
			c.t.Errorf("%s as %s: %d, want %d\n%s", name, who, got.status, want, got.text())
		}
		if who == stranger {
			got.hides("Ours", "receiver.example", "prod_1", "new@example.com", "other@example.com")
		}
	}
	if ofProject { // the same things by another address, and theirs
		for _, who := range members {
			elsewhere := maps.Clone(ids)
			elsewhere[":project"] = c.theirs.ID.String()
			if got := c.ask(who, r, row.form, elsewhere); got.status != http.StatusNotFound {
				c.t.Errorf("%s as %s of another project: %d", name, who, got.status)
			}
		}
	}
	if after := c.actions(); after != before {
		c.t.Errorf("%s was done for somebody who may not: %s", name, after)
	}
}

// letIn tries those who may, each on things of their own.
func (c *crowd) letIn(r web.Route, row allowed) {
	c.t.Helper()
	may := row.may
	if row.anyone {
		may = append([]string{nobody}, everybody...)
	}
	var ids map[string]string
	for i, who := range may {
		if i == 0 || r.Method != http.MethodGet {
			c.opened()
			ids = c.things(r, who)
		}
		got := c.ask(who, r, row.form, ids)
		refused := got.status == http.StatusUnauthorized || got.status == http.StatusForbidden || got.status == http.StatusNotFound && !row.bare || got.status >= 500
		if refused || got.atTheDoor() {
			c.t.Errorf("%s %s as %s: %d to %q\n%s", r.Method, r.Path, who, got.status, got.location, got.text())
		}
		if r.Path == "/sign-out" {
			c.in[who] = c.signIn(who + "@example.com")
		}
	}
}
