package dispatch

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bellwire/bellwire/internal/webhook"
)

// job of an endpoint, both named by one letter; the endpoint's project is the
// upper half of the letter's number.
func job(endpoint byte) webhook.Job {
	var j webhook.Job
	j.Delivery.EndpointID.UUID[0], j.Delivery.ProjectID.UUID[0] = endpoint, endpoint/16
	return j
}

// idlePool has slots and jobs but workers that do nothing by themselves.
func idlePool(workers int, jobs ...byte) *pool {
	p := newPool(workers)
	p.start = func() {}
	for _, endpoint := range jobs {
		queue(p, endpoint)
	}
	return p
}

// queue hands a job off; a pool that has no room for it fails in begun.
func queue(p *pool, endpoint byte) {
	j := job(endpoint)
	if p.reserve(j.Delivery.EndpointID) {
		p.submit([]webhook.Job{j}, true)
	}
}

// begun lists the endpoints that the next n free workers go to.
func begun(p *pool, n int) string {
	order := ""
	for range n {
		j, _ := p.next(&worker{})
		order += string(j.Delivery.EndpointID.UUID[0])
	}
	return order
}

// end lets a worker's attempt end well after a while.
func end(p *pool, w *worker, took time.Duration) {
	w.sent, w.took = true, took
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finish(w)
}

