package dispatch_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

var errDown = webhook.Unavailable(errors.New("connection refused"))

// lookAgain is when the table has endpoints looked at again that had no room.
const lookAgain = 50 * time.Millisecond

// row is a delivery as the fake table holds it.
type row struct {
	webhook.Delivery
	leaseFor time.Duration
	attempts []webhook.Attempt
}

// table is a deliveries table and its endpoints in memory, with the fences of
// the real one.
type table struct {
	t         *testing.T
	mu        sync.Mutex
	rows      map[webhook.DeliveryID]*row
	endpoints map[webhook.EndpointID]*webhook.Target
	seq       int64
	leaseFor  time.Duration

	// refuse, if set, fails a call by its name: claim, record, release,
	// expired, targets.
	refuse func(call string, settled []webhook.Settled) error
	calls  map[string]int
	pauses []webhook.PauseReason

	// recordFor is how long a transaction of results lasts; mostRecording is how
	// many there were at once.
	recordFor                time.Duration
	recording, mostRecording int
}

func newTable(t *testing.T) *table {
	return &table{
		t:         t,
		rows:      map[webhook.DeliveryID]*row{},
		endpoints: map[webhook.EndpointID]*webhook.Target{},
		calls:     map[string]int{},
		leaseFor:  webhook.DefaultTimeout + 20*time.Second,
	}
}

func (b *table) called(call string, settled []webhook.Settled) error {
	b.calls[call]++
	if b.refuse != nil {
		return b.refuse(call, settled)
	}
	return nil
}

func (b *table) count(call string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls[call]
}

func (b *table) setRefuse(refuse func(string, []webhook.Settled) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = refuse
}

// endpoint adds an active endpoint with a secret.
func (b *table) endpoint(change ...func(*webhook.Target)) webhook.EndpointID {
	b.mu.Lock()
	defer b.mu.Unlock()
	target := &webhook.Target{}
	target.ID = webhook.EndpointID{UUID: mint.UUID(time.Now())}
	target.ProjectID = webhook.ProjectID{UUID: webhook.UUID{1}}
	target.Version = 1
	target.State = webhook.EndpointActive
	target.Timeout = webhook.DefaultTimeout
	target.Retry = webhook.RetryPolicy{Policy: webhook.RetryStandard}
	target.Secrets = []webhook.Secret{{ID: webhook.SecretID{UUID: webhook.UUID{7}}, Sealed: []byte("sealed"), ActiveFrom: time.Now().Add(-time.Hour)}}
	for _, c := range change {
		c(target)
	}
	b.endpoints[target.ID] = target
	return target.ID
}

func (b *table) change(id webhook.EndpointID, change func(*webhook.Target)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b.endpoints[id])
}

// add stores a delivery that is due now.
func (b *table) add(endpoint webhook.EndpointID, change ...func(*webhook.Delivery)) webhook.DeliveryID {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq++
	e := b.endpoints[endpoint]
	d := webhook.Delivery{
		ID:         webhook.DeliveryID{UUID: mint.UUID(time.Now())},
		ProjectID:  e.ProjectID,
		EndpointID: endpoint, EndpointVersion: e.Version,
		Seq: b.seq, State: webhook.Waiting, DueAt: time.Now(), CreatedAt: time.Now(),
	}
	for _, c := range change {
		c(&d)
	}
	b.rows[d.ID] = &row{Delivery: d, leaseFor: b.leaseFor}
	return d.ID
}

// hand stores a delivery already leased, as the publish transaction does.
func (b *table) hand(endpoint webhook.EndpointID) webhook.Job {
	id := b.add(endpoint)
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lease(b.rows[id])
}

func (b *table) lease(r *row) webhook.Job {
	r.State = webhook.Sending
	r.Attempts++
	r.AttemptID = webhook.AttemptID{UUID: mint.UUID(time.Now())}
	r.LeaseUntil = time.Now().Add(r.leaseFor)
	return webhook.Job{Delivery: r.Delivery, ClaimedAt: time.Now(), LeaseFor: r.leaseFor}
}

func (b *table) delivery(id webhook.DeliveryID) row {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := *b.rows[id]
	r.attempts = slices.Clone(r.attempts)
	return r
}

// inState counts deliveries.
func (b *table) inState(state webhook.State) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, r := range b.rows {
		if r.State == state {
			n++
		}
	}
	return n
}

