package bench

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// person is who asks.
type person string

const (
	nobody    person = "nobody"
	developer person = "developer"
	admin     person = "admin"
	support   person = "support"
	// program has a project's key, platform the instance's.
	program  person = "program"
	platform person = "platform"
)

// visit is one address to ask for.
type visit struct {
	// route is the pattern that the address belongs to: a path of the pages'
	// route table, or "/api/v1" and a path of the API's.
	route, name string
	who         person
	path        string
	// part asks for the region alone, as htmx does.
	part bool
	// form is posted if it is set.
	form url.Values
	// want is the status of the answer; 200 if zero.
	want int
}

func (v visit) String() string { return fmt.Sprintf("%s (%s)", v.route, v.name) }

func (v visit) method() string {
	if v.form != nil {
		return http.MethodPost
	}
	return http.MethodGet
}

func (v visit) status() int {
	if v.want == 0 {
		return http.StatusOK
	}
	return v.want
}

// Unasked are the routes that no bench asks for, with the reason.
var Unasked = map[string]string{
	"/p/:project/deliveries/stream":           "stays open; what it asks for is the list's",
	"/p/:project/deliveries/:delivery/stream": "stays open; what it asks for is the page's",
	"/p/:project/prompts/:prompt":             "the filled log has no prompts; it reads one, its at most 1,000 versions without content and one whole, by key",
	"/api/public/v2/prompts/{name}":           "the filled log has no prompts; it reads what the page does",
	"/sign-in/oidc":                           "leads to the identity provider, which no bench has",
	"/sign-in/oidc/callback":                  "comes from the identity provider, which no bench has",
	"/step-up/oidc":                           "leads to the identity provider, which no bench has",
	"/slack/callback":                         "comes from Slack, which no bench has",
	"/p/:project/slack/connect":               "leads to Slack, which no bench has",
	"/api/v1/slack/channels":                  "asks Slack, which no bench has",
	"/api/v1/listen/{id}":                     "stays open, and is a machine's that listens",
	"/p/:project/products/:product":           "the filled log has no products; it reads one row and 32 events by key",
	"/api/v1/products/{productId}":            "the filled log has no products; it reads one row and 32 events by key",
}

// everybody is who asks, signed in.
func everybody(ctx context.Context, s *server, w world) (map[person]*visitor, error) {
	who := map[person]*visitor{}
	for p, key := range map[person]string{nobody: "", developer: "", admin: "", support: "", program: w.ProjectKey, platform: w.Key} {
		v, err := newVisitor(s.URL, key)
		if err != nil {
			return nil, err
		}
		who[p] = v
	}
	return who, signIn(ctx, who)
}

// signIn lets people in, or in again: some pages want a fresh password.
func signIn(ctx context.Context, who map[person]*visitor) error {
	for p, email := range map[person]string{developer: developerEmail, admin: adminEmail, support: supportEmail} {
		if err := who[p].signIn(ctx, email); err != nil {
			return err
		}
	}
	return nil
}

// sample is what was found in the log to look at more closely.
type sample struct {
	// deliveries by state: an id each.
	deliveries map[string]string
	attempt    string
	// second and tenth are cursors of those pages, by list.
	second, tenth map[string]string
	key           string
}

var states = []string{"waiting", "sending", "delivered", "exhausted", "held", "cancelled", "failed"}

// visits is the whole table.
func (w world) visits(s sample) []visit {
	list := append(w.doors(), w.calls(s)...)
	for _, t := range []struct {
		tenant
		name string
	}{{w.Busy, "busy"}, {w.Wide, "wide"}, {w.Small, "small"}} {
		list = append(list, w.pagesOf(t.tenant, t.name)...)
	}
	return append(list, w.logOf(s)...)
}

