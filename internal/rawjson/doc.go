// Package rawjson handles JSON as the bytes that a publisher wrote: it checks,
// compacts, finds members and respells for JavaScript without ever turning a
// document into Go values, so that no number spelling or escape is lost.
//
// It knows JSON's grammar and ECMAScript's spelling of it. It must not know
// events, formats, HTTP or any schema.
package rawjson
