package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/store/storetest"
)

// listener is a bellwire listen --forward that runs.
type listener struct {
	t       *testing.T
	process *exec.Cmd
	out     *buffer
	exited  chan error
}

const listenSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// forwardTo starts a listener and waits until it listens.
func (s *stage) forwardTo(to string, args ...string) *listener {
	s.t.Helper()
	l := &listener{t: s.t, out: &buffer{}, exited: make(chan error, 1)}
	l.process = exec.Command(binary, append([]string{"listen", "--forward", to, "--key", s.key, "--url", s.url, "--name", "laptop", "--secret", listenSecret}, args...)...)
	l.process.Env = clean(os.Environ())
	l.process.Stdout, l.process.Stderr = l.out, l.out
	if err := l.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { l.exited <- l.process.Wait() }()
	s.t.Cleanup(func() {
		l.process.Process.Signal(syscall.SIGKILL)
		if s.t.Failed() {
			s.t.Logf("the listener printed:\n%s", l.out.String())
		}
	})
	l.says("dashboard")
	return l
}

func (l *listener) says(text string) {
	l.t.Helper()
	eventually(l.t, 15*time.Second, "the listener says "+text, func() bool { return strings.Contains(l.out.String(), text) })
}

// stop presses Ctrl-C and answers how it ended.
func (l *listener) stop() error {
	l.process.Process.Signal(syscall.SIGINT)
	return l.ends(10 * time.Second)
}

func (l *listener) ends(within time.Duration) error {
	l.t.Helper()
	select {
	case err := <-l.exited:
		return err
	case <-time.After(within):
		l.t.Fatalf("the listener still runs after %s", within)
		return nil
	}
}

var endpointPage = regexp.MustCompile(`/endpoints/([0-9a-f-]{36})`)

// endpoint is the id that the listener's dashboard link names.
func (l *listener) endpoint() string {
	l.t.Helper()
	found := endpointPage.FindStringSubmatch(l.out.String())
	if found == nil {
		l.t.Fatalf("no link to the endpoint in %q", l.out.String())
	}
	return found[1]
}

// quickly makes an endpoint's retries come soon.
func (s *stage) quickly(endpoint string) {
	s.t.Helper()
	s.must(http.StatusOK, s.key, "PATCH", "/endpoints/"+endpoint, map[string]any{"retry": retries(1, 1, 1, 1, 1, 1, 1, 1)})
}

// forwarding runs a test on a node of each database.
func forwarding(t *testing.T, test func(s *stage)) {
	databases(t, func(t *testing.T, n *node) { test(n.start().stage(t)) })
}

func TestForward_gives_a_local_program_signed_requests_and_logs_its_answers(t *testing.T) {
	t.Parallel()
	forwarding(t, func(s *stage) {
		program := aim(s.t, func(i int, _ hit) reply {
			if i == 1 {
				return reply{status: 500, body: `{"error":"no such table"}`, header: map[string]string{"X-Program": "mine"}}
			}
			return reply{status: 202, body: "thanks"}
		})
		l := s.forwardTo(program.url + "/hook")
		s.quickly(l.endpoint())
		event := s.publish(7)
		last := s.is("delivered", event)
		for i, h := range program.got(s.t, 2) {
			if !listed(h, listenSecret) || h.event != event || h.path != "/hook" || h.n() != 7 || h.attempt != fmt.Sprint(i+1) {
				s.t.Errorf("request %d: path %s, attempt %s, signed: %v, %s", i+1, h.path, h.attempt, listed(h, listenSecret), h.body)
			}
		}
		attempts := s.attempts(last.text("id"))
		if len(attempts) != 2 {
			s.t.Fatalf("%d attempts are logged", len(attempts))
		}
		first, second := attempts[0], attempts[1]
		answer, _ := first["response"].(map[string]any)
		if first.text("outcome") != "failed" || answer["status"] != 500.0 || answer["body"] != `{"error":"no such table"}` || !strings.Contains(fmt.Sprint(answer["headers"]), "X-Program") {
			s.t.Errorf("the first attempt is logged as %v", first)
		}
		if answer, _ := second["response"].(map[string]any); second.text("outcome") != "delivered" || answer["body"] != "thanks" {
			s.t.Errorf("the second attempt is logged as %v", second)
		}
		l.says("✕ 500")
		l.says(`{"error":"no such table"}`)
		l.says("✓ 202")
		l.says("/deliveries/" + last.text("id"))
		if e := s.get("/endpoints/" + l.endpoint()); e.text("kind") != "forward" || e.text("name") != "laptop" || e.text("state") != "active" {
			s.t.Errorf("the endpoint is %v", e)
		}
		if err := l.stop(); err != nil {
			s.t.Errorf("Ctrl-C: %v", err)
		}
		s.must(http.StatusNotFound, s.key, "GET", "/endpoints/"+l.endpoint(), nil)
		if after := s.publish(8); s.get("/events/" + after)["deliveries"] == 1.0 {
			s.t.Error("an event still goes to the listener that stopped")
		}
	})
}

