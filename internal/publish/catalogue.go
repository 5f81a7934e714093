package publish

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// maxCached bounds the copies of endpoints that are kept, over all projects. One
// copy counts for maxWeight at most, so that a huge project's is not read anew
// after each event of a small one: two of them at most are kept.
const (
	maxCached = 8192
	maxWeight = maxCached / 2
)

// candidate is what matching needs of an endpoint, its filters ready to be used.
type candidate struct {
	id       webhook.EndpointID
	version  int64
	topics   []string
	filters  *filter.Compiled
	leaseFor time.Duration // 0 if it may not be handed off
}

// catalogue is the copy of one project's endpoints at one version; they are read
// only. The commit compares the version, so a copy may be old without harm.
type catalogue struct {
	project    webhook.ProjectID
	ready      chan struct{} // closed once the fields below are set
	err        error
	version    int64
	suspended  bool
	candidates []*candidate

	mu      sync.Mutex
	byTopic map[string][]*candidate // those whose topics match, by topic
}

// catalogues keeps the copies, least recently used out first.
type catalogues struct {
	store Store

	mu     sync.Mutex
	held   map[webhook.ProjectID]*list.Element // of *catalogue
	recent *list.List                          // most recent first
	weight int                                 // of all ready copies
}

func newCatalogues(store Store) *catalogues {
	return &catalogues{store: store, held: map[webhook.ProjectID]*list.Element{}, recent: list.New()}
}

// of answers a project's copy; the first to ask reads it for all who wait.
func (cs *catalogues) of(ctx context.Context, project webhook.ProjectID) (*catalogue, error) {
	cs.mu.Lock()
	if held, ok := cs.held[project]; ok {
		cs.recent.MoveToFront(held)
		cs.mu.Unlock()
		c := held.Value.(*catalogue)
		select {
		case <-c.ready:
			return c, c.err
		case <-ctx.Done():
			return nil, unreachable("read endpoints", ctx.Err())
		}
	}
	c := &catalogue{project: project, ready: make(chan struct{}), byTopic: map[string][]*candidate{}}
	cs.held[project] = cs.recent.PushFront(c)
	cs.mu.Unlock()
	cs.load(ctx, c)
	return c, c.err
}

// load reads on even if the caller goes away, for those who wait with it.
func (cs *catalogues) load(ctx context.Context, c *catalogue) {
	defer close(c.ready)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	var err error
	c.version, c.suspended, err = cs.store.Catalogue(ctx, c.project, func(e webhook.Endpoint) error {
		one, err := candidateOf(e)
		c.candidates = append(c.candidates, one)
		return err
	})
	if err != nil {
		c.err = unreachable("read endpoints", err)
		cs.forget(c)
		return
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if held, ok := cs.held[c.project]; !ok || held.Value != c {
		return
	}
	cs.weight += c.weight()
	for cs.weight > maxCached && cs.recent.Len() > 1 {
		cs.drop(cs.recent.Back())
	}
}

// forget drops a copy that turned out to be old, unless a newer one took its
// place.
func (cs *catalogues) forget(c *catalogue) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if held, ok := cs.held[c.project]; ok && held.Value == c {
		cs.drop(held)
	}
}

// drop needs cs.mu.
func (cs *catalogues) drop(held *list.Element) {
	c := held.Value.(*catalogue)
	select {
	case <-c.ready:
		cs.weight -= c.weight()
	default: // still being read: it has no weight yet
	}
	cs.recent.Remove(held)
	delete(cs.held, c.project)
}

// weight is how much of the bound a ready copy takes.
func (c *catalogue) weight() int { return min(len(c.candidates), maxWeight) }

// candidateOf is what matching keeps of an endpoint.
func candidateOf(e webhook.Endpoint) (*candidate, error) {
	filters, err := filter.Compile(e)
	if err != nil {
		return nil, fmt.Errorf("endpoint %s: %w", e.ID, err)
	}
	c := &candidate{id: e.ID, version: e.Version, topics: e.Topics, filters: filters}
	if e.MayHandOff() {
		c.leaseFor = e.LeaseFor()
	}
	return c, nil
}

// match answers the endpoints that get an event.
func (c *catalogue) match(ev webhook.Event) []*candidate {
	subscribed := c.subscribed(ev.Topic)
	matched := make([]*candidate, 0, len(subscribed))
	for _, one := range subscribed {
		if one.filters.Match(ev) {
			matched = append(matched, one)
		}
	}
	return matched
}

// subscribed are the endpoints with a topic that matches, worked out once per
// topic and copy.
func (c *catalogue) subscribed(name string) []*candidate {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.byTopic[name]
	if ok {
		return found
	}
	for _, one := range c.candidates {
		for _, pattern := range one.topics {
			if filter.Topic(pattern, name) {
				found = append(found, one)
				break
			}
		}
	}
	c.byTopic[name] = found
	return found
}

// match lays out the request to store entries with their deliveries. used are
// the copies it relied on.
func (p *Publisher) match(ctx context.Context, entries []*entry) (r *request, used []*catalogue, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r = &request{answer: make(chan webhook.Admitted, 1)}
	r.admission.Items = make([]webhook.AdmissionItem, len(entries))
	byProject := map[webhook.ProjectID]*catalogue{}
	inline := 0
	for i, e := range entries {
		item := webhook.AdmissionItem{Event: e.event, Fingerprint: e.fingerprint, Audit: e.audit}
		if e.event.Audience == webhook.AudienceAll {
			item.Event.FanOut = true
			r.add(i, item)
			continue
		}
		c := byProject[e.event.ProjectID]
		if c == nil {
			if c, err = p.catalogues.of(ctx, e.event.ProjectID); err != nil {
				return nil, nil, err
			}
			byProject[e.event.ProjectID] = c
			used = append(used, c)
		}
		item.Catalogue = c.version
		matched := c.match(e.event)
		if inline += len(matched); len(matched) > maxMatches || inline > maxInline {
			item.Event.FanOut = true
		} else {
			item.Deliveries, item.LeaseFor = c.deliveries(e.event, matched)
			item.Event.Deliveries = len(matched)
		}
		r.add(i, item)
	}
	return r, used, nil
}

// deliveries makes one waiting delivery for each endpoint, beside it the lease
// that a hand-off would have.
func (c *catalogue) deliveries(ev webhook.Event, matched []*candidate) ([]webhook.Delivery, []time.Duration) {
	list := make([]webhook.Delivery, len(matched))
	leases := make([]time.Duration, len(matched))
	for i, one := range matched {
		list[i] = delivery(ev, c.project, one.id, one.version, ev.AcceptedAt)
		if !c.suspended {
			leases[i] = one.leaseFor
		}
	}
	return list, leases
}

// delivery is a new one, due at once.
func delivery(ev webhook.Event, project webhook.ProjectID, endpoint webhook.EndpointID, version int64, at time.Time) webhook.Delivery {
	return webhook.Delivery{
		ID:              webhook.DeliveryID{UUID: mint.UUID(at)},
		ProjectID:       project,
		EventID:         ev.ID,
		EndpointID:      endpoint,
		EndpointVersion: version,
		Topic:           ev.Topic,
		Seq:             ev.Seq,
		State:           webhook.Waiting,
		DueAt:           at,
		CreatedAt:       at,
	}
}
