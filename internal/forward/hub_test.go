package forward_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bellwire/bellwire/internal/forward"
	"github.com/bellwire/bellwire/internal/mint"
	"github.com/bellwire/bellwire/internal/webhook"
)

// table is what nodes share, in memory.
type table struct {
	mu      sync.Mutex
	heard   int
	left    []webhook.StreamID
	parcels []webhook.Parcel
	replies map[webhook.AttemptID]webhook.Reply
	ends    map[webhook.EndpointID]webhook.StreamEnd
	nodes   []*forward.Hub
}

func (s *table) do(f func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	return nil
}

func (s *table) StartStream(context.Context, webhook.Listener, webhook.StreamID) error { return nil }

func (s *table) LeaveStream(_ context.Context, _ webhook.Listener, stream webhook.StreamID) error {
	return s.do(func() { s.left = append(s.left, stream) })
}

func (s *table) KeepStreams(context.Context, map[webhook.EndpointID]webhook.StreamID) (ends map[webhook.EndpointID]webhook.StreamEnd, err error) {
	return ends, s.do(func() { ends = maps.Clone(s.ends) })
}

func (s *table) HearListener(context.Context, webhook.Listener) error {
	return s.do(func() { s.heard++ })
}
func (s *table) SweepListeners(context.Context) (bool, error) { return false, nil }

func (s *table) PutParcels(_ context.Context, parcels []webhook.Parcel) error {
	return s.do(func() { s.parcels = append(s.parcels, parcels...) })
}

func (s *table) TakeParcels(_ context.Context, endpoints []webhook.EndpointID) (taken []webhook.Parcel, err error) {
	return taken, s.do(func() {
		s.parcels = slices.DeleteFunc(s.parcels, func(p webhook.Parcel) bool {
			if slices.Contains(endpoints, p.EndpointID) {
				taken = append(taken, p)
				return true
			}
			return false
		})
	})
}

func (s *table) WithdrawParcel(_ context.Context, attempt webhook.AttemptID) (back bool, err error) {
	return back, s.do(func() {
		before := len(s.parcels)
		s.parcels = slices.DeleteFunc(s.parcels, func(p webhook.Parcel) bool { return p.AttemptID == attempt })
		back = len(s.parcels) < before
	})
}

func (s *table) PutReplies(_ context.Context, replies []webhook.Reply) error {
	return s.do(func() {
		for _, r := range replies {
			s.replies[r.AttemptID] = r
		}
	})
}

func (s *table) TakeReplies(_ context.Context, attempts []webhook.AttemptID) (taken []webhook.Reply, err error) {
	return taken, s.do(func() {
		for _, id := range attempts {
			if r, ok := s.replies[id]; ok {
				taken = append(taken, r)
				delete(s.replies, id)
			}
		}
	})
}

func (s *table) TakeLateReplies(context.Context) ([]webhook.Reply, error) { return nil, nil }
func (s *table) DropOldParcels(context.Context) error                     { return nil }

func (s *table) NotifyMail(context.Context) error {
	for _, n := range s.nodes {
		n.Mail()
	}
	return nil
}

// scene is some nodes over one table, and a listener.
type scene struct {
	*table
	t *testing.T
	// ctx ends with the scene.
	ctx  context.Context
	who  webhook.Listener
	late []webhook.Reply
}

// play runs a test in a bubble, on a number of nodes.
func play(t *testing.T, nodes int, test func(t *testing.T, s *scene)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		s := &scene{table: &table{replies: map[webhook.AttemptID]webhook.Reply{}}, t: t, ctx: ctx, who: listener()}
		for range nodes {
			s.nodes = append(s.nodes, forward.New(forward.Options{Store: s.table, Wake: func() {}, Late: s.outStill}))
		}
		for _, n := range s.nodes {
			go n.Run(ctx)
		}
		defer stop()
		test(t, s)
	})
}

// outStill is a log in which no attempt has ended.
func (s *scene) outStill(_ context.Context, r webhook.Reply, _ bool) error {
	return errors.Join(s.do(func() { s.late = append(s.late, r) }), forward.ErrOut)
}

// soon receives within a minute of the bubble's time, which would go on for ever.
func soon[T any](s *scene, from <-chan T) T {
	s.t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(time.Minute):
		s.t.Fatal("nothing came")
		panic("unreachable")
	}
}

func listener() webhook.Listener {
	return webhook.Listener{EndpointID: webhook.EndpointID{UUID: mint.UUID(time.Now())}, ProjectID: webhook.ProjectID{UUID: mint.UUID(time.Now())}}
}

func (s *scene) parcel() webhook.Parcel {
	return webhook.Parcel{
		ProjectID: s.who.ProjectID, EndpointID: s.who.EndpointID, DeliveryID: webhook.DeliveryID{UUID: mint.UUID(time.Now())},
		AttemptID: webhook.AttemptID{UUID: mint.UUID(time.Now())}, Timeout: 15 * time.Second,
	}
}

