package filter_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/filter"
	"github.com/bellwire/bellwire/internal/webhook"
)

// by is an endpoint that takes what an expression says.
func by(expression string) webhook.Endpoint {
	e := endpoint("*")
	e.Payload.Expression = expression
	return e
}

const order = `{"price":9,"total":9.5,"big":12345678901234567890,"huge":1e300,"long":9007199254740993,"zero":0,"name":"Ada","flag":true,` +
	`"none":null,"items":[{"sku":"a","qty":1},{"sku":"b","qty":0.5}],"to":{"country":"DE","zip-code":"10115"},"at":"2026-03-01T10:00:00Z"}`

func anOrder() webhook.Event {
	ev := event("order.made", order)
	ev.OccurredAt = time.Date(2026, 5, 4, 23, 30, 0, 0, time.UTC)
	return ev
}

func TestExpressionsReadDataTopicAndTime(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]bool{
		// numbers are JSON's: one kind, however they are spelt
		`data.price < 10`:                               true,
		`data.total < 10`:                               true,
		`data.total < 9`:                                false,
		`data.price == 9.0`:                             true,
		`data.price <= data.total`:                      true,
		`data.price in [8, 9.0]`:                        true,
		`data.total * 2 == 19`:                          true,
		`data.price * 1.5 > 13`:                         true,
		`data.price / 2 == 4.5`:                         true,
		`7 / 2 > 3.4`:                                   true,
		`1 + 1.5 == 2.5`:                                true,
		`(data.total - data.price) / data.price > 0.05`: true,
		`data.price - 10 < 0`:                           true,
		`-data.total < 0`:                               true,
		`data.price % 2 == 1`:                           true,
		`data.long == 9007199254740993`:                 true,
		`data.long == 9007199254740992`:                 false,
		`data.big > 12345678901234567889u`:              true,
		`data.big + 1 > 1e19`:                           true,
		`9223372036854775807 + data.price > 9.2e18`:     true,
		`data.huge > 1`:                                 true,
		// texts
		`data.name == "Ada"`:                              true,
		`data.name != 'Ada'`:                              false,
		`data.name.startsWith("A")`:                       true,
		`data.name.matches("(?i)^ada$")`:                  true,
		`matches(data.name, "^B")`:                        false,
		`data.name.contains("d") && size(data.name) == 3`: true,
		`data.name + "!" == "Ada!"`:                       true,
		// objects and lists
		`data.to.country in ["DE", "AT"]`:                   true,
		`data.to["zip-code"] == "10115"`:                    true,
		`"country" in data.to && !("street" in data.to)`:    true,
		`size(data.to) == 2`:                                true,
		`data.to == {"country": "DE", "zip-code": "10115"}`: true,
		`data.items.exists(i, i.sku == "b")`:                true,
		`data.items.all(i, i.qty > 0.7)`:                    false,
		`data.items.filter(i, i.qty < 1).size() == 1`:       true,
		`data.items.map(i, i.sku) == ["a", "b"]`:            true,
		`data.items[0].qty + data.items[1].qty == 1.5`:      true,
		`data.items.exists_one(i, i.qty == 1)`:              true,
		`data.to.exists(k, k == "country")`:                 true,
		`data.items + [1] != data.items`:                    true,
		`{"sku": "a", "qty": 1} in data.items`:              true,
		// other kinds
		`data.flag`:                                           true,
		`!data.flag || data.none == null`:                     true,
		`has(data.name) && !has(data.nickname)`:               true,
		`data.nickname == "x" || data.price == 9`:             true,
		`data.price > 5 ? data.flag : false`:                  true,
		`topic == "order.made"`:                               true,
		`topic.startsWith("order.")`:                          true,
		`occurredAt > timestamp("2026-05-01T00:00:00Z")`:      true,
		`occurredAt.getHours() == 23`:                         true,
		`occurredAt.getDayOfMonth("Europe/Berlin") == 5`:      false, // counts from 0
		`occurredAt.getDate("Europe/Berlin") == 5`:            true,
		`timestamp(data.at) + duration("2000h") > occurredAt`: true,
		// what CEL calculates with beside numbers stays
		`occurredAt - duration("1h") < occurredAt && duration("1h") + occurredAt > occurredAt`: true,
		`occurredAt - timestamp("2026-05-04T00:00:00Z") == duration("23h") + duration("30m")`:  true,
		`duration("2h") - duration("90m") == duration("30m")`:                                  true,
		`b"a" + b"b" == b"ab" && [1] + [2] == [1, 2] && "a" + "b" == "ab"`:                     true,
		`2u * 3u == 6u && 7u - 2u == 5u && 2u + 1.5 == 3.5 && 6 / 4u == 1.5`:                   true,
		`true`: true,
	} {
		if err := filter.CheckExpression(expression); err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if got := takes(t, by(expression), anOrder()); got != want {
			t.Errorf("%s is %v: %+v", expression, got, filter.Explain(by(expression), anOrder()).Lines)
		}
	}
}