func TestForward_says_in_words_when_the_local_program_is_down(t *testing.T) {
	t.Parallel()
	forwarding(t, func(s *stage) {
		addr := freeAddr(s.t)
		l := s.forwardTo(addr) // without a scheme, as people type it
		event := s.publish(1)
		row := s.onlyDelivery(s.key, event, "waiting")
		eventually(s.t, 10*time.Second, "the attempt is logged", func() bool { return len(s.attempts(row.text("id"))) == 1 })
		attempt := s.attempts(row.text("id"))[0]
		if attempt.text("cause") != "connect_refused" || attempt.text("error") != "nothing listens on "+addr {
			s.t.Errorf("logged: %s, %q", attempt.text("cause"), attempt.text("error"))
		}
		l.says("nothing listens on " + addr)
		tested := s.do(http.StatusOK, "/endpoints/"+l.endpoint()+"/test", nil)
		if tested.text("cause") != "connect_refused" {
			s.t.Errorf("the test says %v", tested)
		}
		if err := l.stop(); err != nil {
			s.t.Errorf("Ctrl-C: %v", err)
		}
		if gone := s.is("cancelled", event); gone.text("reason") != "the listener went away" {
			s.t.Errorf("what waited was cancelled because %q", gone.text("reason"))
		}
	})
}

func TestForward_killed_listeners_miss_nothing_when_they_come_back(t *testing.T) {
	t.Parallel()
	forwarding(t, func(s *stage) {
		program := aim(s.t, func(i int, _ hit) reply { return reply{wait: 100 * time.Millisecond} })
		l := s.forwardTo(program.url)
		endpoint := l.endpoint()
		ids := s.publishSome(1, 20)
		l.process.Process.Signal(syscall.SIGKILL)
		l.ends(5 * time.Second)
		s.pausedFor(endpoint, "listener")
		ids = append(ids, s.publishSome(21, 40)...)
		if held := s.get("/deliveries?state=held").list("data"); len(held) < 20 {
			s.t.Errorf("%d are held while nobody listens", len(held))
		}
		s.must(http.StatusConflict, s.key, "POST", "/endpoints/"+endpoint+"/resume", nil)
		test := s.do(http.StatusOK, "/endpoints/"+endpoint+"/test", nil)
		if !strings.Contains(test.text("error"), "nobody is listening") {
			s.t.Errorf("a test without a listener says %v", test)
		}
		again := s.forwardTo(program.url)
		if again.endpoint() != endpoint {
			s.t.Errorf("it got another endpoint")
		}
		s.is("delivered", ids...)
		seen := map[int]int{}
		for _, h := range program.hits() {
			seen[h.n()]++
		}
		if len(seen) != 40 {
			s.t.Errorf("the program saw %d of 40 events", len(seen))
		}
		for n := 21; n <= 40; n++ {
			if seen[n] != 1 {
				s.t.Errorf("event %d, published while nobody listened, came %d times", n, seen[n])
			}
		}
	})
}

