// Package egress is the only way out: it owns the dialer and the transport of
// every outbound request and decides which URLs, names, ports and addresses
// may be reached.
//
// A URL is judged by its shape when it is saved (CheckURL) and by every
// address of its name at each new connection (Transport): all answers must be
// allowed, and what was judged is what is dialled. The package knows nothing
// of endpoints, signatures or attempts.
package egress
