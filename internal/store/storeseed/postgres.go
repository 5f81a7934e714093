package storeseed

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bellwire/bellwire/internal/store"
)

// pgSink copies rows in.
type pgSink struct {
	conn *pgx.Conn
	tx   pgx.Tx // the batch under way
}

func openPostgres(ctx context.Context, url string) (sink, error) {
	config, err := pgx.ParseConfig(withoutPool(url))
	if err != nil {
		return nil, errors.New("the postgres:// URL can't be read")
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "SET synchronous_commit = off")
	return &pgSink{conn: conn}, err
}

// withoutPool drops the settings that only a pool understands.
func withoutPool(url string) string {
	base, query, found := strings.Cut(url, "?")
	if !found {
		return url
	}
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		if !strings.HasPrefix(part, "pool_") {
			kept = append(kept, part)
		}
	}
	return base + "?" + strings.Join(kept, "&")
}

func (s *pgSink) begin(ctx context.Context) (err error) {
	if s.tx == nil {
		s.tx, err = s.conn.Begin(ctx)
	}
	return err
}

func (s *pgSink) rows(ctx context.Context, table, columns string, rows [][]any) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	_, err := s.tx.CopyFrom(ctx, pgx.Identifier{table}, strings.Fields(columns), pgx.CopyFromRows(rows))
	return err
}

func (s *pgSink) exec(ctx context.Context, sql string, args ...any) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	_, err := s.tx.Exec(ctx, numbered(sql), args...)
	return err
}

// numbered writes PostgreSQL's parameters for question marks.
func numbered(sql string) string {
	var b strings.Builder
	n := 0
	for _, r := range sql {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteString("$" + strconv.Itoa(n))
	}
	return b.String()
}

func (s *pgSink) count(ctx context.Context, sql string) (n int, err error) {
	err = s.conn.QueryRow(ctx, sql).Scan(&n)
	return n, err
}

func (s *pgSink) value(ctx context.Context, key string) (value []byte, err error) {
	err = s.conn.QueryRow(ctx, "SELECT value FROM instance WHERE key = $1", key).Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return value, err
}

func (s *pgSink) day(ctx context.Context, start time.Time) error {
	for _, table := range []string{"events", "attempts"} {
		var there bool
		if err := s.conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", table+start.Format("_20060102")).Scan(&there); err != nil {
			return err
		}
		if there {
			continue
		}
		if _, err := s.conn.Exec(ctx, store.PartitionStatement(table, start)); err != nil {
			return err
		}
	}
	return nil
}

func (s *pgSink) commit(ctx context.Context) error {
	if s.tx == nil {
		return nil
	}
	err := s.tx.Commit(ctx)
	s.tx = nil
	return err
}

// settle is what autovacuum does over the days.
func (s *pgSink) settle(ctx context.Context) error {
	if err := s.exec(ctx, "SELECT setval('event_seq', (SELECT max(seq) FROM events))"); err != nil {
		return err
	}
	if err := s.commit(ctx); err != nil {
		return err
	}
	if _, err := s.conn.Exec(ctx, "VACUUM ANALYZE"); err != nil {
		return err
	}
	_, err := s.conn.Exec(ctx, "CHECKPOINT")
	return err
}

func (s *pgSink) close(ctx context.Context) error { return s.conn.Close(ctx) }
