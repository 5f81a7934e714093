// Package store keeps everything in SQLite or PostgreSQL. It translates the
// language of package webhook to rows and back, and it is the queue: the
// deliveries table with leases, and one small row per endpoint that tells a
// claim where to look.
//
// It knows SQL, transactions and the database's clock. It must not decide what
// becomes of a delivery: the dispatcher does, the store only checks that the
// decision is still allowed (fenced by the attempt's id). It never opens a
// sealed value and never sees HTTP.
//
// Two sides share the package. The queue side (queue*.go, admit*.go, claim*.go,
// record*.go and so on) is written in each dialect's own SQL because it is hot.
// The people side (everything else) is plain gorm.
//
// Locks are taken in one order, so that nothing deadlocks: projects, endpoints,
// idempotency keys, deliveries, endpoint_queue rows; several of a kind in order
// of id. Two leave it: a claim holds queue rows before deliveries and therefore
// skips deliveries that are locked, and Record holds deliveries that are out
// before it writes the health of their endpoints. What still meets is undone by
// PostgreSQL and run once more.
package store
