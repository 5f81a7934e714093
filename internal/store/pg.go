package store

import (
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
)

// pgNow is the database's clock in milliseconds.
const pgNow = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`

// pgQueue is the queue in PostgreSQL's SQL.
type pgQueue struct {
	pool *pgxpool.Pool
	log  *slog.Logger
	node *[16]byte // this process; nil for one that sends nothing
}
