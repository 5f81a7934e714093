package main_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/store/storetest"
)

// verified reports whether a header of format plain signs the body with the
// secret.
func verified(h hit, header, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(h.body))
	return hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(h.header.Get(header)))
}

// listed reports whether webhook-signature has one by the secret, as the
// Standard Webhooks libraries read it.
func listed(h hit, secret string) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", h.event, h.header.Get("webhook-timestamp"), h.body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, one := range strings.Fields(h.header.Get("webhook-signature")) {
		if one == want {
			return true
		}
	}
	return false
}

const mainHeader = "X-Webhook-Signature"

// signedBy reports whether any of a request's signatures is by the secret.
func signedBy(h hit, secret string) bool {
	return verified(h, mainHeader, secret) || verified(h, mainHeader+"-Next", secret) || verified(h, mainHeader+"-Previous", secret) || listed(h, secret)
}

// steadily publishes twenty events a second through each stage in turn until
// stopped, and answers how many were accepted.
func steadily(stages ...*stage) (stop func() int) {
	quit, done := make(chan struct{}), make(chan int)
	go func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for n := 1; ; n++ {
			select {
			case <-quit:
				done <- n - 1
				return
			case <-tick.C:
				s := stages[n%len(stages)]
				if status, answer := s.call(s.key, "POST", "/events", viewed); status != http.StatusAccepted {
					s.t.Errorf("publishing was answered %d %v", status, answer)
				}
			}
		}
	}()
	return func() int {
		close(quit)
		return <-done
	}
}

// TestRotation_rejects_nothing rotates, switches, undoes and switches again
// under load, before a receiver that knows either secret and looks at the main
// header only.
func TestRotation_rejects_nothing(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		s := n.start().stage(t)
		var mu sync.Mutex
		known := []string{}
		r := aim(t, func(_ int, h hit) reply {
			mu.Lock()
			defer mu.Unlock()
			for _, secret := range known {
				if verified(h, mainHeader, secret) && listed(h, secret) {
					return reply{}
				}
			}
			return reply{status: 401}
		})
		learn := func(secret string) string {
			mu.Lock()
			defer mu.Unlock()
			known = append(known, secret)
			return secret
		}
		e := s.endpoint(s.key, r.url, map[string]any{"format": "plain"})
		at := "/endpoints/" + e.text("id") + "/secret/"
		old := learn(e.text("secret"))
		stop := steadily(s)
		time.Sleep(300 * time.Millisecond)
		fresh := learn(s.do(http.StatusOK, at+"rotate", nil).text("secret"))
		s.do(http.StatusConflict, at+"rotate", nil)
		s.wantSigned(r, "rotate", old, "-Next", fresh)
		if answer := s.do(http.StatusOK, "/endpoints/"+e.text("id")+"/test", map[string]any{"useNext": true}); answer.text("outcome") != "delivered" {
			t.Errorf("the test with the next secret: %v", answer)
		}
		s.do(http.StatusOK, at+"switch", nil)
		s.wantSigned(r, "switch", fresh, "-Previous", old)
		s.do(http.StatusOK, at+"undo", nil)
		s.wantSigned(r, "undo", old, "-Next", fresh)
		s.do(http.StatusOK, at+"switch", nil)
		s.wantSigned(r, "the second switch", fresh, "-Previous", old)
		accepted := stop()
		r.got(t, accepted+1)
		for _, d := range s.get("/deliveries?limit=200").list("data") {
			if d["attemptCount"] != float64(1) {
				t.Errorf("a request was rejected: %v", d)
			}
		}
	})
}

// wantSigned checks requests of a moment after a step: the main header, the
// one beside it, and both secrets in the list.
func (s *stage) wantSigned(r *target, step, first, beside, second string) {
	s.t.Helper()
	time.Sleep(1200 * time.Millisecond)
	for _, h := range r.got(s.t, len(r.hits())+10)[len(r.hits())-10:] {
		if !verified(h, mainHeader, first) || !verified(h, mainHeader+beside, second) || !listed(h, first) || !listed(h, second) {
			s.t.Fatalf("after %s a request carries %v", step, h.header)
		}
	}
}

// nodes starts two on one PostgreSQL database.
func nodes(t *testing.T, database string) (a, b *node) {
	a = newNode(t, database).start()
	b = newNode(t, database)
	b.instance = a.instance
	return a, b.start()
}

