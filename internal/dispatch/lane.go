package dispatch

import (
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// laneSlots is how many slots one lane may have beyond which its next job
	// must have come within laneWait: a lane that moves may have more at hand.
	laneSlots = 2 * webhook.DefaultMaxInFlight
	laneWait  = 250 * time.Millisecond
	// maxIdleLanes is how many endpoints without a job are remembered.
	maxIdleLanes = 4096
)

// lane is what this node holds and knows of one endpoint. It stays for a while
// when it holds nothing, for what it knows. The pool's mutex guards it.
type lane struct {
	// What decides about its turn lies together.
	tenant  *tenant // nil until its first job
	served  uint64
	running int
	bound   int // how many may run at once on this node; judge says
	class   class
	slow    bool

	turn *turn // where it stands while a job of it may begin
	at   int   // its place there

	id    webhook.EndpointID
	queue []webhook.Job // oldest first
	// reserved counts slots of hand-offs that are being stored.
	reserved int
	// late counts its open requests that took over webhook.SlowAfter already.
	late int
	// silent: it answered nothing quickly since the last late one began. answered
	// is the pool's count of begun jobs when it last did.
	silent   bool
	answered uint64

	limits limits
	recent webhook.Recent
	// failures counts failed attempts of this node since its last success.
	failures int
	load     load // what it adds to the pool's; judge says

	links[*lane] // among the idle ones, while it has no job
}

// limits are what an endpoint's settings and log say about how many requests
// may be open.
type limits struct {
	own      int
	ordered  bool
	failures int
}

// class is how far a lane is trusted not to hold workers for long.
type class int

const (
	trusted class = iota
	// newcomer: nothing was sent yet.
	newcomer
	// lagging: slow, failing, hanging, or yet to answer its first request.
	lagging
	classes
)

// load is what a lane, or all lanes, add to the pool.
type load struct {
	// startable is how many queued jobs are below their lane's bound.
	startable [classes]int
	// held slots and open requests count against the lagging ones' share, untried
	// are the slots of newcomers.
	held, open, untried int
}

func (l *load) add(o load, sign int) {
	for c := range l.startable {
		l.startable[c] += sign * o.startable[c]
	}
	l.held += sign * o.held
	l.open += sign * o.open
	l.untried += sign * o.untried
}

// tenant makes projects take turns.
type tenant struct {
	id     webhook.ProjectID
	lanes  int
	served uint64
	turns  [classes]turn
}

// turn is a project's lanes of a class that have a job that may begin.
type turn struct {
	lanes heap[*lane]
	at    int // its place among those of all projects
}

func (t *turn) place() *int { return &t.at }

// before goes by the lanes whose turn it is.
func (t *turn) before(o *turn) bool { return t.lanes[0].before(o.lanes[0]) }

func (l *lane) place() *int { return &l.at }

func (l *lane) held() int { return len(l.queue) + l.running + l.reserved }

func (l *lane) idle() bool { return l.held() == 0 }

// judge says how many requests it may have open, its class and what it adds to
// the pool.
func (l *lane) judge() {
	failures := max(l.failures, l.limits.failures)
	l.slow = l.recent.Slow(l.late)
	l.bound = webhook.InFlight(l.limits.own, l.limits.ordered, failures, l.slow)
	l.class, l.load = trusted, load{open: l.late}
	switch {
	case l.slow || failures >= webhook.SparedAfter || l.silent && l.late > 0 || l.recent.Empty() && l.running > 0:
		l.class, l.load = lagging, load{open: l.running, held: l.held()}
	case l.recent.Empty():
		l.class, l.load = newcomer, load{untried: l.held()}
	}
	l.load.startable[l.class] = max(0, min(len(l.queue), l.bound-l.running))
}

// spared reports whether it gets no hand-offs: its limit is to hold over all
// nodes, which a claim sees to.
func (l *lane) spared() bool {
	return l.slow || max(l.failures, l.limits.failures) >= webhook.SparedAfter
}

