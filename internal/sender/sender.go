package sender

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/bellwire/bellwire/internal/payload"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// Forwarder carries parcels to listeners. It returns within the parcel's timeout
// and a few seconds, and soon after ctx ends.
type Forwarder interface {
	Forward(ctx context.Context, parcel webhook.Parcel) webhook.Reply
}

// Options say who sends.
type Options struct {
	// Forward takes what is for endpoints of kind forward; without it nobody
	// listens.
	Forward Forwarder
	// Version is Bellwire's own, for the User-Agent.
	Version string
	// NodeID is written into every attempt.
	NodeID webhook.NodeID
	// Now is the wall clock of signatures and of the log; nil means time.Now.
	Now func() time.Time
}

// Sender sends. It is safe for concurrent use.
type Sender struct {
	transport http.RoundTripper
	options   Options
	bodies    *bodies
}

// New makes a sender over a transport that guards addresses, follows no
// redirects and speaks HTTP/1.1: egress's.
func New(transport http.RoundTripper, options Options) *Sender {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Sender{transport: transport, options: options, bodies: newBodies()}
}

// Send makes the claimed attempt of a job. It takes at most the endpoint's
// timeout. If ctx is cancelled before an answer came, the outcome is unknown.
func (s *Sender) Send(ctx context.Context, job webhook.Job, target *webhook.Target) webhook.Attempt {
	return s.SendTest(ctx, job, target, false)
}

// SendTest is Send; with useNext the next secret signs as if it were current.
func (s *Sender) SendTest(ctx context.Context, job webhook.Job, target *webhook.Target, useNext bool) webhook.Attempt {
	started := time.Now()
	attempt := webhook.Attempt{
		ID:              job.Delivery.AttemptID,
		DeliveryID:      job.Delivery.ID,
		Number:          job.Delivery.Attempts,
		StartedAt:       s.options.Now(),
		EndpointVersion: target.Version,
		NodeID:          s.options.NodeID,
		Request:         webhook.Request{Method: http.MethodPost, URL: target.URL},
	}
	built, err := s.build(job, target, attempt.StartedAt, useNext)
	if err != nil {
		fail(&attempt, webhook.CauseInternal, "nothing was sent: "+reason(err))
		attempt.Duration = time.Since(started)
		return attempt
	}
	attempt.SecretID = built.SecretID
	attempt.Request.Headers = masked(built.Headers, target.Headers)
	attempt.Request.Body = built.Body
	if target.Kind == webhook.KindForward {
		s.forward(ctx, &attempt, job, target, built)
		return attempt
	}
	exchange(ctx, s.transport, &attempt, request{target.URL, built.Headers, built.Body}, timeoutOf(target), s.options.Now)
	attempt.Duration = time.Since(started)
	return attempt
}

// build signs the event with the secrets of this moment.
func (s *Sender) build(job webhook.Job, target *webhook.Target, now time.Time, useNext bool) (wire.Built, error) {
	if target.Unreadable != "" {
		return wire.Built{}, errors.New(target.Unreadable)
	}
	body, err := s.body(job, target)
	if err != nil {
		return wire.Built{}, err
	}
	return wire.Build(wire.Message{
		Event:      job.Event,
		Format:     target.Format,
		Custom:     target.Custom,
		Signing:    webhook.SigningAt(target.Secrets, now),
		SentAt:     now,
		DeliveryID: job.Delivery.ID,
		AttemptID:  job.Delivery.AttemptID,
		Attempt:    job.Delivery.Attempts,
		Headers:    target.Headers,
		Version:    s.options.Version,
		UseNext:    useNext,
		Body:       body,
	})
}

// body is what can be made before the request is signed; nil for nothing.
func (s *Sender) body(job webhook.Job, target *webhook.Target) ([]byte, error) {
	if target.Template == "" || job.Event.Data == nil {
		return s.bodies.of(&job.Event, target.Format), nil
	}
	secrets := map[string]string{}
	for _, h := range target.Headers {
		if h.Secret {
			secrets[h.Name] = h.Value
		}
	}
	body, _, err := payload.Fill(target.Template, job.Event, secrets)
	return body, err
}

