package filter

import (
	"slices"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Compiled is an endpoint's filters made ready for many events. It is safe for
// concurrent use and keeps nothing of the events.
type Compiled struct {
	topics []glob
	prompt *prompt // nil lets every prompt pass
	rows   []row
	// expression is nil without one; then rows is empty.
	expression *expression
}

// Compile makes an endpoint's filters ready. The error names a setting that
// can't be judged; settings that passed the checks always compile. An
// expression is compiled with the first event that it judges; one that can't
// be any more takes nothing and says so when it explains.
func Compile(e webhook.Endpoint) (*Compiled, error) {
	for _, pattern := range e.Topics {
		if err := CheckTopicPattern(pattern); err != nil {
			return nil, err
		}
	}
	if err := checkRows(e.Payload.Rows); err != nil {
		return nil, err
	}
	return compile(e), nil
}

func compile(e webhook.Endpoint) *Compiled {
	c := &Compiled{topics: newGlobs(e.Topics)}
	if !e.Prompt.Empty() {
		c.prompt = &prompt{names: newGlobs(e.Prompt.Names), tags: e.Prompt.Tags, labels: e.Prompt.Labels}
	}
	for _, r := range e.Payload.Rows {
		c.rows = append(c.rows, newRow(r))
	}
	if e.Payload.Expression != "" {
		c.expression = programs.Of(e.Payload.Expression)
	}
	return c
}

// Match reports whether the endpoint takes the event: one of its topics
// matches and all its filters do.
func (c *Compiled) Match(ev webhook.Event) bool {
	operational := IsOperational(ev.Topic)
	if !slices.ContainsFunc(c.topics, func(g glob) bool { return takes(g, ev.Topic, operational) }) {
		return false
	}
	if c.prompt != nil && webhook.IsPromptTopic(ev.Topic) && !c.prompt.match(ev.Data) {
		return false
	}
	for i := range c.rows {
		if !c.rows[i].match(ev.Data) {
			return false
		}
	}
	return c.expression == nil || c.expression.match(ev)
}

// Match reports whether an endpoint takes an event. For many events Compile
// once.
func Match(e webhook.Endpoint, ev webhook.Event) bool { return compile(e).Match(ev) }
