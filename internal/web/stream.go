package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/bellwire/bellwire/internal/webhook"
)

// The bounds of answers that go on while something happens (server-sent
// events). A browser opens one again by itself when it has ended.
const (
	maxStreams    = 256 // in this process
	streamsOfOne  = 12  // of one person
	readAtOnce    = 4   // streams that ask the database at a moment
	retryAfter    = 2 * time.Second
	maxStreamPart = 256 << 10 // bytes of one message
	// restFactor keeps a stream out of the database's way: after a look it
	// rests for so many times as long as the look took.
	restFactor = 20
)

// Pace is how often a stream does what.
type Pace struct {
	// Look is the time between two looks at what changed, at least.
	Look time.Duration
	// Check is how often it is asked again whether the person may still look,
	// while there is nothing to send; before something is sent it always is.
	Check time.Duration
	// Beat is how long a stream may be silent.
	Beat time.Duration
	// Life is when it ends, to be opened again.
	Life time.Duration
	// Write is how long a reader may take for one message.
	Write time.Duration
}

var usualPace = Pace{Look: time.Second, Check: 5 * time.Second, Beat: 15 * time.Second, Life: 10 * time.Minute, Write: 10 * time.Second}

// streams counts those that are open. Its zero value is not ready to use.
type streams struct {
	stop  func()
	ended <-chan struct{} // closed by stop
	turns chan struct{}

	mu    sync.Mutex // guards all below
	open  map[webhook.UserID]int
	total int
}

func newStreams() *streams {
	ctx, stop := context.WithCancel(context.Background())
	return &streams{stop: stop, ended: ctx.Done(), turns: make(chan struct{}, readAtOnce), open: map[webhook.UserID]int{}}
}

// enter takes a place; the answer gives it back.
func (s *streams) enter(user webhook.UserID) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.open[user] >= streamsOfOne:
		return nil, webhook.Limited("you have %d live pages open; close one", streamsOfOne)
	case s.total >= maxStreams:
		return nil, webhook.Limited("too many live pages are open on this server")
	}
	s.open[user]++
	s.total++
	return func() { s.leave(user) }, nil
}

func (s *streams) leave(user webhook.UserID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total--
	if s.open[user]--; s.open[user] == 0 {
		delete(s.open, user)
	}
}

// EndStreams ends every open stream and lets none begin: the server stops.
func (w *Web) EndStreams() { w.streams.stop() }

// message is one server-sent event.
type message struct{ event, data string }

// over tells the page that nothing will follow, so that it asks no more.
func over(why string) message { return message{"over", why} }

// follow answers with what look finds, again and again, until look says that
// it is over, the person goes or may no longer see it, or the server stops.
func (w *Web) follow(c *gin.Context, look func(ctx context.Context) (found []message, done bool, err error)) error {
	leave, err := w.streams.enter(w.caller(c).User.ID)
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(c.Request.Context(), w.pace.Life)
	defer cancel()
	s := begin(c, w.pace.Write)
	checked := time.Now()
	for {
		began := time.Now()
		found, done, err := w.inTurn(ctx, look)
		// Nothing is sent to whoever was signed out since the last time.
		if err == nil && (len(found) > 0 || time.Since(checked) >= w.pace.Check) {
			err = w.stillSees(ctx, c)
			checked = time.Now()
		}
		if err != nil {
			return w.endStream(c, s, err)
		}
		if s.send(found...) != nil || done || s.beat(w.pace.Beat) != nil {
			return nil
		}
		if !w.rest(ctx, max(w.pace.Look, restFactor*time.Since(began))) {
			return nil
		}
	}
}

// inTurn looks when few others do.
func (w *Web) inTurn(ctx context.Context, look func(context.Context) ([]message, bool, error)) ([]message, bool, error) {
	select {
	case w.streams.turns <- struct{}{}:
		defer func() { <-w.streams.turns }()
		return look(ctx)
	case <-ctx.Done():
		return nil, true, nil
	}
}

// rest waits and reports whether the stream goes on.
func (w *Web) rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-w.streams.ended:
	}
	return false
}

// stillSees asks again what admit asked: a session can be ended, a member
// removed. It does not count as something the person did.
func (w *Web) stillSees(ctx context.Context, c *gin.Context) error {
	_, found, err := w.Sessions.SessionFind(ctx, hashToken(w.sessions.Token(c.Request.Context())))
	if err == nil && !found {
		err = webhook.Unauthorized("the session has ended")
	}
	if err != nil {
		return err
	}
	caller, err := w.Manage.CallerOf(ctx, w.caller(c).User.ID, false, c.ClientIP())
	if err != nil {
		return err
	}
	if caller.User.Proof() != w.caller(c).User.Proof() {
		return webhook.Unauthorized("the session has ended")
	}
	if _, err := w.Manage.Project(ctx, caller, w.project(c).ID); err != nil {
		return err
	}
	c.Set(ctxCaller, caller)
	return nil
}

// endStream says why, if that is the person's to know; after a fault of ours
// the browser comes again.
func (w *Web) endStream(c *gin.Context, s *stream, err error) error {
	switch webhook.KindOf(err) {
	case webhook.KindUnauthorized, webhook.KindForbidden, webhook.KindNotFound:
		_ = s.send(over("gone")) // it ends either way
	default:
		if c.Request.Context().Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
			w.Log.WarnContext(c.Request.Context(), "a live page broke off", slog.String("route", c.FullPath()), slog.Any("error", err))
		}
	}
	return nil
}

// stream is one open answer.
type stream struct {
	out     gin.ResponseWriter
	control *http.ResponseController
	patient time.Duration // with the reader of one write
	last    time.Time     // of the latest write
}

// begin sends the head. The server's bounds on a whole request and answer do
// not fit: each write has its own.
func begin(c *gin.Context, patient time.Duration) *stream {
	s := &stream{out: c.Writer, control: http.NewResponseController(c.Writer), patient: patient}
	_ = s.control.SetReadDeadline(time.Time{}) // not all writers have one, those of tests
	h := c.Writer.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would keep it back
	c.Status(http.StatusOK)
	_ = s.write(fmt.Sprintf("retry: %d\n\n", retryAfter.Milliseconds())) // a broken connection shows at the next write
	return s
}

func (s *stream) send(messages ...message) error {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString("event: " + m.event + "\n")
		for line := range strings.SplitSeq(lineEnds.Replace(m.data), "\n") {
			b.WriteString("data: " + line + "\n")
		}
		b.WriteString("\n")
	}
	if b.Len() == 0 {
		return nil
	}
	return s.write(b.String())
}

// lineEnds makes one of the three line ends that the format knows.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// beat writes something if nothing was written for so long: proxies close what
// is silent.
func (s *stream) beat(every time.Duration) error {
	if time.Since(s.last) < every {
		return nil
	}
	return s.write(":\n\n")
}

func (s *stream) write(text string) error {
	s.last = time.Now()
	_ = s.control.SetWriteDeadline(s.last.Add(s.patient)) // as above
	if _, err := s.out.WriteString(text); err != nil {
		return err
	}
	return s.control.Flush()
}
