package dispatch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

const (
	// targetFor is how long an opened endpoint is used before it is read anew.
	targetFor = time.Second
	// maxTargets bounds the opened endpoints that are held.
	maxTargets = 4096
	// targetPatience is how long reading endpoints may take.
	targetPatience = 5 * time.Second
)

// Endpoints reads endpoints as they are now, and pauses one.
type Endpoints interface {
	// Targets leaves out endpoints that are gone. Sealed values come unopened.
	Targets(ctx context.Context, ids []webhook.EndpointID) ([]webhook.Target, error)
	PauseEndpoint(ctx context.Context, project webhook.ProjectID, endpoint webhook.EndpointID, reason webhook.PauseReason, actor webhook.Actor) error
}

// Opener opens sealed values.
type Opener interface {
	Open(blob []byte, row webhook.UUID, field string) ([]byte, error)
}

// target is an endpoint ready to be sent to. It never changes once held.
type target struct {
	webhook.Target
	gone   bool // the endpoint is deleted
	readAt time.Time
	era    uint64    // the Targets' era when the reading began
	paused sync.Once // done by the first worker that finds it unreadable
}

// Targets holds opened endpoints for a moment, so that a burst of deliveries
// costs one reading. Those who miss at the same time share a query.
type Targets struct {
	source Endpoints
	opener Opener
	now    func() time.Time

	mu      sync.Mutex
	held    map[webhook.EndpointID]*target
	era     uint64   // counts Forgets; what was read in an earlier one counts no more
	next    *reading // gathers ids until its query starts; nil if nobody waits
	reading bool     // a goroutine is at it
}

// reading is one query for several endpoints.
type reading struct {
	ids  map[webhook.EndpointID]bool
	done chan struct{}
	err  error // set before done is closed
}

// NewTargets makes an empty Targets; now nil means time.Now.
func NewTargets(source Endpoints, opener Opener, now func() time.Time) *Targets {
	if now == nil {
		now = time.Now
	}
	return &Targets{source: source, opener: opener, now: now, held: map[webhook.EndpointID]*target{}}
}

// Forget makes every endpoint be read anew before the next attempt.
func (t *Targets) Forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.era++
}

// get answers an endpoint at a version or a later one.
func (t *Targets) get(ctx context.Context, id webhook.EndpointID, version int64) (*target, error) {
	asked := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	held, ok := t.held[id]
	if ok && t.fresh(held, asked.Add(-targetFor)) && (held.gone || held.Version >= version) {
		return held, nil
	}
	for {
		r := t.join(id)
		t.mu.Unlock()
		select {
		case <-r.done:
		case <-ctx.Done():
			r = &reading{err: fmt.Errorf("read endpoint: %w", ctx.Err())}
		}
		t.mu.Lock()
		if r.err != nil {
			return nil, r.err
		}
		if held, ok := t.held[id]; ok && t.fresh(held, asked) {
			return held, nil
		}
	}
}

// fresh needs t.mu.
func (t *Targets) fresh(held *target, since time.Time) bool {
	return held.era == t.era && !held.readAt.Before(since)
}

// join adds an id to the next query; it needs t.mu.
func (t *Targets) join(id webhook.EndpointID) *reading {
	if t.next == nil {
		t.next = &reading{ids: map[webhook.EndpointID]bool{}, done: make(chan struct{})}
	}
	t.next.ids[id] = true
	if !t.reading {
		t.reading = true
		go t.readAll()
	}
	return t.next
}

// readAll queries until nobody waits.
func (t *Targets) readAll() {
	for {
		t.mu.Lock()
		r := t.next
		t.next = nil
		era := t.era
		if r == nil {
			t.reading = false
			t.mu.Unlock()
			return
		}
		t.mu.Unlock()
		r.err = t.read(r.ids, era)
		close(r.done)
	}
}

func (t *Targets) read(wanted map[webhook.EndpointID]bool, era uint64) error {
	ctx, cancel := context.WithTimeout(context.Background(), targetPatience)
	defer cancel()
	ids := make([]webhook.EndpointID, 0, len(wanted))
	for id := range wanted {
		ids = append(ids, id)
	}
	readAt := t.now()
	rows, err := t.source.Targets(ctx, ids)
	if err != nil {
		return fmt.Errorf("read endpoints: %w", err)
	}
	for i := range rows {
		t.open(&rows[i], readAt)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.held)+len(ids) > maxTargets {
		clear(t.held)
	}
	for id := range wanted {
		t.held[id] = &target{gone: true, readAt: readAt, era: era}
	}
	for i := range rows {
		t.held[rows[i].ID] = &target{Target: rows[i], gone: !rows[i].DeletedAt.IsZero(), readAt: readAt, era: era}
	}
	return nil
}

// open fills in the values of secrets and secret headers, or says why the
// endpoint can't be sent to. Wiped secrets stay as they are: they sign nothing.
func (t *Targets) open(target *webhook.Target, now time.Time) {
	for i := range target.Secrets {
		s := &target.Secrets[i]
		if s.Value != "" || len(s.Sealed) == 0 {
			continue
		}
		value, err := t.opener.Open(s.Sealed, s.ID.UUID, webhook.SecretField)
		if err != nil {
			target.Unreadable = fmt.Sprintf("a signing secret can't be opened: %s", err)
			return
		}
		s.Value = string(value)
	}
	for i := range target.Headers {
		h := &target.Headers[i]
		if !h.Secret || len(h.Sealed) == 0 {
			continue
		}
		value, err := t.opener.Open(h.Sealed, target.ID.UUID, webhook.HeaderField(h.Name))
		if err != nil {
			target.Unreadable = fmt.Sprintf("the value of header %s can't be opened: %s", h.Name, err)
			return
		}
		h.Value = string(value)
	}
	if target.Kind == webhook.KindSlack {
		t.openToken(target)
		return
	}
	if current := webhook.SigningAt(target.Secrets, now).Current; current == nil || current.Value == "" {
		target.Unreadable = "it has no signing secret that is active"
	}
}

// openToken opens what posts to the endpoint's channel.
func (t *Targets) openToken(target *webhook.Target) {
	if target.Slack == nil {
		target.Unreadable = "the project is not connected to Slack"
		return
	}
	token, err := t.opener.Open(target.Slack.Sealed, target.ProjectID.UUID, webhook.SlackTokenField)
	if err != nil {
		target.Unreadable = fmt.Sprintf("the token of Slack can't be opened: %s", err)
		return
	}
	target.Slack.Token = string(token)
}
