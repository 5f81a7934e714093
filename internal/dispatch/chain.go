package dispatch

// linked is what can stand in a chain, in one at a time.
type linked[T any] interface {
	comparable
	neighbours() *links[T]
}

// links are what stands beside one in its chain; zero at the ends and outside.
type links[T any] struct{ newer, older T }

func (l *links[T]) neighbours() *links[T] { return l }

// chain holds things in the order in which they were added. The zero value is
// empty.
type chain[T linked[T]] struct {
	oldest, newest T
	n              int
}

func (c *chain[T]) add(x T) {
	var none T
	*x.neighbours() = links[T]{older: c.newest}
	if c.newest == none {
		c.oldest = x
	} else {
		c.newest.neighbours().newer = x
	}
	c.newest = x
	c.n++
}

// remove takes out x, which is there.
func (c *chain[T]) remove(x T) {
	var none T
	beside := x.neighbours()
	if beside.older == none {
		c.oldest = beside.newer
	} else {
		beside.older.neighbours().newer = beside.newer
	}
	if beside.newer == none {
		c.newest = beside.older
	} else {
		beside.newer.neighbours().older = beside.older
	}
	*beside = links[T]{}
	c.n--
}
