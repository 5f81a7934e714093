package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestBadInput_is_refused_with_the_place_and_stores_nothing runs under --dev,
// which opens loopback alone: other private addresses stay closed.
func TestBadInput_is_refused_with_the_place_and_stores_nothing(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		n.start()
		mine, other := n.project("mine"), n.project("other")
		key, foreign := n.key("--project", mine), n.key("--project", other)
		url, _ := answering(t)
		theirs := n.endpoint(foreign, url, nil).text("id")
		revoked := n.must(http.StatusCreated, key, "POST", "/keys", map[string]any{"name": "old", "scopes": []string{"publish"}})
		n.must(http.StatusNoContent, key, "DELETE", "/keys/"+revoked.text("id"), nil)
		cases := []struct {
			name, key, method, path string
			body                    any
			status                  int
			place                   string
		}{
			{"unknown topic", key, "POST", "/events", `{"topic":"product.viewd","data":{}}`, 422, "topic"},
			{"nearest topic is named", key, "POST", "/events", `{"topic":"product.viewd","data":{}}`, 422, "product.viewed"},
			{"unknown member", key, "POST", "/events", `{"topic":"product.viewed","dta":{}}`, 422, "dta"},
			{"schema break", key, "POST", "/events", `{"topic":"product.price_changed","data":{"productId":7,"oldPrice":1,"newPrice":2,"currency":"USD"}}`, 422, "data.productId"},
			{"duplicate member", key, "POST", "/events", `{"topic":"product.viewed","data":{"a":1,"a":2}}`, 400, "data.a"},
			{"not JSON", key, "POST", "/events", `{"topic":`, 400, "body"},
			{"bad UTF-8", key, "POST", "/events", "{\"topic\":\"product.viewed\",\"data\":{\"a\":\"\xff\"}}", 400, "data"},
			{"2 MB body", key, "POST", "/events", `{"topic":"product.viewed","data":{"a":"` + strings.Repeat("x", 2<<20) + `"}}`, 413, "1048576"},
			{"payload over 256 KiB", key, "POST", "/events", `{"topic":"product.viewed","data":{"a":"` + strings.Repeat("x", 300<<10) + `"}}`, 413, "262144"},
			{"one bad item of a batch", key, "POST", "/events/batch", `{"events":[` + viewed + `,{"topic":"nope","data":{}}]}`, 422, "events[1]"},
			{"private address", key, "POST", "/endpoints", map[string]any{"name": "x", "url": "https://10.0.0.1/x", "topics": []string{"*"}}, 422, "url"},
			{"metadata address", key, "POST", "/endpoints", map[string]any{"name": "x", "url": "http://169.254.169.254/", "topics": []string{"*"}}, 422, "url"},
			{"reserved header", key, "POST", "/endpoints", map[string]any{"name": "x", "url": url, "topics": []string{"*"}, "headers": []any{map[string]any{"name": "Idempotency-Key", "value": "1"}}}, 422, "headers"},
			{"unknown topic in an endpoint", key, "POST", "/webhooks", map[string]any{"url": url, "events": []string{"nope.nope"}}, 422, "events"},
			{"foreign endpoint", key, "GET", "/endpoints/" + theirs, nil, 404, ""},
			{"foreign project", key, "GET", "/projects/" + other, nil, 404, ""},
			{"publishing into a foreign project", key, "POST", "/events", `{"topic":"product.viewed","data":{},"projectId":"` + other + `"}`, 404, ""},
			{"revoked key", revoked.text("secret"), "POST", "/events", viewed, 401, ""},
			{"no key", "", "GET", "/endpoints", nil, 401, ""},
			{"scope", n.command("key", "create", "--json", "--project", mine, "--scopes", "read"), "POST", "/events", viewed, 403, "publish"},
		}
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				if strings.HasPrefix(c.key, "{") {
					c.key = secretOf(t, c.key)
				}
				status, answer := n.raw(c.key, c.method, c.path, c.body)
				if status != c.status || !strings.Contains(string(answer), c.place) {
					t.Errorf("got %d %s, want %d naming %q", status, answer, c.status, c.place)
				}
			})
		}
		for _, path := range []string{"/events", "/endpoints", "/deliveries"} {
			if left := n.must(http.StatusOK, key, "GET", path, nil).list("data"); len(left) != 0 {
				t.Errorf("%s holds %d rows after refusals", path, len(left))
			}
		}
	})
}

func secretOf(t *testing.T, printed string) string {
	t.Helper()
	var made struct{ Secret string }
	if err := json.Unmarshal([]byte(printed), &made); err != nil {
		t.Fatal(err)
	}
	return made.Secret
}

func TestHTTPEndpoints_are_refused_without_dev(t *testing.T) {
	t.Parallel()
	n := newNode(t, "sqlite://"+t.TempDir()+"/bellwire.db")
	n.startStrict()
	key := n.key("--project", n.project("strict"))
	for _, url := range []string{"http://example.com/x", "https://127.0.0.1/x", "https://localhost/x"} {
		status, answer := n.raw(key, "POST", "/endpoints", map[string]any{"name": "x", "url": url, "topics": []string{"*"}})
		if status != 422 || !strings.Contains(string(answer), "body.url") {
			t.Errorf("%s: got %d %s", url, status, answer)
		}
	}
}
