package account

import (
	"net/netip"
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// The bounds of guessing passwords.
const (
	throttleWindow  = 15 * time.Minute
	wrongPerAccount = 10
	wrongPerNetwork = 50
	// throttleSize bounds memory: past it the oldest counts are dropped.
	throttleSize = 20_000
	knownFor     = 30 * 24 * time.Hour
)

// Throttle slows down those who guess passwords, by account and by network. A
// network from which the account's owner has signed in has a count of its own,
// so that strangers can't lock the owner out.
type Throttle struct {
	now func() time.Time

	mu    sync.Mutex
	wrong map[string]tally
	known map[string]time.Time // by email and network: the last sign-in
}

type tally struct {
	count int
	since time.Time
}

// NewThrottle counts by the given clock.
func NewThrottle(now func() time.Time) *Throttle {
	return &Throttle{now: now, wrong: map[string]tally{}, known: map[string]time.Time{}}
}

// Allow refuses one more try when there were too many wrong ones.
func (t *Throttle) Allow(email, addr string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	account, network := t.names(email, addr)
	if t.count(account) >= wrongPerAccount || t.count(network) >= wrongPerNetwork {
		return webhook.Limited("too many wrong passwords; wait 15 minutes")
	}
	return nil
}

// Report counts a wrong password and remembers where a right one came from.
func (t *Throttle) Report(email, addr string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	account, network := t.names(email, addr)
	if ok {
		delete(t.wrong, account)
		bound(t.known)
		t.known[email+"\x00"+networkOf(addr)] = t.now()
		return
	}
	bound(t.wrong)
	for _, name := range []string{account, network} {
		c := t.wrong[name]
		if t.now().Sub(c.since) > throttleWindow {
			c = tally{since: t.now()}
		}
		c.count++
		t.wrong[name] = c
	}
}

// names are what a try counts under. From a known network the account's count
// is apart from everybody else's.
func (t *Throttle) names(email, addr string) (account, network string) {
	network = networkOf(addr)
	account = "account\x00" + email
	if last, ok := t.known[email+"\x00"+network]; ok && t.now().Sub(last) < knownFor {
		account += "\x00" + network
	}
	return account, "network\x00" + network
}

func (t *Throttle) count(name string) int {
	c := t.wrong[name]
	if t.now().Sub(c.since) > throttleWindow {
		return 0
	}
	return c.count
}

// networkOf is the address itself for IPv4 and its /64 for IPv6, of which one
// customer has all.
func networkOf(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	prefix, _ := ip.Prefix(64) // 64 is valid for IPv6
	return prefix.String()
}

// bound drops arbitrary entries of a map that has grown too large.
func bound[V any](m map[string]V) {
	for name := range m {
		if len(m) < throttleSize {
			return
		}
		delete(m, name)
	}
}
