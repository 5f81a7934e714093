package dispatch

import (
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// baseWorkers is how many workers start without waiting: fast receivers
	// gain nothing from more.
	baseWorkers = 128
	// slotsPerWorker: as many jobs again may be at hand as can be open, so that
	// workers find the next one at once and lanes at their limit block nobody.
	slotsPerWorker = 2
	// idleWorkers is how many stay when there is nothing to do.
	idleWorkers = 32
	// growEvery is how often jobs that wait for a worker are looked at.
	growEvery = 5 * time.Millisecond
	// queuedLow is the number of jobs without a worker below which more are
	// claimed although few slots are free.
	queuedLow = 32
)

// lane is what this node holds of one endpoint. The pool's mutex guards it.
type lane struct {
	id      webhook.EndpointID
	tenant  *tenant
	queue   []webhook.Job // oldest first
	running int
	limit   int // how many may run at once on this node
	served  uint64
}

// tenant makes projects take turns.
type tenant struct {
	id     webhook.ProjectID
	lanes  int
	served uint64
}

// pool is the slots, the jobs in them and the workers. A slot is taken by a
// reservation, a queued job or a running one; there are never more jobs than
// slots. All fields but the channels are guarded by mu.
type pool struct {
	slots   int
	most    int    // workers at once
	start   func() // starts one worker, which calls next until it says no
	freed   chan struct{}
	pressed chan struct{} // more jobs than base workers; capacity 1
	empty   chan struct{} // closed once the pool is closed and no slot is in use

	mu       sync.Mutex
	idle     sync.Cond // workers without a job wait here
	idling   int
	workers  int
	used     int
	reserved int
	queued   int
	running  int
	finished uint64
	served   uint64
	hungry   bool // the claimer waits on freed
	closed   bool // nothing new starts
	lanes    map[webhook.EndpointID]*lane
	tenants  map[webhook.ProjectID]*tenant
	ready    []*lane // lanes with queued jobs, in no order
}

func newPool(workers int) *pool {
	p := &pool{
		slots:   workers * slotsPerWorker,
		most:    workers,
		freed:   make(chan struct{}, 1),
		pressed: make(chan struct{}, 1),
		empty:   make(chan struct{}),
		lanes:   map[webhook.EndpointID]*lane{},
		tenants: map[webhook.ProjectID]*tenant{},
	}
	p.idle.L = &p.mu
	return p
}

// reserve takes a slot for a job that is being stored. An eighth of the slots
// is left to what waits in the database.
func (p *pool) reserve() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.used >= p.slots-p.slots/8 {
		return false
	}
	p.used++
	p.reserved++
	return true
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
	return p.slots-p.used >= p.slots/2 || p.queued < min(queuedLow, p.slots/2)
}

// unreserve gives back n slots.
func (p *pool) unreserve(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reserved -= n
	p.leave(n)
}

// submit turns reservations into jobs. What comes back can't start any more.
func (p *pool) submit(jobs []webhook.Job) (rejected []webhook.Job) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reserved -= len(jobs)
	if p.closed {
		p.leave(len(jobs))
		return jobs
	}
	for _, job := range jobs {
		l := p.lane(job)
		if l.queue = append(l.queue, job); len(l.queue) == 1 {
			p.ready = append(p.ready, l)
		}
		p.queued++
		p.callWorker()
	}
	return nil
}

// callWorker makes sure that somebody looks at the queued jobs; it needs p.mu.
func (p *pool) callWorker() {
	switch {
	case p.idling > 0:
		p.idling--
		p.idle.Signal()
	case p.workers < min(baseWorkers, p.most):
		p.spawn()
	default:
		signal(p.pressed)
	}
}

func (p *pool) spawn() {
	p.workers++
	p.start()
}

// next ends a worker's last job, if any, and waits for its next one; false
// tells the worker to go.
func (p *pool) next(last *lane) (webhook.Job, *lane, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last != nil {
		p.finish(last)
	}
	for {
		if l := p.pick(); l != nil {
			return p.begin(l), l, true
		}
		if p.closed || p.idling >= idleWorkers {
			p.workers--
			return webhook.Job{}, nil, false
		}
		p.idling++ // whoever wakes this worker takes it off again
		p.idle.Wait()
	}
}

// pick chooses the ready lane with the fewest running, projects in turn; nil
// if all are empty or at their limit.
func (p *pool) pick() *lane {
	var best *lane
	for _, l := range p.ready {
		if l.running < l.limit && (best == nil || l.before(best)) {
			best = l
		}
	}
	return best
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

func (p *pool) begin(l *lane) webhook.Job {
	job := l.queue[0]
	l.queue[0] = webhook.Job{}
	if l.queue = l.queue[1:]; len(l.queue) == 0 {
		l.queue = nil
		p.unready(l)
	}
	p.queued--
	p.running++
	l.running++
	p.served++
	l.served, l.tenant.served = p.served, p.served
	p.feed()
	return job
}

func (p *pool) unready(l *lane) {
	for i, r := range p.ready {
		if r == l {
			last := len(p.ready) - 1
			p.ready[i], p.ready[last] = p.ready[last], nil
			p.ready = p.ready[:last]
			return
		}
	}
}

func (p *pool) finish(l *lane) {
	p.finished++
	p.running--
	l.running--
	p.tidy(l)
	p.leave(1)
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

// lane finds or makes the lane of a job; it needs p.mu.
func (p *pool) lane(job webhook.Job) *lane {
	id := job.Delivery.EndpointID
	if l, ok := p.lanes[id]; ok {
		return l
	}
	t := p.tenants[job.Delivery.ProjectID]
	if t == nil {
		t = &tenant{id: job.Delivery.ProjectID}
		p.tenants[job.Delivery.ProjectID] = t
	}
	t.lanes++
	l := &lane{id: id, tenant: t, limit: webhook.DefaultMaxInFlight}
	p.lanes[id] = l
	return l
}

// tidy drops a lane that holds nothing, and its project after the last one.
func (p *pool) tidy(l *lane) {
	if l.running > 0 || len(l.queue) > 0 {
		return
	}
	delete(p.lanes, l.id)
	if l.tenant.lanes--; l.tenant.lanes == 0 {
		delete(p.tenants, l.tenant.id)
	}
}

// limit sets how many of a lane's jobs may run at once on this node.
func (p *pool) limit(l *lane, limit int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.limit = limit
}

// grow starts workers beyond the base while jobs that could start would wait
// for long at the present pace: receivers are slow. It reports whether to look
// again soon, and the pace so far.
func (p *pool) grow(finishedBefore uint64) (again bool, finished uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	startable := 0
	for _, l := range p.ready {
		startable += max(0, min(len(l.queue), l.limit-l.running))
	}
	if startable > 10*int(p.finished-finishedBefore) {
		for range min(startable, p.most-p.workers) {
			p.spawn()
		}
	}
	return startable > 0 && !p.closed, p.finished
}

// close stops everything that has not begun and hands it back.
func (p *pool) close() []webhook.Job {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var unstarted []webhook.Job
	for _, l := range p.ready {
		unstarted = append(unstarted, l.queue...)
		l.queue = nil
		p.tidy(l)
	}
	p.ready, p.queued = nil, 0
	p.leave(len(unstarted))
	p.idling = 0
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
