package store

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// postgresConnections bounds both pools together unless the URL says pool_max_conns.
const postgresConnections = 24

func openPostgres(ctx context.Context, options Options) (*Store, error) {
	config, err := pgxpool.ParseConfig(options.URL)
	if err != nil {
		// The driver's text may quote the URL, and with it the password.
		return nil, errors.New("open the database: the postgres:// URL can't be read")
	}
	if !strings.Contains(options.URL, "pool_max_conns") {
		config.MaxConns = postgresConnections
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	for name, value := range map[string]string{
		"application_name":  "bellwire",
		"timezone":          "UTC",
		"statement_timeout": "30000",
		// A node that is paused or cut off in a transaction holds locks that the
		// others wait for.
		"idle_in_transaction_session_timeout": "5000",
	} {
		if _, set := config.ConnConfig.RuntimeParams[name]; !set {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	pages := forPages(config)
	s := &Store{dialect: Postgres, log: options.Log}
	var pool *pgxpool.Pool
	if pool, s.write, err = s.openPool(ctx, config); err == nil {
		_, s.read, err = s.openPool(ctx, pages)
	}
	if err != nil {
		return nil, errors.Join(wrap("open the database", err), s.Close())
	}
	s.hot = &pgQueue{pool: pool, log: options.Log, node: nullable(uid(options.Node.UUID))}
	return s, nil
}

// forPages takes a part of the connections for reading outside transactions.
// There each plan is made for its very values: a plan for any project reads the
// whole log to find the few rows of a small one. What the queue does all the
// time keeps its plans. Pages are never worth compiling, and random reads come
// from memory or flash.
func forPages(config *pgxpool.Config) *pgxpool.Config {
	pages := config.Copy()
	pages.MaxConns = max(1, config.MaxConns/3)
	config.MaxConns = max(1, config.MaxConns-pages.MaxConns)
	pages.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	pages.ConnConfig.RuntimeParams["jit"] = "off"
	pages.ConnConfig.RuntimeParams["random_page_cost"] = "1.1"
	return pages
}

// openPool connects and leaves it to Close to disconnect.
func (s *Store) openPool(ctx context.Context, config *pgxpool.Config) (*pgxpool.Pool, *gorm.DB, error) {
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	db := stdlib.OpenDBFromPool(pool)
	s.closers = append(s.closers, func() error { pool.Close(); return nil }, db.Close)
	if err := pool.Ping(ctx); err != nil {
		return nil, nil, err
	}
	opened, err := gorm.Open(gormpostgres.New(gormpostgres.Config{Conn: db}), gormConfig())
	return pool, opened, err
}

// postgresUnavailable reports whether the server can't be reached or can't
// store anything now and may later.
func postgresUnavailable(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		switch {
		case strings.HasPrefix(e.Code, "08"), // connection
			strings.HasPrefix(e.Code, "53"),  // resources: disk full, too many connections
			strings.HasPrefix(e.Code, "57P"), // shutdown, starting up
			e.Code == "58030",                // I/O error
			e.Code == "57014",                // cancelled: too slow
			e.Code == "25006",                // read-only: a demoted server
			e.Code == "55P03":                // lock not available
			return true
		}
		return false
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "unexpected EOF") ||
		strings.Contains(err.Error(), "closed pool")
}

// retryable reports whether the database undid the transaction only because it
// met another one.
func retryable(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40P01" || e.Code == "40001")
}

// again runs a transaction and, if it met another one, runs it once more.
func again(run func() error) error {
	err := run()
	if retryable(err) {
		err = run()
	}
	return err
}
