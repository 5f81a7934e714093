package api_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/api"
)

// The callers of the table. Every other scope than the one named is missing.
const (
	publisher = "publish"
	reader    = "read"
	manager   = "manage"
	holder    = "secrets"
	wide      = "instance"      // an instance key with every scope
	wideRead  = "instance read" // an instance key that reads
)

// row says who may make a call on our project: the keys listed, and the
// project's key with every scope unless wideOnly. Everybody else is forbidden.
// The other project's key with every scope may too, but finds our things
// missing; blind is for calls that name no thing, where it sees its own.
type row struct {
	may      []string
	wideOnly bool
	blind    bool
	body     string
}

// table is who may call what. {…} is filled in with a thing of ours.
var table = map[string]row{
	"POST /events":                 {may: []string{publisher, wide}, blind: true, body: `{"topic":"product.viewed","data":{"productId":"p"},"projectId":"{project}"}`},
	"POST /events/batch":           {may: []string{publisher, wide}, blind: true, body: `{"events":[{"topic":"product.viewed","data":{"productId":"p"},"projectId":"{project}"}]}`},
	"POST /events/preview":         {may: []string{reader, manager, wide, wideRead}, blind: true, body: `{"topic":"product.viewed","data":{"productId":"p"},"projectId":"{project}"}`},
	"GET /events":                  {may: []string{reader, manager, wide, wideRead}, blind: true},
	"GET /events/{event}":          {may: []string{reader, manager, wide, wideRead}},
	"POST /events/{event}/expunge": {may: []string{manager, wide}},

	"PUT /products/{product}": {may: []string{publisher, wide}, body: `{"name":"Shoe","projectId":"{project}"}`},
	"POST /products/batch":    {may: []string{publisher, wide}, body: `{"products":[{"productId":"p1","name":"Shoe","projectId":"{project}"}]}`},
	"GET /products":           {may: []string{reader, manager, wide, wideRead}},
	"GET /products/{product}": {may: []string{reader, manager, wide, wideRead}},

	"GET /topics":           {may: []string{reader, manager, publisher, wide, wideRead}, blind: true},
	"POST /topics":          {may: []string{wide}, wideOnly: true, body: `{"name":"order.made"}`},
	"GET /topics/{name}":    {may: []string{reader, manager, publisher, wide, wideRead}, blind: true},
	"PATCH /topics/{name}":  {may: []string{wide}, wideOnly: true, body: `{"warnOnly":true}`},
	"DELETE /topics/{name}": {may: []string{wide}, wideOnly: true},

	"GET /prompts":                           {may: []string{reader, manager, wide, wideRead}},
	"POST /prompts":                          {may: []string{publisher, manager, wide}, body: `{"name":"ours","prompt":"x"}`},
	"GET /prompts/{prompt}":                  {may: []string{reader, manager, wide, wideRead}},
	"PATCH /prompts/{prompt}/versions/{one}": {may: []string{publisher, manager, wide}, body: `{"newLabels":["staging"]}`},
	"DELETE /prompts/{prompt}":               {may: []string{publisher, manager, wide}},

	"GET /projects":                          {may: []string{reader, manager, publisher, holder, wide, wideRead}, blind: true},
	"POST /projects":                         {may: []string{wide}, wideOnly: true, body: `{"name":"New"}`},
	"GET /projects/{project}":                {may: []string{reader, manager, publisher, holder, wide, wideRead}},
	"PATCH /projects/{project}":              {may: []string{wide}, wideOnly: true, body: `{"name":"New"}`},
	"DELETE /projects/{project}":             {may: []string{wide}, wideOnly: true},
	"GET /projects/{project}/members":        {may: []string{reader, manager, wide, wideRead}},
	"POST /projects/{project}/members":       {may: []string{wide}, wideOnly: true, body: `{"email":"a@example.com","role":"viewer"}`},
	"DELETE /projects/{project}/members":     {may: []string{wide}, wideOnly: true},
	"GET /projects/{project}/invitations":    {may: []string{wide}, wideOnly: true},
	"POST /projects/{project}/invitations":   {may: []string{wide}, wideOnly: true, body: `{"email":"c@example.com","role":"owner"}`},
	"DELETE /projects/{project}/invitations": {may: []string{wide}, wideOnly: true},
	"POST /projects/{project}/sign-in-links": {may: []string{wide}, wideOnly: true, body: `{"email":"b@example.com","role":"viewer"}`},

	"GET /endpoints":                                {may: []string{reader, manager, wide, wideRead}, blind: true},
	"POST /endpoints":                               {may: []string{manager, wide}, body: `{"url":"https://receiver.example/","topics":["*"],"projectId":"{project}"}`},
	"GET /endpoints/{endpoint}":                     {may: []string{reader, manager, wide, wideRead}},
	"PATCH /endpoints/{endpoint}":                   {may: []string{manager, wide}, body: `{"ordered":true}`},
	"DELETE /endpoints/{endpoint}":                  {may: []string{manager, wide}},
	"POST /endpoints/{endpoint}/pause":              {may: []string{manager, wide}},
	"POST /endpoints/{endpoint}/resume":             {may: []string{manager, wide}},
	"POST /endpoints/{endpoint}/test":               {may: []string{manager, wide}},
	"GET /endpoints/{endpoint}/code":                {may: []string{reader, manager, wide, wideRead}},
	"POST /endpoints/{endpoint}/secret/reveal":      {may: []string{holder, wide}},
	"POST /endpoints/{endpoint}/secret/rotate":      {may: []string{holder, wide}},
	"POST /endpoints/{endpoint}/secret/switch":      {may: []string{holder, wide}},
	"POST /endpoints/{endpoint}/secret/undo":        {may: []string{holder, wide}},
	"POST /endpoints/{endpoint}/secret/compromised": {may: []string{holder, wide}},

	"GET /slack":          {may: []string{reader, manager, wide, wideRead}},
	"GET /slack/channels": {may: []string{manager, wide}},
	"DELETE /slack":       {may: []string{manager, wide}},

	"GET /webhooks":               {may: []string{reader, manager, wide, wideRead}, blind: true},
	"POST /webhooks":              {may: []string{manager, wide}, body: `{"url":"https://receiver.example/","events":["*"],"projectId":"{project}"}`},
	"DELETE /webhooks/{endpoint}": {may: []string{manager, wide}},

	"GET /deliveries":                      {may: []string{reader, manager, wide, wideRead}, blind: true},
	"GET /deliveries/{delivery}":           {may: []string{reader, manager, wide, wideRead}},
	"POST /deliveries/{delivery}/resend":   {may: []string{manager, wide}},
	"POST /deliveries/resend":              {may: []string{manager, wide}, body: `{"ids":["{delivery}"]}`, blind: true},
	"POST /deliveries/{delivery}/send-now": {may: []string{manager, wide}},
	"POST /deliveries/{delivery}/cancel":   {may: []string{manager, wide}},

	"POST /listen":                    {may: []string{manager, wide}, body: `{"name":"laptop","url":"http://localhost:3000","projectId":"{project}"}`},
	"GET /listen/{endpoint}":          {may: []string{manager, wide}},
	"POST /listen/{endpoint}/answers": {may: []string{manager, wide}, body: `{"answers":[]}`},
	"DELETE /listen/{endpoint}":       {may: []string{manager, wide}},

	"GET /keys":          {may: []string{manager, wide}, blind: true},
	"POST /keys":         {may: []string{manager, wide}, body: `{"scopes":["manage"],"projectId":"{project}"}`},
	"DELETE /keys":       {may: []string{manager, wide}},
	"DELETE /keys/{key}": {may: []string{manager, wide}},

	"GET /stats":  {may: []string{reader, manager, wide, wideRead}, blind: true},
	"GET /audit":  {may: []string{manager, wide}, blind: true},
	"GET /system": {may: []string{wide, wideRead}, wideOnly: true, blind: true},
	"GET /meta":   {may: []string{publisher, reader, manager, holder, wide, wideRead}, blind: true},
}

