package webhook

import "time"

// Audience says whom an event is for.
type Audience string

// The audiences: one project, or every project that subscribes.
const (
	AudienceProject Audience = "project"
	AudienceAll     Audience = "all"
)

// Event is one occurrence of a topic, published once.
type Event struct {
	ID EventID
	// ProjectID is zero for audience "all".
	ProjectID ProjectID
	Audience  Audience
	Topic     string
	// Data is the publisher's JSON object with the white space between tokens
	// removed and every spelling kept; nil once expunged.
	Data       []byte
	OccurredAt time.Time
	AcceptedAt time.Time
	// Seq is the order in which the database accepted events.
	Seq         int64
	PublishedBy Actor
	// Hop counts how often the event has come round through our own API.
	Hop int
	// Key is the idempotency key, empty for none.
	Key string
	// Deliveries is how many were made at accept; FanOut says that more are
	// being made in steps.
	Deliveries int
	FanOut     bool
	// Search holds the values of the topic's search keys, in their order.
	Search     []string
	ExpungedAt time.Time
}
