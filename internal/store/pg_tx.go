package store

import (
	"context"
	"errors"
	"hash/fnv"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pgTx is a transaction whose statements travel in few round trips: each send
// is one, begin and commit ride along.
type pgTx struct {
	conn *pgx.Conn
	next *pgx.Batch
	// pooled is conn as it is given back; nil for one that somebody else holds.
	pooled *pgxpool.Conn
}

// pgPlans keeps the queue's statements to the indexes they were written for: a
// plan that was made while the tables were small must not be kept for a scan of
// the whole when they have grown. As they leave no choice, none is made anew for
// each execution: planning took a sixth of the server's time.
const pgPlans = `SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)`

// begin opens a transaction with its first batch.
func (q *pgQueue) begin(ctx context.Context) (*pgTx, error) {
	conn, err := q.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	tx := &pgTx{conn: conn.Conn(), next: &pgx.Batch{}, pooled: conn}
	tx.next.Queue("begin")
	tx.next.Queue(pgPlans)
	return tx, nil
}

// queue adds a statement to the next round trip.
func (t *pgTx) queue(sql string, args ...any) *pgx.QueuedQuery { return t.next.Queue(sql, args...) }

// send makes the round trip.
func (t *pgTx) send(ctx context.Context) error {
	batch := t.next
	t.next = &pgx.Batch{}
	return t.conn.SendBatch(ctx, batch).Close()
}

// commit makes the last round trip. Unless the server refused, or nothing was
// sent, nobody knows whether what failed was stored.
func (t *pgTx) commit(ctx context.Context) error {
	t.queue("commit")
	return doubtful(t.send(ctx))
}

// doubtful judges how a commit ended.
func doubtful(err error) error {
	var refused *pgconn.PgError
	if err == nil || errors.As(err, &refused) || pgconn.SafeToRetry(err) {
		return err
	}
	return &inDoubt{err}
}

// inDoubt is a failed commit that may have been carried out.
type inDoubt struct{ error }

func (e *inDoubt) Unwrap() error { return e.error }

// end gives the connection back, undoing what was not committed.
func (t *pgTx) end(ctx context.Context) {
	if t.conn.PgConn().TxStatus() != 'I' && !t.conn.IsClosed() {
		_, _ = t.conn.Exec(context.WithoutCancel(ctx), "rollback") // a broken connection is dropped by the pool
	}
	t.pooled.Release()
}

// nullable is an id as pgx sends it: nil for none.
func nullable(u uid) *[16]byte {
	if u == (uid{}) {
		return nil
	}
	return (*[16]byte)(&u)
}

// rawIDs are ids as pgx sends them.
func rawIDs[T ~struct{ webhook.UUID }](ids []T) [][16]byte {
	raw := make([][16]byte, len(ids))
	for i, id := range ids {
		raw[i] = [16]byte(struct{ webhook.UUID }(id).UUID)
	}
	return raw
}

// lockNumber is the advisory lock of an idempotency key.
func (k keyed) lockNumber() int64 {
	h := fnv.New64a()
	h.Write(k.project.UUID[:])
	h.Write([]byte(k.key))
	return int64(h.Sum64())
}
