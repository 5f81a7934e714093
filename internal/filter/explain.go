package filter

import (
	"slices"
	"strings"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// Explanation says why an endpoint took an event or did not.
type Explanation struct {
	Matched bool
	Lines   []Line
}

// Line is one condition and how it came out.
type Line struct {
	// What is the condition, such as "currency equals EUR".
	What string
	OK   bool
	// Why is what was found, such as `currency is "USD"`.
	Why string
}

// Explain judges every condition of an endpoint, also those behind one that
// failed. Matched is what Match answers.
func Explain(e webhook.Endpoint, ev webhook.Event) Explanation {
	c := compile(e)
	lines := []Line{topicLine(c, e.Topics, ev.Topic)}
	if c.prompt != nil {
		lines = append(lines, promptLines(c.prompt, e.Prompt, ev)...)
	}
	for i := range c.rows {
		lines = append(lines, rowLine(&c.rows[i], ev.Data))
	}
	if c.expression != nil {
		lines = append(lines, c.expression.explain(ev))
	}
	matched := !slices.ContainsFunc(lines, func(l Line) bool { return !l.OK })
	return Explanation{Matched: matched, Lines: lines}
}

func topicLine(c *Compiled, patterns []string, topic string) Line {
	line := Line{What: "topic is one of " + strings.Join(patterns, ", ")}
	operational := IsOperational(topic)
	for i, g := range c.topics {
		if takes(g, topic, operational) {
			line.OK = true
			line.Why = topic + " matches " + patterns[i]
			return line
		}
	}
	line.Why = topic + " matches none of them"
	if operational {
		line.Why = topic + " is taken by its full name only, no glob matches it"
	}
	return line
}

func promptLines(p *prompt, f webhook.PromptFilter, ev webhook.Event) []Line {
	if !webhook.IsPromptTopic(ev.Topic) {
		return []Line{{What: "prompt filter", OK: true, Why: ev.Topic + " is no prompt topic, so the prompt filter does not apply"}}
	}
	var lines []Line
	add := func(member, what string, wanted []string, ok bool) {
		if len(wanted) > 0 {
			why := member + " is missing"
			if value, found := rawjson.Lookup(ev.Data, member); found {
				why = member + " is " + shown(value)
			}
			lines = append(lines, Line{What: what + strings.Join(wanted, ", "), OK: ok, Why: why})
		}
	}
	add("name", "prompt name matches one of ", f.Names, p.nameHolds(ev.Data))
	add("tags", "prompt has one of the tags ", f.Tags, listHolds(ev.Data, "tags", p.tags))
	add("labels", "prompt has one of the labels ", f.Labels, listHolds(ev.Data, "labels", p.labels))
	return lines
}

func rowLine(r *row, data []byte) Line {
	line := Line{What: r.Path + " " + operators[r.Operator]}
	if r.Operator != webhook.OpExists {
		line.What += " " + r.Value
	}
	value, ok := rawjson.Lookup(data, r.path...)
	if !ok {
		line.Why = r.Path + " is missing"
		return line
	}
	line.OK = r.holds(value)
	line.Why = r.Path + " is " + shown(value)
	return line
}