// through is the same project seen from another node.
func (s *stage) through(n *node) *stage {
	return &stage{node: n.as(s.t), project: s.project, key: s.key}
}

func TestTwoNodes_stop_signing_with_a_compromised_secret(t *testing.T) {
	t.Parallel()
	a, b := nodes(t, storetest.Postgres(t))
	s := a.stage(t)
	r := aim(t, statuses())
	e := s.endpoint(s.key, r.url, map[string]any{"format": "plain"})
	old := e.text("secret")
	stop := steadily(s, s.through(b))
	r.got(t, 20)
	answer := s.do(http.StatusOK, "/endpoints/"+e.text("id")+"/secret/compromised", nil)
	since := time.Now()
	time.Sleep(4 * time.Second)
	accepted := stop()
	late := 0
	for _, h := range r.got(t, accepted) {
		switch after := h.at.Sub(since); {
		case after > 2*time.Second && !verified(h, mainHeader, answer.text("secret")):
			t.Fatalf("%s after the replacement the main header is %q", after, h.header.Get(mainHeader))
		case after > 2*time.Second && signedBy(h, old):
			t.Fatalf("%s after the replacement a request is signed with the old secret", after)
		case after > 2*time.Second:
			late++
		}
	}
	if late < 20 {
		t.Fatalf("only %d requests came late enough to tell", late)
	}
}

func TestTwoNodes_give_a_new_endpoint_the_very_next_event(t *testing.T) {
	t.Parallel()
	a, b := nodes(t, storetest.Postgres(t))
	s := a.stage(t)
	other := s.through(b)
	r := aim(t, statuses())
	for i := range 50 {
		e := s.on(fmt.Sprintf("%s/%d", r.url, i), nil)
		if answer := other.do(http.StatusAccepted, "/events", viewed); answer["deliveries"] != float64(1) {
			t.Fatalf("event %d: %v", i, answer)
		}
		r.got(t, i+1)
		other.must(http.StatusNoContent, s.key, "DELETE", "/endpoints/"+e, nil)
		if answer := s.do(http.StatusAccepted, "/events", viewed); answer["deliveries"] != float64(0) {
			t.Fatalf("event %d went to a deleted endpoint: %v", i, answer)
		}
	}
}

// TestTwoNodes_hold_limits_together publishes through both.
func TestTwoNodes_hold_limits_together(t *testing.T) {
	t.Parallel()
	a, b := nodes(t, storetest.Postgres(t))
	s := a.stage(t)
	other := s.through(b)
	narrow := aim(t, func(int, hit) reply { return reply{wait: 100 * time.Millisecond} })
	ordered := aim(t, statuses(500))
	rated := aim(t, statuses())
	s.on(narrow.url, map[string]any{"maxInFlight": 2})
	s.on(ordered.url, map[string]any{"ordered": true, "retry": retries(1)})
	s.on(rated.url, map[string]any{"ratePerSecond": 10})
	for i := range 20 {
		s.publish(2*i + 1)
		other.publish(2*i + 2)
	}
	wantOpen(t, narrow.got(t, 40), 2)
	hits := ordered.got(t, 41)
	wantOrder(t, hits)
	wantOpen(t, hits, 1)
	all := rated.got(t, 40)
	if span := all[39].at.Sub(all[0].at); span < 3500*time.Millisecond {
		t.Errorf("40 requests at 10 a second took %s", span)
	}
}