func (b *table) Claim(_ context.Context, _ webhook.NodeID, room webhook.Room) ([]webhook.Job, time.Duration, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.called("claim", nil); err != nil {
		return nil, 0, err
	}
	var due []*row
	out := map[webhook.EndpointID]int{}
	for _, r := range b.rows {
		if r.State == webhook.Sending {
			out[r.EndpointID]++
		}
	}
	next := time.Duration(0)
	for _, r := range b.rows {
		e := b.endpoints[r.EndpointID]
		if r.State != webhook.Waiting || e.State != webhook.EndpointActive || !e.DeletedAt.IsZero() {
			continue
		}
		if wait := time.Until(r.DueAt); wait <= 0 {
			due = append(due, r)
		} else if next == 0 || wait < next {
			next = wait
		}
	}
	slices.SortFunc(due, func(a, b *row) int { return cmp.Compare(a.Seq, b.Seq) })
	var jobs []webhook.Job
	for _, r := range due {
		e := b.endpoints[r.EndpointID]
		pace := room.Pace(e.ID)
		limit := webhook.InFlight(e.MaxInFlight, e.Ordered, e.ConsecutiveFailures, pace == webhook.PaceSlow)
		if limit == webhook.DefaultMaxInFlight && e.MaxInFlight == 0 {
			limit *= 2
		}
		part := &room.Slots
		switch {
		case pace == webhook.PaceSlow, e.ConsecutiveFailures >= webhook.SparedAfter, pace == webhook.PaceUnknown && out[e.ID] > 0:
			part = &room.Lagging
		case pace == webhook.PaceUnknown:
			part = &room.Unknown
		}
		if len(jobs) >= room.Slots || out[e.ID] >= limit || *part == 0 {
			next = lookAgain
			continue
		}
		if part != &room.Slots {
			*part--
		}
		out[e.ID]++
		jobs = append(jobs, b.lease(r))
	}
	return jobs, next, nil
}

func (b *table) Record(_ context.Context, _ webhook.NodeID, settled []webhook.Settled) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recording++
	b.mostRecording = max(b.mostRecording, b.recording)
	b.mu.Unlock()
	time.Sleep(b.recordFor)
	b.mu.Lock()
	b.recording--
	if err := b.called("record", settled); err != nil {
		return err
	}
	for _, s := range settled {
		b.record(s)
	}
	return nil
}

func (b *table) record(s webhook.Settled) {
	r := b.rows[s.DeliveryID]
	if i := slices.IndexFunc(r.attempts, func(a webhook.Attempt) bool { return a.ID == s.Attempt.ID }); i >= 0 {
		if r.attempts[i].Outcome == webhook.OutcomeUnknown {
			r.attempts[i] = s.Attempt
		}
	} else {
		r.attempts = append(r.attempts, s.Attempt)
	}
	if r.AttemptID != s.Attempt.ID || r.State != webhook.Sending {
		if s.State == webhook.Delivered && !r.State.Ended() {
			r.State = webhook.Delivered
		}
		return
	}
	r.State, r.Failures, r.Unknowns, r.Reason = s.State, s.Failures, s.Unknowns, s.Reason
	if e := b.endpoints[s.EndpointID]; s.State == webhook.Delivered {
		e.ConsecutiveFailures = 0
	} else {
		e.ConsecutiveFailures++
	}
	r.DueAt = time.Now().Add(s.Delay)
	if s.Pause != "" {
		b.endpoints[s.EndpointID].State = webhook.EndpointPaused
	}
}

func (b *table) Release(_ context.Context, jobs []webhook.Job) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.called("release", nil); err != nil {
		return err
	}
	for _, job := range jobs {
		r := b.rows[job.Delivery.ID]
		if r.State != webhook.Sending || r.AttemptID != job.Delivery.AttemptID {
			b.t.Errorf("delivery %s was given back although this claim does not hold it", r.ID)
			continue
		}
		r.State, r.AttemptID = webhook.Waiting, webhook.AttemptID{}
		r.Attempts--
		r.DueAt = time.Now()
	}
	return nil
}

func (b *table) Expired(_ context.Context, limit int) ([]webhook.Job, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.called("expired", nil); err != nil {
		return nil, err
	}
	var jobs []webhook.Job
	for _, r := range b.rows {
		if r.State == webhook.Sending && !time.Now().Before(r.LeaseUntil) && len(jobs) < limit {
			jobs = append(jobs, webhook.Job{Delivery: r.Delivery})
		}
	}
	return jobs, nil
}

func (b *table) Targets(_ context.Context, ids []webhook.EndpointID) ([]webhook.Target, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.called("targets", nil); err != nil {
		return nil, err
	}
	var found []webhook.Target
	for _, id := range ids {
		if e := b.endpoints[id]; e.DeletedAt.IsZero() {
			target := *e
			target.Secrets = slices.Clone(e.Secrets)
			target.Headers = slices.Clone(e.Headers)
			found = append(found, target)
		}
	}
	return found, nil
}

func (b *table) PauseEndpoint(_ context.Context, _ webhook.ProjectID, id webhook.EndpointID, reason webhook.PauseReason, _ webhook.Actor) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.endpoints[id].State = webhook.EndpointPaused
	b.endpoints[id].PausedBecause = reason
	b.pauses = append(b.pauses, reason)
	return nil
}

// pausedFor lists the reasons of the pauses so far.
func (b *table) pausedFor() []webhook.PauseReason {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.pauses)
}

// opener opens everything but "broken".
type opener struct{}

func (opener) Open(blob []byte, _ webhook.UUID, field string) ([]byte, error) {
	if string(blob) == "broken" {
		return nil, errors.New("sealed under a master key that is not configured")
	}
	return []byte("opened " + field), nil
}
