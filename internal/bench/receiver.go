package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// receiverPlan is how a receiver answers: under /slow/ after a while, under
// /dead/ with 503, else at once with 200.
type receiverPlan struct{ SlowFor time.Duration }

// receipts are what a receiver got of one run.
type receipts struct {
	// Unique counts events once for each path; Duplicates what came again, and
	// what came of an earlier run; Foreign is what carries no token.
	Unique, Duplicates, Foreign int
	// First and Last are when in Unix nanoseconds.
	First, Last int64
	// P50 and P99 are from the sending of the event to its receipt.
	P50, P99 time.Duration
}

// lane is what came in on one path.
type lane struct {
	seen        []uint64 // a bit for each sequence
	took        []time.Duration
	first, last int64
	duplicates  int
}

// receiver is the receiving process.
type receiver struct {
	plan    receiverPlan
	bodies  sync.Pool
	mu      sync.Mutex // guards what follows
	run     string
	lanes   map[string]*lane
	foreign int
	late    map[string]int // by path
}

func newReceiver(_ context.Context, plan receiverPlan) http.Handler {
	r := &receiver{plan: plan, lanes: map[string]*lane{}, late: map[string]int{}, bodies: sync.Pool{New: func() any { return new(bytes.Buffer) }}}
	calls := http.NewServeMux()
	calls.HandleFunc("POST /run/{run}", r.begin)
	calls.HandleFunc("GET /receipts", r.tell)
	calls.HandleFunc("GET /count", r.count)
	calls.HandleFunc("POST /", r.receive)
	return calls
}

// begin forgets everything and takes tokens of another run from now on.
func (r *receiver) begin(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.run, r.lanes, r.foreign, r.late = request.PathValue("run"), map[string]*lane{}, 0, map[string]int{}
	w.WriteHeader(http.StatusNoContent)
}

func (r *receiver) receive(w http.ResponseWriter, request *http.Request) {
	body := r.bodies.Get().(*bytes.Buffer)
	body.Reset()
	_, err := body.ReadFrom(request.Body)
	if err == nil {
		r.note(request.URL.Path, body.Bytes(), time.Now().UnixNano())
	}
	r.bodies.Put(body)
	switch {
	case strings.HasPrefix(request.URL.Path, "/slow/"):
		select {
		case <-time.After(r.plan.SlowFor):
		case <-request.Context().Done():
		}
	case strings.HasPrefix(request.URL.Path, "/dead/"):
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (r *receiver) note(path string, body []byte, now int64) {
	t, ok := findToken(body)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !ok:
		r.foreign++
	case t.run != r.run:
		r.late[path]++
	default:
		l := r.lanes[path]
		if l == nil {
			l = &lane{first: now}
			r.lanes[path] = l
		}
		l.note(t, now)
	}
}

func (l *lane) note(t token, now int64) {
	word, bit := t.seq/64, uint64(1)<<(t.seq%64)
	if missing := word + 1 - len(l.seen); missing > 0 {
		l.seen = append(l.seen, make([]uint64, missing)...)
	}
	if l.seen[word]&bit != 0 {
		l.duplicates++
		return
	}
	l.seen[word] |= bit
	l.took = append(l.took, time.Duration(now-t.sent))
	l.last = now
}

// count answers how much came in on paths that begin with "under".
func (r *receiver) count(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	n := 0
	for path, l := range r.lanes {
		if strings.HasPrefix(path, request.FormValue("under")) {
			n += len(l.took)
		}
	}
	r.mu.Unlock()
	_ = json.NewEncoder(w).Encode(receipts{Unique: n})
}

func (r *receiver) tell(w http.ResponseWriter, request *http.Request) {
	_ = json.NewEncoder(w).Encode(r.receipts(request.FormValue("under")))
}

func (r *receiver) receipts(under string) receipts {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := receipts{Foreign: r.foreign}
	for path, n := range r.late {
		if strings.HasPrefix(path, under) {
			all.Duplicates += n
		}
	}
	var took []time.Duration
	for path, l := range r.lanes {
		if !strings.HasPrefix(path, under) {
			continue
		}
		took = append(took, l.took...)
		all.Duplicates += l.duplicates
		if all.First == 0 || l.first < all.First {
			all.First = l.first
		}
		all.Last = max(all.Last, l.last)
	}
	slices.Sort(took)
	all.Unique, all.P50, all.P99 = len(took), quantileOf(took, .5), quantileOf(took, .99)
	return all
}
