package shelf_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/bellwire/bellwire/internal/shelf"
)

func TestShelf_makes_each_once_and_forgets_the_least_recently_used(t *testing.T) {
	t.Parallel()
	made := map[string]int{}
	s := shelf.New(2, func(text string) string { made[text]++; return "made of " + text })
	for _, text := range []string{"a", "b", "a", "c", "a", "b"} {
		if got := s.Of(text); got != "made of "+text {
			t.Errorf("%s: %q", text, got)
		}
	}
	if fmt.Sprint(made) != "map[a:1 b:2 c:1]" {
		t.Errorf("made %v", made)
	}
}

func TestShelf_serves_many_at_once(t *testing.T) {
	t.Parallel()
	s := shelf.New(3, func(text string) string { return text })
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 1000 {
				if text := fmt.Sprint((i + n) % 5); s.Of(text) != text {
					t.Errorf("%s is another", text)
				}
			}
		})
	}
	all.Wait()
}
