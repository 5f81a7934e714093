package storetest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// walk is a random life of a queue: every act leaves the invariants whole, and
// in the end nothing is lost.
type walk struct {
	*Harness
	random *rand.Rand
	// alone is held for writing while time passes.
	alone     sync.RWMutex
	mu        sync.Mutex
	endpoints []webhook.Endpoint
	out       []webhook.Job // claimed, not yet settled
	ended     []webhook.DeliveryID
}

// acts are what can happen, by weight.
func (w *walk) acts() []func() string {
	return []func() string{
		w.publish, w.publish, w.publish, w.handOff, w.handOff, w.claim, w.claim, w.claim, w.succeed, w.succeed, w.fail, w.fail, w.fail,
		w.giveBack, w.pauseOrResume, w.resend, w.sendNow, w.cancel, w.lose, w.wait, w.wait, w.suspend, w.switchOrder,
	}
}

func randomly(t *testing.T, fresh func(t *testing.T) *Harness) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("a random life leaves the queue right at every step, seed %d", seed), func(t *testing.T) {
			t.Parallel()
			w := newWalk(fresh(t), seed)
			acts := w.acts()
			for range 150 {
				w.CheckInvariants(acts[w.random.IntN(len(acts))]())
			}
			w.drain()
		})
	}
	t.Run("a busy random life loses nothing", func(t *testing.T) {
		t.Parallel()
		w := newWalk(fresh(t), 7)
		acts := w.acts()
		var wg sync.WaitGroup
		for i := range uint64(6) {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(11, i))
				for range 60 {
					w.alone.RLock()
					act := acts[random.IntN(len(acts)-4)] // the last four are for one alone
					act()
					w.alone.RUnlock()
					if random.IntN(12) == 0 {
						w.alone.Lock()
						w.wait()
						w.alone.Unlock()
					}
				}
			})
		}
		wg.Wait()
		w.CheckInvariants("the busy life")
		w.drain()
	})
}

func newWalk(h *Harness, seed uint64) *walk {
	w := &walk{Harness: h, random: rand.New(rand.NewPCG(5, seed))}
	w.endpoints = []webhook.Endpoint{
		h.Endpoint(), h.Endpoint(), h.Endpoint(func(s *webhook.Settings) { s.Ordered = true }),
		h.Endpoint(func(s *webhook.Settings) { s.MaxInFlight = 2 }), h.Endpoint(func(s *webhook.Settings) { s.RatePerSecond = 5 }),
	}
	return w
}

// n is a random number below max.
func (w *walk) n(max int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.IntN(max)
}

func (w *walk) some() []webhook.Endpoint {
	from := w.n(len(w.endpoints))
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]webhook.Endpoint(nil), w.endpoints[from:]...)
}

// take removes one claimed job.
func (w *walk) take() (webhook.Job, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.out) == 0 {
		return webhook.Job{}, false
	}
	i := w.random.IntN(len(w.out))
	j := w.out[i]
	w.out = append(w.out[:i], w.out[i+1:]...)
	return j, true
}

func (w *walk) keep(jobs ...webhook.Job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out = append(w.out, jobs...)
}

// fatal ends the walk at an error that is none of these kinds.
func (w *walk) fatal(act string, err error, but ...webhook.Kind) {
	w.T.Helper()
	for _, kind := range but {
		if webhook.KindOf(err) == kind && err != nil {
			return
		}
	}
	if err != nil {
		w.T.Errorf("%s: %v", act, err)
	}
}

func (w *walk) admit(handOff bool) {
	item := w.Item(w.Event(), handOff, w.some()...)
	answers, err := w.Store.Admit(w.T.Context(), []webhook.Admission{{Items: []webhook.AdmissionItem{item}}})
	if err != nil || answers[0].Stale {
		w.fatal("admit", err)
		return
	}
	for _, id := range answers[0].Receipts[0].HandedOff {
		for _, d := range item.Deliveries {
			if d.ID == id {
				d.Attempts = 1
				w.keep(webhook.Job{Event: item.Event, Delivery: d})
			}
		}
	}
}

func (w *walk) publish() string { w.admit(false); return "publish" }
func (w *walk) handOff() string { w.admit(true); return "hand off" }

func (w *walk) claim() string {
	n := 1 + w.n(8)
	jobs, _, err := w.Store.Claim(w.T.Context(), w.Node, webhook.Room{Slots: n, Lagging: n})
	w.fatal("claim", err)
	w.keep(jobs...)
	return "claim"
}

func (w *walk) record(s webhook.Settled) {
	w.fatal("record", w.Store.Record(w.T.Context(), w.Node, []webhook.Settled{s}))
	if s.State.Ended() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ended = append(w.ended, s.DeliveryID)
	}
}

func (w *walk) succeed() string {
	if j, ok := w.take(); ok {
		w.record(w.Delivered(j))
	}
	return "succeed"
}

