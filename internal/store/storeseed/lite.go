package storeseed

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// liteSink inserts rows without waiting for the disk: a filling that fails is
// begun again on a new file.
type liteSink struct {
	db *sql.DB
	tx *sql.Tx // the batch under way
	// prepared are the inserts by their text.
	prepared map[string]*sql.Stmt
}

func openLite(ctx context.Context, path string) (sink, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	query := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(10000)", "synchronous(OFF)", "cache_size(-262144)", "wal_autocheckpoint(20000)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: absolute}).EscapedPath()+"?"+query.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &liteSink{db: db, prepared: map[string]*sql.Stmt{}}, db.PingContext(ctx)
}

func (s *liteSink) begin(ctx context.Context) (err error) {
	if s.tx == nil {
		s.tx, err = s.db.BeginTx(ctx, nil)
	}
	return err
}

func (s *liteSink) rows(ctx context.Context, table, columns string, rows [][]any) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	names := strings.Fields(columns)
	insert := "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(names)-1) + ")"
	if err := s.prepare(ctx, insert); err != nil {
		return err
	}
	for _, row := range rows {
		if _, err := s.prepared[insert].ExecContext(ctx, blobs(row)...); err != nil {
			return err
		}
	}
	return nil
}

// prepare keeps statements for as long as the connection, which is the only
// one.
func (s *liteSink) prepare(ctx context.Context, text string) (err error) {
	if s.prepared[text] == nil {
		s.prepared[text], err = s.tx.PrepareContext(ctx, text) //nolint:sqlclosecheck // closed with the batch
	}
	return err
}

// blobs writes ids as SQLite keeps them.
func blobs(row []any) []any {
	for i, value := range row {
		if id, ok := value.([16]byte); ok {
			row[i] = id[:]
		}
	}
	return row
}

func (s *liteSink) exec(ctx context.Context, sql string, args ...any) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	_, err := s.tx.ExecContext(ctx, sql, blobs(args)...)
	return err
}

func (s *liteSink) count(ctx context.Context, sql string) (n int, err error) {
	err = s.db.QueryRowContext(ctx, sql).Scan(&n)
	return n, err
}

func (s *liteSink) value(ctx context.Context, key string) (value []byte, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT value FROM instance WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return value, err
}

// day: SQLite has no partitions.
func (s *liteSink) day(context.Context, time.Time) error { return nil }

func (s *liteSink) commit(context.Context) error {
	if s.tx == nil {
		return nil
	}
	err := s.tx.Commit()
	s.tx = nil
	clear(s.prepared)
	return err
}

// settle leaves a file as a server at rest does.
func (s *liteSink) settle(ctx context.Context) error {
	if err := s.commit(ctx); err != nil {
		return err
	}
	_, err := s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

func (s *liteSink) close(context.Context) error { return s.db.Close() }
