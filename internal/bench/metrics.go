package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// metrics are the series of /metrics by their name with labels.
type metrics map[string]float64

// metrics asks the server.
func (v *visitor) metrics(ctx context.Context) (metrics, error) {
	seen, err := v.ask(ctx, http.MethodGet, "/metrics", nil, false)
	if err == nil && seen.status != http.StatusOK {
		err = fmt.Errorf("/metrics was answered %d", seen.status)
	}
	return readMetrics(seen.body), err
}

func readMetrics(text []byte) metrics {
	m := metrics{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, value, found := cutLast(lines.Text(), " ")
		if v, err := strconv.ParseFloat(value, 64); found && err == nil && !strings.HasPrefix(name, "#") {
			m[name] = v
		}
	}
	return m
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}

// quantile estimates one of a histogram's observations between two answers, in
// the histogram's unit: within a bucket they count as spread evenly. It is 0
// with no observation, and the last bound for what is beyond it.
func (m metrics) quantile(histogram string, before metrics, q float64) float64 {
	type bucket struct{ most, n float64 }
	var buckets []bucket
	for name, n := range m {
		if bound, ok := strings.CutPrefix(name, histogram+`_bucket{le="`); ok {
			most, _ := strconv.ParseFloat(strings.TrimSuffix(bound, `"}`), 64) // "+Inf" too
			buckets = append(buckets, bucket{most, n - before[name]})
		}
	}
	slices.SortFunc(buckets, func(a, b bucket) int {
		if a.most < b.most {
			return -1
		}
		return 1
	})
	if len(buckets) == 0 || buckets[len(buckets)-1].n == 0 {
		return 0
	}
	want, least, below := q*buckets[len(buckets)-1].n, 0.0, 0.0
	for _, b := range buckets {
		if b.n >= want && b.n > below {
			if math.IsInf(b.most, 1) {
				break
			}
			return least + (b.most-least)*(want-below)/(b.n-below)
		}
		least, below = b.most, b.n
	}
	return least
}
