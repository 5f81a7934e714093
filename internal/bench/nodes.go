package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Nodes publishes over three servers on one PostgreSQL, and again while one of
// them is killed.
type Nodes struct {
	// Deliveries go out over all; One is how many a single node makes for
	// comparison, Killed how many while a node is killed: 0
	// leaves that out.
	Deliveries, One, Killed int
}

const (
	nodesMade = 3
	// takeover is the bar in seconds: so long after a node is killed the last of
	// what it held is delivered.
	takeover = 45
)

// cluster is a stage with more servers on its database.
type cluster struct {
	*stage
	others []*server
	yard   yard
}

// Run measures.
func (n Nodes) Run(ctx context.Context, o Options) (Result, error) {
	if n.Deliveries < fanOut || n.One < fanOut || n.Killed > 0 && n.Killed < fanOut {
		return Result{}, fmt.Errorf("nodes need at least %d deliveries in each part", fanOut)
	}
	if o.DatabaseURL == "" || dialect(o.DatabaseURL) == "SQLite" {
		return Result{}, errors.New("several nodes need PostgreSQL: give an empty database with --database-url")
	}
	return onStage(ctx, o, receiverPlan{}, func(ctx context.Context, t *stage) (r Result, err error) {
		c := &cluster{stage: t}
		defer func() { err = errors.Join(err, c.shrink()) }()
		if err := t.enter(ctx); err != nil {
			return r, err
		}
		return n.measure(ctx, c)
	})
}

// shrink stops the other servers.
func (c *cluster) shrink() error {
	var all error
	for _, s := range c.others {
		all = errors.Join(all, s.Stop())
	}
	return all
}

// grow starts the other servers.
func (c *cluster) grow(ctx context.Context) error {
	for range nodesMade - 1 {
		s, err := newServer(c.Options, c.DatabaseURL)
		if err != nil {
			return err
		}
		if err := s.Start(ctx); err != nil {
			return err
		}
		c.others = append(c.others, s)
	}
	return nil
}

// everywhere is all servers as one source.
func (c *cluster) everywhere() source {
	s := c.source(c.yard, fanOut)
	for _, other := range c.others {
		s.urls, s.more = append(s.urls, other.URL), append(s.more, other.PID())
	}
	return s
}

// wideCourse publishes for so many deliveries.
func wideCourse(deliveries int) course {
	return course{name: fanOut10, publishers: 48, batch: 1, fanOut: fanOut, events: deliveries / fanOut}
}

func (n Nodes) measure(ctx context.Context, c *cluster) (r Result, err error) {
	r = c.server.result(ctx, "nodes", append([]string{"per s", "one node"}, flowColumns[2:]...)...)
	r.Facts = append(r.Facts, fmt.Sprintf("one event a request by 48 publishers, to %d endpoints; %d nodes and the database on this machine; memory is of the first node",
		fanOut, nodesMade))
	if c.yard, err = c.stage.yard(ctx, "nodes", fanOut, 1); err != nil {
		return r, err
	}
	if _, err := c.drive(ctx, wideCourse(n.One).warm(), c.everywhere()); err != nil {
		return r, err
	}
	one, err := c.drive(ctx, wideCourse(n.One), c.everywhere())
	if err != nil {
		return r, err
	}
	one.limit = one.rate
	say(c.Log, "one node: %.0f/s", one.rate)
	if err := c.grow(ctx); err != nil {
		return r, err
	}
	three, err := c.drive(ctx, wideCourse(n.Deliveries), c.everywhere())
	if err != nil {
		return r, err
	}
	three.limit = one.rate
	say(c.Log, "%d nodes: %.0f/s", nodesMade, three.rate)
	for _, row := range []struct {
		name string
		flow flow
	}{{"one node", one}, {fmt.Sprintf("%d nodes", nodesMade), three}} {
		r.Figures = append(r.Figures, figure(row.name, []flow{row.flow}))
		r.Missed = append(r.Missed, row.flow.missed(row.name)...)
	}
	if n.Killed > 0 {
		err = n.killed(ctx, c, &r, one.rate)
	}
	r.Machine.LoadAfter = load()
	return r, err
}

// killed publishes with stubborn publishers and kills a node after a third of
// the deliveries.
func (n Nodes) killed(ctx context.Context, c *cluster, r *Result, alone float64) error {
	run, err := c.begin(ctx)
	if err != nil {
		return err
	}
	s, way := c.everywhere(), wideCourse(n.Killed)
	publishing, err := startPart(ctx, c.Options, "load", loadPlan{
		URLs: s.urls, Key: s.key, Run: run, Events: way.events, Batch: 1, Topics: s.topics, Publishers: way.publishers, Stubborn: takenOver, Within: publishWithin,
	})
	if err != nil {
		return err
	}
	defer publishing.stop()
	part, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.inbox.until(part, s.under, n.Killed/3); err != nil {
		return err
	}
	victim := c.others[len(c.others)-1]
	victim.Kill()
	at := time.Now()
	say(c.Log, "killed a node; waiting for what it held")
	var done loaded
	if err := publishing.read(&done); err != nil {
		return err
	}
	if _, err := c.inbox.wait(ctx, s.under, done.Accepted*fanOut, takenOver); err != nil {
		return err
	}
	got, err := c.heldBack(ctx, s.under, at)
	if err != nil {
		return err
	}
	lost, err := c.unknown(ctx, victim)
	f := newFlow(got, n.Killed/fanOut*fanOut, done.First)
	f.acceptP50, f.acceptP99, f.limit = millis(done.P50), millis(done.P99), alone
	n.judge(r, f, time.Duration(got.Last-at.UnixNano()).Seconds(), lost, done.Failed)
	return err
}

func (n Nodes) judge(r *Result, f flow, after float64, lost, failed int) {
	const name = "a node killed"
	line := figure(name, []flow{f})
	line.Note = fmt.Sprintf("the last delivery %.1f s after the end of the node; %d attempts of unknown outcome; %d requests were tried again", after, lost, failed)
	r.Figures = append(r.Figures, line)
	r.Details = append(r.Details, Figure{Name: "takeover", Values: []float64{after}, Note: "seconds from the end of the node to the last delivery"},
		Figure{Name: "unknown", Values: []float64{float64(lost)}, Note: "attempts whose node was lost"})
	f.duplicates = max(0, f.duplicates-lost) // the log says of those that it does not know
	r.Missed = append(r.Missed, f.missed(name)...)
	r.miss("takeover of a killed node's work, s", after, takeover)
}

// unknown adds up what the servers found that are left.
func (c *cluster) unknown(ctx context.Context, without *server) (all int, err error) {
	for _, s := range append([]*server{c.server}, c.others...) {
		if s == without {
			continue
		}
		v, err := newVisitor(s.URL, c.key)
		if err != nil {
			return all, err
		}
		n, err := unknown(ctx, v)
		if err != nil {
			return all, err
		}
		all += n
	}
	return all, nil
}