func TestForward_listeners_that_stay_away_are_removed(t *testing.T) {
	t.Parallel()
	forwarding(t, func(s *stage) {
		program := aim(s.t, statuses())
		l := s.forwardTo(program.url)
		endpoint := l.endpoint()
		l.process.Process.Signal(syscall.SIGKILL)
		l.ends(5 * time.Second)
		s.pausedFor(endpoint, "listener")
		event := s.publish(1)
		eventually(s.t, 45*time.Second, "the endpoint is deleted", func() bool {
			status, _ := s.call(s.key, "GET", "/endpoints/"+endpoint, nil)
			return status == http.StatusNotFound
		})
		if gone := s.is("cancelled", event); gone.text("reason") != "the listener went away" {
			s.t.Errorf("cancelled because %q", gone.text("reason"))
		}
	})
}

func TestForward_survives_restarts_of_the_server(t *testing.T) {
	t.Parallel()
	forwarding(t, func(s *stage) {
		program := aim(s.t, statuses())
		l := s.forwardTo(program.url)
		endpoint := l.endpoint()
		program.got(s.t, len(s.publishSome(1, 3)))
		s.kill()
		s.run("serve", "--dev")
		ids := s.publishSome(4, 6)
		s.is("delivered", ids...)
		l.says("trying again")
		l.says("connected again")
		if e := s.get("/endpoints/" + endpoint); e.text("state") != "active" {
			s.t.Errorf("the endpoint is %s", e.text("state"))
		}
		began := time.Now()
		if err := s.stop(); err != nil {
			s.t.Errorf("SIGTERM with a stream open: %v", err)
		}
		if took := time.Since(began); took > 4*time.Second {
			s.t.Errorf("SIGTERM with a stream open took %s", took)
		}
		s.run("serve", "--dev")
		s.is("delivered", s.publishSome(7, 9)...)
		if err := l.stop(); err != nil {
			s.t.Errorf("Ctrl-C: %v", err)
		}
		counts := map[int]int{}
		for _, h := range program.hits() {
			counts[h.n()]++
		}
		if len(counts) != 9 {
			s.t.Errorf("the program saw %v", counts)
		}
	})
}

func TestForward_answers_that_come_after_the_server_stopped_still_count(t *testing.T) {
	t.Parallel()
	forwarding(t, func(s *stage) {
		program := aim(s.t, func(i int, _ hit) reply { return reply{wait: 6 * time.Second, body: "at last"} })
		s.forwardTo(program.url)
		event := s.publish(1)
		program.got(s.t, 1)
		s.stop()
		s.run("serve", "--dev")
		row := s.is("delivered", event)
		attempts := s.attempts(row.text("id"))
		answer, _ := attempts[0]["response"].(map[string]any)
		if attempts[0].text("outcome") != "delivered" || answer["body"] != "at last" {
			s.t.Errorf("the attempt that the stop cut off is logged as %v", attempts[0])
		}
		if request, _ := attempts[0]["request"].(map[string]any); !strings.Contains(fmt.Sprint(request["headers"]), "webhook-signature") {
			s.t.Errorf("its request is logged as %v", request)
		}
	})
}

func TestForward_ends_with_its_key(t *testing.T) {
	t.Parallel()
	forwarding(t, func(s *stage) {
		program := aim(s.t, statuses())
		made := s.must(http.StatusCreated, s.instance, "POST", "/keys", map[string]any{"projectId": s.project, "scopes": []string{"manage", "read"}})
		other := *s
		other.key = made.text("secret")
		l := other.forwardTo(program.url)
		s.must(http.StatusNoContent, s.instance, "DELETE", "/keys/"+made.text("id"), nil)
		if err := l.ends(6 * time.Second); err == nil {
			s.t.Error("a listener whose key is revoked ended as if all were well")
		}
		if !strings.Contains(l.out.String(), "revoked") {
			s.t.Errorf("it does not say why")
		}
		program.stays(s.t, 0, time.Second)
	})
}

func TestForward_a_second_one_of_the_same_name_takes_over(t *testing.T) {
	t.Parallel()
	forwarding(t, func(s *stage) {
		program, next := aim(s.t, statuses()), aim(s.t, statuses())
		first := s.forwardTo(program.url)
		s.publish(1)
		program.got(s.t, 1)
		s.forwardTo(next.url)
		if err := first.ends(6 * time.Second); err == nil || !strings.Contains(first.out.String(), "took over") {
			s.t.Errorf("the first one ended with %v", err)
		}
		s.is("delivered", s.publish(2))
		next.got(s.t, 1)
		program.stays(s.t, 1, 100*time.Millisecond)
	})
}

