package egress_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/egress"
)

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func addresses(texts ...string) (all []netip.Addr) {
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

var local = prefixes("127.0.0.0/8", "::1/128")

func TestCheckURL_writes_a_URL_one_way(t *testing.T) {
	t.Parallel()
	out, _ := open(t, egress.Policy{AllowHTTP: true})
	for raw, want := range map[string]string{
		"HTTPS://OK.DNS.Example.":                    "https://ok.dns.example/",
		"https://ok.dns.example:443/a%2Fb?x=%20":     "https://ok.dns.example/a%2Fb?x=%20",
		"http://ok.dns.example:80?q":                 "http://ok.dns.example/?q",
		"https://bücher.example:8443/straße?q=ü":     "https://xn--bcher-kva.example:8443/stra%C3%9Fe?q=%C3%BC",
		"https://[2606:4700:4700:0:0:0:0:1111]:443/": "https://[2606:4700:4700::1111]/",
		"https://[::ffff:8.8.8.8]/":                  "https://8.8.8.8/",
		"https://my_hooks.r3---x.example/TOKEN":      "https://my_hooks.r3---x.example/TOKEN",
	} {
		got, err := out.CheckURL(raw)
		if err != nil || got != want {
			t.Errorf("%s became %q, %v; want %q", raw, got, err, want)
		}
	}
}

func TestCheckURL_refuses_what_the_table_leaves_out(t *testing.T) {
	t.Parallel()
	out, _ := open(t, egress.Policy{AllowHTTP: true, SelfHosts: []string{"self.example:8443", "[::1]:8080"}, Allow: local})
	for raw, word := range map[string]string{
		"https://ok.example/%zz":                           "% escape",
		"https://ok.example/\xff":                          "UTF-8",
		"https://-ok.example/":                             "hyphen",
		"https://ok..example/":                             "1 to 63",
		"https://o!k.example/":                             "'!'",
		"https://soft\u00adhyphen.example/":                "invisible",
		"https://[::1]x/":                                  "after its host",
		"https://ok.example:+80/":                          "port",
		"https://ok.example:/":                             "port",
		"https://self.example:8443/hook":                   "this server",
		"http://127.0.0.1:8080/hook":                       "this server",
		"http://localhost:8080/hook":                       "this server",
		"https://xn--a-ecp.example/":                       "international",
		"https://" + strings.Repeat("a.", 126) + "example": "253",
	} {
		if _, err := out.CheckURL(raw); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: got %v, want an error with %q", raw, err, word)
		}
	}
	for _, raw := range []string{"https://self.example/hook", "http://localhost:9000/hook", "http://127.0.0.1:9000/"} {
		if _, err := out.CheckURL(raw); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestPolicy_opens_only_what_it_names(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		policy egress.Policy
		url    string
		open   bool
	}{
		{egress.Policy{Allow: local}, "https://localhost:9000/", true},
		{egress.Policy{Allow: local}, "https://receiver.internal/", false},
		{egress.Policy{Allow: local}, "https://10.0.0.1/", false},
		{egress.Policy{Allow: prefixes("10.0.0.0/8")}, "https://receiver.internal/", true},
		{egress.Policy{Allow: prefixes("10.0.0.0/8")}, "https://receiver:8080/", true},
		{egress.Policy{Allow: prefixes("10.0.0.0/8")}, "https://localhost/", false},
		{egress.Policy{Allow: prefixes("10.0.0.0/8")}, "https://metadata.google.internal/", false},
		{egress.Policy{Allow: prefixes("::ffff:10.0.0.0/104")}, "https://10.2.3.4/", true},
		{egress.Policy{Allow: prefixes("169.254.169.254/32")}, "https://169.254.169.254/", true},
		{egress.Policy{Allow: prefixes("0.0.0.0/0", "::/0")}, "https://[2002:a9fe:a9fe::]/", false},
		{egress.Policy{Allow: prefixes("0.0.0.0/0", "::/0")}, "https://[64:ff9b::a9fe:a9fe]/", false},
		{egress.Policy{Allow: prefixes("::/0")}, "https://[2001:0:a9fe:a9fe::1]/", false},
		{egress.Policy{Allow: prefixes("::/0")}, "https://[fd00::5efe:a9fe:a9fe]/", false},
		{egress.Policy{Allow: prefixes("::/0")}, "https://[fd00::1]/", true},
		{egress.Policy{NAT64: netip.MustParsePrefix("2001:db8::/32")}, "https://[2001:db8:808:808::]/", true},
		{egress.Policy{NAT64: netip.MustParsePrefix("2001:db8:100::/40")}, "https://[2001:db8:10a:0:1::]/", false},
		{egress.Policy{NAT64: netip.MustParsePrefix("2001:db8:100::/40")}, "https://[2001:db8:108:808:8::]/", true},
		{egress.Policy{Ports: []uint16{8443, 5432}}, "https://ok.example:5432/", true},
		{egress.Policy{Ports: []uint16{8443, 5432}}, "https://ok.example/", false},
		{egress.Policy{}, "https://ok.example:27017/", false},
	} {
		out, _ := open(t, c.policy)
		if _, err := out.CheckURL(c.url); (err == nil) != c.open {
			t.Errorf("%+v %s: got %v, want open %v", c.policy, c.url, err, c.open)
		}
	}
}

func TestNew_refuses_a_policy_that_makes_no_sense(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, policy := range map[string]egress.Policy{
		"NAT64 length":      {NAT64: netip.MustParsePrefix("64:ff9b::/95")},
		"own host's port":   {SelfHosts: []string{"self.example:http"}},
		"own host":          {SelfHosts: []string{"self example"}},
		"missing CA file":   {CAFile: filepath.Join(t.TempDir(), "none.pem")},
		"CA file, no certs": {CAFile: empty},
		"proxy scheme":      {Proxy: &url.URL{Scheme: "socks5", Host: "10.0.0.9:1080"}},
		"proxy host":        {Proxy: &url.URL{Scheme: "http"}},
	} {
		if _, err := egress.New(policy); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// changing answers something else at every look-up: DNS rebinding.
type changing struct{ answers chan []netip.Addr }

func (c changing) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return <-c.answers, nil
}

func TestEvery_connection_judges_the_name_anew(t *testing.T) {
	t.Parallel()
	answers := make(chan []netip.Addr, 3)
	answers <- addresses("93.184.216.34")
	answers <- addresses("127.0.0.1")
	answers <- nil
	out, reached := open(t, egress.Policy{Resolver: changing{answers}})
	if err := call(out, "https://rebind.example/"); !errors.Is(err, errNoNetwork) {
		t.Fatal(err)
	}
	if err := call(out, "https://rebind.example/"); !errors.Is(err, egress.ErrBlocked) || strings.Contains(err.Error(), "127") {
		t.Errorf("got %v, want ErrBlocked without the address", err)
	}
	if dns := (*net.DNSError)(nil); !errors.As(call(out, "https://rebind.example/"), &dns) {
		t.Error("an empty answer is not a DNS error")
	}
	if want := []string{"93.184.216.34:443"}; !slices.Equal(reached.all(), want) {
		t.Errorf("dialled %v, want %v", reached.all(), want)
	}
}

func TestDialer_tries_four_addresses_and_both_families(t *testing.T) {
	t.Parallel()
	var many []netip.Addr
	for i := range 250 {
		many = append(many, netip.AddrFrom4([4]byte{93, 184, 216, byte(i)}))
	}
	many = append(many, addresses("2606:4700::1", "2606:4700::2")...)
	want := addresses("93.184.216.0", "2606:4700::1", "93.184.216.1", "93.184.216.2")
	if got := egress.Choose(many); !slices.Equal(got, want) {
		t.Errorf("chose %v, want %v", got, want)
	}
	out, reached := open(t, egress.Policy{Resolver: fakeDNS(many)})
	if err := call(out, "https://many.example/"); !errors.Is(err, errNoNetwork) {
		t.Errorf("got %v", err)
	}
	if len(reached.all()) != 4 {
		t.Errorf("tried %v", reached.all())
	}
}

func TestDialer_gets_past_a_silent_address(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	out, _ := open(t, egress.Policy{AllowHTTP: true, Resolver: fakeDNS(addresses("2606:4700::1", "93.184.216.34"))})
	t.Cleanup(out.Close)
	given := make(chan struct{})
	out.OnConnect(func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "[") { // a black hole
			<-ctx.Done()
			close(given)
			return nil, ctx.Err()
		}
		return (&net.Dialer{}).DialContext(ctx, network, receiver.Listener.Addr().String())
	})
	if err := call(out, "http://both.example/"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-given:
	case <-time.After(3 * time.Second):
		t.Error("the loser of the race was not given up")
	}
}

