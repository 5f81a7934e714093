package forward

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Store is what nodes know of each other's listeners.
type Store interface {
	// StartStream makes a stream the listener's present one and lets its
	// deliveries go; LeaveStream holds them, unless another stream is present.
	StartStream(ctx context.Context, l webhook.Listener, stream webhook.StreamID) error
	LeaveStream(ctx context.Context, l webhook.Listener, stream webhook.StreamID) error
	// KeepStreams says that this node holds streams, and answers those that must
	// end.
	KeepStreams(ctx context.Context, held map[webhook.EndpointID]webhook.StreamID) (map[webhook.EndpointID]webhook.StreamEnd, error)
	// HearListener notes a sign of life.
	HearListener(ctx context.Context, l webhook.Listener) error
	// SweepListeners ends what died or stayed away; true if an endpoint changed.
	SweepListeners(ctx context.Context) (bool, error)

	// PutParcels and PutReplies leave things for other nodes; NotifyMail tells
	// them. What is taken is gone.
	PutParcels(ctx context.Context, parcels []webhook.Parcel) error
	// TakeParcels may answer some beside an error.
	TakeParcels(ctx context.Context, endpoints []webhook.EndpointID) ([]webhook.Parcel, error)
	// WithdrawParcel is false if somebody took the parcel.
	WithdrawParcel(ctx context.Context, attempt webhook.AttemptID) (bool, error)
	PutReplies(ctx context.Context, replies []webhook.Reply) error
	TakeReplies(ctx context.Context, attempts []webhook.AttemptID) ([]webhook.Reply, error)
	// TakeLateReplies answers what nobody who waits has taken for some seconds.
	TakeLateReplies(ctx context.Context) ([]webhook.Reply, error)
	DropOldParcels(ctx context.Context) error
	NotifyMail(ctx context.Context) error
}

// Options are what a Hub works with.
type Options struct {
	Store Store
	// Late records a reply that nobody waits for any more: one whose attempt is
	// logged as unknown, or with abandoned also one that is still out. ErrOut if
	// somebody may wait; webhook.NotFound if it completes nothing.
	Late func(ctx context.Context, reply webhook.Reply, abandoned bool) error
	// Wake says that an endpoint changed or that something became due.
	Wake func()
	Log  *slog.Logger
	// Streams is how many may be open on this node; 200.
	Streams int
	// Patience is how long a parcel waits for a listener that takes it; 3 s.
	Patience time.Duration
}

const (
	defaultStreams  = 200
	defaultPatience = 3 * time.Second
	// transit is how much longer than the timeout a reply may take.
	transit = 3 * time.Second
	// keepEvery is how often streams are looked after, sweepEvery how often
	// everybody's.
	keepEvery, sweepEvery = 2 * time.Second, 4 * time.Second
	// pingEvery is how often an idle stream says that it is alive.
	pingEvery = 10 * time.Second
	// queryPatience bounds one call of the Store.
	queryPatience = 10 * time.Second
	// stoppedPause keeps a stopping node from claiming the same again and again.
	stoppedPause = 200 * time.Millisecond
)

// ErrOut says that an attempt has not ended: whoever sent it may wait still.
var ErrOut = errors.New("the attempt is out")

// Hub is one node's part in forwarding.
type Hub struct {
	Options
	kick   chan struct{} // mail may be there; capacity 1
	outbox chan struct{} // mail is to be put; capacity 1

	mu      sync.Mutex
	streams map[webhook.EndpointID]*stream
	waits   map[webhook.AttemptID]*wait
	parcels []webhook.Parcel // to be put
	replies []webhook.Reply  // to be put
	serving sync.WaitGroup
	// draining: nothing new goes out; closed when stopped.
	draining bool
	stopped  chan struct{}
}

// wait is an attempt of this node's dispatcher that waits for its reply.
type wait struct {
	parcel webhook.Parcel
	reply  chan webhook.Reply // capacity 1
	// away: it went to the table, not to a stream of this node.
	away bool
}

// New makes a Hub; Run makes it reach other nodes.
func New(o Options) *Hub {
	if o.Streams == 0 {
		o.Streams = defaultStreams
	}
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{
		Options: o, kick: make(chan struct{}, 1), outbox: make(chan struct{}, 1), stopped: make(chan struct{}),
		streams: map[webhook.EndpointID]*stream{}, waits: map[webhook.AttemptID]*wait{},
	}
}

// Mail says that other nodes put something. It returns at once.
func (h *Hub) Mail() { signal(h.kick) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run looks after streams and mail until ctx ends.
func (h *Hub) Run(ctx context.Context) error {
	var posting sync.WaitGroup
	posting.Go(func() { h.post(ctx) })
	defer posting.Wait()
	keep, sweep := time.NewTicker(keepEvery), time.NewTicker(sweepEvery)
	defer keep.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.kick:
			h.round(ctx, "take mail", h.fetch)
		case <-keep.C:
			h.round(ctx, "take mail", h.fetch) // calls can get lost
			h.round(ctx, "keep streams", h.keep)
		case <-sweep.C:
			h.round(ctx, "sweep listeners", h.sweep)
		}
	}
}

func (h *Hub) round(ctx context.Context, doing string, do func(context.Context) error) {
	limited, cancel := context.WithTimeout(ctx, queryPatience)
	defer cancel()
	if err := do(limited); err != nil && ctx.Err() == nil {
		h.Log.WarnContext(ctx, doing+" failed", "error", err)
	}
}

// keep ends streams that must end.
func (h *Hub) keep(ctx context.Context) error {
	held := map[webhook.EndpointID]webhook.StreamID{}
	h.mu.Lock()
	for id, s := range h.streams {
		held[id] = s.id
	}
	h.mu.Unlock()
	if len(held) == 0 {
		return nil
	}
	ended, err := h.Store.KeepStreams(ctx, held)
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, why := range ended {
		if s := h.streams[id]; s != nil && s.id == held[id] {
			s.end(why)
		}
	}
	return err
}

// sweep does what no stream's node can do any more.
func (h *Hub) sweep(ctx context.Context) error {
	swept, err := h.Store.SweepListeners(ctx)
	if swept {
		h.Wake()
	}
	if err != nil {
		return err
	}
	if err := h.Store.DropOldParcels(ctx); err != nil {
		return err
	}
	late, err := h.Store.TakeLateReplies(ctx)
	for _, reply := range late {
		if reply.Fate != webhook.Answered {
			continue
		}
		if err := h.Late(ctx, reply, true); err != nil && webhook.KindOf(err) != webhook.KindNotFound {
			h.Log.WarnContext(ctx, "a late reply is lost", "attempt", reply.AttemptID.String(), "error", err)
		}
	}
	return err
}
