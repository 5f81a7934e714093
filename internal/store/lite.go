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

// liteTx is a writing transaction with prepared statements at hand.
type liteTx struct {
	ctx   context.Context
	tx    *sql.Tx
	stmts map[string]*sql.Stmt
	now   int64
}

// inTx runs f in a writing transaction that may use these statements. Once the
// connection is free nothing waits any more, so ctx counts only until then: the
// driver would watch a context that can end with a goroutine per statement.
func (q *liteQueue) inTx(ctx context.Context, texts []string, f func(*liteTx) error) error {
	stmts, err := q.prepare(ctx, texts)
	if err != nil {
		return err
	}
	conn, err := q.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx = context.WithoutCancel(ctx)
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	t := &liteTx{ctx: ctx, tx: tx, stmts: stmts, now: q.clock()}
	for text, stmt := range stmts {
		t.stmts[text] = tx.StmtContext(ctx, stmt)
	}
	if err := f(t); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// exec runs a prepared statement and says how many rows it changed.
func (t *liteTx) exec(text string, args ...any) (sql.Result, error) {
	return t.stmts[text].ExecContext(t.ctx, args...)
}

// changed is exec for statements that change one row or none.
func (t *liteTx) changed(text string, args ...any) (bool, error) {
	result, err := t.exec(text, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// one reads one row; false when there is none.
func (t *liteTx) one(text string, args []any, into ...any) (bool, error) {
	err := t.stmts[text].QueryRowContext(t.ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// each reads rows into the same variables and calls f after each.
func (t *liteTx) each(text string, args []any, into []any, f func()) error {
	rows, err := t.stmts[text].QueryContext(t.ctx, args...)
	if err != nil {
		return err
	}
	return scanEach(rows, into, f)
}

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
