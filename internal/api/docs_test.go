package api_test

import (
	"html"
	"strings"
	"testing"
)

// promised are the calls of the interface that this surface must have.
var promised = []string{
	"POST /events", "POST /events/batch", "POST /events/preview", "GET /events", "GET /events/{id}", "POST /events/{id}/expunge",
	"PUT /products/{productId}", "POST /products/batch", "GET /products", "GET /products/{productId}",
	"GET /topics", "POST /topics", "GET /topics/{name}", "PATCH /topics/{name}", "DELETE /topics/{name}",
	"GET /projects", "POST /projects", "GET /projects/{id}", "PATCH /projects/{id}", "DELETE /projects/{id}",
	"GET /projects/{id}/members", "POST /projects/{id}/members", "DELETE /projects/{id}/members", "POST /projects/{id}/sign-in-links",
	"GET /projects/{id}/invitations", "POST /projects/{id}/invitations", "DELETE /projects/{id}/invitations",
	"GET /endpoints", "POST /endpoints", "GET /endpoints/{id}", "PATCH /endpoints/{id}", "DELETE /endpoints/{id}",
	"POST /webhooks", "GET /webhooks", "DELETE /webhooks/{id}",
	"POST /endpoints/{id}/pause", "POST /endpoints/{id}/resume", "POST /endpoints/{id}/test", "GET /endpoints/{id}/code",
	"POST /endpoints/{id}/secret/reveal", "POST /endpoints/{id}/secret/rotate", "POST /endpoints/{id}/secret/switch",
	"POST /endpoints/{id}/secret/undo", "POST /endpoints/{id}/secret/compromised",
	"GET /deliveries", "GET /deliveries/{id}", "POST /deliveries/{id}/resend", "POST /deliveries/resend", "POST /deliveries/{id}/send-now", "POST /deliveries/{id}/cancel",
	"POST /listen", "GET /listen/{id}", "POST /listen/{id}/answers", "DELETE /listen/{id}",
	"GET /prompts", "POST /prompts", "GET /prompts/{name}", "PATCH /prompts/{name}/versions/{version}", "DELETE /prompts/{name}",
	"GET /audit", "GET /keys", "POST /keys", "DELETE /keys", "GET /stats", "GET /system", "GET /meta",
}

func TestTheOpenAPIDocumentHoldsEveryCall(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := f.call("", "GET", "/api/openapi.json", "")
	spec := got.json()
	spec.is(map[string]string{"openapi": "3.1.0", "info.version": "1.2.3"})
	if spec.text("servers", 0, "url") != "/api/v1" || spec.text("components", "securitySchemes", "key", "scheme") != "bearer" {
		t.Error("server or security is missing")
	}
	for _, call := range promised {
		method, path, _ := strings.Cut(call, " ")
		operation := spec.at("paths", path, strings.ToLower(method))
		if operation.text("summary") == "" || operation.text("operationId") == "" {
			t.Errorf("%s is not described", call)
		}
		if !strings.Contains(string(f.call("", "GET", "/docs/api", "").body), ">"+html.EscapeString(operation.text("summary"))+"<") {
			t.Errorf("%s is not on the page", call)
		}
	}
	if strings.Contains(string(got.body), "$schema\"") || !strings.Contains(string(got.body), "application/problem+json") {
		t.Error("the document is not of our shape")
	}
	event := spec.at("components", "schemas", "EventRequest", "properties")
	for _, member := range []string{"topic", "data", "projectId", "audience", "occurredAt", "idempotencyKey"} {
		event.at(member)
	}
	answer := spec.at("paths", "/events", "post", "responses", "202", "content", "application/json", "schema")
	answer.is(map[string]string{"$ref": "#/components/schemas/Receipt"})
}

func TestThePageOfTheAPINeedsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	page := f.call("", "GET", "/docs/api", "")
	text := string(page.body)
	if page.status != 200 || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
		t.Errorf("%d %s", page.status, page.header.Get("Content-Type"))
	}
	for _, foreign := range []string{"<script", "style=", "<style", `src="http`, `href="http`, "cdn"} {
		if strings.Contains(text, foreign) {
			t.Errorf("the page has %q", foreign)
		}
	}
	if css := f.call("", "GET", "/docs/api.css", ""); css.status != 200 || !strings.HasPrefix(css.header.Get("Content-Type"), "text/css") {
		t.Errorf("style: %d", css.status)
	}
}

func TestAnswersHoldNoSchemaMember(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.things()
	for _, path := range []string{"/topics/ours.alone", "/endpoints", "/projects", "/meta", "/keys?projectId=ext:acme/1"} {
		got := f.call(f.instance, "GET", "/api/v1"+path, "")
		if got.status != 200 || strings.Contains(string(got.body), `"$schema":"http://`) || strings.HasPrefix(string(got.body), `{"$schema"`) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}

// commandOf reads the command that the page shows for a call.
func commandOf(t *testing.T, page, id string) (body string) {
	t.Helper()
	_, section, found := strings.Cut(page, `<section id="`+id+`">`)
	_, command, shown := strings.Cut(section, "<pre")
	command, _, _ = strings.Cut(command, "</pre>")
	if !found || !shown {
		t.Fatalf("%s has no command", id)
	}
	_, body, _ = strings.Cut(html.UnescapeString(command), "-d '")
	return strings.TrimSuffix(strings.TrimSpace(strings.TrimSuffix(body, "</code>")), "'")
}

func TestThePageOfTheAPI_shows_commands_that_work(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.things()
	page := string(f.call("", "GET", "/docs/api", "").body)
	for id, path := range map[string]string{
		"publish-event": "/events", "publish-events": "/events/batch", "preview-event": "/events/preview",
		"create-endpoint": "/endpoints", "register-webhook": "/webhooks", "create-key": "/keys", "put-products": "/products/batch",
	} {
		body := commandOf(t, page, id)
		if got := f.call(f.full, "POST", "/api/v1"+path, body); got.status < 200 || got.status > 299 {
			t.Errorf("%s with\n%s\nanswered %d %s", id, body, got.status, got.body)
		}
	}
	for _, words := range []string{"Answer: 202 Accepted", "Needs a key with the scope publish.", "an instance key with the scope manage", "Retry-After"} {
		if !strings.Contains(page, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
}