// look finds samples through the API.
func (w world) look(ctx context.Context, v *visitor) (sample, error) {
	s := sample{deliveries: map[string]string{}, second: map[string]string{}, tenth: map[string]string{}}
	for _, state := range states {
		page, err := v.list(ctx, "/deliveries?limit=1&state="+state)
		if err != nil {
			return s, err
		}
		if len(page.Data) > 0 {
			s.deliveries[state] = page.Data[0].ID
			if attempts := page.Data[0].Attempts; len(attempts) > 0 {
				s.attempt = attempts[0].ID
			}
		}
	}
	for name, path := range map[string]string{
		"deliveries": "/deliveries?", "exhausted": "/deliveries?state=exhausted&", "heavy": "/deliveries?endpointId=" + w.Busy.Heavy + "&",
		"events": "/events?", "audit": "/audit?",
	} {
		cursor := ""
		for n := 2; n <= 10; n++ {
			page, err := v.list(ctx, path+"limit=50&cursor="+cursor)
			if err != nil {
				return s, err
			}
			if cursor = page.NextCursor; cursor == "" {
				break
			}
			if s.tenth[name] = cursor; n == 2 {
				s.second[name] = cursor
			}
		}
	}
	keys, err := v.list(ctx, "/keys")
	if err == nil && len(keys.Data) > 0 {
		s.key = keys.Data[0].ID
	}
	return s, err
}

// listed is a page of any of the API's lists.
type listed struct {
	Data []struct {
		ID       string
		Attempts []struct{ ID string }
	}
	NextCursor string
}

func (v *visitor) list(ctx context.Context, path string) (page listed, err error) {
	return page, v.call(ctx, http.MethodGet, path, nil, &page)
}

// doors are the pages outside projects.
func (w world) doors() []visit {
	return []visit{
		{route: "/", name: "developer", who: developer, path: "/", want: http.StatusSeeOther},
		{route: "/", name: "admin", who: admin, path: "/", want: http.StatusSeeOther},
		{route: "/sign-in", name: "nobody", who: nobody, path: "/sign-in"},
		{route: "/setup", name: "set up already", who: nobody, path: "/setup"},
		{route: "/sign-in/link", name: "no such link", who: nobody, path: "/sign-in/link?token=none", want: http.StatusNotFound},
		{route: "/favicon.ico", name: "nobody", who: nobody, path: "/favicon.ico", want: http.StatusSeeOther},
		{route: "/projects", name: "developer", who: developer, path: "/projects"},
		{route: "/projects", name: "admin", who: admin, path: "/projects"},
		{route: "/profile", name: "developer", who: developer, path: "/profile"},
		{route: "/profile", name: "admin", who: admin, path: "/profile"},
		{route: "/admin/system", name: "admin", who: admin, path: "/admin/system"},
		{route: "/profile/second-factor", name: "developer", who: developer, path: "/profile/second-factor"},
		{route: "/sign-in/code", name: "nobody", who: nobody, path: "/sign-in/code", want: http.StatusSeeOther},
		{route: "/invitation", name: "no such invitation", who: nobody, path: "/invitation?token=none", want: http.StatusNotFound},
		{route: "/docs/api", name: "nobody", who: nobody, path: "/docs/api"},
		{route: "/api/openapi.json", name: "nobody", who: nobody, path: "/api/openapi.json"},
	}
}

