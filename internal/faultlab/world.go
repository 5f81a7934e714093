package faultlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/bellwire/bellwire/internal/blackbox"
)

// world is what was set up in the product; it does not change during a run.
type world struct {
	key      string
	projects []*project
}

type project struct {
	id        string
	endpoints []*endpoint
}

// endpoint is one receiver as it was registered.
type endpoint struct {
	conduct
	id, secret string
	project    *project
	path       string
}

// conduct is how a receiver behaves and what it was promised.
type conduct struct {
	name    string
	topics  []string
	ordered bool
	// delays are the retry schedule in seconds.
	delays []int
	// fails: it never answers 2xx, so its deliveries end as exhausted.
	fails  bool
	answer answering
}

// timeout is that of every endpoint; a lease lasts leaseBeyond longer.
const (
	timeout     = 2 * time.Second
	leaseBeyond = 20 * time.Second
	lease       = timeout + leaseBeyond
)

// The topics; rare ones go to receivers that fail.
const (
	commonTopic, rareTopic = "lab.common", "lab.rare"
	rareShare              = .1
)

// patient retries for as long as any fault may last.
var patient = []int{1, 1, 1, 2, 2, 2, 3, 3, 3, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5}

func conducts() []conduct {
	return []conduct{
		{name: "steady", topics: []string{commonTopic, rareTopic}, delays: patient, answer: steady},
		{name: "second", topics: []string{commonTopic}, delays: patient, answer: steady},
		{name: "ordered", topics: []string{commonTopic}, delays: patient, answer: steady, ordered: true},
		{name: "flaky", topics: []string{commonTopic}, delays: patient, answer: flaky},
		{name: "slow", topics: []string{commonTopic}, delays: patient, answer: slow},
		{name: "dead", topics: []string{rareTopic}, delays: []int{1, 1}, answer: dead, fails: true},
	}
}

// settle makes topics, projects and endpoints.
func (l *lab) settle(ctx context.Context) (err error) {
	if l.world.key, err = l.nodes[0].InstanceKey(ctx); err != nil {
		return err
	}
	for _, name := range []string{commonTopic, rareTopic} {
		if err := l.caller(0).Call(ctx, http.MethodPost, "/topics", map[string]any{"name": name}, nil); err != nil {
			return err
		}
	}
	for i := range 2 {
		p := &project{}
		var made struct{ ID string }
		if err := l.caller(0).Call(ctx, http.MethodPost, "/projects", map[string]any{"name": fmt.Sprintf("tenant %d", i+1)}, &made); err != nil {
			return err
		}
		p.id = made.ID
		for _, c := range conducts() {
			if err := l.register(ctx, p, i, c); err != nil {
				return err
			}
		}
		l.world.projects = append(l.world.projects, p)
	}
	return l.trap(ctx)
}

func (l *lab) register(ctx context.Context, p *project, i int, c conduct) error {
	e := &endpoint{conduct: c, project: p, path: fmt.Sprintf("/%d/%s", i, c.name)}
	var made struct{ ID, Secret string }
	err := l.caller(0).Call(ctx, http.MethodPost, "/endpoints", map[string]any{
		"projectId": p.id, "name": c.name, "format": "standard", "url": l.receivers.url() + e.path, "topics": c.topics, "ordered": c.ordered,
		"timeoutSeconds": int(timeout / time.Second), "retry": map[string]any{"policy": "custom", "delaysSeconds": c.delays},
	}, &made)
	e.id, e.secret = made.ID, made.Secret
	p.endpoints = append(p.endpoints, e)
	l.receivers.serve(e)
	return err
}

// trap offers an endpoint at an address that is not allowed; the product may
// refuse to save it, but must never connect.
func (l *lab) trap(ctx context.Context) error {
	p := l.world.projects[0]
	err := l.caller(0).Call(ctx, http.MethodPost, "/endpoints", map[string]any{
		"projectId": p.id, "name": "trap", "format": "standard", "url": "http://" + l.receivers.trap.Addr().String(), "topics": []string{rareTopic},
		"retry": map[string]any{"policy": "custom", "delaysSeconds": []int{1}},
	}, nil)
	if errors.Is(err, blackbox.Refusal(http.StatusUnprocessableEntity)) {
		return nil
	}
	p.endpoints = append(p.endpoints, &endpoint{conduct: conduct{name: "trap", topics: []string{rareTopic}, delays: []int{1}, fails: true}, project: p})
	return err
}

// caller calls the API of a node with the instance's key.
func (l *lab) caller(n int) blackbox.Caller {
	return blackbox.Caller{Base: l.nodes[n].URL, Key: l.world.key, HTTP: &http.Client{Timeout: 10 * time.Second}}
}

// subscribed are the endpoints that an event of the topic goes to.
func (p *project) subscribed(topic string) (all []*endpoint) {
	for _, e := range p.endpoints {
		if slices.Contains(e.topics, topic) {
			all = append(all, e)
		}
	}
	return all
}
