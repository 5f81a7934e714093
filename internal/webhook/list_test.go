package webhook_test

import (
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

func TestALatencyNeverExceedsTheBoundOfItsBucket(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for _, c := range []struct {
		took   time.Duration
		bucket int
	}{
		{0, 0}, {-ms, 0}, {time.Microsecond, 0}, {999 * time.Microsecond, 0}, {ms, 0},
		{ms + time.Nanosecond, 1}, {1001 * time.Microsecond, 1}, {1500 * time.Microsecond, 1}, {1999 * time.Microsecond, 1}, {2 * ms, 1},
		{2*ms + time.Microsecond, 2}, {3 * ms, 2}, {4 * ms, 2}, {5 * ms, 3},
		{1000 * ms, 10}, {1024 * ms, 10}, {1025 * ms, 11},
		{15 * time.Second, 14}, {32768 * ms, 15}, {32768*ms + time.Microsecond, 16}, {65536 * ms, 16}, {time.Hour, 16},
	} {
		var l, want webhook.Latency
		l.Add(c.took)
		want[c.bucket] = 1
		if l != want {
			t.Errorf("%s is counted as %v, want bucket %d", c.took, l, c.bucket)
		}
	}
}

func TestAQuantileIsTheBoundOfTheBucketThatHoldsIt(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	spread := webhook.Latency{0: 50, 3: 40, 10: 9, 16: 1}
	for _, c := range []struct {
		latency webhook.Latency
		q       float64
		want    time.Duration
	}{
		{webhook.Latency{}, 0.5, 0},
		{webhook.Latency{4: 1}, 0, 16 * ms},
		{webhook.Latency{4: 1}, 1, 16 * ms},
		{spread, 0, ms},
		{spread, 0.49, ms},
		{spread, 0.51, 8 * ms},
		{spread, 0.9, 8 * ms},
		{spread, 0.95, 1024 * ms},
		{spread, 0.99, 1024 * ms},
		{spread, 1, 65536 * ms},
	} {
		if got := c.latency.Quantile(c.q); got != c.want {
			t.Errorf("the quantile %g of %v is %s, want %s", c.q, c.latency, got, c.want)
		}
	}
}

func TestMergedHistogramsAddUp(t *testing.T) {
	t.Parallel()
	l := webhook.Latency{0: 1, 16: 2}
	l.Merge(webhook.Latency{0: 10, 5: 3})
	if want := (webhook.Latency{0: 11, 5: 3, 16: 2}); l != want {
		t.Errorf("got %v, want %v", l, want)
	}
}

func TestAFilterKeepsWhatStillBelongsToItsList(t *testing.T) {
	t.Parallel()
	waiting := webhook.DeliveryRow{Delivery: webhook.Delivery{State: webhook.Waiting}}
	held := waiting
	held.EndpointState = webhook.EndpointPaused
	retrying := waiting
	retrying.LastCause, retrying.LastStatus = webhook.CauseStatus, 500
	late := webhook.DeliveryRow{Delivery: webhook.Delivery{State: webhook.Delivered, LastStatus: 200}}
	lost := webhook.DeliveryRow{Delivery: webhook.Delivery{State: webhook.Exhausted, LastStatus: 500, LastCause: webhook.CauseStatus}}
	for name, c := range map[string]struct {
		filter webhook.DeliveryFilter
		kept   []webhook.DeliveryRow
		lost   []webhook.DeliveryRow
	}{
		"all":       {webhook.DeliveryFilter{}, []webhook.DeliveryRow{waiting, held, retrying, late, lost}, nil},
		"waiting":   {webhook.DeliveryFilter{State: webhook.Waiting}, []webhook.DeliveryRow{waiting, held, retrying}, []webhook.DeliveryRow{late, lost}},
		"held":      {webhook.DeliveryFilter{State: webhook.Held}, []webhook.DeliveryRow{held}, []webhook.DeliveryRow{waiting, lost}},
		"failed":    {webhook.DeliveryFilter{State: webhook.Failed}, []webhook.DeliveryRow{retrying, lost}, []webhook.DeliveryRow{waiting, held, late}},
		"exhausted": {webhook.DeliveryFilter{State: webhook.Exhausted}, []webhook.DeliveryRow{lost}, []webhook.DeliveryRow{retrying, late}},
		"status":    {webhook.DeliveryFilter{Status: 500}, []webhook.DeliveryRow{retrying, lost}, []webhook.DeliveryRow{waiting, late}},
	} {
		for i, row := range c.kept {
			if !c.filter.Keeps(row) {
				t.Errorf("%s: row %d is lost", name, i)
			}
		}
		for i, row := range c.lost {
			if c.filter.Keeps(row) {
				t.Errorf("%s: row %d stays", name, i)
			}
		}
	}
}
