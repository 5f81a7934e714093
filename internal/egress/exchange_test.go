package egress_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/egress"
)

// peer is a receiver of raw connections that counts them and notices their ends.
type peer struct {
	url    string
	opened atomic.Int64
	closed atomic.Int64
}

// listening serves each request of each connection with the text that answer
// gives for it; an empty one closes the connection.
func listening(t *testing.T, answer func(conn net.Conn, req *http.Request) string) *peer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{url: "http://" + listener.Addr().String() + "/hook"}
	var conns sync.WaitGroup
	t.Cleanup(func() { listener.Close(); conns.Wait() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.opened.Add(1)
			conns.Go(func() {
				defer p.closed.Add(1)
				defer conn.Close()
				serve(conn, answer)
			})
		}
	}()
	return p
}

func serve(conn net.Conn, answer func(conn net.Conn, req *http.Request) string) {
	reader := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		text := answer(conn, req)
		if _, err := io.WriteString(conn, text); err != nil || text == "" {
			return
		}
	}
}

func always(text string) func(net.Conn, *http.Request) string {
	return func(_ net.Conn, req *http.Request) string {
		io.Copy(io.Discard, req.Body)
		return text
	}
}

// plainOut is a way out to this machine over plain http.
func plainOut(t *testing.T) *egress.Egress {
	t.Helper()
	out, err := egress.New(egress.Policy{AllowHTTP: true, Allow: local})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	return out
}

// post makes one request and reads its answer to the end.
func post(ctx context.Context, out *egress.Egress, url string, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if body != nil {
		req, err = http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	}
	if err != nil {
		return "", err
	}
	response, err := out.Transport().RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	return string(got), err
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not so within 20 s: " + what)
		}
	}
}

const okay = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func TestTransport_uses_a_connection_again_only_after_a_whole_plain_answer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		body   string
		conns  int64
	}{
		"a length":                    {okay, "ok", 1},
		"chunks":                      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok", 1},
		"no body":                     {"HTTP/1.1 204 No Content\r\n\r\n", "", 1},
		"after interim answers":       {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + okay, "ok", 1},
		"that says close":             {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "ok", 3},
		"of HTTP/1.0":                 {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", 3},
		"with more bytes than stated": {okay + "more", "ok", 3},
		"that ends HTTP":              {"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			receiver, out := listening(t, always(c.answer)), plainOut(t)
			for range 3 {
				if got, err := post(t.Context(), out, receiver.url, []byte("{}")); got != c.body || err != nil {
					t.Fatalf("got %q, %v", got, err)
				}
			}
			if n := receiver.opened.Load(); n != c.conns {
				t.Errorf("%d connections, want %d", n, c.conns)
			}
		})
	}
}

func TestTransport_sends_nothing_where_the_receiver_spoke_unasked(t *testing.T) {
	t.Parallel()
	spoken := make(chan struct{})
	receiver := listening(t, func(conn net.Conn, _ *http.Request) string {
		go func() {
			time.Sleep(10 * time.Millisecond) // past the answer
			io.WriteString(conn, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
			close(spoken)
		}()
		return okay
	})
	out := plainOut(t)
	if _, err := post(t.Context(), out, receiver.url, nil); err != nil {
		t.Fatal(err)
	}
	<-spoken
	spoken = make(chan struct{})
	if got, err := post(t.Context(), out, receiver.url, nil); got != "ok" || err != nil || receiver.opened.Load() != 2 {
		t.Errorf("got %q, %v on %d connections", got, err, receiver.opened.Load())
	}
}

// A pipe has no socket to look at, so that its end shows at the write only.
func TestTransport_makes_a_request_anew_of_which_nothing_was_written(t *testing.T) {
	t.Parallel()
	var requests, opened atomic.Int64
	out := plainOut(t)
	out.OnConnect(func(context.Context, string, string) (net.Conn, error) {
		opened.Add(1)
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			req, err := http.ReadRequest(bufio.NewReader(far))
			if err != nil {
				return
			}
			io.Copy(io.Discard, req.Body)
			requests.Add(1)
			io.WriteString(far, okay)
		}()
		return near, nil
	})
	for _, body := range [][]byte{[]byte("{}"), []byte("{}"), nil, nil} {
		if got, err := post(t.Context(), out, "http://127.0.0.1:9999/hook", body); got != "ok" || err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
		time.Sleep(5 * time.Millisecond) // the far side closes
	}
	if requests.Load() != 4 || opened.Load() != 4 {
		t.Errorf("%d requests on %d connections, want 4 on 4", requests.Load(), opened.Load())
	}
}

