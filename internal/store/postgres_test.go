package store_test

import (
	"testing"

	"github.com/bellwire/bellwire/internal/store/storetest"
)

func TestPostgreSQLConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Postgres)
}
