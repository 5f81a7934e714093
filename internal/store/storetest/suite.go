package storetest

import "testing"

// group is the tests of one part of the store.
type group struct {
	name string
	run  func(t *testing.T, fresh func(t *testing.T) *Harness)
}

// groups is the whole suite.
var groups = []group{
	{"opening", opening},
	{"admission", admission},
	{"idempotency", idempotency},
	{"claiming", claiming},
	{"ordering", ordering},
	{"results", results},
	{"fanning out", fanningOut},
	{"housekeeping", housekeeping},
	{"nodes", nodes},
	{"forwarding", forwarding},
	{"random", randomly},
}

// Run runs the whole suite; database gives the URL of a fresh database.
func Run(t *testing.T, database func(testing.TB) string) {
	fresh := func(t *testing.T) *Harness {
		t.Helper()
		return NewHarness(t, database(t))
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			g.run(t, fresh)
		})
	}
}
