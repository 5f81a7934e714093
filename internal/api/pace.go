package api

import (
	"maps"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/bellwire/bellwire/internal/publish"
	"github.com/bellwire/bellwire/internal/webhook"
)

// paces bounds how much each key publishes a second on this node, so that one
// that runs wild does not fill the database for all. A key may publish a second's
// worth, and one batch at least, at once.
type paces struct {
	perSecond int // 0 for no bound
	now       func() time.Time

	mu   sync.Mutex // guards keys
	keys map[webhook.KeyID]*rate.Limiter
}

// pacesKept is how many keys are remembered before those at rest are dropped.
const pacesKept = 1024

func newPaces(perSecond int, now func() time.Time) *paces {
	return &paces{perSecond: perSecond, now: now, keys: map[webhook.KeyID]*rate.Limiter{}}
}

// take counts events, or products, against a key; the error tells when as many
// may come again.
func (p *paces) take(key webhook.KeyID, n int) error {
	if p.perSecond == 0 {
		return nil
	}
	now := p.now()
	taken := p.of(key, now).ReserveN(now, n)
	wait := taken.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	taken.CancelAt(now)
	problem := newProblem(http.StatusTooManyRequests, "this key publishes more than "+strconv.Itoa(p.perSecond)+" events a second; wait as long as Retry-After says")
	problem.headers = http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(wait.Seconds())))}}
	return problem
}

func (p *paces) of(key webhook.KeyID, now time.Time) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found := p.keys[key]; found != nil {
		return found
	}
	if len(p.keys) >= pacesKept {
		maps.DeleteFunc(p.keys, func(_ webhook.KeyID, l *rate.Limiter) bool { return l.TokensAt(now) >= float64(l.Burst()) })
	}
	made := rate.NewLimiter(rate.Limit(p.perSecond), max(p.perSecond, publish.MaxBatch))
	p.keys[key] = made
	return made
}
