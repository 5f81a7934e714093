package store

import (
	"time"

	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Explained is a statement that asks for another one's plan.
type Explained struct {
	// Before is what is set in the same transaction; none if empty.
	Before string
	SQL    string
	Args   []any
}

// ExplainClaim asks how a claim finds the due rows of one endpoint. It changes
// nothing.
func ExplainClaim(sqlite bool, endpoint webhook.EndpointID, now time.Time) Explained {
	const rows = 100
	if sqlite {
		id := uid(endpoint.UUID)
		return Explained{SQL: "EXPLAIN QUERY PLAN " + liteFree, Args: []any{id[:], now.UnixMilli(), rows}}
	}
	one := [][16]byte{endpoint.UUID}
	attempts := [][16]byte{mint.UUID(now)}
	return Explained{pgPlans, "EXPLAIN " + pgTake, []any{one, []int{rows}, []int{rows}, []int64{1}, []bool{false}, now.UnixMilli(), attempts, &one[0]}}
}
