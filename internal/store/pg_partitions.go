package store

import (
	"context"
	"fmt"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/jackc/pgx/v5"
)

// partitionsAhead is how many days have their partition made beforehand.
const partitionsAhead = 7

const day = 24 * time.Hour

func (q *pgQueue) now(ctx context.Context) (int64, error) {
	var now int64
	err := q.pool.QueryRow(ctx, "SELECT "+pgNow).Scan(&now)
	return now, err
}

// partitions makes the coming days' partitions of events and attempts, and
// drops those that hold nothing younger than before and that nothing live
// points into.
func (q *pgQueue) partitions(ctx context.Context, before time.Time) error {
	now, err := q.now(ctx)
	if err != nil {
		return err
	}
	for _, table := range []string{"events", "attempts"} {
		for i := -1; i <= partitionsAhead; i++ {
			if err := q.makePartition(ctx, table, at(now).Truncate(day).Add(time.Duration(i)*day)); err != nil {
				return err
			}
		}
		if !before.IsZero() {
			if err := q.dropPartitions(ctx, table, before); err != nil {
				return err
			}
		}
	}
	return nil
}

func partitionName(table string, start time.Time) string { return table + start.Format("_20060102") }

// makePartition leaves a day alone whose first rows went to the default
// partition already: they stay there.
func (q *pgQueue) makePartition(ctx context.Context, table string, start time.Time) error {
	name := partitionName(table, start)
	from, to := partitionBounds(start)
	return pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('bellwire partitions'))"); err != nil {
			return err
		}
		var there, taken bool
		err := tx.QueryRow(ctx, fmt.Sprintf("SELECT to_regclass($1) IS NOT NULL, EXISTS (SELECT 1 FROM %s_default WHERE id >= $2 AND id < $3)", table),
			name, [16]byte(from), [16]byte(to)).Scan(&there, &taken)
		if err != nil || there || taken {
			return err
		}
		_, err = tx.Exec(ctx, PartitionStatement(table, start))
		return err
	})
}

func partitionBounds(start time.Time) (from, to webhook.UUID) {
	return webhook.FloorUUID(start), webhook.FloorUUID(start.Add(day))
}

// PartitionStatement makes the partition of "events" or "attempts" for the day
// that begins at start. Names and bounds are made of digits and hex only.
func PartitionStatement(table string, start time.Time) string {
	from, to := partitionBounds(start)
	return fmt.Sprintf("CREATE TABLE %s PARTITION OF %s FOR VALUES FROM ('%s') TO ('%s')", partitionName(table, start), table, from, to)
}

// dropPartitions drops whole days that ended before the moment. Deliveries are
// deleted before their events and attempts, so a day that a delivery still
// points into stays for the next time.
func (q *pgQueue) dropPartitions(ctx context.Context, table string, before time.Time) error {
	rows, err := q.pool.Query(ctx, "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass", table)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		start, err := time.Parse(table+"_20060102", name)
		if err != nil || start.Add(day).After(before) {
			continue
		}
		var needed bool
		end := webhook.FloorUUID(start.Add(day))
		err = q.pool.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM deliveries WHERE id < $1) OR EXISTS (SELECT 1 FROM deliveries WHERE event_id < $1) OR EXISTS (SELECT 1 FROM fanouts WHERE event_id < $1)", [16]byte(end)).Scan(&needed)
		if err != nil {
			return err
		}
		if needed {
			continue
		}
		if _, err := q.pool.Exec(ctx, "DROP TABLE "+name); err != nil {
			return err
		}
	}
	return nil
}
