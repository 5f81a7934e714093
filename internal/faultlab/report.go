package faultlab

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what a run came to.
type Report struct {
	Options
	Version string
	Began   time.Time
	// Timeline is every fault; Missing are those that this machine can't do.
	Timeline []*Fault
	Missing  []string

	Published, Accepted, Events, Deliveries, Attempts, Requests int
	// Lost counts deliveries of accepted events that never arrived, Twice
	// requests beyond the first that were answered 2xx, Unknown attempts whose
	// worker was lost.
	Lost, Twice, Unknown int
	// TakeOver is the longest from the claim of an attempt whose worker was lost
	// to the next attempt.
	TakeOver       time.Duration
	Refusals       int
	SlowestRefusal time.Duration
	// Drain is how long after the load everything had ended.
	Drain      time.Duration
	Violations []Violation

	dir     string
	drained bool
	check   *check
	shown   []stats // what the API showed
}

// Violation is one thing that must not be.
type Violation struct {
	// Rule is what was broken, Event whose history tells of it, if any.
	Rule, Event, Words string
}

// ErrBroken is that the product broke a rule.
var ErrBroken = errors.New("the product broke its promises")

// Err is ErrBroken with the number of violations.
func (r *Report) Err() error {
	if r == nil || len(r.Violations) == 0 {
		return nil
	}
	return fmt.Errorf("%w %d times", ErrBroken, len(r.Violations))
}

func (r *Report) violate(rule, format string, args ...any) {
	r.Violations = append(r.Violations, Violation{Rule: rule, Words: fmt.Sprintf(format, args...)})
}

func (r *Report) violateEvent(rule, event, format string, args ...any) {
	r.Violations = append(r.Violations, Violation{rule, plainID(event), fmt.Sprintf(format, args...)})
}

// count adds the totals up.
func (r *Report) count(c *check) {
	r.Published, r.Requests = len(c.lab.journal.intents), len(c.lab.journal.requests)
	r.Events, r.Attempts = len(c.rows.events), len(c.rows.attempts)
	idle := 0
	for _, f := range r.Timeline {
		if !f.Took {
			idle++
		}
	}
	if 2*idle > len(r.Timeline) {
		r.violate("nemesis", "%d of %d faults took no effect: the run proves little", idle, len(r.Timeline))
	}
}

// told is how many histories are printed.
const told = 3

// Print writes the report for people.
func (r *Report) Print(out io.Writer) {
	database := "SQLite"
	if r.Postgres {
		database = fmt.Sprintf("PostgreSQL, %d nodes", r.Nodes)
	}
	fmt.Fprintf(out, "faultlab · %s · Bellwire %s · seed %d · %s\n", database, r.Version, r.Seed, r.Began.UTC().Format("2006-01-02 15:04 UTC"))
	fmt.Fprintf(out, "%d events published at %.0f/s, %d accepted; %d deliveries, %d attempts, %d requests seen\n",
		r.Published, r.Rate, r.Accepted, r.Deliveries, r.Attempts, r.Requests)
	fmt.Fprintf(out, "%d lost · %d came twice · %d attempts unknown, the longest taken over %s after its claim · %d refusals, the slowest %s · drained after %s\n\n",
		r.Lost, r.Twice, r.Unknown, r.TakeOver.Round(time.Millisecond), r.Refusals, r.SlowestRefusal.Round(time.Millisecond), r.Drain.Round(time.Millisecond))
	r.printFaults(out)
	for _, words := range r.Missing {
		fmt.Fprintf(out, "not possible here: %s\n", words)
	}
	if len(r.Violations) == 0 {
		fmt.Fprintln(out, "Every promise was kept.")
		return
	}
	r.printViolations(out)
}

