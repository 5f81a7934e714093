// Package snippet writes the code that verifies an endpoint's requests, in the
// languages that receivers are written in: one small receiver each, complete
// and ready to run with nothing but the language's standard library.
//
// It must not know secrets, clocks or databases: a receiver reads its secret
// from its environment, and what is signed comes from package wire.
package snippet