func TestAFreeWorkerGoesToTheEndpointWithTheFewestOpen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ queued, begun string }{
		"in turn while all have as many":       {"aaabbb", "ababab"},
		"the one that came last is not behind": {"aaaaab", "abaaaa"},
		"projects in turn, then endpoints":     {"aabbqq", "aqbqab"},
	} {
		p := idlePool(100, []byte(c.queued)...)
		if diff := cmp.Diff(c.begun, begun(p, len(c.queued))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAnEndpointWithManyOpenWaitsForOneWithFew(t *testing.T) {
	t.Parallel()
	p := idlePool(100, []byte("aaaa")...)
	begun(p, 3)
	queue(p, 'b')
	queue(p, 'b')
	if diff := cmp.Diff("bba", begun(p, 3)); diff != "" {
		t.Error(diff)
	}
}

func TestAPoolThatIsEmptyHoldsNothing(t *testing.T) {
	t.Parallel()
	p := idlePool(100, []byte("aabq")...)
	for range 4 {
		w := &worker{}
		p.next(w)
		end(p, w, time.Millisecond)
	}
	if p.used != 0 || p.reserved != 0 || p.queued != 0 || p.running != 0 || p.load != (load{}) || p.openings.oldest != nil || p.pick() != nil || p.idles.n != len(p.lanes) {
		t.Errorf("the empty pool still counts %d used, %d reserved, %d queued, %d running, %+v, %d of %d lanes idle",
			p.used, p.reserved, p.queued, p.running, p.load, p.idles.n, len(p.lanes))
	}
}

func TestClaimingWaitsUntilItIsWorthWhile(t *testing.T) {
	t.Parallel()
	p := newPool(100)
	p.start = func() {}
	for _, endpoint := range "abc" { // their first answers
		queue(p, byte(endpoint))
		w := &worker{}
		p.next(w)
		end(p, w, time.Millisecond)
	}
	if n := p.reserveMany(180); n != 180 {
		t.Fatalf("%d slots were granted", n)
	}
	for i := range 180 {
		p.submit([]webhook.Job{job("abc"[i%3])}, false)
	}
	if n := p.reserveMany(500); n != 0 {
		t.Errorf("%d slots were granted although the workers have enough to do", n)
	}
	begun(p, 148)
	select {
	case <-p.freed:
		t.Error("the claimer was called with 32 jobs queued and 20 slots free")
	default:
	}
	begun(p, 1)
	select {
	case <-p.freed:
	default:
		t.Error("nobody called the claimer when 31 jobs were queued")
	}
	if n := p.reserveMany(500); n != 20 {
		t.Errorf("%d of the 20 free slots were granted", n)
	}
}

func TestTheTurnIsRightAfterAnythingThatHappens(t *testing.T) {
	t.Parallel()
	p := idlePool(60)
	var busy []*worker
	clock := time.Now()
	p.now = func() time.Time { return clock }
	for step := range 20_000 {
		switch n := rand.IntN(10); {
		case n < 4:
			queue(p, byte(rand.IntN(200)))
		case n < 7 && p.pick() != nil:
			w := &worker{}
			p.next(w)
			busy = append(busy, w)
		case n < 9 && len(busy) > 0:
			i := rand.IntN(len(busy))
			busy[i].failed = rand.IntN(3) == 0
			end(p, busy[i], time.Duration(rand.IntN(1500))*time.Millisecond)
			busy = append(busy[:i], busy[i+1:]...)
		default:
			clock = clock.Add(100 * time.Millisecond)
			p.overdue()
		}
		var best *lane
		for _, l := range p.lanes {
			if len(l.queue) > 0 && l.running < l.bound && p.places(l.class) > 0 && (best == nil || l.before(best)) {
				best = l
			}
		}
		if got := p.pick(); (got == nil) != (best == nil) || got != nil && best.before(got) {
			t.Fatalf("in step %d the turn is that of %p, want %p", step, got, best)
		}
	}
	if p.served < 1000 {
		t.Errorf("only %d jobs began", p.served)
	}
}

// known makes an endpoint answer once.
func known(p *pool, endpoint byte) {
	queue(p, endpoint)
	w := &worker{}
	p.next(w)
	end(p, w, time.Millisecond)
}

func TestEndpointsThatHaveNotAnsweredYetLeaveAQuarterOfTheWorkers(t *testing.T) {
	t.Parallel()
	p := idlePool(40)
	known(p, 'a')
	for i := range byte(60) {
		queue(p, 128+i)
	}
	for range 30 {
		if l := p.pick(); l == nil || l.id.UUID[0] == 'a' {
			t.Fatalf("%d of 30 newcomers have begun, then came %v", p.running, l)
		}
		begun(p, 1)
	}
	if l := p.pick(); l != nil {
		t.Fatal("another newcomer would begin")
	}
	queue(p, 'a')
	if got := begun(p, 1); got != "a" {
		t.Errorf("a worker went to %q", got)
	}
}

func TestHandOffsOfEndpointsThatLagTakeHalfOfTheSlots(t *testing.T) {
	t.Parallel()
	p := idlePool(20)
	known(p, 'a')
	for i := range byte(10) {
		queue(p, 128+i)
	}
	begun(p, 10)
	for i := range byte(10) {
		queue(p, 128+i)
	}
	if p.used != 20 {
		t.Fatalf("%d of 40 slots are taken", p.used)
	}
	if p.reserve(job(128).Delivery.EndpointID) {
		t.Error("one whose first request is open gets a slot beyond the half")
	}
	if !p.reserve(job('a').Delivery.EndpointID) {
		t.Error("a quick one gets none")
	}
}

func TestHandOffsOfNewEndpointsLeaveAQuarterOfTheSlots(t *testing.T) {
	t.Parallel()
	p := idlePool(20)
	known(p, 'a')
	for i := range byte(40) {
		queue(p, 128+i)
	}
	if p.used != 30 {
		t.Errorf("new endpoints have %d of 40 slots, want 30", p.used)
	}
	if room := p.room(10); room.Unknown != 0 || room.Lagging != 10 {
		t.Errorf("a claim may take %d more first ones, and %d that lag", room.Unknown, room.Lagging)
	}
	if !p.reserve(job('a').Delivery.EndpointID) {
		t.Error("a quick one gets none")
	}
}

func TestClaimingIsWorthWhileWhenAllThatIsQueuedMustWait(t *testing.T) {
	t.Parallel()
	p := idlePool(60)
	known(p, 'a')
	for i := range byte(90) {
		queue(p, 128+i)
	}
	begun(p, 45) // as many newcomers as may
	if n := p.reserveMany(500); n != 30 {
		t.Errorf("%d of the 30 free slots were granted for those that may begin", n)
	}
}

func TestOnlySoManyEndpointsAreRemembered(t *testing.T) {
	t.Parallel()
	p := idlePool(10)
	for i := range maxIdleLanes + 100 {
		j := job(0)
		j.Delivery.EndpointID.UUID[1], j.Delivery.EndpointID.UUID[2] = byte(i), byte(i>>8)
		j.Delivery.ProjectID.UUID = j.Delivery.EndpointID.UUID
		p.reserve(j.Delivery.EndpointID)
		p.submit([]webhook.Job{j}, true)
		w := &worker{}
		p.next(w)
		end(p, w, time.Millisecond)
	}
	if p.idles.n != maxIdleLanes || len(p.lanes) != maxIdleLanes || len(p.tenants) != maxIdleLanes {
		t.Errorf("%d lanes, %d projects, %d idle; want %d of each", len(p.lanes), len(p.tenants), p.idles.n, maxIdleLanes)
	}
	first := webhook.EndpointID{}
	if _, there := p.lanes[first]; there {
		t.Error("the one that was idle for longest is still there")
	}
}

func TestAQuickAnswerWakesTheClaimerThatHadNoRoom(t *testing.T) {
	t.Parallel()
	p := idlePool(10)
	queue(p, 'a')
	w := &worker{}
	p.next(w)
	if room := p.room(8); room.Lagging != 4 || room.Pace(job('a').Delivery.EndpointID) != webhook.PaceUnknown {
		t.Errorf("room for %d that lag, want 4: one of the five is open", room.Lagging)
	}
	end(p, w, time.Millisecond)
	select {
	case <-p.roomy:
	default:
		t.Error("nobody told the claimer")
	}
	if pace := p.pace(job('a').Delivery.EndpointID); pace != webhook.PaceBrisk {
		t.Errorf("the pace is %v after an answer within a millisecond", pace)
	}
	queue(p, 'a')
	p.next(w)
	end(p, w, 500*time.Millisecond)
	if pace := p.pace(job('a').Delivery.EndpointID); pace != webhook.PaceQuick {
		t.Errorf("the pace is %v after one within half a second", pace)
	}
}

// A worker ends a job and finds its next among many lanes, and a hand-off takes
// the slot.
func BenchmarkAWorkersTurn(b *testing.B) {
	for _, lanes := range []int{1, 10, 1000} {
		b.Run(fmt.Sprint(lanes), func(b *testing.B) {
			p := newPool(4096)
			p.start = func() {}
			jobs := make([]webhook.Job, lanes)
			for i := range jobs {
				jobs[i].Delivery.EndpointID.UUID = webhook.UUID{byte(i), byte(i >> 8)}
				jobs[i].Delivery.ProjectID.UUID = webhook.UUID{byte(i % 50)}
				for range 2 {
					p.reserve(jobs[i].Delivery.EndpointID)
					p.submit(jobs[i:i+1], true)
				}
			}
			w := &worker{}
			b.ReportAllocs()
			for b.Loop() {
				j, _ := p.next(w)
				w.sent, w.took = true, time.Millisecond
				p.reserve(j.Delivery.EndpointID)
				p.submit([]webhook.Job{j}, true)
			}
		})
	}
}
