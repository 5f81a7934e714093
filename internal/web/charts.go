package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

// volumeChart stacks delivered and failed attempts over time.
func volumeChart(buckets []webhook.StatsBucket, step time.Duration) component.BarChart {
	var peak, delivered, failed int64
	chart := component.BarChart{Title: "Attempts", Scale: scaleOf(step), Axis: axis(buckets)}
	for _, b := range buckets {
		peak = max(peak, b.Delivered+b.Failed)
		delivered += b.Delivered
		failed += b.Failed
		label := between(b.Start, step)
		chart.Bars = append(chart.Bars, component.Bar{
			Title: fmt.Sprintf("%s: %s delivered, %s failed", label, count(b.Delivered), count(b.Failed)), Label: label, Note: mainCauses(b.Causes),
			Parts: []component.Part{{Tone: component.Good, Value: float64(b.Delivered)}, {Tone: component.Bad, Value: float64(b.Failed)}},
		})
	}
	chart.Peak = count(peak)
	chart.Summary = fmt.Sprintf("%s attempts were delivered and %s failed; at most %s in %s.", count(delivered), count(failed), count(peak), span(step))
	chart.Legend = []component.Legend{
		{Tone: component.Good, Label: "delivered", Value: count(delivered)}, {Tone: component.Bad, Label: "failed", Value: count(failed)},
	}
	return chart
}

// namedCauses is how many causes the hover over a column names.
const namedCauses = 3

// mainCauses names why attempts failed, the commonest first: "timeout ×3".
func mainCauses(sums map[webhook.Cause]int64) string {
	var words []string
	for i, cause := range byHarm(sums) {
		if sums[cause] == 0 {
			continue
		}
		if i == namedCauses {
			words = append(words, "…")
			break
		}
		words = append(words, fmt.Sprintf("%s ×%s", causeName(cause), count(sums[cause])))
	}
	return strings.Join(words, ", ")
}

// causeName is a cause in a word or two, without the status that it may have.
func causeName(cause webhook.Cause) string {
	if d, ok := diagnoses[cause]; ok {
		return d.word
	}
	return "error status"
}

// quantiles are the lines of a latency chart; rank 0 is drawn the strongest.
var quantiles = []struct {
	label string
	q     float64
	rank  int
}{{"p50", 0.5, 1}, {"p95", 0.95, 0}, {"p99", 0.99, 2}}

// latencyOf is how long answers took; empty where nothing answered: how long
// somebody waited in vain is no latency of the receiver's.
func latencyOf(buckets []webhook.StatsBucket) webhook.Latency {
	var all webhook.Latency
	answered := false
	for _, b := range buckets {
		all.Merge(b.Latency)
		answered = answered || b.Answered()
	}
	if !answered {
		return webhook.Latency{}
	}
	return all
}

// latencyChart draws how long attempts took; a step without any is a gap.
func latencyChart(buckets []webhook.StatsBucket, step time.Duration) component.LineChart {
	chart := component.LineChart{Title: "Latency", Scale: scaleOf(step), Axis: axis(buckets)}
	all, steps := latencyOf(buckets), make([]webhook.Latency, len(buckets))
	var peak time.Duration
	for i, b := range buckets {
		label, took := between(b.Start, step), latencyOf(buckets[i:i+1])
		steps[i] = took
		chart.Labels = append(chart.Labels, label)
		chart.Titles = append(chart.Titles, fmt.Sprintf("%s: p50 %s, p95 %s, p99 %s", label,
			latencyWords(took, 0.5), latencyWords(took, 0.95), latencyWords(took, 0.99)))
	}
	for _, quantile := range quantiles {
		line := component.Line{Rank: quantile.rank, Label: quantile.label, Value: latencyWords(all, quantile.q)}
		for _, took := range steps {
			d := took.Quantile(quantile.q)
			peak = max(peak, d)
			value := float64(d.Milliseconds())
			if d == 0 {
				value = -1
			}
			line.Values = append(line.Values, value)
			line.Words = append(line.Words, latencyWords(took, quantile.q))
		}
		chart.Lines = append(chart.Lines, line)
	}
	chart.Peak = span(peak)
	chart.Summary = fmt.Sprintf("Half of all attempts took %s, 95 of 100 %s, 99 of 100 %s.",
		latencyWords(all, 0.5), latencyWords(all, 0.95), latencyWords(all, 0.99))
	return chart
}

// fill puts the two charts of what happened into a pair. Region is the id of
// the part of the page that changes with their time.
func fill(m *component.ChartsModel, buckets []webhook.StatsBucket, step time.Duration, region string) {
	m.Volume, m.Latency = volumeChart(buckets, step), latencyChart(buckets, step)
	if !slices.ContainsFunc(buckets, func(b webhook.StatsBucket) bool { return b.Delivered+b.Failed > 0 }) {
		m.Nothing = "Nothing was sent in this time."
	}
	plot := component.Plot{Region: region, Step: int64(step / time.Second)}
	for _, b := range buckets {
		plot.Starts = append(plot.Starts, b.Start.Unix())
	}
	m.Volume.Plot, m.Latency.Plot = plot, plot
	m.Volume.Plot.ID, m.Latency.Plot.ID = "chart-attempts", "chart-latency"
}

// scaleOf says what one step of a chart is: "per 20 min, UTC".
func scaleOf(step time.Duration) string { return "per " + span(step) + ", UTC" }

// axis labels the left, the middle and the right of a chart.
func axis(buckets []webhook.StatsBucket) []string {
	if len(buckets) == 0 {
		return nil
	}
	first, middle, last := buckets[0].Start, buckets[len(buckets)/2].Start, buckets[len(buckets)-1].Start
	format := "15:04"
	if last.Sub(first) > 24*time.Hour {
		format = "2 Jan"
	}
	return []string{first.UTC().Format(format), middle.UTC().Format(format), last.UTC().Format(format) + " UTC"}
}

// between prints one step: "21 Nov 12:00–13:00", or where whole days begin.
func between(start time.Time, step time.Duration) string {
	start = start.UTC()
	if step%(24*time.Hour) == 0 {
		return start.Format("2 Jan")
	}
	return start.Format("2 Jan 15:04") + "–" + start.Add(step).Format("15:04")
}
