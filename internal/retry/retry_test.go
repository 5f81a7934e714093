package retry_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/retry"
	"github.com/bellwire/bellwire/internal/webhook"
)

const middle = 0.5

func TestSchedulesAreThoseOfTheSemantics(t *testing.T) {
	t.Parallel()
	cases := map[webhook.RetryName]string{
		webhook.RetryStandard: "5s 5m0s 30m0s 2h0m0s 5h0m0s 10h0m0s 14h0m0s 20h0m0s 24h0m0s",
		webhook.RetryShort:    "10s 1m0s 5m0s",
		webhook.RetryCustom:   "3s 7s",
		"":                    "5s 5m0s 30m0s 2h0m0s 5h0m0s 10h0m0s 14h0m0s 20h0m0s 24h0m0s",
	}
	for name, want := range cases {
		p := webhook.RetryPolicy{Policy: name}
		if name == webhook.RetryCustom {
			p.Delays = []time.Duration{3 * time.Second, 7 * time.Second}
		}
		var got []string
		for failures := 1; ; failures++ {
			delay, again := retry.Next(p, failures, middle)
			if !again {
				break
			}
			got = append(got, delay.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q\n got %s\nwant %s", name, strings.Join(got, " "), want)
		}
	}
}

func TestJitterMovesADelayByAFifthAtMost(t *testing.T) {
	t.Parallel()
	p := webhook.RetryPolicy{Policy: webhook.RetryShort}
	for jitter, want := range map[float64]time.Duration{
		0: 8 * time.Second, 0.25: 9 * time.Second, 0.5: 10 * time.Second, 1: 12 * time.Second,
		-3: 8 * time.Second, 7: 12 * time.Second,
	} {
		if got, _ := retry.Next(p, 1, jitter); got.Round(time.Millisecond) != want {
			t.Errorf("jitter %v: %v, want %v", jitter, got, want)
		}
	}
}

func TestThereIsNoRetryOutsideTheSchedule(t *testing.T) {
	t.Parallel()
	for _, failures := range []int{-1, 0, 4, 1000} {
		if delay, again := retry.Next(webhook.RetryPolicy{Policy: webhook.RetryShort}, failures, middle); again || delay != 0 {
			t.Errorf("%d failures: %v, %v", failures, delay, again)
		}
	}
	if _, again := retry.Next(webhook.RetryPolicy{Policy: webhook.RetryCustom}, 1, middle); again {
		t.Error("a custom policy without delays retries")
	}
}

func TestOnlyClientErrorsCanBeGivenUpAtOnce(t *testing.T) {
	t.Parallel()
	off := webhook.RetryPolicy{Policy: webhook.RetryStandard, NoClientErrors: true}
	for status, want := range map[int]bool{
		400: true, 401: true, 404: true, 422: true, 499: true,
		0: false, 302: false, 399: false, 408: false, 410: false, 429: false, 500: false, 503: false,
	} {
		if got := retry.GivesUp(off, status); got != want {
			t.Errorf("%d: %v", status, got)
		}
		if retry.GivesUp(webhook.RetryPolicy{}, status) {
			t.Errorf("%d is given up although not switched off", status)
		}
	}
}

func TestRetryAfterIsReadInEverySpellingAndJunkIsIgnored(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 24, 10, 30, 0, 0, time.UTC)
	const day = 24 * time.Hour
	cases := []struct {
		header string
		want   time.Duration
		ok     bool
	}{
		{"120", 2 * time.Minute, true},
		{" 7\t", 7 * time.Second, true},
		{"0", 0, true},
		{"86400", day, true},
		{"86401", day, true},
		{"99999999999999999999999999", day, true},
		{"Sat, 24 Jan 2026 10:32:00 GMT", 2 * time.Minute, true},
		{"Saturday, 24-Jan-26 10:32:00 GMT", 2 * time.Minute, true},
		{"Sat Jan 24 10:32:00 2026", 2 * time.Minute, true},
		{"Sat, 24 Jan 2026 10:29:00 GMT", 0, true},
		{"Sun, 24 Jan 2027 10:29:00 GMT", day, true},
		{"", 0, false},
		{"-5", 0, false},
		{"+5", 0, false},
		{"1.5", 0, false},
		{"1e3", 0, false},
		{"5 minutes", 0, false},
		{"soon", 0, false},
		{"2026-01-24T10:32:00Z", 0, false},
		{"Sat, 24 Jan 2026 10:32:00 CET", 0, false},
		{"٣", 0, false},
		{"1\x00", 0, false},
	}
	for _, c := range cases {
		if got, ok := retry.After(c.header, now); got != c.want || ok != c.ok {
			t.Errorf("%q: %v, %v, want %v, %v", c.header, got, ok, c.want, c.ok)
		}
	}
}

