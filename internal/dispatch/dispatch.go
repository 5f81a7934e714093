package dispatch

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Queue is the deliveries table as the dispatcher sees it.
type Queue interface {
	// Claim leases due deliveries to a node, as many as it has room for, and says
	// how long it is until the next one is due; 0 when that is not known.
	Claim(ctx context.Context, node webhook.NodeID, room webhook.Room) (jobs []webhook.Job, next time.Duration, err error)
	// Record writes results, each fenced by its attempt's id.
	Record(ctx context.Context, node webhook.NodeID, settled []webhook.Settled) error
	// Release gives back claims that were never sent, attempt number included.
	Release(ctx context.Context, jobs []webhook.Job) error
	// Expired reads attempts whose lease is over.
	Expired(ctx context.Context, limit int) ([]webhook.Job, error)
}

// Sender sends one attempt. It never retries and never stores; what goes wrong
// is in the Attempt; with webhook.OutcomeUnsent the job goes back as it came. It
// returns soon after ctx ends.
type Sender interface {
	Send(ctx context.Context, job webhook.Job, target *webhook.Target) webhook.Attempt
	// SendTest can sign the main header with the next secret.
	SendTest(ctx context.Context, job webhook.Job, target *webhook.Target, useNext bool) webhook.Attempt
}

// Options are what a Dispatcher can do without; zero members mean the default.
type Options struct {
	Node webhook.NodeID
	// Workers is how many requests may be open at once; 512. Those of endpoints
	// that turn out to lag, beyond half of it, are made up for.
	Workers int
	// Drain is how long open requests may finish after the stop; 15 s.
	Drain time.Duration
	// Now is the clock; time.Now.
	Now func() time.Time
	// Jitter answers 0..1; random.
	Jitter func() float64
	// Log gets failures of the database; discarded.
	Log *slog.Logger
}

const (
	defaultWorkers = 512
	defaultDrain   = 15 * time.Second
	// cancelPatience is how long cancelled requests may take to return.
	cancelPatience = 3 * time.Second
	// flushPatience is how long the last results are tried at the stop.
	flushPatience = 5 * time.Second
	// queryPatience bounds one call of the Queue.
	queryPatience = 10 * time.Second
	// leaseMargin is what must be left of a lease beside the endpoint's timeout
	// for a request to start.
	leaseMargin = 8 * time.Second
)

// Dispatcher sends deliveries. Its HandOff side (Reserve, Release, Submit,
// Wake) may be used before Run and after it.
type Dispatcher struct {
	queue   Queue
	sender  Sender
	targets *Targets
	node    webhook.NodeID
	drain   time.Duration
	now     func() time.Time
	jitter  func() float64
	log     *slog.Logger

	pool    *pool
	records *recorder
	wake    chan struct{}   // deliveries may be due; capacity 1
	work    context.Context // of every request; cancelled at the end of the drain
	cancel  context.CancelFunc
	// backlog is set while deliveries wait for those that are open: then each
	// result may let some go.
	backlog atomic.Bool
	// troubled is set while reading endpoints fails, so that it is logged once.
	troubled atomic.Bool
}

// New makes a Dispatcher; Run makes it work.
func New(queue Queue, sender Sender, targets *Targets, o Options) *Dispatcher {
	if o.Workers <= 0 {
		o.Workers = defaultWorkers
	}
	if o.Drain <= 0 {
		o.Drain = defaultDrain
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d := &Dispatcher{
		queue:   queue,
		sender:  sender,
		targets: targets,
		node:    o.Node,
		drain:   o.Drain,
		now:     o.Now,
		jitter:  o.Jitter,
		log:     o.Log,
		pool:    newPool(o.Workers),
		wake:    make(chan struct{}, 1),
	}
	d.work, d.cancel = context.WithCancel(context.Background())
	d.pool.start, d.pool.now, d.pool.roomy = func() { go d.worker() }, d.now, d.wake
	d.records = newRecorder(d)
	return d
}

// Run sends until ctx ends, then stops: nothing new is claimed, what has not
// begun is given back, open requests may finish for Options.Drain and are then
// cancelled, and the last results are recorded. It may be called once.
func (d *Dispatcher) Run(ctx context.Context) error {
	defer d.cancel()
	var recording, feeding sync.WaitGroup
	recording.Go(d.records.run)
	recording.Go(d.records.help)
	feeding.Go(func() { d.claim(ctx) })
	feeding.Go(func() { d.sweep(ctx) })
	feeding.Go(func() { d.grow(ctx) })
	feeding.Go(func() { d.watch(ctx) })

	<-ctx.Done()
	d.giveBack(d.pool.close()...)
	feeding.Wait()
	if !within(d.drain, d.pool.empty) {
		d.log.Warn("open requests are cancelled", "requests", d.pool.busy())
		d.cancel()
		within(cancelPatience, d.pool.empty)
	}
	d.records.close()
	recording.Wait()
	return nil
}

// within waits for a channel to be closed, but not for ever.
func within(patience time.Duration, done <-chan struct{}) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// Wake says that deliveries in the database may be due.
func (d *Dispatcher) Wake() { signal(d.wake) }

// EndpointsChanged makes each endpoint be read anew before its next attempt.
func (d *Dispatcher) EndpointsChanged() { d.targets.Forget() }

// Reserve takes a slot for a delivery that is being stored already leased to
// this node. Each Reserve ends in one Release or one job of a Submit.
func (d *Dispatcher) Reserve(endpoint webhook.EndpointID) bool {
	return d.records.keepsUp() && d.pool.reserve(endpoint)
}

// Release gives back a reserved slot.
func (d *Dispatcher) Release(endpoint webhook.EndpointID) { d.pool.release(endpoint) }

// Submit has reserved deliveries sent. It does not wait for anything but, once
// the dispatcher stops, for the database to take them back.
func (d *Dispatcher) Submit(jobs []webhook.Job) { d.giveBack(d.pool.submit(jobs, true)...) }

// Stats is how busy the dispatcher is.
type Stats struct {
	Slots, Free, Running, Queued, Workers int
	// Unrecorded counts results that are not in the database yet.
	Unrecorded int
}

// Stats reads the present figures.
func (d *Dispatcher) Stats() Stats {
	p := d.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{
		Slots:      p.slots,
		Free:       max(0, p.slots-p.used),
		Running:    p.running,
		Queued:     p.queued,
		Workers:    p.workers,
		Unrecorded: int(d.records.unrecorded.Load()),
	}
}
