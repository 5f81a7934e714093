package egress

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// link is a connection that carries one request at a time.
type link struct {
	net.Conn
	to     place
	socket syscall.RawConn // nil if the connection has none, as in tests
	used   bool            // it has carried a request before this one
	idle   time.Time       // since when it waits for the next

	sent    *sending // the present request
	written int      // bytes of it; written by whoever sends, read when that is over
	head    headScan // of the present answer; this and broken are the reading side's
	broken  error    // why reads fail; a line that it cut short looks complete to parsers
}

func newLink(to place, conn net.Conn) *link {
	l := &link{Conn: conn, to: to}
	if raw, ok := beneath(conn).(syscall.Conn); ok {
		l.socket, _ = raw.SyscallConn()
	}
	return l
}

// beneath is the connection under all encryption.
func beneath(conn net.Conn) net.Conn {
	for {
		secure, ok := conn.(*tls.Conn)
		if !ok {
			return conn
		}
		conn = secure.NetConn()
	}
}

var longAgo = time.Unix(1, 0)

// interrupt fails what the link is doing, and all it would do later.
func (l *link) interrupt() { _ = l.SetDeadline(longAgo) }

// drop closes the connection without the farewell of TLS, for which a receiver
// that stopped reading would be waited for.
func (l *link) drop() { beneath(l.Conn).Close() }

// alive reports whether an idle link is still open and silent: a receiver that
// closed it, or sent what nobody asked for, is not sent a request there.
func (l *link) alive() bool {
	if l.socket == nil {
		return true
	}
	silent := false
	err := l.socket.Read(func(fd uintptr) bool {
		var first [1]byte
		_, _, err := syscall.Recvfrom(int(fd), first[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		silent = errors.Is(err, syscall.EAGAIN)
		return true
	})
	return err == nil && silent
}

func (l *link) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	l.written += n
	return n, err
}

// resetTold is how long a write that is just being told of a reset is waited for.
const resetTold = 5 * time.Millisecond

// Read also looks at the head of the answer as it passes. The kernel tells of a
// reset only once: if the write was told, the read sees an ordinary end, so it
// is told here.
func (l *link) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if errors.Is(err, io.EOF) && l.sent.over(resetTold) && errors.Is(l.sent.err, syscall.ECONNRESET) {
		err = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	if l.head.feed(p[:n]); l.head.size > maxHeaderBytes {
		n, err = 0, ErrHeaderTooLarge
	}
	l.broken = err
	return n, err
}

// headScan reads the heads of one answer, in whatever pieces they come. One that
// states its length in two ways, Content-Length and Transfer-Encoding, is how
// answers are smuggled past proxies: net/http takes the chunks and drops the
// other length unseen. Such a link carries nothing more.
type headScan struct {
	line    []byte // the start of a line that has not ended
	size    int    // bytes of all heads, interim ones too
	status  bool   // the status line has passed
	interim bool   // it was a 1xx, after which another head follows
	length  bool
	coding  bool
	ended   bool
}

func (h *headScan) start() { *h = headScan{line: h.line[:0]} }

func (h *headScan) twoLengths() bool { return h.length && h.coding }

// maxLine is enough to know a header's name by.
const maxLine = 64

func (h *headScan) feed(p []byte) {
	for len(p) > 0 && !h.ended {
		end := bytes.IndexByte(p, '\n')
		piece := p
		if end >= 0 {
			piece = p[:end]
		}
		h.size += len(piece) + 1
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
		h.interim = bytes.HasPrefix(rest, []byte("1")) && !bytes.HasPrefix(rest, []byte("101"))
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
