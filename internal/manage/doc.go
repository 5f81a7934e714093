// Package manage is everything that people and programs can do to projects,
// endpoints, secrets, deliveries and the rest, besides publishing: one method
// of Service per act, called by the API and the dashboard alike, so that
// whatever a page can do, a call can. Each method asks account who may, checks
// the input, and hands the change with its audit entry to the store.
//
// It must not know HTTP, HTML, SQL or the queue.
package manage
