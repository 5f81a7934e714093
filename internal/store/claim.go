package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// claimWindow is how many ready endpoints one claim looks at, at most.
	claimWindow = 256
	// aheadOfSlots: endpoints without a limit of their own may have this many
	// times the default in leases, so that a node has the next ones at hand; brisk
	// ones aheadIfBrisk times, since each claim and each batch of results waits
	// for the disk. How many are open at once is the node's to keep.
	aheadOfSlots, aheadIfBrisk = 2, 4
	// rateSlack is how much of a rate may be taken in one go, in microseconds;
	// endpoint_queue.ready_at counts on it.
	rateSlack = 100_000
	// lookAgain is when to look again at an endpoint that has all its requests
	// out, in milliseconds: soon if some just ended, else later.
	lookAgainSoon, lookAgain = 5, 200
	// lookAgainUnknown is it for one that had no room because its pace is not
	// known: others like it may answer soon.
	lookAgainUnknown = 50
	// catchUpStep is how many retries are made due at once after a recovery.
	catchUpStep = 1000
	// claimNext bounds the wait that a claim announces.
	claimNext = time.Minute
)

// Claim leases due deliveries to a node, as many as it has room for: endpoints
// in turn, the oldest due of each first. next is how long it is until more may
// be due.
func (s *Store) Claim(ctx context.Context, node webhook.NodeID, room webhook.Room) (jobs []webhook.Job, next time.Duration, err error) {
	if room.Slots <= 0 {
		return nil, claimNext, nil
	}
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	claimedAt := time.Now()
	err = again(func() (err error) {
		jobs, next, err = s.hot.claim(ctx, node, room)
		return err
	})
	for i := range jobs {
		jobs[i].ClaimedAt = claimedAt
	}
	return jobs, min(max(next, time.Millisecond), claimNext), wrap("claim due deliveries", err)
}

// ready is an endpoint whose queue row says that something may go. Its row is
// locked while it is looked at.
type ready struct {
	endpoint, project uid
	nextDue, lineDue  int64
	rateTAT           int64
	drainRate         float64
	drainBefore       int64
	catchingUp        bool

	timeoutMS   int64
	maxInFlight int
	rate        float64
	failures    int
	// busy is how many of its requests are out, tests left out.
	busy int

	// pace is what the node that claims knows of it.
	pace webhook.Pace

	// share is how many free rows it may take, line whether it may take the
	// head of its line; taken is how many rows it took. crowded: it would have
	// got more if the node had more room for endpoints that lag.
	share, taken  int
	line, crowded bool
}

// ask learns from a node how endpoints do.
func ask(endpoints []*ready, room webhook.Room) {
	if room.Pace == nil {
		return
	}
	for _, r := range endpoints {
		r.pace = room.Pace(webhook.EndpointID{UUID: webhook.UUID(r.endpoint)})
	}
}

// limit is how many leases the endpoint may have at once.
func (r *ready) limit() int {
	limit := webhook.InFlight(r.maxInFlight, false, r.failures, r.pace == webhook.PaceSlow)
	switch {
	case r.maxInFlight > 0 || limit < webhook.DefaultMaxInFlight:
		return limit
	case r.pace == webhook.PaceBrisk:
		return limit * aheadIfBrisk
	}
	return limit * aheadOfSlots
}

// part is the part of a node's room that its next one takes up, beside a slot;
// nil for none.
func (r *ready) part(room *webhook.Room) *int {
	switch {
	case r.failures >= webhook.SparedAfter, r.pace == webhook.PaceSlow, r.pace == webhook.PaceUnknown && r.load() > 0:
		return &room.Lagging
	case r.pace == webhook.PaceUnknown:
		return &room.Unknown
	}
	return nil
}

// leaseMS is how long a claim on it lasts.
func (r *ready) leaseMS() int64 {
	return webhook.Settings{Timeout: time.Duration(r.timeoutMS) * time.Millisecond}.LeaseFor().Milliseconds()
}

// perSecond is the rate that counts at the moment, 0 for none.
func (r *ready) perSecond() float64 {
	if r.drainRate > 0 && (r.rate == 0 || r.drainRate < r.rate) {
		return r.drainRate
	}
	return r.rate
}

