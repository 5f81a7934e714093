package sender_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/egress"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/sender"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// recorder is a healthy receiver that keeps what it saw.
type recorder struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
	bodies   [][]byte
	conns    atomic.Int64
}

func record(t testing.TB, answer http.HandlerFunc) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.requests, r.bodies = append(r.requests, req), append(r.bodies, body)
		r.mu.Unlock()
		if answer != nil {
			answer(w, req)
		}
	}))
	r.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			r.conns.Add(1)
		}
	}
	r.Start()
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) last() (*http.Request, []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests[len(r.requests)-1], r.bodies[len(r.bodies)-1]
}

func TestSend_signs_and_says_what_came_back(t *testing.T) {
	t.Parallel()
	receiver := record(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Answer", "héllo\u202e")
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, "thanks")
	})
	out, err := egress.New(local())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	now := time.Now().Truncate(time.Millisecond)
	node := webhook.NodeID{UUID: mint.UUID(now)}
	s := sender.New(out.Transport(), sender.Options{Version: "1.2.3", NodeID: node, Now: func() time.Time { return now }})
	target, job := newTarget(receiver.URL+"/hook?token=1"), newJob()
	a := s.Send(t.Context(), job, target)

	req, body := receiver.last()
	if err := wire.Verify(webhook.FormatStandard, nil, signingSecret, req.Header.Get, body); err != nil {
		t.Errorf("the receiver refuses the signature: %v", err)
	}
	for name, want := range map[string]string{
		"User-Agent": "Bellwire/1.2.3", "X-Bellwire-Attempt": "2", "X-Bellwire-Attempt-Id": job.Delivery.AttemptID.String(),
		"Accept-Encoding": "", "Content-Type": "application/json",
	} {
		if got := req.Header.Get(name); got != want {
			t.Errorf("header %s is %q, want %q", name, got, want)
		}
	}
	if req.RequestURI != "/hook?token=1" || req.ContentLength != int64(len(body)) || string(body) != string(a.Request.Body) {
		t.Errorf("the receiver saw %s %d %s, the log says %s", req.RequestURI, req.ContentLength, body, a.Request.Body)
	}
	if a.ID != job.Delivery.AttemptID || a.DeliveryID != job.Delivery.ID || a.Number != 2 || a.EndpointVersion != 7 ||
		a.SecretID != target.Secrets[0].ID || a.NodeID != node || !a.StartedAt.Equal(now) {
		t.Errorf("the attempt is not the job's: %+v", a)
	}
	if a.Outcome != webhook.OutcomeDelivered || a.Cause != "" || a.Error != "" || a.Response.Status != 202 ||
		string(a.Response.Body) != "thanks" || a.Response.Truncated {
		t.Errorf("got %+v", a)
	}
	if got := headerOf(a.Response, "X-Answer"); got != `héllo\u202e` {
		t.Errorf("header X-Answer is %q", got)
	}
	if a.Timings.Connect <= 0 || a.Timings.FirstByte <= 0 || a.Timings.TLS != 0 || a.Timings.DNS != 0 || a.Duration < a.Timings.FirstByte {
		t.Errorf("timings %+v in %v", a.Timings, a.Duration)
	}
	if again := s.Send(t.Context(), job, target); again.Timings.Connect != 0 || receiver.conns.Load() != 1 {
		t.Errorf("a second request took %+v and %d connections, want the first connection again", again.Timings, receiver.conns.Load())
	}
}

func headerOf(r webhook.Response, name string) string {
	for _, line := range r.Headers {
		if line.Name == name {
			return line.Value
		}
	}
	return ""
}

func TestSend_masks_secret_headers_in_the_log_only(t *testing.T) {
	t.Parallel()
	receiver := record(t, nil)
	target := newTarget(receiver.URL)
	target.Headers = []webhook.Header{
		{Name: "X-Plain", Value: "seen"},
		{Name: "Authorization", Value: "Bearer abcdefgh", Secret: true},
		{Name: "x-short", Value: "tiny", Secret: true},
	}
	a := newSender(t, local()).Send(t.Context(), newJob(), target)
	req, _ := receiver.last()
	if req.Header.Get("Authorization") != "Bearer abcdefgh" || req.Header.Get("X-Short") != "tiny" {
		t.Errorf("the receiver saw %v", req.Header)
	}
	logged := webhook.Response{Headers: a.Request.Headers}
	for name, want := range map[string]string{"X-Plain": "seen", "Authorization": "Bear…", "x-short": "****"} {
		if got := headerOf(logged, name); got != want {
			t.Errorf("the log holds %s: %q, want %q", name, got, want)
		}
	}
	if headerOf(logged, "webhook-signature") != req.Header.Get("Webhook-Signature") {
		t.Error("the log lacks the signature")
	}
}

