package storetest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bellwire/bellwire/internal/store"
)

// Open opens and migrates a database, and closes it when the test ends.
func Open(t testing.TB, options store.Options) *store.Store {
	t.Helper()
	if path, lite := strings.CutPrefix(options.URL, "sqlite://"); lite {
		prepare(t, path)
	}
	s, err := store.Open(context.Background(), options)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := s.Migrate(context.Background()); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	return s
}

// prepare puts a migrated file where there is none: with the race detector a
// migration takes most of a second, and tests open hundreds of files.
func prepare(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	file, err := migrated()
	if err == nil {
		err = os.WriteFile(path, file, 0o600)
	}
	if err != nil {
		t.Fatalf("prepare a database: %v", err)
	}
}

// migrated is the file that a migration makes of an empty one.
var migrated = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "bellwire-migrated")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "bellwire.db")
	s, err := store.Open(context.Background(), store.Options{URL: "sqlite://" + path})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.Migrate(context.Background()), s.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
