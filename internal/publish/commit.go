package publish

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// request is one publisher's events on their way into a commit. Its publisher
// owns it until a committer takes it, and again once it is answered.
type request struct {
	admission webhook.Admission
	scopes    []scope // idempotency keys in use
	rows      int     // events and deliveries
	since     time.Time
	taken     atomic.Bool
	answer    chan webhook.Admitted // capacity 1, answered once after taken
}

// add sets the item at position i.
func (r *request) add(i int, item webhook.AdmissionItem) {
	r.admission.Items[i] = item
	r.rows += 1 + len(item.Deliveries)
	if item.Event.Key != "" {
		r.scopes = append(r.scopes, scope{item.Event.ProjectID, item.Event.Key})
	}
}

// take wins the request for a committer, or takes it back for a publisher who
// waits no longer; only one of them gets it.
func (r *request) take() bool { return r.taken.CompareAndSwap(false, true) }

// commit hands a request to the committers and waits until it is durable. Once
// taken, it is waited for whatever happens: the events may be stored already.
func (p *Publisher) commit(ctx context.Context, r *request) webhook.Admitted {
	r.since = p.now()
	turn := time.NewTimer(queuePatience)
	defer turn.Stop()
	in := p.in
	for {
		select {
		case in <- r:
			in = nil // once is enough; nil is never ready
		case answer := <-r.answer:
			return answer
		case <-ctx.Done():
			return p.takeBack(r, fmt.Errorf("publish: %w", ctx.Err()))
		case <-p.stopped:
			return p.takeBack(r, webhook.Unavailable(errors.New("publish: the server is stopping")))
		case <-turn.C:
			if !p.progressing() || p.now().Sub(r.since) >= longestQueue {
				return p.takeBack(r, webhook.Unavailable(errors.New("publish: no commit had room in time")))
			}
			turn.Reset(queuePatience)
		}
	}
}

// takeBack ends the wait for a committer, unless one was faster.
func (p *Publisher) takeBack(r *request, err error) webhook.Admitted {
	if r.take() {
		return webhook.Admitted{Err: err}
	}
	return <-r.answer
}

// progressing reports whether the database stores events at the moment.
func (p *Publisher) progressing() bool {
	return p.now().UnixNano()-p.stored.Load() < int64(queuePatience)
}

// Run commits until ctx ends, then finishes the commits under way. It may be
// called once.
func (p *Publisher) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for range p.committers {
		wg.Go(func() {
			c := committer{p: p}
			for group := c.gather(ctx); len(group) > 0; group = c.gather(ctx) {
				p.storeGroup(group)
			}
		})
	}
	wg.Wait()
	p.ending.Do(func() { close(p.stopped) })
	return nil
}

// committer is one loop of Run.
type committer struct {
	p *Publisher
	// held came out of the channel but did not fit into the last group.
	held *request
}

// gather waits for one request and takes along what else is there: no linger,
// so that a lone event is stored at once. Empty means the end.
func (c *committer) gather(ctx context.Context) []*request {
	g := group{scopes: map[scope]bool{}}
	if c.held != nil {
		held := c.held
		c.held = nil
		g.add(held)
	}
	for len(g.requests) == 0 {
		select {
		case <-ctx.Done():
			return nil
		case r := <-c.p.in:
			if r.take() {
				g.add(r)
			}
		}
	}
	for {
		select {
		case r := <-c.p.in:
			if !r.take() {
				continue
			}
			if !g.fits(r) {
				c.held = r
				return g.requests
			}
			g.add(r)
		default:
			return g.requests
		}
	}
}

// group is what goes into one commit. No idempotency key is in it twice, so
// that the second use of a key finds the first one stored.
type group struct {
	requests     []*request
	scopes       map[scope]bool
	events, rows int
}

func (g *group) fits(r *request) bool {
	for _, s := range r.scopes {
		if g.scopes[s] {
			return false
		}
	}
	return g.events+len(r.admission.Items) <= maxGroupEvents && g.rows+r.rows <= maxGroupRows
}

func (g *group) add(r *request) {
	g.requests = append(g.requests, r)
	g.events += len(r.admission.Items)
	g.rows += r.rows
	for _, s := range r.scopes {
		g.scopes[s] = true
	}
}

// storeGroup stores a group in one transaction and answers its publishers. When
// the database refuses the whole, each request is tried alone, so that one
// which can't be stored does not fail its neighbours.
func (p *Publisher) storeGroup(group []*request) {
	ctx, cancel := context.WithTimeout(context.Background(), p.allowance(group))
	defer cancel()
	admissions := make([]webhook.Admission, len(group))
	for i, r := range group {
		p.reserve(r.admission.Items)
		admissions[i] = r.admission
	}
	claimedAt := p.now()
	admitted, err := p.store.Admit(ctx, admissions)
	if err == nil {
		err = complete(group, admitted)
	}
	if err != nil {
		p.fail(group, unreachable("store events", err))
		return
	}
	p.stored.Store(p.now().UnixNano())
	p.handOver(group, admitted, claimedAt)
	for i, r := range group {
		r.answer <- admitted[i]
	}
}

