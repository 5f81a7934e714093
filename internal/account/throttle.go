package account

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// The failures that a window allows. The pair of account and network is the
// usual one; the network's stops somebody who tries many accounts; the
// account's stops many networks that try one, but never a network from which
// its owner has signed in before, so that nobody is locked out by strangers.
const (
	throttleWindow  = 15 * time.Minute
	pairFailures    = 10
	networkFailures = 50
	accountFailures = 30
	// throttleRows bounds the memory of the tables.
	throttleRows = 100_000
)

// Throttle counts failed sign-ins in the memory of this process. An attempt
// counts as failed from the moment it is allowed until it is reported as a
// success, so that guesses made all at once are counted like those in a row.
type Throttle struct {
	now func() time.Time

	mu       sync.Mutex // guards the tables
	failures map[string]*window
	known    map[string]time.Time // pairs that have signed in
}

type window struct {
	start time.Time
	count int
}

// NewThrottle starts with nobody counted.
func NewThrottle(now func() time.Time) *Throttle {
	return &Throttle{now: now, failures: map[string]*window{}, known: map[string]time.Time{}}
}

// Allow refuses an attempt when there were too many failures lately, else
// counts it.
func (t *Throttle) Allow(email, addr string) error {
	network := networkOf(addr)
	t.mu.Lock()
	defer t.mu.Unlock()
	_, trusted := t.known[pair(email, network)]
	switch {
	case t.count(pair(email, network)) >= pairFailures,
		t.count("net "+network) >= networkFailures && !trusted,
		t.count("acc "+strings.ToLower(email)) >= accountFailures && !trusted:
		return webhook.Limited("too many failed sign-ins; try again in a quarter of an hour")
	}
	if len(t.failures) >= throttleRows {
		t.forget()
	}
	for _, key := range keysOf(email, network) {
		if t.count(key) == 0 {
			t.failures[key] = &window{start: t.now()}
		}
		t.failures[key].count++
	}
	return nil
}

// Succeeded takes an allowed attempt back: the password was right. The pair's
// earlier failures are forgotten with it.
func (t *Throttle) Succeeded(email, addr string) {
	network := networkOf(addr)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keysOf(email, network) {
		if t.count(key) > 0 {
			t.failures[key].count--
		}
	}
	delete(t.failures, pair(email, network))
	if len(t.known) >= throttleRows {
		clear(t.known)
	}
	t.known[pair(email, network)] = t.now()
}

func keysOf(email, network string) []string {
	return []string{pair(email, network), "net " + network, "acc " + strings.ToLower(email)}
}

func (t *Throttle) count(key string) int {
	w := t.failures[key]
	if w == nil || t.now().Sub(w.start) >= throttleWindow {
		return 0
	}
	return w.count
}

// forget drops what is over; if that frees nothing, everything: a full table
// must not let memory grow.
func (t *Throttle) forget() {
	for key, w := range t.failures {
		if t.now().Sub(w.start) >= throttleWindow {
			delete(t.failures, key)
		}
	}
	if len(t.failures) >= throttleRows {
		clear(t.failures)
	}
}

func pair(email, network string) string { return "pair " + strings.ToLower(email) + " " + network }

// networkOf is the address for IPv4 and the /64 for IPv6, which one customer
// has for itself.
func networkOf(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	ip = ip.Unmap()
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return addr
	}
	return prefix.String()
}
