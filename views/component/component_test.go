package component_test

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"github.com/bellwire/bellwire/views/component"
)

func render(t *testing.T, c templ.Component) (string, *goquery.Document) {
	t.Helper()
	var out bytes.Buffer
	if err := c.Render(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), doc
}

func TestCode_showsEveryByteOfTheBodyAndNoneAsMarkup(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"an object":            "{\n  \"a\": [1, -2.5e+3, true, null, \"x\"],\n  \"b\": {}\n}",
		"escaped quotes":       `{"a\"b":"c\\","d":"\\\""}`,
		"a string cut short":   `{"a":"never ends`,
		"markup":               `{"a":"</pre><script>alert(1)</script>","<b>":1}`,
		"not JSON at all":      "truffle & nothing - 12,\x00 <i>",
		"an escape at the end": `"\`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, doc := render(t, component.Code("Body", component.Body{Text: text, Kind: "json"}))
			got := strings.TrimSuffix(doc.Find("pre").Text(), "\n")
			if want := strings.ReplaceAll(text, "\x00", "\uFFFD"); strings.ReplaceAll(got, "\x00", "\uFFFD") != want && got != strings.ReplaceAll(text, "\x00", "") {
				t.Errorf("shown %q, want %q", got, text)
			}
			if doc.Find("script, pre i, pre b").Length() != 0 {
				t.Errorf("markup came through: %s", page)
			}
			if copied := doc.Find("[data-copy]").AttrOr("data-copy", ""); strings.ReplaceAll(copied, "\uFFFD", "\x00") != text {
				t.Errorf("copies %q", copied)
			}
		})
	}
}

func TestCode_coloursNamesAndValuesApart(t *testing.T) {
	t.Parallel()
	_, doc := render(t, component.Code("Body", component.Body{Text: `{"name": "value", "n": 1.50, "t": true}`, Kind: "json"}))
	for class, want := range map[string]string{".j-key": `"name""n""t"`, ".j-str": `"value"`, ".j-num": "1.50", ".j-lit": "true"} {
		if got := doc.Find(class).Text(); got != want {
			t.Errorf("%s holds %q, want %q", class, got, want)
		}
	}
}

func TestCode_offersTheExactBytesWhenTheyDiffer(t *testing.T) {
	t.Parallel()
	_, doc := render(t, component.Code("Body", component.Body{Text: "{\n}", Raw: "{}", Kind: "json"}))
	if got := doc.Find("details pre").Text(); got != "{}" {
		t.Errorf("exact bytes %q", got)
	}
	if got := doc.Find("[data-copy]").AttrOr("data-copy", ""); got != "{}" {
		t.Errorf("copies %q, not what was sent", got)
	}
}

func TestBars_stackUpToTheTopAndShowTheSmallestFailure(t *testing.T) {
	t.Parallel()
	_, doc := render(t, component.Bars(component.BarChart{Bars: []component.Bar{
		{Parts: []component.Part{{Tone: component.Good, Value: 1e6}, {Tone: component.Bad, Value: 1}}},
		{Parts: []component.Part{{Tone: component.Good, Value: 0}, {Tone: component.Bad, Value: 0}}},
		{Parts: []component.Part{{Tone: component.Good, Value: 5e5}}},
	}}))
	rects := doc.Find("rect.bar-part")
	if rects.Length() != 3 {
		t.Fatalf("%d parts drawn, want 3: what is zero is not drawn", rects.Length())
	}
	rects.Each(func(_ int, r *goquery.Selection) {
		y, h := float(t, r, "y"), float(t, r, "height")
		if y < 0 || y+h > 100.01 || h < 0 {
			t.Errorf("a part from %v, %v high, leaves the plot", y, h)
		}
	})
	if h := float(t, doc.Find("rect.t-bad"), "height"); h < 2 {
		t.Error("one failure in a million can't be seen")
	}
}

func TestLines_liftThePenOverAGap(t *testing.T) {
	t.Parallel()
	_, doc := render(t, component.Lines(component.LineChart{Lines: []component.Line{{Values: []float64{1, 2, -1, 4, -1}}}}))
	d := doc.Find("path.line").AttrOr("d", "")
	if strings.Count(d, "M") != 2 || strings.Count(d, "H") != 3 || strings.Count(d, "V") != 1 {
		t.Errorf("path %q", d)
	}
	_, empty := render(t, component.Lines(component.LineChart{Lines: []component.Line{{Values: []float64{0, 0}}}}))
	if d := empty.Find("path.line").AttrOr("d", ""); strings.Contains(d, "NaN") {
		t.Errorf("a line of zeros is drawn as %q", d)
	}
}

func TestPhases_stayInsideTheirTrack(t *testing.T) {
	t.Parallel()
	_, doc := render(t, component.ScaledPhases("x", []component.Phase{{Kind: "dns", From: 0, To: 0}, {Kind: "wait", From: 0, To: 7}}, 0.5))
	if w := float(t, doc.Find(".p-dns"), "width"); w <= 0 {
		t.Error("a phase of no length can't be seen")
	}
	if w := float(t, doc.Find(".p-wait"), "width"); math.Abs(w-500) > 0.1 {
		t.Errorf("half the longest attempt is %v of 1000 wide", w)
	}
}

func TestField_tiesErrorAndHintToItsInput(t *testing.T) {
	t.Parallel()
	_, doc := render(t, component.Field(component.FieldModel{Name: "url", Label: "URL", Hint: "https only", Input: component.Input{Value: `"><script>`, Error: "is http"}}))
	input := doc.Find("input")
	if input.AttrOr("value", "") != `"><script>` || doc.Find("script").Length() != 0 {
		t.Error("what was typed is not kept as it was")
	}
	if input.AttrOr("aria-invalid", "") != "true" || input.AttrOr("aria-describedby", "") != "url-error url-hint" {
		t.Errorf("described by %q", input.AttrOr("aria-describedby", ""))
	}
	if doc.Find("#url-error").Text() == "" || doc.Find(`label[for="url"]`).Length() != 1 {
		t.Error("the error or the label is missing")
	}
}

