package payload_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/payload"
	"github.com/bellwire/bellwire/internal/webhook"
)

func event(data string) webhook.Event {
	return webhook.Event{
		ID: webhook.EventID{UUID: webhook.UUID{1}}, Topic: "order.created", Data: []byte(data),
		OccurredAt: time.Date(2026, 1, 24, 10, 30, 0, 123_000_000, time.FixedZone("", 3600)),
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	const data = `{"id":12345678901234567890,"price":1.10,"name":"A \"b\"\nc","who":{"z":1.0, "a":[1,2]},"no":null,"yes":true}`
	for name, c := range map[string]struct{ template, want string }{
		"what stands stays as it is": {"{\n \"a\": [1.50, \"\\u00e9\"], \"b\": {} }", "{\n \"a\": [1.50, \"\\u00e9\"], \"b\": {} }"},
		"a text becomes a value":     {`{"a":"{{data.id}}","b":"{{ data.who }}","c":"{{data.yes}}","d":"{{data.no}}"}`, `{"a":12345678901234567890,"b":{"z":1.0, "a":[1,2]},"c":true,"d":null}`},
		"inside of a text":           {`{"a":"<{{data.name}}> {{data.id}} {{data.who}} {{data.no}}!"}`, `{"a":"<A \"b\"\nc> 12345678901234567890 {\"z\":1.0, \"a\":[1,2]} !"}`},
		"the event's own":            {`["{{id}}","{{topic}}","{{occurredAt}}","at {{occurredAt}}"]`, `["01000000-0000-0000-0000-000000000000","order.created","2026-01-24T09:30:00.123Z","at 2026-01-24T09:30:00.123Z"]`},
		"whole data":                 {`"{{data}}"`, data},
		"a choice":                   {`{"a":"{{topic.endsWith('created') ? 'new' : 'old'}}"}`, `{"a":"new"}`},
		"what is made of it":         {`{"a":"{{data.who.a.map(n, n * 2)}}","b":"{{ {'k': data.yes, 'a': topic} }}"}`, `{"a":[2,4],"b":{"a":"order.created","k":true}}`},
		"cut and json":               {`["{{cut('äöü', 2)}}","{{cut('abc', 3)}}","{{json(data.who)}}","{{cut(json(data.yes), 3)}}"]`, `["ä…","abc","{\"z\":1.0, \"a\":[1,2]}","tr…"]`},
		"secrets":                    {`{"k":"{{secret['X-Key']}}"}`, `{"k":"s3cret"}`},
		"missing members":            {`{"a":"{{data.none}}","b":"x{{data.none.deeper}}y","c":"{{secret.none}}"}`, `{"a":null,"b":"xy","c":null}`},
		"what does not work":         {`["{{data.name + 1}}","{{1/0}}","{{cut(data.who, 3)}}"]`, `[null,null,null]`},
		"a text that quotes braces":  {`{"a":"\"{{'\\\"'}}\" {"}`, `{"a":"\"\"\" {"}`},
		"quotes are not markup":      {`{"a":"<b>&{{topic}}"}`, `{"a":"<b>&order.created"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := payload.Fill(c.template, event(data), map[string]string{"X-Key": "s3cret"})
			if err != nil || string(got) != c.want || !json.Valid(got) {
				t.Errorf("got  %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
	_, without, err := payload.Fill(`["{{data.none}}","x {{data.other.more}}","{{topic}}"]`, event(`{}`), nil)
	if err != nil || len(without) != 2 || !strings.HasPrefix(without[0], "{{data.none}} ") || !strings.HasPrefix(without[1], "{{data.other.more}} ") {
		t.Errorf("without %q, %v", without, err)
	}
}

func TestCheck_names_the_place_of_what_is_no_template(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ template, words string }{
		"no JSON":           {`{"a":}`, "must be JSON"},
		"two documents":     {`{} {}`, "must be JSON"},
		"a name twice":      {`{"a":1,"a":2}`, "must be JSON"},
		"not closed":        {"{\n\"a\":\"{{topic\"}", "line 2: “{{” is not closed"},
		"empty":             {`"{{ }}"`, "line 1: “{{}}” is empty"},
		"an unknown name":   {"{\"x\":1,\n\n\"a\":\"{{nothing.here}}\"}", "line 3: {{nothing.here}}: "},
		"a broken one":      {`"{{topic +}}"`, "ends too early"},
		"a name to fill in": {`{"{{topic}}": 1}`, "names of members can't be filled in"},
		"an unknown call":   {`"{{system('ls')}}"`, "there is no function system"},
		"too long":          {`"` + strings.Repeat("x", payload.MaxTemplate) + `"`, "at most 16384"},
		"too many":          {`["` + strings.Repeat(`{{topic}}","`, payload.MaxExpressions) + `{{topic}}"]`, "more than 100 expressions"},
		"not UTF-8":         {"\"\xff\"", "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := payload.Check(c.template)
			var e *webhook.Error
			if webhook.KindOf(err) != webhook.KindInvalid || !strings.Contains(err.Error(), c.words) {
				t.Errorf("got %v %T", err, e)
			}
		})
	}
	if err := payload.Check(""); err != nil {
		t.Error(err)
	}
}

// What a template makes is bounded in bytes, and each expression in steps.
func TestFill_is_bounded(t *testing.T) {
	t.Parallel()
	big := `{"a":"` + strings.Repeat("x", 200<<10) + `"}`
	if _, _, err := payload.Fill(`["{{data}}","{{data}}"]`, event(big), nil); webhook.KindOf(err) != webhook.KindInvalid || !strings.Contains(err.Error(), "256 KiB") {
		t.Errorf("400 KiB: %v", err)
	}
	list := `{"l":[` + strings.TrimSuffix(strings.Repeat("1,", 5000), ",") + `]}`
	started := time.Now()
	body, without, err := payload.Fill(`"{{data.l.map(a, data.l.map(b, a + b))}}"`, event(list), nil)
	if err != nil || string(body) != "null" || len(without) != 1 || time.Since(started) > 2*time.Second {
		t.Errorf("25 million steps: %.40s %q %v in %s", body, without, err, time.Since(started))
	}
}

func FuzzFill(f *testing.F) {
	for _, seed := range []string{`{"a":"{{data.b}} x"}`, `"{{cut(json(data), 3)}}"`, `["{{","}}"]`, `{"{{a}}":1}`, `"{{'\u0022'}}"`} {
		f.Add(seed, `{"b":[1,{"c":"d"}]}`)
	}
	f.Fuzz(func(t *testing.T, template, data string) {
		if len(template) > 2000 || !json.Valid([]byte(data)) || !strings.HasPrefix(data, "{") || payload.Check(template) != nil || template == "" {
			return
		}
		body, _, err := payload.Fill(template, event(data), nil)
		if err == nil && !json.Valid(body) {
			t.Errorf("%q makes %q of %q", template, body, data)
		}
	})
}
