package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// The limits that every connection keeps. The whole request is limited by its
// caller's context.
const (
	lookUpTimeout  = 10 * time.Second
	connectTimeout = 5 * time.Second
	tlsTimeout     = 5 * time.Second
	// idleTimeout is shorter than receivers' own (Node: 5 s), so that a request
	// rarely meets a connection that is just being closed.
	idleTimeout    = 3 * time.Second
	maxHeaderBytes = 64 << 10
	maxIdle        = 1024
	maxIdlePerHost = 256
)

// ErrBlocked is matched by every error of a request that the policy forbids.
var ErrBlocked = errors.New("the address is not allowed")

// ErrHeaderTooLarge is the error of an answer whose heads exceed 64 KiB.
var ErrHeaderTooLarge = errors.New("the answer's headers are larger than 64 KiB")

// Blocked says what was forbidden. Its text names no address: the answers of a
// private name server are nobody's business outside.
type Blocked struct {
	// Reason reads on after "the URL".
	Reason string
}

func (b *Blocked) Error() string { return "the URL " + b.Reason }

// Is makes errors.Is(err, ErrBlocked) hold.
func (b *Blocked) Is(target error) bool { return target == ErrBlocked }

// Egress is the way out under one policy. It is safe for concurrent use.
type Egress struct {
	rules     *rules
	dialer    *dialer
	transport *transport
}

// New makes the way out. It reads the CA file and connects to nothing.
func New(policy Policy) (*Egress, error) {
	r, err := newRules(policy)
	if err != nil {
		return nil, err
	}
	roots, err := loadRoots(policy.CAFile)
	if err != nil {
		return nil, err
	}
	d := &dialer{rules: r, resolver: policy.Resolver, connect: plainDialer.DialContext, tls: &tls.Config{
		MinVersion:         tls.VersionTLS12,
		RootCAs:            roots,
		ClientSessionCache: tls.NewLRUClientSessionCache(512),
	}}
	if d.resolver == nil {
		d.resolver = &net.Resolver{PreferGo: true}
	}
	if policy.Proxy != nil {
		if d.proxy, err = newProxy(policy.Proxy, roots); err != nil {
			return nil, err
		}
	}
	return &Egress{rules: r, dialer: d, transport: &transport{rules: r, dialer: d}}, nil
}

// loadRoots is the system's trust roots and those of a file; nil means the
// system's alone.
func loadRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read trust roots: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("trust roots %s: no certificate in PEM found", file)
	}
	return roots, nil
}

// Transport makes single requests over HTTP/1.1: no redirects, no cookies, no
// decompression, connections reused for 3 seconds.
func (e *Egress) Transport() http.RoundTripper { return e.transport }

// Client is for outbound calls other than deliveries. Redirects are answers to
// it, and a call takes at most 30 seconds.
func (e *Egress) Client() *http.Client {
	return &http.Client{
		Transport:     e.transport,
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close drops the idle connections.
func (e *Egress) Close() { e.transport.CloseIdleConnections() }

// Resolves asks for a host's addresses and says in words what is wrong with
// them at the moment; empty if nothing is. A port after the host is ignored.
func (e *Egress) Resolves(ctx context.Context, name string) (warning string) {
	if before, _, err := net.SplitHostPort(name); err == nil {
		name = before
	}
	h, err := parseDialled(name)
	if err != nil {
		return fmt.Sprintf("%s is not a host name", name)
	}
	_, err = e.dialer.addresses(ctx, h, 0)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrBlocked):
		return fmt.Sprintf("%s leads to an address that is not allowed; deliveries fail until it leads elsewhere", h)
	}
	return fmt.Sprintf("%s does not resolve at the moment; deliveries fail until it does", h)
}
