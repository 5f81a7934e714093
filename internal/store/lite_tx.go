package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"

	"github.com/bellwire/bellwire/internal/webhook"
)

// write is what one caller does in a writing transaction. Callers who write at
// the same moment share one, and so one commit and one wait for the disk.
type write struct {
	ctx   context.Context //nolint:containedctx // of the caller, who waits
	stmts map[string]*sql.Stmt
	// do is what it does. Nil: it admits events, which is done at once for all
	// who do.
	do    func(*liteTx) error
	admit []webhook.Admission
	// admitted are the answers to admit.
	admitted []webhook.Admitted
	// turn gets true when the caller is to lead, and is closed when the write
	// was done, err set; capacity 1.
	turn chan bool
	err  error
}

// writes are the callers who wait for the only writing connection. The one who
// leads carries out what all of them do.
type writes struct {
	mu      sync.Mutex
	waiting []*write
	led     bool
}

// join reports whether the caller is to lead.
func (ws *writes) join(w *write) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.waiting = append(ws.waiting, w)
	lead := !ws.led
	ws.led = true
	return lead
}

// leave takes back a write, unless it is being carried out.
func (ws *writes) leave(w *write) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	i := slices.Index(ws.waiting, w)
	if i < 0 {
		return false
	}
	ws.waiting = slices.Delete(ws.waiting, i, i+1)
	return true
}

func (ws *writes) take() []*write {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	taken := ws.waiting
	ws.waiting = nil
	return taken
}

// next lets the first of those who wait lead.
func (ws *writes) next() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.led = len(ws.waiting) > 0; ws.led {
		ws.waiting[0].turn <- true
	}
}

// inTx runs f in a writing transaction that may use these statements. Others
// may share it; then an error of any of them has each run again alone, so f
// must leave nothing behind that a second run would trip over. Once the
// connection is free nothing waits any more, so ctx counts only until then: the
// driver would watch a context that can end with a goroutine per statement.
func (q *liteQueue) inTx(ctx context.Context, texts []string, f func(*liteTx) error) error {
	return q.write(texts, &write{ctx: ctx, do: f})
}

// write has one carried out in its turn.
func (q *liteQueue) write(texts []string, w *write) (err error) {
	if w.stmts, err = q.prepare(w.ctx, texts); err != nil {
		return err
	}
	w.turn = make(chan bool, 1)
	if q.writes.join(w) {
		return q.lead(w)
	}
	select {
	case lead := <-w.turn:
		if lead {
			return q.lead(w)
		}
		return w.err
	case <-w.ctx.Done():
		return q.giveUp(w)
	}
}

// giveUp ends the wait of a caller whose time is over, unless its write is
// being carried out.
func (q *liteQueue) giveUp(w *write) error {
	if !q.writes.leave(w) {
		<-w.turn
		return w.err
	}
	select {
	case <-w.turn: // it was to lead
		q.writes.next()
	default:
	}
	return w.ctx.Err()
}

// lead carries out everything that waits when the connection is free.
func (q *liteQueue) lead(own *write) error {
	defer q.writes.next()
	conn, err := q.writer.Conn(own.ctx)
	if err != nil {
		q.writes.leave(own)
		return err
	}
	defer conn.Close()
	all := q.writes.take()
	err = q.transact(conn, all)
	alone := err != nil && len(all) > 1 && !sqliteUnavailable(err)
	for _, w := range all {
		if w.err = err; alone {
			w.err = q.transact(conn, []*write{w})
		}
		close(w.turn)
	}
	return own.err
}

// transact does the writes in one transaction, all or none.
func (q *liteQueue) transact(conn *sql.Conn, all []*write) error {
	ctx := context.Background()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	t := &liteTx{ctx: ctx, tx: tx, bound: map[string]*sql.Stmt{}, now: q.clock()}
	if err := t.carryOut(all); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (t *liteTx) carryOut(all []*write) error {
	var admitting []*write
	for _, w := range all {
		if w.do == nil {
			admitting = append(admitting, w)
			continue
		}
		t.stmts = w.stmts
		if err := w.do(t); err != nil {
			return err
		}
	}
	if admitting == nil {
		return nil
	}
	t.stmts = admitting[0].stmts
	return t.admit(admitting)
}

// liteTx is a writing transaction with prepared statements at hand.
type liteTx struct {
	ctx   context.Context //nolint:containedctx // of the transaction
	tx    *sql.Tx
	stmts map[string]*sql.Stmt // as prepared on the connection
	bound map[string]*sql.Stmt // as this transaction runs them
	now   int64
}

// bind makes a statement ready for this transaction.
func (t *liteTx) bind(text string) {
	if t.bound[text] == nil {
		t.bound[text] = t.tx.StmtContext(t.ctx, t.stmts[text])
	}
}

// exec runs a prepared statement and says how many rows it changed.
func (t *liteTx) exec(text string, args ...any) (sql.Result, error) {
	t.bind(text)
	return t.bound[text].ExecContext(t.ctx, args...)
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
	t.bind(text)
	err := t.bound[text].QueryRowContext(t.ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// each reads rows into the same variables and calls f after each.
func (t *liteTx) each(text string, args []any, into []any, f func()) error {
	t.bind(text)
	rows, err := t.bound[text].QueryContext(t.ctx, args...)
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
