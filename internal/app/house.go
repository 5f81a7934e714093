package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/bellwire/bellwire/internal/dispatch"
	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/store"
)

const (
	heartbeatEvery = 10 * time.Second
	houseEvery     = time.Minute
	// chore bounds one round of a background chore.
	chore = 30 * time.Second
)

// keepHouse says that the node lives and clears what has grown old. A failed
// round is logged and tried again at the next: the database may be away.
func (a *App) keepHouse(ctx context.Context) error {
	name, err := os.Hostname()
	if err != nil {
		name = "unknown host"
	}
	heartbeat, house := time.NewTicker(heartbeatEvery), time.NewTicker(houseEvery)
	defer heartbeat.Stop()
	defer house.Stop()
	for beat := true; ; {
		if beat {
			a.round(ctx, "heartbeat", func(ctx context.Context) error { return a.store.Heartbeat(ctx, a.node, name, a.version) })
		} else {
			a.round(ctx, "housekeeping", func(ctx context.Context) error { return a.store.Housekeep(ctx, a.config.Retention) })
		}
		select {
		case <-ctx.Done():
			return nil
		case <-heartbeat.C:
			beat = true
		case <-house.C:
			beat = false
		}
	}
}

// keepDaily publishes the daily summaries once a day has ended, and after a
// downtime those of the days that went by. A day may take long to read, so it is
// no part of the housekeeping.
func (a *App) keepDaily(ctx context.Context) error {
	look := time.NewTicker(houseEvery)
	defer look.Stop()
	for {
		if err := a.manage.Daily(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "daily summaries failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// leaveWithin is how long a node that stops tries to say so: the database may be
// away, and then the list of nodes shows it silent.
const leaveWithin = 2 * time.Second

// leave takes the node off the list once it has nothing in hand any more.
func (a *App) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
	defer cancel()
	if err := a.store.Leave(ctx, a.node); err != nil {
		a.log.WarnContext(ctx, "the list of nodes keeps this one for a day", "error", err)
	}
}

// pool is how busy the dispatcher is, as the page about the system shows it.
func (a *App) pool() manage.Pool {
	s := a.dispatcher.Stats()
	return manage.Pool{Slots: s.Slots, Free: s.Free, Running: s.Running, Queued: s.Queued, Unrecorded: s.Unrecorded}
}

func (a *App) round(ctx context.Context, what string, do func(context.Context) error) {
	limited, cancel := context.WithTimeout(ctx, chore)
	defer cancel()
	if err := do(limited); err != nil && ctx.Err() == nil {
		a.log.WarnContext(ctx, what+" failed", "error", err)
	}
}

func (a *App) checkDatabase(ctx context.Context) (string, error) {
	if _, err := a.store.Ping(ctx); err != nil {
		return "", err
	}
	return a.store.Dialect(), nil
}

// checkClock compares this node's clock, which signs, with the database's,
// which leases live by.
func (a *App) checkClock(ctx context.Context) (string, error) {
	now, err := a.store.Ping(ctx)
	if err != nil {
		return "", err
	}
	return skew(time.Since(now))
}

// maxSkew is how far the clocks may differ: receivers refuse signatures that
// are five minutes off.
const maxSkew = time.Minute

// skew judges how far this node's clock is ahead of the database's.
func skew(ahead time.Duration) (string, error) {
	if ahead.Abs() > maxSkew {
		return "", fmt.Errorf("this node's clock and the database's differ by %s", ahead.Abs().Round(time.Second))
	}
	return fmt.Sprintf("%s from the database's", ahead.Abs().Round(time.Millisecond)), nil
}

func (a *App) checkBacklog(ctx context.Context) (string, error) {
	backlog, err := a.store.Backlog(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d endpoints with something due", backlog.Ready), nil
}

// waker tells this node at once, and the others once for many, that something
// became due or an endpoint changed.
type waker struct {
	dispatcher *dispatch.Dispatcher
	targets    *dispatch.Targets
	store      *store.Store
	// mail says that another node put parcels or replies.
	mail   func()
	others chan struct{} // capacity 1
}

func newWaker(d *dispatch.Dispatcher, t *dispatch.Targets, s *store.Store, mail func()) *waker {
	return &waker{dispatcher: d, targets: t, store: s, mail: mail, others: make(chan struct{}, 1)}
}

// Wake returns at once.
func (w *waker) Wake() {
	w.woken()
	w.tell()
}

// tell lets the other nodes know, once for many calls.
func (w *waker) tell() {
	select {
	case w.others <- struct{}{}:
	default:
	}
}

// woken is also what another node's call comes to.
func (w *waker) woken() {
	w.targets.Forget()
	w.dispatcher.Wake()
}

// handOff is the dispatcher as publishing sees it: what it leaves in the table
// is for every node.
type handOff struct {
	*dispatch.Dispatcher
	waker *waker
}

// Wake says that deliveries are waiting in the database.
func (h handOff) Wake() {
	h.Dispatcher.Wake()
	h.waker.tell()
}

// run carries calls between nodes until the context ends.
func (w *waker) run(ctx context.Context) error {
	go w.store.Listen(ctx, w.woken, w.mail)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.others:
			// A lost call costs a second: every node also looks by itself.
			_ = w.store.Notify(ctx)
		}
	}
}
