package store

import (
	"bytes"
	"slices"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// liveStates are those of deliveries that have not ended, or may not have.
var liveStates = map[webhook.State]bool{webhook.Waiting: true, webhook.Held: true, webhook.Sending: true, webhook.Failed: true}

const (
	// liveAtMost is up to how many live deliveries are looked at one by one.
	liveAtMost = 5000
	// liveStep is how many of them one statement reads.
	liveStep = 500
)

// liveRows finds live deliveries by the queue's indexes, newest first, one more
// than the limit. all is false if there are too many to look at.
func liveRows(db *gorm.DB, f webhook.DeliveryFilter, w window) (rows []listedDelivery, all bool, err error) {
	ids, all, err := liveIDs(db, f, w)
	if err != nil || !all {
		return nil, false, err
	}
	for part := range slices.Chunk(ids, liveStep) {
		where := conditions{}
		where.and("d.id IN ?", part)
		narrowDeliveries(&where, f)
		missing := f.Limit + 1 - len(rows)
		found, err := many(db.Raw("SELECT "+deliveryColumns+deliverySource+where.sql()+" ORDER BY d.id DESC LIMIT ?", where.with(missing)...), listedFields)
		if err != nil {
			return nil, false, err
		}
		if rows = append(rows, found...); len(rows) > f.Limit {
			break
		}
	}
	return rows, true, nil
}

// liveIDs are the live deliveries of a window, newest first. A test is never
// waiting: it is sent once and ends.
func liveIDs(db *gorm.DB, f webhook.DeliveryFilter, w window) (ids []uid, all bool, err error) {
	for _, part := range []string{freeWaiting, lineWaiting, sendingNow} {
		where := liveConditions(webhook.StatsFilter{ProjectID: f.ProjectID, EndpointID: f.EndpointID}, w)
		where.and(part)
		var found []uid
		err := db.Raw("SELECT d.id"+liveSource+where.sql()+" LIMIT ?", where.with(liveAtMost+1)...).Scan(&found).Error
		if ids = append(ids, found...); err != nil || len(ids) > liveAtMost {
			return nil, false, err
		}
	}
	slices.SortFunc(ids, func(a, b uid) int { return bytes.Compare(b[:], a[:]) })
	return slices.Compact(ids), true, nil
}
