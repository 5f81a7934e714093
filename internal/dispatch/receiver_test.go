package dispatch_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/dispatch"
	"github.com/bellwire/bellwire/internal/webhook"
)

// receiver is the far end of the fake Sender.
type receiver struct {
	mu     sync.Mutex
	sent   []sending
	first  map[webhook.DeliveryID]time.Time // when each one's first request came
	open   map[webhook.EndpointID]int
	most   int // requests open at once, over all endpoints
	mostOf map[webhook.EndpointID]int
	// answer decides one request; nil answers 200 at once.
	answer func(ctx context.Context, s sending) webhook.Attempt
}

// sending is one request that arrived.
type sending struct {
	webhook.Job
	at      time.Time
	target  webhook.Target
	useNext bool
}

func newReceiver() *receiver {
	return &receiver{first: map[webhook.DeliveryID]time.Time{}, open: map[webhook.EndpointID]int{}, mostOf: map[webhook.EndpointID]int{}}
}

func (r *receiver) Send(ctx context.Context, job webhook.Job, target *webhook.Target) webhook.Attempt {
	return r.SendTest(ctx, job, target, false)
}

func (r *receiver) SendTest(ctx context.Context, job webhook.Job, target *webhook.Target, useNext bool) webhook.Attempt {
	s := sending{Job: job, at: time.Now(), target: *target, useNext: useNext}
	r.enter(s)
	defer r.leave(target.ID)
	a := ok()
	r.mu.Lock()
	answer := r.answer
	r.mu.Unlock()
	if answer != nil {
		a = answer(ctx, s)
	}
	a.StartedAt, a.Duration = s.at, time.Since(s.at)
	return a
}

// change makes it answer in another way from now on.
func (r *receiver) change(answer func(context.Context, sending) webhook.Attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *receiver) enter(s sending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, s)
	if _, again := r.first[s.Delivery.ID]; !again {
		r.first[s.Delivery.ID] = s.at
	}
	r.open[s.target.ID]++
	r.mostOf[s.target.ID] = max(r.mostOf[s.target.ID], r.open[s.target.ID])
	all := 0
	for _, n := range r.open {
		all += n
	}
	r.most = max(r.most, all)
}

func (r *receiver) leave(id webhook.EndpointID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[id]--
}

func (r *receiver) requests() []sending {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}

// mostOpen is how many requests were open at once, in all and to one endpoint.
func (r *receiver) mostOpen(id webhook.EndpointID) (all, one int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.most, r.mostOf[id]
}

func ok() webhook.Attempt {
	return webhook.Attempt{Outcome: webhook.OutcomeDelivered, Response: webhook.Response{Status: 200}}
}

func failed(status int) webhook.Attempt {
	return webhook.Attempt{Outcome: webhook.OutcomeFailed, Cause: webhook.CauseStatus, Response: webhook.Response{Status: status}}
}

// slow answers 200 after a while, or fails when it is cancelled.
func slow(took time.Duration) func(context.Context, sending) webhook.Attempt {
	return func(ctx context.Context, _ sending) webhook.Attempt {
		select {
		case <-time.After(took):
			return ok()
		case <-ctx.Done():
			return webhook.Attempt{Outcome: webhook.OutcomeFailed, Cause: webhook.CauseTimeout}
		}
	}
}

// rig is a dispatcher with its fakes.
type rig struct {
	*dispatch.Dispatcher
	table    *table
	receiver *receiver
	stop     context.CancelFunc
	ended    chan struct{}
}

func newRig(t *testing.T, o dispatch.Options) *rig {
	b, r := newTable(t), newReceiver()
	if o.Jitter == nil {
		o.Jitter = func() float64 { return 0.5 }
	}
	return &rig{
		Dispatcher: dispatch.New(b, r, dispatch.NewTargets(b, opener{}, nil), o),
		table:      b, receiver: r,
		ended: make(chan struct{}),
	}
}

// run starts the dispatcher; halt stops it and waits.
func (r *rig) run() {
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() {
		defer close(r.ended)
		_ = r.Run(ctx)
	}()
}

// quick makes endpoints and has each answer once, so that they are known.
func (r *rig) quick(n int) []webhook.EndpointID {
	endpoints := make([]webhook.EndpointID, n)
	for i := range endpoints {
		endpoints[i] = r.table.endpoint()
		r.table.add(endpoints[i])
	}
	r.Wake()
	time.Sleep(100 * time.Millisecond)
	if left := r.table.inState(webhook.Waiting) + r.table.inState(webhook.Sending); left > 0 {
		r.table.t.Errorf("%d deliveries are left of what makes endpoints known", left)
	}
	return endpoints
}

func (r *rig) halt() {
	r.stop()
	<-r.ended
}
