package egress

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"sync"
)

// errUsedUp fails a write before its first byte, upon which net/http takes a
// new connection.
var errUsedUp = errors.New("the connection may not be used again")

// headConn looks at the heads of answers as they pass. One that states its
// length in two ways, Content-Length and Transfer-Encoding, is how answers are
// smuggled past proxies: net/http takes the chunks, drops the other length
// unseen and would use the connection again. Here it carries nothing more.
//
// What comes before the first request, such as the banner of an SSH server, is
// kept back until then: net/http would write it into the process's log and
// call the connection closed.
type headConn struct {
	net.Conn
	asked chan struct{} // closed by the first write, or by Close
	ask   sync.Once
	mu    sync.Mutex
	head  headScan // guarded by mu, as reads and writes run side by side
}

func newHeadConn(conn net.Conn) *headConn {
	return &headConn{Conn: conn, asked: make(chan struct{})}
}

func (c *headConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		<-c.asked
	}
	c.mu.Lock()
	c.head.feed(p[:n])
	c.mu.Unlock()
	return n, err
}

func (c *headConn) Write(p []byte) (int, error) {
	c.ask.Do(func() { close(c.asked) })
	c.mu.Lock()
	usedUp := c.head.ended && c.head.length && c.head.coding
	if c.head.ended && !usedUp {
		c.head = headScan{line: c.head.line[:0]}
	}
	c.mu.Unlock()
	if usedUp {
		return 0, errUsedUp
	}
	return c.Conn.Write(p)
}

func (c *headConn) Close() error {
	c.ask.Do(func() { close(c.asked) })
	return c.Conn.Close()
}

// headScan reads the head of one answer, in whatever pieces it comes.
type headScan struct {
	line    []byte // the start of a line that has not ended
	status  bool   // the status line has passed
	interim bool   // it was a 1xx, after which another head follows
	length  bool
	coding  bool
	ended   bool
}

// maxLine is enough to know a header's name by.
const maxLine = 64

func (h *headScan) feed(p []byte) {
	for len(p) > 0 && !h.ended {
		end := bytes.IndexByte(p, '\n')
		piece := p
		if end >= 0 {
			piece = p[:end]
		}
		h.line = append(h.line, piece[:min(len(piece), maxLine-len(h.line))]...)
		if end < 0 {
			return
		}
		h.endLine(bytes.TrimSuffix(h.line, []byte("\r")))
		h.line = h.line[:0]
		p = p[end+1:]
	}
}

func (h *headScan) endLine(line []byte) {
	switch {
	case !h.status:
		h.status = true
		_, rest, _ := bytes.Cut(line, []byte(" "))
		h.interim = bytes.HasPrefix(rest, []byte("1"))
	case len(line) > 0:
		name, _, _ := bytes.Cut(line, []byte(":"))
		h.length = h.length || bytes.EqualFold(name, []byte("Content-Length"))
		h.coding = h.coding || bytes.EqualFold(name, []byte("Transfer-Encoding"))
	case h.interim:
		h.status, h.interim = false, false
	default:
		h.ended = true
	}
}

// dialPlain is the transport's DialContext.
func (d *dialer) dialPlain(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return newHeadConn(conn), nil
}

// dialTLS is the transport's DialTLSContext. The handshake stands here so that
// heads can be looked at inside the encryption; it calls the hooks that the
// transport would.
func (d *dialer) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := d.tls.Clone()
	config.ServerName, _, _ = net.SplitHostPort(address)
	secure := tls.Client(conn, config)
	trace := httptrace.ContextClientTrace(ctx)
	if trace != nil && trace.TLSHandshakeStart != nil {
		trace.TLSHandshakeStart()
	}
	ctx, cancel := context.WithTimeout(ctx, tlsTimeout)
	defer cancel()
	err = secure.HandshakeContext(ctx)
	if trace != nil && trace.TLSHandshakeDone != nil {
		trace.TLSHandshakeDone(secure.ConnectionState(), err)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return newHeadConn(secure), nil
}
