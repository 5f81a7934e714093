package webhook

import "time"

// Page is one page of a list, newest first unless said otherwise.
type Page[T any] struct {
	Items []T
	// Next is the cursor of the following page; empty at the end.
	Next string
	// SearchedBackTo is set when a filter without an index stopped early: rows
	// older than this were not looked at.
	SearchedBackTo time.Time
}

// DeliveryFilter narrows a list of deliveries; zero members do not narrow.
type DeliveryFilter struct {
	// ProjectID zero means all projects: staff only.
	ProjectID  ProjectID
	EndpointID EndpointID
	EventID    EventID
	// State may be Held or Failed.
	State  State
	Topic  string
	Status int
	Since  time.Time
	Until  time.Time
	// Query is an id of a delivery, event, endpoint or attempt.
	Query  string
	Cursor string
	Limit  int
}

// Keeps reports whether a delivery that the filter once took still belongs to
// the list: its state and its latest answer change, all else stays.
func (f DeliveryFilter) Keeps(row DeliveryRow) bool {
	if f.Status != 0 && row.LastStatus != f.Status {
		return false
	}
	switch f.State {
	case "":
		return true
	case Held:
		return row.Shown() == Held
	case Failed:
		return row.Failed()
	}
	return row.State == f.State
}

// EventFilter narrows a list of events.
type EventFilter struct {
	ProjectID ProjectID
	Topic     string
	Since     time.Time
	Until     time.Time
	// Query is an event id or the value of a search key.
	Query  string
	Cursor string
	Limit  int
}

// ProjectFilter narrows a list of projects, which is sorted by name.
type ProjectFilter struct {
	// Member, if set, leaves only the projects that this user belongs to.
	Member UserID
	// Query is a part of the name or the external id, in any case.
	Query  string
	Cursor string
	Limit  int
}

// UserFilter narrows a list of users, which is sorted by email.
type UserFilter struct {
	// Query is a part of the email or name, in any case.
	Query  string
	Cursor string
	Limit  int
}

// EndpointFilter narrows a list of endpoints, newest first, deleted ones left
// out.
type EndpointFilter struct {
	// ProjectID zero means all projects: staff only.
	ProjectID ProjectID
	State     EndpointState
	// Query is a part of the name or URL in any case, or an id.
	Query string
	// IDs, if there are any, leaves those only.
	IDs    []EndpointID
	Cursor string
	Limit  int
}

// StatsFilter asks for counts over time.
type StatsFilter struct {
	ProjectID  ProjectID
	EndpointID EndpointID
	Since      time.Time
	Until      time.Time
	// Step is the width of a bucket, a multiple of a minute.
	Step time.Duration
	// CountsOnly leaves latencies out, which is faster.
	CountsOnly bool
	// WithDelivered counts the deliveries that were delivered beside the other
	// states, which is slower.
	WithDelivered bool
}

// StatsBucket is what happened in one step.
type StatsBucket struct {
	Start     time.Time
	Delivered int64
	Failed    int64
	Causes    map[Cause]int64
	// Latency is that of attempts whose cause is Timed.
	Latency Latency
}

// Answered reports whether any attempt in it brought an HTTP answer.
func (b StatsBucket) Answered() bool {
	if b.Delivered > 0 {
		return true
	}
	for cause, n := range b.Causes {
		if n > 0 && cause.Answered() {
			return true
		}
	}
	return false
}

// Latency is a histogram of attempt durations: bucket i counts attempts that
// took at most 2^i milliseconds, the last bucket everything longer.
type Latency [17]int64

// Add counts one attempt, to the microsecond: a bucket's bound is never
// exceeded by what is in it.
func (l *Latency) Add(d time.Duration) {
	for i := range len(l) - 1 {
		if d <= time.Millisecond<<i {
			l[i]++
			return
		}
	}
	l[len(l)-1]++
}

// Merge adds another histogram.
func (l *Latency) Merge(o Latency) {
	for i := range l {
		l[i] += o[i]
	}
}

// Quantile is the upper bound of the bucket that holds the q-th part of all
// attempts; 0 when there are none.
func (l Latency) Quantile(q float64) time.Duration {
	var total int64
	for _, n := range l {
		total += n
	}
	if total == 0 {
		return 0
	}
	rank := int64(q*float64(total-1)) + 1
	for i, n := range l {
		if rank -= n; rank <= 0 {
			return time.Duration(1<<i) * time.Millisecond
		}
	}
	return time.Duration(1<<(len(l)-1)) * time.Millisecond
}

// AuditEntry is one act that is kept for good.
type AuditEntry struct {
	ID AuditID
	At time.Time
	// ProjectID is zero for acts on the instance.
	ProjectID ProjectID
	Actor     Actor
	// Action is a dotted word such as "endpoint.secret.revealed".
	Action string
	// Object is the id of what was acted on; ObjectName its name at the time.
	Object     string
	ObjectName string
	// Detail is what changed, in words, without secrets.
	Detail string
	Addr   string
}

// AuditFilter narrows the audit log.
type AuditFilter struct {
	ProjectID ProjectID
	// Action also finds those below it: "endpoint" finds "endpoint.created".
	Action string
	// Object is the id of what was acted on.
	Object string
	// ActorType and ActorID are who acted; each may stand alone.
	ActorType ActorType
	ActorID   UUID
	Since     time.Time
	Until     time.Time
	Cursor    string
	Limit     int
}