func TestPlain_http_is_refused_when_the_operator_closed_it_later(t *testing.T) {
	t.Parallel()
	out, reached := open(t, egress.Policy{})
	if err := call(out, "http://ok.example/"); !errors.Is(err, egress.ErrBlocked) || len(reached.all()) > 0 {
		t.Errorf("got %v after connections to %v", err, reached.all())
	}
}

func TestResolves_warns_in_words(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ answer, host, word string }{
		{"93.184.216.34", "ok.example", ""},
		{"93.184.216.34", "8.8.8.8:8443", ""},
		{"10.0.0.1", "private.example:443", "not allowed"},
		{"", "nx.example", "does not resolve"},
		{"", "n x", "not a host name"},
	} {
		dns := fakeDNS(nil)
		if c.answer != "" {
			dns = addresses(c.answer)
		}
		out, _ := open(t, egress.Policy{Resolver: dns})
		got := out.Resolves(t.Context(), c.host)
		if (got == "") != (c.word == "") || !strings.Contains(got, c.word) {
			t.Errorf("%s: %q, want %q in it", c.host, got, c.word)
		}
	}
}

func TestClient_trusts_the_CA_file_and_follows_nothing(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	t.Cleanup(receiver.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: receiver.Certificate().Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	for ca, trusted := range map[string]bool{"": false, file: true} {
		out, err := egress.New(egress.Policy{Allow: local, CAFile: ca})
		if err != nil {
			t.Fatal(err)
		}
		response, err := out.Client().Get(receiver.URL)
		if (err == nil) != trusted {
			t.Fatalf("CA file %q: %v", ca, err)
		}
		if err == nil {
			response.Body.Close()
			if response.StatusCode != http.StatusFound {
				t.Errorf("status %d, want the redirect itself", response.StatusCode)
			}
		}
		out.Close()
	}
}

// A proxy that speaks CONNECT and records what it was asked for.
func connectProxy(t *testing.T, status int) (*url.URL, chan string) {
	t.Helper()
	asked := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host + " " + r.Header.Get("Proxy-Authorization")
		if status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
		target, err := net.Dial("tcp", r.Host)
		if err != nil {
			t.Error(err)
			return
		}
		client, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { io.Copy(target, client); target.Close() }()
		go func() { io.Copy(client, target); client.Close() }()
	}))
	t.Cleanup(server.Close)
	proxy, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy.User = url.UserPassword("bell", "wire")
	return proxy, asked
}

