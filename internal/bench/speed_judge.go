package bench

import (
	"fmt"
	"slices"
	"strings"
)

// bar is what a course must reach; zero members are not judged.
type bar struct {
	ratio, p50, p99, cpu float64
}

// bars are those of the house that can be judged within one run.
var bars = map[string]bar{
	single32:  {cpu: .45},
	single128: {ratio: .5},
	fanOut10:  {ratio: .55, cpu: .16},
	paced50:   {p50: 2.5, p99: 6},
}

// The bars of our process's memory, in MiB.
const (
	idleMemory = 50
	peakMemory = 100
)

// judge makes a line of each course and of each limit, and a detail of each
// round.
func (s Speed) judge(r *Result, t *stage, m *measured) {
	highest := 0.0
	for _, name := range m.order {
		rounds := m.rounds[name]
		median := figure(name, rounds)
		r.Figures = append(r.Figures, median)
		for i, f := range rounds {
			r.Details = append(r.Details, Figure{Name: fmt.Sprintf("%s, round %d", name, i+1), Values: f.values(), Note: f.complaint})
			r.Missed = append(r.Missed, f.missed(name)...)
			if !isLimit(name) {
				highest = max(highest, f.peak)
			}
		}
		r.Missed = append(r.Missed, bars[name].missed(name, median)...)
	}
	slices.SortStableFunc(r.Figures, func(a, b Figure) int { return limitsLast(a.Name) - limitsLast(b.Name) })
	r.miss("memory when idle, MiB", m.idle, idleMemory)
	r.miss("memory at its peak, MiB", highest, peakMemory)
	r.Details = append(r.Details, Figure{"memory when idle", []float64{m.idle, m.share}, "MiB: resident, and its share of what is shared"},
		Figure{"memory at its peak", []float64{highest}, "MiB, resident"})
	r.Facts = append(r.Facts, s.facts(t, m, highest)...)
}

func (s Speed) facts(t *stage, m *measured, highest float64) []string {
	counted := "CPU is of our process"
	if t.postmaster != 0 {
		counted += " and of PostgreSQL with all its processes"
	}
	return []string{
		fmt.Sprintf("medians of %d rounds; deliveries of %d bytes, from the first request to the last receipt; everything on this machine", s.Rounds, payloadSize),
		"limit: the same without a store, in the same round (of the drain: signing and posting alone); " + counted,
		fmt.Sprintf("memory of our process: %.1f MiB idle for %s, %.1f MiB at its peak", m.idle, s.Idle, highest),
	}
}

// missed says what was lost, came twice or failed.
func (f flow) missed(name string) (words []string) {
	if f.lost != 0 || f.duplicates != 0 {
		words = append(words, fmt.Sprintf("%s: %d lost, %d twice of %d", name, f.lost, f.duplicates, f.deliveries))
	}
	if f.failed != 0 {
		words = append(words, fmt.Sprintf("%s: %d requests failed: %s", name, f.failed, f.complaint))
	}
	return words
}

func (b bar) missed(name string, f Figure) (words []string) {
	value := func(column string) float64 { return f.Values[slices.Index(flowColumns, column)] }
	if ratio := value("ratio"); ratio < b.ratio {
		words = append(words, fmt.Sprintf("%s: %.2f of the limit, the bar is %.2f", name, ratio, b.ratio))
	}
	for _, most := range []struct {
		column string
		bar    float64
	}{{"p50 ms", b.p50}, {"p99 ms", b.p99}, {"CPU s/1000", b.cpu}} {
		if v := value(most.column); most.bar > 0 && v > most.bar {
			words = append(words, fmt.Sprintf("%s: %s is %.2f, the bar is %.2f", name, most.column, v, most.bar))
		}
	}
	return words
}

// miss notes a figure that is above its bar.
func (r *Result) miss(what string, value, most float64) {
	if value > most {
		r.Missed = append(r.Missed, fmt.Sprintf("%s: %s, the bar is %s", what, amount(value), amount(most)))
	}
}

func isLimit(name string) bool { return strings.HasPrefix(name, "limit: ") }

func limitsLast(name string) int {
	if isLimit(name) {
		return 1
	}
	return 0
}
