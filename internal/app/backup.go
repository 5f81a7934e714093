package app

import (
	"context"

	"github.com/bellwire/bellwire/internal/config"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Backup copies the SQLite database of a URL into a new file while servers go
// on, and answers its key file, without which the copy's secrets can't be read.
// step hears the bytes written and about how many they will be.
func Backup(ctx context.Context, url, to string, step func(written, whole int64)) (keyFile string, err error) {
	c := config.Config{DatabaseURL: url}
	if c.SQLitePath() == "" {
		return "", webhook.Conflict("this copies SQLite files; for PostgreSQL use its own tools, such as pg_dump")
	}
	return keyFileOf(c), store.Backup(ctx, c.SQLitePath(), to, step)
}
