package storetest

import (
	"testing"

	"github.com/bellwire/bellwire/internal/store"
)

// group is the tests of one part of the store.
type group struct {
	name string
	run  func(t *testing.T, fresh func(t *testing.T) *store.Store)
}

// groups is the whole suite.
var groups = []group{
	{"opening", opening},
}

// Run runs the whole suite; database gives the URL of a fresh database.
func Run(t *testing.T, database func(testing.TB) string) {
	fresh := func(t *testing.T) *store.Store {
		t.Helper()
		return Open(t, store.Options{URL: database(t)})
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			g.run(t, fresh)
		})
	}
}
