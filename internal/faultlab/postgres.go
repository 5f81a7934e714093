package faultlab

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the checker reads the tables

	"github.com/bellwire/bellwire/internal/blackbox"
)

// cluster is PostgreSQL as people run it, fsync and all, with a proxy for each
// node.
type cluster struct {
	lab *lab
	*disk
	server  *blackbox.Cluster
	proxies []*proxy
}

func newCluster(l *lab) *cluster { return &cluster{lab: l} }

func (c *cluster) open(ctx context.Context) (err error) {
	if c.disk, err = c.lab.openDisk(); err != nil {
		return err
	}
	if c.server, err = blackbox.NewCluster(c.mount, "max_connections=200", "shared_buffers=64MB", "max_wal_size=64MB"); err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(c.server.Dir, 0o755), c.start(ctx)); err != nil {
		return err
	}
	db, err := c.db("postgres")
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE DATABASE lab"); err != nil {
		return err
	}
	for n := range c.lab.Nodes {
		dir := filepath.Join(c.server.Dir, fmt.Sprint(n)) // short: the name of a socket has 108 bytes at most
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		p, err := newProxy("unix", filepath.Join(dir, ".s.PGSQL.5432"), "unix", c.server.Socket())
		if err != nil {
			return err
		}
		c.proxies = append(c.proxies, p)
	}
	return nil
}

func (c *cluster) db(name string) (*sql.DB, error) { return sql.Open("pgx", c.server.URL(name, "")) }

// start starts PostgreSQL and waits until it takes connections.
func (c *cluster) start(ctx context.Context) error {
	if err := c.server.Start(); err != nil {
		return err
	}
	db, err := c.db("postgres")
	if err != nil {
		return err
	}
	defer db.Close()
	for deadline := time.Now().Add(30 * time.Second); ; pause(ctx, 20*time.Millisecond) {
		if err = db.PingContext(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("PostgreSQL did not start: %w: %s", err, c.server.Log())
		}
	}
}

// url is the node's own proxy. Few connections for each, so that three nodes
// have room.
func (c *cluster) url(n int) string {
	return c.server.URL("lab", filepath.Join(c.server.Dir, fmt.Sprint(n))) + "&pool_max_conns=12"
}

func (c *cluster) rows(ctx context.Context) (*rows, error) {
	db, err := c.db("lab")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return readRows(ctx, db, func(column string) string { return column + "::text" })
}

// sound has PostgreSQL's own checker look at tables and indexes.
func (c *cluster) sound(ctx context.Context) error {
	out, err := c.server.Run("pg_amcheck", "--install-missing", "-d", "lab")
	if err != nil {
		return fmt.Errorf("pg_amcheck: %w: %s", err, strings.TrimSpace(out))
	}
	return ctx.Err()
}

func (c *cluster) close() error {
	for _, p := range c.proxies {
		p.close()
	}
	var err error
	if c.server != nil {
		err = c.server.Close()
	}
	return errors.Join(err, c.disk.close())
}

func (c *cluster) space() *disk { return c.disk }

// roomy starts PostgreSQL if the lack of space ended it: it does not start by
// itself.
func (c *cluster) roomy(ctx context.Context, f *Fault) error {
	db, err := c.db("lab")
	if err != nil {
		return err
	}
	defer db.Close()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); pause(ctx, 50*time.Millisecond) {
		if err = db.PingContext(ctx); err == nil {
			f.Healed = time.Now()
			return nil
		}
	}
	if err := c.server.Stop(syscall.SIGQUIT); err != nil {
		return err
	}
	err = c.start(ctx)
	f.Healed, f.Detail = time.Now(), f.Detail+", PostgreSQL had ended and was started"
	return err
}
