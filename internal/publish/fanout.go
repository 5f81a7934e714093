package publish

import (
	"context"
	"fmt"
	"time"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/webhook"
)

// How long the fan-out loop waits for work and after a failure.
const (
	fanOutPoll  = time.Second
	fanOutPause = 2 * time.Second
	// fanOutRest bounds the rest after a step, which lasts as long as the step
	// did: the database is left to publishers and senders half of the time.
	fanOutRest = 200 * time.Millisecond
)

// RunFanOut makes the deliveries of wide events, a step at a time, until ctx
// ends.
func (p *Publisher) RunFanOut(ctx context.Context) error {
	wait := time.NewTimer(0)
	defer wait.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.wide:
		case <-wait.C:
		}
		began := p.now()
		more, err := p.fanOutOnce(ctx)
		pause := fanOutPoll
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			pause = fanOutPause
			if !failing {
				p.log.Error("wide events are not being delivered", "error", err)
			}
		case more:
			pause = min(p.now().Sub(began), fanOutRest)
		}
		failing = err != nil
		wait.Reset(pause)
	}
}

// fanOutOnce does one step and reports whether another may follow at once.
func (p *Publisher) fanOutOnce(ctx context.Context) (more bool, err error) {
	step, err := p.store.FanOutStep(ctx)
	if err != nil {
		return false, fmt.Errorf("read fan-out step: %w", err)
	}
	if step == nil {
		return false, nil
	}
	var made []webhook.Delivery
	now := p.now().UTC().Truncate(time.Millisecond)
	for _, e := range step.Endpoints {
		if filter.Match(e, step.Event) {
			made = append(made, delivery(step.Event, e.ProjectID, e.ID, e.Version, now))
		}
	}
	if err := p.store.AdvanceFanOut(ctx, *step, made); err != nil {
		return false, fmt.Errorf("store fan-out step: %w", err)
	}
	if len(made) > 0 {
		p.handoff.Wake()
	}
	return true, nil
}

func (p *Publisher) wakeFanOut() {
	select {
	case p.wide <- struct{}{}:
	default:
	}
}
