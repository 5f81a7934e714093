package account_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestThrottle_guessers_are_slowed_and_the_owner_is_not_locked_out(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	throttle := account.NewThrottle(func() time.Time { return now })
	throttle.Report("ada@example.com", "192.0.2.1", true)
	tried := 0
	for i := range 100 {
		addr := fmt.Sprintf("198.51.100.%d", i)
		if throttle.Allow("ada@example.com", addr) == nil {
			tried++
			throttle.Report("ada@example.com", addr, false)
		}
	}
	if tried != 10 {
		t.Errorf("100 addresses got %d tries at one account, want 10", tried)
	}
	if err := throttle.Allow("ada@example.com", "192.0.2.1"); err != nil {
		t.Errorf("the owner is locked out: %v", err)
	}
	now = now.Add(16 * time.Minute)
	if err := throttle.Allow("ada@example.com", "198.51.100.7"); err != nil {
		t.Errorf("the count does not end: %v", err)
	}
}

func TestThrottle_one_network_is_stopped_over_many_accounts(t *testing.T) {
	t.Parallel()
	throttle := account.NewThrottle(time.Now)
	for i := range 50 {
		throttle.Report(fmt.Sprintf("u%d@example.com", i), fmt.Sprintf("2001:db8::%x", i), false)
	}
	err := throttle.Allow("someone@example.com", "2001:db8::ffff")
	if webhook.KindOf(err) != webhook.KindLimited {
		t.Errorf("got %v, want Limited", err)
	}
}
