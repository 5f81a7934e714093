package egress

import (
	"net/netip"
	"slices"
)

var (
	loopback4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	loopback6 = netip.IPv6Loopback()
)

// metadata are the addresses at which clouds hand credentials to whoever asks
// from inside. Only a prefix of that one address opens one of them.
var metadata = []netip.Addr{
	netip.MustParseAddr("169.254.169.254"), // most clouds
	netip.MustParseAddr("169.254.169.253"), // AWS resolver
	netip.MustParseAddr("169.254.170.2"),   // AWS ECS
	netip.MustParseAddr("169.254.170.23"),  // AWS EKS
	netip.MustParseAddr("192.0.0.192"),     // Oracle
	netip.MustParseAddr("100.100.100.200"), // Alibaba
	netip.MustParseAddr("168.63.129.16"),   // Azure WireServer: looks public, is the host
	netip.MustParseAddr("fd00:ec2::254"),   // AWS
	netip.MustParseAddr("fd00:ec2::23"),    // AWS EKS
	netip.MustParseAddr("fd20:ce::254"),    // Google
}

// address says in words why an address may not be reached; empty if it may.
func (r *rules) address(a netip.Addr) string {
	if !a.IsValid() {
		return "is not an address"
	}
	if a.Zone() != "" {
		return "is an address of one network interface"
	}
	a = a.Unmap()
	for _, inner := range append(carried(a), a) {
		if slices.Contains(metadata, inner) && !r.named(inner) {
			return "is an address of the cloud's metadata service"
		}
	}
	if r.nat64.IsValid() && r.nat64.Contains(a) {
		return r.address(translated(a, r.nat64.Bits()))
	}
	for _, prefix := range r.allow {
		if prefix.Contains(a) {
			return ""
		}
	}
	if r.guard.SafeAddr(a) != nil {
		return "is not a public address"
	}
	return ""
}

// named reports whether the operator listed this very address.
func (r *rules) named(a netip.Addr) bool {
	return slices.ContainsFunc(r.allow, func(p netip.Prefix) bool { return p.IsSingleIP() && p.Addr() == a })
}

// endpoint judges an address together with its port: our own listener on a
// loopback address is never a receiver.
func (r *rules) endpoint(a netip.Addr, port uint16) string {
	if a.Unmap().IsLoopback() && r.isSelf("localhost", port) {
		return "is this server itself"
	}
	return r.address(a)
}

var (
	compatible = netip.MustParsePrefix("::/96")
	stateless  = netip.MustParsePrefix("::ffff:0:0:0/96")
	wellKnown  = netip.MustParsePrefix("64:ff9b::/96")
	localNAT64 = netip.MustParsePrefix("64:ff9b:1::/48")
	sixToFour  = netip.MustParsePrefix("2002::/16")
	teredo     = netip.MustParsePrefix("2001::/32")
)

// carried lists the IPv4 addresses that an IPv6 address can lead to through
// translation or tunnels, so that a wide allowed range opens none of them.
func carried(a netip.Addr) []netip.Addr {
	if a.Is4() {
		return nil
	}
	b := a.As16()
	last := netip.AddrFrom4([4]byte(b[12:16]))
	switch {
	case compatible.Contains(a), stateless.Contains(a), wellKnown.Contains(a), localNAT64.Contains(a):
		return []netip.Addr{last}
	case sixToFour.Contains(a):
		return []netip.Addr{netip.AddrFrom4([4]byte(b[2:6]))}
	case teredo.Contains(a):
		client := [4]byte{^b[12], ^b[13], ^b[14], ^b[15]}
		return []netip.Addr{netip.AddrFrom4([4]byte(b[4:8])), netip.AddrFrom4(client)}
	case b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe: // ISATAP
		return []netip.Addr{last}
	}
	return nil
}

// nat64Lengths are the prefix lengths of RFC 6052.
var nat64Lengths = []int{32, 40, 48, 56, 64, 96}

// translated is the IPv4 address inside a NAT64 address (RFC 6052 §2.2): it
// follows the prefix and steps over byte 8.
func translated(a netip.Addr, bits int) netip.Addr {
	b := a.As16()
	var inner [4]byte
	at := bits / 8
	for i := range inner {
		if at == 8 {
			at++
		}
		inner[i] = b[at]
		at++
	}
	return netip.AddrFrom4(inner)
}
