package publish

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

// The bounds of what is accepted and how it is stored.
const (
	// MaxData is the size of an event's data without white space, in bytes.
	MaxData = 256 << 10
	// MaxBatch is how many events one request may hold.
	MaxBatch = 1000
	// MaxHop is how often an event may come round through our own API.
	MaxHop = 3
	// MaxKey is the length of an idempotency key, in bytes.
	MaxKey = 255
	// maxMatches is how many deliveries of one event are made in the publish
	// transaction, maxInline how many of one request; wider ones are made in
	// steps.
	maxMatches = 1000
	maxInline  = 5000
	// maxGroupEvents and maxGroupRows bound one commit, unless a single request
	// is larger. Rows are events and deliveries.
	maxGroupEvents = 500
	maxGroupRows   = 2500
	// defaultCommitters is enough for one commit to fill while the other waits
	// for the disk.
	defaultCommitters = 2
	// maxMatchings is how often an event is matched again because the
	// project's endpoints changed meanwhile.
	maxMatchings = 20
)

// How long a publisher waits before hearing that the database can't be
// reached: the answer is out within two seconds. While commits succeed, however
// slowly, they wait for their turn.
const (
	// patience is for what is read, and for a commit with its wait before.
	patience = 1900 * time.Millisecond
	// queuePatience is for a turn while no commit succeeds, longestQueue ever.
	queuePatience = time.Second
	longestQueue  = 10 * time.Second
	// commitPatience is for a commit at least, rowPatience besides for each of
	// its rows.
	commitPatience = 900 * time.Millisecond
	rowPatience    = time.Millisecond
)

// Draft is an event as its publisher hands it in, unchecked.
type Draft struct {
	Topic string
	// Data is the JSON as it came.
	Data []byte
	// Project zero means the project of the caller's key.
	Project webhook.ProjectID
	// Audience empty means one project.
	Audience webhook.Audience
	// OccurredAt zero means the moment of acceptance.
	OccurredAt time.Time
	// Key is the idempotency key, empty for none.
	Key string
	// Hop is how often the event came round already.
	Hop int
}

// Store is what publishing reads and writes. Admit stores each admission
// whole or not at all, and judges each alone; an error of Admit itself stored
// nothing. No two events of one call share an idempotency key.
type Store interface {
	Admit(ctx context.Context, admissions []webhook.Admission) ([]webhook.Admitted, error)
	// Catalogue reads a project's endpoints, paused ones included, one by one:
	// there may be very many.
	Catalogue(ctx context.Context, project webhook.ProjectID, take func(webhook.Endpoint) error) (version int64, suspended bool, err error)
	Topics(ctx context.Context) (topics []webhook.Topic, version int64, err error)
	// FanOutStep reads the next piece of a wide event, nil if there is none.
	FanOutStep(ctx context.Context) (*webhook.FanOutStep, error)
	// AdvanceFanOut stores a step's deliveries and moves the cursor.
	AdvanceFanOut(ctx context.Context, step webhook.FanOutStep, deliveries []webhook.Delivery) error
}

// HandOff takes new deliveries straight to the senders. Every Reserve that is
// granted ends in one Release, or in one job of a Submit. None of them waits.
type HandOff interface {
	Reserve(endpoint webhook.EndpointID) bool
	Release(endpoint webhook.EndpointID)
	Submit(jobs []webhook.Job)
	// Wake says that deliveries are waiting in the database.
	Wake()
}

// Options are what a Publisher can do without.
type Options struct {
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Log gets what nobody is told about; discarded if nil.
	Log *slog.Logger
	// Committers is how many calls of Store.Admit run side by side; 2 if zero. A
	// store that does what is asked of it at one moment in one commit is best
	// asked by many.
	Committers int
}

// Publisher accepts events. Run must be running for Publish to be answered.
type Publisher struct {
	store      Store
	handoff    HandOff
	now        func() time.Time
	log        *slog.Logger
	committers int

	topics     topics
	catalogues *catalogues

	in      chan *request
	stored  atomic.Int64  // when a commit last succeeded, Unix nanoseconds
	stopped chan struct{} // closed by Run when it ends
	ending  sync.Once
	wide    chan struct{} // a fan-out row was stored; capacity 1
}

// New makes a Publisher.
func New(store Store, handoff HandOff, o Options) *Publisher {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Committers <= 0 {
		o.Committers = defaultCommitters
	}
	return &Publisher{
		store:      store,
		handoff:    handoff,
		now:        o.Now,
		log:        o.Log,
		committers: o.Committers,
		topics:     topics{store: store, now: o.Now, log: o.Log, reading: make(chan struct{}, 1)},
		catalogues: newCatalogues(store),
		in:         make(chan *request, 4096),
		stopped:    make(chan struct{}),
		wide:       make(chan struct{}, 1),
	}
}

// Publish stores the drafts of one request, all or none, and answers once they
// are durable. Faults are located as "data.price", with more than one draft as
// "events[3].data.price".
func (p *Publisher) Publish(ctx context.Context, caller account.Caller, drafts []Draft) ([]webhook.Receipt, error) {
	if len(drafts) > 1 {
		return p.PublishBatch(ctx, caller, drafts)
	}
	return p.publish(ctx, caller, drafts, false)
}

// PublishBatch is Publish with "events[0]." before each place even for a batch
// of one.
func (p *Publisher) PublishBatch(ctx context.Context, caller account.Caller, drafts []Draft) ([]webhook.Receipt, error) {
	return p.publish(ctx, caller, drafts, true)
}

// TopicsChanged makes the next event be checked against the topics as they are
// now; without it a change counts within a second.
func (p *Publisher) TopicsChanged() { p.topics.forget() }

func (p *Publisher) publish(ctx context.Context, caller account.Caller, drafts []Draft, batch bool) ([]webhook.Receipt, error) {
	if len(drafts) > MaxBatch {
		return nil, webhook.Invalid("events", "holds %d events, at most %d are taken at once", len(drafts), MaxBatch)
	}
	if len(drafts) == 0 {
		return nil, webhook.Invalid("events", "is empty: there is nothing to publish")
	}
	entries, err := p.check(ctx, caller, drafts, batch)
	if err != nil {
		return nil, err
	}
	repeats, err := withoutRepeats(entries)
	if err != nil {
		return nil, err
	}
	receipts, err := p.admit(ctx, repeats.first)
	if err != nil {
		return nil, err
	}
	return repeats.spread(entries, receipts), nil
}

// admit matches and commits until the matching was done against the endpoints
// that stand at the commit.
func (p *Publisher) admit(ctx context.Context, entries []*entry) ([]webhook.Receipt, error) {
	for range maxMatchings {
		r, used, err := p.match(ctx, entries)
		if err != nil {
			return nil, err
		}
		answer := p.commit(ctx, r)
		if answer.Err != nil {
			return nil, relocate(answer.Err, entries[answer.Refused].at)
		}
		if !answer.Stale {
			return answer.Receipts, nil
		}
		for _, c := range used {
			p.catalogues.forget(c)
		}
	}
	return nil, &webhook.Error{
		Kind:    webhook.KindUnavailable,
		Message: "the project's endpoints change too fast to match the event; nothing was stored, try again",
	}
}
