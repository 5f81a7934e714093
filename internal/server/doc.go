// Package server puts the surfaces behind one address: the gin engine, what
// every request passes (request id, recovery, access log, metrics, security
// headers, cross-site check), health, and an http.Server that runs until its
// context ends. It knows routes and middleware, never what a call does, and
// nothing of the store.
package server
