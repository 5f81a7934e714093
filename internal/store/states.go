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
// by the queue's indexes; of those that ended, the newest are looked at, as
// many as one page may scan.
func (s *Store) CountStates(ctx context.Context, filter webhook.StatsFilter, atMost int64) (map[webhook.State]int64, error) {
	counts, err := countStates(s.db(ctx), filter, atMost)
	return counts, wrap("count deliveries", err)
}

func countStates(db *gorm.DB, f webhook.StatsFilter, atMost int64) (map[webhook.State]int64, error) {
	w, err := newWindow(f.Since, f.Until, "")
	if err != nil {
		return nil, err
	}
	places := deliveryPlaces(webhook.DeliveryFilter{ProjectID: f.ProjectID, EndpointID: f.EndpointID})
	places.and("d.id >= ? AND d.id < ?", w.from, w.to)
	counts := map[webhook.State]int64{}
	var ended []stateCount
	err = db.Raw("SELECT state, count(*) AS n FROM (SELECT d.state FROM deliveries d"+places.sql()+" AND NOT d.test ORDER BY d.id DESC LIMIT ?) AS newest"+
		" WHERE state NOT IN ('waiting', 'sending') GROUP BY state", places.with(scanned)...).Scan(&ended).Error
	if err != nil {
		return nil, err
	}
	add := func(rows []stateCount) {
		for _, r := range rows {
			state := webhook.State(r.State)
			counts[state] = min(counts[state]+r.N, atMost)
		}
	}
	add(ended)
	for _, live := range liveDeliveries {
		var rows []stateCount
		where := places
		where.and(live.where)
		if err := db.Raw("SELECT state, count(*) AS n FROM (SELECT "+live.state+" AS state"+liveSource+where.sql()+" LIMIT ?) AS live GROUP BY state",
			where.with(atMost)...).Scan(&rows).Error; err != nil {
			return nil, err
		}
		add(rows)
	}
	return counts, nil
}

// liveSource goes from endpoints to their deliveries: the indexes of what is
// live begin with the endpoint.
const liveSource = " FROM endpoints e JOIN projects p ON p.id = e.project_id JOIN deliveries d ON d.endpoint_id = e.id AND d.project_id = e.project_id"

const notHeld = "e.state <> 'paused' AND p.suspended_at = 0"

// liveDeliveries are the parts that live deliveries are counted in; each where
// is the condition of a partial index, and one state, so that the limit of one
// does not hide another.
var liveDeliveries = []struct{ state, where string }{
	{"'waiting'", "d.state = 'waiting' AND NOT d.ordered AND NOT d.test AND " + notHeld},
	{"'held'", "d.state = 'waiting' AND NOT d.ordered AND NOT d.test AND NOT (" + notHeld + ")"},
	{"'waiting'", "d.ordered AND d.state IN ('waiting', 'sending') AND d.state = 'waiting' AND " + notHeld},
	{"'held'", "d.ordered AND d.state IN ('waiting', 'sending') AND d.state = 'waiting' AND NOT (" + notHeld + ")"},
	{"'sending'", "d.state = 'sending' AND NOT d.test"},
}
