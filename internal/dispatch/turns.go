package dispatch

import (
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// baseWorkers is how many workers start without waiting: fast receivers
	// gain nothing from more.
	baseWorkers = 128
	// idleWorkers is how many stay when there is nothing to do. Others stay for a
	// few seconds: work comes in waves, and a new worker's stack has to grow.
	idleWorkers = 32
	// growEvery is how often jobs that wait for a worker are looked at.
	growEvery = 25 * time.Millisecond
)

// callWorker makes sure that somebody looks at the queued jobs; it needs p.mu.
func (p *pool) callWorker() {
	switch {
	case p.idling > 0:
		p.rouse()
	case p.workers < min(baseWorkers, p.most):
		p.spawn()
	default:
		signal(p.pressed)
	}
}

// rouse wakes an idle worker; it needs p.mu.
func (p *pool) rouse() {
	p.idling--
	p.unneeded = min(p.unneeded, p.idling)
	p.idle.Signal()
}

func (p *pool) spawn() {
	p.workers++
	p.start()
}

// next ends a worker's last job, if any, and waits for its next one; false
// tells the worker to go.
func (p *pool) next(w *worker) (webhook.Job, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.lane != nil {
		p.finish(w)
	}
	for {
		surplus := p.leaving > 0 && p.workers > baseWorkers
		l := p.pick()
		if l != nil && !surplus {
			return p.begin(l, w), true
		}
		if surplus || p.closed || p.leaving > 0 || p.idling >= baseWorkers {
			p.leaving = max(0, p.leaving-1)
			p.workers--
			if l != nil {
				p.callWorker() // this one may have been called for it
			}
			return webhook.Job{}, false
		}
		p.idling++ // whoever wakes this worker takes it off again
		p.idle.Wait()
	}
}

// thin lets workers go that were idle all the time since it was called last.
func (p *pool) thin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range p.unneeded - idleWorkers {
		p.leaving++
		p.rouse()
	}
	p.unneeded = p.idling
}

// pick chooses the lane with the fewest running, projects in turn; nil if all
// are empty or at their bound, or lag while those that do have their share of
// the workers.
func (p *pool) pick() *lane {
	var best *turn
	for c := range p.turns {
		if len(p.turns[c]) == 0 || p.places(class(c)) == 0 {
			continue
		}
		if first := p.turns[c][0]; best == nil || first.before(best) {
			best = first
		}
	}
	if best == nil {
		return nil
	}
	return best.lanes[0]
}

func (p *pool) begin(l *lane, w *worker) webhook.Job {
	job := l.queue[0]
	l.queue[0] = webhook.Job{}
	if l.queue = l.queue[1:]; len(l.queue) == 0 {
		l.queue = nil
	}
	p.queued--
	p.running++
	l.running++
	p.served++
	l.served, l.tenant.served = p.served, p.served
	p.recount(l)
	for c := range l.tenant.turns {
		p.rank(&l.tenant.turns[c], class(c))
	}
	w.lane, w.limits, w.awaited = l, l.limits, l.class == lagging && p.cramped
	p.begun = p.now()
	w.sent, w.failed, w.took, w.number, w.began, w.late = false, false, 0, p.served, p.begun, false
	if p.openings.add(w); !p.watched {
		p.watched = true
		signal(p.opened)
	}
	p.feed()
	return job
}

// finish ends a job and remembers how the attempt went.
func (p *pool) finish(w *worker) {
	l := w.lane
	w.lane = nil
	p.finished++
	p.running--
	l.running--
	if w.late {
		l.late--
	} else {
		p.openings.remove(w)
	}
	if w.sent {
		l.recent.Add(w.took)
		if w.took <= webhook.SlowAfter {
			l.silent, l.answered = false, p.served
		}
		if l.failures++; !w.failed {
			l.failures = 0
		}
	}
	p.recount(l)
	p.tidy(l)
	p.leave(1)
}

// crowd is what goes on now, and what went on since so many were finished.
func (p *pool) crowd(finishedBefore uint64, elapsed time.Duration) (now crowd, finished uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return crowd{
		elapsed: elapsed, finished: int(p.finished - finishedBefore), running: p.running, startable: p.startable(),
		workers: p.workers, more: max(0, p.limitOfWorkers()-p.workers),
	}, p.finished
}

// still is how long no job has begun, and how many have finished.
func (p *pool) still() (since time.Duration, finished uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now().Sub(p.begun), p.finished
}

// hire starts so many workers beyond the base, as far as they may be, or lets
// as many go once they have ended their job.
func (p *pool) hire(workers int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leaving = max(0, -workers)
	for range workers {
		switch {
		case p.closed:
		case p.idling > 0:
			p.rouse()
		case p.workers < p.limitOfWorkers():
			p.spawn()
		}
	}
}

// limitOfWorkers is how many there may be. Requests that turned out to lag when
// they were open already, beyond the half, are made up for, so that the others
// are not kept waiting by them.
func (p *pool) limitOfWorkers() int {
	return p.most + min(max(0, p.load.open-p.half()), p.half())
}
