package webhook

import "time"

// EndpointKind is what an endpoint delivers to.
type EndpointKind string

// The kinds of endpoint.
const (
	KindWebhook EndpointKind = "webhook"
	KindSlack   EndpointKind = "slack"
	// KindForward is a developer's machine that listens; nothing dials its URL.
	KindForward EndpointKind = "forward"
)

// EndpointState says whether an endpoint's deliveries go out.
type EndpointState string

// The states of an endpoint.
const (
	EndpointActive EndpointState = "active"
	EndpointPaused EndpointState = "paused"
)

// PauseReason says why an endpoint is paused; empty while it is active.
type PauseReason string

// Why an endpoint can be paused.
const (
	PausedByPerson  PauseReason = "person"
	PausedAsGone    PauseReason = "gone"    // the receiver answered 410
	PausedAsFailing PauseReason = "failing" // no success for days
	PausedByProject PauseReason = "project" // the project is suspended
	PausedBySecret  PauseReason = "secret"  // the signing secret can't be read
	PausedBySlack   PauseReason = "slack"   // kind slack: Slack does not take the token, or there is none
	// PausedAsAway: kind forward, and nobody listens at the moment.
	PausedAsAway PauseReason = "listener"
)

// Endpoint is a destination that a developer registered.
type Endpoint struct {
	ID        EndpointID
	ProjectID ProjectID
	// Version counts changes of Settings. Events and attempts record the
	// version that counted for them.
	Version int64
	Settings
	State         EndpointState
	PausedBecause PauseReason
	PausedAt      time.Time
	// NotBefore holds every request until then: the receiver's Retry-After.
	NotBefore time.Time
	// ConsecutiveFailures counts failed attempts since the last success.
	ConsecutiveFailures int
	LastSuccessAt       time.Time
	LastFailureAt       time.Time
	// FailingSince is the first failure since the last success; zero if the
	// last attempt was one.
	FailingSince time.Time
	CreatedAt    time.Time
	UpdatedAt    time.Time
	// DeletedAt is set once the endpoint is gone; its log stays readable.
	DeletedAt time.Time
}

// Settings are what a developer chooses about an endpoint. They are kept as
// versioned rows.
type Settings struct {
	Name string
	Kind EndpointKind
	// URL is where requests go; for kind slack the channel as people know it,
	// #general.
	URL string
	// Channel is set for kind slack only.
	Channel *SlackChannel
	Format  FormatName
	// Custom is set for format "custom" only.
	Custom *CustomFormat
	// Template makes the body in place of the format's; empty for none. The
	// format signs it.
	Template string
	// Topics are names or globs; at least one.
	Topics  []string
	Prompt  PromptFilter
	Payload PayloadFilter
	Headers []Header
	Retry   RetryPolicy
	// Timeout covers a whole attempt, from DNS to the last kept body byte.
	Timeout time.Duration
	// MaxInFlight 0 means the default of 64; RatePerSecond 0 means unlimited.
	MaxInFlight   int
	RatePerSecond float64
	// Ordered sends one at a time, oldest first.
	Ordered bool
}

// CustomFormat is a signature and body layout that the developer describes.
type CustomFormat struct {
	Header string
	// Signed is what the HMAC covers: "body", "{t}.{body}" or
	// "{id}.{t}.{body}".
	Signed string
	// Encoding is "hex" or "base64".
	Encoding string
	// Value is the header's value with {t} and {signature} to fill in.
	Value string
	// Body is the envelope: "plain", "flat" or "data".
	Body string
}

// PromptFilter narrows prompt topics: each list is "any of", all lists that
// are not empty must hold. Names are globs.
type PromptFilter struct {
	Names  []string
	Tags   []string
	Labels []string
}

// Empty reports whether the filter lets every prompt pass.
func (f PromptFilter) Empty() bool {
	return len(f.Names) == 0 && len(f.Tags) == 0 && len(f.Labels) == 0
}

// PayloadFilter narrows events by what their data says: by rows, all of which
// must hold, or by one expression. At most one of the two is set.
type PayloadFilter struct {
	Rows []PayloadRow
	// Expression is CEL over data, topic and occurredAt that answers true or
	// false.
	Expression string
}

// Empty reports whether the filter lets every event pass.
func (f PayloadFilter) Empty() bool { return len(f.Rows) == 0 && f.Expression == "" }

// PayloadRow is one condition on a member of an event's data.
type PayloadRow struct {
	// Path is dotted: "customer.address.country".
	Path     string
	Operator Operator
	// Value is the text compared with; for "one of" a comma-separated list;
	// unused for "exists".
	Value string
}

// Operator is how a payload row compares.
type Operator string

// The operators of payload rows.
const (
	OpEquals     Operator = "equals"
	OpNotEquals  Operator = "notEquals"
	OpOneOf      Operator = "oneOf"
	OpContains   Operator = "contains"
	OpStartsWith Operator = "startsWith"
	OpGlob       Operator = "glob"
	OpLess       Operator = "lt"
	OpAtMost     Operator = "lte"
	OpMore       Operator = "gt"
	OpAtLeast    Operator = "gte"
	OpExists     Operator = "exists"
)

// Header is a custom request header. A secret one keeps its value sealed: in
// stored settings Value is empty and Sealed set.
type Header struct {
	Name   string
	Value  string
	Secret bool
	Sealed []byte
}

// RetryName names a retry schedule.
type RetryName string

// The retry schedules.
const (
	RetryStandard RetryName = "standard"
	RetryShort    RetryName = "short"
	RetryCustom   RetryName = "custom"
)

// RetryPolicy says when a failed delivery is tried again.
type RetryPolicy struct {
	Policy RetryName
	// Delays is used by "custom" only: the wait after each failure, at most 20.
	Delays []time.Duration
	// NoClientErrors stops at once on a 4xx answer other than 408, 410 and 429.
	NoClientErrors bool
}

// The bounds of endpoint settings.
const (
	DefaultTimeout     = 15 * time.Second
	MaxTimeout         = 30 * time.Second
	DefaultMaxInFlight = 64
	MaxRetryDelays     = 20
	MaxHeaders         = 20
)

// leaseBeyond is how much longer than its timeout a claim on an attempt lasts.
const leaseBeyond = 20 * time.Second

// LeaseFor is how long a claim on one attempt to the endpoint lasts.
func (s Settings) LeaseFor() time.Duration { return s.Timeout + leaseBeyond }

// InFlightLimit is how many requests may be open at once over all nodes, by
// the endpoint's own limit and its failures.
func (e Endpoint) InFlightLimit() int {
	return InFlight(e.MaxInFlight, e.Ordered, e.ConsecutiveFailures, false)
}

// MayHandOff reports whether new deliveries can go straight from the publish
// transaction to a sender: only endpoints without limits of their own.
func (e Endpoint) MayHandOff() bool {
	return e.State == EndpointActive && e.MaxInFlight == 0 && e.RatePerSecond == 0 && !e.Ordered &&
		e.NotBefore.IsZero() && e.ConsecutiveFailures < SparedAfter
}
