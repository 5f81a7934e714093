package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// proxy is an operator's CONNECT proxy. It is reached unjudged, since the
// operator named it, and told addresses that were judged.
type proxy struct {
	address string
	tls     *tls.Config // nil for a plain http proxy
	auth    string      // value of Proxy-Authorization, empty for none
}

func newProxy(u *url.URL, roots *x509.CertPool) (*proxy, error) {
	p := &proxy{address: u.Host}
	port := "80"
	switch u.Scheme {
	case "http":
	case "https":
		port = "443"
		p.tls = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: u.Hostname()}
	default:
		return nil, fmt.Errorf("egress proxy: scheme %q is neither http nor https", u.Scheme)
	}
	if u.Hostname() == "" {
		return nil, errors.New("egress proxy: no host")
	}
	if u.Port() == "" {
		p.address = net.JoinHostPort(u.Hostname(), port)
	}
	if u.User != nil {
		password, _ := u.User.Password()
		p.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	return p, nil
}

type connectFunc func(ctx context.Context, network, address string) (net.Conn, error)

// tunnel asks the proxy for a connection to an address; ctx bounds it.
func (p *proxy) tunnel(ctx context.Context, connect connectFunc, to netip.AddrPort) (net.Conn, error) {
	conn, err := connect(ctx, "tcp", p.address)
	if err != nil {
		return nil, p.failed(err)
	}
	// A cancelled ctx closes the socket below any TLS, which ends every read.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if p.tls != nil {
		conn = tls.Client(conn, p.tls)
	}
	if err := p.ask(conn, to.String()); err != nil {
		conn.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, p.failed(err)
	}
	if !stop() { // too late: the socket is being closed
		return nil, p.failed(ctx.Err())
	}
	return conn, nil
}

func (p *proxy) ask(conn net.Conn, to string) error {
	deadline := time.Now().Add(connectTimeout)
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	request := "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n"
	if p.auth != "" {
		request += "Proxy-Authorization: " + p.auth + "\r\n"
	}
	if _, err := io.WriteString(conn, request+"\r\n"); err != nil {
		return err
	}
	reader := bufio.NewReader(io.LimitReader(conn, maxHeaderBytes))
	response, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect}) //nolint:bodyclose // closing it would read on in the tunnel
	if err != nil {
		return err
	}
	// The body is left alone: closing it would read on in the tunnel.
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the egress proxy answered %d", response.StatusCode)
	}
	if reader.Buffered() > 0 {
		return errors.New("the egress proxy sent bytes of its own")
	}
	return conn.SetDeadline(time.Time{})
}

// failed makes the proxy's failure look like one of connecting.
func (p *proxy) failed(err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("through the egress proxy: %w", err)}
}
