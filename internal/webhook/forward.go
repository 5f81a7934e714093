package webhook

import "time"

// Listener is a developer's machine that takes an endpoint's deliveries through
// a stream that it opened itself. Its endpoint has kind "forward" and ends with
// it.
type Listener struct {
	EndpointID EndpointID
	ProjectID  ProjectID
	// KeyID is the API key that opened it; key and name find it again.
	KeyID KeyID
	Name  string
	// Stream names the latest stream; it is zero before the first.
	Stream StreamID
	// HeardAt is when it last gave a sign of life, zero before the first stream.
	HeardAt time.Time
	// LeftAt is when its stream ended, zero while one is open.
	LeftAt time.Time
}

// Parcel is a signed request on its way to a listener.
type Parcel struct {
	ProjectID  ProjectID
	EndpointID EndpointID
	EventID    EventID
	DeliveryID DeliveryID
	AttemptID  AttemptID
	Topic      string
	// Attempt counts from 1 within the delivery.
	Attempt int
	// Timeout is how long the listener's program may take to answer.
	Timeout time.Duration
	Headers []HeaderLine
	Body    []byte
}

// Fate says what became of a parcel.
type Fate string

// The fates of a parcel.
const (
	// Answered: the listener told what its program answered, or why it did not.
	Answered Fate = "answered"
	// Lost: the stream broke before an answer; the program may have seen it.
	Lost Fate = "lost"
	// Unsent: no listener took it.
	Unsent Fate = "unsent"
)

// Reply is what a listener says about a parcel.
type Reply struct {
	EndpointID EndpointID
	DeliveryID DeliveryID
	AttemptID  AttemptID
	Fate       Fate
	// Response has status 0 if the program gave no answer; Cause and Error say
	// why, in the listener's words.
	Response Response
	Cause    Cause
	Error    string
	Duration time.Duration
	Timings  Timings
}

// StreamEnd is why a listener's stream ended.
type StreamEnd string

// Why a stream can end. Who is not told to stop connects again.
const (
	StreamLeft     StreamEnd = "left"     // the listener went away by itself
	StreamReplaced StreamEnd = "replaced" // another one took the same name
	StreamRevoked  StreamEnd = "revoked"  // its key is no good any more
	StreamDeleted  StreamEnd = "deleted"  // its endpoint is gone
	StreamSilent   StreamEnd = "silent"   // nothing was heard from it
	StreamStopping StreamEnd = "stopping" // the server stops
)

// GoneListener is why deliveries of a listener that went away are cancelled.
const GoneListener = "the listener went away"

// The bounds of listeners.
const (
	// ListenerGrace is how long a listener may be away before its endpoint is
	// deleted.
	ListenerGrace = 30 * time.Second
	// MaxListeners is how many a project may have.
	MaxListeners = 10
)
