package sender

import (
	"sync"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// maxKept bounds the bytes of kept bodies. An event's deliveries leave close
// together, so little is needed.
const maxKept = 2 << 20

// bodies keeps the latest bodies by event and format: one event often goes to
// many endpoints in the same bytes.
type bodies struct {
	mu    sync.Mutex
	kept  map[bodyKey][]byte
	order []bodyKey // oldest first
	size  int
}

type bodyKey struct {
	event  webhook.EventID
	format webhook.FormatName
}

func newBodies() *bodies { return &bodies{kept: make(map[bodyKey][]byte)} }

// of is the body of an event in a format; nil where it can't be shared: it
// holds a signature, or the endpoint describes it.
func (b *bodies) of(event *webhook.Event, format webhook.FormatName) []byte {
	if event.Data == nil || format == webhook.FormatCustom || wire.BodyDependsOnSecret(format) {
		return nil
	}
	key := bodyKey{event.ID, format}
	b.mu.Lock()
	body, ok := b.kept[key]
	b.mu.Unlock()
	if ok {
		return body
	}
	body = wire.Body(format, nil, *event, "")
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.kept[key]; ok || len(body) > maxKept {
		return body
	}
	b.kept[key] = body
	b.order = append(b.order, key)
	for b.size += len(body); b.size > maxKept; b.order = b.order[1:] {
		b.size -= len(b.kept[b.order[0]])
		delete(b.kept, b.order[0])
	}
	return body
}
