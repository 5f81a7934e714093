package egress

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// transport makes single requests over HTTP/1.1. net/http writes requests and
// parses answers; who waits for what is decided here: the goroutine that asks
// also writes and reads, where http.Transport passes each request to one
// goroutine and each answer back from another, which is a third of its cost.
type transport struct {
	rules  *rules
	dialer *dialer
	idle   idle
}

// errUnsent is a write that failed before its first byte.
var errUnsent = errors.New("nothing of the request was written")

// RoundTrip implements http.RoundTripper. A request that met a connection which
// had just been closed, and of which nothing was written, is made on a new one;
// otherwise a request is on the wire once at most.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	response, err := t.roundTrip(req, false)
	if !errors.Is(err, errUnsent) || req.Body != nil && req.GetBody == nil {
		return response, err
	}
	again := req.Clone(req.Context())
	if req.Body != nil {
		if again.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return t.roundTrip(again, true)
}

func (t *transport) roundTrip(req *http.Request, fresh bool) (*http.Response, error) {
	l, err := t.link(req, fresh)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	x := &exchange{link: l, idle: &t.idle, ctx: req.Context(), stop: context.AfterFunc(req.Context(), l.interrupt)}
	l.sent = send(l, req)
	response, err := x.answer(req)
	if err == nil {
		return response, nil
	}
	x.end(false)
	<-l.sent.done
	if l.used && l.written == 0 && l.sent.err != nil && x.ctx.Err() == nil {
		return nil, errUnsent
	}
	return nil, err
}

// link is an idle connection to the request's host or a new one.
func (t *transport) link(req *http.Request, fresh bool) (*link, error) {
	trace := traceOf(req.Context())
	to, err := t.rules.placeOf(req.URL)
	if err != nil {
		return nil, err
	}
	if trace.GetConn != nil {
		trace.GetConn(to.address)
	}
	l := (*link)(nil)
	if !fresh {
		l = t.idle.take(to)
	}
	if l == nil {
		conn, err := t.dialer.open(req.Context(), to)
		if err != nil {
			return nil, err
		}
		l = newLink(to, conn)
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: l.Conn, Reused: l.used})
	}
	return l, nil
}

func traceOf(ctx context.Context) *httptrace.ClientTrace {
	if trace := httptrace.ContextClientTrace(ctx); trace != nil {
		return trace
	}
	return &httptrace.ClientTrace{}
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// sending is a request on its way out.
type sending struct {
	done chan struct{} // closed when err is set and nothing more is written
	err  error
}

// over reports whether nothing more is written; it waits a little for that.
func (s *sending) over(wait time.Duration) bool {
	select {
	case <-s.done:
		return true
	default:
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-s.done:
		return true
	case <-timer.C:
		return false
	}
}

// atOnce is the size of a body up to which a request is written before anything
// is read: it fits into what any socket takes without its receiver. During a
// larger one the receiver may answer, and may have stopped reading.
const atOnce = 8 << 10

var (
	closed  = closedChannel()
	writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 4<<10) }}
	readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4<<10) }}
)

func closedChannel() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func send(l *link, req *http.Request) *sending {
	if req.ContentLength >= 0 && req.ContentLength <= atOnce {
		return &sending{done: closed, err: write(l, req)}
	}
	s := &sending{done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.err = write(l, req)
	}()
	return s
}

func write(l *link, req *http.Request) error {
	w := writers.Get().(*bufio.Writer)
	w.Reset(l)
	err := req.Write(w) // closes the body
	if err == nil {
		err = w.Flush()
	}
	w.Reset(nil)
	writers.Put(w)
	return err
}

// exchange is one request and its answer on a link.
type exchange struct {
	link   *link
	idle   *idle
	ctx    context.Context //nolint:containedctx // the request's, as the body is read after RoundTrip
	stop   func() bool
	reader *bufio.Reader
	again  bool // after a whole answer the link can carry another request
}

// answer reads the head of the answer, past those that are only interim. A
// write that failed is not the end: an answer may have come before it, as from
// a receiver that answers 413 and closes.
func (x *exchange) answer(req *http.Request) (*http.Response, error) {
	x.reader = readers.Get().(*bufio.Reader)
	x.reader.Reset(x.link)
	x.link.head.start()
	if _, err := x.reader.Peek(1); err != nil {
		return nil, x.reason(err)
	}
	if trace := traceOf(x.ctx); trace.GotFirstResponseByte != nil {
		trace.GotFirstResponseByte()
	}
	for {
		response, err := http.ReadResponse(x.reader, req) //nolint:bodyclose // the caller's
		if err != nil {
			return nil, x.reason(err)
		}
		if interim(response.StatusCode) {
			continue
		}
		x.again = !response.Close && !req.Close && response.StatusCode >= 200 && !x.link.head.twoLengths()
		if response.Body == http.NoBody {
			x.end(true)
		} else {
			response.Body = &body{exchange: x, ReadCloser: response.Body}
		}
		return response, nil
	}
}

// interim: 101 is the last HTTP of its connection (RFC 9110 §15.2.2).
func interim(status int) bool { return status/100 == 1 && status != http.StatusSwitchingProtocols }

// reason is why an answer is not whole: the caller's own end, what broke the
// connection, or else what the parser found. What ended within its first line
// was no HTTP.
func (x *exchange) reason(err error) error {
	broken := x.link.broken
	switch {
	case x.ctx.Err() != nil:
		return x.ctx.Err()
	case errors.Is(broken, io.EOF) && (x.link.head.status || errors.Is(err, io.EOF)):
		return io.ErrUnexpectedEOF
	case broken != nil && !errors.Is(broken, io.EOF):
		return broken
	}
	return err
}

// lateWrite is how long the end of a body that was answered early is waited
// for, to keep the connection.
const lateWrite = 50 * time.Millisecond

// end gives the link back, or closes it; whole says that the answer was read to
// its end.
func (x *exchange) end(whole bool) {
	quiet := x.stop()
	if !whole || !quiet || !x.again || x.reader.Buffered() > 0 || !x.link.sent.over(lateWrite) || x.link.sent.err != nil {
		x.link.drop()
	} else {
		x.idle.put(x.link)
	}
	if whole {
		x.reader.Reset(nil)
		readers.Put(x.reader)
	}
}

// body is an answer's body; its end is the end of the exchange.
type body struct {
	*exchange
	io.ReadCloser
	over error // what Read says from now on
}

func (b *body) Read(p []byte) (int, error) {
	if b.over != nil {
		return 0, b.over
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		whole := errors.Is(err, io.EOF)
		b.over = err
		if !whole {
			b.over = b.reason(err)
		}
		b.end(whole)
		return n, b.over
	}
	return n, nil
}

// Close ends the exchange. What was not read is not waited for: it costs the
// connection.
func (b *body) Close() error {
	if b.over == nil {
		b.over = net.ErrClosed
		b.end(false)
	}
	return nil
}
