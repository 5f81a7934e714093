package webhook

import (
	"math/bits"
	"time"
)

const (
	// SlowAfter is how long an attempt may take before it counts as slow.
	SlowAfter = time.Second
	// briskWithin is how long most of an endpoint's last attempts take at most
	// if it is brisk.
	briskWithin = 100 * time.Millisecond
	// recentAttempts is how many of an endpoint's last attempts say how it does.
	recentAttempts = 20
	// SparedAfter is after how many failures in a row an endpoint is spared,
	// aloneAfter after how many it is tried one at a time.
	SparedAfter, aloneAfter = 10, 20
	// sparedInFlight is how many requests a spared endpoint gets at once.
	sparedInFlight = 8
)

// Pace is what a node knows of how fast an endpoint answers.
type Pace int

// The paces.
const (
	PaceQuick Pace = iota
	// PaceUnknown: nothing was answered yet, or requests hang at the moment.
	PaceUnknown
	// PaceSlow: the median of its last attempts took over SlowAfter.
	PaceSlow
	// PaceBrisk: quick enough to be worth claiming many for at once.
	PaceBrisk
)

// Recent remembers which of an endpoint's last attempts were slow. The zero
// value knows of none.
type Recent struct {
	over uint32 // one bit for each, the last one lowest; set for a slow one
	long uint32 // the same for one that took longer than briskWithin
	n    int
}

// Add notes an attempt that has ended.
func (r *Recent) Add(took time.Duration) {
	r.over, r.long = r.over<<1, r.long<<1
	if took > SlowAfter {
		r.over |= 1
	}
	if took > briskWithin {
		r.long |= 1
	}
	r.n = min(r.n+1, recentAttempts)
}

// Empty reports whether none has ended.
func (r *Recent) Empty() bool { return r.n == 0 }

// Slow reports whether the median of the last attempts took over SlowAfter.
// late are requests that are open for longer already: they are the newest.
func (r *Recent) Slow(late int) bool {
	late = min(late, recentAttempts)
	ended := min(r.n, recentAttempts-late)
	slow := late + bits.OnesCount32(r.over&(1<<ended-1))
	return 2*slow > late+ended
}

// Brisk reports whether most of the last attempts took no longer than
// briskWithin.
func (r *Recent) Brisk() bool { return 2*bits.OnesCount32(r.long&(1<<r.n-1)) < r.n }

// InFlight is how many requests to an endpoint may be open at once over all
// nodes, by its own limit (0 for none) and how it has been doing. An own limit
// stands although it is slow: whoever set it knows the receiver.
func InFlight(own int, ordered bool, failures int, slow bool) int {
	limit := own
	if own == 0 {
		limit = DefaultMaxInFlight
	}
	switch {
	case ordered, failures >= aloneAfter:
		return 1
	case failures >= SparedAfter, slow && own == 0:
		return min(limit, sparedInFlight)
	}
	return limit
}

// Room is what a node can take on by one claim.
type Room struct {
	// Slots is how many deliveries. Lagging is how many of them may be for
	// endpoints that fail or are slow, or the second and later ones for endpoints
	// of unknown pace; Unknown is how many may be the first ones for such.
	Slots, Lagging, Unknown int
	// Pace says what the node knows of an endpoint; nil if all are quick.
	Pace func(EndpointID) Pace
}
