package manage_test

import (
	"context"

	"github.com/bellwire/bellwire/internal/webhook"
)

func (m *memory) Listener(_ context.Context, id webhook.EndpointID) (webhook.Listener, error) {
	l, err := get(m.listeners, id)
	if err == nil && !m.endpoints[id].DeletedAt.IsZero() {
		err = errMissing
	}
	return l, err
}

func (m *memory) ListenerNamed(ctx context.Context, key webhook.KeyID, name string) (webhook.Listener, error) {
	for id, l := range m.listeners {
		if l.KeyID == key && l.Name == name {
			return m.Listener(ctx, id)
		}
	}
	return webhook.Listener{}, errMissing
}

func (m *memory) CreateListener(ctx context.Context, l webhook.Listener, e webhook.Endpoint, secret webhook.Secret, entry webhook.AuditEntry) error {
	m.listeners[l.EndpointID] = l
	return m.CreateEndpoint(ctx, e, secret, entry)
}