func said(p webhook.Parcel, status int) []webhook.Reply {
	return []webhook.Reply{{DeliveryID: p.DeliveryID, AttemptID: p.AttemptID, Response: webhook.Response{Status: status}}}
}

// open is a stream of the listener at a node.
type open struct {
	got   chan webhook.Parcel
	ended chan webhook.StreamEnd
	leave context.CancelFunc
	// full, once closed, lets writes go on; nil never stops them.
	full chan struct{}
}

func (s *scene) stream(node int) *open { return s.slowStream(node, nil) }

func (s *scene) slowStream(node int, full chan struct{}) *open {
	ctx, leave := context.WithCancel(s.ctx)
	o := &open{got: make(chan webhook.Parcel, 100), ended: make(chan webhook.StreamEnd, 1), leave: leave, full: full}
	go func() {
		why, err := s.nodes[node].Serve(ctx, s.who, func(parcels []webhook.Parcel) error {
			for _, p := range parcels {
				o.got <- p
			}
			if len(parcels) > 0 && o.full != nil {
				<-o.full
			}
			return nil
		})
		if err != nil {
			s.t.Error(err)
		}
		o.ended <- why
	}()
	synctest.Wait()
	return o
}

// sends has a node's dispatcher forward a parcel.
func (s *scene) sends(node int, p webhook.Parcel) <-chan webhook.Reply {
	reply := make(chan webhook.Reply, 1)
	go func() { reply <- s.nodes[node].Forward(s.ctx, p) }()
	synctest.Wait()
	return reply
}

func TestForward_reaches_the_stream_and_the_answer_the_sender_whichever_nodes_they_are_on(t *testing.T) {
	t.Parallel()
	for _, at := range [][3]int{{0, 0, 0}, {0, 1, 1}, {0, 1, 0}, {0, 1, 2}, {0, 0, 1}} {
		play(t, 3, func(t *testing.T, s *scene) {
			stream, p := s.stream(at[1]), s.parcel()
			reply := s.sends(at[0], p)
			if got := soon(s, stream.got); got.AttemptID != p.AttemptID {
				t.Fatalf("%v: another parcel came", at)
			}
			if err := s.nodes[at[2]].Answer(t.Context(), s.who, said(p, 204)); err != nil {
				t.Error(err)
			}
			if got := soon(s, reply); got.Fate != webhook.Answered || got.Response.Status != 204 {
				t.Errorf("%v: %+v", at, got)
			}
			stream.leave()
		})
	}
}

func TestForward_takes_answers_of_the_right_endpoint_and_delivery_only(t *testing.T) {
	t.Parallel()
	play(t, 1, func(t *testing.T, s *scene) {
		stream, p := s.stream(0), s.parcel()
		reply := s.sends(0, p)
		soon(s, stream.got)
		if err := s.nodes[0].Answer(t.Context(), listener(), said(p, 200)); err != nil {
			t.Error(err)
		}
		other := s.parcel()
		other.AttemptID = p.AttemptID
		if err := s.nodes[0].Answer(t.Context(), s.who, said(other, 200)); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		select {
		case got := <-reply:
			t.Fatalf("a forged answer counted: %+v", got)
		default:
		}
		if len(s.late) != 2 {
			t.Errorf("the log was asked about %d forged answers", len(s.late))
		}
		if err := s.nodes[0].Answer(t.Context(), s.who, said(p, 500)); err != nil {
			t.Error(err)
		}
		if got := soon(s, reply); got.Response.Status != 500 {
			t.Errorf("got %+v", got)
		}
		stream.leave()
	})
}

func TestAnswer_of_any_kind_is_a_sign_of_life(t *testing.T) {
	t.Parallel()
	play(t, 1, func(t *testing.T, s *scene) {
		stream, p := s.stream(0), s.parcel()
		s.sends(0, p)
		soon(s, stream.got)
		for i, replies := range [][]webhook.Reply{said(p, 200), nil} {
			if err := s.nodes[0].Answer(t.Context(), s.who, replies); err != nil || s.heard != i+1 {
				t.Errorf("heard %d times after %d answers: %v", s.heard, i+1, err)
			}
		}
		stream.leave()
	})
}

func TestForward_to_nobody_is_unsent_within_seconds_even_on_its_way_between_streams(t *testing.T) {
	t.Parallel()
	play(t, 1, func(t *testing.T, s *scene) {
		began := time.Now()
		if got := <-s.sends(0, s.parcel()); got.Fate != webhook.Unsent || time.Since(began) > 3*time.Second {
			t.Errorf("%s after %s", got.Fate, time.Since(began))
		}
		full := make(chan struct{})
		stream := s.slowStream(0, full)
		first, behind := s.sends(0, s.parcel()), s.sends(0, s.parcel())
		soon(s, stream.got) // the first one fills the connection
		if got := soon(s, behind); got.Fate != webhook.Unsent {
			t.Errorf("behind a listener that reads no more: %s", got.Fate)
		}
		stream.leave()
		close(full)
		if got := soon(s, first); got.Fate != webhook.Lost {
			t.Errorf("one that was written: %s", got.Fate)
		}
		if len(s.parcels) != 0 {
			t.Errorf("%d parcels are left lying", len(s.parcels))
		}
	})
}

