package egress

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"

	"code.dny.dev/ssrf"
)

// Policy is what the operator opened. The zero value is the strictest: https
// to public addresses only.
type Policy struct {
	// Allow lists networks that may be reached although they are private.
	// Metadata addresses stay closed unless one is listed by itself.
	Allow []netip.Prefix
	// AllowHTTP lets URLs be http://.
	AllowHTTP bool
	// SelfHosts are our own public names, "host" for any port or "host:port":
	// an event that makes events would never end.
	SelfHosts []string
	// NAT64 is the prefix of a declared NAT64 network; invalid for none. The
	// IPv4 address inside is judged.
	NAT64 netip.Prefix
	// Ports are the only ones that may be used; empty means 80, 443 and from
	// 1024 on except DeniedPorts.
	Ports []uint16
	// CAFile holds further trust roots in PEM; empty for none.
	CAFile string
	// Proxy is a CONNECT proxy that all connections go through; nil for none.
	// The proxy is given a judged address, never a name.
	Proxy *url.URL
	// Resolver answers names; nil means the system's. It is asked for absolute
	// names ("example.com.") where the name is public.
	Resolver Resolver
}

// Resolver looks up the addresses of a name. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// DeniedPorts are the ports from 1024 on that no URL may use unless the
// operator lists them: databases, mail, file sharing, remote desktops, chat and
// the like, where a request could be taken for a command.
var DeniedPorts = []uint16{
	1433, 1434, 1521, 1719, 1720, 1723, 2049, 2181, 2375, 2376, 2379, 2380, 2525, 3306, 3389, 3659, 4045, 4190, 4369,
	5060, 5061, 5432, 5433, 5671, 5672, 5900, 5901, 5902, 5903, 5984, 5985, 5986, 6000, 6379, 6380, 6432, 6566, 6665,
	6666, 6667, 6668, 6669, 6679, 6697, 7474, 7687, 9042, 9092, 9160, 9200, 9300, 10080, 10250, 10255, 11211, 26257,
	27017, 27018, 27019, 28015, 28017,
}

// rules are a policy made ready to decide. They are pure: no I/O, no clock.
type rules struct {
	allow     []netip.Prefix
	allowHTTP bool
	ports     []uint16
	self      []selfHost
	nat64     netip.Prefix
	guard     *ssrf.Guardian
	// loopback and private say which of those the operator opened any of; they
	// decide whether names such as localhost and db.internal may be used.
	loopback bool
	private  bool
}

// selfHost is one of our own names; port 0 stands for every port.
type selfHost struct {
	host string
	port uint16
}

func newRules(p Policy) (*rules, error) {
	r := &rules{allowHTTP: p.AllowHTTP, ports: p.Ports, nat64: p.NAT64.Masked(), guard: ssrf.New(ssrf.WithAnyPort())}
	if p.NAT64.IsValid() && !slices.Contains(nat64Lengths, p.NAT64.Bits()) {
		return nil, fmt.Errorf("NAT64 prefix %s: the length must be one of %v", p.NAT64, nat64Lengths)
	}
	for _, prefix := range p.Allow {
		r.open(prefix)
	}
	for _, name := range p.SelfHosts {
		self, err := parseSelf(name)
		if err != nil {
			return nil, err
		}
		r.self = append(r.self, self)
	}
	return r, nil
}

// open adds an allowed network; one of IPv4-mapped addresses counts as the
// IPv4 network inside.
func (r *rules) open(prefix netip.Prefix) {
	if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	prefix = prefix.Masked()
	r.allow = append(r.allow, prefix)
	if prefix.Addr().IsLoopback() {
		r.loopback = true
		return
	}
	r.private = true
	for _, local := range []netip.Addr{loopback4, loopback6} {
		r.loopback = r.loopback || prefix.Contains(local)
	}
}

// port says in words why a port may not be used; empty if it may.
func (r *rules) port(port uint16) string {
	switch {
	case len(r.ports) > 0:
		if slices.Contains(r.ports, port) {
			return ""
		}
	case port == 80, port == 443, port >= 1024 && !slices.Contains(DeniedPorts, port):
		return ""
	}
	return fmt.Sprintf("uses port %d, which is not open for endpoints", port)
}
