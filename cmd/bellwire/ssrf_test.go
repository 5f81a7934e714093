package main_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// trap listens on every address of this machine, loopback's among them, and
// counts who comes.
func trap(t *testing.T) (port string, came *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	came = &atomic.Int32{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			came.Add(1)
			conn.Close()
		}
	}()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port, came
}

// TestAddresses_that_must_not_be_reached_are_refused_by_the_binary makes an
// endpoint of every row of the table that is refused when it is saved, and of
// what loopback is called with a port where somebody listens. The rows that
// need a name server of their own are played in internal/app.
func TestAddresses_that_must_not_be_reached_are_refused_by_the_binary(t *testing.T) {
	t.Parallel()
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db"))
	n.env = append(n.env, "BELLWIRE_ALLOW_HTTP=true", "BELLWIRE_BASE_URL=https://hooks.self.example")
	n.startStrict()
	port, came := trap(t)
	key := n.key("--project", n.project("rows"))
	text, err := os.ReadFile("../../internal/egress/testdata/ssrf-cases.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var urls []string
	for line := range strings.Lines(string(text)) {
		columns := strings.Split(line, "\t")
		if columns[1] == "block" && strings.HasPrefix(columns[2], "S:") && !strings.Contains(columns[0], " [policy:") {
			urls = append(urls, strings.NewReplacer("SELF_PUBLIC_HOST", "hooks.self.example", `\t`, "\t", `\r`, "\r", `\n`, "\n").Replace(columns[0]))
		}
	}
	if len(urls) < 115 {
		t.Fatalf("only %d rows", len(urls))
	}
	for _, host := range []string{
		"127.0.0.1", "127.1", "127.0.0.2", "0.0.0.0", "0", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "LOCALHOST.", "ip6-localhost", "127.0.0.1.", "１２７.０.０.１",
		"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[0:0:0:0:0:0:0:1]",
	} {
		urls = append(urls, "http://"+host+":"+port+"/", "https://"+host+":"+port+"/")
	}
	for _, url := range urls {
		for path, topics := range map[string]string{"/endpoints": "topics", "/webhooks": "events"} {
			if status, answer := n.raw(key, "POST", path, map[string]any{"url": url, topics: []string{"*"}}); status != http.StatusUnprocessableEntity || !strings.Contains(string(answer), "body.url") {
				t.Errorf("%s of %.90q: %d %s", path, url, status, answer)
			}
		}
	}
	if left := n.must(http.StatusOK, key, "GET", "/endpoints", nil).list("data"); len(left) != 0 || came.Load() != 0 {
		t.Errorf("%d endpoints were made and %d connections reached this machine", len(left), came.Load())
	}
}

func TestAddresses_that_a_receiver_redirects_to_are_not_asked(t *testing.T) {
	t.Parallel()
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db")).start()
	s := n.stage(t)
	port, came := trap(t)
	var receivers []*target
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{"http://127.0.0.1:" + port + "/", "http://[::1]:" + port + "/", "//localhost:" + port, "file:///etc/passwd"} {
			r := aim(t, func(int, hit) reply { return reply{status: status, header: map[string]string{"Location": to}} })
			s.on(r.url+"/hook", map[string]any{"name": fmt.Sprint(status, to), "retry": retries(3600)})
			receivers = append(receivers, r)
		}
	}
	event := s.publish(1)
	eventually(t, 60*time.Second, "every receiver was asked once and refused", func() bool {
		rows := s.get("/deliveries?limit=100&eventId=" + event).list("data")
		for _, d := range rows {
			if attempts := s.attempts(d.text("id")); len(attempts) != 1 || attempts[0].text("cause") != "redirect_refused" {
				return false
			}
		}
		return len(rows) == len(receivers)
	})
	for _, r := range receivers {
		if hits := r.hits(); len(hits) != 1 {
			t.Errorf("a receiver was asked %d times", len(hits))
		}
	}
	if n := came.Load(); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}
