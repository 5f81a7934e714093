package egress

import (
	"sync"
	"time"
)

// idle keeps links for the next request to the same place, the newest first. It
// has no goroutine: who takes a link looks whether it still lives, and a timer
// closes those that waited too long.
type idle struct {
	mu       sync.Mutex
	links    map[place][]*link // oldest first
	count    int
	sweeping bool // a timer is set
}

// take removes the newest link that still lives; nil if there is none.
func (i *idle) take(to place) *link {
	for {
		l := i.pop(to)
		if l == nil || time.Since(l.idle) < idleTimeout && l.alive() {
			return l
		}
		l.drop()
	}
}

func (i *idle) pop(to place) *link {
	i.mu.Lock()
	defer i.mu.Unlock()
	waiting := i.links[to]
	if len(waiting) == 0 {
		return nil
	}
	last := len(waiting) - 1
	l := waiting[last]
	waiting[last] = nil
	i.links[to] = waiting[:last]
	i.count--
	return l
}

// put keeps a link whose answer was read to its end, if there is room.
func (i *idle) put(l *link) {
	l.idle, l.used, l.sent, l.written = time.Now(), true, nil, 0
	if !i.keep(l) {
		l.drop()
	}
}

func (i *idle) keep(l *link) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	waiting := i.links[l.to]
	if i.count >= maxIdle || len(waiting) >= maxIdlePerHost {
		return false
	}
	if i.links == nil {
		i.links = make(map[place][]*link)
	}
	i.links[l.to] = append(waiting, l)
	i.count++
	if !i.sweeping {
		i.sweeping = true
		time.AfterFunc(idleTimeout, i.sweep)
	}
	return true
}

// sweep closes what waited too long and comes again while anything waits.
func (i *idle) sweep() {
	for _, l := range i.expired(idleTimeout) {
		l.Close()
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.sweeping = i.count > 0; i.sweeping {
		time.AfterFunc(idleTimeout, i.sweep)
	}
}

// expired removes the links that have waited for so long.
func (i *idle) expired(age time.Duration) []*link {
	i.mu.Lock()
	defer i.mu.Unlock()
	var old []*link
	for to, waiting := range i.links {
		n := 0
		for n < len(waiting) && time.Since(waiting[n].idle) >= age {
			n++
		}
		old = append(old, waiting[:n]...)
		if i.count -= n; n == len(waiting) {
			delete(i.links, to)
			continue
		}
		i.links[to] = append([]*link(nil), waiting[n:]...)
	}
	return old
}

// CloseIdleConnections closes the links that carry nothing at the moment.
func (t *transport) CloseIdleConnections() {
	for _, l := range t.idle.expired(0) {
		l.drop()
	}
}
