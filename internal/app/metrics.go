package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/bellwire/bellwire/internal/dispatch"
	"github.com/bellwire/bellwire/internal/webhook"
)

// newRegistry collects what /metrics answers of the process; the parts add
// their own. Labels hold words from short lists only: no ids and no addresses.
func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// countedQueue is the deliveries table with a count of what is recorded in it,
// and the times of claims. Tests are left out, as in all statistics.
type countedQueue struct {
	dispatch.Queue
	attempts *prometheus.CounterVec
	claims   prometheus.Histogram
}

// claimBuckets lie close around what a claim should take.
var claimBuckets = []float64{.0005, .001, .0015, .002, .0025, .003, .0035, .004, .0045, .005, .006, .008, .01, .015, .02, .03, .05, .1, .25, 1}

func newCountedQueue(queue dispatch.Queue, r prometheus.Registerer) countedQueue {
	q := countedQueue{queue, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bellwire_attempts_total",
		Help: "Attempts whose result this node recorded, by outcome and by the cause of failure.",
	}, []string{"outcome", "cause"}), prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "bellwire_claim_seconds", Help: "Time of claims that got deliveries.", Buckets: claimBuckets,
	})}
	r.MustRegister(q.attempts, q.claims)
	// Rates need a first value; most causes may never come up.
	q.attempts.WithLabelValues(string(webhook.OutcomeDelivered), "")
	q.attempts.WithLabelValues(string(webhook.OutcomeUnknown), string(webhook.CauseWorkerLost))
	return q
}

// Claim times claims; those that find nothing would hide the others.
func (q countedQueue) Claim(ctx context.Context, node webhook.NodeID, room webhook.Room) ([]webhook.Job, time.Duration, error) {
	start := time.Now()
	jobs, next, err := q.Queue.Claim(ctx, node, room)
	if len(jobs) > 0 {
		q.claims.Observe(time.Since(start).Seconds())
	}
	return jobs, next, err
}

// Record counts results once they are stored: one that fails is tried again.
func (q countedQueue) Record(ctx context.Context, node webhook.NodeID, settled []webhook.Settled) error {
	if err := q.Queue.Record(ctx, node, settled); err != nil {
		return err
	}
	for i := range settled {
		if s := &settled[i]; !s.Test {
			q.attempts.WithLabelValues(string(s.Attempt.Outcome), string(s.Attempt.Cause)).Inc()
		}
	}
	return nil
}

// dispatchGauges shows how busy the dispatcher is, all figures of one moment.
type dispatchGauges struct {
	stats func() dispatch.Stats
}

var (
	slotsDesc = prometheus.NewDesc("bellwire_dispatch_slots",
		"Places for claimed deliveries on this node, by whether they are taken.", []string{"state"}, nil)
	inFlightDesc   = prometheus.NewDesc("bellwire_dispatch_in_flight", "Requests that are open.", nil, nil)
	queuedDesc     = prometheus.NewDesc("bellwire_dispatch_queued", "Claimed deliveries that wait for a worker.", nil, nil)
	workersDesc    = prometheus.NewDesc("bellwire_dispatch_workers", "Workers that are running.", nil, nil)
	unrecordedDesc = prometheus.NewDesc("bellwire_dispatch_unrecorded", "Results that are not in the database yet.", nil, nil)
)

// Describe names the gauges.
func (g dispatchGauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{slotsDesc, inFlightDesc, queuedDesc, workersDesc, unrecordedDesc} {
		to <- d
	}
}

// Collect reads them.
func (g dispatchGauges) Collect(to chan<- prometheus.Metric) {
	s := g.stats()
	gauge := func(d *prometheus.Desc, value int, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
	}
	gauge(slotsDesc, s.Free, "free")
	gauge(slotsDesc, s.Slots-s.Free, "used")
	gauge(inFlightDesc, s.Running)
	gauge(queuedDesc, s.Queued)
	gauge(workersDesc, s.Workers)
	gauge(unrecordedDesc, s.Unrecorded)
}
