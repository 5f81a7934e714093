package dispatch

import (
	"testing"
	"time"
)

// machine is a place where so many jobs a second end at most, sent to receivers
// that take their time.
type machine struct {
	most    float64
	answer  time.Duration
	waiting int
}

// perSecond is how many jobs end with so many workers.
func (m machine) perSecond(workers int) float64 {
	return min(m.most, float64(workers)/m.answer.Seconds())
}

// after is the number of workers once g has looked at it for a while, and the
// most that there were.
func (m machine) after(g *growth, while time.Duration) (workers, most int) {
	workers = baseWorkers
	watch := growEvery
	for at := time.Duration(0); at < while; at += watch {
		elapsed := watch
		var add int
		add, watch = g.step(crowd{
			elapsed: elapsed, finished: int(m.perSecond(workers) * elapsed.Seconds()), running: workers, startable: m.waiting,
			workers: workers, more: usualWorkers - workers,
		})
		workers = min(max(workers+add, baseWorkers), usualWorkers)
		most = max(most, workers)
	}
	return workers, most
}

// usualWorkers are those of a server that nobody configured.
const usualWorkers = 512

func TestWorkersGrowForSlowReceiversOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		machine
		while       time.Duration
		least, most int
	}{
		"receivers that take ten seconds":                    {machine{1e6, 10 * time.Second, 1000}, 150 * time.Millisecond, 512, 512},
		"receivers that take a tenth of a second":            {machine{1e6, 100 * time.Millisecond, 1000}, 2 * time.Second, 512, 512},
		"receivers that take long, and few jobs":             {machine{1e6, time.Second, 20}, 25 * time.Millisecond, 128 + 20, 128 + 40},
		"a machine that can't do more":                       {machine{3000, time.Millisecond, 1000}, 3 * time.Second, 128, 192},
		"a machine that could do a little more":              {machine{3000, 45 * time.Millisecond, 1000}, 3 * time.Second, 128, 192},
		"receivers that answer at once, and jobs that flow":  {machine{1e6, time.Millisecond, 1000}, time.Second, 128, 128},
		"jobs that wait for no longer than a moment at all":  {machine{3000, time.Millisecond, 100}, 3 * time.Second, 128, 128},
		"receivers that answer slowly, and a weaker machine": {machine{2000, 150 * time.Millisecond, 1000}, 3 * time.Second, 288, 512},
	} {
		workers, most := c.after(new(growth), c.while)
		if workers < c.least || most > c.most {
			t.Errorf("%s: %d workers, %d at most; want %d to %d", name, workers, most, c.least, c.most)
		}
	}
}

func TestWorkersThatGainNothingLeaveAndAreNotTriedAgainAtOnce(t *testing.T) {
	t.Parallel()
	var g growth
	busy := func(finished int) crowd {
		return crowd{elapsed: 100 * time.Millisecond, finished: finished, running: 128, startable: 1000, workers: 128, more: 384}
	}
	add, watch := g.step(busy(300))
	if add != 64 || watch < 2*40*time.Millisecond {
		t.Fatalf("a first step of %d, watched for %s", add, watch)
	}
	if back, _ := g.step(busy(310)); back != -64 {
		t.Fatalf("what gained nothing: %d", back)
	}
	for i := range 9 {
		if add, _ := g.step(busy(300)); add != 0 {
			t.Fatalf("tried again after %d00 ms: %d", i+1, add)
		}
	}
	if add, _ := g.step(busy(300)); add != 64 {
		t.Errorf("not tried again after a second: %d", add)
	}
}

func TestWorkersLeaveAfterTheirJobOnlyDownToTheBase(t *testing.T) {
	t.Parallel()
	p := newPool(usualWorkers)
	p.start = func() {}
	p.workers = baseWorkers + 10
	p.hire(-64)
	left := 0
	for p.workers > baseWorkers {
		if _, ok := p.next(&worker{}); !ok {
			left++
		}
	}
	if queue(p, 'a'); left != 10 {
		t.Errorf("%d left", left)
	}
	if _, ok := p.next(&worker{}); !ok {
		t.Error("one of the base left")
	}
}

func TestAWorkerThatLeavesPassesItsCallOn(t *testing.T) {
	t.Parallel()
	p := newPool(usualWorkers)
	p.start = func() {}
	p.workers, p.leaving = baseWorkers+2, 1
	queue(p, 'a')
	<-p.pressed
	if _, ok := p.next(&worker{}); ok {
		t.Fatal("a surplus worker stays")
	}
	select {
	case <-p.pressed:
	default:
		t.Error("nobody was told of the job that it left")
	}
}

func TestIdleWorkersStayForAWhile(t *testing.T) {
	t.Parallel()
	p := newPool(usualWorkers)
	ended := make(chan struct{}, usualWorkers)
	p.start = func() {
		go func() {
			for w, ok := new(worker), true; ok; {
				_, ok = p.next(w)
			}
			ended <- struct{}{}
		}()
	}
	idle := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.idling
	}
	for range 100 {
		queue(p, 'a')
	}
	allIdle := func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.finished == 100 && p.idling == p.workers
	}
	for !allIdle() {
		time.Sleep(time.Millisecond)
	}
	before := idle()
	p.thin()
	if n := idle(); n != before {
		t.Errorf("of %d workers %d stay after a moment", before, n)
	}
	p.thin()
	for range before - idleWorkers {
		<-ended
	}
	if n := idle(); n != idleWorkers {
		t.Errorf("%d workers stay", n)
	}
	p.close()
	for range idleWorkers {
		<-ended
	}
}
