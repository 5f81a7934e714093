package faultlab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Fault is one thing that was done to the product.
type Fault struct {
	Name string
	// Node is which one it hit; -1 for all.
	Node int
	// Detail says what was done, and by what it is known to have taken effect.
	Detail string
	Took   bool
	// From is when it began, Healed when its cause was gone, Back when an event
	// sent after that was accepted and had reached a receiver.
	From, Healed, Back time.Time
	// Shut is how long a node that was asked to end took.
	Shut time.Duration
	kind *kind
}

// Recovery is how long it took to be back.
func (f *Fault) Recovery() time.Duration { return f.Back.Sub(f.Healed) }

// kind is a kind of fault.
type kind struct {
	name string
	// within is the bound of the recovery.
	within time.Duration
	// blurs: results may get lost on their way to the log, so that a request may
	// be repeated though it went well. cuts: requests may get lost on their way
	// to the receivers.
	blurs, cuts bool
	// can says why this machine can't do it, nothing if it can.
	can func(*lab) string
	// do does it, undoes it, and says so in the fault.
	do func(context.Context, *lab, *rand.Rand, *Fault) error
}

// kinds are all faults of a database.
func (l *lab) kinds() []*kind {
	all := append(processKinds(), networkKinds()...)
	if l.Postgres {
		return append(all, postgresKinds()...)
	}
	return append(all, fileKinds()...)
}

// menu are the kinds that were asked for and can be done here.
func (l *lab) menu() (menu []*kind, err error) {
	all := l.kinds()
	for _, name := range l.Faults {
		if !slices.ContainsFunc(all, func(k *kind) bool { return k.name == name }) {
			return nil, fmt.Errorf("there is no fault %q on this database", name)
		}
	}
	for _, k := range all {
		if len(l.Faults) > 0 && !slices.Contains(l.Faults, k.name) {
			continue
		}
		if k.can != nil {
			if why := k.can(l); why != "" {
				l.missing = append(l.missing, k.name+": "+why)
				continue
			}
		}
		menu = append(menu, k)
	}
	if len(menu) == 0 {
		return nil, fmt.Errorf("none of the faults can be done here: %v", l.missing)
	}
	return menu, nil
}

// disturb lets faults come one after the other until the end: each kind once,
// however long that takes, before any comes again.
func (l *lab) disturb(ctx context.Context, end time.Time) error {
	menu, err := l.menu()
	if err != nil {
		return err
	}
	random := l.stream(forFaults)
	pause(ctx, calm)
	for round := 0; ctx.Err() == nil; round++ {
		random.Shuffle(len(menu), func(i, j int) { menu[i], menu[j] = menu[j], menu[i] })
		for _, k := range menu {
			if round > 0 && time.Now().After(end) || ctx.Err() != nil {
				return ctx.Err()
			}
			if err := l.inflict(ctx, k, random); err != nil {
				return fmt.Errorf("fault %s: %w", k.name, err)
			}
			pause(ctx, time.Duration(300+random.IntN(2000))*time.Millisecond)
		}
	}
	return ctx.Err()
}

// backWithin is how long a recovery is waited for.
const backWithin = 30 * time.Second

// inflict does one fault and waits until the product is back.
func (l *lab) inflict(ctx context.Context, k *kind, random *rand.Rand) error {
	f := &Fault{Name: k.name, Node: -1, From: time.Now(), kind: k}
	// Each fault draws from a sequence of its own, so that what one of them
	// draws does not change the next.
	own := rand.New(rand.NewPCG(random.Uint64(), random.Uint64()))
	l.timeline = append(l.timeline, f)
	if err := k.do(ctx, l, own, f); err != nil {
		return err
	}
	if f.Healed.IsZero() {
		f.Healed = time.Now()
	}
	for deadline := f.Healed.Add(backWithin); time.Now().Before(deadline) && ctx.Err() == nil; pause(ctx, 20*time.Millisecond) {
		if f.Back = l.journal.resumed(f.Healed, f.Node); !f.Back.IsZero() {
			break
		}
	}
	l.say("%s", f)
	return nil
}

// String is a line of the timeline.
func (f *Fault) String() string {
	where := "all"
	if f.Node >= 0 {
		where = fmt.Sprintf("node %d", f.Node+1)
	}
	effect := "took effect"
	if !f.Took {
		effect = "TOOK NO EFFECT"
	}
	back := "NOT BACK"
	if !f.Back.IsZero() {
		back = fmt.Sprintf("back %s after it was over", f.Recovery().Round(time.Millisecond))
	}
	return fmt.Sprintf("%-14s %-6s lasted %s, %s: %s; %s", f.Name, where, f.Healed.Sub(f.From).Round(time.Millisecond), effect, f.Detail, back)
}

// some draws a node that runs.
func (l *lab) some(random *rand.Rand) *node { return l.nodes[random.IntN(len(l.nodes))] }

// between draws a duration.
func between(random *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(random.Int64N(int64(to-from)))
}