func TestField_neverSendsAPasswordBack(t *testing.T) {
	t.Parallel()
	page, _ := render(t, component.Field(component.FieldModel{Name: "password", Type: "password", Input: component.Input{Value: "hunter22hunter22"}}))
	if strings.Contains(page, "hunter22") {
		t.Error("the password is in the page")
	}
}

func TestConfirm_asksBeforeItPosts(t *testing.T) {
	t.Parallel()
	_, doc := render(t, component.Confirm(component.ConfirmModel{ID: "c", Label: "Delete", Title: "Delete?", URL: "/x", Type: "a+b", Danger: true}))
	if doc.Find("[popover]#c form[method=post][action='/x']").Length() != 1 {
		t.Error("no form inside the question")
	}
	if got := doc.Find("input[name=confirm]").AttrOr("pattern", ""); got != `a\+b` {
		t.Errorf("the word to type is matched by %q", got)
	}
	page, _ := render(t, component.Confirm(component.ConfirmModel{ID: "c", Label: "Delete"}))
	if page != "" {
		t.Errorf("offered without an address: %s", page)
	}
}

func TestLinks_refuseScriptAddresses(t *testing.T) {
	t.Parallel()
	page, _ := render(t, component.Empty(component.EmptyModel{Title: "x", Action: component.Link{Label: "go", URL: "javascript:alert(1)"}}))
	if strings.Contains(page, "javascript:") {
		t.Errorf("a script address came through: %s", page)
	}
}

func TestShort_keepsFrontAndEnd(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                     "",
		"short":                                "short",
		"019aa5c2-7f10-7b31-9c0d-4e5f60718293": "019aa5c2…718293",
		"نقطة الاستلام الرئيسية": "نقطة الا…رئيسية",
	} {
		if got := component.Short(in); got != want {
			t.Errorf("Short(%q) = %q, want %q", in, got, want)
		}
	}
}

func float(t *testing.T, s *goquery.Selection, attr string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s.AttrOr(attr, "missing"), 64)
	if err != nil {
		t.Fatalf("%s: %v", attr, err)
	}
	return v
}
