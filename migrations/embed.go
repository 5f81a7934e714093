// Package migrations holds the database schema: one folder per dialect, with
// equal numbers, names, tables and columns. It knows SQL and must not know Go
// types or what a row means.
package migrations

import "embed"

// FS has the folders "sqlite" and "postgres".
//
//go:embed sqlite/*.sql postgres/*.sql
var FS embed.FS
