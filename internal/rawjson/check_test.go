package rawjson_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/rawjson"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestGoodDataIsCompactedAndOtherwiseKept(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		`{}`:                                   `{}`,
		" {\t}\r\n":                            `{}`,
		`{ "a" : [ 1 , 2.50 , -0 ] , "b":{} }`: `{"a":[1,2.50,-0],"b":{}}`,
		`{"a":" kept  \t inside "}`:            `{"a":" kept  \t inside "}`,
		`{"n":[1E3,1e+3,0.10,12345678901234567890,1e308,-1.5e-400]}`: `{"n":[1E3,1e+3,0.10,12345678901234567890,1e308,-1.5e-400]}`,
		`{"s":"\ud800 \u00e9 \/ é \u0000"}`:                          `{"s":"\ud800 \u00e9 \/ é \u0000"}`,
		`{"\ud800":1,"\ud801":2,"�":3}`:                              `{"\ud800":1,"\ud801":2,"�":3}`,
		`{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":1}]}`:            `{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":1}]}`,
		`{"a":true,"b":false,"c":null,"":"\ufeff"}`:                  `{"a":true,"b":false,"c":null,"":"\ufeff"}`,
	}
	for in, want := range cases {
		got, err := rawjson.Check([]byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%s\n got %s, %v\nwant %s", in, got, err, want)
		}
	}
}

func TestCompactDataIsAnsweredWithoutACopyAndTheInputIsNeverChanged(t *testing.T) {
	t.Parallel()
	compact := []byte(`{"a":1}`)
	if got, _ := rawjson.Check(compact); &got[0] != &compact[0] {
		t.Error("compact data was copied")
	}
	spaced := []byte(`{ "a": 1 }`)
	if _, err := rawjson.Check(spaced); err != nil || string(spaced) != `{ "a": 1 }` {
		t.Errorf("the input is now %s, error %v", spaced, err)
	}
}