// complete refuses answers that leave an event out.
func complete(group []*request, admitted []webhook.Admitted) error {
	if len(admitted) != len(group) {
		return fmt.Errorf("%d answers for %d admissions", len(admitted), len(group))
	}
	for i, a := range admitted {
		if a.Err == nil && !a.Stale && len(a.Receipts) != len(group[i].admission.Items) {
			return fmt.Errorf("%d receipts for %d events", len(a.Receipts), len(group[i].admission.Items))
		}
	}
	return nil
}

// allowance is how long a group's commit may take. When none succeeded of late,
// what the oldest of its publishers has waited counts.
func (p *Publisher) allowance(group []*request) time.Duration {
	rows := 0
	for _, r := range group {
		rows += r.rows
	}
	left := patience
	if !p.progressing() {
		left = max(left-p.now().Sub(group[0].since), commitPatience)
	}
	return left + time.Duration(rows)*rowPatience
}

func (p *Publisher) fail(group []*request, err error) {
	for _, r := range group {
		for i := range r.admission.Items {
			p.release(&r.admission.Items[i])
		}
	}
	if len(group) > 1 && webhook.KindOf(err) != webhook.KindUnavailable {
		for _, r := range group {
			p.storeGroup([]*request{r})
		}
		return
	}
	for _, r := range group {
		r.answer <- webhook.Admitted{Err: err}
	}
}

// reserve wishes a hand-off for each new delivery that may have one, as long
// as the senders have room.
func (p *Publisher) reserve(items []webhook.AdmissionItem) {
	for i := range items {
		item := &items[i]
		for j := range item.Deliveries {
			d := &item.Deliveries[j]
			if item.LeaseFor[j] > 0 && p.handoff.Reserve(d.EndpointID) {
				d.State, d.Attempts = webhook.Sending, 1
				d.AttemptID = webhook.AttemptID{UUID: mint.UUID(item.Event.AcceptedAt)}
			}
		}
	}
}

// release gives back every reservation of an item that was not stored.
func (p *Publisher) release(item *webhook.AdmissionItem) {
	for j := range item.Deliveries {
		if d := &item.Deliveries[j]; d.State == webhook.Sending {
			p.handoff.Release(d.EndpointID)
			d.State, d.Attempts, d.AttemptID = webhook.Waiting, 0, webhook.AttemptID{}
		}
	}
}

// handOver sends the granted hand-offs on their way, gives back the others and
// wakes whoever must see to the rest.
func (p *Publisher) handOver(group []*request, admitted []webhook.Admitted, claimedAt time.Time) {
	jobs := make([]webhook.Job, 0, leased(admitted))
	waiting, wide := false, false
	for i, r := range group {
		for j := range r.admission.Items {
			item := &r.admission.Items[j]
			if admitted[i].Err != nil || admitted[i].Stale || admitted[i].Receipts[j].Duplicate {
				p.release(item)
				continue
			}
			receipt := admitted[i].Receipts[j]
			before := len(jobs)
			jobs = p.granted(jobs, item, receipt, claimedAt)
			waiting = waiting || len(jobs)-before < len(item.Deliveries)
			wide = wide || receipt.FanOut
		}
	}
	if len(jobs) > 0 {
		p.handoff.Submit(jobs)
	}
	if waiting {
		p.handoff.Wake()
	}
	if wide {
		p.wakeFanOut()
	}
}

// leased is how many deliveries the store leased to this node.
func leased(admitted []webhook.Admitted) (n int) {
	for _, a := range admitted {
		for _, receipt := range a.Receipts {
			n += len(receipt.HandedOff)
		}
	}
	return n
}

// granted appends the jobs of an item that the store leased to this node.
func (p *Publisher) granted(jobs []webhook.Job, item *webhook.AdmissionItem, receipt webhook.Receipt, claimedAt time.Time) []webhook.Job {
	left := receipt.HandedOff
	ev := item.Event
	ev.Seq = receipt.Seq
	for j, d := range item.Deliveries {
		switch {
		case len(left) > 0 && left[0] == d.ID:
			left = left[1:]
			d.Seq = receipt.Seq
			jobs = append(jobs, webhook.Job{Delivery: d, Event: ev, ClaimedAt: claimedAt, LeaseFor: item.LeaseFor[j]})
		case d.State == webhook.Sending:
			p.handoff.Release(d.EndpointID)
		}
	}
	return jobs
}

// unreachable wraps what a database call answered; running out of time means
// that it can't be reached.
func unreachable(doing string, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && webhook.KindOf(err) == webhook.KindInternal {
		return webhook.Unavailable(fmt.Errorf("%s: %w", doing, err))
	}
	return fmt.Errorf("%s: %w", doing, err)
}