// TestTwoNodes_take_over_the_work_of_a_killed_one kills a node with a request
// on the wire.
func TestTwoNodes_take_over_the_work_of_a_killed_one(t *testing.T) {
	t.Parallel()
	a, b := nodes(t, storetest.Postgres(t))
	s := a.stage(t)
	r := aim(t, func(i int, _ hit) reply {
		if i == 1 {
			return reply{wait: 900 * time.Millisecond}
		}
		return reply{}
	})
	s.on(r.url, map[string]any{"timeoutSeconds": 1})
	event := s.publish(1)
	r.got(t, 1)
	if list := b.must(http.StatusOK, b.instance, "GET", "/system", nil).list("nodes"); len(list) != 2 ||
		list[0]["sending"] != 1.0 || list[0]["state"] != "alive" || list[1]["sending"] != 0.0 || list[1]["answering"] != true {
		t.Errorf("before the kill the nodes are %v", list)
	}
	a.kill()
	started := time.Now()
	eventually(t, 45*time.Second, "the other node sent it", func() bool { return len(r.hits()) == 2 })
	t.Logf("taken over after %s", time.Since(started))
	other := s.through(b)
	d := other.is("delivered", event)
	attempts := other.attempts(d.text("id"))
	if len(attempts) != 2 || attempts[0].text("outcome") != "unknown" || attempts[1].text("outcome") != "delivered" {
		t.Errorf("the log says %v", attempts)
	}
	eventually(t, 60*time.Second, "the killed node is shown silent, with nothing in hand", func() bool {
		killed := b.must(http.StatusOK, b.instance, "GET", "/system", nil).list("nodes")[0]
		return killed["state"] != "alive" && killed["sending"] == 0.0
	})
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
	a.start()
	eventually(t, 15*time.Second, "the new node is listed beside the killed one, and the one that stopped in good order is not", func() bool {
		list := a.must(http.StatusOK, a.instance, "GET", "/system", nil).list("nodes")
		return len(list) == 2 && list[0]["state"] != "alive" && list[1]["state"] == "alive"
	})
}

// TestDatabase_outage_loses_nothing cuts the database off while requests are
// out.
func TestDatabase_outage_loses_nothing(t *testing.T) {
	t.Parallel()
	gate := newGate(t, storetest.Postgres(t))
	n := newNode(t, gate.url).start()
	s := n.stage(t)
	r := aim(t, func(int, hit) reply { return reply{wait: time.Second} })
	s.on(r.url, nil)
	events := s.publishSome(1, 10)
	r.got(t, 10)
	gate.shut()
	if status, answer := s.call(s.key, "POST", "/events", viewed); status != http.StatusServiceUnavailable {
		t.Errorf("publishing without a database was answered %d %v", status, answer)
	}
	eventually(t, 10*time.Second, "the node is not ready", func() bool { return s.ready() == http.StatusServiceUnavailable })
	time.Sleep(2 * time.Second)
	gate.open()
	eventually(t, 10*time.Second, "the node is ready again", func() bool { return s.ready() == http.StatusOK })
	s.is("delivered", events...)
	s.is("delivered", s.publish(11))
	if got := len(r.hits()); got != 11 {
		t.Errorf("%d requests for 11 events: what was out when the database went must not go twice", got)
	}
}

func (n *node) ready() int {
	response, err := http.Get(n.url + "/readyz")
	if err != nil {
		n.t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// gate stands before a database's socket and can be shut.
type gate struct {
	t          *testing.T
	url        string
	near, far  string
	mu         sync.Mutex
	listener   net.Listener
	conns      []net.Conn
	forwarding sync.WaitGroup
}

func newGate(t *testing.T, database string) *gate {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "gate") // short: the name of a socket has 108 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	g := &gate{t: t, far: filepath.Join(query.Get("host"), ".s.PGSQL.5432"), near: filepath.Join(dir, ".s.PGSQL.5432")}
	query.Set("host", dir)
	u.RawQuery = query.Encode()
	g.url = u.String()
	g.open()
	t.Cleanup(func() {
		g.shut()
		os.RemoveAll(dir)
	})
	return g
}

func (g *gate) open() {
	g.t.Helper()
	listener, err := net.Listen("unix", g.near)
	if err != nil {
		g.t.Fatal(err)
	}
	g.mu.Lock()
	g.listener = listener
	g.mu.Unlock()
	g.forwarding.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			g.forward(conn)
		}
	})
}

func (g *gate) forward(conn net.Conn) {
	server, err := net.Dial("unix", g.far)
	if err != nil {
		conn.Close()
		return
	}
	g.mu.Lock()
	g.conns = append(g.conns, conn, server)
	g.mu.Unlock()
	for _, pair := range [][2]net.Conn{{conn, server}, {server, conn}} {
		g.forwarding.Go(func() {
			_, _ = io.Copy(pair[0], pair[1]) // the end of either ends both
			pair[0].Close()
			pair[1].Close()
		})
	}
}

// shut cuts every connection and refuses new ones.
func (g *gate) shut() {
	g.mu.Lock()
	g.listener.Close()
	for _, conn := range g.conns {
		conn.Close()
	}
	g.conns = nil
	g.mu.Unlock()
	g.forwarding.Wait()
}
