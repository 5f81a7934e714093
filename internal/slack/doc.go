// Package slack speaks with Slack: it connects a workspace by OAuth, lists its
// channels and posts messages, one request each.
//
// It never tries twice, never stores and never decides what a message says.
// Its requests leave through the transport that it is given.
package slack
