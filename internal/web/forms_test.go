package web

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

// visited is a request for an address.
func visited(address string) *gin.Context {
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest("GET", address, nil)
	return c
}

func TestWithQuery_changes_one_value_and_goes_back_to_the_first_page(t *testing.T) {
	t.Parallel()
	const here = "/p/1/deliveries?cursor=abc&q=a%26b&state=held"
	for _, c := range []struct{ name, value, want string }{
		{"state", "delivered", "/p/1/deliveries?q=a%26b&state=delivered"},
		{"state", "", "/p/1/deliveries?q=a%26b"},
		{"range", "24h", "/p/1/deliveries?q=a%26b&range=24h&state=held"},
		{"cursor", "next", "/p/1/deliveries?cursor=next&q=a%26b&state=held"},
	} {
		if got := withQuery(visited(here), c.name, c.value); got != c.want {
			t.Errorf("%s=%s: got %s", c.name, c.value, got)
		}
	}
	if got := withQuery(visited("/p/1/deliveries?state=held"), "state", ""); got != "/p/1/deliveries" {
		t.Errorf("nothing left: %s", got)
	}
}

func TestPager_leads_on_and_back_to_the_start(t *testing.T) {
	t.Parallel()
	if got := pager(visited("/x"), "", ""); got != (component.Pager{}) {
		t.Errorf("a single page: %+v", got)
	}
	if got := pager(visited("/x?cursor=b&q=1"), "c", "searched"); got != (component.Pager{FirstURL: "/x?q=1", NextURL: "/x?cursor=c&q=1", Text: "searched"}) {
		t.Errorf("in the middle: %+v", got)
	}
}

func TestMistakes_are_those_that_a_form_can_show(t *testing.T) {
	t.Parallel()
	two := webhook.InvalidFields([]webhook.Field{{Location: "name", Message: "is missing"}, {Location: "url", Message: "is bad"}})
	for name, c := range map[string]struct {
		err  error
		want map[string]string
	}{
		"fields":          {two, map[string]string{"name": "is missing", "url": "is bad"}},
		"wrapped":         {fmt.Errorf("create: %w", two), map[string]string{"name": "is missing", "url": "is bad"}},
		"conflict":        {webhook.Conflict("taken already"), map[string]string{"": "taken already"}},
		"missing":         {webhook.NotFound("gone"), nil},
		"not ours":        {errors.New("disk full"), nil},
		"nothing at all":  {nil, nil},
		"not allowed yet": {webhook.Forbidden("ask an owner"), nil},
	} {
		got, ok := mistakes(c.err)
		if diff := cmp.Diff(c.want, got); diff != "" || ok != (c.want != nil) {
			t.Errorf("%s: %v %s", name, ok, diff)
		}
	}
	if diff := cmp.Diff([]component.Mistake{{Text: "taken"}, {Field: "a", Text: "a is bad"}}, listed(map[string]string{"a": "is bad", "": "taken"})); diff != "" {
		t.Error(diff)
	}
}

func TestProblemWords_keep_an_internal_error_to_the_log(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New("dial tcp 10.0.0.1: secret"), &webhook.Error{Kind: webhook.KindUnavailable, Message: "x", Err: errors.New("10.0.0.1")}} {
		title, text := problemWords(err)
		if title == "" || text == "" {
			t.Errorf("%v: nothing is said", err)
		}
		for _, words := range []string{title, text} {
			if strings.Contains(words, "10.0.0.1") || strings.Contains(words, "secret") {
				t.Errorf("%q tells what is inside", words)
			}
		}
	}
	for status, err := range map[string]error{
		"422": webhook.Invalid("a", "is bad"), "401": webhook.Unauthorized("who"), "403": webhook.Forbidden("no"), "404": webhook.NotFound("none"), "409": webhook.Conflict("no"),
		"429": &webhook.Error{Kind: webhook.KindLimited}, "413": &webhook.Error{Kind: webhook.KindTooLarge}, "503": &webhook.Error{Kind: webhook.KindUnavailable}, "500": errors.New("x"),
	} {
		if got := statusText(err); got != status {
			t.Errorf("%v: %s, want %s", err, got, status)
		}
	}
}

func TestSentence_begins_large_and_ends(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "no such endpoint": "No such endpoint.", "Done.": "Done.", "really?": "Really?", "éa": "éa."} {
		if got := sentence(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestPurposeOf_is_what_the_password_is_for(t *testing.T) {
	t.Parallel()
	if got := purposeOf("give your password again to reveal or rotate secrets; stepUp the password is needed again"); got != "reveal or rotate secrets" {
		t.Errorf("got %q", got)
	}
	if got := purposeOf("something else"); got != "something else" {
		t.Errorf("got %q", got)
	}
}

func TestDevice_names_browser_and_system(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0":                            "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0":   "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1": "Safari on iPhone",
		"curl/8.5.0": "curl", "": "Unknown browser", "Something (Linux)": "Linux",
	} {
		if got := device(agent); got != want {
			t.Errorf("%q: %q", agent, got)
		}
	}
}

func TestFilterSentence_reads_the_filter_out(t *testing.T) {
	t.Parallel()
	e := webhook.Endpoint{ID: webhook.EndpointID{UUID: webhook.UUID{3}}, Settings: webhook.Settings{Name: "orders-prod"}}
	c := visited("/?state=exhausted&range=24h&endpoint=" + e.ID.String())
	if got := filterSentence(c, []webhook.Endpoint{e}); got != "exhausted · orders-prod · last 24 h" {
		t.Errorf("got %q", got)
	}
	if got := filterSentence(visited("/"), nil); got != "all deliveries, newest first" {
		t.Errorf("got %q", got)
	}
}