func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	things := newFixture(t)
	left := maps.Clone(table)
	for _, call := range things.api.Calls() {
		name := call.Method + " " + call.Path
		key := match(name)
		row, ok := left[key]
		if !ok {
			t.Errorf("%s has no row in the table", name)
			continue
		}
		delete(left, key)
		things.checkDeclared(call, row)
		t.Run(strings.ReplaceAll(name, "/", " "), func(t *testing.T) {
			t.Parallel()
			newFixture(t).checkRow(key, row)
		})
	}
	for name := range left {
		t.Errorf("%s is in the table and no call", name)
	}
}

// checkDeclared holds the right that a call declares, which is tried before
// its body is read and told in the document, against the table: it lets in the
// keys that may make the call and no others.
func (f *fixture) checkDeclared(call api.Call, r row) {
	f.t.Helper()
	for who, secret := range map[string]string{
		publisher: f.publish, reader: f.read, manager: f.managing, holder: f.secrets, wide: f.instance, wideRead: f.instanceRead,
	} {
		caller, err := f.manage.AuthenticateKey(f.t.Context(), secret, "")
		f.must(err)
		lets := call.May == "" || caller.May(call.May, caller.OwnProject()) == nil
		if may := slices.Contains(r.may, who); lets != may {
			f.t.Errorf("%s declares %q, which lets %s in: %v, want %v", call.ID, call.May, who, lets, may)
		}
	}
}

