package filter

import (
	"container/list"
	"sync"
)

// programs shares the compiled form of equal expressions, so that settings
// that are read again and again are not compiled each time.
var programs = &shelf{held: map[string]*list.Element{}, recent: list.New()}

// maxShared is how many expressions the shelf holds.
const maxShared = 256

// shelf holds expressions by their text, least recently used out first.
type shelf struct {
	mu     sync.Mutex
	held   map[string]*list.Element // of *expression
	recent *list.List               // most recent first
}

func (s *shelf) of(text string) *expression {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.held[text]; ok {
		s.recent.MoveToFront(at)
		return at.Value.(*expression)
	}
	x := newExpression(text)
	s.held[text] = s.recent.PushFront(x)
	if s.recent.Len() > maxShared {
		last := s.recent.Back()
		s.recent.Remove(last)
		delete(s.held, last.Value.(*expression).text)
	}
	return x
}
