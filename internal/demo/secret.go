package demo

import (
	"context"
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// secretOf remembers an endpoint's secret for a moment. If it can't be read
// the last one stays: the receiver then answers 403 as a real one would.
func (d *Demo) secretOf(e webhook.Endpoint) func() string {
	var mu sync.Mutex
	var value string
	var readAt time.Time
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(readAt) < secretFor {
			return value
		}
		ctx, cancel := context.WithTimeout(context.Background(), secretFor)
		defer cancel()
		fresh, err := d.Secret(ctx, e.ProjectID, e.ID)
		if err != nil {
			d.Log.Warn("the demo's receiver could not read its secret", "endpoint_id", e.ID.String(), "error", err)
			return value
		}
		value, readAt = fresh, time.Now()
		return value
	}
}