// TestTheDocumentsExpressionsCompile: what people copy from the README works.
func TestTheDocumentsExpressionsCompile(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "## Which events an endpoint takes")
	_, block, _ := strings.Cut(section, "```\n")
	block, _, _ = strings.Cut(block, "```")
	examples := strings.Split(strings.TrimSpace(block), "\n")
	if len(examples) < 3 {
		t.Fatalf("found %q", examples)
	}
	for _, expression := range examples {
		if err := filter.CheckExpression(expression); err != nil {
			t.Errorf("%s: %v", expression, err)
		}
	}
}

func TestAFaultOfAnExpressionIsNoMatchAndSaysWhatWasFound(t *testing.T) {
	t.Parallel()
	for expression, why := range map[string]string{
		`data.price < 5`:                          "data.price is 9",
		`data.nickname == "x"`:                    "data.nickname is missing",
		`!(data.nickname == "x")`:                 "data.nickname is missing",
		`data.to.street.name == "x"`:              "street is missing; data.to.street.name is missing",
		`data.items.exists(i, i.color == 1)`:      `color is missing; data.items is [{"sku":"a","qty":1},{"sku":"b","qty":0.5}]`,
		`data.items[7].qty > 0`:                   `a list has no such element; data.items is [{"sku":"a","qty":1},{"sku":"b","qty":0.5}]`,
		`data.name < 5`:                           `it compares or calls what does not fit together; data.name is "Ada"`,
		`data.price / data.zero > 1`:              "it divides by zero; data.price is 9; data.zero is 0",
		`data.price`:                              "it answers a number, not true or false; data.price is 9",
		`topic == "x" && occurredAt > occurredAt`: "topic is order.made; occurredAt is 2026-05-04T23:30:00.000Z",
		`data.to["zip-code"] == "x"`:              `data.to.zip-code is "10115"`,
		`timestamp(data.name) > occurredAt`:       `invalid RFC 3339 timestamp "Ada"; data.name is "Ada"; occurredAt is 2026-05-04T23:30:00.000Z`,
		`false`:                                   "",
	} {
		got := filter.Explain(by(expression), anOrder())
		if line := got.Lines[1]; got.Matched || line.OK || line.What != "expression: "+expression || line.Why != why {
			t.Errorf("%s: %+v", expression, line)
		}
	}
}

func TestAMistakeInAnExpressionHasItsPlaceAndPlainWords(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`price < 10`:                       "1:1 price is not known here; a member of the event is written data.price",
		"data.price < 10 &&\n  dta.x == 1": "2:3 dta is not known here; a member of the event is written data.dta",
		`data.price <`:                     "1:13 ends too early",
		`data.price = 10`:                  "1:12 “=” compares with two signs: ==",
		`data.a == 1 and data.b == 2`:      "1:13 “and” is written &&",
		`data.a == 1 & data.b == 2`:        "1:13 “and” is written &&",
		`data.a == 1 or data.b == 2`:       "1:13 “or” is written ||",
		`data.a == None`:                   "1:11 “None” is written null",
		`data.name == 'x`:                  "1:14 the text is not closed",
		`"größe" < 1`:                      "1:9 < does not work on a text and a number",
		`topic > 3`:                        "1:7 > does not work on a text and a number",
		`size(data.l) == 1.5`:              "1:14 == compares two spellings of numbers here; write both with a decimal point or neither",
		`topic.name == 1`:                  "1:6 a text has no members",
		`topic - "x" == "y"`:               "1:7 - does not work on a text and a text",
		`lower(data.name) == "x"`:          "1:6 there is no function lower",
		`data.name.lower() == "x"`:         "1:16 there is no function lower",
		`data.price + 1 > 2 data`:          "1:20 “data” does not belong here",
		`data.name.matches("^(a")`:         "1:19 the pattern is no regular expression",
		`data.name.matches("(x{90}){9}")`:  "1:19 the pattern is too large",
		`data.name.matches(data.pattern)`:  "1:23 the pattern must be written out here",
		`timestamp("soon") > occurredAt`:   "1:11 the text is no timestamp",
		`data.id == 123456789012345678901`: "1:12 the number is too large; write it with a decimal point",
		`data`:                             "1:1 answers an object, it must answer true or false",
		`topic + "x"`:                      "1:1 answers a text, it must answer true or false",
		`   `:                              "1:1 is empty",
		``:                                 "1:1 is empty",
		`topic.all(x, true)`:               "1:1 only lists and objects can be gone through",
		strings.Repeat("a", 2001):          "1:1 is too long",
		strings.Repeat("(", 60) + "true" + strings.Repeat(")", 60): "1:1 nests too deep",
		`[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))`:     "1:41 has loops in loops in loops; two levels are enough",
	} {
		var mistake *filter.ExpressionError
		if !errors.As(filter.CheckExpression(expression), &mistake) {
			t.Errorf("%s passes", expression)
			continue
		}
		if got := fmt.Sprintf("%d:%d %s", mistake.Line, mistake.Column, mistake.Message); got != want {
			t.Errorf("%.60s: %s", expression, got)
		}
	}
}

