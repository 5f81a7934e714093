// Package wire puts an event on the wire for one endpoint: body, headers,
// signatures. A format is one entry of a table (envelope, header name, signed
// content, encoding, value), so adding one changes no other package.
//
// It must not know clocks, sockets, databases or how often a delivery is
// tried; the secret and the time come in with each message.
package wire
