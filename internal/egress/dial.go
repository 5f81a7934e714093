package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// maxTried is how many addresses of a name one connection tries.
	maxTried = 4
	// headStart is what an address gets before the next is tried beside it
	// (RFC 8305).
	headStart = 250 * time.Millisecond
)

// plainDialer has no keep-alive probes: no connection is idle long enough.
var plainDialer = net.Dialer{KeepAlive: -1}

// dialer turns a host and port into a connection to a judged address.
type dialer struct {
	rules    *rules
	resolver Resolver
	proxy    *proxy // nil for direct connections
	tls      *tls.Config
	connect  func(ctx context.Context, network, address string) (net.Conn, error)
}

// place is what connections are kept by: whom a request goes to, and how.
type place struct {
	secure  bool
	address string // "host:port"
}

// placeOf refuses a scheme that was open when the URL was saved and is not now.
func (r *rules) placeOf(u *url.URL) (place, error) {
	to, port := place{secure: u.Scheme == "https"}, "443"
	if !to.secure {
		if u.Scheme != "http" || !r.allowHTTP {
			return place{}, &Blocked{Reason: "starts with http://, and plain http is not open on this server"}
		}
		port = "80"
	}
	if given := u.Port(); given != "" {
		port = given
	}
	to.address = net.JoinHostPort(u.Hostname(), port)
	return to, nil
}

// open connects to a place. The context is the request's; every step has its
// own limit as well.
func (d *dialer) open(ctx context.Context, to place) (net.Conn, error) {
	conn, err := d.dial(ctx, to.address)
	if err != nil || !to.secure {
		return conn, err
	}
	return d.encrypt(ctx, conn, to.address)
}

func (d *dialer) encrypt(ctx context.Context, conn net.Conn, address string) (net.Conn, error) {
	config := d.tls.Clone()
	config.ServerName, _, _ = net.SplitHostPort(address)
	secure := tls.Client(conn, config)
	trace := traceOf(ctx)
	if trace.TLSHandshakeStart != nil {
		trace.TLSHandshakeStart()
	}
	ctx, cancel := context.WithTimeout(ctx, tlsTimeout)
	defer cancel()
	err := secure.HandshakeContext(ctx)
	if trace.TLSHandshakeDone != nil {
		trace.TLSHandshakeDone(secure.ConnectionState(), err)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// dial connects to a "host:port" whose addresses it judges.
func (d *dialer) dial(ctx context.Context, address string) (net.Conn, error) {
	name, digits, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return nil, err
	}
	h, err := parseDialled(name)
	if err != nil {
		return nil, &Blocked{Reason: err.Error()}
	}
	if reason := d.rules.judge(h, uint16(port)); reason != "" {
		return nil, &Blocked{Reason: reason}
	}
	addrs, err := d.addresses(ctx, h, uint16(port))
	if err != nil {
		return nil, err
	}
	return d.reach(ctx, addrs, uint16(port))
}

// parseDialled reads a host in which IPv6 stands without brackets.
func parseDialled(name string) (host, error) {
	if strings.Contains(name, ":") && !strings.HasPrefix(name, "[") {
		name = "[" + name + "]"
	}
	return parseHost(name)
}

// addresses looks a host up and judges every answer: one that is forbidden
// blocks the name, since the next look-up could put it first.
func (d *dialer) addresses(ctx context.Context, h host, port uint16) ([]netip.Addr, error) {
	addrs, err := d.lookUp(ctx, h)
	if err != nil {
		return nil, err
	}
	if len(addrs) == 0 {
		return nil, &net.DNSError{Err: "no addresses", Name: h.String(), IsNotFound: true}
	}
	judged := make([]netip.Addr, len(addrs))
	for i, a := range addrs {
		if d.rules.endpoint(a, port) != "" {
			return nil, &Blocked{Reason: "leads to an address that deliveries may not reach"}
		}
		judged[i] = a.Unmap()
	}
	return judged, nil
}

func (d *dialer) lookUp(ctx context.Context, h host) ([]netip.Addr, error) {
	if h.addr.IsValid() {
		return []netip.Addr{h.addr}, nil
	}
	if isLoopbackName(h.name) {
		return d.ownLoopback(), nil
	}
	name := h.name
	if strings.Contains(name, ".") && !endsInAny(name, privateEndings) {
		name += "." // keeps resolv.conf's search list out
	}
	ctx, cancel := context.WithTimeout(ctx, lookUpTimeout)
	defer cancel()
	addrs, err := d.resolver.LookupNetIP(ctx, "ip", name)
	if err == nil {
		return addrs, nil
	}
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		return nil, err
	}
	return nil, &net.DNSError{Err: err.Error(), Name: h.name, IsTimeout: ctx.Err() != nil}
}

// ownLoopback is what localhost means: those loopback addresses that are open.
func (d *dialer) ownLoopback() []netip.Addr {
	return slices.DeleteFunc([]netip.Addr{loopback4, loopback6}, func(a netip.Addr) bool { return d.rules.address(a) != "" })
}

// reach connects to the first address that answers.
func (d *dialer) reach(ctx context.Context, addrs []netip.Addr, port uint16) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if d.proxy != nil {
		return d.proxy.tunnel(ctx, d.connect, netip.AddrPortFrom(addrs[0], port))
	}
	chosen := choose(addrs)
	if len(chosen) == 1 {
		return d.one(ctx, chosen[0], port)
	}
	return d.race(ctx, chosen, port)
}

func (d *dialer) one(ctx context.Context, a netip.Addr, port uint16) (net.Conn, error) {
	return d.connect(ctx, "tcp", netip.AddrPortFrom(a, port).String())
}

// choose picks the addresses to try: the resolver's order, but the other
// family comes second, so that a network without it costs one head start.
func choose(addrs []netip.Addr) []netip.Addr {
	ordered := slices.Clone(addrs)
	for i := 2; i < len(ordered) && ordered[0].Is4() == ordered[1].Is4(); i++ {
		if ordered[i].Is4() != ordered[0].Is4() {
			other := ordered[i]
			copy(ordered[2:i+1], ordered[1:i])
			ordered[1] = other
		}
	}
	return ordered[:min(len(ordered), maxTried)]
}

type raced struct {
	conn net.Conn
	err  error
}

// race tries addresses one after the other, the next when one fails or its
// head start is over, and keeps the first connection.
func (d *dialer) race(ctx context.Context, addrs []netip.Addr, port uint16) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	results := make(chan raced, len(addrs))
	started, ended := 0, 0
	start := func() {
		a := addrs[started]
		started++
		go func() {
			conn, err := d.one(ctx, a, port)
			results <- raced{conn, err}
		}()
	}
	defer func() {
		cancel()
		go closeAll(results, started-ended)
	}()
	var first error
	for start(); ended < started; {
		var next <-chan time.Time
		if started < len(addrs) {
			next = time.After(headStart)
		}
		select {
		case <-next:
			start()
		case r := <-results:
			ended++
			if r.err == nil {
				return r.conn, nil
			}
			if first == nil {
				first = r.err
			}
			if started < len(addrs) {
				start()
			}
		}
	}
	return nil, first
}

// closeAll closes the connections of those that lost the race.
func closeAll(results <-chan raced, n int) {
	for range n {
		if r := <-results; r.conn != nil {
			r.conn.Close()
		}
	}
}
