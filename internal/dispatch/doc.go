// Package dispatch is the pool that sends deliveries: it claims what is due
// or is handed new deliveries, has each attempt sent, decides what becomes of
// the delivery and has that recorded.
//
// The life of a delivery, as the dispatcher moves it:
//
//	            claim or hand-off
//	waiting ──────────────────────▶ sending ──▶ delivered   2xx, at any time
//	 ▲  ▲ │                          │ │ │ │
//	 │  │ └─▶ cancelled (by others)  │ │ │ └──▶ exhausted   schedule used up, or a test
//	 │  └────────────────────────────┘ │ │
//	 │     failed: due after the delay │ │
//	 ├─────────────────────────────────┘ │
//	 │     unknown: due at once, the tenth in a row is a failure
//	 └───────────────────────────────────┘
//	       given back: the attempt never began and leaves no trace
//
// A claim puts attempt id, number and lease on the row before anything is
// sent; the attempt's row comes with its result. A worker that dies leaves a
// lease, and the sweep of any node records that attempt as unknown. So every
// request on the wire has exactly one row.
//
// The package knows slots, leases, lanes of endpoints and the order of
// stopping. It must not know SQL, HTTP, wire formats or views: Queue, Sender
// and Endpoints are what it asks of others.
package dispatch
