package store

import (
	"context"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// keyFor is how long an idempotency key is remembered.
const keyFor = 24 * time.Hour

// Admit stores events with their deliveries in one transaction. Each admission
// is stored whole or not at all, and answered by itself: one that is stale or
// in conflict does not touch the others.
func (s *Store) Admit(ctx context.Context, admissions []webhook.Admission) ([]webhook.Admitted, error) {
	if len(admissions) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	var answers []webhook.Admitted
	err := again(func() (err error) {
		answers, err = s.hot.admit(ctx, admissions)
		return err
	})
	return answers, wrap("admit events", err)
}

// Committers is how many calls of Admit at once serve best. SQLite takes what
// they bring when its only writer is free, so the more the fuller its commits;
// PostgreSQL's commit one by one.
func (s *Store) Committers() int {
	if s.dialect == SQLite {
		return 16
	}
	return 2
}

// keyed names an idempotency key: of a project, or with zero of the instance.
type keyed struct {
	project webhook.ProjectID
	key     string
}

// answered is what the first publish under a key was answered.
type answered struct {
	fingerprint [32]byte
	event       webhook.EventID
	deliveries  int
	fanOut      bool
	seq         int64
}

// standing is what the database says about an admission before it is stored.
type standing struct {
	now int64
	// catalogues has no entry for a project that is gone.
	catalogues map[webhook.ProjectID]int64
	keys       map[keyed]answered
	endpoints  map[webhook.EndpointID]queueFacts
}

// queueFacts is what a new delivery must know of its endpoint.
type queueFacts struct {
	paused bool
	// dueAt is when the first of its waiting rows is due.
	dueAt     int64
	notBefore int64
	rateTAT   int64
	draining  bool
	ordered   bool
	failures  int
}

// mayHandOff reports whether a new delivery may overtake the table.
func (f queueFacts) mayHandOff(now int64) bool {
	return !f.paused && !f.ordered && !f.draining && f.failures < 10 && f.dueAt > now && f.notBefore <= now && f.rateTAT <= now*1000
}

// admitted is one event that will be stored.
type admitted struct {
	*webhook.AdmissionItem
	seq     int64
	receipt *webhook.Receipt
}

// decide answers every admission and picks the events to store, in order. It
// writes nothing; seqs are taken from next.
func decide(admissions []webhook.Admission, st standing, next func() int64) ([]webhook.Admitted, []admitted) {
	answers := make([]webhook.Admitted, len(admissions))
	var store []admitted
	for i, a := range admissions {
		if stale(a, st.catalogues) {
			answers[i].Stale = true
			continue
		}
		receipts, fresh, conflict := answerKeys(a, st.keys)
		if conflict >= 0 {
			answers[i].Err, answers[i].Refused = keyConflict(), conflict
			continue
		}
		answers[i].Receipts = receipts
		for _, n := range fresh {
			item := &a.Items[n]
			seq := next()
			receipts[n].Seq = seq
			if item.Event.Key != "" {
				st.keys[keyed{item.Event.ProjectID, item.Event.Key}] = answered{item.Fingerprint, item.Event.ID, len(item.Deliveries), item.Event.FanOut, seq}
			}
			store = append(store, admitted{AdmissionItem: item, seq: seq, receipt: &receipts[n]})
		}
	}
	return answers, store
}

// stale reports whether the endpoints of any project of the admission changed
// since it was matched, or the project is gone.
func stale(a webhook.Admission, catalogues map[webhook.ProjectID]int64) bool {
	for _, item := range a.Items {
		if item.Event.ProjectID.IsZero() {
			continue
		}
		if version, there := catalogues[item.Event.ProjectID]; !there || version != item.Catalogue {
			return true
		}
	}
	return false
}

// answerKeys gives every event its receipt and says which ones are new. A key
// that stands on another body refuses the whole admission: conflict is the
// position of its event, -1 for none.
func answerKeys(a webhook.Admission, keys map[keyed]answered) (receipts []webhook.Receipt, fresh []int, conflict int) {
	receipts = make([]webhook.Receipt, len(a.Items))
	own := map[keyed]int{}
	for i, item := range a.Items {
		e := item.Event
		receipts[i] = webhook.Receipt{ID: e.ID, Topic: e.Topic, Deliveries: len(item.Deliveries), FanOut: e.FanOut}
		k := keyed{e.ProjectID, e.Key}
		if e.Key == "" {
			fresh = append(fresh, i)
			continue
		}
		if first, repeated := own[k]; repeated {
			if a.Items[first].Fingerprint != item.Fingerprint {
				return nil, nil, i
			}
			receipts[i] = receipts[first]
			receipts[i].Duplicate = true
			continue
		}
		own[k] = i
		known, there := keys[k]
		switch {
		case !there:
			fresh = append(fresh, i)
		case known.fingerprint != item.Fingerprint:
			return nil, nil, i
		default:
			receipts[i] = webhook.Receipt{ID: known.event, Topic: e.Topic, Deliveries: known.deliveries, FanOut: known.fanOut, Duplicate: true, Seq: known.seq}
		}
	}
	return receipts, fresh, -1
}

func keyConflict() *webhook.Error {
	err := webhook.Conflict("the idempotency key was used with another event in the last 24 hours")
	err.Fields = []webhook.Field{{Location: "idempotencyKey", Message: "was used with another event in the last 24 hours"}}
	return err
}

// newRows are the deliveries of one event as they will stand, hand-offs
// granted where the queue allows it.
func newRows(a admitted, st standing) []deliveryRow {
	rows := make([]deliveryRow, len(a.Deliveries))
	for i, d := range a.Deliveries {
		facts, known := st.endpoints[d.EndpointID]
		row := newDeliveryRow(d)
		row.EventID, row.Topic, row.Seq = uid(a.Event.ID.UUID), a.Event.Topic, a.seq
		row.CreatedAt, row.DueAt, row.Ordered = st.now, max(row.DueAt, st.now), facts.ordered
		if d.State == webhook.Sending && known && facts.mayHandOff(st.now) && !d.AttemptID.IsZero() {
			row.Attempts, row.LeaseUntil = 1, st.now+a.LeaseFor[i].Milliseconds()
			a.receipt.HandedOff = append(a.receipt.HandedOff, d.ID)
		} else {
			row.State, row.Attempts, row.AttemptID, row.LeaseUntil = string(webhook.Waiting), 0, uid{}, 0
		}
		rows[i] = row
	}
	return rows
}

// head says that something of an endpoint becomes due: the queue's row may
// only be lowered to it.
type head struct {
	endpoint uid
	// free and line are due times, never for none.
	free, line int64
}

// look stands in for the due time of a line whose head has changed: the next
// claim looks for itself.
const look = int64(0)

// heads collects the earliest due times per endpoint.
type heads map[uid]head

func (h heads) add(endpoint uid, ordered bool, due int64) {
	e, there := h[endpoint]
	if !there {
		e = head{endpoint, never, never}
	}
	if ordered {
		e.line = min(e.line, due)
	} else {
		e.free = min(e.free, due)
	}
	h[endpoint] = e
}

// sorted is the order in which queue rows are locked.
func (h heads) sorted() []head {
	all := make([]head, 0, len(h))
	for _, e := range h {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b head) int { return slices.Compare(a.endpoint[:], b.endpoint[:]) })
	return all
}