// door is one address in front of several nodes, as a load balancer is.
type door struct {
	url string
	to  atomic.Pointer[[]*url.URL]
	n   atomic.Int64
}

// newDoor sends requests to its nodes in turn.
func newDoor(t *testing.T, nodes ...*node) *door {
	t.Helper()
	d := &door{}
	d.leadsTo(nodes...)
	proxy := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		all := *d.to.Load()
		r.SetURL(all[int(d.n.Add(1))%len(all)])
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: proxy}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	d.url = "http://" + l.Addr().String()
	return d
}

func (d *door) leadsTo(nodes ...*node) {
	var all []*url.URL
	for _, n := range nodes {
		u, _ := url.Parse(n.url)
		all = append(all, u)
	}
	d.to.Store(&all)
}

// at is the stage seen through a door.
func (s *stage) at(d *door) *stage {
	n := *s.node
	n.url = d.url
	return &stage{node: &n, project: s.project, key: s.key}
}

func TestForward_works_whichever_node_streams_claims_or_is_answered(t *testing.T) {
	t.Parallel()
	a, b := nodes(t, storetest.Postgres(t))
	s := a.stage(t)
	program := aim(t, func(i int, h hit) reply { return reply{body: fmt.Sprint("answer to ", h.n())} })
	l := s.at(newDoor(t, a, b)).forwardTo(program.url) // answers come in at either node
	ids := s.publishSome(1, 20)
	ids = append(ids, s.through(b).publishSome(21, 40)...)
	s.is("delivered", ids...)
	seen := map[int]int{}
	for _, h := range program.hits() {
		seen[h.n()]++
	}
	for n := 1; n <= 40; n++ {
		if seen[n] != 1 {
			t.Errorf("event %d came %d times", n, seen[n])
		}
	}
	for i, id := range ids {
		row := s.onlyDelivery(s.key, id, "delivered")
		attempt := s.attempts(row.text("id"))[0]
		if answer, _ := attempt["response"].(map[string]any); answer["body"] != fmt.Sprint("answer to ", i+1) {
			t.Errorf("event %d has the answer %v", i+1, answer["body"])
		}
	}
	for _, n := range []*node{a, b} { // a test asks the node that is called
		if tested := s.through(n).do(http.StatusOK, "/endpoints/"+l.endpoint()+"/test", nil); tested.text("outcome") != "delivered" {
			t.Errorf("a test through %s: %v", n.url, tested)
		}
	}
}

func TestForward_goes_on_at_another_node_when_its_own_is_killed(t *testing.T) {
	t.Parallel()
	a, b := nodes(t, storetest.Postgres(t))
	s := a.stage(t)
	program := aim(t, statuses())
	front := newDoor(t, a)
	l := s.at(front).forwardTo(program.url)
	s.is("delivered", s.publishSome(1, 5)...)
	front.leadsTo(b)
	a.kill()
	at := s.through(b)
	ids := at.publishSome(6, 25)
	l.says("connected again")
	at.is("delivered", ids...)
	counts := map[int]int{}
	for _, h := range program.hits() {
		counts[h.n()]++
	}
	if len(counts) != 25 {
		t.Errorf("the program saw %d of 25 events", len(counts))
	}
}

func TestForward_keeps_up_with_200_events_a_second(t *testing.T) {
	t.Parallel()
	t.Run("one node", func(t *testing.T) {
		forwarding(t, func(s *stage) { s.keepsUp(s, s) })
	})
	t.Run("two nodes", func(t *testing.T) {
		t.Parallel()
		a, b := nodes(t, storetest.Postgres(t))
		s := a.stage(t)
		s.keepsUp(s.at(newDoor(t, a, b)), s.through(b))
	})
}

