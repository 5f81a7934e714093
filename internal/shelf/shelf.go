// Package shelf keeps what was made of texts and is costly to make again, such
// as compiled expressions: so many, least recently used out first.
package shelf

import (
	"container/list"
	"sync"
)

// Shelf is safe for concurrent use.
type Shelf[V any] struct {
	most int
	make func(text string) V

	mu     sync.Mutex
	held   map[string]*list.Element // of entry[V]
	recent *list.List               // most recent first
}

type entry[V any] struct {
	text  string
	value V
}

// New makes a shelf for at most so many. make must be quick: it is called while
// others wait.
func New[V any](most int, make func(text string) V) *Shelf[V] {
	return &Shelf[V]{most: most, make: make, held: map[string]*list.Element{}, recent: list.New()}
}

// Of answers what was made of a text, or makes it.
func (s *Shelf[V]) Of(text string) V {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.held[text]; ok {
		s.recent.MoveToFront(at)
		return at.Value.(entry[V]).value
	}
	e := entry[V]{text, s.make(text)}
	s.held[text] = s.recent.PushFront(e)
	if s.recent.Len() > s.most {
		last := s.recent.Back()
		s.recent.Remove(last)
		delete(s.held, last.Value.(entry[V]).text)
	}
	return e.value
}
