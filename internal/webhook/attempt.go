package webhook

import "time"

// Outcome is what became of one attempt.
type Outcome string

// The outcomes of an attempt.
const (
	OutcomeDelivered Outcome = "delivered"
	OutcomeFailed    Outcome = "failed"
	// OutcomeUnknown: the worker was lost; the request may or may not have
	// been sent.
	OutcomeUnknown Outcome = "unknown"
	// OutcomeUnsent: nothing was sent and nothing is logged; the claim is to be
	// given back.
	OutcomeUnsent Outcome = "unsent"
)

// Cause is why an attempt failed, as a word to group by; empty for success.
type Cause string

// The causes of failure.
const (
	CauseDNS            Cause = "dns_error"
	CauseRefused        Cause = "connect_refused"
	CauseConnectTimeout Cause = "connect_timeout"
	CauseConnect        Cause = "connect_error"
	CauseTLS            Cause = "tls_error"
	CauseTLSTimeout     Cause = "tls_timeout"
	CauseTimeout        Cause = "timeout"
	CauseReset          Cause = "reset"
	CauseClosed         Cause = "closed_without_response"
	CauseProtocol       Cause = "protocol_error"
	CauseHeaderTooLarge Cause = "header_too_large"
	CauseBlocked        Cause = "blocked_address"
	CauseRedirect       Cause = "redirect_refused"
	CauseStatus         Cause = "http_status"
	CauseWorkerLost     Cause = "worker_lost"
	CauseInternal       Cause = "internal"
	// CauseSlackToken: Slack does not take the token; nothing of the project
	// arrives until somebody connects it again.
	CauseSlackToken Cause = "slack_disconnected"
	// CauseSlack: Slack took the request and refused the message.
	CauseSlack Cause = "slack_refused"
)

// Answered reports whether an attempt of that cause, empty for success, brought
// an HTTP answer, be it a bad one.
func (c Cause) Answered() bool {
	switch c {
	case "", CauseStatus, CauseRedirect, CauseHeaderTooLarge, CauseSlack, CauseSlackToken:
		return true
	}
	return false
}

// Timed reports whether the time that such an attempt took says something of
// the receiver: it answered, or did not within the time that it has.
func (c Cause) Timed() bool { return c.Answered() || c == CauseTimeout }

// KeptBody is how much of an answer's body is kept, bytes.
const KeptBody = 64 << 10

// Attempt is one request on the wire and what came back.
type Attempt struct {
	ID         AttemptID
	DeliveryID DeliveryID
	// Number counts from 1 within the delivery.
	Number    int
	StartedAt time.Time
	Duration  time.Duration
	Timings   Timings
	Outcome   Outcome
	Cause     Cause
	// Error says what went wrong in words; it never quotes a secret or the
	// path and query of the URL.
	Error           string
	EndpointVersion int64
	SecretID        SecretID
	Request         Request
	Response        Response
	// RetryAfter is how long the receiver asked to be left alone, 0 for not
	// at all.
	RetryAfter time.Duration
	NodeID     NodeID
}

// Timings are the phases of an attempt; zero for a phase that did not happen,
// such as DNS on a reused connection.
type Timings struct {
	DNS       time.Duration
	Connect   time.Duration
	TLS       time.Duration
	FirstByte time.Duration
}

// Request is what was sent. Body is rebuilt from the event when read from the
// log; secret header values are masked.
type Request struct {
	Method  string
	URL     string
	Headers []HeaderLine
	Body    []byte
}

// Response is what came back; Status 0 means that nothing did.
type Response struct {
	Status  int
	Headers []HeaderLine
	// Body is the first 64 KiB.
	Body      []byte
	Truncated bool
}

// HeaderLine is one header as it stood on the wire.
type HeaderLine struct {
	Name  string
	Value string
}
