package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/store/storeseed"
)

// Pages asks for every page, region and list of the API over a log of a month,
// one after the other, and holds each against the bar of first paint.
type Pages struct {
	// Deliveries is the length of the log.
	Deliveries int
	// Endpoints are those of the busiest project, Wide those of the project
	// with the most.
	Endpoints, Wide int
	// Rounds is how often each address is asked for after a first time, which
	// does not count.
	Rounds int
	// Limit is the bar for the 95th percentile of each address.
	Limit time.Duration
	// Only, if set, leaves the addresses whose name holds it.
	Only string
}

// history is how far back the log goes.
const history = 29*24*time.Hour + 12*time.Hour

// Run measures the pages.
func (p Pages) Run(ctx context.Context, o Options) (Result, error) {
	if p.Endpoints < minEndpoints || p.Wide < minEndpoints || p.Rounds < 1 || p.Deliveries < 1 {
		return Result{}, fmt.Errorf("pages need at least %d endpoints in each project, a round and a delivery", minEndpoints)
	}
	clean, err := o.ownFile()
	if err != nil {
		return Result{}, err
	}
	defer clean()
	s, err := newServer(o, o.DatabaseURL)
	if err != nil {
		return Result{}, err
	}
	w, err := p.filled(ctx, o, s)
	if err != nil {
		return Result{}, err
	}
	if err := s.Start(ctx); err != nil {
		return Result{}, err
	}
	r, err := p.measure(ctx, o, s, w)
	return r, errors.Join(err, s.Stop())
}

// filled is the world of the database, made now if it was not before.
func (p Pages) filled(ctx context.Context, o Options, s *server) (world, error) {
	how, err := storeseed.Marked(ctx, o.DatabaseURL)
	if err != nil {
		return world{}, err
	}
	if how != nil {
		say(o.Log, "using the log that this database was filled with before")
		return restore(how)
	}
	if err := storeseed.Empty(ctx, o.DatabaseURL); err != nil {
		return world{}, err
	}
	say(o.Log, "making projects, endpoints and people")
	if err := s.Start(ctx); err != nil {
		return world{}, err
	}
	w, plan, err := p.buildWorld(ctx, s)
	if err := errors.Join(err, s.Stop()); err != nil {
		return w, err
	}
	start := time.Now()
	plan.Deliveries, plan.Until, plan.Since, plan.Seed = p.Deliveries, start, start.Add(-history), 1
	say(o.Log, "writing a log of %d deliveries", p.Deliveries)
	if w.Filled, err = storeseed.Fill(ctx, o.DatabaseURL, plan); err != nil {
		return w, err
	}
	w.FilledAt = start
	say(o.Log, "wrote %d events, %d deliveries and %d attempts in %s", w.Filled.Events, w.Filled.Deliveries, w.Filled.Attempts, time.Since(start).Round(time.Second))
	text, err := w.kept()
	if err != nil {
		return w, err
	}
	return w, storeseed.Mark(ctx, o.DatabaseURL, text)
}

func say(out io.Writer, format string, args ...any) {
	if out != nil {
		fmt.Fprintf(out, format+"\n", args...)
	}
}

// asked is an address with what its answers took.
type asked struct {
	visit
	first        time.Duration
	server, wall []time.Duration
	bytes        int
}

