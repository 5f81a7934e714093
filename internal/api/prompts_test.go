package api_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/api"
)

// prompts calls the prompt API as its clients do, who say that they are fetching
// across sites although they are no browsers.
func (f *fixture) prompts(key, method, path, body string, headers ...string) reply {
	f.t.Helper()
	return f.call(key, method, api.PublicPrefix+"/prompts"+path, body, append(headers, "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "cross-site")...)
}

// said makes a call that must answer a status, and reads its JSON.
func (f *fixture) said(status int, method, path, body string) node {
	f.t.Helper()
	got := f.prompts(f.full, method, path, body)
	if got.status != status {
		f.t.Fatalf("%s %s: %d, want %d\n%s", method, path, got.status, status, got.body)
	}
	return got.json()
}

func TestAPromptGoesThroughItsLifeAsItsClientsExpect(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.said(201, "POST", "", `{"name":"support/billing","prompt":"Be {{tone}}.","type":"text","labels":["production"],"tags":["a"],"config":{"t":0.70},"commitMessage":"one"}`)
	first.reads(map[string]string{
		"name": "support/billing", "version": "1", "type": "text", "prompt": "Be {{tone}}.", "config.t": "0.70", "createdBy": "API", "projectId": f.ours.ID.String(),
		"labels.0": "production", "labels.1": "latest", "tags.0": "a", "commitMessage": "one", "isActive": "true",
	})
	f.said(201, "POST", "", `{"name":"support/billing","prompt":"Be brief.","commitMessage":null}`).reads(map[string]string{"version": "2", "labels.0": "latest", "tags.0": "a", "isActive": "false"})
	name := "/" + url.PathEscape("support/billing")
	if !strings.Contains(name, "%2F") {
		t.Fatal(name)
	}
	f.said(200, "GET", name, "").reads(map[string]string{"version": "1", "labels.0": "production"})
	f.said(200, "GET", name+"?label=latest&resolve=true", "").reads(map[string]string{"version": "2", "prompt": "Be brief."})
	f.said(200, "GET", name+"?version=1", "").reads(map[string]string{"version": "1", "labels.0": "production"})
	if got := f.prompts(f.full, "GET", name, ""); !strings.Contains(string(got.body), `"resolutionGraph":null`) || !strings.Contains(string(got.body), `"commitMessage":"one"`) {
		t.Errorf("got %s", got.body)
	}
	f.said(200, "PATCH", name+"/versions/2", `{"newLabels":["production","qa"]}`).reads(map[string]string{"version": "2", "labels.0": "production", "labels.1": "qa", "labels.2": "latest", "prompt": "Be brief."})
	f.said(200, "GET", name, "").reads(map[string]string{"version": "2"})
	f.said(204, "DELETE", name+"?label=qa", "")
	f.said(200, "GET", name+"?label=latest", "").reads(map[string]string{"version": "1", "labels.0": "latest"})
	f.said(204, "DELETE", name, "")
	f.said(404, "GET", name+"?label=latest", "").reads(map[string]string{"message": "Prompt not found: 'support/billing' with label 'latest'", "error": "LangfuseNotFoundError"})

	var told []string
	for _, one := range f.ok(200, f.full, "GET", "/events?limit=50", "").at("data").value.([]any) {
		told = append(told, fmt.Sprint(one.(map[string]any)["topic"]))
	}
	slices.Sort(told)
	if got := strings.ReplaceAll(strings.Join(told, " "), "prompt.", ""); got != "created created deleted deleted updated updated updated updated" {
		t.Errorf("told %s", got)
	}
}

// reads compares values at dotted paths, where numbers are places in lists.
func (n node) reads(want map[string]string) {
	n.t.Helper()
	for path, text := range want {
		var steps []any
		for step := range strings.SplitSeq(path, ".") {
			if i, err := strconv.Atoi(step); err == nil {
				steps = append(steps, i)
			} else {
				steps = append(steps, step)
			}
		}
		if got := fmt.Sprint(n.at(steps...).value); got != text {
			n.t.Errorf("%s is %q, want %q", path, got, text)
		}
	}
}

func TestAChatKeepsItsMessages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.said(201, "POST", "", `{"name":"chat","type":"chat","prompt":[{"type":"chatmessage","role":"system","content":"Hi <b> {{name}}"},{"type":"placeholder","name":"history"}]}`)
	f.said(200, "GET", "/chat?label=latest", "").reads(map[string]string{"type": "chat", "prompt.0.content": "Hi <b> {{name}}", "prompt.1.name": "history"})
	got := f.said(400, "POST", "", `{"name":"chat","prompt":"text now"}`)
	got.reads(map[string]string{"message": "Previous versions have different prompt type. Create a new prompt with a different name.", "error": "InvalidRequestError"})
}

func TestPromptsAreListedInPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 12 {
		f.said(201, "POST", "", fmt.Sprintf(`{"name":"p%02d","prompt":"x","labels":["l%d"],"tags":["t%d"],"config":{"n":%d}}`, i, i%2, i%3, i))
	}
	f.said(201, "POST", "", `{"name":"p00","prompt":"y"}`)
	f.said(200, "GET", "", "").reads(map[string]string{
		"meta.page": "1", "meta.limit": "10", "meta.totalItems": "12", "meta.totalPages": "2", "pagination.totalItems": "12", "data.0.name": "p00", "data.9.name": "p09",
		"data.0.versions.0": "1", "data.0.versions.1": "2", "data.0.tags.0": "t0", "data.1.lastConfig.n": "1", "data.0.type": "text",
	})
	f.said(200, "GET", "?page=2", "").reads(map[string]string{"data.0.name": "p10", "data.1.name": "p11", "meta.page": "2"})
	f.said(200, "GET", "?label=l1&tag=t2&limit=100", "").reads(map[string]string{"meta.totalItems": "2", "data.0.name": "p05", "data.1.name": "p11"})
	f.said(200, "GET", "?name=p07", "").reads(map[string]string{"meta.totalItems": "1", "data.0.name": "p07"})
	f.said(200, "GET", "?fromUpdatedAt=2200-01-01T00:00:00Z", "").reads(map[string]string{"meta.totalItems": "0", "meta.totalPages": "0"})
	if got := f.prompts(f.full, "GET", "?name=none", ""); !strings.Contains(string(got.body), `"data":[]`) {
		t.Errorf("an empty list reads %s", got.body)
	}
}

