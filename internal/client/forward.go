package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/sender"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Forwarded is one request that was made on this machine.
type Forwarded struct {
	Request
	// Attempt holds what came of it; Response.Status 0 means no answer.
	Attempt webhook.Attempt
}

// Forward gets a project's deliveries and posts them to a program that this
// machine reaches. Its functions are told what happens; several goroutines may
// call them.
type Forward struct {
	Client *Client
	Wish   Wish
	// Transport makes the requests.
	Transport http.RoundTripper
	// Connected is called for each stream; again says that it is not the first.
	Connected func(l Listening, again bool)
	// Away says why there is no stream and when the next one is tried.
	Away func(why error, wait time.Duration)
	// Made is called for each request that was made.
	Made func(l Listening, f Forwarded)

	out     outbox
	posting sync.WaitGroup
}

const (
	firstWait, lastWait = 200 * time.Millisecond, 4 * time.Second
	// finishing is how long requests that are under way may take once the
	// command is told to stop.
	finishing = 5 * time.Second
)

// ErrReplaced says that another machine listens under the same name and key.
var ErrReplaced = errors.New("another listener with the same name and key took over; choose another --name to run both")

// Run listens until ctx ends, across broken connections and restarts of the
// server, then finishes what is under way and removes the endpoint. An error
// means that trying again is no use.
func (f *Forward) Run(ctx context.Context) error {
	l, err := f.begin(ctx)
	if err != nil {
		if stopped(ctx) {
			return nil // nothing began
		}
		return err
	}
	// Requests and answers outlive the stream that they came from.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	f.out.more = make(chan struct{}, 1)
	var sending sync.WaitGroup
	sending.Go(func() { f.send(work) })
	l, err = f.listen(ctx, work, l)
	f.finish(stop, &sending)
	if stopped(ctx) { // whatever the last stream ended with
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishing)
		defer cancel()
		return f.farewell(last, l)
	}
	return err
}

// begin asks for the endpoint until the server answers.
func (f *Forward) begin(ctx context.Context) (Listening, error) {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		l, err := f.Client.listen(ctx, f.Wish)
		if err == nil || final(err) || status(err) == http.StatusNotFound || stopped(ctx) {
			f.out.endpoint(l.ID)
			return l, err
		}
		f.rest(ctx, err, wait)
	}
}

// listen holds one stream after the other. It ends with ctx, or with an error
// that would only be repeated.
func (f *Forward) listen(ctx, work context.Context, l Listening) (Listening, error) {
	again, wait := false, firstWait
	began := func() {
		f.Connected(l, again)
		again, wait = true, firstWait
		f.out.alive()
	}
	for {
		reason, err := f.Client.stream(ctx, l.ID, began, func(r Request) {
			f.posting.Go(func() { f.make(work, l, r) })
		})
		if stopped(ctx) {
			return l, ctx.Err()
		}
		if err := over(reason, err); err != nil {
			return l, err
		}
		f.rest(ctx, orReason(err, reason), wait)
		wait = min(2*wait, lastWait)
		if status(err) == http.StatusNotFound { // away for too long: a new one
			again = false
			if l, err = f.begin(ctx); err != nil {
				return l, err
			}
		}
	}
}

// over is why another stream is no use; nil if it is.
func over(reason string, err error) error {
	switch webhook.StreamEnd(reason) {
	case webhook.StreamReplaced:
		return ErrReplaced
	case webhook.StreamRevoked:
		return errors.New("the API key has been revoked")
	case webhook.StreamDeleted:
		return errors.New("the endpoint was deleted in the dashboard")
	}
	if final(err) {
		return err
	}
	return nil
}

func orReason(err error, reason string) error {
	switch {
	case err != nil:
		return err
	case reason == string(webhook.StreamStopping):
		return errors.New("the server is restarting")
	}
	return errors.New("the server ended the stream")
}

func (f *Forward) rest(ctx context.Context, why error, wait time.Duration) {
	if ctx.Err() != nil {
		return
	}
	f.Away(why, wait)
	select {
	case <-time.After(wait/2 + rand.N(wait)): //nolint:gosec // spreads, keeps no secret
	case <-ctx.Done():
	}
}

// make makes one request and has its answer sent.
func (f *Forward) make(ctx context.Context, l Listening, r Request) {
	headers := make([]webhook.HeaderLine, len(r.Headers))
	for i, h := range r.Headers {
		headers[i] = webhook.HeaderLine{Name: h.Name, Value: h.Value}
	}
	a := sender.Post(ctx, f.Transport, f.Wish.URL, headers, r.Body, time.Duration(r.TimeoutSeconds*float64(time.Second)))
	if a.Outcome == webhook.OutcomeUnknown { // the command ended first
		a.Cause, a.Error = webhook.CauseClosed, "the listener was stopped before the program answered"
	}
	if a.Cause == webhook.CauseRefused {
		a.Error = "nothing listens on " + host(f.Wish.URL)
	}
	f.out.add(answerOf(r, a))
	f.Made(l, Forwarded{r, a})
}

func host(raw string) string {
	if u, err := url.Parse(raw); err == nil {
		return u.Host
	}
	return "it"
}

func answerOf(r Request, a webhook.Attempt) answer {
	said := answer{
		DeliveryID: r.DeliveryID, AttemptID: r.AttemptID, Status: a.Response.Status, Body: a.Response.Body, Truncated: a.Response.Truncated,
		DurationMS: ms(a.Duration), Timings: timings{ms(a.Timings.DNS), ms(a.Timings.Connect), ms(a.Timings.TLS), ms(a.Timings.FirstByte)},
	}
	for _, h := range a.Response.Headers {
		said.Headers = append(said.Headers, line{h.Name, h.Value})
	}
	if said.Status == 0 {
		said.Cause, said.Error = string(a.Cause), a.Error
	}
	return said
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// finish waits for what is under way, but not for ever, and for its answers.
func (f *Forward) finish(stop context.CancelFunc, sending *sync.WaitGroup) {
	late := time.AfterFunc(finishing, stop)
	defer late.Stop()
	f.posting.Wait()
	f.out.close()
	sending.Wait()
}

// farewell removes the endpoint; one that is gone already is fine.
func (f *Forward) farewell(ctx context.Context, l Listening) error {
	if err := f.Client.stopListening(ctx, l.ID); err != nil && status(err) != http.StatusNotFound {
		return fmt.Errorf("the endpoint could not be removed; it goes by itself in 30 seconds: %w", err)
	}
	return nil
}

// stopped reports whether the person at the terminal has had enough.
func stopped(ctx context.Context) bool { return ctx.Err() != nil }

// status is that of a refusal, 0 for any other error.
func status(err error) int {
	var refused *Refusal
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}

// final reports whether a refusal would only be repeated. Of a listener that is
// not found there is a new one to make.
func final(err error) bool {
	s := status(err)
	return s >= 400 && s < 500 && s != http.StatusNotFound && s != http.StatusTooManyRequests && s != http.StatusRequestTimeout
}
