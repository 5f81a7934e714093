package egress

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// punycode maps names as browsers do and checks each label; hyphens and
// underscores are left to checkLabels, as the DNS itself takes both.
var punycode = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false), idna.CheckHyphens(false))

var errInvisible = errors.New("has an invisible character in its host")

// host is a URL's host once it is known to be well formed: an address, or a
// name in lower-case punycode without its trailing dot.
type host struct {
	addr netip.Addr
	name string
}

func (h host) String() string {
	if h.addr.IsValid() {
		return h.addr.String()
	}
	return h.name
}

// parseHost reads a host as it stands in a URL's authority or a dial address
// (where IPv6 has no brackets). The errors read on after "the URL".
func parseHost(raw string) (host, error) {
	if inner, ok := strings.CutPrefix(raw, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		a, err := netip.ParseAddr(inner)
		if !ok || err != nil || !a.Is6() || a.Zone() != "" {
			return host{}, errors.New("has brackets in its host without a plain IPv6 address inside")
		}
		return host{addr: a.Unmap()}, nil
	}
	name, err := toName(raw)
	if err != nil {
		return host{}, err
	}
	if !endsInNumber(name) {
		return host{name: name}, checkLabels(name)
	}
	a, err := netip.ParseAddr(name)
	if err != nil || !a.Is4() {
		return host{}, errors.New("has a host that is a number but not a plain IPv4 address such as 192.0.2.7")
	}
	return host{addr: a}, nil
}

// toName is a host in lower-case ASCII without one trailing dot.
func toName(raw string) (string, error) {
	if raw == "" || raw == "." {
		return "", errors.New("has no host")
	}
	ascii := true
	for _, c := range raw {
		ascii = ascii && c < unicode.MaxASCII
		if c >= unicode.MaxASCII && !unicode.IsPrint(c) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, c) ||
			unicode.Is(unicode.Variation_Selector, c) {
			return "", errInvisible
		}
	}
	name := strings.ToLower(raw)
	if !ascii || strings.Contains(name, "xn--") {
		mapped, err := punycode.ToASCII(raw)
		if err != nil {
			return "", errors.New("has a host that is not a valid international name")
		}
		name = mapped
	}
	return strings.TrimSuffix(name, "."), nil
}

// endsInNumber reports whether resolvers could take a host for an IPv4
// address in any of its spellings (WHATWG URL: "ends in a number").
func endsInNumber(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if strings.Trim(last, "0123456789") == "" {
		return last != ""
	}
	hex, ok := strings.CutPrefix(last, "0x")
	return ok && strings.Trim(hex, "0123456789abcdef") == ""
}

func checkLabels(name string) error {
	if len(name) > 253 {
		return errors.New("has a host of more than 253 characters")
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return errors.New("has a host whose parts do not all have 1 to 63 characters")
		}
		if label[0] == '-' || label[len(label)-1] == '-' {
			return errors.New("has a host with a part that begins or ends with a hyphen")
		}
		if i := strings.IndexFunc(label, notInName); i >= 0 {
			return fmt.Errorf("has the character %q in its host", label[i])
		}
	}
	return nil
}

func notInName(c rune) bool {
	return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_'
}

var (
	// metadataNames lead to metadata services by design.
	metadataNames = []string{"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
	loopbackNames = []string{"localhost", "localhost.localdomain", "localhost6", "ip6-localhost", "ip6-loopback"}
	// unroutable are endings that no resolver may be asked for.
	unroutable = []string{"onion", "invalid", "alt"}
	// privateEndings are of names that only private networks answer.
	privateEndings = []string{
		"internal", "local", "localdomain", "svc", "lan", "home", "home.arpa", "corp", "intranet", "private", "test",
	}
)

// name says in words why a name may not be used; empty if it may. What it
// resolves to is judged at every connection; this refuses early what can't be
// a public name, and keeps such names from the resolver.
func (r *rules) name(name string) string {
	switch {
	case slices.Contains(metadataNames, name):
		return "is a name of the cloud's metadata service"
	case endsInAny(name, unroutable):
		return "ends in a name that does not exist on the Internet"
	case isLoopbackName(name):
		if !r.loopback {
			return "is a name of this machine itself"
		}
	case r.private:
	case !strings.Contains(name, "."):
		return "is a name without a dot, which only private networks know"
	case endsInAny(name, privateEndings):
		return "is a name that only private networks know"
	}
	return ""
}

func isLoopbackName(name string) bool {
	return slices.Contains(loopbackNames, name) || strings.HasSuffix(name, ".localhost")
}

func endsInAny(name string, endings []string) bool {
	return slices.ContainsFunc(endings, func(ending string) bool {
		return name == ending || strings.HasSuffix(name, "."+ending)
	})
}

// judge is the whole decision about a host and port before any look-up.
func (r *rules) judge(h host, port uint16) string {
	if reason := r.port(port); reason != "" {
		return reason
	}
	if r.isSelf(h.String(), port) {
		return "points at this server itself, which would make events without end"
	}
	var reason string
	if h.addr.IsValid() {
		reason = r.endpoint(h.addr, port)
	} else {
		reason = r.name(h.name)
	}
	if reason != "" {
		return fmt.Sprintf("points at %s, which %s", h, reason)
	}
	return ""
}

// isSelf reports whether a host and port are ours. All spellings of this
// machine count as one.
func (r *rules) isSelf(name string, port uint16) bool {
	return slices.ContainsFunc(r.self, func(s selfHost) bool {
		return (s.port == 0 || s.port == port) && s.host == foldLoopback(name)
	})
}

func foldLoopback(name string) string {
	if a, err := netip.ParseAddr(name); err == nil && a.Unmap().IsLoopback() || isLoopbackName(name) {
		return "localhost"
	}
	return name
}

func parseSelf(raw string) (selfHost, error) {
	name, port := raw, uint64(0)
	if before, digits, err := net.SplitHostPort(raw); err == nil {
		if port, err = strconv.ParseUint(digits, 10, 16); err != nil {
			return selfHost{}, fmt.Errorf("own host %q: the port is not a number", raw)
		}
		name = before
	}
	if strings.Contains(name, ":") && !strings.HasPrefix(name, "[") {
		name = "[" + name + "]"
	}
	h, err := parseHost(name)
	if err != nil {
		return selfHost{}, fmt.Errorf("own host %q: it %w", raw, err)
	}
	return selfHost{host: foldLoopback(h.String()), port: uint16(port)}, nil
}
