package faultlab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"
)

// databaseWithin is how soon events are accepted and delivered again once the
// database is back.
const databaseWithin = 5 * time.Second

// postgresKinds are done to PostgreSQL, and between it and the nodes.
func postgresKinds() []*kind {
	all := []*kind{
		{name: "db-restart", do: restartDatabase(syscall.SIGINT)},
		{name: "db-crash", do: restartDatabase(syscall.SIGQUIT)},
		{name: "db-terminate", do: terminateConnections},
		{name: "db-cut", do: databaseCut},
		{name: "db-silent", do: databaseSilent},
		{name: "db-slow", do: databaseSlow},
		{name: "db-reset", do: databaseReset},
		{name: "commit-lost", do: commitLost},
		{name: "disk-full", can: mounted, do: diskFull},
	}
	for _, k := range all {
		k.within, k.blurs = databaseWithin, true
	}
	return append(all, &kind{name: "kill-committed", within: startWithin, do: killCommitted})
}

// restartDatabase ends PostgreSQL with a signal and starts it a little later.
func restartDatabase(signal syscall.Signal) func(context.Context, *lab, *rand.Rand, *Fault) error {
	return func(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
		c := l.store.(*cluster)
		before, err := c.server.PID()
		if err != nil {
			return err
		}
		if err := c.server.Stop(signal); err != nil {
			return err
		}
		pause(ctx, between(random, time.Second, 5*time.Second))
		if err := c.start(ctx); err != nil {
			return err
		}
		f.Healed = time.Now()
		after, err := c.server.PID()
		f.Took, f.Detail = before != after, fmt.Sprintf("process %d ended by %s, %d started", before, signal, after)
		return err
	}
}

// terminateConnections ends every connection of the nodes from PostgreSQL's
// side.
func terminateConnections(ctx context.Context, l *lab, _ *rand.Rand, f *Fault) error {
	db, err := l.store.(*cluster).db("lab")
	if err != nil {
		return err
	}
	defer db.Close()
	n := 0
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity WHERE application_name = 'bellwire') AS ended WHERE done").Scan(&n)
	f.Took, f.Detail = n > 0, fmt.Sprintf("%d connections ended", n)
	return err
}

// road draws a node and what stands between it and the database.
func (l *lab) road(random *rand.Rand, f *Fault) *proxy {
	n := l.some(random)
	f.Node = n.n
	return l.store.(*cluster).proxies[n.n]
}

// databaseCut cuts one node off: beyond its leases in long runs, for which the
// specification says a minute.
func databaseCut(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	road := l.road(random, f)
	broken := road.cut()
	longest := 12 * time.Second
	if l.long() {
		longest = time.Minute
	}
	pause(ctx, between(random, 5*time.Second, longest))
	f.Healed = time.Now()
	road.heal()
	f.Took, f.Detail = broken > 0, fmt.Sprintf("%d connections reset, new ones refused", broken)
	return nil
}

// databaseSilent lets what a node says through, but no answer.
func databaseSilent(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	road := l.road(random, f)
	road.hold()
	pause(ctx, between(random, 5*time.Second, 12*time.Second))
	f.Healed = time.Now()
	withheld := road.heal()
	f.Took, f.Detail = withheld > 0, fmt.Sprintf("%d answers held back", withheld)
	return nil
}

func databaseSlow(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	road, delay := l.road(random, f), between(random, 50*time.Millisecond, 300*time.Millisecond)
	road.slow(delay)
	pause(ctx, between(random, 3*time.Second, 8*time.Second))
	f.Healed = time.Now()
	withheld := road.heal()
	f.Took, f.Detail = withheld > 0, fmt.Sprintf("%d pieces delayed by %s", withheld, delay.Round(time.Millisecond))
	return nil
}

// databaseReset ends connections in the middle of whatever passes.
func databaseReset(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	road, broken := l.road(random, f), 0
	for range 5 {
		broken += road.reset()
		pause(ctx, between(random, 50*time.Millisecond, 500*time.Millisecond))
	}
	f.Took, f.Detail = broken > 0, fmt.Sprintf("%d connections reset", broken)
	return nil
}

// atCommit waits for one of the next answers to a commit of a node, and has it
// dropped.
func (l *lab) atCommit(ctx context.Context, random *rand.Rand, f *Fault, then func(*node)) (came bool) {
	road, nth := l.road(random, f), 1+random.IntN(10)
	hit, seen := make(chan bool, 1), 0
	road.atCommit(func() bool {
		if seen++; seen != nth {
			return false
		}
		f.From = time.Now()
		then(l.nodes[f.Node])
		hit <- true
		return true
	})
	select {
	case came = <-hit:
	case <-time.After(pointWithin):
	case <-ctx.Done():
	}
	road.heal()
	return came
}

// commitLost: the database commits, and its node never hears of it.
func commitLost(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	f.Took = l.atCommit(ctx, random, f, func(*node) {})
	f.Healed, f.Detail = time.Now(), "the answer to a COMMIT dropped, its connection ended"
	return nil
}

// killCommitted kills a node when the database has committed and the node does
// not know yet.
func killCommitted(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	if !l.atCommit(ctx, random, f, func(n *node) { _ = n.Signal(syscall.SIGKILL) }) {
		f.Detail = "no commit came"
		return nil
	}
	f.Detail = "ended by signal 9 when the database had committed"
	return l.dies(ctx, random, f, l.nodes[f.Node])
}
