package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/bellwire/bellwire/migrations"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Migrate brings the schema up to date under a lock, whoever else tries at the
// same time. A schema that is newer than this program is refused.
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil {
		return wrap("migrate the database", err)
	}
	return wrap("make partitions", s.hot.partitions(ctx, time.Time{}))
}

func (s *Store) migrate(ctx context.Context) error {
	folder, err := fs.Sub(migrations.FS, s.dialect)
	if err != nil {
		return err
	}
	provider, release, err := s.provider(folder)
	if err != nil {
		return err
	}
	defer release()
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return fmt.Errorf("the database has schema %d, this program knows up to %d: it is older than the one that was used before", current, target)
	}
	if current == target {
		return nil
	}
	_, err = provider.Up(ctx)
	return err
}

func (s *Store) provider(folder fs.FS) (*goose.Provider, func(), error) {
	if s.dialect == SQLite {
		unlock, err := lockDirectory(s.path)
		if err != nil {
			return nil, nil, err
		}
		db, err := s.write.DB()
		if err != nil {
			unlock()
			return nil, nil, err
		}
		provider, err := goose.NewProvider(goose.DialectSQLite3, db, folder, goose.WithDisableGlobalRegistry(true))
		return provider, unlock, err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, nil, err
	}
	queue, ok := s.hot.(*pgQueue)
	if !ok {
		return nil, nil, errors.New("no PostgreSQL pool")
	}
	db := stdlib.OpenDB(*migrationConfig(queue.pool))
	provider, err := goose.NewProvider(goose.DialectPostgres, db, folder,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return provider, func() { _ = db.Close() }, nil
}

// migrationConfig connects without the time limits of daily work.
func migrationConfig(pool *pgxpool.Pool) *pgx.ConnConfig {
	config := pool.Config().ConnConfig.Copy()
	delete(config.RuntimeParams, "statement_timeout")
	delete(config.RuntimeParams, "idle_in_transaction_session_timeout")
	return config
}
