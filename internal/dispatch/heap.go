package dispatch

// ranked is what can stand in a heap. It keeps its place there: from 1, 0 for
// nowhere.
type ranked[T any] interface {
	before(T) bool
	place() *int
}

// heap has first at its beginning what comes before all others.
type heap[T ranked[T]] []T

// put adds x, or moves it to where it belongs now.
func (h *heap[T]) put(x T) {
	if *x.place() == 0 {
		*h = append(*h, x)
		*x.place() = len(*h)
	}
	h.settle(*x.place() - 1)
}

// remove takes x out, if it is there.
func (h *heap[T]) remove(x T) {
	i, last := *x.place()-1, len(*h)-1
	if i < 0 {
		return
	}
	h.swap(i, last)
	*x.place() = 0
	var none T
	(*h)[last] = none
	*h = (*h)[:last]
	if i < last {
		h.settle(i)
	}
}

// settle moves the one at i up or down.
func (h heap[T]) settle(i int) {
	for i > 0 && h[i].before(h[(i-1)/2]) {
		h.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	for {
		first := 2*i + 1
		if first >= len(h) {
			return
		}
		if second := first + 1; second < len(h) && h[second].before(h[first]) {
			first = second
		}
		if !h[first].before(h[i]) {
			return
		}
		h.swap(i, first)
		i = first
	}
}

func (h heap[T]) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	*h[i].place(), *h[j].place() = i+1, j+1
}
