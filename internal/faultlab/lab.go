// Package faultlab shows that nothing accepted is lost: it starts the built
// binary, publishes, receives, and meanwhile kills, stops, cuts and fills what
// the product stands on; then it compares what publishers were told, what
// receivers saw and what the log says. It knows the product's public
// interfaces and, to judge it, the tables; nothing else inside.
//
// The journals live in this process, which no fault touches.
package faultlab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/bellwire/bellwire/internal/blackbox"
)

// Options say what a run is made of.
type Options struct {
	// Binary is the built program.
	Binary string
	// Postgres runs on a cluster of its own, else on an SQLite file.
	Postgres bool
	// Nodes is how many servers share the database; one with SQLite.
	Nodes int
	// Seed makes load and faults come in the same order again.
	Seed uint64
	// For is how long faults come; each kind comes once in any case.
	For time.Duration
	// Rate is how many events are published a second, answered or not.
	Rate float64
	// Faults are the names of those that may come; all that this machine can do
	// if it is empty.
	Faults []string
	// Dir is where the database lies and journals are left; a temporary one,
	// removed if all went well, for an empty name.
	Dir string
	// Log is told what is being done.
	Log io.Writer

	// patience is how long the backlog may take at the end; drainWithin for 0.
	patience time.Duration
}

// long reports whether there is time for long faults.
func (o Options) long() bool { return o.For >= 10*time.Minute }

// lab is one run.
type lab struct {
	Options
	dir       string
	store     database
	nodes     []*node
	receivers *receivers
	world     world
	journal   *journal
	points    *points
	timeline  []*Fault
	starts    []start
	missing   []string // faults that this machine can't do, with why
	exits     []string // what nodes did wrong when they were asked to end
	loadEnds  time.Time
}

// database is what the product stores in.
type database interface {
	// open makes it; url is what node n is to be told.
	open(ctx context.Context) error
	url(n int) string
	// rows reads everything that is judged.
	rows(ctx context.Context) (*rows, error)
	// sound asks the database about itself, after the servers have ended.
	sound(ctx context.Context) error
	// space is what it lies on; roomy has it go on once there is room again.
	space() *disk
	roomy(ctx context.Context, f *Fault) error
	close() error
}

// node is one server.
type node struct {
	*blackbox.Server
	n int
}

func (n *node) name() string { return fmt.Sprintf("node %d", n.n+1) }

// Run makes one run. An error means that the lab itself failed; what the
// product did wrong stands in the report.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	l := &lab{Options: o, journal: newJournal(), points: &points{}}
	if o.Postgres == (o.Nodes < 1) || !o.Postgres && o.Nodes > 1 {
		return nil, errors.New("PostgreSQL takes one node or more, SQLite takes one")
	}
	if l.dir = o.Dir; l.dir == "" {
		if l.dir, err = os.MkdirTemp("", "faultlab-"); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(os.MkdirAll(l.dir, 0o755), os.Chmod(l.dir, 0o755)); err != nil { // the database's user must come in
		return nil, err
	}
	defer func() {
		err = errors.Join(err, l.close())
		if err == nil && report.Err() == nil && o.Dir == "" {
			err = os.RemoveAll(l.dir)
		}
	}()
	if err := l.open(ctx); err != nil {
		return nil, err
	}
	return l.run(ctx)
}

// stream is the seed's own sequence for one purpose.
func (l *lab) stream(purpose uint64) *rand.Rand { return rand.New(rand.NewPCG(l.Seed, purpose)) }

// The purposes of streams.
const (
	forFaults = iota
	forLoad
	forReceivers
)

func (l *lab) say(format string, args ...any) {
	fmt.Fprintf(l.Log, time.Now().UTC().Format("15:04:05.000 ")+format+"\n", args...)
}

// open starts everything.
func (l *lab) open(ctx context.Context) (err error) {
	if l.receivers, err = openReceivers(l); err != nil {
		return err
	}
	if l.Postgres {
		l.store = newCluster(l)
	} else {
		l.store = newFile(l)
	}
	if err := l.store.open(ctx); err != nil {
		return err
	}
	for n := range max(1, l.Nodes) {
		if err := l.addNode(ctx, n); err != nil {
			return err
		}
	}
	return l.settle(ctx)
}

// Who the lab is on its own servers. The key seals nothing but its secrets.
const masterKey = "ZmF1bHRsYWItZmF1bHRsYWItZmF1bHRsYWItZmF1bHQ="