// request is what goes on the wire.
type request struct {
	to      string
	headers []webhook.HeaderLine
	body    []byte
}

// Post makes one request as it stands and reads the answer: what Send does after
// signing. Only what came of it is set in the attempt.
func Post(ctx context.Context, transport http.RoundTripper, to string, headers []webhook.HeaderLine, body []byte, timeout time.Duration) webhook.Attempt {
	attempt := webhook.Attempt{StartedAt: time.Now()}
	exchange(ctx, transport, &attempt, request{to, headers, body}, timeout, time.Now)
	attempt.Duration = time.Since(attempt.StartedAt)
	return attempt
}

// exchange sends the request and reads the answer into the attempt.
func exchange(parent context.Context, transport http.RoundTripper, attempt *webhook.Attempt, r request, timeout time.Duration, now func() time.Time) {
	phases := &phases{started: time.Now()}
	ctx, cancel := context.WithTimeout(phases.watch(parent), timeout)
	defer cancel()
	req, err := r.http(ctx)
	if err != nil {
		fail(attempt, webhook.CauseInternal, "nothing was sent: the endpoint's URL can't be read")
		return
	}
	response, err := transport.RoundTrip(req)
	if err != nil {
		attempt.Timings = phases.timings()
		if errors.Is(parent.Err(), context.Canceled) {
			attempt.Outcome, attempt.Cause = webhook.OutcomeUnknown, webhook.CauseWorkerLost
			attempt.Error = stoppedWords
			return
		}
		fail(attempt, causeOf(err, phases.reached(), ctx.Err() != nil), "")
		attempt.Error = words(attempt.Cause, err)
		return
	}
	attempt.Timings = phases.timings()
	receive(attempt, response, cancel, now)
}

func (r request) http(ctx context.Context) (*http.Request, error) {
	// NewRequest sets GetBody, with which net/http moves a request to a new
	// connection if nothing of it was written on a stale one. It never repeats
	// what was written, as no Idempotency-Key is ever sent.
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.to, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	values := make([]string, len(r.headers))
	header := make(http.Header, len(r.headers))
	for i, line := range r.headers {
		values[i] = line.Value
		header[line.Name] = values[i : i+1 : i+1] // as spelled, not canonical
	}
	req.Header = header
	return req, nil
}

// timeoutOf is the endpoint's limit of a whole attempt.
func timeoutOf(target *webhook.Target) time.Duration {
	switch {
	case target.Timeout <= 0:
		return webhook.DefaultTimeout
	case target.Timeout > webhook.MaxTimeout:
		return webhook.MaxTimeout
	}
	return target.Timeout
}

// masked hides the values of secret headers. The endpoint's own headers are
// the last lines, in their order.
func masked(lines []webhook.HeaderLine, own []webhook.Header) []webhook.HeaderLine {
	first := len(lines) - len(own)
	var copied []webhook.HeaderLine
	for i, h := range own {
		if !h.Secret {
			continue
		}
		if copied == nil {
			copied = append(copied, lines...)
		}
		copied[first+i].Value = mask(h.Value)
	}
	if copied == nil {
		return lines
	}
	return copied
}

// mask shows enough of a long value to tell it from another one.
func mask(value string) string {
	if len(value) < 12 {
		return "****"
	}
	return value[:4] + "…"
}

func fail(attempt *webhook.Attempt, cause webhook.Cause, text string) {
	attempt.Outcome, attempt.Cause, attempt.Error = webhook.OutcomeFailed, cause, text
}

// reason is an error's text for people: a webhook.Error's message without what
// is for the log.
func reason(err error) string {
	var e *webhook.Error
	if errors.As(err, &e) {
		return clean(e.Message, maxWords)
	}
	return clean(err.Error(), maxWords)
}
