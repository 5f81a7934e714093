package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/config"
	"github.com/bellwire/bellwire/internal/manage"
)

// vector is one row of the table of addresses: a URL, the switch it is tried
// with, the verdict, and why. "S:" is refused when saved, "D:" when dialled.
type vector struct {
	url, option, why string
	allowed          bool
}

var (
	option  = regexp.MustCompile(` \[(?:policy|env): ([^\]]*)\]$`)
	answers = regexp.MustCompile(`dns\[([^\]]*)\]`)
	place   = regexp.MustCompile(`^([A-Za-z]+://)(\[[^\]]*\]|[^:/?#\\@\[\]]+)(:\d+)?([/?].*)?$`)
)

// vectors reads the table, and the zone that its rows speak of.
func vectors(t *testing.T) (all []vector, zone names) {
	t.Helper()
	text, err := os.ReadFile("../egress/testdata/ssrf-cases.tsv")
	if err != nil {
		t.Fatal(err)
	}
	zone = names{}
	for line := range strings.Lines(string(text)) {
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		v := vector{url: strings.NewReplacer("SELF_PUBLIC_HOST", "hooks.self.example", `\t`, "\t", `\r`, "\r", `\n`, "\n").Replace(columns[0]), allowed: columns[1] == "allow", why: columns[2]}
		if m := option.FindStringSubmatch(columns[0]); m != nil {
			v.url, v.option = strings.TrimSuffix(v.url, m[0]), m[1]
		}
		zone.take(v)
		all = append(all, v)
	}
	return all, zone
}

// names answers look-ups as the rows say; a name of none is not there.
type names map[string][]netip.Addr

func (n names) take(v vector) {
	m, host := answers.FindStringSubmatch(v.why), place.FindStringSubmatch(v.url)
	if m == nil || host == nil {
		return
	}
	var found []netip.Addr
	for _, field := range strings.FieldsFunc(m[1], func(c rune) bool { return c == ' ' || c == ',' }) {
		if kind, value, _ := strings.Cut(field, "="); kind == "A" || kind == "AAAA" {
			found = append(found, netip.MustParseAddr(value))
		}
	}
	n[strings.TrimSuffix(strings.ToLower(host[2]), ".")] = found
}

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if found := n[strings.TrimSuffix(host, ".")]; len(found) > 0 {
		return found, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// trap listens on every address of this machine, loopback's among them, and
// counts who comes.
func trap(t *testing.T) (port string, came *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	came = &atomic.Int32{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			came.Add(1)
			conn.Close()
		}
	}()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port, came
}

// baited is the URL with the trap's port; rows about ports keep theirs.
func (v vector) baited(port string) string {
	m := place.FindStringSubmatch(v.url)
	if m == nil || strings.Contains(m[2], "ok.dns.example") {
		return v.url
	}
	return m[1] + m[2] + ":" + port + m[4]
}

// opened is a configuration with a row's switch; false if this process can't be
// given it.
func opened(t *testing.T, v vector) (c config.Config, known bool) {
	t.Helper()
	c = settings(t)
	c.AllowHTTP = true
	c.BaseURL = &url.URL{Scheme: "https", Host: "hooks.self.example"}
	name, value, _ := strings.Cut(v.option, "=")
	switch name {
	case "":
	case "https_only":
		c.AllowHTTP = false
	case "allow_cidr":
		c.EgressAllow = []netip.Prefix{netip.MustParsePrefix(value)}
	case "nat64_prefix":
		c.NAT64Prefix = netip.MustParsePrefix(value)
	case "egress_proxy":
		proxy, err := url.Parse(value)
		if err != nil {
			t.Fatal(err)
		}
		c.EgressProxy = proxy
	default:
		return c, false // net/http reads the environment once; egress has that row
	}
	return c, true
}

// caller is a node with a project and its key.
type caller struct {
	*App
	t   *testing.T
	key string
}

func (c caller) call(method, path string, body any) (status int, answer map[string]any) {
	c.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	request := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(string(raw)))
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	c.server.Handler().ServeHTTP(recorder, request)
	if recorder.Body.Len() > 0 {
		if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
			c.t.Fatalf("%s %s: %d %s", method, path, recorder.Code, recorder.Body)
		}
	}
	return recorder.Code, answer
}