func TestBadDataIsRefusedWithPlaceAndByte(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, place, says string }{
		{"nothing", ``, "data", "empty"},
		{"white space", " \n", "data", "(byte 3)"},
		{"a byte order mark", "\xef\xbb\xbf{}", "data", "byte order mark"},
		{"an array", `[1]`, "data", "must be a JSON object"},
		{"a string", ` "a"`, "data", "(byte 2)"},
		{"a second document", `{} {}`, "data", "(byte 4)"},
		{"a trailing comma", `{"a":1,}`, "data", "member name"},
		{"a trailing comma in an array", `{"a":[1,]}`, "data.a[1]", "value is expected"},
		{"no colon", `{"a" 1}`, "data", `":"`},
		{"a name without quotes", `{a:1}`, "data", "(byte 2)"},
		{"no comma", `{"a":[1 2]}`, "data.a", `"," or "]"`},
		{"an object that does not end", `{"a":1`, "data", `ends where "," or "}"`},
		{"a string that does not end", `{"a":"b`, "data.a", "does not end"},
		{"a string that ends in a backslash", `{"a":"b\`, "data.a", "escape"},
		{"a comment", `{"a":/**/1}`, "data.a", "value is expected"},
		{"a member twice", `{"a":1,"b":2,"a":3}`, "data.a", "is there twice (byte 14)"},
		{"a member twice by an escape", `{"x":{"a":1,"\u0061":3}}`, "data.x.a", "twice"},
		{"an empty member twice", `{"":1,"":3}`, `data[""]`, "twice"},
		{"a lone surrogate twice", `{"\uD800":1,"\ud800":3}`, `data["���"]`, "twice"},
		{"a raw control character", "{\"a\":\"\x01\"}", "data.a", "control character"},
		{"a raw NUL", "{\"a\":\"x\x00\"}", "data.a", "(byte 8)"},
		{"NUL between tokens", "{\"a\":\x001}", "data.a", "value is expected"},
		{"an unknown escape", `{"a":"\x41"}`, "data.a", "escape"},
		{"a short escape", `{"a":"\u12"}`, "data.a", "escape"},
		{"an escape that is no hex", `{"a":"\u12g4"}`, "data.a", "escape"},
		{"broken UTF-8 in a string", "{\"a\":[0,{\"b\":\"ok\xff\"}]}", "data.a[1].b", "is not valid UTF-8 (byte 17)"},
		{"broken UTF-8 in a name", "{\"a\xc0\":1}", "data", "is not valid UTF-8"},
		{"UTF-8 of a surrogate", "{\"a\":\"\xed\xa0\x80\"}", "data.a", "is not valid UTF-8"},
		{"broken UTF-8 between tokens", "{\"a\":\xff}", "data.a", "value is expected"},
		{"a number beyond a double", `{"a":{"b":[1,2,1e309]}}`, "data.a.b[2]", "beyond the range of a double (byte 16)"},
		{"a long number beyond a double", `{"a":1` + strings.Repeat("0", 309) + `}`, "data.a", "beyond the range"},
		{"a leading zero", `{"a":01}`, "data.a", "number"},
		{"a leading plus", `{"a":+1}`, "data.a", "value"},
		{"a bare minus", `{"a":-}`, "data.a", "number"},
		{"a point without digits", `{"a":1.}`, "data.a", "number"},
		{"an exponent without digits", `{"a":1e+}`, "data.a", "number"},
		{"not a number", `{"a":NaN}`, "data.a", "value"},
		{"half a word", `{"a":tru}`, "data.a", "value"},
		{"an odd name", `{"b.c":{"":x}}`, `data["b.c"][""]`, "value"},
		{"a long name", `{"` + strings.Repeat("n", 500) + `":x}`, `data["` + strings.Repeat("n", 64) + `…"]`, "value"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := rawjson.Check([]byte(c.in))
			var e *webhook.Error
			if !errors.As(err, &e) || e.Kind != webhook.KindInvalid || len(e.Fields) != 1 {
				t.Fatalf("got %v", err)
			}
			if e.Fields[0].Location != c.place || !strings.Contains(e.Fields[0].Message, c.says) {
				t.Errorf("got %s: %s\nwant %s: …%s…", e.Fields[0].Location, e.Fields[0].Message, c.place, c.says)
			}
		})
	}
}

func nested(depth int) []byte {
	arrays := depth - 1
	return []byte(`{"a":` + strings.Repeat("[", arrays) + strings.Repeat("]", arrays) + `}`)
}

func TestDepthIsCountedFromTheOutermostObject(t *testing.T) {
	t.Parallel()
	if _, err := rawjson.Check(nested(64)); err != nil {
		t.Errorf("64 levels: %v", err)
	}
	if _, err := rawjson.Check(nested(65)); err == nil || !strings.Contains(err.Error(), "deeper than 64") {
		t.Errorf("65 levels: %v", err)
	}
	bomb := []byte(strings.Repeat(`{"a":`, 1_000_000))
	if _, err := rawjson.Check(bomb); err == nil {
		t.Error("a depth bomb is accepted")
	}
}

func TestARepeatedNameIsFoundInWideObjects(t *testing.T) {
	t.Parallel()
	for _, width := range []int{15, 16, 17, 18, 1000} {
		var b strings.Builder
		for i := range width {
			fmt.Fprintf(&b, `"m%d":{"m0":0},`, i)
		}
		if _, err := rawjson.Check([]byte("{" + b.String() + `"last":0}`)); err != nil {
			t.Errorf("width %d: %v", width, err)
		}
		for _, again := range []int{0, width / 2, width - 1} {
			in := "{" + b.String() + `"m` + strconv.Itoa(again) + `":0}`
			if _, err := rawjson.Check([]byte(in)); err == nil || !strings.Contains(err.Error(), "twice") {
				t.Errorf("width %d, member %d again: %v", width, again, err)
			}
		}
	}
}

func TestDocumentsMayBeOfAnyTypeAndWrapData(t *testing.T) {
	t.Parallel()
	for _, good := range []string{`null`, ` [1] `, `"a"`, `-1.5`, `{"events":[{"data":` + string(nested(64)) + `}]}`} {
		if err := rawjson.CheckDocument([]byte(good)); err != nil {
			t.Errorf("%.40s: %v", good, err)
		}
	}
	cases := map[string]string{
		``:                        "body is empty",
		`{"a":{"b":1,"b":2}}`:     "body.a.b is there twice",
		`[{"x":1},{"x":1e999}]`:   "body[1].x is a number beyond",
		string(nested(80)):        "nests deeper",
		"[\"\xff\"]":              "body[0] is not valid UTF-8",
		"\xef\xbb\xbf{}":          "body begins with a byte order mark",
		`{"events":[{"topic":}]}`: "body.events[0].topic is not JSON",
	}
	for in, want := range cases {
		if err := rawjson.CheckDocument([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want …%s…", in, err, want)
		}
	}
}
