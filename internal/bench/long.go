package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/bellwire/bellwire/internal/store/storeseed"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Long publishes over an empty log and over a long one, in turn, and compares.
type Long struct {
	// Deliveries is the length of the long log.
	Deliveries int
	Rounds     int
	// Events of a round are published as fast as 128 publishers can; Paced ones
	// at 50 a second, to an endpoint whose deliveries all go through a claim.
	Events, Paced int
}

// The bars of a long log.
const (
	mostFall  = 10  // percent of the empty log's rate
	mostClaim = 5.0 // milliseconds at the 99th percentile
)

// sized is one of the two databases.
type sized struct {
	name, url string
	// speed and claims are the rounds' flows, claimed the p50 and p99 of their
	// claims in milliseconds.
	speed, claims []flow
	p50, p99      []float64
	endpoint      webhook.EndpointID
}

// Run measures.
func (l Long) Run(ctx context.Context, o Options) (r Result, err error) {
	if l.Deliveries < 1 || l.Rounds < 1 || l.Events < 1 || l.Paced < 1 {
		return r, errors.New("a long log needs deliveries, a round and events")
	}
	clean, err := o.ownFile()
	if err != nil {
		return r, err
	}
	defer clean()
	server, err := newServer(o, o.DatabaseURL)
	if err != nil {
		return r, err
	}
	world, err := Pages{Deliveries: l.Deliveries, Endpoints: 100, Wide: 200}.filled(ctx, o, server)
	if err != nil {
		return r, err
	}
	other, drop, err := storeseed.Beside(ctx, o.DatabaseURL)
	if err != nil {
		return r, fmt.Errorf("make an empty database beside: %w", err)
	}
	defer func() { err = errors.Join(err, drop(context.WithoutCancel(ctx))) }()
	r = server.result(ctx, "long", append([]string{"per s", "empty log"}, flowColumns[2:]...)...)
	both := []*sized{{name: "an empty log", url: other}, {name: fmt.Sprintf("%d deliveries", world.Filled.Deliveries), url: o.DatabaseURL}}
	for round := range l.Rounds {
		say(o.Log, "round %d of %d", round+1, l.Rounds)
		for i := range both {
			if err := both[(i+round)%2].measure(ctx, o, l, round); err != nil {
				return r, err
			}
		}
	}
	r.Machine.LoadAfter = load()
	err = l.judge(ctx, &r, both[0], both[1])
	return r, err
}

// measure starts a server on the database and makes both kinds of flow.
func (s *sized) measure(ctx context.Context, o Options, l Long, round int) (err error) {
	o.DatabaseURL = s.url
	t, err := openStage(ctx, o, receiverPlan{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	if err := t.enter(ctx); err != nil {
		return err
	}
	y, err := t.yard(ctx, fmt.Sprintf("long-%d-%d", time.Now().Unix(), round), 1, 1)
	if err != nil {
		return err
	}
	s.endpoint = webhook.EndpointID{UUID: uuid(y.endpoints[0])}
	fast := course{name: single128, publishers: 128, batch: 1, fanOut: 1, events: l.Events}
	if _, err := t.drive(ctx, fast.warm(), t.source(y, 1)); err != nil {
		return err
	}
	speed, err := t.drive(ctx, fast, t.source(y, 1))
	if err != nil {
		return err
	}
	say(o.Log, "%s: %.0f/s", s.name, speed.rate)
	s.speed = append(s.speed, speed)
	return s.claim(ctx, t, y, l.Paced)
}

// claim gives the endpoint a limit of its own, so that nothing is handed off,
// and lets the server tell how long its claims took.
func (s *sized) claim(ctx context.Context, t *stage, y yard, events int) error {
	if err := t.admin.call(ctx, http.MethodPatch, "/endpoints/"+y.endpoints[0], map[string]any{"maxInFlight": 100}, nil); err != nil {
		return err
	}
	before, err := t.admin.metrics(ctx)
	if err != nil {
		return err
	}
	f, err := t.drive(ctx, course{name: paced50, publishers: 64, batch: 1, fanOut: 1, events: events, rate: perSecond}, t.source(y, 1))
	if err != nil {
		return err
	}
	after, err := t.admin.metrics(ctx)
	s.claims = append(s.claims, f)
	s.p50 = append(s.p50, 1000*after.quantile("bellwire_claim_seconds", before, .5))
	s.p99 = append(s.p99, 1000*after.quantile("bellwire_claim_seconds", before, .99))
	return err
}

func (l Long) judge(ctx context.Context, r *Result, empty, full *sized) error {
	for i := range full.speed {
		for _, one := range []*sized{empty, full} {
			one.speed[i].limit, one.claims[i].limit = empty.speed[i].rate, empty.claims[i].rate
		}
	}
	fall := 100 * (1 - figure("", full.speed).Values[2])
	r.Facts = append(r.Facts,
		fmt.Sprintf("medians of %d rounds over both logs in turn; deliveries of %d bytes", l.Rounds, payloadSize),
		fmt.Sprintf("throughput falls by %.1f %% (a fall below 0 is a rise); claim p99 %.2f ms over the empty log, %.2f ms over the long one",
			fall, median(empty.p99), median(full.p99)))
	for _, one := range []*sized{empty, full} {
		for _, part := range []struct {
			name string
			all  []flow
		}{{"single, 128 publishers", one.speed}, {"claimed, 50/s", one.claims}} {
			name := part.name + ", " + one.name
			r.Figures = append(r.Figures, figure(name, part.all))
			for _, f := range part.all {
				r.Missed = append(r.Missed, f.missed(name)...)
			}
		}
		r.Details = append(r.Details, Figure{"claim p50, " + one.name, one.p50, "ms, a value for each round"}, Figure{"claim p99, " + one.name, one.p99, "ms, a value for each round"})
		plan, err := storeseed.ClaimPlan(ctx, one.url, one.endpoint)
		if err != nil {
			return fmt.Errorf("ask for the claim's plan: %w", err)
		}
		for _, line := range plan {
			r.Details = append(r.Details, Figure{Name: "plan of the claim, " + one.name, Note: line, Values: []float64{}})
		}
	}
	r.miss("fall of throughput, percent", math.Round(10*fall)/10, mostFall)
	r.miss("claim p99 over the long log, ms", median(full.p99), mostClaim)
	return nil
}
