// Package storetest has what tests of the store and of everything above it
// need: fresh databases of both dialects, and one conformance suite that runs
// on each. It knows how to start a throw-away PostgreSQL; it must not be
// imported by anything but tests.
package storetest

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bellwire/bellwire/internal/blackbox"
)

// cluster is the test binary's own PostgreSQL server.
var cluster struct {
	once sync.Once
	*blackbox.Cluster
	err error
	// databases counts the ones made so far, for their names.
	databases atomic.Int64
}

// Postgres is the URL of a fresh, empty database on a throw-away cluster that
// all tests of this binary share. The server ends with the test binary.
func Postgres(t testing.TB) string {
	t.Helper()
	cluster.once.Do(func() { cluster.Cluster, cluster.err = startCluster() })
	if cluster.err != nil {
		t.Fatalf("start PostgreSQL for tests: %v", cluster.err)
	}
	name := fmt.Sprintf("test_%d", cluster.databases.Add(1))
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, cluster.URL("postgres", ""))
	if err != nil {
		t.Fatalf("connect to PostgreSQL for tests: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	return cluster.URL(name, "") + "&pool_max_conns=6"
}

// Dump is everything in a database that Postgres made, as pg_dump writes it.
func Dump(t testing.TB, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	out, err := cluster.Run("pg_dump", "-d", strings.TrimPrefix(u.Path, "/"))
	if err != nil {
		t.Fatalf("dump the database: %v\n%s", err, out)
	}
	return out
}

// SQLite is the URL of a database file that does not exist yet.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite://" + filepath.Join(t.TempDir(), "bellwire.db")
}

// startCluster starts a cluster that promises nothing after a crash.
func startCluster() (*blackbox.Cluster, error) {
	c, err := blackbox.NewCluster("", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "shared_buffers=64MB")
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	return c, awaitServer(c)
}

// awaitServer waits until the server takes connections.
func awaitServer(c *blackbox.Cluster) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.URL("postgres", ""))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server did not start: %w: %s", err, c.Log())
		case <-time.After(30 * time.Millisecond):
		}
	}
}