// TestHostileExpressionsEndSoon: what compiles must come to an answer within
// the bounds on the largest payload, whatever it is made of.
func TestHostileExpressionsEndSoon(t *testing.T) {
	t.Parallel()
	data := `{"s":"` + strings.Repeat("a", 120<<10) + `","t":"` + strings.Repeat("a", 15<<10) + `","l":[` + strings.Repeat("1,", 40_000) + `1],"o":[` + strings.Repeat(`{"k":1},`, 4000) + `{"k":1}]}`
	ev := event("a.b", data)
	for _, expression := range []string{
		`data.s.matches("(a|aa)+$")`,
		`data.t.matches("(.*a){10}b")`,
		strings.Repeat(`data.t.matches("(a|aa)+b") || `, 30) + `false`,
		`data.l.all(x, data.l.all(y, x == y))`,
		`data.l.map(x, data.s + data.s).size() > 0`,
		`data.l.map(x, x).map(x, x).map(x, [x, x, x, x, x]).size() > 1`,
		`data.l.exists(x, data.s.contains("b"))`,
		`data.o.exists(x, x.map(k, k + data.s).size() > 5)`,
		`data.l.exists(x, occurredAt.getHours("Europe/Berlin") == 77)`,
		`data.l.filter(x, string(x) == "2").size() > 0`,
		`data == data`,
		`data.s.contains(data.s)`,
		strings.Repeat("!", 1900) + "true",
		strings.Repeat("true && ", 240) + "true",
	} {
		if err := filter.CheckExpression(expression); err != nil {
			t.Errorf("%.60s: %v", expression, err)
			continue
		}
		c, err := filter.Compile(by(expression))
		if err != nil {
			t.Fatal(err)
		}
		before := time.Now()
		c.Match(ev)
		if took := time.Since(before); took > 30*time.Second {
			t.Errorf("%.60s took %v", expression, took)
		}
	}
	for expression, want := range map[string]string{
		`data.l.all(x, x == 1)`: "it takes too ", // many steps; long, where a slow machine looked at the clock first
		`data.s.matches("a")`:   "a text is too long for a pattern; ",
		`data.t.matches("(a|aa)+b{9}") || data.t.matches("(a|aa)+b{8}") || data.t.matches("(a|aa)+b{7}") || ` +
			strings.Repeat(`data.t.matches("(a|aa)+b{6}") || `, 9) + `false`: "it takes too many steps on this event; ",
	} {
		if why := filter.Explain(by(expression), ev).Lines[1].Why; !strings.HasPrefix(why, want) {
			t.Errorf("%.60s: %.80s", expression, why)
		}
	}
}

func TestAnExpressionThatCantBeCompiledAnyMoreTakesNothingAndSaysSo(t *testing.T) {
	t.Parallel()
	e := by(`gone(data.x)`)
	if takes(t, e, anOrder()) {
		t.Error("took an event")
	}
	if why := filter.Explain(e, anOrder()).Lines[1].Why; why != "there is no function gone" {
		t.Error(why)
	}
}

func TestAFilterHasRowsOrAnExpression(t *testing.T) {
	t.Parallel()
	f := webhook.PayloadFilter{Rows: []webhook.PayloadRow{{Path: "a", Operator: webhook.OpExists}}, Expression: "true"}
	if err := filter.CheckPayload(f); err == nil || err.Error() != "payloadFilter has rows and an expression; choose one" {
		t.Error(err)
	}
	err := filter.CheckPayload(webhook.PayloadFilter{Expression: "a"})
	var known *webhook.Error
	if !errors.As(err, &known) || len(known.Fields) != 1 || known.Fields[0].Location != "payloadFilter.expression" ||
		!strings.HasPrefix(known.Fields[0].Message, "line 1, column 1: a is not known here") {
		t.Errorf("%+v", err)
	}
	if err := filter.CheckPayload(webhook.PayloadFilter{Expression: "data.a == 1"}); err != nil {
		t.Error(err)
	}
}

// TestExpressionsAreShared: goroutines use one program at once, and more
// expressions than are kept at hand still answer rightly.
func TestExpressionsAreShared(t *testing.T) {
	t.Parallel()
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() {
			for i := range 300 {
				e := by(fmt.Sprintf("data.items.exists(i, i.qty + %d == %d)", i, i+1))
				if !filter.Match(e, anOrder()) {
					t.Errorf("goroutine %d, expression %d", n, i)
				}
			}
		})
	}
	wait.Wait()
}
