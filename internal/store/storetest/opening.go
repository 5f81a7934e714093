package storetest

import (
	"testing"
	"time"
)

func opening(t *testing.T, fresh func(t *testing.T) *Harness) {
	t.Run("migrating twice changes nothing", func(t *testing.T) {
		t.Parallel()
		if err := fresh(t).Store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a ping answers the database's clock", func(t *testing.T) {
		t.Parallel()
		now, err := fresh(t).Store.Ping(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Since(now).Abs(); d > time.Minute {
			t.Errorf("the clock is %v away", d)
		}
	})
}
