package store_test

import (
	"testing"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/store/storetest"
	"github.com/bellwire/bellwire/internal/web"
)

// The consumers' interfaces; only tests know both sides.
var (
	_ manage.Store = (*store.Store)(nil)
	_ web.Sessions = (*store.Store)(nil)
)

func TestSQLite_people(t *testing.T) {
	t.Parallel()
	storetest.RunPeople(t, storetest.SQLite)
}

func TestPostgreSQL_people(t *testing.T) {
	t.Parallel()
	storetest.RunPeople(t, storetest.Postgres)
}