// addRows notes the waiting rows among new ones.
func (h heads) addRows(rows []deliveryRow) {
	for i := range rows {
		if r := &rows[i]; r.State == string(webhook.Waiting) && !r.Test {
			h.add(r.EndpointID, r.Ordered, r.DueAt)
		}
	}
}

// asks is what an admission needs to be told before it can be decided.
type asks struct {
	projects  []webhook.ProjectID
	endpoints []webhook.EndpointID
	keys      []keyed
	events    int
}

func asksOf(admissions []webhook.Admission) asks {
	projects, endpoints, keys := map[webhook.ProjectID]bool{}, map[webhook.EndpointID]bool{}, map[keyed]bool{}
	var q asks
	for _, a := range admissions {
		for i := range a.Items {
			item := &a.Items[i]
			q.events++
			if p := item.Event.ProjectID; !p.IsZero() && !projects[p] {
				projects[p] = true
				q.projects = append(q.projects, p)
			}
			if k := (keyed{item.Event.ProjectID, item.Event.Key}); k.key != "" && !keys[k] {
				keys[k] = true
				q.keys = append(q.keys, k)
			}
			for j := range item.Deliveries {
				if e := item.Deliveries[j].EndpointID; !endpoints[e] {
					endpoints[e] = true
					q.endpoints = append(q.endpoints, e)
				}
			}
		}
	}
	return q
}