// A parcel may have been taken when its sender first asks for it back, and be
// put back afterwards by a stream that closes.
func TestForward_takes_back_at_the_end_what_nobody_has(t *testing.T) {
	t.Parallel()
	play(t, 1, func(t *testing.T, s *scene) {
		p := s.parcel()
		reply := s.sends(0, p)
		var taken []webhook.Parcel
		for len(taken) == 0 { // as another node would
			taken, _ = s.TakeParcels(t.Context(), []webhook.EndpointID{p.EndpointID})
			time.Sleep(time.Millisecond)
		}
		time.Sleep(4 * time.Second)
		s.PutParcels(t.Context(), taken)
		if got := soon(s, reply); got.Fate != webhook.Unsent || len(s.parcels) != 0 {
			t.Errorf("%s, and %d lie there", got.Fate, len(s.parcels))
		}
	})
}

func TestServe_a_newer_stream_ends_the_older_and_takes_what_was_not_written(t *testing.T) {
	t.Parallel()
	play(t, 1, func(t *testing.T, s *scene) {
		full := make(chan struct{})
		older := s.slowStream(0, full)
		first, second := s.sends(0, s.parcel()), s.sends(0, s.parcel())
		written := soon(s, older.got)
		newer := s.stream(0)
		close(full)
		if why := soon(s, older.ended); why != webhook.StreamReplaced {
			t.Errorf("the older one ended as %s", why)
		}
		moved := soon(s, newer.got)
		if moved.AttemptID == written.AttemptID || len(newer.got) > 0 {
			t.Error("what was written went out twice")
		}
		if err := s.nodes[0].Answer(t.Context(), s.who, said(moved, 200)); err != nil {
			t.Error(err)
		}
		if a, b := soon(s, first), soon(s, second); a.Fate != webhook.Lost || b.Fate != webhook.Answered {
			t.Errorf("they were %s and %s", a.Fate, b.Fate)
		}
		if len(s.left) != 0 {
			t.Error("the endpoint was held although a stream is open")
		}
		newer.leave()
	})
}

func TestServe_ends_when_the_store_says_so(t *testing.T) {
	t.Parallel()
	for _, why := range []webhook.StreamEnd{webhook.StreamRevoked, webhook.StreamDeleted, webhook.StreamSilent} {
		play(t, 1, func(t *testing.T, s *scene) {
			stream := s.stream(0)
			s.do(func() { s.ends = map[webhook.EndpointID]webhook.StreamEnd{s.who.EndpointID: why} })
			began := time.Now()
			if got := soon(s, stream.ended); got != why || time.Since(began) > 2*time.Second {
				t.Errorf("ended as %s after %s", got, time.Since(began))
			}
			if len(s.left) != 1 {
				t.Error("what waits is not held")
			}
		})
	}
}

func TestServe_refuses_streams_beyond_its_room(t *testing.T) {
	t.Parallel()
	play(t, 1, func(t *testing.T, s *scene) {
		small := forward.New(forward.Options{Store: s.table, Wake: func() {}, Streams: 1})
		s.nodes = append(s.nodes, small)
		first := s.stream(1)
		if _, err := small.Serve(t.Context(), listener(), nil); webhook.KindOf(err) != webhook.KindLimited {
			t.Errorf("a second listener: %v", err)
		}
		again := s.stream(1) // the same listener takes its own place
		soon(s, first.ended)
		again.leave()
		soon(s, again.ended)
	})
}

func TestStop_lets_answers_come_and_nothing_new_go(t *testing.T) {
	t.Parallel()
	play(t, 1, func(t *testing.T, s *scene) {
		stream, p := s.stream(0), s.parcel()
		reply := s.sends(0, p)
		soon(s, stream.got)
		stopped := make(chan struct{})
		go func() { defer close(stopped); s.nodes[0].Stop(2 * time.Second) }()
		synctest.Wait()
		refused := s.sends(0, s.parcel())
		if err := s.nodes[0].Answer(t.Context(), s.who, said(p, 200)); err != nil {
			t.Error(err)
		}
		if got := soon(s, reply); got.Fate != webhook.Answered {
			t.Errorf("what was out: %s", got.Fate)
		}
		soon(s, stopped)
		if why := soon(s, stream.ended); why != webhook.StreamStopping {
			t.Errorf("the stream ended as %s", why)
		}
		if got := soon(s, refused); got.Fate != webhook.Unsent {
			t.Errorf("what came meanwhile: %s", got.Fate)
		}
		if _, err := s.nodes[0].Serve(t.Context(), s.who, nil); webhook.KindOf(err) != webhook.KindUnavailable {
			t.Errorf("a new stream: %v", err)
		}
	})
}
