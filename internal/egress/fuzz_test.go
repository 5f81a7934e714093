package egress_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/egress"
)

// FuzzCheckURL: a URL that is taken reads the same to the parser that requests
// are made with, names no address of a private network, and is taken as it is.
func FuzzCheckURL(f *testing.F) {
	for _, seed := range []string{
		"https://receiver.example/hook?a=b", "https://ПРИМЕР.рф:8443/ü", "https://[2606:4700::1111]/", "https://127.1/", "https://0x7f.0.0.1/", "https://[::ffff:10.0.0.1]/",
		"https://a@b/", "https://receiver.example:65536", "https://receiver。example/%zz", "HTTPS://Receiver.Example.:443", "https://[64:ff9b::a00:1]/", "https://xn--a/", "https://a/\\b",
	} {
		f.Add(seed)
	}
	out, err := egress.New(egress.Policy{Resolver: fakeDNS(addresses("93.184.216.34"))})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		taken, err := out.CheckURL(raw)
		if err != nil {
			return
		}
		if again, err := out.CheckURL(taken); err != nil || again != taken {
			t.Errorf("%q is taken as %q, which is taken as %q, %v", raw, taken, again, err)
		}
		u, err := url.Parse(taken)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Fragment != "" || u.Hostname() != strings.ToLower(u.Hostname()) {
			t.Fatalf("%q is taken as %q, which reads as %+v, %v", raw, taken, u, err)
		}
		if a, err := netip.ParseAddr(u.Hostname()); err == nil && (!a.IsGlobalUnicast() || a.IsPrivate() || a.Is4In6()) {
			t.Errorf("%q leads to %s", raw, a)
		}
	})
}
