package dispatch_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/dispatch"
	"github.com/bellwire/bellwire/internal/webhook"
)

var (
	standard = webhook.RetryPolicy{Policy: webhook.RetryStandard}
	short    = webhook.RetryPolicy{Policy: webhook.RetryShort}
)

// answered is a failed attempt with a status; 0 is no answer.
func answered(status int, retryAfter time.Duration) webhook.Attempt {
	return webhook.Attempt{
		Outcome: webhook.OutcomeFailed, Cause: webhook.CauseStatus,
		Response: webhook.Response{Status: status}, RetryAfter: retryAfter,
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	unknown := webhook.Attempt{Outcome: webhook.OutcomeUnknown, Cause: webhook.CauseWorkerLost}
	resend := webhook.DeliveryID{UUID: webhook.UUID{9}}
	custom := webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: []time.Duration{7 * time.Second}}
	cases := map[string]struct {
		delivery webhook.Delivery
		attempt  webhook.Attempt
		policy   webhook.RetryPolicy
		want     webhook.Settled
	}{
		"a success ends the delivery": {
			delivery: webhook.Delivery{Attempts: 3, Failures: 2},
			attempt:  webhook.Attempt{Outcome: webhook.OutcomeDelivered, Response: webhook.Response{Status: 204}},
			want:     webhook.Settled{State: webhook.Delivered, Failures: 2},
		},
		"the first failure waits 5 s": {
			attempt: answered(500, 0),
			want:    webhook.Settled{State: webhook.Waiting, Delay: 5 * time.Second, Failures: 1},
		},
		"the ninth failure waits a day": {
			delivery: webhook.Delivery{Failures: 8},
			attempt:  answered(0, 0),
			want:     webhook.Settled{State: webhook.Waiting, Delay: 24 * time.Hour, Failures: 9},
		},
		"the tenth failure is the last": {
			delivery: webhook.Delivery{Attempts: 10, Failures: 9},
			attempt:  answered(500, 0),
			want: webhook.Settled{
				State: webhook.Exhausted, Failures: 10, Reason: "the retry schedule is used up after 10 attempts",
			},
		},
		"the short schedule ends after three retries": {
			delivery: webhook.Delivery{Attempts: 4, Failures: 3},
			attempt:  answered(500, 0),
			policy:   short,
			want: webhook.Settled{
				State: webhook.Exhausted, Failures: 4, Reason: "the retry schedule is used up after 4 attempts",
			},
		},
		"a custom schedule is kept to": {
			attempt: answered(500, 0),
			policy:  custom,
			want:    webhook.Settled{State: webhook.Waiting, Delay: 7 * time.Second, Failures: 1},
		},
		"an empty custom schedule tries once": {
			delivery: webhook.Delivery{Attempts: 1},
			attempt:  answered(500, 0),
			policy:   webhook.RetryPolicy{Policy: webhook.RetryCustom},
			want: webhook.Settled{
				State: webhook.Exhausted, Failures: 1, Reason: "the retry schedule is used up after 1 attempt",
			},
		},
		"an unknown result is due at once and uses up nothing": {
			delivery: webhook.Delivery{Failures: 4, Unknowns: 2},
			attempt:  unknown,
			want:     webhook.Settled{State: webhook.Waiting, Failures: 4, Unknowns: 3},
		},
		"the tenth unknown in a row is a failure": {
			delivery: webhook.Delivery{Unknowns: 9},
			attempt:  unknown,
			want:     webhook.Settled{State: webhook.Waiting, Delay: 5 * time.Second, Failures: 1},
		},
		"a failure ends a row of unknowns": {
			delivery: webhook.Delivery{Unknowns: 5},
			attempt:  answered(500, 0),
			want:     webhook.Settled{State: webhook.Waiting, Delay: 5 * time.Second, Failures: 1},
		},
		"410 pauses the endpoint and the delivery stays": {
			delivery: webhook.Delivery{Failures: 9},
			attempt:  answered(410, 0),
			want:     webhook.Settled{State: webhook.Waiting, Failures: 9, Pause: webhook.PausedAsGone},
		},
		"a token that Slack does not take pauses the endpoint and the delivery stays": {
			delivery: webhook.Delivery{Failures: 9},
			attempt:  webhook.Attempt{Outcome: webhook.OutcomeFailed, Cause: webhook.CauseSlackToken, Response: webhook.Response{Status: 200}},
			want:     webhook.Settled{State: webhook.Waiting, Failures: 9, Pause: webhook.PausedBySlack},
		},
		"410 to a resend pauses nothing": {
			delivery: webhook.Delivery{ResendOf: resend},
			attempt:  answered(410, 0),
			want:     webhook.Settled{State: webhook.Waiting, Delay: 5 * time.Second, Failures: 1, Resend: true},
		},
		"Retry-After lengthens the wait and holds the endpoint": {
			attempt: answered(503, time.Minute),
			want:    webhook.Settled{State: webhook.Waiting, Delay: time.Minute, HoldFor: time.Minute, Failures: 1},
		},
		"Retry-After never shortens the wait": {
			delivery: webhook.Delivery{Failures: 1},
			attempt:  answered(429, time.Second),
			want:     webhook.Settled{State: webhook.Waiting, Delay: 5 * time.Minute, HoldFor: time.Second, Failures: 2},
		},
		"Retry-After is capped at a day": {
			attempt: answered(503, 1000*time.Hour),
			want:    webhook.Settled{State: webhook.Waiting, Delay: 24 * time.Hour, HoldFor: 24 * time.Hour, Failures: 1},
		},
		"429 without Retry-After holds for a minute": {
			attempt: answered(429, 0),
			want:    webhook.Settled{State: webhook.Waiting, Delay: time.Minute, HoldFor: time.Minute, Failures: 1},
		},
		"503 without Retry-After holds nothing": {
			attempt: answered(503, 0),
			want:    webhook.Settled{State: webhook.Waiting, Delay: 5 * time.Second, Failures: 1},
		},
		"Retry-After of other answers counts for nothing": {
			attempt: answered(500, time.Hour),
			want:    webhook.Settled{State: webhook.Waiting, Delay: 5 * time.Second, Failures: 1},
		},
		"Retry-After holds the endpoint although the schedule is used up": {
			delivery: webhook.Delivery{Attempts: 10, Failures: 9},
			attempt:  answered(503, time.Hour),
			want: webhook.Settled{
				State: webhook.Exhausted, HoldFor: time.Hour, Failures: 10,
				Reason: "the retry schedule is used up after 10 attempts",
			},
		},
		"a resend waits for Retry-After but does not hold the endpoint": {
			delivery: webhook.Delivery{ResendOf: resend},
			attempt:  answered(429, time.Hour),
			want:     webhook.Settled{State: webhook.Waiting, Delay: time.Hour, Failures: 1, Resend: true},
		},
		"4xx are retried": {
			attempt: answered(404, 0),
			want:    webhook.Settled{State: webhook.Waiting, Delay: 5 * time.Second, Failures: 1},
		},
		"4xx are final where that is switched off": {
			attempt: answered(404, 0),
			policy:  webhook.RetryPolicy{Policy: webhook.RetryStandard, NoClientErrors: true},
			want: webhook.Settled{
				State: webhook.Exhausted, Failures: 1,
				Reason: "the receiver answered 404, and retries of 4xx answers are switched off",
			},
		},
		"408 and 429 are retried even then": {
			attempt: answered(408, 0),
			policy:  webhook.RetryPolicy{Policy: webhook.RetryStandard, NoClientErrors: true},
			want:    webhook.Settled{State: webhook.Waiting, Delay: 5 * time.Second, Failures: 1},
		},
		"a test is sent once": {
			delivery: webhook.Delivery{Test: true},
			attempt:  answered(410, 0),
			want:     webhook.Settled{State: webhook.Exhausted, Failures: 1, Reason: "a test is sent once", Test: true},
		},
		"a lost test is not sent again": {
			delivery: webhook.Delivery{Test: true},
			attempt:  unknown,
			want:     webhook.Settled{State: webhook.Exhausted, Failures: 1, Reason: "a test is sent once", Test: true},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.delivery.ID.UUID[0], c.delivery.ProjectID.UUID[0], c.delivery.EndpointID.UUID[0] = 1, 2, 3
			c.want.DeliveryID, c.want.ProjectID, c.want.EndpointID = c.delivery.ID, c.delivery.ProjectID, c.delivery.EndpointID
			c.want.Attempt = c.attempt
			policy := c.policy
			if policy.Policy == "" {
				policy = standard
			}
			got := dispatch.Settle(c.delivery, c.attempt, policy, 0.5)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSettleSpreadsRetriesByAFifth(t *testing.T) {
	t.Parallel()
	for jitter, want := range map[float64]time.Duration{0: 4 * time.Second, 1: 6 * time.Second} {
		if got := dispatch.Settle(webhook.Delivery{}, answered(500, 0), standard, jitter).Delay; got != want {
			t.Errorf("jitter %v: delay %s, want %s", jitter, got, want)
		}
	}
}
