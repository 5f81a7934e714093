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

// prefixedAttemptColumns are attemptColumns of the table alias a.
var prefixedAttemptColumns = "a." + strings.Join(strings.Fields(attemptColumns), " a.")

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
