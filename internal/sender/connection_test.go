package sender_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// A receiver that answers 101 keeps the worker for ever if anything reads on:
// net/http heeds no deadline after that answer.
func TestStatuses_outside_200_to_599_are_closed_unread(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade", "600 More", "999 Most",
	} {
		closed := make(chan struct{})
		address := listen(t, func(conn net.Conn) {
			readRequest(conn)
			io.WriteString(conn, "HTTP/1.1 "+line+"\r\nContent-Length: 9\r\n\r\n")
			hold(conn)
			close(closed)
		})
		s, sent := newSender(t, local()), make(chan webhook.Attempt, 1)
		go func() { sent <- s.Send(t.Context(), newJob(), newTarget("http://"+address)) }()
		var a webhook.Attempt
		select {
		case a = <-sent:
		case <-time.After(3 * time.Second):
			t.Fatalf("%s: the attempt does not end", line)
		}
		if a.Outcome != webhook.OutcomeFailed || a.Cause != webhook.CauseProtocol || a.Duration > time.Second ||
			!strings.HasPrefix(line, a.Error[len("the receiver answered status "):][:3]) || a.Response.Body != nil {
			t.Errorf("%s: got %s %q in %v", line, a.Cause, a.Error, a.Duration)
		}
		select {
		case <-closed:
		case <-time.After(2 * time.Second):
			t.Errorf("%s: the connection was not closed", line)
		}
	}
}

// counting serves each connection's requests with a function of their number
// on that connection; false closes it without an answer.
func counting(requests *atomic.Int64, serve func(conn net.Conn, nth int, req *http.Request) bool) func(net.Conn) {
	return func(conn net.Conn) {
		reader := bufio.NewReader(conn)
		for nth := 1; ; nth++ {
			req, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			io.Copy(io.Discard, req.Body)
			requests.Add(1)
			if !serve(conn, nth, req) {
				return
			}
		}
	}
}

func answer(conn net.Conn, text string) bool {
	_, err := io.WriteString(conn, text)
	return err == nil
}

func TestH28_a_dropped_keep_alive_connection_is_one_request_per_attempt(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	address := listen(t, counting(&requests, func(conn net.Conn, nth int, _ *http.Request) bool {
		return nth == 1 && answer(conn, ok)
	}))
	s, target := newSender(t, local()), newTarget("http://"+address)
	first, second := s.Send(t.Context(), newJob(), target), s.Send(t.Context(), newJob(), target)
	if first.Outcome != webhook.OutcomeDelivered || second.Cause != webhook.CauseClosed {
		t.Errorf("got %s %s, then %s %s", first.Outcome, first.Error, second.Cause, second.Error)
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("the receiver saw %d requests for 2 attempts", n)
	}
}

func TestA_connection_that_was_closed_while_idle_costs_nothing(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	address := listen(t, counting(&requests, func(conn net.Conn, _ int, _ *http.Request) bool {
		answer(conn, ok)
		return false // FIN right after the answer
	}))
	s, target := newSender(t, local()), newTarget("http://"+address)
	for range 20 {
		if a := s.Send(t.Context(), newJob(), target); a.Outcome != webhook.OutcomeDelivered && a.Cause != webhook.CauseClosed {
			t.Fatalf("got %s %s", a.Cause, a.Error)
		}
		time.Sleep(5 * time.Millisecond) // the FIN arrives
	}
	if n := requests.Load(); n != 20 {
		t.Errorf("the receiver saw %d requests for 20 attempts", n)
	}
}

func TestH46_cookies_are_never_sent_back(t *testing.T) {
	t.Parallel()
	var requests, cookies atomic.Int64
	address := listen(t, counting(&requests, func(conn net.Conn, _ int, req *http.Request) bool {
		cookies.Add(int64(len(req.Cookies())))
		return answer(conn, "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n")
	}))
	s, target := newSender(t, local()), newTarget("http://"+address)
	s.Send(t.Context(), newJob(), target)
	if a := s.Send(t.Context(), newJob(), target); headerOf(a.Response, "Set-Cookie") == "" || cookies.Load() > 0 {
		t.Errorf("%d cookies came back; the log holds %v", cookies.Load(), a.Response.Headers)
	}
}