// match finds the table's row of a route: its placeholders say more.
func match(route string) string {
	for key := range table {
		if shape(key) == shape(route) {
			return key
		}
	}
	return ""
}

func shape(route string) string {
	parts := strings.Split(route, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = "{}"
		}
	}
	return strings.Join(parts, "/")
}

func (f *fixture) checkRow(name string, r row) {
	method, path, _ := strings.Cut(name, " ")
	fill := f.things()
	f.ok(200, f.full, "PUT", "/products/p1", `{"name":"Boot"}`)
	if strings.HasPrefix(path, "/prompts") {
		f.said(http.StatusCreated, "POST", "", `{"name":"ours","prompt":"x","labels":["production"]}`)
	}
	try := func(key string) int {
		query := map[string]string{"DELETE /projects/{project}/members": "?email=a@example.com", "DELETE /keys": "?id={key}", "DELETE /projects/{project}/invitations": "?invitationId={invitation}",
			"GET /products": "?projectId={project}", "GET /products/{product}": "?projectId={project}",
			"GET /slack": "?projectId={project}", "GET /slack/channels": "?projectId={project}", "DELETE /slack": "?projectId={project}"}[name]
		base := api.Prefix
		if strings.HasPrefix(path, "/prompts") {
			base, query = api.PublicPrefix, "?projectId={project}"
		}
		return f.call(key, method, base+fill.Replace(path+query), fill.Replace(r.body)).status
	}
	expect := func(who, key string, want ...int) {
		f.t.Helper()
		if got := try(key); !slices.Contains(want, got) {
			f.t.Errorf("%s as %s: %d, want one of %v", name, who, got, want)
		}
	}
	expect("nobody", "", http.StatusUnauthorized)
	expect("a stranger", "bwsk_nobody", http.StatusUnauthorized)
	keys := map[string]string{publisher: f.publish, reader: f.read, manager: f.managing, holder: f.secrets, wide: f.instance, wideRead: f.instanceRead}
	for who, key := range keys {
		if !slices.Contains(r.may, who) {
			expect(who, key, http.StatusForbidden)
		}
	}
	f.checkForeign(name, r, expect)
	if r.wideOnly {
		expect("our whole key", f.full, http.StatusForbidden)
	}
	for _, who := range r.may {
		if status := try(keys[who]); status == 401 || status == 403 || status >= 500 || status == 422 || status == 400 {
			f.t.Errorf("%s as %s: %d", name, who, status)
		}
	}
}

