// Package publish accepts events: it checks them, matches them to endpoints
// and has them stored with their deliveries in one transaction, many
// publishers to a commit. New deliveries go straight to the senders where
// that is allowed.
//
// It knows topics, schemas, rights to publish and the copy of each project's
// endpoints. It must not know HTTP, SQL, wire formats or how a delivery is
// sent.
package publish
