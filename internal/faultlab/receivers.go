package faultlab

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// receivers are all receivers behind one proxy.
type receivers struct {
	lab     *lab
	server  *http.Server
	proxy   *proxy
	trap    net.Listener
	trapped atomic.Int64
	mu      sync.Mutex // guards random and paths
	random  *rand.Rand
	paths   map[string]*endpoint
}

// answering decides how a receiver answers: after a while, with a status or by
// closing the connection. The draw is in 0..1.
type answering func(draw float64) (wait time.Duration, status int)

func steady(float64) (time.Duration, int) { return 0, http.StatusOK }

func dead(float64) (time.Duration, int) { return 0, http.StatusInternalServerError }

func flaky(draw float64) (time.Duration, int) {
	switch {
	case draw < .12:
		return 0, http.StatusInternalServerError
	case draw < .2:
		return 0, http.StatusServiceUnavailable
	case draw < .3:
		return 0, closed
	}
	return 0, http.StatusOK
}

// slow mostly answers in time; a few answers come too late.
func slow(draw float64) (time.Duration, int) {
	if draw < .01 {
		return timeout + 500*time.Millisecond, http.StatusOK
	}
	return time.Duration(100+400*draw) * time.Millisecond, http.StatusOK
}

func openReceivers(l *lab) (*receivers, error) {
	r := &receivers{lab: l, random: l.stream(forReceivers), paths: map[string]*endpoint{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r.server = &http.Server{Handler: http.HandlerFunc(r.receive), ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(listener) }() // it ends with close
	if r.trap, err = net.Listen("tcp", "127.0.0.2:0"); err != nil {
		return nil, err
	}
	go r.watch()
	r.proxy, err = newProxy("tcp", "127.0.0.1:0", "tcp", listener.Addr().String())
	return r, err
}

// watch counts who walks into the trap.
func (r *receivers) watch() {
	for {
		conn, err := r.trap.Accept()
		if err != nil {
			return
		}
		r.trapped.Add(1)
		conn.Close()
	}
}

func (r *receivers) close() {
	r.proxy.close()
	r.server.Close()
	r.trap.Close()
}

// url is where endpoints point to: the proxy.
func (r *receivers) url() string { return "http://" + r.proxy.addr() }

func (r *receivers) serve(e *endpoint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths[e.path] = e
}

// find is whose path it is, and what the dice say.
func (r *receivers) find(path string) (*endpoint, float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.paths[path], r.random.Float64()
}

// receive writes a request down, then answers it.
func (r *receivers) receive(w http.ResponseWriter, in *http.Request) {
	e, draw := r.find(in.URL.Path)
	body, err := io.ReadAll(in.Body)
	if err != nil || e == nil {
		w.WriteHeader(http.StatusNotFound)
		return // it was cut off on its way: nobody got it
	}
	seen := newRequest(e, in, body)
	wait, status := e.answer(draw)
	seen.Status = status
	r.lab.journal.saw(seen)
	r.lab.points.reach(r.lab, arrival, in.RemoteAddr)
	pause(context.WithoutCancel(in.Context()), wait)
	if status == closed {
		hangUp(w)
		return
	}
	w.WriteHeader(status)
	_ = http.NewResponseController(w).Flush() // whoever went away is told nothing
	r.lab.journal.answered(seen)
	r.lab.points.reach(r.lab, answerGiven, in.RemoteAddr)
}

func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.Close()
	}
}

// newRequest reads what a receiver can know.
func newRequest(e *endpoint, in *http.Request, body []byte) *request {
	var envelope struct {
		Type string
		Data json.RawMessage
	}
	r := &request{
		At: time.Now(), Path: e.path, endpoint: e, Event: in.Header.Get("webhook-id"),
		Delivery: in.Header.Get("X-Bellwire-Delivery-Id"), Attempt: in.Header.Get("X-Bellwire-Attempt-Id"),
	}
	r.Number, _ = strconv.Atoi(in.Header.Get("X-Bellwire-Attempt")) // 0 is as wrong as a word
	if err := json.Unmarshal(body, &envelope); err != nil {
		r.Wrong = "the body is no JSON: " + err.Error()
		return r
	}
	r.Topic, r.Data = envelope.Type, string(envelope.Data)
	r.Wrong = verify(e.secret, in.Header, body, r.At)
	return r
}

// skewed is how far a signature's time may be from its arrival: a paused node
// or network may hold a request for its timeout.
const skewed = 5 * time.Second

// verify judges a signature as the Standard Webhooks specification says; what
// is wrong comes in words.
func verify(secret string, header http.Header, body []byte, now time.Time) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return "the secret is no base64"
	}
	stamp := header.Get("webhook-timestamp")
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(header.Get("webhook-id") + "." + stamp + "."))
	mac.Write(body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); !strings.Contains(" "+header.Get("webhook-signature")+" ", " "+want+" ") {
		return "the signature is wrong"
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return "the timestamp is no number"
	}
	if late := now.Sub(time.Unix(seconds, 0)); late > skewed+time.Second || late < -skewed {
		return "the timestamp is " + late.Round(time.Millisecond).String() + " off"
	}
	return ""
}
