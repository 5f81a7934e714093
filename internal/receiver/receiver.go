// Package receiver is the other end of a delivery: a small HTTP handler that
// verifies a signature the way the receivers' own documents do and answers as
// it is told. The command "listen", the demo and the end-to-end tests use it.
//
// It is written from the receiver's side on purpose: it shares no signing code
// with package wire, so the two check each other.
package receiver

import (
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// maxBody is more than any payload that Bellwire sends: 256 KiB of data and
// its envelope.
const maxBody = 1 << 20

// Seen is one request that arrived, and what was answered.
type Seen struct {
	At         time.Time
	EventID    string
	DeliveryID string
	AttemptID  string
	Attempt    string
	Headers    http.Header
	Body       []byte
	// Fault says why the signature was refused; nil for a good one or when no
	// secret is known.
	Fault  error
	Status int
}

// Options say what a receiver checks and how it answers.
type Options struct {
	Format webhook.FormatName
	Custom *webhook.CustomFormat
	// Secret is asked for at every request; an empty one switches the check
	// off.
	Secret func() string
	// Answer gives the status for a request with a good signature and how long
	// to wait before it; nil answers 200 at once. n counts requests from 1.
	Answer func(n int64) (status int, wait time.Duration)
	// Saw is told of every request; nil for nobody. It may be called from
	// several goroutines.
	Saw func(Seen)
}

// Handler answers deliveries.
type Handler struct {
	options Options
	count   atomic.Int64
}

// New makes a receiver.
func New(options Options) *Handler {
	if options.Secret == nil {
		options.Secret = func() string { return "" }
	}
	if options.Answer == nil {
		options.Answer = func(int64) (int, time.Duration) { return http.StatusOK, 0 }
	}
	return &Handler{options: options}
}

// Sequence answers with the given statuses one after the other, and with the
// last one from then on.
func Sequence(statuses []int) func(int64) (int, time.Duration) {
	return func(n int64) (int, time.Duration) {
		if len(statuses) == 0 {
			return http.StatusOK, 0
		}
		return statuses[min(n, int64(len(statuses)))-1], 0
	}
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		http.Error(w, "the body broke off", http.StatusBadRequest)
		return
	}
	seen := Seen{
		At: time.Now(), Headers: r.Header, Body: body,
		EventID:    r.Header.Get("webhook-id"),
		DeliveryID: r.Header.Get("X-Bellwire-Delivery-Id"),
		AttemptID:  r.Header.Get("X-Bellwire-Attempt-Id"),
		Attempt:    r.Header.Get("X-Bellwire-Attempt"),
	}
	if secret := h.options.Secret(); secret != "" {
		seen.Fault = Verify(h.options.Format, h.options.Custom, secret, r.Header, body)
	}
	seen.Status = h.answer(w, r, seen.Fault)
	if h.options.Saw != nil {
		h.options.Saw(seen)
	}
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request, fault error) int {
	if fault != nil {
		http.Error(w, `{"error":"`+fault.Error()+`"}`, http.StatusForbidden)
		return http.StatusForbidden
	}
	status, wait := h.options.Answer(h.count.Add(1))
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-r.Context().Done():
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if status < 300 {
		io.WriteString(w, `{"received":true}`)
		return status
	}
	io.WriteString(w, `{"error":"`+http.StatusText(status)+`"}`)
	return status
}
