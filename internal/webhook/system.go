package webhook

import "time"

// MaxLease is the longest that a claim can last.
const MaxLease = MaxTimeout + leaseBeyond

// silentAfter is how long a node may be quiet: it tells every ten seconds that
// it lives.
const silentAfter = 30 * time.Second

// NodeState says whether a node is there.
type NodeState string

// The states of a node.
const (
	NodeAlive NodeState = "alive"
	// NodeSilent has not been heard of lately; what it has in hand may still be
	// on its way.
	NodeSilent NodeState = "silent"
	// NodeLost was silent for longer than any lease: others have taken over what
	// it had in hand.
	NodeLost NodeState = "lost"
)

// Node is one server process. One that ends in good order is in no list.
type Node struct {
	ID          NodeID
	Name        string
	Version     string
	StartedAt   time.Time
	HeartbeatAt time.Time
	// Sending counts deliveries leased to it, and LeasedUntil is the last of
	// their leases.
	Sending     int64
	LeasedUntil time.Time
}

// StateAt judges the node by the database's clock.
func (n Node) StateAt(now time.Time) NodeState {
	silence := now.Sub(n.HeartbeatAt)
	switch {
	case silence < silentAfter:
		return NodeAlive
	case silence <= MaxLease || n.Sending > 0:
		return NodeSilent
	}
	return NodeLost
}

// Load is how much the queue has to do.
type Load struct {
	// Ready counts endpoints with something that may go now.
	Ready int64
	// Oldest is how long the first of them has been ready.
	Oldest time.Duration
	// Wide counts events whose deliveries are still being made, Made those
	// deliveries of them that are.
	Wide, Made int64
}

// Database is what keeps everything.
type Database struct {
	// Kind is "sqlite" or "postgres".
	Kind    string
	Version string
	// Size is in bytes.
	Size int64
}
