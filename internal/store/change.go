package store

import (
	"context"
	"database/sql"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// changeAndAdmit runs a change in a writing transaction and stores the events
// that follow from it in the same one: both or neither. A change whose events
// are refused or stale is undone, and the answer says so. Inside change use the
// given handle only; it may be run twice.
func (s *Store) changeAndAdmit(ctx context.Context, doing string, change func(tx *gorm.DB) (webhook.Admission, error)) (webhook.Admitted, error) {
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	var answer webhook.Admitted
	err := again(func() (err error) {
		answer, err = s.changeOnce(ctx, change)
		return err
	})
	return answer, wrap(doing, err)
}

func (s *Store) changeOnce(ctx context.Context, change func(tx *gorm.DB) (webhook.Admission, error)) (webhook.Admitted, error) {
	var answer webhook.Admitted
	pool, err := s.write.DB()
	if err != nil {
		return answer, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return answer, err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(s.lasting(ctx), nil)
	if err != nil {
		return answer, err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	admission, err := change(s.on(ctx, tx))
	if err != nil {
		return answer, err
	}
	if len(admission.Items) > 0 {
		if answer, err = s.admitOn(ctx, conn, admission); err != nil || answer.Stale || answer.Err != nil {
			return answer, err
		}
	}
	if err = tx.Commit(); s.dialect == Postgres {
		err = doubtful(err)
	}
	return answer, err
}

// lasting is the context of a transaction. SQLite's statements that store events
// run on whatever context, so its end must not roll back under their hands;
// PostgreSQL's stop with it.
func (s *Store) lasting(ctx context.Context) context.Context {
	if s.dialect == SQLite {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// on is a handle for statements in a transaction of database/sql.
func (s *Store) on(ctx context.Context, tx *sql.Tx) *gorm.DB {
	db := s.write.Session(&gorm.Session{NewDB: true, Context: ctx})
	db.Statement.ConnPool = tx
	return db
}

func (s *Store) admitOn(ctx context.Context, conn *sql.Conn, admission webhook.Admission) (webhook.Admitted, error) {
	answers, err := s.hot.admitOn(ctx, conn, []webhook.Admission{admission})
	if err != nil {
		return webhook.Admitted{}, err
	}
	return answers[0], nil
}
