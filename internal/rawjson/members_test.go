package rawjson_test

import (
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/rawjson"
)

func TestMembersKeepOrderAndSpelling(t *testing.T) {
	t.Parallel()
	members, err := rawjson.Members([]byte(` { "b" : 1.0 , "\u0061" : [ 1, "]" ] , "c\"":{"x":"}\\"}, "e":""} `))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, m := range members {
		got.WriteString(m.Name + "|" + string(m.Key) + "|" + string(m.Value) + "\n")
	}
	want := "b|\"b\"|1.0\n" + `a|"\u0061"|[ 1, "]" ]` + "\n" + `c"|"c\""|{"x":"}\\"}` + "\n" + `e|"e"|""` + "\n"
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
	if _, err := rawjson.Members([]byte(`{"a":1,"a":2}`)); err == nil {
		t.Error("a broken object has members")
	}
}

func TestLookupFollowsNamesAndIndexes(t *testing.T) {
	t.Parallel()
	const object = `{"a":{"b.c":{"\u0064":[10,{"e":"x"},[]]}},"n":null,"":{"":7},"s":"a"}`
	cases := []struct {
		path, want string
		ok         bool
	}{
		{"a|b.c|d|0", "10", true},
		{"a|b.c|d|1|e", `"x"`, true},
		{"a|b.c|d|2", `[]`, true},
		{"a|b.c|d|3", "", false},
		{"a|b.c|d|-1", "", false},
		{"a|b.c|d|x", "", false},
		{"n", "null", true},
		{"n|x", "", false},
		{"|", "7", true},
		{"s|0", "", false},
		{"A", "", false},
	}
	for _, c := range cases {
		value, ok := rawjson.Lookup([]byte(object), strings.Split(c.path, "|")...)
		if ok != c.ok || string(value) != c.want {
			t.Errorf("%s: %s, %v", c.path, value, ok)
		}
	}
	if value, ok := rawjson.Lookup([]byte(object)); !ok || string(value) != object {
		t.Error("no path is not the whole object")
	}
}

func TestTextUnescapes(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		`""`: "", `"a b"`: "a b", `"\"\\\/\b\f\n\r\t"`: "\"\\/\b\f\n\r\t", `"\u00e9\uD83D\uDE00é"`: "é😀é", `"\ud800x"`: "\ufffdx",
	}
	for in, want := range cases {
		if got, ok := rawjson.Text([]byte(in)); !ok || got != want {
			t.Errorf("%s: %q, %v", in, got, ok)
		}
	}
	for _, in := range []string{``, `1`, `null`, `"`, `["a"]`} {
		if _, ok := rawjson.Text([]byte(in)); ok {
			t.Errorf("%s is taken for a string", in)
		}
	}
}

func TestQuoteWritesWhatJavaScriptWould(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"":                     `""`,
		"a\"b\\c/<>&'":         `"a\"b\\c/<>&'"`,
		"\b\f\n\r\t\x00\x1f":   `"\b\f\n\r\t\u0000\u001f"`,
		"é\u2028😀\x7f":         "\"é\u2028😀\x7f\"",
		"broken \xff\xed\xa0x": "\"broken \ufffd\ufffd\ufffdx\"",
	}
	for in, want := range cases {
		if got := rawjson.Quote(in); string(got) != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestBrokenBytesNeverPanic(t *testing.T) {
	t.Parallel()
	const whole = `{"a":[1,{"b":"c\"\ud83d\ude00"}],"10":{"2":-1.5e+7},"x":[true,null]}`
	for end := range len(whole) {
		for start := range end {
			piece := []byte(whole[start:end])
			rawjson.JavaScript(piece)
			rawjson.Lossy(piece)
			rawjson.Lookup(piece, "a", "1", "b")
			for range rawjson.Elements(piece) {
			}
		}
	}
}