func (w *walk) fail() string {
	j, ok := w.take()
	if !ok {
		return "fail"
	}
	s := w.Failed(j, time.Duration(w.n(5000))*time.Millisecond)
	switch w.n(8) {
	case 0:
		s.State, s.Reason = webhook.Exhausted, "used up"
	case 1:
		s.HoldFor = time.Duration(w.n(3000)) * time.Millisecond
	case 2:
		s.Pause = webhook.PausedAsGone
	}
	w.record(s)
	return "fail"
}

func (w *walk) giveBack() string {
	if j, ok := w.take(); ok {
		w.fatal("release", w.Store.Release(w.T.Context(), []webhook.Job{j}))
	}
	return "give back"
}

func (w *walk) pauseOrResume() string {
	e := w.endpoints[w.n(len(w.endpoints))]
	if w.n(2) == 0 {
		w.fatal("pause", w.Store.PauseBy(w.T.Context(), w.Project, e.ID, webhook.PausedByPerson, w.audit("endpoint.paused")), webhook.KindConflict)
		return "pause"
	}
	w.fatal("resume", w.Store.ResumeBy(w.T.Context(), w.Project, e.ID, float64(w.n(2)*3), w.audit("endpoint.resumed")), webhook.KindConflict)
	return "resume"
}

func (w *walk) resend() string {
	w.mu.Lock()
	var of webhook.DeliveryID
	if len(w.ended) > 0 {
		of = w.ended[w.random.IntN(len(w.ended))]
	}
	w.mu.Unlock()
	if !of.IsZero() {
		again := webhook.Delivery{ID: webhook.DeliveryID{UUID: w.Event().ID.UUID}}
		w.fatal("resend", w.Store.ResendBy(w.T.Context(), w.Project, of, again, w.audit("delivery.resent")), webhook.KindConflict)
	}
	return "resend"
}

// waiting is one delivery that waits.
func (w *walk) waiting() (id webhook.DeliveryID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var raw any
	if err := w.db.QueryRow("SELECT id FROM deliveries WHERE state = 'waiting' LIMIT 1").Scan(&raw); err != nil {
		return id
	}
	switch v := raw.(type) {
	case []byte:
		copy(id.UUID[:], v)
	case string:
		id.UUID, _ = webhook.ParseUUID(v)
	}
	return id
}

func (w *walk) sendNow() string {
	err := w.Store.SendNowBy(w.T.Context(), w.Project, w.waiting(), w.audit("delivery.sent-now"))
	w.fatal("send now", err, webhook.KindConflict, webhook.KindNotFound)
	return "send now"
}

func (w *walk) cancel() string {
	if w.n(4) == 0 {
		err := w.Store.CancelBy(w.T.Context(), w.Project, w.waiting(), "not needed", w.audit("delivery.cancelled"))
		w.fatal("cancel", err, webhook.KindConflict, webhook.KindNotFound)
	}
	return "cancel"
}

// lose forgets claims; the sweep finds those whose lease is over, and the
// forgotten results may still come late.
func (w *walk) lose() string {
	jobs, err := w.Store.Expired(w.T.Context(), 100)
	w.fatal("sweep", err)
	for _, j := range jobs {
		w.record(w.Unknown(j))
	}
	return "sweep"
}

func (w *walk) wait() string {
	ms := []int{10, 200, 2000, 40_000}[w.n(4)]
	w.Pass(time.Duration(ms) * time.Millisecond)
	return "wait"
}

func (w *walk) suspend() string {
	var since time.Time
	if w.n(2) == 0 {
		since = time.Now()
	}
	w.fatal("suspend", w.Store.SuspendProject(w.T.Context(), w.Project, since, w.audit("project.suspended")))
	return "suspend"
}

func (w *walk) switchOrder() string {
	i := w.n(len(w.endpoints))
	e := &w.endpoints[i]
	e.Ordered = !e.Ordered
	w.fatal("update", w.Store.UpdateEndpoint(w.T.Context(), *e, w.audit("endpoint.updated")))
	e.Version++
	return "switch the order"
}

// drain lets everything go and delivers it: whatever waits must come out.
func (w *walk) drain() {
	w.T.Helper()
	w.fatal("unsuspend", w.Store.SuspendProject(w.T.Context(), w.Project, time.Time{}, w.audit("project.resumed")))
	for _, e := range w.endpoints {
		w.fatal("resume", w.Store.ResumeBy(w.T.Context(), w.Project, e.ID, 0, w.audit("endpoint.resumed")), webhook.KindConflict)
	}
	w.out = nil
	for range 2000 {
		w.lose()
		w.Pass(time.Minute)
		jobs := w.Claim(100)
		for _, j := range jobs {
			w.record(w.Delivered(j))
		}
		if w.Number("SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'sending')") == 0 {
			w.CheckInvariants("the drain")
			return
		}
	}
	w.T.Fatalf("%d deliveries never came out of the queue", w.Number("SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'sending')"))
}