func TestSend_writes_header_names_as_spelled(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 1)
	address := listen(t, func(conn net.Conn) {
		buffer := make([]byte, 4096)
		n, _ := conn.Read(buffer)
		seen <- string(buffer[:n])
		io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
	})
	newSender(t, local()).Send(t.Context(), newJob(), newTarget("http://"+address))
	if text := <-seen; !strings.Contains(text, "\r\nwebhook-id: ") || !strings.Contains(text, "\r\nX-Bellwire-Attempt: 2\r\n") {
		t.Errorf("the request was\n%s", text)
	}
}

func TestSendTest_can_sign_with_the_next_secret(t *testing.T) {
	t.Parallel()
	receiver := record(t, nil)
	target := newTarget(receiver.URL)
	next := webhook.Secret{ID: webhook.SecretID{UUID: mint.UUID(time.Now())}, Value: nextSecret, CreatedAt: time.Now()}
	target.Secrets = append(target.Secrets, next)
	a := newSender(t, local()).SendTest(t.Context(), newJob(), target, true)
	req, body := receiver.last()
	if err := wire.Verify(webhook.FormatStandard, nil, nextSecret, req.Header.Get, body); err != nil || a.SecretID != next.ID {
		t.Errorf("not signed with the next secret: %v, %s", err, a.SecretID)
	}
}

func TestSend_never_sends_what_it_can_not_sign(t *testing.T) {
	t.Parallel()
	receiver := record(t, nil)
	s := newSender(t, local())
	for name, spoil := range map[string]func(*webhook.Job, *webhook.Target){
		"no secret":        func(_ *webhook.Job, target *webhook.Target) { target.Secrets = nil },
		"unopened secret":  func(_ *webhook.Job, target *webhook.Target) { target.Secrets[0].Value = "" },
		"unreadable":       func(_ *webhook.Job, target *webhook.Target) { target.Unreadable = "the master key is gone" },
		"expunged payload": func(job *webhook.Job, _ *webhook.Target) { job.Event.Data = nil },
		"unknown format":   func(_ *webhook.Job, target *webhook.Target) { target.Format = "morse" },
		"broken URL":       func(_ *webhook.Job, target *webhook.Target) { target.URL = "http://x/\x7f?token=hidden" },
	} {
		job, target := newJob(), newTarget(receiver.URL)
		spoil(&job, target)
		a := s.Send(t.Context(), job, target)
		if a.Outcome != webhook.OutcomeFailed || a.Cause != webhook.CauseInternal ||
			!strings.HasPrefix(a.Error, "nothing was sent: ") || strings.Contains(a.Error, "hidden") {
			t.Errorf("%s: got %s %s %q", name, a.Outcome, a.Cause, a.Error)
		}
	}
	if len(receiver.requests) > 0 {
		t.Errorf("the receiver saw %d requests", len(receiver.requests))
	}
}

func TestSend_that_is_stopped_does_not_know(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	address := listen(t, func(conn net.Conn) {
		readRequest(conn)
		cancel()
		hold(conn)
	})
	a := newSender(t, local()).Send(ctx, newJob(), newTarget("http://"+address))
	if a.Outcome != webhook.OutcomeUnknown || a.Cause != webhook.CauseWorkerLost {
		t.Errorf("got %s %s %q", a.Outcome, a.Cause, a.Error)
	}
}

func TestSend_refuses_what_the_policy_forbids(t *testing.T) {
	t.Parallel()
	receiver := record(t, nil)
	for name, policy := range map[string]egress.Policy{"private": {AllowHTTP: true}, "http": {Allow: local().Allow}} {
		a := newSender(t, policy).Send(t.Context(), newJob(), newTarget(receiver.URL+"/secret-path"))
		if a.Cause != webhook.CauseBlocked || strings.Contains(a.Error, "secret-path") || receiver.conns.Load() != 0 {
			t.Errorf("%s: got %s %q after %d connections", name, a.Cause, a.Error, receiver.conns.Load())
		}
	}
}

