package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

// liteQueue is the queue in SQLite's SQL: statements prepared once, run on the
// only writing connection.
type liteQueue struct {
	writer, reader *sql.DB
	clockNow       func() time.Time
	writes         writes

	mu       sync.Mutex
	prepared map[string]*sql.Stmt // guarded by mu
}

func newLiteQueue(writer, reader *sql.DB, now func() time.Time) *liteQueue {
	return &liteQueue{writer: writer, reader: reader, clockNow: now, prepared: map[string]*sql.Stmt{}}
}

func (q *liteQueue) close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all error
	for _, stmt := range q.prepared {
		all = errors.Join(all, stmt.Close())
	}
	clear(q.prepared)
	return all
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

// prepare makes the statements ready. It must not be called inside a
// transaction, which holds the only connection.
func (q *liteQueue) prepare(ctx context.Context, texts []string) (map[string]*sql.Stmt, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	ready := make(map[string]*sql.Stmt, len(texts))
	for _, text := range texts {
		if q.prepared[text] == nil {
			stmt, err := q.writer.PrepareContext(ctx, text) //nolint:sqlclosecheck // kept in prepared for good
			if err != nil {
				return nil, err
			}
			q.prepared[text] = stmt
		}
		ready[text] = q.prepared[text]
	}
	return ready, nil
}
