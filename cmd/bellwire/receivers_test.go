package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/preset"
	"github.com/bellwire/bellwire/internal/webhook"
)

// service is what one documents of the request that it takes.
type service struct {
	// path is the address' shape.
	path *regexp.Regexp
	// status is the documented answer to what was taken.
	status int
	// secret is what is filled in for the secret header.
	secret string
	header map[string]string
	// judge says what is wrong with a body; empty for nothing.
	judge func(body map[string]any) string
}

func texts(o map[string]any, limits map[string]int) string {
	for name, limit := range limits {
		s, ok := o[name].(string)
		if !ok || s == "" || utf8.RuneCountInString(s) > limit {
			return name + " is no text of 1 to the limit"
		}
	}
	return ""
}

func within(o map[string]any, names ...string) string {
	for name := range o {
		if !strings.Contains(" "+strings.Join(names, " ")+" ", " "+name+" ") {
			return name + " is not documented"
		}
	}
	return ""
}

func member(o map[string]any, name string) map[string]any {
	m, _ := o[name].(map[string]any)
	return m
}

func firstOf(o map[string]any, name string) map[string]any {
	list, _ := o[name].([]any)
	if len(list) == 0 {
		return nil
	}
	m, _ := list[0].(map[string]any)
	return m
}

func worst(faults ...string) string {
	for _, f := range faults {
		if f != "" {
			return f
		}
	}
	return ""
}

func when(held bool, fault string) string {
	if held {
		return ""
	}
	return fault
}

func stamped(v any) bool {
	s, _ := v.(string)
	_, err := time.Parse(time.RFC3339, s)
	return err == nil
}