func TestTransport_keeps_its_connection_after_a_large_body(t *testing.T) {
	t.Parallel()
	var bytesSeen atomic.Int64
	receiver := listening(t, func(_ net.Conn, req *http.Request) string {
		n, _ := io.Copy(io.Discard, req.Body)
		bytesSeen.Add(n)
		return okay
	})
	out, large := plainOut(t), bytes.Repeat([]byte("x"), 4<<20)
	for range 3 {
		if got, err := post(t.Context(), out, receiver.url, large); got != "ok" || err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	if bytesSeen.Load() != 12<<20 || receiver.opened.Load() != 1 {
		t.Errorf("%d bytes on %d connections", bytesSeen.Load(), receiver.opened.Load())
	}
}

func TestTransport_reads_an_answer_that_comes_before_the_body_was_taken(t *testing.T) {
	t.Parallel()
	seen := make(chan struct{})
	receiver := listening(t, func(conn net.Conn, _ *http.Request) string {
		io.WriteString(conn, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nlarge")
		<-seen // and nothing is read meanwhile
		return ""
	})
	defer close(seen)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if got, err := post(ctx, plainOut(t), receiver.url, make([]byte, 64<<20)); got != "large" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTransport_tells_what_broke_an_answer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		want   error
		words  string
	}{
		"nothing":             {"", io.ErrUnexpectedEOF, ""},
		"cut within a header": {"HTTP/1.1 200 OK\r\nContent-Le", io.ErrUnexpectedEOF, ""},
		"cut within the body": {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", io.ErrUnexpectedEOF, ""},
		"cut within a chunk":  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok", io.ErrUnexpectedEOF, ""},
		"no HTTP":             {"SSH-2.0-OpenSSH\r\n", nil, "malformed HTTP response"},
		"endless headers":     {"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", 70<<10) + "\r\n\r\n", egress.ErrHeaderTooLarge, ""},
		"endless small ones":  {"HTTP/1.1 200 OK\r\n" + strings.Repeat("A: x\r\n", 12<<10) + "\r\n", egress.ErrHeaderTooLarge, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			receiver := listening(t, func(conn net.Conn, req *http.Request) string {
				io.WriteString(conn, always(c.answer)(conn, req))
				return ""
			})
			_, err := post(t.Context(), plainOut(t), receiver.url, []byte("{}"))
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.words) {
				t.Errorf("got %v, want %v %s", err, c.want, c.words)
			}
		})
	}
}

func TestTransport_ends_with_its_callers_context_and_closes(t *testing.T) {
	t.Parallel()
	for name, body := range map[string][]byte{"a small request": nil, "a large one that is not read": make([]byte, 16<<20)} {
		for when, head := range map[string]string{"before the answer": "", "within its body": "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				left := make(chan struct{})
				receiver := listening(t, func(conn net.Conn, req *http.Request) string {
					io.WriteString(conn, head)
					time.AfterFunc(20*time.Millisecond, cancel)
					<-left
					io.Copy(io.Discard, req.Body) // until the sender closes
					return ""
				})
				started := time.Now()
				_, err := post(ctx, plainOut(t), receiver.url, body)
				close(left)
				if !errors.Is(err, context.Canceled) || time.Since(started) > 5*time.Second {
					t.Errorf("got %v after %v", err, time.Since(started))
				}
				eventually(t, "the connection is closed", func() bool { return receiver.closed.Load() == 1 })
			})
		}
	}
}

func TestTransport_closes_what_stayed_idle(t *testing.T) {
	t.Parallel()
	receiver, out := listening(t, always(okay)), plainOut(t)
	var posts sync.WaitGroup
	for range 8 {
		posts.Go(func() {
			if _, err := post(t.Context(), out, receiver.url, nil); err != nil {
				t.Error(err)
			}
		})
	}
	posts.Wait()
	eventually(t, "every connection is closed without a call", func() bool {
		return receiver.closed.Load() == receiver.opened.Load()
	})
}

func TestTransport_serves_many_at_once(t *testing.T) {
	t.Parallel()
	receiver := listening(t, func(_ net.Conn, req *http.Request) string {
		said, _ := io.ReadAll(req.Body)
		return "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + string(said[:3])
	})
	out := plainOut(t)
	var posts sync.WaitGroup
	for i := range 32 {
		posts.Go(func() {
			word := []string{"abc", "def", "ghi"}[i%3]
			for range 50 {
				if got, err := post(t.Context(), out, receiver.url, []byte(word)); got != word || err != nil {
					t.Errorf("sent %s, got %q, %v", word, got, err)
					return
				}
			}
		})
	}
	posts.Wait()
	if n := receiver.opened.Load(); n > 32 {
		t.Errorf("%d connections for 32 senders", n)
	}
}