func TestRetryAfter_is_read_from_429_and_503_only(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration, layout string) string { return time.Now().UTC().Add(d).Format(layout) }
	const asctime = "Mon Jan _2 15:04:05 2006"
	s := newSender(t, local())
	for _, c := range []struct {
		status int
		header string
		want   time.Duration
	}{
		{429, "120", 120 * time.Second},
		{429, in(2*time.Minute, http.TimeFormat), 120 * time.Second},
		{429, in(2*time.Minute, "Monday, 02-Jan-06 15:04:05 GMT"), 120 * time.Second},
		{429, in(2*time.Minute, asctime), 120 * time.Second},
		{429, "", 60 * time.Second},
		{429, "soon", 60 * time.Second},
		{429, "99999999999999999999", 24 * time.Hour},
		{503, "30", 30 * time.Second},
		{503, "", 0},
		{503, "-5", 0},
		{500, "30", 0},
		{200, "30", 0},
	} {
		receiver := record(t, func(w http.ResponseWriter, _ *http.Request) {
			if c.header != "" {
				w.Header().Set("Retry-After", c.header)
			}
			w.WriteHeader(c.status)
		})
		a := s.Send(t.Context(), newJob(), newTarget(receiver.URL))
		if off := a.RetryAfter - c.want; off > time.Second || off < -2*time.Second {
			t.Errorf("%d %q: %v, want %v", c.status, c.header, a.RetryAfter, c.want)
		}
	}
}

func TestBodies_are_shared_only_between_equal_requests(t *testing.T) {
	t.Parallel()
	receiver := record(t, nil)
	s := newSender(t, local())
	job := newJob()
	for _, format := range []webhook.FormatName{
		webhook.FormatStandard, webhook.FormatAbba, webhook.FormatAICommerce, webhook.FormatStandard, webhook.FormatCustom,
	} {
		target := newTarget(receiver.URL)
		target.Format = format
		if format == webhook.FormatCustom {
			target.Custom = &webhook.CustomFormat{
				Header: "X-Sig", Signed: "body", Encoding: "hex", Value: "{signature}", Body: "data",
			}
		}
		for _, secret := range []string{signingSecret, nextSecret} {
			target.Secrets[0].Value = secret
			if a := s.Send(t.Context(), job, target); a.Outcome != webhook.OutcomeDelivered {
				t.Fatal(a.Error)
			}
			req, body := receiver.last()
			if err := wire.Verify(format, target.Custom, secret, req.Header.Get, body); err != nil {
				t.Errorf("%s: %v", format, err)
			}
			if want := wire.Body(format, target.Custom, job.Event, secret); string(want) != string(body) {
				t.Errorf("%s: sent %s, want %s", format, body, want)
			}
		}
	}
}

func TestBodies_kept_stay_within_their_bound(t *testing.T) {
	t.Parallel()
	receiver := record(t, nil)
	s := newSender(t, local())
	big := []byte(fmt.Sprintf(`{"a":%q}`, strings.Repeat("x", 200<<10)))
	for range 30 {
		job := newJob()
		job.Event.Data = big
		if a := s.Send(t.Context(), job, newTarget(receiver.URL)); a.Outcome != webhook.OutcomeDelivered {
			t.Fatal(a.Error)
		}
	}
	if kept := s.KeptBytes(); kept > 2<<20 || kept < 1<<20 {
		t.Errorf("%d bytes are kept", kept)
	}
}

func TestConnections_are_reused_by_many_senders_at_once(t *testing.T) {
	t.Parallel()
	receiver := record(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
	s, target := newSender(t, local()), newTarget(receiver.URL)
	const workers, each = 64, 20
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range each {
				if a := s.Send(t.Context(), newJob(), target); a.Outcome != webhook.OutcomeDelivered {
					t.Error(a.Error)
				}
			}
		})
	}
	group.Wait()
	if n := receiver.conns.Load(); n > 2*workers {
		t.Errorf("%d connections for %d workers", n, workers)
	}
}

func BenchmarkSend(b *testing.B) {
	address := listen(b, func(conn net.Conn) { // a receiver that costs next to nothing
		buffer := make([]byte, 16<<10)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			if n > 0 {
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			}
		}
	})
	s, target, job := newSender(b, local()), newTarget("http://"+address), newJob()
	job.Event.Data = []byte(fmt.Sprintf(`{"a":%q}`, strings.Repeat("x", 1000)))
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if a := s.Send(b.Context(), job, target); a.Outcome != webhook.OutcomeDelivered {
				b.Error(a.Error)
			}
		}
	})
}