func TestHeaders_kept_are_bounded_and_the_important_come_first(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("A-Filler: "+strings.Repeat("x", 300)+"\r\n", 180)
	address := listen(t, answering("HTTP/1.1 302 Found\r\n"+many+"Location: https://other.example/\r\nContent-Length: 0\r\n\r\n"))
	a := newSender(t, local()).Send(t.Context(), newJob(), newTarget("http://"+address))
	size := 0
	for _, line := range a.Response.Headers {
		size += len(line.Name) + len(line.Value)
	}
	if size > 16<<10 || len(a.Response.Headers) < 40 || headerOf(a.Response, "Location") == "" {
		t.Errorf("%d lines of %d bytes, Location %q", len(a.Response.Headers), size, headerOf(a.Response, "Location"))
	}
	small := listen(t, answering("HTTP/1.1 200 OK\r\n"+strings.Repeat("X-S: 1\r\n", 1000)+"Content-Length: 0\r\n\r\n"))
	if a := newSender(t, local()).Send(t.Context(), newJob(), newTarget("http://"+small)); len(a.Response.Headers) != 100 {
		t.Errorf("%d header lines are kept", len(a.Response.Headers))
	}
}

// Both lengths at once is how answers are smuggled past proxies.
func TestH45_two_message_lengths_are_judged_by_status_and_end_the_connection(t *testing.T) {
	t.Parallel()
	const both = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
	const one = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n17\r\n\r\n\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"
	ca := newAuthority(t)
	policy := local()
	policy.CAFile = ca.file
	for name, c := range map[string]struct {
		answer string
		piece  int
		secure bool
		conns  int64
	}{
		"both at once":      {both, 1000, false, 3},
		"both byte by byte": {both, 1, false, 3},
		"both over TLS":     {both, 1000, true, 3},
		"only chunks":       {one, 1000, false, 1},
		"only chunks, TLS":  {one, 7, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests, conns atomic.Int64
			serve := counting(&requests, func(conn net.Conn, nth int, _ *http.Request) bool {
				if nth == 1 {
					conns.Add(1)
				}
				for rest := c.answer; rest != ""; rest = rest[min(c.piece, len(rest)):] {
					if !answer(conn, rest[:min(c.piece, len(rest))]) {
						return false
					}
				}
				return true
			})
			target := newTarget("")
			if c.secure {
				target.URL = "https://" + listenTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.valid(t)}}, serve)
			} else {
				target.URL = "http://" + listen(t, serve)
			}
			s := newSender(t, policy)
			for range 3 {
				if a := s.Send(t.Context(), newJob(), target); a.Outcome != webhook.OutcomeDelivered || a.Response.Truncated {
					t.Errorf("got %s %q, body %q", a.Cause, a.Error, a.Response.Body)
				}
			}
			if conns.Load() != c.conns || requests.Load() != 3 {
				t.Errorf("%d requests on %d connections, want 3 on %d", requests.Load(), conns.Load(), c.conns)
			}
		})
	}
}

func TestH92_one_request_per_connection_leaks_no_descriptor(t *testing.T) {
	var requests atomic.Int64
	address := listen(t, counting(&requests, func(conn net.Conn, _ int, _ *http.Request) bool {
		answer(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		return false
	}))
	s, target := newSender(t, local()), newTarget("http://"+address)
	before := descriptors(t)
	for range 200 {
		if a := s.Send(t.Context(), newJob(), target); a.Outcome != webhook.OutcomeDelivered {
			t.Fatal(a.Error)
		}
	}
	for deadline := time.Now().Add(3 * time.Second); descriptors(t) > before+10; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors, %d before", descriptors(t), before)
		}
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}
