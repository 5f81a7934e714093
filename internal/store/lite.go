package store

import (
	"context"
	"database/sql"
	"time"
)

// liteQueue is the queue in SQLite's SQL: statements prepared once, run on the
// only writing connection.
type liteQueue struct {
	writer, reader *sql.DB
	clockNow       func() time.Time
}

func newLiteQueue(writer, reader *sql.DB, now func() time.Time) *liteQueue {
	return &liteQueue{writer: writer, reader: reader, clockNow: now}
}

func (q *liteQueue) close() error { return nil }

// clock is this process's: on SQLite it is the only one that counts.
func (q *liteQueue) clock() int64 { return q.clockNow().UnixMilli() }

func (q *liteQueue) now(ctx context.Context) (int64, error) {
	return q.clock(), q.reader.PingContext(ctx)
}

// partitions: SQLite has none; Housekeep deletes row by row.
func (q *liteQueue) partitions(context.Context, time.Time) error { return nil }