var services = map[string]service{
	"github": {
		path: regexp.MustCompile(`^/repos/[^/]+/[^/]+/dispatches$`), status: 204, secret: "Bearer github_pat_x",
		header: map[string]string{"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "Authorization": "Bearer github_pat_x"},
		judge: func(b map[string]any) string {
			return worst(within(b, "event_type", "client_payload"), texts(b, map[string]int{"event_type": 100}),
				when(len(member(b, "client_payload")) > 0 && len(member(b, "client_payload")) <= 10, "client_payload has 1 to 10 members"),
				when(len(member(member(b, "client_payload"), "data")) > 0, "data is missing"))
		},
	},
	"pagerduty": {
		path: regexp.MustCompile(`^/v2/enqueue$`), status: 202, secret: "0123456789abcdef0123456789abcdef",
		judge: func(b map[string]any) string {
			p := member(b, "payload")
			severity, _ := p["severity"].(string)
			return worst(within(b, "routing_key", "event_action", "dedup_key", "payload", "links", "images", "client", "client_url"),
				when(b["routing_key"] == "0123456789abcdef0123456789abcdef", "routing_key is not the key"), when(b["event_action"] == "trigger", "event_action"),
				texts(b, map[string]int{"dedup_key": 255}), texts(p, map[string]int{"summary": 1024, "source": 1000}),
				within(p, "summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"),
				when(strings.Contains("critical error warning info", severity) && severity != "", "severity"), when(stamped(p["timestamp"]), "timestamp"),
				when(len(member(p, "custom_details")) > 0, "custom_details"))
		},
	},
	"discord": {
		path: regexp.MustCompile(`^/api/webhooks/[^/]+/[^/]+$`), status: 204,
		judge: func(b map[string]any) string {
			embed := firstOf(b, "embeds")
			parse, ok := member(b, "allowed_mentions")["parse"].([]any)
			return worst(within(b, "content", "username", "embeds", "allowed_mentions"), texts(b, map[string]int{"username": 80}),
				texts(embed, map[string]int{"title": 256, "description": 4096}), texts(member(embed, "footer"), map[string]int{"text": 2048}),
				when(stamped(embed["timestamp"]), "timestamp"), when(ok && len(parse) == 0, "somebody is pinged"))
		},
	},
	"teams": {
		path: regexp.MustCompile(`^/powerautomate/automations/direct/workflows/[^/]+/triggers/manual/paths/invoke$`), status: 202,
		judge: func(b map[string]any) string {
			a := firstOf(b, "attachments")
			card := member(a, "content")
			parts, _ := card["body"].([]any)
			for _, p := range parts {
				if block, _ := p.(map[string]any); block["type"] != "TextBlock" || texts(block, map[string]int{"text": 10_000}) != "" {
					return "a block without text"
				}
			}
			return worst(when(b["type"] == "message", "type"), when(a["contentType"] == "application/vnd.microsoft.card.adaptive", "contentType"),
				when(card["type"] == "AdaptiveCard" && card["version"] == "1.4" && len(parts) == 3, "the card"))
		},
	},
	"datadog": {
		path: regexp.MustCompile(`^/api/v1/events$`), status: 202, secret: "dd-key", header: map[string]string{"DD-API-KEY": "dd-key"},
		judge: func(b map[string]any) string {
			at, ok := b["date_happened"].(float64)
			tags, _ := b["tags"].([]any)
			return worst(within(b, "title", "text", "tags", "alert_type", "aggregation_key", "date_happened", "device_name", "host", "priority", "related_event_id", "source_type_name"),
				texts(b, map[string]int{"title": 100, "text": 4000, "aggregation_key": 100}), when(b["alert_type"] == "info", "alert_type"),
				when(ok && at == float64(int64(at)) && time.Since(time.Unix(int64(at), 0)) < time.Hour, "date_happened"), when(len(tags) == 3, "tags"))
		},
	},
}

// standIn answers as the service documents, and keeps what was wrong.
type standIn struct {
	service
	mu     sync.Mutex
	faults []string
	taken  int
	body   string
}

func (s *standIn) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var body map[string]any
	fault := when(r.Method == "POST" && s.path.MatchString(r.URL.Path), "the address "+r.URL.Path)
	for name, value := range s.header {
		fault = worst(fault, when(r.Header.Get(name) == value, name+" is "+r.Header.Get(name)))
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		fault = worst(fault, "no JSON")
	} else {
		fault = worst(fault, s.judge(body))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.body = string(raw); fault != "" {
		s.faults = append(s.faults, fault)
		out.WriteHeader(http.StatusBadRequest)
		return
	}
	s.taken++
	out.WriteHeader(s.status)
}

// TestPresets_speak_to_each_service_as_it_documents makes an endpoint from each
// form that is filled in for a service, and publishes ordinary and awkward
// events to a stand-in that checks the documented request.
func TestPresets_speak_to_each_service_as_it_documents(t *testing.T) {
	t.Parallel()
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db")).start()
	v := newVisitor(t, n.url)
	v.signIn("admin@example.com", "correct horse battery")
	_, home := v.postTo("/projects", url.Values{"name": {"Shop"}})
	key := n.key("--project", strings.TrimPrefix(home, "/p/"))
	long := strings.Repeat("ü\"\\n<b>", 3000)
	strange, err := json.Marshal(map[string]any{"topic": "product.viewed", "data": map[string]any{"productId": "p", "name": long, "nothing": nil}})
	if err != nil {
		t.Fatal(err)
	}
	var all []*standIn
	for _, p := range preset.All {
		doc, ok := services[p.Name]
		if !ok {
			t.Errorf("%s is held against no document", p.Name)
			continue
		}
		s := &standIn{service: doc}
		all = append(all, s)
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		at, err := url.Parse(p.URL)
		if err != nil {
			t.Fatal(err)
		}
		page := v.get(home + "/endpoints/new?for=" + p.Name)
		if !strings.Contains(page, "What "+p.Title+" documents") || !strings.Contains(page, at.Hostname()) {
			t.Errorf("%s: the form is not filled in", p.Name)
		}
		form := url.Values{"name": {p.Name}, "url": {server.URL + at.RequestURI()}, "format": {string(webhook.FormatStandard)}, "template": {p.Template}, "topic": {"product.viewed"}, "clientErrors": {"true"}, "do": {"save"}}
		for _, h := range p.Headers {
			value, kind := h.Value, "no"
			if h.Secret {
				value, kind = doc.secret, "yes"
			}
			form["headerName"], form["headerValue"], form["headerSecret"] = append(form["headerName"], h.Name), append(form["headerValue"], value), append(form["headerSecret"], kind)
		}
		if _, where := v.postTo(home+"/endpoints/new", form); !strings.Contains(where, "tab=secret") && !strings.Contains(where, "/endpoints/0") {
			t.Errorf("%s: saved to %s", p.Name, where)
		}
	}
	for _, body := range []string{viewed, string(strange)} {
		n.must(http.StatusAccepted, key, "POST", "/events", body)
	}
	for i, s := range all {
		name := preset.All[i].Name
		eventually(t, 20*time.Second, name+" was sent both", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.taken == 2 || len(s.faults) > 0 })
		s.mu.Lock()
		for _, fault := range s.faults {
			t.Errorf("%s: %s\n%.600s", name, fault, s.body)
		}
		s.mu.Unlock()
	}
	// The log shows the body again, without the key that it held.
	for _, d := range n.must(http.StatusOK, key, "GET", "/deliveries?limit=200", nil).list("data") {
		_, raw := n.raw(key, "GET", "/deliveries/"+d.text("id"), nil)
		for _, secret := range []string{"0123456789abcdef0123456789abcdef", "github_pat_x", "dd-key"} {
			if strings.Contains(string(raw), secret) {
				t.Errorf("the log tells %s", secret)
			}
		}
	}
}

func TestPresets_stand_in_the_documentation_as_they_are(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/receivers.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range preset.All {
		for _, part := range []string{"## " + p.Title, p.URL, p.Template, p.Need, p.Source} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s: the document lacks %q", p.Name, part)
			}
		}
	}
}
