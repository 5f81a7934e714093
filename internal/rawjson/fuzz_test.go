package rawjson_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/rawjson"
)

var seeds = []string{
	`{}`, ` { "a" : [ 1 , -0.0e+5, "\ud800\u00e9\\" ] } `, `{"10":1,"9":{"b":1,"0":2},"a":null}`, `{"a":1,"\u0061":2}`,
	"\xef\xbb\xbf{}", "{\"\xff\":1}", `{"a":1e999}`, `{"a":01}`, `[{"a":[]}]`, `{"a":"` + "\x00" + `"}`, `{"a":12345678901234567890.5}`,
	`{"\uD83D\uDE00":"\ude00\ud83d"}`, `{"":{"":{"":[[[]]]}}}`, `{"a":tru}`, `{"a":1}}`, `{"a":1e-7,"b":1e21,"c":0.000001}`,
}

// FuzzCheck: whatever Check accepts is JSON, and compacts as the standard
// library compacts it; whatever it refuses breaks one of the rules.
func FuzzCheck(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		compact, err := rawjson.Check(data)
		if !bytes.Equal(before, data) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			text := err.Error()
			if json.Valid(data) && utf8.Valid(data) && strings.Contains(text, "is not JSON") {
				t.Fatalf("refused good JSON: %v", err)
			}
			return
		}
		var want bytes.Buffer
		if err := json.Compact(&want, data); err != nil || !bytes.Equal(want.Bytes(), compact) {
			t.Fatalf("got %s, want %s, %v", compact, want.Bytes(), err)
		}
		if again, err := rawjson.Check(compact); err != nil || !bytes.Equal(again, compact) {
			t.Fatalf("compacted again: %s, %v", again, err)
		}
		if err := rawjson.CheckDocument(data); err != nil {
			t.Fatalf("as a document: %v", err)
		}
		members, err := rawjson.Members(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range members {
			if value, ok := rawjson.Lookup(data, m.Name); !ok || !strings.Contains(m.Name, "\ufffd") && !bytes.Equal(value, m.Value) {
				t.Fatalf("member %q is looked up as %s", m.Name, value)
			}
		}
	})
}

// FuzzJavaScript: the respelling stands for the same values, loses no digit
// that it could keep and is a fixed point.
func FuzzJavaScript(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		compact, err := rawjson.Check(data)
		if err != nil {
			rawjson.JavaScript(data) // must not panic
			rawjson.Lossy(data)
			return
		}
		script := rawjson.JavaScript(compact)
		if again := rawjson.JavaScript(script); !bytes.Equal(again, script) {
			t.Fatalf("not a fixed point\nonce  %s\ntwice %s", script, again)
		}
		checked, err := rawjson.Check(script)
		if err != nil || !bytes.Equal(checked, script) {
			t.Fatalf("%s is no checked data: %v", script, err)
		}
		if lost := rawjson.Lossy(script); lost != nil {
			t.Fatalf("%s still loses %v", script, lost)
		}
		if a, b := canonical(t, compact), canonical(t, script); !bytes.Equal(a, b) {
			t.Fatalf("values changed\nfrom %s\nto   %s", a, b)
		}
	})
}

// canonical is the document by the standard library: members sorted, numbers
// as doubles.
func canonical(t *testing.T, data []byte) []byte {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(out, []byte("-0"), []byte("0"))
}

// FuzzCompare: numbers are ordered as exact fractions order them.
func FuzzCompare(f *testing.F) {
	for _, seed := range [][2]string{{"1.10", "1.1"}, {"-0", "0e9"}, {"12", "1.2e1"}, {"1e-7", "0.0000001"}, {"-2", "-10"}, {"01", "1"}, {"1e999999999999", "2"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !rawjson.IsNumber([]byte(a)) || !rawjson.IsNumber([]byte(b)) {
			return
		}
		got := rawjson.Compare([]byte(a), []byte(b))
		if back := rawjson.Compare([]byte(b), []byte(a)); got != -back {
			t.Errorf("%s and %s: %d, the other way round %d", a, b, got, back)
		}
		rawjson.IsWhole([]byte(a)) // must not panic
		x, y := fraction(a), fraction(b)
		if x == nil || y == nil {
			return // too large to write out
		}
		if want := x.Cmp(y); got != want {
			t.Errorf("%s and %s: %d, want %d", a, b, got, want)
		}
		if rawjson.IsWhole([]byte(a)) != x.IsInt() {
			t.Errorf("%s is whole: %v", a, !x.IsInt())
		}
	})
}

// fraction is nil for exponents of more than three digits.
func fraction(number string) *big.Rat {
	if e := strings.IndexAny(number, "eE"); e >= 0 && len(number)-e > 5 {
		return nil
	}
	r, _ := new(big.Rat).SetString(number)
	return r
}
