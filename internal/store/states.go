package store

import (
	"context"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// stateCount is how many deliveries are in a state.
type stateCount struct {
	State string
	N     int64
}

// CountStates counts the deliveries made in the filter's time by their state,
// Held included, each up to atMost; tests are left out. Live ones are counted
// by the queue's indexes, what was given up or cancelled by its own; of those
// that were delivered, if they are asked for, the newest are looked at, as many
// as one page may scan.
func (s *Store) CountStates(ctx context.Context, filter webhook.StatsFilter, atMost int64) (map[webhook.State]int64, error) {
	counts, err := countStates(s.db(ctx), filter, atMost)
	return counts, wrap("count deliveries", err)
}

func countStates(db *gorm.DB, f webhook.StatsFilter, atMost int64) (map[webhook.State]int64, error) {
	w, err := newWindow(f.Since, f.Until, "")
	if err != nil {
		return nil, err
	}
	counts := map[webhook.State]int64{}
	add := func(rows []stateCount) {
		for _, r := range rows {
			state := webhook.State(r.State)
			counts[state] = min(counts[state]+r.N, atMost)
		}
	}
	looked := map[webhook.State]int64{webhook.Exhausted: atMost, webhook.Cancelled: atMost}
	if f.WithDelivered {
		looked[webhook.Delivered] = scanned
	}
	for state, rows := range looked {
		found, err := countEnded(db, f, w, state, rows)
		if err != nil {
			return nil, err
		}
		add(found)
	}
	live := liveConditions(f, w)
	for _, part := range liveParts {
		var rows []stateCount
		where := live
		where.and(part.where)
		if err := db.Raw("SELECT state, count(*) AS n FROM (SELECT "+part.state+" AS state"+liveSource+where.sql()+" LIMIT ?) AS live GROUP BY state",
			where.with(atMost)...).Scan(&rows).Error; err != nil {
			return nil, err
		}
		add(rows)
	}
	return counts, nil
}

// countEnded counts one state among the newest rows of its index, which for
// what was delivered is that of all deliveries.
func countEnded(db *gorm.DB, f webhook.StatsFilter, w window, state webhook.State, rows int64) (found []stateCount, err error) {
	where := deliveryPlaces(webhook.DeliveryFilter{ProjectID: f.ProjectID, EndpointID: f.EndpointID, State: state})
	where.and("d.id >= ? AND d.id < ?", w.from, w.to)
	err = db.Raw("SELECT state, count(*) AS n FROM (SELECT d.state FROM deliveries d"+where.sql()+" AND NOT d.test ORDER BY d.id DESC LIMIT ?) AS newest"+
		" WHERE state = ? GROUP BY state", where.with(rows, string(state))...).Scan(&found).Error
	return found, err
}

// liveConditions leave only the indexes of what is live to be used.
func liveConditions(f webhook.StatsFilter, w window) conditions {
	var where conditions
	id := beside("d.id")
	where.and(id+" >= ? AND "+id+" < ?", w.from, w.to)
	where.and("d.endpoint_id = q.endpoint_id")
	if !f.ProjectID.IsZero() {
		where.and("q.project_id = ?", uid(f.ProjectID.UUID))
	}
	if !f.EndpointID.IsZero() {
		where.and("q.endpoint_id = ?", uid(f.EndpointID.UUID))
	}
	return where
}

// liveSource goes from endpoints to their deliveries: the indexes of what is
// live begin with the endpoint, whose small row in the queue says whether
// anything waits for it. CROSS JOIN keeps SQLite to that order.
const liveSource = " FROM endpoint_queue q CROSS JOIN deliveries d"

// liveParts are the parts that live deliveries are counted in; each is one
// state, so that the limit of one does not hide another. The where is the
// condition of a partial index and, always true, its second column: SQLite
// would else take the index of all deliveries.
var liveParts = []struct{ state, where string }{
	{"'waiting'", freeWaiting + " AND NOT q.paused"},
	{"'held'", freeWaiting + " AND q.paused"},
	{"'waiting'", lineWaiting + " AND NOT q.paused"},
	{"'held'", lineWaiting + " AND q.paused"},
	{"'sending'", sendingNow + " AND NOT d.test"},
}

const (
	freeWaiting = "q.next_due_at < 9223372036854775807 AND " + waitingFree
	waitingFree = "d.state = 'waiting' AND NOT d.ordered AND NOT d.test AND d.due_at >= 0"
	lineWaiting = "d.ordered AND d.state IN ('waiting', 'sending') AND d.seq >= 0 AND d.state = 'waiting'"
	sendingNow  = "d.state = 'sending' AND d.lease_until >= 0"
)
