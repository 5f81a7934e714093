package dispatch

import (
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// slotsPerWorker: as many jobs again may be at hand as can be open, so that
	// workers find the next one at once and lanes at their limit block nobody.
	slotsPerWorker = 2
	// queuedLow is the number of jobs without a worker below which more are
	// claimed although few slots are free.
	queuedLow = 32
)

// pool is the slots, the jobs in them and the workers. A slot is taken by a
// reservation, a queued job or a running one; there are never more jobs than
// slots. All fields but the channels are guarded by mu.
type pool struct {
	slots   int
	most    int    // workers at once
	start   func() // starts one worker, which calls next until it says no
	now     func() time.Time
	freed   chan struct{}
	pressed chan struct{} // more jobs than base workers; capacity 1
	opened  chan struct{} // a request is open and nobody watches; capacity 1
	roomy   chan struct{} // a lane stopped lagging while cramped; capacity 1
	empty   chan struct{} // closed once the pool is closed and no slot is in use

	mu       sync.Mutex
	idle     sync.Cond // workers without a job wait here
	idling   int
	unneeded int // how many were idle all the time since thin looked last
	workers  int
	leaving  int // of the workers, after their present job
	used     int
	reserved int
	queued   int
	running  int
	finished uint64
	begun    time.Time // when a job last began
	served   uint64
	hungry   bool // the claimer waits on freed
	closed   bool // nothing new starts
	lanes    map[webhook.EndpointID]*lane
	tenants  map[webhook.ProjectID]*tenant
	// turns are the projects with a job that may begin, by the class of its lane.
	turns    [classes]heap[*turn]
	idles    chain[*lane]   // lanes that hold nothing, in the order in which they became so
	load     load           // of all lanes
	openings chain[*worker] // open requests that are not late
	watched  bool           // somebody will look at openings in time
	cramped  bool           // the last claim might have taken more for lanes that lag
}

func newPool(workers int) *pool {
	p := &pool{
		slots:   workers * slotsPerWorker,
		most:    workers,
		freed:   make(chan struct{}, 1),
		pressed: make(chan struct{}, 1),
		opened:  make(chan struct{}, 1),
		roomy:   make(chan struct{}, 1),
		empty:   make(chan struct{}),
		now:     time.Now,
		lanes:   map[webhook.EndpointID]*lane{},
		tenants: map[webhook.ProjectID]*tenant{},
	}
	p.idle.L = &p.mu
	return p
}

// half is how many requests lagging lanes may have open together.
func (p *pool) half() int { return max(1, p.most/2) }

// threeQuarters is how many requests lagging lanes and newcomers may have open.
func (p *pool) threeQuarters() int { return p.half() + max(1, p.most/4) }

// places is how many requests lanes of a class may begin for all that is open
// and lags: beyond the half there are some for newcomers, so that they are not
// kept from showing that they are quick, and the rest is for trusted ones.
func (p *pool) places(c class) int {
	switch c {
	case lagging:
		return max(0, p.half()-p.load.open)
	case newcomer:
		return max(0, p.threeQuarters()-p.load.open)
	}
	return p.slots
}

// reserve takes a slot for a job that is being stored. An eighth of the slots
// is left to what waits in the database, half to lanes that do not lag.
func (p *pool) reserve(id webhook.EndpointID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.used >= p.slots-p.slots/8 {
		return false
	}
	l := p.lane(id)
	if l.spared() || l.full(p.slots, p.now()) || p.crowded(l.class) {
		p.tidy(l)
		return false
	}
	l.reserved++
	p.recount(l)
	p.used++
	p.reserved++
	return true
}

// crowded reports whether lanes of a class hold their share of the slots, by
// the same parts as of the workers.
func (p *pool) crowded(c class) bool {
	switch c {
	case lagging:
		return p.load.held >= p.slots/2
	case newcomer:
		return p.load.held+p.load.untried >= p.slots*3/4
	}
	return false
}

