package storetest

import (
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/store"
)

func opening(t *testing.T, fresh func(t *testing.T) *store.Store) {
	t.Run("migrating twice changes nothing", func(t *testing.T) {
		t.Parallel()
		s := fresh(t)
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a ping answers the database's clock", func(t *testing.T) {
		t.Parallel()
		now, err := fresh(t).Ping(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Since(now).Abs(); d > time.Minute {
			t.Errorf("the clock is %v away", d)
		}
	})
}
