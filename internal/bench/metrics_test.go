package bench_test

import (
	"math"
	"testing"

	"github.com/bellwire/bellwire/internal/bench"
)

func TestQuantiles_of_a_histogram_are_of_what_was_observed_since(t *testing.T) {
	t.Parallel()
	before := bench.ReadMetrics([]byte(`# HELP x_seconds Times.
x_seconds_bucket{le="0.001"} 10
x_seconds_bucket{le="0.002"} 10
x_seconds_bucket{le="0.004"} 10
x_seconds_bucket{le="+Inf"} 10
`))
	after := bench.ReadMetrics([]byte(`x_seconds_bucket{le="0.001"} 10
x_seconds_bucket{le="0.002"} 60
x_seconds_bucket{le="0.004"} 109
x_seconds_bucket{le="+Inf"} 110
x_seconds_count 110
`))
	for q, want := range map[float64]float64{.25: .0015, .5: .002, .99: .004, 1: .004} {
		if got := after.Quantile("x_seconds", before, q); math.Abs(got-want) > 1e-9 {
			t.Errorf("quantile %v: got %v, want %v", q, got, want)
		}
	}
	if got := before.Quantile("x_seconds", before, .5); got != 0 {
		t.Errorf("of no observation: %v", got)
	}
}
