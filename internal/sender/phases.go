package sender

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// phase is how far an attempt has come.
type phase int

const (
	phaseLookUp phase = iota
	phaseConnect
	phaseTLS
	phaseSent // a connection carries the request
)

// phases notes when each part of an attempt began and ended, in nanoseconds
// since started. net/http calls the hooks from its dialling goroutines, also
// after the attempt has ended: hence atomics, and one value per attempt.
type phases struct {
	started  time.Time
	dnsFrom  atomic.Int64
	dnsTo    atomic.Int64
	connFrom atomic.Int64
	connTo   atomic.Int64
	tlsFrom  atomic.Int64
	tlsTo    atomic.Int64
	gotConn  atomic.Int64
	first    atomic.Int64
	reused   atomic.Bool
}

func (p *phases) mark(at *atomic.Int64) { at.Store(max(int64(time.Since(p.started)), 1)) }

// markFirst keeps the earlier time, as several addresses may be tried.
func (p *phases) markFirst(at *atomic.Int64) {
	if at.Load() == 0 {
		p.mark(at)
	}
}

func (p *phases) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// A request that found its connection stale begins again.
		GetConn:           func(string) { p.gotConn.Store(0) },
		DNSStart:          func(httptrace.DNSStartInfo) { p.markFirst(&p.dnsFrom) },
		DNSDone:           func(httptrace.DNSDoneInfo) { p.mark(&p.dnsTo) },
		ConnectStart:      func(string, string) { p.markFirst(&p.connFrom) },
		ConnectDone:       func(string, string, error) { p.mark(&p.connTo) },
		TLSHandshakeStart: func() { p.mark(&p.tlsFrom) },
		TLSHandshakeDone:  func(tls.ConnectionState, error) { p.mark(&p.tlsTo) },
		GotConn: func(info httptrace.GotConnInfo) {
			p.reused.Store(info.Reused)
			p.mark(&p.gotConn)
		},
		GotFirstResponseByte: func() { p.mark(&p.first) },
	})
}

// reached is the latest phase that began.
func (p *phases) reached() phase {
	switch {
	case p.gotConn.Load() > 0:
		return phaseSent
	case p.tlsFrom.Load() > 0:
		return phaseTLS
	case p.connFrom.Load() > 0:
		return phaseConnect
	}
	return phaseLookUp
}

// timings leaves out what did not happen: a reused connection has neither
// look-up nor connect, even if a dial was begun beside it.
func (p *phases) timings() webhook.Timings {
	t := webhook.Timings{FirstByte: between(&p.gotConn, &p.first)}
	if !p.reused.Load() {
		t.DNS = between(&p.dnsFrom, &p.dnsTo)
		t.Connect = between(&p.connFrom, &p.connTo)
		t.TLS = between(&p.tlsFrom, &p.tlsTo)
	}
	return t
}

func between(from, to *atomic.Int64) time.Duration {
	begin, end := from.Load(), to.Load()
	if begin == 0 || end < begin {
		return 0
	}
	return time.Duration(end - begin)
}
