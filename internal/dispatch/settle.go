package dispatch

import (
	"fmt"
	"net/http"
	"time"

	"github.com/bellwire/bellwire/internal/retry"
	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// maxUnknowns is how many attempts in a row may end unknown before that
	// counts as a failure.
	maxUnknowns = 10
	// tooManyHold is the least wait after 429 when the receiver names none.
	tooManyHold = 60 * time.Second
)

// Settle decides what becomes of a delivery after an attempt. Policy is its
// endpoint's; jitter in 0..1 spreads retries.
func Settle(d webhook.Delivery, a webhook.Attempt, policy webhook.RetryPolicy, jitter float64) webhook.Settled {
	s := webhook.Settled{
		ProjectID:  d.ProjectID,
		EndpointID: d.EndpointID,
		DeliveryID: d.ID,
		Attempt:    a,
		Failures:   d.Failures,
		Test:       d.Test,
		Resend:     !d.ResendOf.IsZero(),
	}
	switch {
	case a.Outcome == webhook.OutcomeDelivered:
		s.State = webhook.Delivered
	case d.Test:
		s.State, s.Failures = webhook.Exhausted, d.Failures+1
		s.Reason = "a test is sent once"
	case a.Outcome == webhook.OutcomeUnknown && d.Unknowns+1 < maxUnknowns:
		s.State, s.Unknowns = webhook.Waiting, d.Unknowns+1
	case a.Response.Status == http.StatusGone && !s.Resend:
		s.State, s.Pause = webhook.Waiting, webhook.PausedAsGone
	case a.Cause == webhook.CauseSlackToken && !s.Resend:
		s.State, s.Pause = webhook.Waiting, webhook.PausedBySlack
	default:
		fail(&s, d, a, policy, jitter)
	}
	return s
}

// fail uses up one step of the retry schedule.
func fail(s *webhook.Settled, d webhook.Delivery, a webhook.Attempt, policy webhook.RetryPolicy, jitter float64) {
	s.Failures = d.Failures + 1
	hold := holdFor(a)
	if !s.Resend {
		s.HoldFor = hold
	}
	delay, again := retry.Next(policy, s.Failures, jitter)
	switch {
	case retry.GivesUp(policy, a.Response.Status):
		s.State = webhook.Exhausted
		s.Reason = fmt.Sprintf("the receiver answered %d, and retries of 4xx answers are switched off", a.Response.Status)
	case !again:
		s.State = webhook.Exhausted
		s.Reason = fmt.Sprintf("the retry schedule is used up after %s", attempts(d.Attempts))
	default:
		s.State, s.Delay = webhook.Waiting, max(delay, hold)
	}
}

// holdFor is how long the receiver wants to be left alone.
func holdFor(a webhook.Attempt) time.Duration {
	switch {
	case a.Response.Status == http.StatusTooManyRequests && a.RetryAfter <= 0:
		return tooManyHold
	case a.Response.Status == http.StatusTooManyRequests, a.Response.Status == http.StatusServiceUnavailable:
		return min(max(a.RetryAfter, 0), retry.MaxAfter)
	}
	return 0
}

func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}
