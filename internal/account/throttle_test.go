package account_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newThrottle() (*account.Throttle, *clock) {
	c := &clock{time.Date(2026, 1, 24, 10, 30, 0, 0, time.UTC)}
	return account.NewThrottle(c.now), c
}

func fail(t *account.Throttle, email, addr string, times int) {
	for range times {
		_ = t.Allow(email, addr) // and never a success
	}
}

func TestTenFailuresStopAnAccountFromOneNetworkForAWhile(t *testing.T) {
	t.Parallel()
	throttle, clock := newThrottle()
	fail(throttle, "ada@example.com", "192.0.2.1", 9)
	if err := throttle.Allow("ADA@example.com", "192.0.2.1"); err != nil {
		t.Errorf("after nine: %v", err)
	}
	if err := throttle.Allow("ada@example.com", "192.0.2.1"); webhook.KindOf(err) != webhook.KindLimited {
		t.Errorf("after ten: %v, want limited", err)
	}
	if err := throttle.Allow("ada@example.com", "198.51.100.7"); err != nil {
		t.Errorf("the owner elsewhere: %v", err)
	}
	clock.at = clock.at.Add(15 * time.Minute)
	if err := throttle.Allow("ada@example.com", "192.0.2.1"); err != nil {
		t.Errorf("a quarter of an hour later: %v", err)
	}
}

func TestASuccessForgetsThePairsFailures(t *testing.T) {
	t.Parallel()
	throttle, _ := newThrottle()
	fail(throttle, "ada@example.com", "192.0.2.1", 9)
	throttle.Succeeded("ada@example.com", "192.0.2.1")
	fail(throttle, "ada@example.com", "192.0.2.1", 9)
	if err := throttle.Allow("ada@example.com", "192.0.2.1"); err != nil {
		t.Error(err)
	}
}

func TestOneNetworkCannotTryManyAccounts(t *testing.T) {
	t.Parallel()
	throttle, _ := newThrottle()
	for i := range 50 {
		fail(throttle, fmt.Sprintf("u%d@example.com", i), fmt.Sprintf("2001:db8:0:1::%x", i+1), 1)
	}
	if err := throttle.Allow("new@example.com", "2001:db8:0:1:ffff::1"); webhook.KindOf(err) != webhook.KindLimited {
		t.Errorf("the same /64: %v, want limited", err)
	}
	if err := throttle.Allow("new@example.com", "2001:db8:0:2::1"); err != nil {
		t.Errorf("another /64: %v", err)
	}
}

func TestStrangersEverywhereDoNotLockTheOwnerOut(t *testing.T) {
	t.Parallel()
	throttle, _ := newThrottle()
	throttle.Succeeded("ada@example.com", "203.0.113.5")
	for i := range 30 {
		fail(throttle, "ada@example.com", fmt.Sprintf("192.0.2.%d", i), 1)
	}
	if err := throttle.Allow("ada@example.com", "198.51.100.1"); webhook.KindOf(err) != webhook.KindLimited {
		t.Errorf("a stranger after thirty failures: %v, want limited", err)
	}
	if err := throttle.Allow("ada@example.com", "203.0.113.5"); err != nil {
		t.Errorf("the owner's usual place: %v", err)
	}
}

func TestGuessesMadeAllAtOnceAreCountedBeforeAnyOfThemEnds(t *testing.T) {
	t.Parallel()
	throttle, _ := newThrottle()
	allowed := 0
	for range 200 { // none has been answered yet
		if throttle.Allow("ada@example.com", "192.0.2.1") == nil {
			allowed++
		}
	}
	if allowed != 10 {
		t.Errorf("%d of 200 guesses under way at once were allowed, want 10", allowed)
	}
}

func TestSuccessesAreNoFailuresOfTheirNetwork(t *testing.T) {
	t.Parallel()
	throttle, _ := newThrottle()
	for i := range 200 {
		email := fmt.Sprintf("u%d@example.com", i)
		if err := throttle.Allow(email, "192.0.2.1"); err != nil {
			t.Fatalf("sign-in %d: %v", i, err)
		}
		throttle.Succeeded(email, "192.0.2.1")
	}
}
