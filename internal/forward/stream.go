package forward

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// stream is an open one. The hub's mutex guards it.
type stream struct {
	id    webhook.StreamID
	queue []webhook.Parcel
	// out is what was written and not answered yet, with the time to forget it.
	out  map[webhook.AttemptID]sent
	why  webhook.StreamEnd // empty while open
	more chan struct{}     // there is more to do; capacity 1
}

type sent struct {
	parcel webhook.Parcel
	until  time.Time
}

// offer, withdraw and end need the hub's mutex.
func (s *stream) offer(p webhook.Parcel) {
	s.queue = append(s.queue, p)
	signal(s.more)
}

func (s *stream) withdraw(id webhook.AttemptID) bool {
	for i := range s.queue {
		if s.queue[i].AttemptID == id {
			s.queue = append(s.queue[:i], s.queue[i+1:]...)
			return true
		}
	}
	return false
}

func (s *stream) end(why webhook.StreamEnd) {
	if s.why == "" {
		s.why = why
		signal(s.more)
	}
}

// Serve holds a listener's stream until it ends, and answers why. send writes
// parcels to the listener, none for a sign of life; an error of it means that
// the listener left.
func (h *Hub) Serve(ctx context.Context, l webhook.Listener, send func([]webhook.Parcel) error) (webhook.StreamEnd, error) {
	s := &stream{id: webhook.StreamID{UUID: mint.UUID(time.Now())}, out: map[webhook.AttemptID]sent{}, more: make(chan struct{}, 1)}
	if err := h.open(l, s); err != nil {
		return "", err
	}
	defer h.serving.Done()
	if err := h.Store.StartStream(ctx, l, s.id); err != nil {
		h.closed(l, s)
		return "", err
	}
	h.Wake()
	h.Mail() // parcels may wait already
	why := h.serve(ctx, s, send)
	h.closed(l, s)
	if why == webhook.StreamReplaced || why == webhook.StreamStopping {
		return why, nil
	}
	h.round(context.WithoutCancel(ctx), "hold a listener's deliveries", func(ctx context.Context) error {
		return h.Store.LeaveStream(ctx, l, s.id)
	})
	h.Wake()
	return why, nil
}

// open registers a stream in place of an older one.
func (h *Hub) open(l webhook.Listener, s *stream) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	older := h.streams[l.EndpointID]
	switch {
	case h.draining:
		return &webhook.Error{Kind: webhook.KindUnavailable, Message: "this server is stopping; connect again"}
	case older == nil && len(h.streams) >= h.Streams:
		return webhook.Limited("this server holds %d listeners' streams already; try again later", h.Streams)
	case older != nil:
		older.end(webhook.StreamReplaced)
	}
	h.streams[l.EndpointID] = s
	h.serving.Add(1)
	return nil
}

func (h *Hub) serve(ctx context.Context, s *stream, send func([]webhook.Parcel) error) webhook.StreamEnd {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	if send(nil) != nil {
		return webhook.StreamLeft
	}
	for {
		alive := false
		select {
		case <-ctx.Done():
			return webhook.StreamLeft
		case <-s.more:
		case <-ping.C:
			alive = true
		}
		parcels, why := h.next(s)
		if why != "" {
			return why
		}
		if (len(parcels) > 0 || alive) && send(parcels) != nil {
			return webhook.StreamLeft
		}
	}
}

// next takes what is to be written; it counts as written.
func (h *Hub) next(s *stream) ([]webhook.Parcel, webhook.StreamEnd) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.why != "" {
		return nil, s.why
	}
	now := time.Now()
	for id, old := range s.out {
		if now.After(old.until) { // answered at another node, or never
			delete(s.out, id)
		}
	}
	parcels := s.queue
	s.queue = nil
	for _, p := range parcels {
		s.out[p.AttemptID] = sent{p, now.Add(p.Timeout + transit)}
	}
	return parcels, ""
}

// closed takes a stream out and says what became of its parcels: those that
// were written may have arrived, the others look for another stream.
func (h *Hub) closed(l webhook.Listener, s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.end(webhook.StreamLeft)
	if h.streams[l.EndpointID] == s {
		delete(h.streams, l.EndpointID)
	}
	for _, p := range s.queue {
		h.reroute(p)
	}
	for id, o := range s.out {
		lost := webhook.Reply{EndpointID: l.EndpointID, DeliveryID: o.parcel.DeliveryID, AttemptID: id, Fate: webhook.Lost}
		if !h.deliver(lost) {
			h.replies = append(h.replies, lost)
		}
	}
	s.queue, s.out = nil, nil
	signal(h.outbox)
}

// reroute sends a parcel of a closed stream on; it needs h.mu.
func (h *Hub) reroute(p webhook.Parcel) {
	if other := h.streams[p.EndpointID]; other != nil && other.why == "" {
		other.offer(p)
		return
	}
	if w := h.waits[p.AttemptID]; w != nil {
		w.away = true
	}
	h.parcels = append(h.parcels, p)
}
