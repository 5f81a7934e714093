package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// liteQueue is the queue in SQLite's SQL, run on the only writing connection.
type liteQueue struct {
	writer, reader *sql.DB
	clockNow       func() time.Time
	writes         writes
	conn           *liteConn // nil until the first write; of who holds the writer
}

func newLiteQueue(writer, reader *sql.DB, now func() time.Time) *liteQueue {
	return &liteQueue{writer: writer, reader: reader, clockNow: now}
}

func (q *liteQueue) close() error {
	conn, err := q.writer.Conn(context.Background())
	if err != nil {
		return err
	}
	return errors.Join(q.direct(conn, (*liteConn).close), conn.Close())
}

// clock is this process's: on SQLite it is the only one that counts.
func (q *liteQueue) clock() int64 { return q.clockNow().UnixMilli() }

func (q *liteQueue) now(ctx context.Context) (int64, error) {
	return q.clock(), q.reader.PingContext(ctx)
}

// partitions: SQLite has none; Housekeep deletes row by row.
func (q *liteQueue) partitions(context.Context, time.Time) error { return nil }

// listen: only one server uses the file.
func (q *liteQueue) listen(ctx context.Context, _ map[string]func()) { <-ctx.Done() }

func (q *liteQueue) notify(context.Context, string) error { return nil }

// scanEach reads the rows of a query on a reading connection.
func scanEach(rows *sql.Rows, into []any, f func()) error {
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		f()
	}
	return rows.Err()
}
