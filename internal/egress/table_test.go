package egress_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bellwire/bellwire/internal/egress"
	"github.com/bellwire/bellwire/internal/webhook"
)

// vector is one row of testdata/ssrf-cases.tsv: a URL with its switch, the
// verdict, and why. "S:" means refused when saved, "D:" when dialled.
type vector struct {
	url     string
	policy  egress.Policy
	proxied string // HTTP_PROXY of the environment
	allowed bool
	why     string
}

var (
	marker  = regexp.MustCompile(` \[(policy|env): ([^\]]*)\]$`)
	answers = regexp.MustCompile(`dns\[([^\]]*)\]`)
)

func vectors(t *testing.T) []vector {
	t.Helper()
	file, err := os.Open("testdata/ssrf-cases.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []vector
	for lines := bufio.NewScanner(file); lines.Scan(); {
		columns := strings.Split(lines.Text(), "\t")
		if len(columns) != 3 {
			t.Fatalf("row %q has %d columns", lines.Text(), len(columns))
		}
		v := vector{allowed: columns[1] == "allow", why: columns[2]}
		v.policy = egress.Policy{AllowHTTP: true, SelfHosts: []string{"hooks.self.example"}, Resolver: resolverFor(v.why)}
		input := columns[0]
		if m := marker.FindStringSubmatch(input); m != nil {
			input = strings.TrimSuffix(input, m[0])
			v.set(t, m[2])
		}
		written := strings.NewReplacer("SELF_PUBLIC_HOST", "hooks.self.example", `\t`, "\t", `\r`, "\r", `\n`, "\n")
		v.url = written.Replace(input)
		all = append(all, v)
	}
	return all
}

// set applies the row's switch.
func (v *vector) set(t *testing.T, option string) {
	t.Helper()
	name, value, _ := strings.Cut(option, "=")
	switch name {
	case "https_only":
		v.policy.AllowHTTP = false
	case "allow_cidr":
		v.policy.Allow = []netip.Prefix{netip.MustParsePrefix(value)}
	case "nat64_prefix":
		v.policy.NAT64 = netip.MustParsePrefix(value)
	case "egress_proxy":
		proxy, err := url.Parse(value)
		if err != nil {
			t.Fatal(err)
		}
		v.policy.Proxy = proxy
	case "HTTP_PROXY":
		if v.proxied = value; value != environmentProxy {
			t.Fatalf("the table has another proxy %q", value)
		}
	default:
		t.Fatalf("the table has an unknown switch %q", option)
	}
}

// fakeDNS answers every name with the same addresses, NXDOMAIN for none.
type fakeDNS []netip.Addr

func (f fakeDNS) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if f == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return f, nil
}

func resolverFor(why string) fakeDNS {
	var found fakeDNS
	m := answers.FindStringSubmatch(why)
	if m == nil {
		return fakeDNS{netip.MustParseAddr("93.184.216.34")}
	}
	for _, field := range strings.FieldsFunc(m[1], func(c rune) bool { return c == ' ' || c == ',' }) {
		kind, value, _ := strings.Cut(field, "=")
		if kind == "A" || kind == "AAAA" {
			found = append(found, netip.MustParseAddr(value))
		}
	}
	return found
}

// dials records where connections would have gone.
type dials struct {
	mu        sync.Mutex
	addresses []string
}

var errNoNetwork = errors.New("this test has no network")

func (d *dials) connect(_ context.Context, _, address string) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.addresses = append(d.addresses, address)
	return nil, errNoNetwork
}

func (d *dials) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.addresses)
}

func open(t *testing.T, policy egress.Policy) (*egress.Egress, *dials) {
	t.Helper()
	out, err := egress.New(policy)
	if err != nil {
		t.Fatal(err)
	}
	d := &dials{}
	out.OnConnect(d.connect)
	return out, d
}

// The environment names a proxy in every test of this package, since net/http
// reads it once: were it followed, the dialer would never see a target.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY"} {
		os.Setenv(name, environmentProxy)
	}
	os.Exit(m.Run())
}

const environmentProxy = "http://10.0.0.9:3128"

// Every row of the table that the project shares with its reviewers.
func TestEvery_row_of_the_table_gets_its_verdict(t *testing.T) {
	rows := vectors(t)
	if len(rows) != 177 {
		t.Fatalf("%d rows were read", len(rows))
	}
	for _, v := range rows {
		name := v.url
		if len(name) > 60 {
			name = name[:60]
		}
		t.Run(name, func(t *testing.T) {
			out, reached := open(t, v.policy)
			saved, err := out.CheckURL(v.url)
			switch {
			case v.allowed:
				checkAllowed(t, out, reached, v, saved, err)
			case strings.HasPrefix(v.why, "S:"):
				checkRefused(t, out, reached, v, err)
			default:
				checkAtDial(t, out, reached, v, saved, err)
			}
		})
	}
}

func checkAllowed(t *testing.T, out *egress.Egress, reached *dials, v vector, saved string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	if again, err := out.CheckURL(saved); err != nil || again != saved {
		t.Errorf("%q is not normalised: %q, %v", saved, again, err)
	}
	if err := call(out, saved); !errors.Is(err, errNoNetwork) {
		t.Fatalf("the dialer did not get through: %v", err)
	}
	host, _, _ := net.SplitHostPort(reached.all()[0])
	if u, _ := url.Parse(saved); u.Hostname() != host && !slices.Contains(resolverFor(v.why), netip.MustParseAddr(host)) {
		t.Errorf("dialled %s, which is no answer for %s", host, saved)
	}
}

// checkRefused expects the save to fail, and the dialer to hold as well for
// whoever comes past the save.
func checkRefused(t *testing.T, out *egress.Egress, reached *dials, v vector, err error) {
	t.Helper()
	var invalid *webhook.Error
	if !errors.As(err, &invalid) || invalid.Kind != webhook.KindInvalid || invalid.Fields[0].Location != "url" {
		t.Fatalf("got %v, want an Invalid at url", err)
	}
	if _, err := url.Parse(v.url); err != nil || strings.ContainsAny(v.url, "@#\\") {
		return // no request can be made of it, or the parser sees another host
	}
	_ = call(out, v.url)
	for _, address := range reached.all() {
		if a := netip.MustParseAddrPort(address); out.Address(a.Addr()) != "" {
			t.Errorf("the dialer reached %s", address)
		}
	}
}

func checkAtDial(t *testing.T, out *egress.Egress, reached *dials, v vector, saved string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("refused when saved: %v", err)
	}
	err = call(out, saved)
	switch {
	case strings.Contains(v.why, "redirect["), v.proxied != "":
		if want := []string{"93.184.216.34:443"}; !slices.Equal(reached.all(), want) {
			t.Errorf("dialled %v, want %v", reached.all(), want)
		}
		return
	case strings.Contains(v.why, "NXDOMAIN"):
		if dns := (*net.DNSError)(nil); !errors.As(err, &dns) || errors.Is(err, egress.ErrBlocked) {
			t.Errorf("got %v, want a DNS error", err)
		}
	case !errors.Is(err, egress.ErrBlocked):
		t.Errorf("got %v, want ErrBlocked", err)
	}
	if len(reached.all()) > 0 {
		t.Errorf("connections went to %v", reached.all())
	}
}

// call makes one request to a URL and returns its error.
func call(out *egress.Egress, to string) error {
	req, err := http.NewRequest(http.MethodPost, to, http.NoBody)
	if err != nil {
		return err
	}
	response, err := out.Transport().RoundTrip(req)
	if err == nil {
		response.Body.Close()
	}
	return err
}
