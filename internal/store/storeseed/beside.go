package storeseed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Backend is the id of the process that serves a connection to a PostgreSQL
// database: its parent is the server's. It means something on the same machine
// only.
func Backend(ctx context.Context, url string) (pid int, err error) {
	err = connected(ctx, url, func(c *pgx.Conn) error { return c.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid) })
	return pid, err
}

func connected(ctx context.Context, url string, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, withoutPool(url))
	if err != nil {
		return errors.New("the database can't be reached")
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return do(conn)
}

// Beside makes a second, empty database next to the one of the URL: another
// file, or another database of the same server. drop removes it.
func Beside(ctx context.Context, at string) (other string, drop func(context.Context) error, err error) {
	suffix := fmt.Sprintf("_beside_%d", time.Now().Unix())
	if path, ok := strings.CutPrefix(at, "sqlite://"); ok {
		return "sqlite://" + path + suffix, func(context.Context) error { return remove(path + suffix) }, nil
	}
	parsed, err := url.Parse(at)
	if err != nil {
		return "", nil, errors.New("the postgres:// URL can't be read")
	}
	parsed.Path += suffix
	name := pgx.Identifier{strings.TrimPrefix(parsed.Path, "/")}.Sanitize()
	do := func(ctx context.Context, statement string) error {
		return connected(ctx, at, func(c *pgx.Conn) error {
			_, err := c.Exec(ctx, statement)
			return err
		})
	}
	drop = func(ctx context.Context) error { return do(ctx, "DROP DATABASE "+name+" WITH (FORCE)") }
	return parsed.String(), drop, do(ctx, "CREATE DATABASE "+name)
}

// remove deletes an SQLite database with the files around it.
func remove(path string) (err error) {
	for _, end := range []string{"", "-wal", "-shm", ".lock", ".key"} {
		if wrong := os.Remove(path + end); wrong != nil && !os.IsNotExist(wrong) {
			err = errors.Join(err, wrong)
		}
	}
	return err
}

// ClaimPlan is how the database means to find an endpoint's due deliveries, a
// line for each step.
func ClaimPlan(ctx context.Context, at string, endpoint webhook.EndpointID) (lines []string, err error) {
	path, lite := strings.CutPrefix(at, "sqlite://")
	question := store.ExplainClaim(lite, endpoint, time.Now())
	if lite {
		return litePlan(ctx, path, question)
	}
	err = connected(ctx, at, func(c *pgx.Conn) error {
		tx, err := c.Begin(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // nothing was written
		if _, err := tx.Exec(ctx, question.Before); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, question.SQL, question.Args...)
		if err != nil {
			return err
		}
		lines, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return lines, err
}

func litePlan(ctx context.Context, path string, question store.Explained) (lines []string, err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, question.SQL, question.Args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return nil, err
		}
		lines = append(lines, detail)
	}
	return lines, rows.Err()
}
