package dispatch

import (
	"testing"

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
		p.reserve()
		p.submit([]webhook.Job{job(endpoint)})
	}
	return p
}

// begun lists the endpoints that the next n free workers go to.
func begun(p *pool, n int) string {
	order := ""
	for range n {
		j, _, _ := p.next(nil)
		order += string(j.Delivery.EndpointID.UUID[0])
	}
	return order
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
	p.reserve()
	p.submit([]webhook.Job{job('b')})
	p.reserve()
	p.submit([]webhook.Job{job('b')})
	if diff := cmp.Diff("bba", begun(p, 3)); diff != "" {
		t.Error(diff)
	}
}

func TestAPoolThatIsEmptyHoldsNothing(t *testing.T) {
	t.Parallel()
	p := idlePool(100, []byte("aabq")...)
	for range 4 {
		_, l, _ := p.next(nil)
		p.mu.Lock()
		p.finish(l)
		p.mu.Unlock()
	}
	if p.used != 0 || p.reserved != 0 || p.queued != 0 || p.running != 0 || len(p.lanes) != 0 || len(p.tenants) != 0 || len(p.ready) != 0 {
		t.Errorf("the empty pool still counts %d used, %d reserved, %d queued, %d running, %d lanes, %d projects",
			p.used, p.reserved, p.queued, p.running, len(p.lanes), len(p.tenants))
	}
}

func TestClaimingWaitsUntilItIsWorthWhile(t *testing.T) {
	t.Parallel()
	p := newPool(100)
	p.start = func() {}
	if n := p.reserveMany(180); n != 180 {
		t.Fatalf("%d slots were granted", n)
	}
	for range 180 {
		p.submit([]webhook.Job{job('a')})
	}
	if n := p.reserveMany(500); n != 0 {
		t.Errorf("%d slots were granted although the workers have enough to do", n)
	}
	begun(p, 64)
	select {
	case <-p.freed:
		t.Error("the claimer was called with 116 jobs queued and 20 slots free")
	default:
	}
	l := p.lanes[webhook.EndpointID{UUID: webhook.UUID{'a'}}]
	p.limit(l, 180)
	begun(p, 85)
	select {
	case <-p.freed:
	default:
		t.Error("nobody called the claimer when 31 jobs were queued")
	}
	if n := p.reserveMany(500); n != 20 {
		t.Errorf("%d of the 20 free slots were granted", n)
	}
}
