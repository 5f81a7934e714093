package store

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// postgresConnections bounds the pool unless the URL says pool_max_conns.
const postgresConnections = 16

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
		"application_name":                    "bellwire",
		"timezone":                            "UTC",
		"statement_timeout":                   "30000",
		"idle_in_transaction_session_timeout": "30000",
	} {
		if _, set := config.ConnConfig.RuntimeParams[name]; !set {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, wrap("open the database", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, wrap("open the database", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	s := &Store{dialect: Postgres, log: options.Log, hot: &pgQueue{pool: pool, log: options.Log}}
	s.closers = append(s.closers, func() error { pool.Close(); return nil }, db.Close)
	s.read, err = gorm.Open(gormpostgres.New(gormpostgres.Config{Conn: db}), gormConfig())
	if err != nil {
		return nil, errors.Join(wrap("open the database", err), s.Close())
	}
	s.write = s.read
	return s, nil
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