// full reports whether it has its share of the slots: half of them, a quarter
// before its first answer, or so many that what came lately waits for long.
func (l *lane) full(slots int, now time.Time) bool {
	held, share := l.held(), slots/2
	if l.recent.Empty() {
		share = min(slots/4, laneSlots)
	}
	switch {
	case held >= max(1, share):
		return true
	case held < laneSlots || len(l.queue) == 0:
		return false
	}
	return now.Sub(l.queue[0].ClaimedAt) > laneWait
}

// pace is what a claim is told of it.
func (l *lane) pace() webhook.Pace {
	switch {
	case l.slow:
		return webhook.PaceSlow
	case l.class != trusted:
		return webhook.PaceUnknown
	case l.late == 0 && l.recent.Brisk():
		return webhook.PaceBrisk
	}
	return webhook.PaceQuick
}

func (l *lane) before(o *lane) bool {
	if l.running != o.running {
		return l.running < o.running
	}
	if l.tenant.served != o.tenant.served {
		return l.tenant.served < o.tenant.served
	}
	return l.served < o.served
}

// unhold ends a lane's part in a reservation; it needs p.mu.
func (p *pool) unhold(id webhook.EndpointID) {
	l := p.lane(id)
	l.reserved--
	p.recount(l)
	p.tidy(l)
}

// lane finds or makes an endpoint's lane, which is then in use until tidy; it
// needs p.mu.
func (p *pool) lane(id webhook.EndpointID) *lane {
	l, ok := p.lanes[id]
	switch {
	case !ok:
		l = &lane{id: id}
		l.judge()
		p.lanes[id] = l
	case l.idle():
		p.idles.remove(l)
	}
	return l
}

// tenant finds or makes the project of one more lane.
func (p *pool) tenant(id webhook.ProjectID) *tenant {
	t := p.tenants[id]
	if t == nil {
		t = &tenant{id: id}
		p.tenants[id] = t
	}
	t.lanes++
	return t
}

// tidy puts a lane that holds nothing aside, and forgets the one that has held
// nothing for longest if there are many, with its project after the last.
func (p *pool) tidy(l *lane) {
	if !l.idle() {
		return
	}
	if p.idles.add(l); p.idles.n <= maxIdleLanes {
		return
	}
	l = p.idles.oldest
	p.idles.remove(l)
	delete(p.lanes, l.id)
	if l.tenant == nil {
		return
	}
	if l.tenant.lanes--; l.tenant.lanes == 0 {
		delete(p.tenants, l.tenant.id)
	}
}

// limit sets what an endpoint's settings and log say of a lane's limit.
func (p *pool) limit(l *lane, limits limits) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.limits = limits
	p.recount(l)
}

// recount judges a lane after any change to it.
func (p *pool) recount(l *lane) {
	was, bound := l.class, l.bound
	p.load.add(l.load, -1)
	l.judge()
	p.load.add(l.load, 1)
	p.line(l, was)
	if l.class == was && l.bound <= bound {
		return
	}
	// More may begin now than there are workers on their way.
	for range min(p.startable(), baseWorkers) {
		p.callWorker()
	}
	if was == lagging && l.class == trusted && p.cramped {
		signal(p.roomy)
	}
}

// line puts a lane where it stands by its class and by what is open to it, or
// nowhere while none of its jobs may begin. Its class was another before.
func (p *pool) line(l *lane, was class) {
	var turn *turn
	if l.load.startable[l.class] > 0 {
		turn = &l.tenant.turns[l.class]
	}
	if from := l.turn; from != nil && from != turn {
		from.lanes.remove(l)
		p.rank(from, was)
	}
	if l.turn = turn; turn != nil {
		turn.lanes.put(l)
		p.rank(turn, l.class)
	}
}

// rank puts a project's turn where it belongs among the others of a class.
func (p *pool) rank(t *turn, c class) {
	if len(t.lanes) == 0 {
		p.turns[c].remove(t)
		return
	}
	p.turns[c].put(t)
}
