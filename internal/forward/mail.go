package forward

import (
	"context"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// post puts what is for other nodes, many at once, until ctx ends.
func (h *Hub) post(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			h.postOnce(context.WithoutCancel(ctx))
			return
		case <-h.outbox:
			h.postOnce(ctx)
		}
	}
}

// postOnce loses what the database does not take: those who wait find that
// nobody took it, or no reply.
func (h *Hub) postOnce(ctx context.Context) {
	h.mu.Lock()
	parcels, replies := h.parcels, h.replies
	h.parcels, h.replies = nil, nil
	h.mu.Unlock()
	if len(parcels)+len(replies) == 0 {
		return
	}
	h.round(ctx, "put mail", func(ctx context.Context) error {
		if len(parcels) > 0 {
			if err := h.Store.PutParcels(ctx, parcels); err != nil {
				return err
			}
		}
		if len(replies) > 0 {
			if err := h.Store.PutReplies(ctx, replies); err != nil {
				return err
			}
		}
		return h.Store.NotifyMail(ctx)
	})
	h.Mail() // a stream may have opened here meanwhile
}

// fetch takes what other nodes put for streams and attempts of this one.
func (h *Hub) fetch(ctx context.Context) error {
	endpoints, attempts := h.wanted()
	if len(attempts) > 0 {
		replies, err := h.Store.TakeReplies(ctx, attempts)
		if err != nil {
			return err
		}
		h.mu.Lock()
		for _, r := range replies {
			h.deliver(r)
		}
		h.mu.Unlock()
	}
	if len(endpoints) == 0 {
		return nil
	}
	parcels, err := h.Store.TakeParcels(ctx, endpoints)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range parcels { // taken are taken, whatever went wrong with others
		h.reroute(p)
	}
	if len(parcels) > 0 {
		h.Mail() // there may be more
	}
	return err
}

// wanted are the endpoints whose streams are here and the attempts whose
// replies may come from elsewhere.
func (h *Hub) wanted() (endpoints []webhook.EndpointID, attempts []webhook.AttemptID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, s := range h.streams {
		if s.why == "" {
			endpoints = append(endpoints, id)
		}
	}
	for id := range h.waits {
		attempts = append(attempts, id)
	}
	return endpoints, attempts
}

// Stop ends all streams: nothing new goes out, what is out may be answered for
// a moment, at most patience. It returns once the streams are closed.
func (h *Hub) Stop(patience time.Duration) {
	h.mu.Lock()
	h.draining = true
	h.mu.Unlock()
	for deadline := time.Now().Add(patience); h.out() > 0 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	h.mu.Lock()
	for _, s := range h.streams {
		s.end(webhook.StreamStopping)
	}
	h.mu.Unlock()
	h.serving.Wait()
	close(h.stopped)
}

// out counts what streams of this node have out.
func (h *Hub) out() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, s := range h.streams {
		n += len(s.out) + len(s.queue)
	}
	return n
}
