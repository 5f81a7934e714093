package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// flow is what one run of deliveries came to.
type flow struct {
	deliveries, lost, duplicates int
	// first is when the first request was sent, in Unix nanoseconds.
	first     int64
	failed    int
	complaint string
	// rate is deliveries a second, from the first request to the last receipt.
	rate float64
	// Milliseconds from sending to receipt, and from request to answer.
	p50, p99, acceptP50, acceptP99 float64
	// cpu is seconds for 1,000 deliveries, of all processes that serve; peak is
	// of ours, in MiB.
	cpu, peak float64
	// limit is the rate of the limit in the same round.
	limit float64
}

// source is what deliveries come from: the server, or a limit.
type source struct {
	urls       []string
	key, under string
	topics     []string
	fanOut     int
	// process is whose memory is measured; more are others that serve.
	process int
	more    []int
}

// source is the server with a yard's key.
func (t *stage) source(y yard, fanOut int) source {
	process, more := t.processes()
	return source{[]string{t.server.URL}, y.key, y.under(), y.topics, fanOut, process, more}
}

// course is one way of publishing.
type course struct {
	name                      string
	publishers, batch, fanOut int
	events                    int
	rate                      float64
	// within is how long deliveries are waited for that keep coming; 0 for as
	// long as they do.
	within time.Duration
}

// drive publishes a course's events to a source and waits for the deliveries.
func (t *stage) drive(ctx context.Context, c course, s source) (f flow, err error) {
	run, err := t.begin(ctx)
	if err != nil {
		return f, err
	}
	m := newMeter(s.process, s.more...)
	done, err := t.publish(ctx, loadPlan{
		URLs: s.urls, Key: s.key, Run: run, Events: c.events, Batch: c.batch, Topics: s.topics, Publishers: c.publishers, Rate: c.rate,
	})
	var got receipts
	if err == nil {
		got, err = t.arrived(ctx, c, s, done.Accepted*s.fanOut)
	}
	used := m.stop()
	f = newFlow(got, done.Accepted*s.fanOut, done.First)
	f.acceptP50, f.acceptP99, f.failed, f.complaint = millis(done.P50), millis(done.P99), done.Failed, done.Complaint
	f.spent(used, m.peak)
	return f, err
}

// arrived waits for the deliveries, but not beyond the course's time.
func (t *stage) arrived(ctx context.Context, c course, s source, expected int) (receipts, error) {
	if c.within > 0 {
		bound, cancel := context.WithTimeout(ctx, c.within)
		defer cancel()
		if err := t.inbox.until(bound, s.under, expected); err != nil || bound.Err() != nil {
			got, wrong := t.inbox.receipts(ctx, s.under)
			return got, errors.Join(err, wrong)
		}
	}
	return t.inbox.wait(ctx, s.under, expected, patience)
}

func newFlow(got receipts, expected int, first int64) flow {
	f := flow{deliveries: got.Unique, lost: expected - got.Unique, duplicates: got.Duplicates, first: first, p50: millis(got.P50), p99: millis(got.P99)}
	if took := time.Duration(got.Last - first).Seconds(); got.Unique > 0 && took > 0 {
		f.rate = float64(got.Unique) / took
	}
	return f
}

func (f *flow) spent(seconds, peak float64) {
	f.peak = peak
	if f.deliveries > 0 {
		f.cpu = seconds * 1000 / float64(f.deliveries)
	}
}

// ratio is the part of the limit that was reached.
func (f flow) ratio() float64 {
	if f.limit == 0 {
		return 0
	}
	return f.rate / f.limit
}

// flowColumns are the values of a flow.
var flowColumns = []string{"per s", "limit", "ratio", "p50 ms", "p99 ms", "accept p50", "accept p99", "CPU s/1000", "peak MiB", "lost", "twice"}

func (f flow) values() []float64 {
	return []float64{f.rate, f.limit, f.ratio(), f.p50, f.p99, f.acceptP50, f.acceptP99, f.cpu, f.peak, float64(f.lost), float64(f.duplicates)}
}

// figure is the median of each value; what was lost or came twice is added up.
func figure(name string, rounds []flow) Figure {
	f := Figure{Name: name, Values: make([]float64, len(flowColumns))}
	for i := range f.Values {
		var all []float64
		for _, r := range rounds {
			all = append(all, r.values()[i])
		}
		f.Values[i] = median(all)
		if i >= len(f.Values)-2 {
			f.Values[i] = total(all)
		}
	}
	f.Note = spreadOf(rounds)
	return f
}

// median is the middle one, or the middle of the middle two.
func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func total(all []float64) (sum float64) {
	for _, v := range all {
		sum += v
	}
	return sum
}

// spreadOf says how far the rounds' rates are apart.
func spreadOf(rounds []flow) string {
	if len(rounds) < 2 {
		return ""
	}
	byRate := func(a, b flow) int { return cmp.Compare(a.rate, b.rate) }
	return fmt.Sprintf("%.0f to %.0f per s in %d rounds", slices.MinFunc(rounds, byRate).rate, slices.MaxFunc(rounds, byRate).rate, len(rounds))
}
