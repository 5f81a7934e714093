package sender

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/egress"
	"github.com/bellwire/bellwire/internal/webhook"
)

// maxWords is how much of an error's text is kept, in bytes: it may quote the
// receiver.
const maxWords = 200

// causeOf groups a failed round trip. expired says that the attempt's own time
// was over.
func causeOf(err error, reached phase, expired bool) webhook.Cause {
	var dns *net.DNSError
	switch {
	case errors.Is(err, egress.ErrBlocked):
		return webhook.CauseBlocked
	case errors.As(err, &dns):
		return webhook.CauseDNS
	case expired || timedOut(err):
		return timeoutCause(reached)
	case isOp(err, "dial"):
		if errors.Is(err, syscall.ECONNREFUSED) {
			return webhook.CauseRefused
		}
		return webhook.CauseConnect
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return webhook.CauseReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), contains(err, "server closed idle connection"):
		return webhook.CauseClosed
	case reached == phaseTLS, isOp(err, "remote error"), isOp(err, "local error"):
		return webhook.CauseTLS
	case errors.Is(err, egress.ErrHeaderTooLarge), contains(err, "server response headers exceeded"):
		return webhook.CauseHeaderTooLarge
	case reached == phaseSent:
		return webhook.CauseProtocol
	case reached == phaseConnect:
		return webhook.CauseConnect
	}
	return webhook.CauseInternal
}

func timeoutCause(reached phase) webhook.Cause {
	switch reached {
	case phaseLookUp:
		return webhook.CauseDNS
	case phaseConnect:
		return webhook.CauseConnectTimeout
	case phaseTLS:
		return webhook.CauseTLSTimeout
	}
	return webhook.CauseTimeout
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func isOp(err error, op string) bool {
	var e *net.OpError
	return errors.As(err, &e) && e.Op == op
}

// contains is for what net/http says in words only.
func contains(err error, text string) bool { return strings.Contains(err.Error(), text) }

// words says what went wrong to the endpoint's developer. No error of a round
// trip holds the URL's path or query.
func words(cause webhook.Cause, err error) string {
	switch cause {
	case webhook.CauseDNS:
		return dnsWords(err)
	case webhook.CauseTimeout:
		return "no answer came in time"
	case webhook.CauseConnectTimeout:
		return "nothing answered at the address in time"
	case webhook.CauseTLSTimeout:
		return "the TLS handshake did not end in time"
	case webhook.CauseRefused:
		return "the connection was refused: nothing listens at this address and port"
	case webhook.CauseReset:
		return "the receiver reset the connection before it answered"
	case webhook.CauseClosed:
		return "the receiver closed the connection without a complete answer"
	case webhook.CauseHeaderTooLarge:
		return "the answer's headers are larger than 64 KiB"
	case webhook.CauseTLS:
		return "TLS failed: " + tlsWords(err)
	case webhook.CauseProtocol:
		return "the answer is not valid HTTP: " + clean(err.Error(), maxWords)
	}
	return clean(err.Error(), maxWords)
}

func dnsWords(err error) string {
	var dns *net.DNSError
	if !errors.As(err, &dns) || dns.IsTimeout {
		return "the host name was not resolved in time"
	}
	if dns.IsNotFound {
		return "the host name does not resolve"
	}
	return "the host name was not resolved: " + clean(dns.Err, maxWords)
}

func tlsWords(err error) string {
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var notTLS tls.RecordHeaderError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if now := time.Now(); now.Before(invalid.Cert.NotBefore) {
			return "the certificate is not valid before " + invalid.Cert.NotBefore.UTC().Format(time.DateOnly)
		}
		return "the certificate expired on " + invalid.Cert.NotAfter.UTC().Format(time.DateOnly)
	case errors.As(err, &unknown):
		return "the certificate is signed by an unknown authority (self-signed, or an intermediate certificate is missing)"
	case errors.As(err, &notTLS) && string(notTLS.RecordHeader[:]) == "HTTP/":
		return "the server gave HTTP response to HTTPS client: plain HTTP is spoken on this port"
	case errors.As(err, &notTLS):
		return "the receiver does not speak TLS on this port"
	}
	return clean(err.Error(), maxWords)
}

// clean makes a receiver's bytes fit for a log, a page and a database: what is
// not printable text is written as an escape, and at most limit bytes are kept.
func clean(text string, limit int) string {
	if len(text) <= limit && printable(text) {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); {
		c, width := utf8.DecodeRuneInString(text[i:])
		piece := text[i : i+width]
		switch {
		case c == utf8.RuneError && width == 1:
			piece = fmt.Sprintf(`\x%02x`, text[i])
		case c != ' ' && !unicode.IsPrint(c):
			piece = fmt.Sprintf(`\u%04x`, c)
		}
		if out.Len()+len(piece) > limit {
			break
		}
		out.WriteString(piece)
		i += width
	}
	return out.String()
}

func printable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7f {
			return false
		}
	}
	return true
}