func TestPoliciesAreChecked(t *testing.T) {
	t.Parallel()
	delays := func(n int, d time.Duration) []time.Duration {
		list := make([]time.Duration, n)
		for i := range list {
			list[i] = d
		}
		return list
	}
	cases := []struct {
		name   string
		policy webhook.RetryPolicy
		want   string
	}{
		{"standard", webhook.RetryPolicy{Policy: webhook.RetryStandard, NoClientErrors: true}, ""},
		{"short", webhook.RetryPolicy{Policy: webhook.RetryShort}, ""},
		{"twenty delays", webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: delays(20, time.Second)}, ""},
		{"the longest delay", webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: delays(1, 168*time.Hour)}, ""},
		{"no delay", webhook.RetryPolicy{Policy: webhook.RetryCustom}, "retry.delaysSeconds"},
		{"twenty-one delays", webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: delays(21, time.Second)}, "retry.delaysSeconds"},
		{"a delay of nothing", webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: []time.Duration{time.Second, 0}}, "retry.delaysSeconds[1]"},
		{"a negative delay", webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: delays(1, -time.Hour)}, "retry.delaysSeconds[0]"},
		{"a delay of years", webhook.RetryPolicy{Policy: webhook.RetryCustom, Delays: delays(1, 169*time.Hour)}, "retry.delaysSeconds[0]"},
		{"delays of a named schedule", webhook.RetryPolicy{Policy: webhook.RetryShort, Delays: delays(1, time.Second)}, "retry.delaysSeconds"},
		{"no name", webhook.RetryPolicy{}, "retry.policy"},
		{"another name", webhook.RetryPolicy{Policy: "fast"}, "retry.policy"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := retry.Check(c.policy)
			var e *webhook.Error
			got := ""
			if errors.As(err, &e) {
				got = e.Fields[0].Location
			}
			if got != c.want || (err == nil) != (c.want == "") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestTheListOfSchedulesIsACopy(t *testing.T) {
	t.Parallel()
	list := retry.Schedules()
	if len(list) != 2 || len(list[webhook.RetryStandard]) != 9 || len(list[webhook.RetryShort]) != 3 {
		t.Fatalf("got %v", list)
	}
	list[webhook.RetryShort][0] = time.Hour
	if delay, _ := retry.Next(webhook.RetryPolicy{Policy: webhook.RetryShort}, 1, middle); delay != 10*time.Second {
		t.Errorf("the schedule changed to %v", delay)
	}
}

func FuzzAfter(f *testing.F) {
	for _, header := range []string{"120", "Sat, 24 Jan 2026 10:32:00 GMT", "Saturday, 24-Jan-26 10:32:00 GMT", "Sat Jan 24 10:32:00 2026", "-1", "x"} {
		f.Add(header)
	}
	now := time.Date(2026, 1, 24, 10, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, header string) {
		if wait, ok := retry.After(header, now); wait < 0 || wait > retry.MaxAfter || !ok && wait != 0 {
			t.Errorf("%q: %v, %v", header, wait, ok)
		}
	})
}
