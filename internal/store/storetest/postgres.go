// Package storetest has what tests of the store and of everything above it
// need: fresh databases of both dialects, and one conformance suite that runs
// on each. It knows how to start a throw-away PostgreSQL; it must not be
// imported by anything but tests.
package storetest

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// cluster is the test binary's own PostgreSQL server.
var cluster struct {
	once sync.Once
	// dir holds the data and the socket.
	dir string
	err error
	// alive is a pipe that the server's guard reads: it is open as long as this
	// process lives.
	alive io.Closer
	// databases counts the ones made so far, for their names.
	databases atomic.Int64
}

// Postgres is the URL of a fresh, empty database on a throw-away cluster that
// all tests of this binary share. The server ends with the test binary.
func Postgres(t testing.TB) string {
	t.Helper()
	cluster.once.Do(func() { cluster.dir, cluster.err = startCluster() })
	if cluster.err != nil {
		t.Fatalf("start PostgreSQL for tests: %v", cluster.err)
	}
	name := fmt.Sprintf("test_%d", cluster.databases.Add(1))
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, databaseURL("postgres"))
	if err != nil {
		t.Fatalf("connect to PostgreSQL for tests: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	return databaseURL(name) + "&pool_max_conns=6"
}

// SQLite is the URL of a database file that does not exist yet.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite://" + filepath.Join(t.TempDir(), "bellwire.db")
}

func databaseURL(name string) string {
	return "postgres:///" + name + "?" + url.Values{"host": {cluster.dir}, "user": {"postgres"}}.Encode()
}

// startCluster makes a cluster without fsync in a directory of its own and
// starts it. PostgreSQL refuses to run as root, so root becomes the user
// postgres that Debian's package makes.
func startCluster() (string, error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "bellwire-pg-")
	if err != nil {
		return "", err
	}
	who, err := unprivileged(dir)
	if err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, &syscall.SysProcAttr{Credential: who}
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	// The shell watches for the end of its standard input, which the system
	// closes when the test binary ends in whatever way: then server and
	// directory go.
	server := exec.Command("/bin/sh", "-c", `"$0" "$@" >"$PGDIR/log" 2>&1 & pid=$!; cat >/dev/null; kill -INT $pid; wait $pid; rm -rf "$PGDIR"`,
		filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off",
		"-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "shared_buffers=64MB")
	server.Dir, server.Env = dir, append(os.Environ(), "PGDIR="+dir)
	server.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setpgid: true}
	if cluster.alive, err = server.StdinPipe(); err != nil {
		return "", err
	}
	if err := server.Start(); err != nil {
		return "", err
	}
	return dir, awaitServer(dir)
}

// awaitServer waits until the server takes connections.
func awaitServer(dir string) error {
	cluster.dir = dir
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, databaseURL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			return fmt.Errorf("the server did not start: %w: %s", err, log)
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// binaries finds the newest server programs, Debian's or those on the PATH.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err == nil && len(found) > 0 {
		return filepath.Dir(slices.Max(found)), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("PostgreSQL's server programs are missing: run `make test`, which installs them (Debian: apt-get install postgresql)")
	}
	return filepath.Dir(path), nil
}

// unprivileged gives dir to the user that the server runs as; nil means the
// present one.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
}
