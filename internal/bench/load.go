package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// loadPlan is what a loading process publishes.
type loadPlan struct {
	// URLs are servers; publishers are divided between them.
	URLs []string
	Key  string
	Run  string
	// Events are published in all, Batch in a request: one, or many by the batch
	// call.
	Events, Batch int
	// Topics take turns.
	Topics []string
	// Audience is "all" for events to every project, else empty.
	Audience string
	// Publishers is how many requests are open at once; with a Rate it is how
	// many may be.
	Publishers int
	// Rate is how many events are published a second, whether or not they were
	// answered; 0 is as fast as the publishers can.
	Rate float64
	// Stubborn publishers try again for as long until an event is accepted, at
	// the next server, with the same idempotency key.
	Stubborn time.Duration
	// Within is how long publishing may take.
	Within time.Duration
}

// loaded is what came of it.
type loaded struct {
	// Accepted counts events; Failed counts requests.
	Accepted, Failed int
	Complaint        string
	// First and Last are when the first request was sent and the last one
	// answered, in Unix nanoseconds.
	First, Last int64
	// P50 and P99 are from request to answer, of single requests.
	P50, P99 time.Duration
}

// publisher is one of those that publish at the same time.
type publisher struct {
	plan     loadPlan
	at       int // which server it calls
	http     *http.Client
	body     []byte
	accepted int
	failed   int
	wrong    error
	took     []time.Duration
}

func (p loadPlan) run(ctx context.Context) (loaded, error) {
	if p.Events < 1 || p.Publishers < 1 || len(p.URLs) == 0 || len(p.Topics) == 0 {
		return loaded{}, errors.New("a load needs events, publishers, topics and servers")
	}
	ctx, cancel := context.WithTimeout(ctx, p.Within)
	defer cancel()
	client := sending(p.Publishers)
	all := make([]*publisher, p.Publishers)
	for i := range all {
		all[i] = &publisher{plan: p, at: i, http: client}
	}
	start := time.Now()
	if p.Rate > 0 {
		p.paced(ctx, all, start)
	} else {
		p.closed(ctx, all)
	}
	return sum(all, start), nil
}

// closed publishes as fast as the publishers are answered.
func (p loadPlan) closed(ctx context.Context, all []*publisher) {
	var next atomic.Int64
	var group sync.WaitGroup
	for _, one := range all {
		group.Go(func() {
			for ctx.Err() == nil {
				first := int(next.Add(int64(p.Batch))) - p.Batch + 1
				if first > p.Events {
					return
				}
				one.publish(ctx, first, min(p.Batch, p.Events-first+1))
			}
		})
	}
	group.Wait()
}

// paced publishes by the clock. A request that finds no publisher free waits
// for one: its time counts from when it was due.
func (p loadPlan) paced(ctx context.Context, all []*publisher, start time.Time) {
	free := make(chan *publisher, len(all))
	for _, one := range all {
		free <- one
	}
	var group sync.WaitGroup
	for n := 1; n <= p.Events && ctx.Err() == nil; n += p.Batch {
		due := start.Add(time.Duration(float64(n-1) / p.Rate * float64(time.Second)))
		pause(ctx, time.Until(due))
		one := <-free
		group.Go(func() {
			one.publish(ctx, n, min(p.Batch, p.Events-n+1))
			free <- one
		})
	}
	group.Wait()
}

// publish sends events first to first+n-1.
func (p *publisher) publish(ctx context.Context, first, n int) {
	start := time.Now()
	p.write(first, n, start)
	for {
		err := p.send(ctx, first)
		if err == nil {
			p.accepted += n
			p.took = append(p.took, time.Since(start))
			return
		}
		p.failed, p.wrong = p.failed+1, err
		if time.Since(start) > p.plan.Stubborn || ctx.Err() != nil {
			return
		}
		p.at++
		pause(ctx, 50*time.Millisecond)
	}
}

// write makes the body of a request.
func (p *publisher) write(first, n int, now time.Time) {
	p.body = p.body[:0]
	if n > 1 {
		p.body = append(p.body, `{"events":[`...)
	}
	for seq := first; seq < first+n; seq++ {
		if seq > first {
			p.body = append(p.body, ',')
		}
		p.body = p.event(p.body, token{p.plan.Run, seq, now.UnixNano()})
	}
	if n > 1 {
		p.body = append(p.body, `]}`...)
	}
}

func (p *publisher) event(to []byte, t token) []byte {
	to = append(append(append(to, `{"topic":"`...), p.plan.Topics[t.seq%len(p.plan.Topics)]...), '"')
	if p.plan.Audience != "" {
		to = append(append(append(to, `,"audience":"`...), p.plan.Audience...), '"')
	}
	if p.plan.Stubborn > 0 {
		to = append(append(append(to, `,"idempotencyKey":"`...), p.plan.Run...), '-')
		to = append(strconv.AppendInt(to, int64(t.seq), 10), '"')
	}
	to = append(to, `,"data":`...)
	return append(appendData(to, t), '}')
}

func (p *publisher) send(ctx context.Context, first int) error {
	path := "/api/v1/events"
	if bytes.HasPrefix(p.body, []byte(`{"events"`)) {
		path += "/batch"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.plan.URLs[p.at%len(p.plan.URLs)]+path, bytes.NewReader(p.body))
	if err != nil {
		return err
	}
	request.Header["Content-Type"] = []string{"application/json"}
	request.Header["Authorization"] = []string{"Bearer " + p.plan.Key}
	response, err := p.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		said, _ := io.ReadAll(io.LimitReader(response.Body, 600))
		return fmt.Errorf("event %d was answered %d: %s", first, response.StatusCode, said)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

func sum(all []*publisher, start time.Time) loaded {
	l := loaded{First: start.UnixNano(), Last: time.Now().UnixNano()}
	var took []time.Duration
	for _, p := range all {
		l.Accepted, l.Failed = l.Accepted+p.accepted, l.Failed+p.failed
		took = append(took, p.took...)
		if p.wrong != nil {
			l.Complaint = p.wrong.Error()
		}
	}
	l.P50, l.P99 = quantile(took, .5), quantile(took, .99)
	return l
}
