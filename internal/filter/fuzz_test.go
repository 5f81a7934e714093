package filter_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

// FuzzTopic: globs mean what the regular expression with .* for each star
// means.
func FuzzTopic(f *testing.F) {
	for _, seed := range [][2]string{{"product.*", "product.a.b"}, {"a*b*c", "abcbc"}, {"**", ""}, {"*aa*", "aaa"}, {"x", "x"}, {"a*a", "a"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if filter.IsOperational(name) || len(pattern) > 60 {
			return
		}
		pieces := strings.Split(pattern, "*")
		for i, piece := range pieces {
			pieces[i] = regexp.QuoteMeta(piece)
		}
		expression, err := regexp.Compile(`(?s)\A` + strings.Join(pieces, `.*`) + `\z`)
		if err != nil {
			return // the pattern is no UTF-8
		}
		if want := expression.MatchString(name); filter.Topic(pattern, name) != want {
			t.Errorf("%q on %q: want %v", pattern, name, want)
		}
	})
}

// FuzzMatch: no settings and no data make the filters panic or disagree.
func FuzzMatch(f *testing.F) {
	f.Add("prompt.*", "prompt.created", `{"name":"a","tags":["b"],"n":[1,{"x":2.5}]}`, "n.1.x", "gte", "2.50", "a*", "b")
	f.Add("*", "a.b", `{"a":"\ud800"}`, "a", "contains", "x", "", "")
	f.Add("*", "a.b", `{"a":[[],{}]}`, "a.0", "oneOf", "1,2", "*", "t")
	f.Fuzz(func(t *testing.T, pattern, topic, data, path, operator, value, name, tag string) {
		checked, err := rawjson.Check([]byte(data))
		if err != nil {
			checked = []byte(data)
		}
		e := endpoint(pattern)
		e.Payload.Rows = []webhook.PayloadRow{{Path: path, Operator: webhook.Operator(operator), Value: value}}
		e.Prompt = webhook.PromptFilter{Names: []string{name}, Tags: []string{tag}}
		ev := webhook.Event{Topic: topic, Data: checked}
		matched := filter.Match(e, ev)
		if filter.Explain(e, ev).Matched != matched {
			t.Error("the explanation disagrees")
		}
		if c, err := filter.Compile(e); err == nil && c.Match(ev) != matched {
			t.Error("the compiled filter disagrees")
		}
	})
}

// FuzzExpression: no text and no data make an expression panic, run away or
// disagree with its explanation; a mistake lies within the text.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{
		`data.a < 10`, `data.a.b == "x" || has(data.c)`, `data.l.exists(i, i.n > 1)`, `data.t.matches("^a+$")`, `1 + 1.5 > data.a / 0`,
		`data["x-y"] in [1, 2.0, "3"]`, `topic.startsWith("a") && occurredAt < timestamp("2026-01-01T00:00:00Z")`, `data.a =`, `((((`, `"\u00`, "a\n\n&& b", `data.l.map(x, x + x).size() % 2 == 0`,
	} {
		f.Add(seed, `{"a":9.5,"l":[{"n":1},2],"t":"aaa","x-y":3}`)
	}
	f.Fuzz(func(t *testing.T, text, data string) {
		checked, err := rawjson.Check([]byte(data))
		if err != nil {
			return
		}
		mistake := filter.CheckExpression(text)
		var placed *filter.ExpressionError
		if errors.As(mistake, &placed) {
			lines := strings.Split(text, "\n")
			if placed.Line < 1 || placed.Line > len(lines) || placed.Column < 1 || placed.Column > len(lines[placed.Line-1])+2 {
				t.Errorf("%q: %+v", text, placed)
			}
		}
		if text == "" {
			return
		}
		e, ev := by(text), webhook.Event{Topic: "a.b", Data: checked}
		matched := filter.Match(e, ev)
		if filter.Explain(e, ev).Matched != matched || matched && mistake != nil {
			t.Errorf("%q on %q: the explanation disagrees", text, data)
		}
	})
}
