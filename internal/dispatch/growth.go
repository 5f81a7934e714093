package dispatch

import "time"

const (
	// growWait is how long jobs may wait for a worker before more are asked for.
	growWait = 50 * time.Millisecond
	// slowAnswer is how long a request takes whose receiver is what is slow: this
	// machine alone would not make it wait so long.
	slowAnswer = 250 * time.Millisecond
	// growGain is how much faster jobs must end after workers were added.
	growGain = 1.1
	// growPause is how long no more are tried after some that gained nothing.
	growPause = time.Second
)

// crowd is what went on in the pool for a while.
type crowd struct {
	elapsed                      time.Duration
	finished, running, startable int
	// workers there are, and as many more as there may be.
	workers, more int
}

// growth decides how many workers there are beyond the base while jobs wait for
// one. Where receivers are slow each worker helps. Where they are not, it may
// be this machine that is slow, and more workers cost memory and connections
// for nothing: they must show that jobs end faster with them.
type growth struct {
	rate  float64 // jobs that ended a second before the last step
	added int     // by the last step, until it is judged
	pause time.Duration
}

// step is how many workers to add, or to take away if it is negative, and how
// long to watch before the next step.
func (g *growth) step(c crowd) (workers int, watch time.Duration) {
	rate := float64(c.finished) / c.elapsed.Seconds()
	took := slowAnswer
	if c.finished > 0 {
		took = min(took, time.Duration(float64(c.running)/rate*float64(time.Second)))
	}
	g.pause -= c.elapsed
	switch {
	case float64(c.startable) <= rate*growWait.Seconds(), g.added == 0 && c.more == 0:
		return 0, growEvery
	case took == slowAnswer:
		g.added = 0
		return min(c.startable+idleWorkers/2, c.workers/2+1, c.more), growEvery
	case g.added > 0 && rate < growGain*g.rate:
		workers = -g.added
		g.added, g.pause = 0, growPause
		return workers, growEvery
	case g.pause > 0:
		return 0, growEvery
	}
	g.rate, g.added = rate, min(c.workers/2, c.more)
	return g.added, max(growEvery, 2*took)
}