// printFaults writes a line for each kind.
func (r *Report) printFaults(out io.Writer) {
	byName := map[string][]*Fault{}
	for _, f := range r.Timeline {
		byName[f.Name] = append(byName[f.Name], f)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "fault\ttimes\ttook effect\tback: median\tlongest\tbound")
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range byName {
			if !yield(name) {
				return
			}
		}
	}) {
		all := byName[name]
		took, backs := 0, []time.Duration(nil)
		for _, f := range all {
			if f.Took {
				took++
			}
			if !f.Back.IsZero() {
				backs = append(backs, f.Recovery())
			}
		}
		slices.Sort(backs)
		median, longest := time.Duration(0), time.Duration(0)
		if len(backs) > 0 {
			median, longest = backs[len(backs)/2], backs[len(backs)-1]
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\t%s\n", name, len(all), took, median.Round(time.Millisecond), longest.Round(time.Millisecond), all[0].kind.within)
	}
	table.Flush() //nolint:errcheck // a closed pipe can't be acted on
	fmt.Fprintln(out)
}

// printViolations writes what went wrong, the faults in their order, and the
// whole history of some events.
func (r *Report) printViolations(out io.Writer) {
	byRule := map[string]int{}
	for _, v := range r.Violations {
		if byRule[v.Rule]++; byRule[v.Rule] <= 5 {
			fmt.Fprintf(out, "BROKEN %s: event %s: %s\n", v.Rule, cmp.Or(v.Event, "-"), v.Words)
		}
	}
	for rule, n := range byRule {
		fmt.Fprintf(out, "%s: %d in all\n", rule, n)
	}
	fmt.Fprintf(out, "\nThe faults, of seed %d:\n", r.Seed)
	for _, f := range r.Timeline {
		fmt.Fprintf(out, "  %s %s\n", f.From.UTC().Format(clock), f)
	}
	seen := map[string]bool{}
	for _, v := range r.Violations {
		if v.Event != "" && !seen[v.Event] && len(seen) < told {
			seen[v.Event] = true
			fmt.Fprintf(out, "\n%s", r.check.history(v.Event))
		}
	}
}

// clock is how times are printed.
const clock = "15:04:05.000"

// history is everything that is known of an event, in the order of time.
func (c *check) history(id string) string {
	type line struct {
		at    time.Time
		words string
	}
	var lines []line
	add := func(at time.Time, format string, args ...any) {
		lines = append(lines, line{at, fmt.Sprintf(format, args...)})
	}
	event := c.rows.events[id]
	for _, i := range c.lab.journal.intents {
		if plainID(i.accepted()) != id && (event == nil || event.data != i.Data) {
			continue
		}
		for _, a := range i.Answers {
			add(a.Sent, "published as %d (key %q) to node %d", i.N, i.Key, a.Node+1)
			add(a.At, "answered %d %s %s", a.Status, a.ID, a.Error)
		}
	}
	for _, r := range byTime(c.byEvent[id]) {
		add(r.At, "seen by %s: attempt %s (number %d), answer %d", r.Path, r.Attempt, r.Number, r.Status)
	}
	if event != nil {
		for _, d := range event.deliveries {
			for _, a := range d.made {
				add(a.started, "log: attempt %s (number %d) of delivery %s: %s %s %d, took %s, by %s", a.id, a.number, d.id, a.outcome, a.cause, a.status, a.took, a.node)
			}
		}
	}
	for _, f := range c.lab.timeline {
		add(f.From, "FAULT %s", f)
		add(f.Healed, "healed: %s", f.Name)
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	var out strings.Builder
	fmt.Fprintf(&out, "History of event %s:\n", id)
	for _, l := range lines {
		fmt.Fprintf(&out, "  %s %s\n", l.at.UTC().Format(clock), l.words)
	}
	if event != nil {
		for _, d := range event.deliveries {
			fmt.Fprintf(&out, "  now: delivery %s to %s is %s, %d attempts, %d failures %s\n", d.id, d.endpoint, d.state, d.attempts, d.failures, d.reason)
		}
	}
	return out.String()
}