func (p Pages) measure(ctx context.Context, o Options, s *server, w world) (Result, error) {
	r := s.result(ctx, "pages", "least", "p50", "p95", "max", "first", "KiB", "addresses")
	r.Facts = append(r.Facts,
		fmt.Sprintf("%d deliveries of %d events with %d attempts over %d days; %d endpoints, %d in one project",
			w.Filled.Deliveries, w.Filled.Events, w.Filled.Attempts, int(history.Hours()/24), w.Endpoints, p.Wide),
		fmt.Sprintf("%d rounds, one request at a time; milliseconds of server time; the bar is %s at the 95th percentile of each address", p.Rounds, p.Limit))
	who, err := everybody(ctx, s, w)
	if err != nil {
		return r, err
	}
	found, err := w.look(ctx, who[program])
	if err != nil {
		return r, err
	}
	var list []*asked
	for _, v := range w.visits(found) {
		if p.Only == "" || strings.Contains(v.String(), p.Only) {
			list = append(list, &asked{visit: v})
		}
	}
	if len(list) == 0 {
		return r, fmt.Errorf("no address has %q in its name, as /p/:project (wide, 7d) has", p.Only)
	}
	say(o.Log, "asking for %d addresses, %d times each", len(list), p.Rounds+1)
	if err := p.walk(ctx, who, list); err != nil {
		return r, err
	}
	r.Machine.LoadAfter = load()
	p.judge(&r, list)
	return r, nil
}

// walk asks for everything once, and then in rounds of another order each. An
// answer of the wrong kind ends it: a page that failed fast is no fast page.
func (p Pages) walk(ctx context.Context, who map[person]*visitor, list []*asked) error {
	order := slices.Clone(list)
	dice := rand.New(rand.NewPCG(1, 2))
	for round := range p.Rounds + 1 {
		wrong := signIn(ctx, who)
		for _, a := range order {
			wrong = errors.Join(wrong, a.ask(ctx, who[a.who], round == 0))
			if ctx.Err() != nil {
				break
			}
		}
		if wrong != nil {
			return wrong
		}
		dice.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	return nil
}

func (a *asked) ask(ctx context.Context, v *visitor, first bool) error {
	seen, err := v.ask(ctx, a.method(), a.path, a.form, a.part)
	if err != nil {
		return fmt.Errorf("%s: %w", a, err)
	}
	if seen.status != a.status() {
		return fmt.Errorf("%s: %s was answered %d, not %d: %.200s", a, a.path, seen.status, a.status(), seen.body)
	}
	if first {
		a.first, a.bytes = seen.server, len(seen.body)
		return nil
	}
	a.server, a.wall = append(a.server, seen.server), append(a.wall, seen.wall)
	return nil
}

// judge makes a line for each route, the worst first, and a detail for each
// address. The bar is held by each address alone.
func (p Pages) judge(r *Result, list []*asked) {
	byRoute := map[string][]*asked{}
	slices.SortStableFunc(list, func(a, b *asked) int { return -cmp.Compare(quantile(a.server, .95), quantile(b.server, .95)) })
	var routes []string
	for _, a := range list {
		if byRoute[a.route] == nil {
			routes = append(routes, a.route)
		}
		byRoute[a.route] = append(byRoute[a.route], a)
		p95 := quantile(a.server, .95)
		if p95 > p.Limit {
			r.Missed = append(r.Missed, fmt.Sprintf("%s: p95 %.1f ms", a, millis(p95)))
		}
		r.Details = append(r.Details, Figure{a.String(), append(a.times(), millis(quantile(a.wall, .95))), a.path})
	}
	for _, route := range routes {
		all := &asked{}
		for _, a := range byRoute[route] {
			all.server, all.first, all.bytes = append(all.server, a.server...), max(all.first, a.first), max(all.bytes, a.bytes)
		}
		worst := byRoute[route][0]
		r.Figures = append(r.Figures, Figure{route, append(all.times(), float64(len(byRoute[route]))),
			fmt.Sprintf("worst: %s, p95 %.1f", worst.name, millis(quantile(worst.server, .95)))})
	}
}

// times are the shortest, p50, p95, the longest and the first in milliseconds,
// and the size.
func (a *asked) times() []float64 {
	return []float64{
		millis(quantile(a.server, 0)), millis(quantile(a.server, .5)), millis(quantile(a.server, .95)), millis(quantile(a.server, 1)), millis(a.first), float64((a.bytes + 1023) / 1024),
	}
}

func dialect(url string) string {
	if strings.HasPrefix(url, "sqlite://") {
		return "SQLite"
	}
	return "PostgreSQL"
}
