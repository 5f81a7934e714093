// Package retry decides how long to wait after a failed attempt, or to give
// up. It knows schedules and the Retry-After header.
//
// It must not know clocks, randomness (both are passed in), deliveries or
// what an attempt was.
package retry

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// MaxAfter caps what a receiver can ask for with Retry-After.
const MaxAfter = 24 * time.Hour

// The bounds of one delay of a custom schedule.
const (
	MinDelay = time.Second
	MaxDelay = 7 * 24 * time.Hour
)

// spread is the share by which jitter lengthens or shortens a delay at most.
const spread = 0.2

// schedules are the waits after the first, second, … failure.
var schedules = map[webhook.RetryName][]time.Duration{
	webhook.RetryStandard: {
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
		10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	},
	webhook.RetryShort: {10 * time.Second, 60 * time.Second, 300 * time.Second},
}

// Next says how long to wait after a delivery's failures so far, the latest
// included, and whether to try again at all. jitter in 0..1 moves the delay
// evenly between 80 and 120 % of the schedule's.
func Next(p webhook.RetryPolicy, failures int, jitter float64) (delay time.Duration, again bool) {
	delays := delaysOf(p)
	if failures < 1 || failures > len(delays) {
		return 0, false
	}
	factor := 1 - spread + 2*spread*min(max(jitter, 0), 1)
	return time.Duration(float64(delays[failures-1]) * factor), true
}

// delaysOf is a policy's schedule; a name that is not known gets the standard
// one, because giving up would lose deliveries.
func delaysOf(p webhook.RetryPolicy) []time.Duration {
	if p.Policy == webhook.RetryCustom {
		return p.Delays
	}
	if delays, ok := schedules[p.Policy]; ok {
		return delays
	}
	return schedules[webhook.RetryStandard]
}

// GivesUp reports whether a policy stops at once on an answer's status: a 4xx
// other than 408, 410 and 429 where the developer switched their retries off.
func GivesUp(p webhook.RetryPolicy, status int) bool {
	return p.NoClientErrors && status >= 400 && status <= 499 &&
		status != 408 && status != 410 && status != 429
}

// Schedules are the named schedules, for people to read; the caller owns the
// copy.
func Schedules() map[webhook.RetryName][]time.Duration {
	copied := make(map[webhook.RetryName][]time.Duration, len(schedules))
	for name, delays := range schedules {
		copied[name] = slices.Clone(delays)
	}
	return copied
}

// Check refuses a policy that can't be followed.
func Check(p webhook.RetryPolicy) error {
	switch p.Policy {
	case webhook.RetryStandard, webhook.RetryShort:
		if len(p.Delays) > 0 {
			return webhook.Invalid("retry.delaysSeconds", "belong to the policy custom only")
		}
		return nil
	case webhook.RetryCustom:
		return checkDelays(p.Delays)
	}
	return webhook.Invalid("retry.policy", "must be standard, short or custom, not %q", p.Policy)
}

func checkDelays(delays []time.Duration) error {
	if len(delays) == 0 || len(delays) > webhook.MaxRetryDelays {
		return webhook.Invalid("retry.delaysSeconds", "must list 1 to %d delays, not %d", webhook.MaxRetryDelays, len(delays))
	}
	for i, delay := range delays {
		if delay < MinDelay || delay > MaxDelay {
			return webhook.Invalid("retry.delaysSeconds["+strconv.Itoa(i)+"]",
				"must be %.0f to %.0f seconds", MinDelay.Seconds(), MaxDelay.Seconds())
		}
	}
	return nil
}

// httpDates are the three spellings of RFC 9110 §5.6.7.
var httpDates = []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC}

// After reads a Retry-After header: seconds, or one of the three HTTP dates,
// capped at MaxAfter. A date that is past means no wait. Anything else is
// ignored and answers false.
func After(header string, now time.Time) (time.Duration, bool) {
	header = strings.TrimSpace(header)
	if wait, ok := seconds(header); ok {
		return wait, true
	}
	for _, layout := range httpDates {
		if at, err := time.ParseInLocation(layout, header, time.UTC); err == nil {
			return min(max(at.Sub(now), 0), MaxAfter), true
		}
	}
	return 0, false
}

// seconds reads a run of digits; one too long to count is the cap.
func seconds(text string) (time.Duration, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if most := int64(MaxAfter / time.Second); err != nil || n > most {
		n = most
	}
	return time.Duration(n) * time.Second, true
}