// checkForeign tries the other project's key, which has every scope.
func (f *fixture) checkForeign(name string, r row, expect func(who, key string, want ...int)) {
	f.t.Helper()
	switch {
	case r.wideOnly:
		expect("the other project", f.foreign, http.StatusForbidden, http.StatusNotFound)
	case r.blind && r.body == "":
		expect("the other project", f.foreign, http.StatusOK)
	default:
		expect("the other project", f.foreign, http.StatusNotFound)
	}
}

// things makes one of everything in our project.
func (f *fixture) things() *strings.Replacer {
	f.t.Helper()
	delivery, event, endpoint := f.delivery()
	key := f.ok(201, f.instance, "POST", "/keys", `{"projectId":"ext:acme/1","scopes":["read"]}`).text("id")
	f.ok(201, f.instance, "POST", "/topics", `{"name":"ours.alone"}`)
	f.ok(201, f.instance, "POST", "/projects/"+f.ours.ID.String()+"/members", `{"email":"a@example.com","role":"developer"}`)
	invitation := f.ok(201, f.instance, "POST", "/projects/"+f.ours.ID.String()+"/invitations", `{"email":"i@example.com","role":"viewer"}`).text("id")
	return strings.NewReplacer("{prompt}", "ours", "{one}", "1", "{invitation}", invitation, "{product}", "p1", "{project}", f.ours.ID.String(), "{endpoint}", endpoint, "{event}", event, "{delivery}", delivery,
		"{key}", key, "{name}", "ours.alone")
}

// TestListsShowOneProjectOnly looks from the other project at everything that
// lists.
func TestListsShowOneProjectOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.things()
	for _, path := range []string{"/events", "/endpoints", "/webhooks", "/deliveries"} {
		if n := f.ok(200, f.foreign, "GET", path, "").count("data"); n != 0 {
			t.Errorf("%s shows %d rows of another project", path, n)
		}
		if n := f.ok(200, f.instance, "GET", path, "").count("data"); n != 1 {
			t.Errorf("%s shows the instance %d rows, want 1", path, n)
		}
		if n := f.ok(200, f.instance, "GET", path+"?projectId="+f.theirs.ID.String(), "").count("data"); n != 0 {
			t.Errorf("%s shows %d rows of a project that has none", path, n)
		}
	}
	projects := f.ok(200, f.foreign, "GET", "/projects", "")
	if projects.count("data") != 1 || projects.text("data", 0, "name") != "Theirs" {
		t.Errorf("projects: %v", projects.value)
	}
	for _, entry := range f.ok(200, f.foreign, "GET", "/audit", "").at("data").value.([]any) {
		if entry.(map[string]any)["projectId"] != f.theirs.ID.String() {
			t.Errorf("the audit log shows %v", entry)
		}
	}
}

func TestAKeyGivesNoMoreThanItHas(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ok(201, f.managing, "POST", "/keys", `{"scopes":["manage"]}`)
	f.refused(403, "", f.managing, "POST", "/keys", `{"scopes":["manage","secrets"]}`)
	f.refused(422, "body.instance", f.full, "POST", "/keys", `{"scopes":["manage"],"instance":true}`)
	f.refused(422, "body.projectId", f.instance, "POST", "/keys", `{"scopes":["manage"]}`)
	f.refused(422, "body.scopes[0]", f.full, "POST", "/keys", `{"scopes":["everything"]}`)
	made := f.ok(201, f.instance, "POST", "/keys", `{"scopes":["manage","read"],"instance":true,"name":"platform"}`)
	made.is(map[string]string{"name": "platform", "createdBy.type": "key"})
	if made.has("projectId") {
		t.Error("an instance key names a project")
	}
	listed := f.ok(200, made.text("secret"), "GET", "/keys", "")
	if listed.count("data") != 3 {
		t.Errorf("the instance has %d keys, want 3", listed.count("data"))
	}
	if listed.at("data", 0).has("secret") || listed.at("data", 0).has("hash") {
		t.Error("a list shows a secret")
	}
}
