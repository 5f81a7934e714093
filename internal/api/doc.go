// Package api is the JSON surface for programs, /api/v1: it reads requests,
// calls publish or manage, and answers with JSON or a problem document. Huma
// carries and documents all calls but publishing, which is written by hand for
// speed and documented beside them.
//
// It knows HTTP and JSON, and nothing of the store, of pages or of what may be
// done: account and manage decide that.
package api
