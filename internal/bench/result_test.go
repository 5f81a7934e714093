package bench_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/bench"
)

func TestQuantiles_are_samples(t *testing.T) {
	t.Parallel()
	var twenty []time.Duration
	for i := range 20 {
		twenty = append(twenty, time.Duration(20-i))
	}
	for _, c := range []struct {
		samples []time.Duration
		q       float64
		want    time.Duration
	}{
		{nil, .5, 0}, {[]time.Duration{7}, .95, 7}, {twenty, .5, 10}, {twenty, .95, 19}, {twenty, 1, 20}, {twenty, 0, 1},
	} {
		if got := bench.Quantile(c.samples, c.q); got != c.want {
			t.Errorf("quantile %v of %v: got %d, want %d", c.q, c.samples, got, c.want)
		}
	}
	if twenty[0] != 20 {
		t.Error("the samples were put in another order")
	}
}

func TestServer_timing_is_read_in_milliseconds(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"total;dur=12.5": 12500 * time.Microsecond, "db;dur=1, total;dur=3": 3 * time.Millisecond, "total;dur=4, x;dur=9": 4 * time.Millisecond,
		"": -1, "total": -1, "total;dur=soon": -1,
	} {
		got, ok := bench.ServerTiming(header)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
	}
}

func TestA_result_is_printed_for_people_and_for_programs(t *testing.T) {
	t.Parallel()
	r := bench.Result{
		Scenario: "pages", Database: "SQLite", Columns: []string{"p50", "p95"}, Figures: []bench.Figure{{Name: "/p", Values: []float64{3, 12.25}, Note: "worst"}},
		Details: []bench.Figure{{Name: "detail", Values: []float64{1}}}, Missed: []string{},
	}
	var text, encoded bytes.Buffer
	r.Print(&text)
	for _, want := range []string{"pages · SQLite", "p95", "/p  3", "12.2", "worst", "Every bar is held."} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in:\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "detail") {
		t.Error("a detail is in the table")
	}
	if err := r.WriteJSON(&encoded); err != nil {
		t.Fatal(err)
	}
	var back bench.Result
	if err := json.Unmarshal(encoded.Bytes(), &back); err != nil || len(back.Details) != 1 || back.Figures[0].Values[1] != 12.25 {
		t.Errorf("read back as %+v: %v", back, err)
	}
	if r.Err() != nil {
		t.Errorf("nothing was missed, and still: %v", r.Err())
	}
	r.Missed = []string{"the bar"}
	text.Reset()
	r.Print(&text)
	if !strings.Contains(text.String(), "MISSED the bar") || strings.Contains(text.String(), "Every bar") || !errors.Is(r.Err(), bench.ErrMissed) {
		t.Errorf("what was missed is not told: %v\n%s", r.Err(), text.String())
	}
}
