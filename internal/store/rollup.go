package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

const (
	// rollAfter is the age at which a minute is added up. A result that comes
	// later than lateAfter counts in a minute that is still open.
	rollAfter = 5 * time.Minute
	lateAfter = 4 * time.Minute
	// foldAfter is the age at which an endpoint's minutes go: its hours stay.
	foldAfter = 48 * time.Hour

	minuteWidth = int64(time.Minute / time.Millisecond)
	hourWidth   = int64(time.Hour / time.Millisecond)
)

// rolled is how far the statistics have been added up.
type rolled struct {
	// RolledTo is where the sums end; what began later stands in
	// endpoint_minute alone.
	RolledTo int64
	// FoldedTo is where minutes begin; what began earlier stands in hours alone.
	FoldedTo int64
}

func readRolled(db *gorm.DB, lock string) (r rolled, err error) {
	err = db.Raw("SELECT rolled_to, folded_to FROM stats_rolled" + lock).Scan(&r).Error
	return r, err
}

// rollStatistics adds up the minutes that ended before a moment, one in each
// transaction, so that each counts once whoever does it.
func (s *Store) rollStatistics(ctx context.Context, before time.Time) error {
	for more := true; more && ctx.Err() == nil; {
		err := s.tx(ctx, "add up a minute", func(tx *gorm.DB) (err error) {
			more, err = s.rollMinute(tx, stepOf(ms(before), minuteWidth))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rollMinute adds up the next minute that has anything, if that ended.
func (s *Store) rollMinute(tx *gorm.DB, before int64) (more bool, err error) {
	done, err := readRolled(tx, s.lock())
	if err != nil || done.RolledTo >= before {
		return false, err
	}
	var next int64
	err = tx.Raw("SELECT COALESCE(min(minute), ?) FROM endpoint_minute WHERE minute >= ? AND minute < ?", before, done.RolledTo, before).Scan(&next).Error
	if err != nil {
		return false, err
	}
	if next >= before {
		return false, tx.Exec("UPDATE stats_rolled SET rolled_to = ?", before).Error
	}
	for _, width := range []int64{minuteWidth, hourWidth} {
		for _, scope := range []string{"project_id", s.nobody(), "endpoint_id"} {
			if width == minuteWidth && scope == "endpoint_id" {
				continue // endpoint_minute has them
			}
			if err := addUp(tx, scope, width, next); err != nil {
				return false, err
			}
		}
	}
	return true, tx.Exec("UPDATE stats_rolled SET rolled_to = ?", next+minuteWidth).Error
}

// nobody is the scope of the whole installation, in SQL.
func (s *Store) nobody() string {
	if s.dialect == Postgres {
		return "'00000000-0000-0000-0000-000000000000'::uuid"
	}
	return "zeroblob(16)"
}

// addUp adds one minute of all endpoints to the sums of a scope, which is
// written in SQL like the numbers, so that SELECT and GROUP BY are one.
func addUp(tx *gorm.DB, scope string, width, minute int64) error {
	return tx.Exec(fmt.Sprintf(`INSERT INTO stats_sum (scope_id, width, start, cause, n, %s)
 SELECT %s, %d, %d, cause, sum(n), %s FROM endpoint_minute WHERE minute = ? GROUP BY %s, cause
 ON CONFLICT (scope_id, width, start, cause) DO UPDATE SET n = stats_sum.n + excluded.n, %s`,
		bucketColumns(""), scope, width, stepOf(minute, width), bucketColumns("sum"), scope, bucketColumns("stats_sum")), minute).Error
}

// foldStatistics leaves what began before a moment to its hours; the chores
// delete the minutes.
func (s *Store) foldStatistics(ctx context.Context, before time.Time) error {
	return s.tx(ctx, "leave minutes to their hours", func(tx *gorm.DB) error {
		done, err := readRolled(tx, s.lock())
		to := stepOf(min(ms(before), done.RolledTo), hourWidth)
		if err != nil || done.FoldedTo >= to {
			return err
		}
		return tx.Exec("UPDATE stats_rolled SET folded_to = ?", to).Error
	})
}

// statisticsChores delete minutes that their hours hold, and hours that are too
// old.
func statisticsChores(now int64) []chore {
	const sums, folded = "DELETE FROM stats_sum WHERE (scope_id, width, start, cause) IN (SELECT scope_id, width, start, cause FROM stats_sum WHERE width = ? AND start < %s LIMIT ?)",
		"(SELECT folded_to FROM stats_rolled)"
	return []chore{
		simple("minutes of endpoints", `DELETE FROM endpoint_minute WHERE (endpoint_id, minute, node_id, cause) IN
 (SELECT endpoint_id, minute, node_id, cause FROM endpoint_minute WHERE minute < `+folded+" LIMIT ?)", houseStep),
		simple("minutes of projects", fmt.Sprintf(sums, folded), minuteWidth, houseStep),
		simple("statistics", fmt.Sprintf(sums, "?"), hourWidth, now-statisticsFor.Milliseconds(), houseStep),
	}
}
