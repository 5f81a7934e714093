package client

import (
	"context"
	"sync"
	"time"
)

const (
	// aliveEvery is how often the server hears of a listener that has nothing to
	// say.
	aliveEvery = 10 * time.Second
	// maxAnswers and maxBytes bound one call.
	maxAnswers, maxBytes = 100, 4 << 20
	// answersFor is how long answers are tried: a late one still counts.
	answersFor = time.Minute
)

// outbox is answers on their way to the server.
type outbox struct {
	more chan struct{} // capacity 1

	mu      sync.Mutex
	id      string
	waiting []answer
	said    bool // a sign of life is due at once
	closed  bool
}

func (o *outbox) endpoint(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.id = id
}

func (o *outbox) add(a answer) {
	o.mu.Lock()
	o.waiting = append(o.waiting, a)
	o.mu.Unlock()
	o.signal()
}

func (o *outbox) alive() {
	o.mu.Lock()
	o.said = true
	o.mu.Unlock()
	o.signal()
}

func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.signal()
}

func (o *outbox) signal() {
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// take is what fits into one call.
func (o *outbox) take() (id string, batch []answer, alive, closed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	size := 0
	n := 0
	for n < len(o.waiting) && n < maxAnswers && (n == 0 || size < maxBytes) {
		size += len(o.waiting[n].Body)
		n++
	}
	batch = o.waiting[:n:n]
	o.waiting = o.waiting[n:]
	alive, o.said = o.said, false
	return o.id, batch, alive, o.closed && len(o.waiting) == 0
}

// send sends answers and signs of life until the outbox is closed and empty, or
// ctx ends.
func (f *Forward) send(ctx context.Context) {
	tick := time.NewTicker(aliveEvery)
	defer tick.Stop()
	for {
		due := false
		select {
		case <-ctx.Done():
		case <-f.out.more:
		case <-tick.C:
			due = true
		}
		for {
			id, batch, alive, closed := f.out.take()
			if len(batch) > 0 || alive || due {
				f.deliver(ctx, id, batch)
				due = false
			}
			if closed {
				return
			}
			if len(batch) == 0 {
				break
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// deliver tries a batch while the server is away, but not for ever.
func (f *Forward) deliver(ctx context.Context, id string, batch []answer) {
	for began, wait := time.Now(), firstWait; time.Since(began) < answersFor; wait = min(2*wait, lastWait) {
		err := f.Client.answers(ctx, id, batch)
		if err == nil || final(err) || status(err) == 404 || len(batch) == 0 {
			return
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}
