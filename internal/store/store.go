package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"gorm.io/gorm"
)

// The dialects.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Options say which database and how.
type Options struct {
	// URL is "sqlite://path" or "postgres://…".
	URL string
	// Log gets what nobody is told about; discarded if nil.
	Log *slog.Logger
	// Now is the clock on SQLite, where this process is the only one that
	// counts; time.Now if nil. PostgreSQL has its own.
	Now func() time.Time
	// Node is this process; zero for one that sends nothing.
	Node webhook.NodeID
}

// Store is the database. All its methods may be called at the same time.
type Store struct {
	dialect string
	// read is for queries outside transactions; on SQLite write is the only
	// connection that writes.
	read, write *gorm.DB
	hot         hot
	log         *slog.Logger
	node        uid
	// path is the SQLite file, empty on PostgreSQL.
	path    string
	closers []func() error
}

// hot is the part of the queue that each dialect writes in its own SQL.
type hot interface {
	// now is the clock that leases and due times live by, in milliseconds.
	now(ctx context.Context) (int64, error)
	admit(ctx context.Context, admissions []webhook.Admission) ([]webhook.Admitted, error)
	// admitOn does the same in the transaction that is open on a connection.
	admitOn(ctx context.Context, conn *sql.Conn, admissions []webhook.Admission) ([]webhook.Admitted, error)
	claim(ctx context.Context, node webhook.NodeID, room webhook.Room) ([]webhook.Job, time.Duration, error)
	record(ctx context.Context, node webhook.NodeID, results []webhook.Settled) error
	release(ctx context.Context, jobs []webhook.Job) error
	expired(ctx context.Context, limit int) ([]webhook.Job, error)
	endLeases(ctx context.Context) error
	// stepSize is how many endpoints one step of a fan-out looks at, and so the
	// most deliveries that it makes.
	stepSize() int
	// advance stores a step of a fan-out, if it is where the step began.
	advance(ctx context.Context, step webhook.FanOutStep, deliveries []webhook.Delivery) error
	// listen makes the call of a channel when it is notified.
	listen(ctx context.Context, calls map[string]func())
	notify(ctx context.Context, channel string) error
	// partitions makes the coming days' partitions and drops those that hold
	// nothing younger than before.
	partitions(ctx context.Context, before time.Time) error
}

// Open connects to the database; it does not migrate.
func Open(ctx context.Context, options Options) (*Store, error) {
	s, err := open(ctx, options)
	if err == nil {
		s.node = uid(options.Node.UUID)
	}
	return s, err
}

func open(ctx context.Context, options Options) (*Store, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	scheme, rest, _ := strings.Cut(options.URL, "://")
	switch scheme {
	case "sqlite":
		return openSQLite(ctx, rest, options)
	case "postgres", "postgresql":
		return openPostgres(ctx, options)
	}
	return nil, fmt.Errorf("open the database: the URL must begin with sqlite:// or postgres://")
}

// Dialect is SQLite or Postgres.
func (s *Store) Dialect() string { return s.dialect }

// Close ends all connections.
func (s *Store) Close() error {
	var first error
	for i := len(s.closers) - 1; i >= 0; i-- {
		if err := s.closers[i](); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Ping asks the database for a sign of life and for its clock.
func (s *Store) Ping(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	now, err := s.hot.now(ctx)
	if err != nil {
		return time.Time{}, wrap("ping the database", err)
	}
	return at(now), nil
}
