package sender_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/egress"
	"github.com/bellwire/bellwire/internal/webhook"
)

// hostile is one row of testdata/hostile-receivers.tsv: how the receiver
// behaves, and what the attempt must say about it within which bounds.
type hostile struct {
	id string
	// serve is the receiver; url, if set, stands in for a plain one.
	serve func(net.Conn)
	url   func(t *testing.T) (string, egress.Policy)
	// timeout of the endpoint; 3 s if zero.
	timeout time.Duration

	cause     webhook.Cause // empty for success
	status    int
	truncated bool
	within    time.Duration // 1 s if zero
	bytes     uint64        // bound of allocations, 0 for none; both sides count
	check     func(t *testing.T, a webhook.Attempt)
}

func says(words ...string) func(*testing.T, webhook.Attempt) {
	return func(t *testing.T, a webhook.Attempt) {
		t.Helper()
		for _, word := range words {
			if !strings.Contains(a.Error, word) {
				t.Errorf("error %q lacks %q", a.Error, word)
			}
		}
	}
}

func bodyOf(length int) func(*testing.T, webhook.Attempt) {
	return func(t *testing.T, a webhook.Attempt) {
		t.Helper()
		if len(a.Response.Body) != length {
			t.Errorf("%d bytes of body are kept, want %d", len(a.Response.Body), length)
		}
	}
}

func headerIs(name, want string) func(*testing.T, webhook.Attempt) {
	return func(t *testing.T, a webhook.Attempt) {
		t.Helper()
		if got := headerOf(a.Response, name); got != want {
			t.Errorf("header %s is %q, want %q", name, got, want)
		}
	}
}

// named is a URL whose host the test's own DNS answers.
func named(resolver egress.Resolver, address string) func(*testing.T) (string, egress.Policy) {
	return func(*testing.T) (string, egress.Policy) {
		policy := local()
		policy.Resolver = resolver
		_, port, _ := net.SplitHostPort(address)
		return "http://receiver.example:" + port + "/hook", policy
	}
}

type resolverFunc func(ctx context.Context) ([]netip.Addr, error)

func (f resolverFunc) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	return f(ctx)
}

func answers(texts ...string) resolverFunc {
	var addrs []netip.Addr
	for _, text := range texts {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return func(context.Context) ([]netip.Addr, error) { return addrs, nil }
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func TestHostile_receivers_get_their_verdict_within_their_bounds(t *testing.T) {
	rows := slices.Concat(connectRows(t), tlsRows(t), requestRows(), headerRows(), bodyRows(), statusRows())
	checkTable(t, rows)
	for _, row := range rows {
		t.Run(row.id+" "+string(row.cause), func(t *testing.T) {
			if row.bytes == 0 {
				t.Parallel() // the others count the process's allocations
			}
			run(t, row)
		})
	}
}

func run(t *testing.T, row hostile) {
	t.Helper()
	if row.url == nil {
		address := listen(t, row.serve)
		row.url = func(*testing.T) (string, egress.Policy) { return "http://" + address + "/hook", local() }
	}
	url, policy := row.url(t)
	target := newTarget(url)
	if row.timeout > 0 {
		target.Timeout = row.timeout
	}
	job := newJob()
	if row.id == "H24" || row.id == "H25" || row.id == "H26" {
		job.Event.Data = []byte(`{"a":"` + strings.Repeat("x", 8<<20) + `"}`) // more than sockets hold
	}
	s := newSender(t, policy)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a := s.Send(t.Context(), job, target)
	runtime.ReadMemStats(&after)
	checkVerdict(t, row, a)
	if used := after.TotalAlloc - before.TotalAlloc; row.bytes > 0 && used > row.bytes {
		t.Errorf("%d bytes were allocated, at most %d are allowed", used, row.bytes)
	}
}

func checkVerdict(t *testing.T, row hostile, a webhook.Attempt) {
	t.Helper()
	outcome := webhook.OutcomeFailed
	if row.cause == "" {
		outcome = webhook.OutcomeDelivered
	}
	if a.Outcome != outcome || a.Cause != row.cause || a.Response.Status != row.status || a.Response.Truncated != row.truncated {
		t.Errorf("got %s %q (%q), status %d, truncated %v", a.Outcome, a.Cause, a.Error, a.Response.Status, a.Response.Truncated)
	}
	within := row.within
	if within == 0 {
		within = time.Second
	}
	if a.Duration > within {
		t.Errorf("took %v, at most %v are allowed", a.Duration, within)
	}
	if (a.Error == "") != (row.cause == "") || strings.Contains(a.Error, "/hook") {
		t.Errorf("error text %q", a.Error)
	}
	if row.check != nil {
		row.check(t, a)
	}
}

// checkTable holds the copied table and the rows above together.
func checkTable(t *testing.T, rows []hostile) {
	t.Helper()
	text, err := os.ReadFile("testdata/hostile-receivers.tsv")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := []string{"H28", "H45", "H46", "H74", "H75", "H78", "H92"} // tests of their own
	for line := range strings.Lines(string(text)) {
		id, _, _ := strings.Cut(line, "\t")
		tested := slices.ContainsFunc(rows, func(row hostile) bool { return row.id == id })
		if id != "id" && !tested && !slices.Contains(elsewhere, id) {
			t.Errorf("no test for row %s", line)
		}
	}
}
