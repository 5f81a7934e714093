package webhook

import "time"

// State is how far a delivery has come. "held" is not among them: it is
// computed from the endpoint and project, never written.
type State string

// The states of a delivery.
const (
	Waiting   State = "waiting"
	Sending   State = "sending"
	Delivered State = "delivered"
	Exhausted State = "exhausted"
	Cancelled State = "cancelled"
)

// Held is shown for a waiting delivery whose endpoint is paused or whose
// project is suspended. It is never stored.
const Held State = "held"

// Failed is asked for in lists and never stored: exhausted, or not ended after
// an attempt that failed.
const Failed State = "failed"

// Ended reports whether nothing more will be sent.
func (s State) Ended() bool { return s == Delivered || s == Exhausted || s == Cancelled }

// Delivery is one event for one endpoint.
type Delivery struct {
	ID         DeliveryID
	ProjectID  ProjectID
	EventID    EventID
	EndpointID EndpointID
	// EndpointVersion is the settings version that matched the event.
	EndpointVersion int64
	Topic           string
	Seq             int64
	State           State
	// DueAt is when the next attempt may start; meaningful while waiting.
	DueAt time.Time
	// Attempts counts claims so far, so it is the number of the latest attempt.
	Attempts int
	// Failures counts the failed attempts that used up the retry schedule;
	// Unknowns those in a row whose result nobody knows.
	Failures  int
	Unknowns  int
	AttemptID AttemptID
	// LeaseUntil is when the present claim ends, by the database's clock.
	LeaseUntil time.Time
	CreatedAt  time.Time
	EndedAt    time.Time
	// ResendOf is zero for a delivery that no one asked for again.
	ResendOf    DeliveryID
	RequestedBy Actor
	Test        bool
	// Reason says in words why it was cancelled or gave up.
	Reason string
	// The latest attempt in short, for lists.
	LastStatus     int
	LastCause      Cause
	LastDurationMS int64
	LastAttemptAt  time.Time
}

// DeliveryRow is a delivery as lists show it.
type DeliveryRow struct {
	Delivery
	EndpointName  string
	EndpointURL   string
	EndpointState EndpointState
	PausedBecause PauseReason
	ProjectName   string
	Suspended     bool
	EndpointGone  bool // the endpoint is deleted
}

// Shown is the state as people see it, "held" included.
func (r DeliveryRow) Shown() State {
	if r.State == Waiting && !r.Test && (r.EndpointState == EndpointPaused || r.Suspended) {
		return Held
	}
	return r.State
}

// Failed reports whether the delivery was given up or its latest attempt
// failed.
func (r DeliveryRow) Failed() bool {
	return r.State == Exhausted || !r.State.Ended() && r.LastCause != ""
}
