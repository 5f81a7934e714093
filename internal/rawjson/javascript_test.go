package rawjson_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/bellwire/bellwire/internal/rawjson"
)

// The pairs were recorded from Node: a document, and what
// JSON.stringify(JSON.parse(document)) makes of it.
func TestDocumentsAreRespeltAsNodeDid(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/javascript.json")
	if err != nil {
		t.Fatal(err)
	}
	var pairs [][2]string
	if err := json.Unmarshal(raw, &pairs); err != nil || len(pairs) < 200 {
		t.Fatalf("%d pairs, %v", len(pairs), err)
	}
	for _, pair := range pairs {
		data, err := rawjson.Check([]byte(pair[0]))
		if err != nil {
			t.Errorf("%s: %v", pair[0], err)
			continue
		}
		if got := rawjson.JavaScript(data); string(got) != pair[1] {
			t.Errorf("%s\n got %s\nwant %s", pair[0], got, pair[1])
		}
		if got := rawjson.JavaScript([]byte(pair[0])); string(got) != pair[1] {
			t.Errorf("with white space %s\n got %s", pair[0], got)
		}
	}
}

func TestJavaScriptsSpelling(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		`{}`: `{}`, `[]`: `[]`, `[[],{}]`: `[[],{}]`, `null`: `null`,
		// numbers
		`[0,-0,-0.0,0e9]`:                          `[0,0,0,0]`,
		`[1.0,1.50,0.10,100,1e2,1E+2]`:             `[1,1.5,0.1,100,100,100]`,
		`[1e20,1e21,123e20,999999999999999999999]`: `[100000000000000000000,1e+21,1.23e+22,1e+21]`,
		`[0.000001,0.0000001,1.5e-7,-1e-10]`:       `[0.000001,1e-7,1.5e-7,-1e-10]`,
		`[9007199254740993,12345678901234567]`:     `[9007199254740992,12345678901234568]`,
		`[999999999999999,9999999999999999]`:       `[999999999999999,10000000000000000]`,
		`[5e-324,1e-400,1.7976931348623157e308]`:   `[5e-324,0,1.7976931348623157e+308]`,
		`[-12.5,-7,0.5,123456789012345.5]`:         `[-12.5,-7,0.5,123456789012345.5]`,
		// strings
		`["\/\u0041\u00e9\u00E9"]`:         `["/Aéé"]`,
		`["\b\f\n\r\t\"\\"]`:               `["\b\f\n\r\t\"\\"]`,
		`["\u0008\u001F\u007f\u0000"]`:     "[\"\\b\\u001f\x7f\\u0000\"]",
		`["\u2028<>&'"]`:                   "[\"\u2028<>&'\"]",
		`["\uD83D\uDE00 \uDE00\uD83D"]`:    `["😀 \ude00\ud83d"]`,
		`["\uD83D\uD83D\uDE00","\ud83dx"]`: `["\ud83d😀","\ud83dx"]`,
		// names
		`{"b":1,"2":2,"a":3,"0":4,"10":5}`:              `{"0":4,"2":2,"10":5,"b":1,"a":3}`,
		`{"1":1,"0":0}`:                                 `{"0":0,"1":1}`,
		`{"00":1,"-1":2,"4294967295":3,"4294967294":4}`: `{"4294967294":4,"00":1,"-1":2,"4294967295":3}`,
		`{"x":0,"\u0031":{"z":0,"3":[{"b":1,"1":2}]}}`:  `{"1":{"3":[{"1":2,"b":1}],"z":0},"x":0}`,
		`{"__proto__":1,"":2}`:                          `{"__proto__":1,"":2}`,
	}
	for in, want := range cases {
		if got := rawjson.JavaScript([]byte(in)); string(got) != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestLossyNamesTheNumbersThatJavaScriptChanges(t *testing.T) {
	t.Parallel()
	cases := map[string][]string{
		`{"a":1.50,"b":[1E3,0.1,1e21,-0.0],"c":99999999999999999999e-5}`:          {"c"},
		`{"id":12345678901234567,"items":[{"n":1},{"n":0.12345678901234567891}]}`: {"id", "items[1].n"},
		`{"odd.name":{"x":9007199254740993},"y":9007199254740992}`:                {`["odd.name"].x`},
		`{"tiny":1e-400,"zero":0e-400,"s":"12345678901234567"}`:                   {"tiny"},
		`{"a":0.1000000000000000000,"b":1000000000000000000000000}`:               nil,
	}
	for in, want := range cases {
		if got := rawjson.Lossy([]byte(in)); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestNumbersCompareByTheirExactValue(t *testing.T) {
	t.Parallel()
	ascending := []string{
		"-1e400", "-12", "-11.9999999999999999999", "-1e-5", "0", "1e-999999999", "0.0000000001", "0.1",
		"1", "1.00000000000000000001", "9", "10", "9007199254740992", "9007199254740993", "1e22", "1e999999999",
	}
	for i, a := range ascending {
		for j, b := range ascending {
			want := min(max(i-j, -1), 1)
			if got := rawjson.Compare([]byte(a), []byte(b)); got != want {
				t.Errorf("%s with %s: %d, want %d", a, b, got, want)
			}
		}
	}
	for _, same := range [][2]string{{"1.50", "1.5"}, {"0", "-0.00e7"}, {"100", "1E+2"}, {"0.001", "1e-3"}, {"12e-1", "1.2"}} {
		if rawjson.Compare([]byte(same[0]), []byte(same[1])) != 0 {
			t.Errorf("%s differs from %s", same[0], same[1])
		}
	}
}

func TestIsNumberKnowsJSONsGrammar(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"0": true, "-1.5e+7": true, "12": true, "": false, "+1": false, "01": false, "1.": false, ".5": false,
		"1e": false, "1 ": false, "NaN": false, "0x1": false, "-": false,
	} {
		if got := rawjson.IsNumber([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestIsWholeKnowsNumbersWithoutAFraction(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]bool{
		"0": true, "-0.0": true, "12": true, "12.0": true, "1.2e1": true, "1200e-2": true, "1e300": true,
		"0.5": false, "1.2": false, "12e-1": false, "1e-300": false, "-7.25": false,
	} {
		if rawjson.IsWhole([]byte(number)) != want {
			t.Errorf("%s is whole: %v", number, !want)
		}
	}
}