// pagesOf are a project's pages but its log.
func (w world) pagesOf(t tenant, name string) []visit {
	at := "/p/" + t.ID
	list := []visit{
		{route: "/p/:project", name: name, who: developer, path: at},
		{route: "/p/:project", name: name + ", as admin", who: admin, path: at},
		{route: "/p/:project/endpoints", name: name, who: developer, path: at + "/endpoints"},
		{route: "/p/:project/endpoints", name: name + ", as support", who: support, path: at + "/endpoints"},
		{route: "/p/:project/endpoints", name: name + ", active", who: developer, path: at + "/endpoints?state=active"},
		{route: "/p/:project/endpoints", name: name + ", paused", who: developer, path: at + "/endpoints?state=paused"},
		{route: "/p/:project/endpoints/new", name: name, who: developer, path: at + "/endpoints/new?topic=product.viewed"},
		{route: "/p/:project/endpoints/preview", name: name + ", new", who: developer, path: at + "/endpoints/preview", form: endpointForm(nil), part: true},
		{route: "/p/:project/search", name: name + ", words", who: developer, path: at + "/search?q=orders-0003", want: http.StatusSeeOther},
		{route: "/p/:project/search", name: name + ", no such words", who: developer, path: at + "/search?q=zebra", want: http.StatusSeeOther},
		{route: "/p/:project/search", name: name + ", no such id", who: developer, path: at + "/search?q=00000000-0000-7000-8000-000000000000", want: http.StatusSeeOther},
		{route: "/p/:project/endpoints", name: name + ", by words", who: developer, path: at + "/endpoints?q=orders-0003"},
		{route: "/p/:project/endpoints/preview", name: name + ", rows", who: developer, path: at + "/endpoints/preview", form: endpointForm(byRows), part: true},
		{route: "/p/:project/endpoints/preview", name: name + ", an expression", who: developer, path: at + "/endpoints/preview", form: endpointForm(byExpression), part: true},
		{route: "/p/:project/endpoints/new", name: name + ", as typed", who: developer, path: at + "/endpoints/new", form: endpointForm(byExpression)},
		{route: "/p/:project/start", name: name, who: developer, path: at + "/start"},
		{route: "/p/:project/start", name: name + ", with a URL", who: developer, path: at + "/start?way=url"},
		{route: "/p/:project/events/new", name: name, who: developer, path: at + "/events/new"},
		{route: "/p/:project/events/new", name: name + ", of a topic", who: developer, path: at + "/events/new?topic=product.viewed"},
		{route: "/p/:project/events/new", name: name + ", as typed", who: developer, path: at + "/events/new", form: eventForm},
		{route: "/p/:project/events/preview", name: name, who: developer, path: at + "/events/preview", form: eventForm, part: true},
		{route: "/p/:project/prompts", name: name, who: developer, path: at + "/prompts"},
		{route: "/p/:project/prompts", name: name + ", by words", who: developer, path: at + "/prompts?q=critic"},
		{route: "/p/:project/prompts/new", name: name, who: developer, path: at + "/prompts/new"},
		{route: "/p/:project/topics", name: name, who: developer, path: at + "/topics"},
		{route: "/p/:project/topics", name: name + ", by words", who: developer, path: at + "/topics?q=price"},
		{route: "/p/:project/products", name: name, who: developer, path: at + "/products"},
		{route: "/p/:project/products", name: name + ", by words", who: developer, path: at + "/products?q=shoe"},
		{route: "/p/:project/new-topic", name: name, who: admin, path: at + "/new-topic"},
		{route: "/p/:project/topics/:topic/edit", name: name, who: admin, path: at + "/topics/product.viewed/edit"},
		{route: "/p/:project/topics/:topic", name: name + ", as admin", who: admin, path: at + "/topics/product.viewed"},
		{route: "/p/:project/topics/:topic", name: name, who: developer, path: at + "/topics/product.viewed"},
		{route: "/p/:project/keys", name: name, who: developer, path: at + "/keys"},
		{route: "/p/:project/members", name: name, who: developer, path: at + "/members"},
		{route: "/p/:project/slack", name: name, who: developer, path: at + "/slack"},
	}
	for _, span := range []string{"1h", "24h", "7d", "30d"} {
		list = append(list, visit{route: "/p/:project", name: name + ", " + span, who: developer, path: at + "?range=" + span})
	}
	for which, id := range map[string]string{"heavy": t.Heavy, "silent": t.Silent, "paused": t.Paused, "failing": t.Failing} {
		one := at + "/endpoints/" + id
		for _, tab := range []string{"deliveries", "settings", "secret", "code", "health"} {
			list = append(list, visit{route: "/p/:project/endpoints/:endpoint", name: name + ", " + which + ", " + tab, who: developer, path: one + "?tab=" + tab})
		}
		for _, state := range states {
			list = append(list, visit{route: "/p/:project/endpoints/:endpoint", name: name + ", " + which + ", " + state, who: developer, path: one + "?state=" + state})
		}
		for _, span := range []string{"1h", "7d", "30d"} {
			list = append(list, visit{route: "/p/:project/endpoints/:endpoint", name: name + ", " + which + ", health of " + span, who: developer, path: one + "?tab=health&range=" + span})
		}
		list = append(list, visit{route: "/p/:project/endpoints/:endpoint/code/:language", name: name + ", " + which, who: developer, path: one + "/code/go"})
		list = append(list, visit{route: "/p/:project/endpoints/:endpoint/edit", name: name + ", " + which, who: developer, path: one + "/edit"})
	}
	return slices.Concat(list, deliveriesOf(t, name), eventsOf(t, name), auditOf(t, name))
}