func callerOf(t *testing.T, c config.Config, zone names) caller {
	t.Helper()
	a, err := newApp(t.Context(), c, zone, "1.2.3", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	started(t, a)
	system := account.ForSystem("test")
	project, err := a.manage.CreateProject(t.Context(), system, manage.NewProject{Name: "rows"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := a.manage.CreateKey(t.Context(), system, manage.NewKey{ProjectID: project.ID, Scopes: []string{"publish", "manage", "read"}})
	if err != nil {
		t.Fatal(err)
	}
	return caller{a, t, key.Secret}
}

// TestAddresses_of_the_table_are_never_reached_by_the_whole_product makes an
// endpoint of every row by the API, and sends to those that are refused only
// when they are dialled. Names are answered as the rows say.
func TestAddresses_of_the_table_are_never_reached_by_the_whole_product(t *testing.T) {
	t.Parallel()
	rows, zone := vectors(t)
	if len(rows) != 177 {
		t.Fatalf("%d rows were read", len(rows))
	}
	port, came := trap(t)
	nodes, sent := map[string]caller{}, map[string]int{}
	for _, v := range rows {
		if _, running := nodes[v.option]; !running {
			c, known := opened(t, v)
			if !known {
				continue
			}
			nodes[v.option] = callerOf(t, c, zone)
		}
		node := nodes[v.option]
		verdict := node.try(v, v.url)
		sent[verdict]++
		if bait := v.baited(port); !v.allowed && bait != v.url {
			node.try(v, bait)
		}
		if n := came.Load(); n > 0 {
			t.Fatalf("%s: %d connections reached this machine", v.url, n)
		}
	}
	if sent["blocked_address"] < 12 || sent["dns_error"] != 1 || sent["refused"] < 120 || sent["saved"] < 20 {
		t.Errorf("the rows ended as %v", sent)
	}
}

// try makes an endpoint of a URL and answers what came of it.
func (c caller) try(v vector, address string) string {
	c.t.Helper()
	status, made := c.call(http.MethodPost, "/endpoints", map[string]any{"url": address, "topics": []string{"product.viewed"}, "retry": map[string]any{"policy": "custom", "delaysSeconds": []int{3600}}})
	refused := status == http.StatusUnprocessableEntity && strings.Contains(fmt.Sprint(made["errors"]), "location:body.url")
	if !v.allowed && strings.HasPrefix(v.why, "S:") {
		if !refused {
			c.t.Errorf("%.90s was not refused: %d %v", address, status, made)
		}
		return "refused"
	}
	if status != http.StatusCreated {
		c.t.Errorf("%.90s: %d %v", address, status, made)
		return ""
	}
	defer c.call(http.MethodDelete, "/endpoints/"+made["id"].(string), nil)
	if v.allowed || strings.Contains(v.why, "redirect[") {
		return "saved" // it would be dialled, and is not here
	}
	want := "blocked_address"
	if strings.Contains(v.why, "NXDOMAIN") {
		want = "dns_error"
	}
	if got := c.cause(made["id"].(string)); got != want {
		c.t.Errorf("%.90s: the attempt's cause is %q, want %q", address, got, want)
	}
	return want
}

// cause publishes and waits for what the first attempt at an endpoint ended
// with.
func (c caller) cause(endpoint string) string {
	c.t.Helper()
	if status, answer := c.call(http.MethodPost, "/events", map[string]any{"topic": "product.viewed", "data": map[string]any{"productId": "p"}}); status != http.StatusAccepted {
		c.t.Fatalf("publish: %d %v", status, answer)
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		_, list := c.call(http.MethodGet, "/deliveries?endpointId="+endpoint, nil)
		for _, row := range list["data"].([]any) {
			_, whole := c.call(http.MethodGet, "/deliveries/"+row.(map[string]any)["id"].(string), nil)
			if attempts, _ := whole["attempts"].([]any); len(attempts) > 0 {
				cause, _ := attempts[0].(map[string]any)["cause"].(string)
				return cause
			}
		}
	}
	c.t.Fatalf("nothing was attempted at %s", endpoint)
	return ""
}