func (l *lab) addNode(ctx context.Context, n int) error {
	s, err := blackbox.NewServer(l.Binary, l.store.url(n), "BELLWIRE_MASTER_KEY="+masterKey, "BELLWIRE_ADMIN_EMAIL=admin@faultlab.example",
		"BELLWIRE_ADMIN_PASSWORD=a long phrase of the lab", "BELLWIRE_EGRESS_ALLOW=127.0.0.1/32", "BELLWIRE_ALLOW_HTTP=true")
	if err != nil {
		return err
	}
	l.nodes = append(l.nodes, &node{s, n})
	return l.start(ctx, n)
}

// start is when a node was started; the process gives itself an id soon after.
type start struct {
	node int
	at   time.Time
}

// start starts a node and waits until it takes requests.
func (l *lab) start(ctx context.Context, n int) error {
	l.starts = append(l.starts, start{n, time.Now()})
	return l.nodes[n].Start(ctx)
}

// calm is how long nothing happens before the first fault and after the last.
const calm = 2 * time.Second

// run publishes, disturbs, waits until everything has ended, and judges.
func (l *lab) run(ctx context.Context) (*Report, error) {
	began := time.Now()
	publishing, stop := context.WithCancel(ctx)
	defer stop()
	p := newPublisher(l)
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.run(publishing)
	}()
	err := l.disturb(ctx, began.Add(l.For))
	pause(ctx, calm)
	l.loadEnds = time.Now()
	stop()
	<-done
	if err != nil {
		return nil, err
	}
	p.retry(ctx)
	r := &Report{Options: l.Options, dir: l.dir, Version: l.nodes[0].Version(ctx), Began: began, Timeline: l.timeline, Missing: l.missing}
	r.drained = l.drain(ctx)
	r.Drain = time.Since(l.loadEnds)
	return r, l.judge(ctx, r)
}

// drainWithin is how long the backlog may take once the faults are over: a lease
// beside the retries.
const drainWithin = 90 * time.Second

// drain waits until every delivery has ended.
func (l *lab) drain(ctx context.Context) bool {
	l.say("faults are over; waiting until every delivery has ended")
	for deadline := time.Now().Add(cmp.Or(l.patience, drainWithin)); time.Now().Before(deadline) && ctx.Err() == nil; pause(ctx, 200*time.Millisecond) {
		if l.idle(ctx) {
			return true
		}
	}
	return false
}

// idle asks the API whether anything is live.
func (l *lab) idle(ctx context.Context) bool {
	for _, p := range l.world.projects {
		for _, state := range []string{"sending", "waiting"} {
			var list struct{ Data []struct{ ID string } }
			if err := l.caller(0).Call(ctx, http.MethodGet, "/deliveries?limit=1&projectId="+p.id+"&state="+state, nil, &list); err != nil || len(list.Data) > 0 {
				return false
			}
		}
	}
	return true
}

// judge stops the servers in good order and compares everything.
func (l *lab) judge(ctx context.Context, r *Report) error {
	shown, err := l.shown(ctx)
	if err != nil { // after a start that was waited for: it knows its own key no more
		r.violate("lost", "the API does not answer the lab: %v", err)
	}
	for _, n := range l.nodes {
		if err := n.Stop(); err != nil {
			l.exits = append(l.exits, fmt.Sprintf("%s ended with %v at the end of the run", n.name(), err))
		}
	}
	found, err := l.store.rows(ctx)
	if err != nil {
		return fmt.Errorf("read the tables: %w", err)
	}
	c := newCheck(l, found, r)
	c.all(shown)
	if err := l.store.sound(ctx); err != nil {
		r.violate("", "the database is damaged: %v", err)
	}
	return l.leaveJournals(r)
}

// leaveJournals writes what was seen, for those who look for a cause.
func (l *lab) leaveJournals(r *Report) error {
	err := l.journal.write(filepath.Join(l.dir, "journal.ndjson"))
	for _, n := range l.nodes {
		err = errors.Join(err, os.WriteFile(filepath.Join(l.dir, fmt.Sprintf("node-%d.log", n.n+1)), []byte(n.Log()), 0o600))
	}
	if r.Err() != nil {
		l.say("journals and logs are in %s", l.dir)
	}
	return err
}

func (l *lab) close() error {
	var err error
	for _, n := range l.nodes {
		n.Kill()
	}
	if l.store != nil {
		err = l.store.close()
	}
	if l.receivers != nil {
		l.receivers.close()
	}
	return err
}

// pause sleeps, but not beyond the context.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
