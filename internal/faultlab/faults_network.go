package faultlab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// networkKinds are done between nodes and receivers.
func networkKinds() []*kind {
	const within = 10 * time.Second // retries come within it
	return []*kind{
		{name: "net-cut", within: within, cuts: true, do: netCut},
		{name: "net-reset", within: within, cuts: true, do: netReset},
		{name: "net-silent", within: within, cuts: true, do: netSilent},
		{name: "net-slow", within: within, cuts: true, do: netSlow},
	}
}

// netCut ends every connection to receivers and refuses new ones.
func netCut(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	broken := l.receivers.proxy.cut()
	pause(ctx, between(random, 2*time.Second, 5*time.Second))
	f.Healed = time.Now()
	l.receivers.proxy.heal()
	f.Took, f.Detail = broken > 0, fmt.Sprintf("%d connections to receivers reset, new ones refused", broken)
	return nil
}

// netReset ends connections in the middle of whatever passes.
func netReset(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	broken := 0
	for range 5 {
		broken += l.receivers.proxy.reset()
		pause(ctx, between(random, 50*time.Millisecond, 500*time.Millisecond))
	}
	f.Took, f.Detail = broken > 0, fmt.Sprintf("%d connections to receivers reset", broken)
	return nil
}

// netSilent lets requests through but no answer.
func netSilent(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	l.receivers.proxy.hold()
	pause(ctx, between(random, 2*time.Second, 4*time.Second))
	f.Healed = time.Now()
	withheld := l.receivers.proxy.heal()
	f.Took, f.Detail = withheld > 0, fmt.Sprintf("%d answers of receivers held back", withheld)
	return nil
}

func netSlow(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	delay := between(random, 100*time.Millisecond, 400*time.Millisecond)
	l.receivers.proxy.slow(delay)
	pause(ctx, between(random, 2*time.Second, 5*time.Second))
	f.Healed = time.Now()
	withheld := l.receivers.proxy.heal()
	f.Took, f.Detail = withheld > 0, fmt.Sprintf("%d pieces delayed by %s", withheld, delay.Round(time.Millisecond))
	return nil
}
