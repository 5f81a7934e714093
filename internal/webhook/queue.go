package webhook

import "time"

// Job is one claimed attempt: all that a worker needs beside the endpoint.
type Job struct {
	Delivery Delivery
	Event    Event
	// ClaimedAt is this node's clock just before the claim was made; the
	// lease runs from the database's clock, never before it.
	ClaimedAt time.Time
	LeaseFor  time.Duration
}

// Target is an endpoint made ready to be sent to: headers and secrets opened.
type Target struct {
	Endpoint
	Secrets []Secret
	// Slack is the project's connection; nil if there is none, or the kind is
	// another.
	Slack *SlackInstall
	// Unreadable says why a secret or header could not be opened; such an
	// endpoint is held, never sent to unsigned. Empty if all is well.
	Unreadable string
}

// Settled is what the dispatcher decided about a delivery after an attempt.
// The store writes it, fenced by the attempt's id.
type Settled struct {
	ProjectID  ProjectID
	EndpointID EndpointID
	DeliveryID DeliveryID
	Attempt    Attempt
	State      State
	// Delay is the wait until the next attempt, from the database's now; used
	// with State Waiting.
	Delay    time.Duration
	Failures int
	Unknowns int
	Reason   string
	// Test deliveries stay outside health, statistics and pauses.
	Test bool
	// Resend deliveries neither pause nor heal their endpoint.
	Resend bool
	// Pause pauses the endpoint for this reason; empty leaves it.
	Pause PauseReason
	// HoldFor keeps the endpoint quiet for so long: the receiver's Retry-After.
	HoldFor time.Duration
}

// Admission is one publisher's request: all of its events are stored, or none.
type Admission struct {
	Items []AdmissionItem
}

// AdmissionItem is one event with what it was matched to.
type AdmissionItem struct {
	Event Event
	// Fingerprint is the hash that tells a repeat from another body under the
	// same key.
	Fingerprint [32]byte
	// Catalogue is the version of the project's endpoints that was matched
	// against; unused with audience "all".
	Catalogue int64
	// Deliveries to make. One with State Sending and an AttemptID is a wish to
	// hand it over already leased; the store grants it only if nothing of that
	// endpoint is due in the table.
	Deliveries []Delivery
	// LeaseFor by position in Deliveries, used where a hand-off is wished.
	LeaseFor []time.Duration
	// Audit is stored with the event, and not with a repeat; nil for none.
	Audit *AuditEntry
}

// Admitted is the answer to one Admission.
type Admitted struct {
	// Stale: the project's endpoints changed since the matching; match again.
	// Nothing of this admission was stored.
	Stale bool
	// Err refuses this admission alone (a key used with another body), because
	// of its item at the position Refused.
	Err      error
	Refused  int
	Receipts []Receipt
}

// Receipt is the answer for one event.
type Receipt struct {
	ID         EventID
	Topic      string
	Deliveries int
	Duplicate  bool
	FanOut     bool
	// HandedOff are the deliveries that are leased to this node, in the order of
	// the item's.
	HandedOff []DeliveryID
	Seq       int64
	// Warnings say where the data breaks a schema that only warns. The
	// publisher sets them; they are not stored.
	Warnings []string
}

// FanOutProgress is how far a wide event has come. The zero value: all of its
// deliveries are made.
type FanOutProgress struct {
	Pending bool
	// Made counts the deliveries so far, of all projects.
	Made int
}

// Outcomes are what became of an event in one project, counted by endpoint;
// tests are left out.
type Outcomes struct {
	// Made is how many endpoints it was for.
	Made int
	// Delivered is how many of them got it, by a resend at the latest.
	Delivered int
	// Live counts deliveries that have not ended.
	Live int
}

// FanOutStep is the next piece of a wide event's delivery.
type FanOutStep struct {
	Event Event
	// Endpoints of the accept moment, with their settings of that moment, in
	// order of id.
	Endpoints []Endpoint
	// From is where the step begins, zero for the start, and To the last
	// endpoint that it looked at: there the next one begins.
	From, To EndpointID
	// Last says that no endpoints follow.
	Last bool
}
