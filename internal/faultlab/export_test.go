package faultlab

import (
	"context"
	"maps"
	"slices"
)

// Verify judges a signature.
var Verify = verify

// Judged are the rules that a run broke when something was left out of what is
// compared.
func (r *Report) Judged(spoil func(*Evidence)) []string {
	c := r.check
	e := &Evidence{Requests: slices.Clone(c.lab.journal.requests), rows: &rows{
		events: maps.Clone(c.rows.events), deliveries: maps.Clone(c.rows.deliveries), attempts: maps.Clone(c.rows.attempts),
	}}
	spoil(e)
	l := *c.lab
	l.journal = &journal{intents: c.lab.journal.intents, requests: e.Requests}
	again := &Report{drained: r.drained}
	newCheck(&l, e.rows, again).all(r.shown)
	broken := map[string]bool{}
	for _, v := range again.Violations {
		broken[v.Rule] = true
	}
	return slices.Sorted(maps.Keys(broken))
}

// Evidence is what is compared.
type Evidence struct {
	Requests []*request
	rows     *rows
}

// ForgetRequest leaves out a request that was answered 200.
func (e *Evidence) ForgetRequest() {
	at := slices.IndexFunc(e.Requests, func(r *request) bool {
		row := e.rows.attempts[plainID(r.Attempt)]
		return row != nil && row.outcome == "delivered"
	})
	e.Requests = slices.Delete(e.Requests, at, at+1)
}

// RepeatRequest lets a receiver see one twice.
func (e *Evidence) RepeatRequest() { e.Requests = append(e.Requests, e.Requests[0]) }

// ForgetAttempt leaves out the row of an attempt that was seen.
func (e *Evidence) ForgetAttempt() { delete(e.rows.attempts, plainID(e.Requests[0].Attempt)) }

// ForgetEvent leaves out the row of an event that was accepted.
func (e *Evidence) ForgetEvent() { delete(e.rows.events, plainID(e.Requests[0].Event)) }

// LeaveSending makes a delivery look as if nobody had ended it.
func (e *Evidence) LeaveSending() {
	for id, d := range e.rows.deliveries {
		left := *d
		left.state = "sending"
		e.rows.deliveries[id] = &left
		return
	}
}

// Lay writes what a bite builds into a directory.
func (b Bite) Lay(ctx context.Context, dir string) error {
	_, err := b.overlay(ctx, dir)
	return err
}
