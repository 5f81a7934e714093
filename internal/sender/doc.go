// Package sender makes one attempt: it signs an event for an endpoint, sends
// it once, and says in a webhook.Attempt what came back and how long each part
// took. It keeps the limits that no receiver can stretch.
//
// It never tries twice, never stores and never decides what an answer means
// for the delivery or the endpoint; which addresses may be reached is the
// transport's business.
package sender
