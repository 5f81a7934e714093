package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteReaders is how many pages can be read at once beside the writer.
const sqliteReaders = 4

// writerPragmas are the writing connection's. The schema's checks are for those
// who write by hand: to see that a state is one of five words costs each row that
// we write a table of its own.
var writerPragmas = []string{
	"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "ignore_check_constraints(1)",
	"cache_size(-8192)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)",
}

func openSQLite(ctx context.Context, path string, options Options) (*Store, error) {
	if path == "" {
		return nil, errors.New("open the database: sqlite:// needs the path of a file")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := touch(absolute); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	s := &Store{dialect: SQLite, log: options.Log, path: absolute}
	writer, err := s.openFile(ctx, absolute, 1, writerPragmas...)
	if err != nil {
		return nil, err
	}
	reader, err := s.openFile(ctx, absolute, sqliteReaders, "query_only(1)", "cache_size(-2048)")
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.write, err = gormSQLite(writer); err == nil {
		s.read, err = gormSQLite(reader)
	}
	if err != nil {
		return nil, errors.Join(wrap("open the database", err), s.Close())
	}
	queue := newLiteQueue(writer, reader, options.Now)
	s.hot = queue
	s.closers = append(s.closers, queue.close)
	return s, nil
}

// touch makes the file readable by its owner only: it holds secrets.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (s *Store) openFile(ctx context.Context, path string, connections int, pragmas ...string) (*sql.DB, error) {
	db, err := liteFile(path, connections, pragmas...)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	s.closers = append(s.closers, db.Close)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s: %w", path, err), s.Close())
	}
	return db, nil
}

// liteFile opens so many connections to a file; it makes one that is missing.
func liteFile(path string, connections int, pragmas ...string) (*sql.DB, error) {
	query := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{"busy_timeout(10000)", "temp_store(2)"}, pragmas...)}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

func gormSQLite(db *sql.DB) (*gorm.DB, error) {
	dialector := translated{gormsqlite.New(gormsqlite.Config{DriverName: "sqlite", Conn: db}).(*gormsqlite.Dialector)}
	return gorm.Open(dialector, gormConfig())
}

func gormConfig() *gorm.Config {
	return &gorm.Config{Logger: logger.Discard, SkipDefaultTransaction: true, TranslateError: true}
}

// translated is the SQLite dialect with errors of our driver told to gorm.
type translated struct{ *gormsqlite.Dialector }

func (d translated) Translate(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		return gorm.ErrDuplicatedKey
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return gorm.ErrForeignKeyViolated
	}
	return err
}

// sqliteUnavailable reports whether SQLite can't store anything now and may
// later: disk full, I/O error, locked by another process.
func sqliteUnavailable(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return true
	}
	return strings.Contains(err.Error(), "disk is full")
}