// release gives back what reserve took.
func (p *pool) release(id webhook.EndpointID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unhold(id)
	p.reserved--
	p.leave(1)
}

// reserveMany takes slots for a claim of at most limit jobs; 0 means that
// claiming is not worth while yet and that freed will tell.
func (p *pool) reserveMany(limit int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := min(p.slots-p.used, limit)
	if p.closed || n <= 0 || !p.worthwhile() {
		p.hungry = true
		return 0
	}
	p.hungry = false
	p.used += n
	p.reserved += n
	return n
}

// worthwhile: many slots are free, or the workers will soon have nothing to do.
func (p *pool) worthwhile() bool {
	return p.slots-p.used >= p.slots/2 || p.startable() < min(queuedLow, p.slots/2)
}

// startable is how many queued jobs a free worker could begin; it needs p.mu.
func (p *pool) startable() int {
	n := 0
	for c, startable := range p.load.startable {
		n += min(startable, p.places(class(c)))
	}
	return n
}

// room is what a claim for so many slots may take.
func (p *pool) room(slots int) webhook.Room {
	p.mu.Lock()
	defer p.mu.Unlock()
	room := webhook.Room{
		Slots: slots, Pace: p.pace,
		Lagging: max(0, p.half()-p.load.held), Unknown: max(0, p.threeQuarters()-p.load.held-p.load.untried),
	}
	p.cramped = min(room.Lagging, room.Unknown) < slots
	return room
}

// pace is what is known of an endpoint.
func (p *pool) pace(id webhook.EndpointID) webhook.Pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l, ok := p.lanes[id]; ok {
		return l.pace()
	}
	return webhook.PaceUnknown
}

// unreserve gives back n slots.
func (p *pool) unreserve(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reserved -= n
	p.leave(n)
}

// submit turns reservations into jobs, handed off or claimed. What comes back
// can't start any more.
func (p *pool) submit(jobs []webhook.Job, handedOff bool) (rejected []webhook.Job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reserved -= len(jobs)
	for _, job := range jobs {
		if !p.closed {
			p.enqueue(job)
		}
		if handedOff {
			p.unhold(job.Delivery.EndpointID)
		}
	}
	if p.closed {
		p.leave(len(jobs))
		return jobs
	}
	return nil
}

// enqueue needs p.mu.
func (p *pool) enqueue(job webhook.Job) {
	l := p.lane(job.Delivery.EndpointID)
	if l.tenant == nil {
		l.tenant = p.tenant(job.Delivery.ProjectID)
	}
	l.queue = append(l.queue, job)
	p.queued++
	p.recount(l)
	p.callWorker()
}

// leave frees n slots; it needs p.mu.
func (p *pool) leave(n int) {
	p.used -= n
	if p.closed && p.used == 0 {
		select {
		case <-p.empty:
		default:
			close(p.empty)
		}
	}
	p.feed()
}

// feed tells a waiting claimer when claiming became worth while.
func (p *pool) feed() {
	if p.hungry && p.used < p.slots && p.worthwhile() {
		p.hungry = false
		signal(p.freed)
	}
}

// close stops everything that has not begun and hands it back.
func (p *pool) close() []webhook.Job {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var unstarted []webhook.Job
	for _, l := range p.lanes {
		if len(l.queue) == 0 {
			continue
		}
		unstarted = append(unstarted, l.queue...)
		l.queue = nil
		p.recount(l)
		p.tidy(l)
	}
	p.queued = 0
	p.leave(len(unstarted))
	p.idling, p.unneeded = 0, 0
	p.idle.Broadcast()
	return unstarted
}

// enter takes a slot beyond all limits for a job that somebody waits for;
// false once the pool is closed.
func (p *pool) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.used++
	p.running++
	return true
}

// exit ends what enter began.
func (p *pool) exit() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	p.leave(1)
}

// busy is how many requests are open.
func (p *pool) busy() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running
}

// signal sends without waiting; the channel remembers one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