// spacing is the time between two requests in microseconds.
func (r *ready) spacing() int64 { return max(1, int64(1e6/r.perSecond())) }

// allowance is how many requests the rate allows at once now (milliseconds).
func (r *ready) allowance(now int64) int {
	if r.perSecond() == 0 {
		return int(^uint(0) >> 1)
	}
	from := max(r.rateTAT, now*1000)
	if from > now*1000+rateSlack {
		return 0
	}
	return int((now*1000+rateSlack-from)/r.spacing()) + 1
}

// took moves the rate clock on by n requests.
func (r *ready) took(n int, now int64) {
	r.taken += n
	if n > 0 && r.perSecond() > 0 {
		r.rateTAT = max(r.rateTAT, now*1000) + int64(n)*r.spacing()
	}
}

// full reports whether the endpoint's limit keeps the rest of its rows back.
func (r *ready) full() bool { return r.busy+r.taken >= r.limit() }

// turnAt is when to look at it again, given what is now at its heads.
func (r *ready) turnAt(now int64, head int64) int64 {
	switch {
	case head > now:
		return now
	case r.taken > 0 && r.full():
		return now + lookAgainSoon
	case r.taken > 0:
		return now
	case r.crowded && r.pace == webhook.PaceUnknown:
		return now + lookAgainUnknown
	case r.full(), r.crowded:
		return now + lookAgain
	}
	// Rows that are due and can't be taken are held by somebody else.
	return now + lookAgainSoon
}

// shareOut gives slots one by one: projects in turn, within a project to the
// endpoint with the fewest requests out. Those that lag get theirs while the
// node has room for such.
func shareOut(endpoints []*ready, room webhook.Room, now int64) {
	type tenant struct {
		busy      int
		endpoints []*ready
	}
	tenants := map[uid]*tenant{}
	var turn []*tenant
	for _, r := range endpoints {
		t := tenants[r.project]
		if t == nil {
			t = &tenant{}
			tenants[r.project] = t
			turn = append(turn, t)
		}
		t.busy += r.busy
		t.endpoints = append(t.endpoints, r)
	}
	slices.SortStableFunc(turn, func(a, b *tenant) int { return cmp.Compare(a.busy, b.busy) })
	for room.Slots > 0 && len(turn) > 0 {
		left := turn[:0]
		for _, t := range turn {
			if room.Slots > 0 && giveOne(t.endpoints, &room, now) {
				left = append(left, t)
			}
		}
		turn = left
	}
}

// giveOne gives a slot to the endpoint with the fewest requests out that has
// room; false if none has.
func giveOne(endpoints []*ready, room *webhook.Room, now int64) bool {
	var best *ready
	for _, r := range endpoints {
		if !r.wantsLine(now) && !r.wantsFree(now) {
			continue
		}
		part := r.part(room)
		if r.crowded = part != nil && *part <= 0; !r.crowded && (best == nil || r.load() < best.load()) {
			best = r
		}
	}
	if best == nil {
		return false
	}
	room.Slots--
	if part := best.part(room); part != nil {
		*part--
	}
	switch {
	case best.wantsLine(now):
		best.line = true
	default:
		best.share++
	}
	return true
}

// wantsLine: the head of its line may go, by all that is known. A line lets one
// out at a time, whatever the endpoint's limit.
func (r *ready) wantsLine(now int64) bool {
	return !r.line && r.lineDue <= now && r.allowance(now) > r.share
}

func (r *ready) wantsFree(now int64) bool {
	given := r.share
	if r.line {
		given++
	}
	return r.nextDue <= now && r.share < r.limit()-r.busy && given < r.allowance(now)
}

// load is how many requests it has out and was given.
func (r *ready) load() int {
	if r.line {
		return r.busy + r.share + 1
	}
	return r.busy + r.share
}

// stillReady leaves out what somebody else has served since it was looked for.
func stillReady(endpoints []*ready, now int64) []*ready {
	var still []*ready
	for _, r := range endpoints {
		if min(r.nextDue, r.lineDue) <= now {
			still = append(still, r)
		}
	}
	return still
}
