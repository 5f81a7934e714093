package store_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/store/storetest"
)

func TestSQLiteConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.SQLite)
}

// Housekeeping has the only writing connection while a statement of it runs:
// one that reads a whole log to find nothing makes publishers and pages wait.
func TestHousekeepingReadsNoLogFromEndToEnd(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "bellwire.db")})
	plans, err := s.HousePlans(t.Context())
	if err != nil || len(plans) < 20 {
		t.Fatalf("%d plans, %v", len(plans), err)
	}
	small := []string{"o", "p", "projects", "endpoints", "endpoint_queue", "secrets", "nodes", "stats_rolled"}
	for chore, plan := range plans {
		for _, line := range plan {
			table, _, _ := strings.Cut(strings.TrimPrefix(line, "SCAN "), " ")
			if strings.HasPrefix(line, "SCAN ") && !slices.Contains(small, table) {
				t.Errorf("%s: %s, in\n%s", chore, line, strings.Join(plan, "\n"))
			}
		}
	}
}
