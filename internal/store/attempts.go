package store

import (
	"context"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// clockSkew is how far apart the clocks of two nodes may be: an attempt's id
// can be older than its delivery's by this much.
const clockSkew = time.Hour

// prefixedAttemptColumns are attemptColumns of the table alias a,
// listedAttemptColumns those without the body, which can be 64 KiB.
var (
	prefixedAttemptColumns = "a." + strings.Join(strings.Fields(attemptColumns), " a.")
	listedAttemptColumns   = strings.Replace(prefixedAttemptColumns, " a.response_body,", "", 1)
)

// Attempts reads the attempts of a delivery in order, without request bodies.
func (s *Store) Attempts(ctx context.Context, project webhook.ProjectID, id webhook.DeliveryID) ([]webhook.Attempt, error) {
	var rows []struct {
		Made bool
		Row  attemptRow `gorm:"embedded"`
	}
	// A delivery without attempts answers one row of NULLs, a missing one none.
	// The bound on id spares PostgreSQL the partitions before the delivery.
	err := s.db(ctx).Raw("SELECT a.id IS NOT NULL AS made, "+prefixedAttemptColumns+deliverySource+`
 LEFT JOIN attempts a ON a.delivery_id = d.id AND a.id >= ? WHERE d.id = ? AND d.project_id = ? ORDER BY a.number, a.id`,
		scope(webhook.FloorUUID(id.Time().Add(-clockSkew))), uid(id.UUID), uid(project.UUID)).Scan(&rows).Error
	if err != nil {
		return nil, wrap("read attempts", err)
	}
	if len(rows) == 0 {
		return nil, webhook.NotFound("there is no such delivery")
	}
	attempts := make([]webhook.Attempt, 0, len(rows))
	for _, r := range rows {
		if r.Made {
			attempts = append(attempts, r.Row.attempt())
		}
	}
	return attempts, nil
}

// AttemptsOf reads the attempts of a page of deliveries at once, each in order
// and without bodies; project zero stands for any. A delivery without attempts,
// or that is not there, has no entry.
func (s *Store) AttemptsOf(ctx context.Context, project webhook.ProjectID, ids []webhook.DeliveryID) (map[webhook.DeliveryID][]webhook.Attempt, error) {
	found := make(map[webhook.DeliveryID][]webhook.Attempt, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	wanted, oldest := make([]uid, len(ids)), ids[0].Time()
	for i, id := range ids {
		wanted[i] = uid(id.UUID)
		if made := id.Time(); made.Before(oldest) {
			oldest = made
		}
	}
	where := conditions{texts: []string{"d.id IN ?"}, args: []any{wanted}}
	if !project.IsZero() {
		where.and("d.project_id = ?", uid(project.UUID))
	}
	var rows []attemptRow
	err := s.db(ctx).Raw("SELECT "+listedAttemptColumns+deliverySource+" JOIN attempts a ON a.delivery_id = d.id AND a.id >= ?"+
		where.sql()+" ORDER BY a.number, a.id", append([]any{scope(webhook.FloorUUID(oldest.Add(-clockSkew)))}, where.args...)...).Scan(&rows).Error
	if err != nil {
		return nil, wrap("read attempts of a list", err)
	}
	for _, r := range rows {
		a := r.attempt()
		found[a.DeliveryID] = append(found[a.DeliveryID], a)
	}
	return found, nil
}
