package egress

import (
	"context"
	"net"
	"net/netip"
)

// OnConnect replaces the system call at the end of every dial.
func (e *Egress) OnConnect(f func(ctx context.Context, network, address string) (net.Conn, error)) {
	e.dialer.connect = f
}

// Choose is which of a name's addresses are tried, in order.
var Choose = choose

// Address says why an address may not be reached; empty if it may.
func (e *Egress) Address(a netip.Addr) string { return e.rules.address(a) }