// keepsUp publishes 200 events a second for five seconds.
func (s *stage) keepsUp(front, publisher *stage) {
	program := aim(s.t, statuses())
	front.forwardTo(program.url)
	const events, each = 1000, 5 * time.Millisecond
	accepted := make([]time.Time, events+1)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	var room = make(chan struct{}, 16)
	began := time.Now()
	for n := 1; n <= events; n++ {
		time.Sleep(time.Until(began.Add(time.Duration(n) * each)))
		room <- struct{}{}
		go func() {
			defer func() { <-room }()
			request, _ := http.NewRequest("POST", publisher.url+"/api/v1/events", strings.NewReader(fmt.Sprintf(`{"topic":"product.viewed","data":{"n":%d}}`, n)))
			request.Header.Set("Authorization", "Bearer "+s.key)
			request.Header.Set("Content-Type", "application/json")
			accepted[n] = time.Now()
			response, err := client.Do(request)
			if err != nil || response.StatusCode != http.StatusAccepted {
				s.t.Errorf("event %d: %v", n, err)
				return
			}
			response.Body.Close()
		}()
	}
	for range cap(room) {
		room <- struct{}{}
	}
	eventually(s.t, 30*time.Second, "the program saw all events", func() bool { return len(program.hits()) >= events })
	var late []time.Duration
	seen := map[int]int{}
	for _, h := range program.hits() {
		seen[h.n()]++
		late = append(late, h.at.Sub(accepted[h.n()]))
	}
	if len(seen) != events || len(late) != events {
		s.t.Errorf("the program saw %d events in %d requests", len(seen), len(late))
	}
	eventually(s.t, 20*time.Second, "all are logged as delivered", func() bool {
		return len(s.get("/deliveries?state=sending").list("data"))+len(s.get("/deliveries?state=waiting").list("data")) == 0
	})
	slices.Sort(late)
	s.t.Logf("%d events in %s; publish to program: p50 %s, p95 %s, p99 %s", events, time.Since(began).Round(time.Millisecond),
		late[events/2].Round(time.Microsecond), late[events*95/100].Round(time.Microsecond), late[events*99/100].Round(time.Microsecond))
}

func TestForward_says_at_the_first_start_what_is_wrong(t *testing.T) {
	t.Parallel()
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db")).start()
	s := n.stage(t)
	var reading struct{ Secret string }
	if err := json.Unmarshal([]byte(n.command("key", "create", "--json", "--scopes", "read", "--project", s.project)), &reading); err != nil {
		t.Fatal(err)
	}
	stranger := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(stranger.Close)
	nobody := "http://" + freeAddr(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a wrong key":       {[]string{"--key", "bw_nonsense", "--url", s.url}, "--key takes the secret of an API key of " + s.url},
		"a key that reads":  {[]string{"--key", reading.Secret, "--url", s.url}, "--key needs an API key with scopes manage and read"},
		"no key":            {[]string{"--url", s.url}, "--forward needs --key"},
		"no Bellwire":       {[]string{"--key", s.key, "--url", stranger.URL}, "is " + stranger.URL + " Bellwire?"},
		"no URL":            {[]string{"--key", s.key, "--url", "ftp://bell.example"}, "--url ftp://bell.example is no http://"},
		"no project":        {[]string{"--key", s.instance, "--url", s.url, "--project", "ext:nobody"}, "404"},
		"an unknown topic":  {[]string{"--key", s.key, "--url", strings.TrimPrefix(s.url, "http://"), "--topics", "prodct.viewed"}, "the nearest is product.viewed"},
		"nobody there":      {[]string{"--key", s.key, "--url", nobody}, "no connection to " + nobody + " (connection refused); trying again\n"},
		"and Ctrl-C before": {[]string{"--key", s.key, "--url", nobody}, "Stopped: " + nobody + " was not reached."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
			defer stop()
			listen := exec.CommandContext(ctx, binary, append([]string{"listen", "--forward", "3000"}, c.args...)...)
			listen.Env = clean(os.Environ())
			out := &buffer{}
			listen.Stdout, listen.Stderr = out, out
			if err := listen.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- listen.Wait() }()
			eventually(t, 15*time.Second, "it says "+c.want, func() bool {
				if strings.Contains(out.String(), "trying again") {
					listen.Process.Signal(syscall.SIGINT)
				}
				return strings.Contains(out.String(), c.want)
			})
			listen.Process.Signal(syscall.SIGINT)
			if <-ended; ctx.Err() != nil {
				t.Errorf("it does not end: %s", out.String())
			}
			if strings.Count(out.String(), "the nearest is") > 1 {
				t.Errorf("it says it twice: %s", out.String())
			}
		})
	}
}
