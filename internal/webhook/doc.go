// Package webhook is the language of Bellwire: projects, topics, events,
// endpoints, deliveries and attempts, their states, and the kinds of error
// that people outside can be told about. Everything else translates it.
//
// It imports the standard library only and knows no I/O, no clock, no JSON or
// database tags and no HTTP status of ours.
package webhook