// endpointForm is the form of an endpoint as the preview takes it.
func endpointForm(filter url.Values) url.Values {
	form := url.Values{
		"name": {"orders"}, "url": {"https://example.com/hook"}, "topic": {"product.viewed", "product.updated"}, "format": {"standard"},
		"retry": {"standard"}, "timeout": {"15"}, "do": {"preview"},
	}
	maps.Copy(form, filter)
	return form
}

// What the forms are filled with.
var (
	byRows = url.Values{
		"payloadPath": {"price.amount", "product.name"}, "payloadOperator": {"gte", "contains"}, "payloadValue": {"5", "o"},
	}
	byExpression = url.Values{"payloadBy": {"expression"}, "expression": {`double(data.price.amount) >= 5.0 || data.product.name.contains("o")`}}
	eventForm    = url.Values{"topic": {"product.viewed"}, "data": {`{"product":{"id":"prod_1"}}`}, "do": {"preview"}}
)

// deliveriesOf are combinations of the log's filters.
func deliveriesOf(t tenant, name string) []visit {
	at := "/p/" + t.ID + "/deliveries"
	var list []visit
	add := func(what, query string) {
		list = append(list, visit{route: "/p/:project/deliveries", name: name + ", " + what, who: developer, path: at + query})
	}
	add("all", "")
	list = append(list, visit{route: "/p/:project/deliveries", name: name + ", all, the region", who: developer, path: at, part: true},
		visit{route: "/p/:project/deliveries", name: name + ", all, as admin", who: admin, path: at})
	for _, state := range states {
		add(state, "?state="+state)
		add(state+" of the heavy endpoint", "?state="+state+"&endpoint="+t.Heavy)
		add(state+" of the silent endpoint", "?state="+state+"&endpoint="+t.Silent)
		add(state+" of a rare topic", "?state="+state+"&topic=commission.earned")
		add(state+" of the last 24 h", "?state="+state+"&range=24h")
	}
	for _, topic := range topicShares {
		add(topic.name, "?topic="+topic.name)
		add(topic.name+" of the heavy endpoint", "?endpoint="+t.Heavy+"&topic="+topic.name)
	}
	add("a topic that nobody published", "?topic=analytics.daily")
	for _, status := range []string{"200", "404", "500", "503", "418"} {
		add("status "+status, "?status="+status)
		add("status "+status+" of the heavy endpoint", "?endpoint="+t.Heavy+"&status="+status)
	}
	for _, span := range []string{"1h", "24h", "7d"} {
		add(span, "?range="+span)
		add("rare, "+span, "?topic=commission.earned&range="+span)
	}
	for which, id := range map[string]string{"heavy": t.Heavy, "silent": t.Silent, "paused": t.Paused, "failing": t.Failing} {
		add("the "+which+" endpoint", "?endpoint="+id)
	}
	back := time.Now().Add(-20 * 24 * time.Hour).UTC().Format("2006-01-02T15:04")
	add("until 20 days ago", "?until="+back)
	add("exhausted until 20 days ago", "?state=exhausted&until="+back)
	add("everything at once", "?state=exhausted&topic=commission.earned&status=500&range=7d&endpoint="+t.Failing)
	return list
}

// eventsOf are combinations of the events' filters.
func eventsOf(t tenant, name string) []visit {
	at := "/p/" + t.ID + "/events"
	var list []visit
	for what, query := range map[string]string{
		"all": "", "a common topic": "?topic=product.viewed", "a rare topic": "?topic=commission.earned", "a topic that nobody published": "?topic=analytics.daily",
		"last hour": "?range=1h", "last 7 days": "?range=7d", "a value that many have": "?q=prod_1", "a value that nobody has": "?q=zebra",
		"a value and a topic": "?q=prod_1&topic=commission.earned",
	} {
		list = append(list, visit{route: "/p/:project/events", name: name + ", " + what, who: developer, path: at + query})
	}
	return list
}
