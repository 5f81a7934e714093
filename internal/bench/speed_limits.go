package bench

import (
	"context"
	"fmt"
	"time"
)

// chain measures a course on the chain without a store, a process of its own.
func (t *stage) chain(ctx context.Context, c course) (flow, error) {
	plan := chainPlan{Workers: chainWorkers}
	for i := range c.fanOut {
		plan.Targets = append(plan.Targets, fmt.Sprintf("%s/ok/chain/%d", t.inbox.url, i))
	}
	process, url, err := startListener(ctx, t.Options, "chain", plan)
	if err != nil {
		return flow{}, err
	}
	defer process.stop()
	s := source{urls: []string{url}, under: "/ok/chain/", topics: []string{topic(0)}, fanOut: c.fanOut, process: process.process.Process.Pid}
	if _, err := t.drive(ctx, c.warm(), s); err != nil {
		return flow{}, err
	}
	return t.drive(ctx, c, s)
}

// sender measures signing and posting alone, from a process of its own.
func (t *stage) sender(ctx context.Context, deliveries int) (f flow, err error) {
	run, err := t.begin(ctx)
	if err != nil {
		return f, err
	}
	process, err := startPart(ctx, t.Options, "sender", senderPlan{
		URL: t.inbox.url + "/ok/sender/0", Run: run, Deliveries: deliveries, Workers: senderWorkers, Within: publishWithin,
	})
	if err != nil {
		return f, err
	}
	defer process.stop()
	m := newMeter(process.process.Process.Pid)
	var done loaded
	err = process.read(&done)
	used := m.stop()
	if err != nil {
		return f, err
	}
	got, err := t.inbox.wait(ctx, "/ok/sender/", done.Accepted, patience)
	f = newFlow(got, done.Accepted, done.First)
	f.failed, f.complaint = done.Failed, done.Complaint
	f.spent(used, m.peak)
	return f, err
}

// drain publishes a backlog while its endpoints are paused, lets it go, and
// measures from the first resumption on.
func (t *stage) drain(ctx context.Context, y yard, n int) (f flow, err error) {
	run, err := t.begin(ctx)
	if err != nil {
		return f, err
	}
	if err := t.switchAll(ctx, y, "pause"); err != nil {
		return f, err
	}
	say(t.Log, "publishing a backlog of %d", n)
	done, err := t.publish(ctx, backlog(t.server.URL, y, run, n))
	if err != nil {
		return f, err
	}
	process, more := t.processes()
	m, start := newMeter(process, more...), time.Now().UnixNano()
	err = t.switchAll(ctx, y, "resume")
	var got receipts
	if err == nil {
		got, err = t.inbox.wait(ctx, y.under(), done.Accepted, patience)
	}
	used := m.stop()
	f = newFlow(got, done.Accepted, start)
	// How old the backlog is says nothing of the server.
	f.p50, f.p99, f.failed, f.complaint = 0, 0, done.Failed, done.Complaint
	f.spent(used, m.peak)
	return f, err
}

// backlog publishes n events, each for one endpoint of the yard.
func backlog(url string, y yard, run string, n int) loadPlan {
	return loadPlan{URLs: []string{url}, Key: y.key, Run: run, Events: n, Batch: min(n, 500), Topics: y.topics, Publishers: 4}
}