func TestAPromptClientIsRefusedInItsOwnShape(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.said(201, "POST", "", `{"name":"there","prompt":"x"}`)
	big := `"` + strings.Repeat("x", 210<<10) + `"`
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		says               string
	}{
		"an unknown member":      {"POST", "", `{"name":"a","prompt":"x","colour":"red"}`, 400, `"error":[{"code":"custom","path":["colour"],"message":"is not known here"}]`},
		"no name":                {"POST", "", `{"prompt":"x"}`, 400, `"path":["name"]`},
		"no prompt":              {"POST", "", `{"name":"a"}`, 400, `"path":["prompt"]`},
		"a name with a pipe":     {"POST", "", `{"name":"a|b","prompt":"x"}`, 400, `"path":["name"]`},
		"a number as name":       {"POST", "", `{"name":7,"prompt":"x"}`, 400, `must be a string`},
		"a label":                {"POST", "", `{"name":"a","prompt":"x","labels":["ok","No"]}`, 400, `"path":["labels",1]`},
		"a label that is none":   {"POST", "", `{"name":"a","prompt":"x","labels":[1]}`, 400, `"path":["labels",0]`},
		"a message":              {"POST", "", `{"name":"a","type":"chat","prompt":[{"role":"user"}]}`, 400, `"path":["prompt",0,"content"]`},
		"too large a prompt":     {"POST", "", `{"name":"a","prompt":` + big + `}`, 400, "at most"},
		"too large a body":       {"POST", "", `{"name":"a","prompt":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "PayloadTooLargeError"},
		"no JSON":                {"POST", "", `{"name":`, 400, `"message":`},
		"a NUL":                  {"POST", "", `{"name":"a","prompt":"\u0000"}`, 400, `"message":`},
		"a list":                 {"POST", "", `[]`, 400, "must be a JSON object"},
		"nothing":                {"POST", "", "", 400, "must be a JSON object"},
		"a member twice":         {"POST", "", `{"name":"a","name":"b","prompt":"x"}`, 400, `"message":`},
		"version and label":      {"GET", "/there?version=1&label=latest", "", 400, `{"message":"Cannot specify both version and label","error":"InvalidRequestError"}`},
		"a version that is none": {"GET", "/there?version=one", "", 400, `"path":["version"]`},
		"a parameter":            {"GET", "/there?colour=red", "", 400, `"path":["colour"]`},
		"a parameter twice":      {"GET", "/there?version=1&version=2", "", 400, "must be there once"},
		"no production":          {"GET", "/there", "", 404, `{"message":"Prompt not found: 'there' with label 'production'","error":"LangfuseNotFoundError"}`},
		"no such version":        {"GET", "/there?version=9", "", 404, "Prompt not found: 'there' with version 9"},
		"a limit":                {"GET", "?limit=101", "", 400, `"path":["limit"]`},
		"a page":                 {"GET", "?page=0", "", 400, `"path":["page"]`},
		"a page beyond all":      {"GET", "?page=1000000", "", 400, `"path":["page"]`},
		"a time":                 {"GET", "?toUpdatedAt=yesterday", "", 400, `"path":["toUpdatedAt"]`},
		"latest by hand":         {"PATCH", "/there/versions/1", `{"newLabels":["latest"]}`, 400, `{"message":"Label 'latest' is always assigned to the latest prompt version","error":"InvalidRequestError"}`},
		"labels left out":        {"PATCH", "/there/versions/1", `{}`, 400, `"path":["newLabels"]`},
		"labels of nothing":      {"PATCH", "/none/versions/1", `{"newLabels":["a"]}`, 404, "Prompt not found: 'none' with version 1"},
		"a deletion of nothing":  {"DELETE", "/there?label=qa", "", 404, "Prompt not found: 'there' with label 'qa'"},
		"another method":         {"PUT", "/there", "", 405, "MethodNotAllowedError"},
		"another address":        {"GET", "/there/versions", "", 404, "LangfuseNotFoundError"},
	} {
		got := f.prompts(f.full, c.method, c.path, c.body)
		if got.status != c.status || !strings.Contains(string(got.body), c.says) || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s %s", name, got.status, got.header.Get("Content-Type"), got.body)
		}
	}
	if got := f.prompts("bwsk_wrong", "GET", "/there", ""); got.status != 401 || !strings.Contains(string(got.body), "UnauthorizedError") {
		t.Errorf("a wrong key: %d %s", got.status, got.body)
	}
	if got := f.prompts(f.read, "POST", "", `{"name":"a","prompt":"x"}`); got.status != 403 || !strings.Contains(string(got.body), "ForbiddenError") {
		t.Errorf("a key that only reads: %d %s", got.status, got.body)
	}
	if got := f.prompts(f.instance, "GET", "", ""); got.status != 400 || !strings.Contains(string(got.body), `"path":["projectId"]`) {
		t.Errorf("an instance key without a project: %d %s", got.status, got.body)
	}
	if got := f.prompts(f.instance, "GET", "/there?label=latest&projectId=ext:acme/1", ""); got.status != 200 {
		t.Errorf("an instance key: %d %s", got.status, got.body)
	}
}

func TestAKeysIDAndSecretAreTakenAsAPairForPromptsOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.said(201, "POST", "", `{"name":"there","prompt":"x","labels":["production"]}`)
	made := f.ok(201, f.instance, "POST", "/keys", `{"projectId":"ext:acme/1","scopes":["read"]}`)
	id, secret := made.text("id"), made.text("secret")
	pair := func(user, password, path string) int {
		header := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
		return f.call("", "GET", path, "", "Authorization", header).status
	}
	for name, c := range map[string]struct {
		user, password, path string
		want                 int
	}{
		"the pair":           {id, secret, "/api/public/v2/prompts/there", http.StatusOK},
		"another's id":       {f.ours.ID.String(), secret, "/api/public/v2/prompts/there", http.StatusUnauthorized},
		"no id":              {"", secret, "/api/public/v2/prompts/there", http.StatusUnauthorized},
		"a wrong secret":     {id, "bwsk_wrong", "/api/public/v2/prompts/there", http.StatusUnauthorized},
		"no secret":          {id, "", "/api/public/v2/prompts/there", http.StatusUnauthorized},
		"for something else": {id, secret, "/api/v1/events", http.StatusUnauthorized},
	} {
		if got := pair(c.user, c.password, c.path); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
