package faultlab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// processKinds are done to the product's processes.
func processKinds() []*kind {
	return []*kind{
		{name: "kill", within: startWithin, do: killAtRandom},
		{name: "kill-accepted", within: startWithin, do: killAt(acceptance)},
		{name: "kill-arrived", within: startWithin, do: killAt(arrival)},
		{name: "kill-answered", within: startWithin, do: killAt(answerGiven)},
		{name: "term", within: startWithin, do: terminate},
		{name: "pause", within: startWithin, blurs: true, cuts: true, do: pauseBeyondLease},
	}
}

const (
	// startWithin is how soon after its start a node must be of use.
	startWithin = 10 * time.Second
	// pointWithin is how long a moment is waited for.
	pointWithin = 10 * time.Second
	// exitWithin is how long a node may take to end in good order.
	exitWithin = 15 * time.Second
)

// killed reports whether the process ended by SIGKILL.
func killed(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// restart starts a node again, which is when the fault is healed.
func (l *lab) restart(ctx context.Context, f *Fault, n *node) error {
	f.Healed = time.Now()
	if err := l.start(ctx, n.n); err != nil {
		return err
	}
	f.Detail += fmt.Sprintf(", ready %s after its start", time.Since(f.Healed).Round(time.Millisecond))
	return nil
}

// dies waits for the end of a node that was killed, leaves it dead for a
// while, and starts it.
func (l *lab) dies(ctx context.Context, random *rand.Rand, f *Fault, n *node) error {
	f.Node = n.n
	f.Took = killed(n.Wait())
	pause(ctx, between(random, 0, 1500*time.Millisecond))
	return l.restart(ctx, f, n)
}

func killAtRandom(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	n := l.some(random)
	pause(ctx, between(random, 0, time.Second))
	f.From = time.Now()
	if err := n.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	f.Detail = "the process ended by signal 9"
	return l.dies(ctx, random, f, n)
}

// killAt kills the node that brings a moment about, in that moment.
func killAt(at point) func(context.Context, *lab, *rand.Rand, *Fault) error {
	return func(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
		hit := make(chan int, 1)
		l.points.arm(at, func(node int) {
			f.From = time.Now()
			_ = l.nodes[node].Signal(syscall.SIGKILL)
			hit <- node
		})
		select {
		case node := <-hit:
			f.Detail = "ended by signal 9 when " + string(at)
			return l.dies(ctx, random, f, l.nodes[node])
		case <-time.After(pointWithin):
		case <-ctx.Done():
		}
		l.points.disarm()
		f.Detail = "the moment did not come"
		return nil
	}
}

// terminate asks a node to end under load; another SIGTERM must not hurt.
func terminate(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	n := l.some(random)
	f.Node, f.From = n.n, time.Now()
	if err := n.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	late := time.AfterFunc(2*exitWithin, func() { _ = n.Signal(syscall.SIGKILL) })
	err := n.Wait()
	late.Stop()
	f.Shut, f.Took = time.Since(f.From), !killed(err)
	f.Detail = fmt.Sprintf("ended with %v after %s", orZero(err), f.Shut.Round(time.Millisecond))
	if err != nil || f.Shut > exitWithin {
		l.exits = append(l.exits, fmt.Sprintf("%s asked to end: %s", n.name(), f.Detail))
	}
	return l.restart(ctx, f, n)
}

func orZero(err error) any {
	if err == nil {
		return "exit status 0"
	}
	return err
}

// pauseBeyondLease stops a node for longer than its leases last.
func pauseBeyondLease(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	n := l.some(random)
	f.Node, f.From = n.n, time.Now()
	if err := n.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	pause(ctx, 100*time.Millisecond)
	f.Took = processState(n.PID()) == "T"
	pause(ctx, lease+between(random, 6*time.Second, 9*time.Second)) // the sweep has come by
	f.Healed = time.Now()
	f.Detail = fmt.Sprintf("stopped (state T) for %s, leases last %s", f.Healed.Sub(f.From).Round(time.Millisecond), lease)
	return n.Signal(syscall.SIGCONT)
}

// processState is the letter that Linux gives a process's state.
func processState(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	rest := string(text[strings.LastIndexByte(string(text), ')')+1:])
	if fields := strings.Fields(rest); len(fields) > 0 {
		return fields[0]
	}
	return ""
}
