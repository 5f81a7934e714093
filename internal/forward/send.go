package forward

import (
	"context"
	"errors"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Forward gets a parcel to its listener, wherever the stream is, and waits for
// the reply: at most Patience for somebody to take it, then its timeout and a
// few seconds. If ctx ends first, the reply is Lost.
func (h *Hub) Forward(ctx context.Context, parcel webhook.Parcel) webhook.Reply {
	w := &wait{parcel: parcel, reply: make(chan webhook.Reply, 1)}
	unsent := webhook.Reply{EndpointID: parcel.EndpointID, DeliveryID: parcel.DeliveryID, AttemptID: parcel.AttemptID, Fate: webhook.Unsent}
	if !h.send(w) {
		select { // the claim goes back when nothing could make it again
		case <-h.stopped:
			pause(ctx, stoppedPause)
		case <-ctx.Done():
		}
		return unsent
	}
	defer h.forget(w)
	ctx, cancel := context.WithTimeout(ctx, h.Patience+parcel.Timeout+transit)
	defer cancel()
	patience := time.NewTimer(h.Patience)
	defer patience.Stop()
	for {
		select {
		case reply := <-w.reply:
			return reply
		case <-patience.C:
			if h.withdraw(w) {
				return unsent
			}
		case <-ctx.Done():
			if !h.withdraw(w) {
				unsent.Fate = webhook.Lost
			}
			return unsent
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// send hands the parcel to a stream of this node or to the table; false if the
// node stops.
func (h *Hub) send(w *wait) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return false
	}
	h.waits[w.parcel.AttemptID] = w
	if s := h.streams[w.parcel.EndpointID]; s != nil && s.why == "" {
		s.offer(w.parcel)
		return true
	}
	w.away = true
	h.parcels = append(h.parcels, w.parcel)
	signal(h.outbox)
	return true
}

func (h *Hub) forget(w *wait) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.waits, w.parcel.AttemptID)
}

// withdraw takes a parcel back that nobody has taken yet.
func (h *Hub) withdraw(w *wait) bool {
	id := w.parcel.AttemptID
	h.mu.Lock()
	s, away := h.streams[w.parcel.EndpointID], w.away
	if !away {
		defer h.mu.Unlock()
		return s != nil && s.withdraw(id)
	}
	for i := range h.parcels {
		if h.parcels[i].AttemptID == id { // not even put yet
			h.parcels = append(h.parcels[:i], h.parcels[i+1:]...)
			h.mu.Unlock()
			return true
		}
	}
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), queryPatience)
	defer cancel()
	back, err := h.Store.WithdrawParcel(ctx, id)
	if err != nil {
		h.Log.Warn("a parcel can't be withdrawn", "error", err)
	}
	return back
}

// Answer takes what a listener says, on whichever node: a sign of life, even if
// it says nothing. What nobody on this node waits for goes on its way before it
// returns.
func (h *Hub) Answer(ctx context.Context, l webhook.Listener, replies []webhook.Reply) error {
	var others []webhook.Reply
	h.mu.Lock()
	for _, reply := range replies {
		reply.EndpointID, reply.Fate = l.EndpointID, webhook.Answered
		if s := h.streams[l.EndpointID]; s != nil {
			delete(s.out, reply.AttemptID)
		}
		if !h.deliver(reply) {
			others = append(others, reply)
		}
	}
	h.mu.Unlock()
	return errors.Join(h.pass(ctx, others), h.Store.HearListener(ctx, l))
}

// pass records replies that nobody waits for, and puts the others where other
// nodes find them.
func (h *Hub) pass(ctx context.Context, replies []webhook.Reply) error {
	var waited []webhook.Reply
	for _, reply := range replies {
		err := h.Late(ctx, reply, false)
		switch {
		case errors.Is(err, ErrOut):
			waited = append(waited, reply)
		case err != nil && webhook.KindOf(err) != webhook.KindNotFound:
			return err
		}
	}
	if len(waited) == 0 {
		return nil
	}
	if err := h.Store.PutReplies(ctx, waited); err != nil {
		return err
	}
	return h.Store.NotifyMail(ctx)
}

// deliver gives a reply to the attempt that waits for it; it needs h.mu.
func (h *Hub) deliver(reply webhook.Reply) bool {
	w := h.waits[reply.AttemptID]
	if w == nil || w.parcel.EndpointID != reply.EndpointID || w.parcel.DeliveryID != reply.DeliveryID {
		return false
	}
	delete(h.waits, reply.AttemptID)
	w.reply <- reply
	return true
}
