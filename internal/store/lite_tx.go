package store

import (
	"context"
	"database/sql"
	"slices"
	"sync"

	"github.com/bellwire/bellwire/internal/webhook"
)

// write is what one caller does in a writing transaction. Callers who write at
// the same moment share one, and so one commit and one wait for the disk.
type write struct {
	ctx context.Context //nolint:containedctx // of the caller, who waits
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

// inTx runs f in a writing transaction. Others may share it; then an error of
// any of them has each run again alone, so f must leave nothing behind that a
// second run would trip over. Once the connection is free nothing waits any
// more, so ctx counts only until then.
func (q *liteQueue) inTx(ctx context.Context, f func(*liteTx) error) error {
	return q.write(&write{ctx: ctx, do: f})
}

// write has one carried out in its turn.
func (q *liteQueue) write(w *write) error {
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
	return q.direct(conn, func(c *liteConn) error {
		t := &liteTx{c, q.clock()}
		return c.inTx(func() error { return t.carryOut(all) })
	})
}

func (t *liteTx) carryOut(all []*write) error {
	var admitting []*write
	for _, w := range all {
		if w.do == nil {
			admitting = append(admitting, w)
		} else if err := w.do(t); err != nil {
			return err
		}
	}
	if admitting == nil {
		return nil
	}
	return t.admit(admitting)
}

// liteTx is a writing transaction.
type liteTx struct {
	*liteConn
	now int64
}

// changed is exec for statements that change one row or none.
func (t *liteTx) changed(text string, args ...any) (bool, error) {
	n, err := t.exec(text, args...)
	return n > 0, err
}
