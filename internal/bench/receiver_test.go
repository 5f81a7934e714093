package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/bench"
)

// inbox is a receiver that is asked without a network.
type inbox struct {
	t       *testing.T
	handler http.Handler
}

func newInbox(t *testing.T) inbox {
	return inbox{t, bench.NewReceiver(context.Background(), bench.ReceiverPlan{SlowFor: time.Millisecond})}
}

func (i inbox) do(method, path string, body []byte) *httptest.ResponseRecorder {
	i.t.Helper()
	answer := httptest.NewRecorder()
	i.handler.ServeHTTP(answer, httptest.NewRequest(method, path, bytes.NewReader(body)))
	return answer
}

func (i inbox) receipts(under string) (r bench.Receipts) {
	i.t.Helper()
	if err := json.Unmarshal(i.do("GET", "/receipts?under="+under, nil).Body.Bytes(), &r); err != nil {
		i.t.Fatal(err)
	}
	return r
}

func TestReceiver_counts_each_event_once_a_path_and_what_came_twice(t *testing.T) {
	t.Parallel()
	i := newInbox(t)
	i.do("POST", "/run/r1", nil)
	send := func(path, run string, seq int) int {
		return i.do("POST", path, bench.AppendData(nil, run, seq, time.Now().Add(-time.Second).UnixNano())).Code
	}
	for _, seq := range []int{1, 2, 200, 2} {
		if code := send("/ok/a/1", "r1", seq); code != http.StatusOK {
			t.Errorf("event %d was answered %d", seq, code)
		}
	}
	send("/ok/a/2", "r1", 1)
	send("/ok/b/1", "r1", 1)
	send("/slow/1", "r1", 1)
	if code := send("/dead/1", "r1", 1); code != http.StatusServiceUnavailable {
		t.Errorf("the dead endpoint answered %d", code)
	}
	if r := i.receipts("/ok/a/"); r.Unique != 4 || r.Duplicates != 1 || r.P50 < time.Second || r.P99 > time.Minute || r.First == 0 || r.Last < r.First {
		t.Errorf("under /ok/a/: %+v", r)
	}
	if r := i.receipts(""); r.Unique != 7 || r.Duplicates != 1 {
		t.Errorf("in all: %+v", r)
	}
	var counted bench.Receipts
	if err := json.Unmarshal(i.do("GET", "/count?under=/ok/", nil).Body.Bytes(), &counted); err != nil || counted.Unique != 5 {
		t.Errorf("counted %+v: %v", counted, err)
	}
}

func TestReceiver_takes_what_is_late_for_a_duplicate_and_knows_strangers(t *testing.T) {
	t.Parallel()
	i := newInbox(t)
	i.do("POST", "/run/r1", nil)
	i.do("POST", "/ok/a/1", bench.AppendData(nil, "r1", 1, 1))
	i.do("POST", "/run/r2", nil)
	i.do("POST", "/ok/a/1", bench.AppendData(nil, "r1", 1, 1))
	i.do("POST", "/ok/a/1", []byte(`{"a":"test"}`))
	if r := i.receipts(""); r.Unique != 0 || r.Duplicates != 1 || r.Foreign != 1 {
		t.Errorf("%+v", r)
	}
}

func TestFigures_are_medians_and_losses_are_added_up(t *testing.T) {
	t.Parallel()
	name, values, note := bench.FigureOf(
		bench.NewFlow(100, 50, 1, 0), bench.NewFlow(300, 100, 0, 2), bench.NewFlow(200, 80, 3, 0))
	want := map[int]float64{0: 200, 1: 80, 2: 200. / 80, len(values) - 2: 4, len(values) - 1: 2}
	for at, v := range want {
		if values[at] != v {
			t.Errorf("%s, column %d: got %v, want %v", name, at, values[at], v)
		}
	}
	if note != "100 to 300 per s in 3 rounds" {
		t.Errorf("the spread reads %q", note)
	}
}

func TestProcessor_time_of_children_is_counted(t *testing.T) {
	t.Parallel()
	before := bench.UsedCPU()
	text := ""
	for end := time.Now().Add(150 * time.Millisecond); time.Now().Before(end); {
		text = fmt.Sprint(len(text), "x")
	}
	if used := bench.UsedCPU() - before; used <= 0 || used > 60 {
		t.Errorf("busy for 150 ms, used %v s", used)
	}
	if bench.Resident() < 1 {
		t.Errorf("this process has %v MiB", bench.Resident())
	}
}
