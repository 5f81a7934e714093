package manage

import (
	"time"

	"github.com/bellwire/bellwire/internal/retry"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// Meta is what developers of receivers and clients can know of this
// installation.
type Meta struct {
	Facts
	Formats   []wire.Info
	Schedules map[webhook.RetryName][]time.Duration
	Limits    Limits
}

// Limits are the bounds of what callers send. Sizes are in bytes.
type Limits struct {
	Payload       int
	Body          int
	BatchBody     int
	BatchEvents   int
	PageRows      int
	Topics        int
	Headers       int
	RetryDelays   int
	MaxTimeout    time.Duration
	MaxInFlight   int
	RatePerSecond int
	ResponseKept  int
}

// The sizes that surfaces enforce.
const (
	MaxPayload     = 256 << 10
	MaxBody        = 1 << 20
	MaxBatchBody   = 16 << 20
	MaxBatchEvents = 1000
)

// Meta answers it; there is nothing in it to keep from anybody.
func (s *Service) Meta() Meta {
	return Meta{
		Facts:     s.Facts,
		Formats:   wire.Formats(),
		Schedules: retry.Schedules(),
		Limits: Limits{
			Payload:       MaxPayload,
			Body:          MaxBody,
			BatchBody:     MaxBatchBody,
			BatchEvents:   MaxBatchEvents,
			PageRows:      MaxLimit,
			Topics:        maxPatterns,
			Headers:       webhook.MaxHeaders,
			RetryDelays:   webhook.MaxRetryDelays,
			MaxTimeout:    webhook.MaxTimeout,
			MaxInFlight:   maxInFlight,
			RatePerSecond: maxRate,
			ResponseKept:  webhook.KeptBody,
		},
	}
}
