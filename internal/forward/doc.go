// Package forward carries signed requests to developers' machines that listen,
// and their answers back.
//
// A listener opens a stream to any node. A dispatcher on any node may have
// claimed a delivery for it, and the answer may come in at a third one:
//
//	dispatcher ── Forward ──▶ its node's Hub ── stream ──▶ listener
//	     ▲                        │      ▲                    │
//	     │                 parcels│      │replies             │ answers
//	     │                        ▼      │                    ▼
//	     └──────────────── the node that holds the stream, any node
//
// Where the same node waits, streams and is answered, nothing is stored.
// Everything else goes through two small tables: a row is taken by deleting it,
// so each parcel and each reply is taken once, whoever looks. A reply that
// nobody waits for any more is recorded as a late result.
//
// The package knows streams, waiting and the order of stopping. It must not know
// HTTP, SQL, signatures or what an answer means for a delivery: Store and Late
// are what it asks of others.
package forward
