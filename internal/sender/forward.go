package sender

import (
	"context"
	"net/http"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

const (
	stoppedWords = "stopped before an answer came: the request may or may not have been sent"
	lostWords    = "the listener's connection broke before it answered: your program may or may not have seen the request"
	nobodyWords  = "nobody is listening: start bellwire listen --forward again"
)

// forward has a listener make the request that was signed.
func (s *Sender) forward(ctx context.Context, attempt *webhook.Attempt, job webhook.Job, target *webhook.Target, built wire.Built) {
	reply := webhook.Reply{Fate: webhook.Unsent}
	if s.options.Forward != nil {
		reply = s.options.Forward.Forward(ctx, webhook.Parcel{
			ProjectID: job.Delivery.ProjectID, EndpointID: job.Delivery.EndpointID, EventID: job.Delivery.EventID, DeliveryID: job.Delivery.ID,
			AttemptID: job.Delivery.AttemptID, Topic: job.Delivery.Topic, Attempt: job.Delivery.Attempts, Timeout: timeoutOf(target),
			Headers: built.Headers, Body: built.Body,
		})
	}
	if reply.Fate == webhook.Unsent && job.Delivery.Test { // nobody sends a test later
		fail(attempt, webhook.CauseRefused, nobodyWords)
		return
	}
	Answer(attempt, reply)
	if reply.Fate == webhook.Lost && ctx.Err() != nil {
		attempt.Error = stoppedWords
	}
}

// Answer completes an attempt with what a listener says, within the bounds that
// hold for every answer: a listener is as much of a stranger as any receiver.
func Answer(attempt *webhook.Attempt, reply webhook.Reply) {
	switch reply.Fate {
	case webhook.Answered:
	case webhook.Unsent:
		attempt.Outcome = webhook.OutcomeUnsent
		return
	default:
		attempt.Outcome, attempt.Cause, attempt.Error = webhook.OutcomeUnknown, webhook.CauseWorkerLost, lostWords
		return
	}
	attempt.Error, attempt.Cause = "", ""
	attempt.Duration = min(max(reply.Duration, 0), webhook.MaxTimeout+transit)
	attempt.Timings = within(reply.Timings, attempt.Duration)
	if reply.Response.Status == 0 {
		fail(attempt, reply.Cause, clean(reply.Error, maxWords))
		return
	}
	header := http.Header{}
	for _, line := range reply.Response.Headers {
		header.Add(line.Name, line.Value)
	}
	ended := func() time.Time { return attempt.StartedAt.Add(attempt.Duration) }
	if decide(attempt, reply.Response.Status, header, ended) {
		body, long := clip(reply.Response.Body)
		attempt.Response.Body, attempt.Response.Truncated = body, long || reply.Response.Truncated
	}
}

// transit is how much longer than the timeout an exchange may be said to have
// taken.
const transit = 3 * time.Second

func within(t webhook.Timings, whole time.Duration) webhook.Timings {
	for _, part := range []*time.Duration{&t.DNS, &t.Connect, &t.TLS, &t.FirstByte} {
		*part = min(max(*part, 0), whole)
	}
	return t
}