func TestProxy_is_told_the_judged_address(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Host)
	}))
	t.Cleanup(receiver.Close)
	proxy, asked := connectProxy(t, http.StatusOK)
	port := receiver.Listener.Addr().(*net.TCPAddr).AddrPort().Port()
	policy := egress.Policy{
		AllowHTTP: true, Allow: prefixes("127.0.0.1/32"), Proxy: proxy, Resolver: fakeDNS(addresses("127.0.0.1")),
	}
	out, err := egress.New(policy)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	u := url.URL{Scheme: "http", Host: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port).String()}
	named := strings.Replace(u.String(), "127.0.0.1", "named.example", 1)
	response, err := out.Client().Get(named)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); !strings.HasPrefix(string(body), "named.example:") {
		t.Errorf("the receiver saw host %q", body)
	}
	if got, want := <-asked, "CONNECT "+u.Host+" Basic YmVsbDp3aXJl"; got != want {
		t.Errorf("the proxy was asked %q, want %q", got, want)
	}
}

func TestProxy_refusal_is_a_failure_to_connect(t *testing.T) {
	t.Parallel()
	proxy, _ := connectProxy(t, http.StatusForbidden)
	out, err := egress.New(egress.Policy{Proxy: proxy, Resolver: fakeDNS(addresses("93.184.216.34"))})
	if err != nil {
		t.Fatal(err)
	}
	err = call(out, "https://ok.example/")
	if op := (*net.OpError)(nil); !errors.As(err, &op) || op.Op != "dial" || !strings.Contains(err.Error(), "403") {
		t.Errorf("got %v", err)
	}
}
