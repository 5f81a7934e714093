// Package filter decides which events an endpoint takes, by topic globs, prompt
// filters, payload rows and CEL expressions, and explains the decision in words.
//
// It knows an event's topic and data. It must not know states (a paused
// endpoint still takes its events), databases or HTTP.
package filter
