package faultlab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// publisher publishes by the clock, whether or not it is answered.
type publisher struct {
	lab    *lab
	random *rand.Rand
	http   *http.Client
	open   sync.WaitGroup
	ended  context.Context // no new tries
}

// answerWithin is how long an answer is waited for.
const answerWithin = 5 * time.Second

func newPublisher(l *lab) *publisher {
	return &publisher{lab: l, random: l.stream(forLoad), http: &http.Client{
		Timeout: answerWithin, Transport: &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true},
	}}
}

// What part of the events has which shape.
const (
	keyedShare = .6 // with an idempotency key
	batchShare = .1 // requests that are batches
	batchMost  = 8
	// repeatShare of those with a key are published again after their 202.
	repeatShare = .1
)

// run publishes until ctx ends, then waits for what is out.
func (p *publisher) run(ctx context.Context) {
	p.ended = ctx
	every := time.Duration(float64(time.Second) / p.lab.Rate)
	for next := time.Now(); ctx.Err() == nil; {
		n := 1
		if p.random.Float64() < batchShare {
			n = 2 + p.random.IntN(batchMost-1)
		}
		events, node := make([]*intent, n), p.random.IntN(len(p.lab.nodes))
		for i := range events {
			events[i] = p.event()
		}
		p.open.Go(func() { p.publish(events, node) })
		next = next.Add(time.Duration(n) * every)
		pause(ctx, time.Until(next))
	}
	p.open.Wait()
}

// event draws one and writes it down.
func (p *publisher) event() *intent {
	i := &intent{project: p.lab.world.projects[p.random.IntN(len(p.lab.world.projects))], Topic: commonTopic}
	if p.random.Float64() < rareShare {
		i.Topic = rareTopic
	}
	i.Project = i.project.id
	token, text := p.random.Uint64(), strings.Repeat("lorem ", p.random.IntN(60))
	i.Data = fmt.Sprintf(`{"token":"%016x","text":%q,"price":1.10}`, token, text)
	if p.random.Float64() < keyedShare {
		i.Key, i.repeats = fmt.Sprintf("key-%016x", token), p.random.Float64() < repeatShare
	}
	p.lab.journal.intend(i)
	return i
}

// publish sends one event, or a batch, until it is accepted; without a key only
// once.
func (p *publisher) publish(events []*intent, node int) {
	for try := 0; ; try++ {
		tried := p.send(events, (node+try)%len(p.lab.nodes))
		var left []*intent
		for _, i := range events {
			if !tried && i.Key != "" {
				left = append(left, i)
			}
		}
		if len(left) == 0 || p.ended.Err() != nil {
			if tried && len(events) == 1 && events[0].repeats {
				p.send(events, (node+try+1)%len(p.lab.nodes))
			}
			return
		}
		events = left
		pause(p.ended, 300*time.Millisecond)
	}
}

// retryWithin is how long those are tried that nobody knows the fate of.
const retryWithin = 20 * time.Second

// retry tries those with a key once more that nobody knows the fate of: the
// faults are over.
func (p *publisher) retry(ctx context.Context) {
	deadline := time.Now().Add(retryWithin)
	for _, i := range p.lab.journal.intents {
		for try := 0; i.Key != "" && i.accepted() == "" && time.Now().Before(deadline) && ctx.Err() == nil; try++ {
			if !p.send([]*intent{i}, try%len(p.lab.nodes)) {
				pause(ctx, 100*time.Millisecond)
			}
		}
	}
}

// body is the request of one event or of a batch.
func body(events []*intent) (path string, text []byte) {
	one := func(i *intent, out *bytes.Buffer) {
		fmt.Fprintf(out, `{"projectId":%q,"topic":%q`, i.Project, i.Topic)
		if i.Key != "" {
			fmt.Fprintf(out, `,"idempotencyKey":%q`, i.Key)
		}
		fmt.Fprintf(out, `,"data":%s}`, i.Data)
	}
	var out bytes.Buffer
	if len(events) == 1 {
		one(events[0], &out)
		return "/api/v1/events", out.Bytes()
	}
	out.WriteString(`{"events":[`)
	for n, i := range events {
		if n > 0 {
			out.WriteByte(',')
		}
		one(i, &out)
	}
	out.WriteString(`]}`)
	return "/api/v1/events/batch", out.Bytes()
}

// receipt is the API's answer for one event.
type receipt struct {
	ID         string
	Deliveries int
	Duplicate  bool
}

// send makes one request, writes down what was answered, and reports whether it
// was accepted.
func (p *publisher) send(events []*intent, node int) bool {
	path, text := body(events)
	a := answer{Node: node, Sent: time.Now()}
	receipts, err := p.ask(path, text, &a)
	a.At = time.Now()
	if err != nil {
		a.Error = err.Error()
	}
	if a.Status == http.StatusAccepted && len(receipts) != len(events) {
		a.Status, a.Error = 0, fmt.Sprintf("%d receipts for %d events", len(receipts), len(events))
	}
	for n, i := range events {
		one := a
		if a.Status == http.StatusAccepted {
			one.ID, one.Deliveries, one.Duplicate = receipts[n].ID, receipts[n].Deliveries, receipts[n].Duplicate
		}
		p.lab.journal.answer(i, one)
	}
	if a.Status == http.StatusAccepted {
		p.lab.points.hit(p.lab, acceptance, node)
	}
	return a.Status == http.StatusAccepted
}

func (p *publisher) ask(path string, text []byte, a *answer) ([]receipt, error) {
	request, err := http.NewRequest(http.MethodPost, p.lab.nodes[a.Node].URL+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+p.lab.world.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := p.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err // cut off: nobody knows
	}
	a.Status, a.RetryAfter = response.StatusCode, response.Header.Get("Retry-After") != ""
	if a.Status != http.StatusAccepted {
		return nil, fmt.Errorf("%.300s", said)
	}
	if strings.HasSuffix(path, "/batch") {
		var list struct{ Results []receipt }
		err := json.Unmarshal(said, &list)
		return list.Results, err
	}
	var one receipt
	err = json.Unmarshal(said, &one)
	return []receipt{one}, err
}
