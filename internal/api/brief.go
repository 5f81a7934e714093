package api

import (
	"maps"
	"sync"
	"time"
)

const (
	// briefLife is how long an answer of the database counts: so a key that
	// another node revoked works a second longer at most.
	briefLife = time.Second
	// briefSize bounds what is remembered at once.
	briefSize = 4096
)

// brief remembers answers for a second, so that busy publishers and guessers
// do not reach the database with each request.
type brief[K comparable, V any] struct {
	now       func() time.Time
	mu        sync.Mutex // guards known and forgotten
	known     map[K]remembered[V]
	forgotten time.Time // what was asked until then may be out of date
}

type remembered[V any] struct {
	value V
	until time.Time
}

func newBrief[K comparable, V any](now func() time.Time) *brief[K, V] {
	return &brief[K, V]{now: now, known: map[K]remembered[V]{}}
}

func (b *brief[K, V]) recall(key K) (V, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found, ok := b.known[key]
	return found.value, ok && b.now().Before(found.until)
}

// keep remembers a value from the moment its question was asked. A full memory
// is emptied: all of it would have been within a second.
func (b *brief[K, V]) keep(key K, value V, asked time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !asked.After(b.forgotten) {
		return
	}
	if len(b.known) >= briefSize {
		clear(b.known)
	}
	b.known[key] = remembered[V]{value, asked.Add(briefLife)}
}

// forget drops the values that stale picks, and keeps none whose question is
// still under way.
func (b *brief[K, V]) forget(stale func(V) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forgotten = b.now()
	maps.DeleteFunc(b.known, func(_ K, found remembered[V]) bool { return stale(found.value) })
}
