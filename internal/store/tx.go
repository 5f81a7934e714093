package store

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// slowest bounds one call of the queue, so that a database that has gone
// silent hangs nobody.
const slowest = 15 * time.Second

// tx runs f in one writing transaction and, if it met another one, once more.
// Inside f use the given handle only: on SQLite any other one would wait for
// this transaction for ever.
func (s *Store) tx(ctx context.Context, doing string, f func(tx *gorm.DB) error) error {
	return wrap(doing, again(func() error {
		return s.write.WithContext(ctx).Transaction(f)
	}))
}

// db is for queries outside a transaction.
func (s *Store) db(ctx context.Context) *gorm.DB { return s.read.WithContext(ctx) }

// clock is the database's time in milliseconds, inside a transaction.
func (s *Store) clock(tx *gorm.DB) (int64, error) {
	if lite, ok := s.hot.(*liteQueue); ok {
		return lite.clock(), nil
	}
	var now int64
	err := tx.Raw("SELECT " + pgNow).Scan(&now).Error
	return now, err
}

// lock is the suffix of a SELECT that holds its rows until the transaction
// ends; SQLite's writer holds everything anyway.
func (s *Store) lock() string {
	if s.dialect == Postgres {
		return " FOR NO KEY UPDATE"
	}
	return ""
}
