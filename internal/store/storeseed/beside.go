package storeseed

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// Backend is the id of the process that serves a connection to a PostgreSQL
// database: its parent is the server's. It means something on the same machine
// only.
func Backend(ctx context.Context, url string) (pid int, err error) {
	conn, err := pgx.Connect(ctx, withoutPool(url))
	if err != nil {
		return 0, errors.New("the database can't be reached")
	}
	defer conn.Close(ctx)
	return pid, conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid)
}
