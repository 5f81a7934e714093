// Package prompts decides what becomes of a prompt: which versions stand, which
// labels they hold, which tags the prompt has, and which events follow from a
// change, in which order.
//
// It knows names, labels, tags, what a text or a chat may say, and how an event
// of a prompt reads. It must not know databases, HTTP, pages or who may do what.
package prompts
