package web

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bellwire/bellwire/internal/manage"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/views/component"
)

func TestPresentBody_shows_text_as_text_and_bytes_as_bytes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw              string
		kind, text, note string
	}{
		"empty":               {"", "text", "", ""},
		"JSON":                {`{"a":[1,2]}`, "json", "{\n  \"a\": [\n    1,\n    2\n  ]\n}", ""},
		"number digits stay":  {`{"n":1.50e2}`, "json", "{\n  \"n\": 1.50e2\n}", ""},
		"page":                {" <html>no</html>", "html", " <html>no</html>", ""},
		"words":               {"no\tway\r\n", "text", "no\tway\r\n", ""},
		"emoji and direction": {"🔔 שלום", "text", "🔔 שלום", ""},
		"NUL":                 {"a\x00b", "binary", "00000000  61 00 62", "not text: shown as bytes"},
		"broken UTF-8":        {"ab\xffcd", "binary", "00000000  61 62 ff 63 64", "not text: shown as bytes"},
		"broken at the end":   {"ab\xff", "binary", "00000000  61 62 ff", "not text: shown as bytes"},
		"few broken bytes":    {strings.Repeat("caf\xe9, 30 words of it. ", 5), "text", strings.Repeat("caf\uFFFD, 30 words of it. ", 5), "not valid UTF-8: \uFFFD stands where bytes are broken"},
		"cut rune":            {"gr\xc3", "text", "gr", ""},
		"cut emoji":           {"x\xf0\x9f\x94", "text", "x", ""},
	} {
		got := presentBody([]byte(c.raw), "")
		if got.Kind != c.kind || !strings.HasPrefix(got.Text, c.text) || c.kind != "binary" && got.Text != c.text || got.Note != c.note {
			t.Errorf("%s: %+v", name, got)
		}
		if !utf8.ValidString(got.Text) {
			t.Errorf("%s: a page can't carry %q", name, got.Text)
		}
	}
	if got := presentBody([]byte(`{"a":1}`), ""); got.Raw != `{"a":1}` || got.Size != "7 B" {
		t.Errorf("the exact bytes are gone: %+v", got)
	}
}

func TestPresentBody_of_a_huge_body_shows_its_beginning(t *testing.T) {
	t.Parallel()
	got := presentBody([]byte(strings.Repeat("é", shownBody)), "kept whole")
	if len(got.Text) != shownBody || got.Size != "128.0 KB" || got.Note != "kept whole; only the first 64 KB are shown here" {
		t.Errorf("%d bytes, size %s, note %q", len(got.Text), got.Size, got.Note)
	}
	odd := presentBody([]byte("x"+strings.Repeat("é", shownBody)), "")
	if odd.Kind != "text" || len(odd.Text) != shownBody-1 {
		t.Errorf("a rune cut in half: kind %s, %d bytes", odd.Kind, len(odd.Text))
	}
	if dump := presentBody(bytes.Repeat([]byte{0}, 1<<20), ""); len(dump.Text) > 64<<10 {
		t.Errorf("a dump of %d bytes", len(dump.Text))
	}
}

func TestPresentBody_of_brackets_alone_does_not_grow(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	if got := presentBody([]byte(deep), ""); got.Kind != "text" || len(got.Text) != len(deep) {
		t.Errorf("kind %s, %d bytes", got.Kind, len(got.Text))
	}
	fine := strings.Repeat("[", shownDepth) + strings.Repeat("]", shownDepth)
	if got := presentBody([]byte(fine), ""); got.Kind != "json" {
		t.Errorf("depth %d is %s", shownDepth, got.Kind)
	}
}

var awkward = webhook.Request{
	Method: "POST", URL: "https://example.com/a?b='c'&$(touch x)",
	Headers: []webhook.HeaderLine{{Name: "X-A", Value: `it's "fine" \ $HOME`}, {Name: "X-Empty"}},
	Body:    []byte("{\"a\":\"'; rm -rf / #\n@file\"}"),
}

func TestCurl_survives_any_shell(t *testing.T) {
	t.Parallel()
	// The shell must hand curl exactly these words.
	want := []string{
		"-X", "POST", awkward.URL, "-H", "X-A: " + awkward.Headers[0].Value, "-H", "X-Empty;", "--data-raw", string(awkward.Body),
	}
	command, note := curl(awkward)
	if note != "" {
		t.Errorf("a short text needs a file: %s", note)
	}
	script := "curl() { printf '%s\\0' \"$@\"; }\n" + command
	out, err := exec.CommandContext(t.Context(), "sh", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestCurl_reads_from_a_file_what_no_command_line_takes(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"long": strings.Repeat("x", maxCurlBody+1), "NUL": "a\x00b", "broken": "\xff"} {
		command, note := curl(webhook.Request{Method: "POST", URL: "https://example.com", Body: []byte(body)})
		if !strings.HasSuffix(command, "--data-binary @body.bin") || !strings.Contains(note, "body.bin") {
			t.Errorf("%s: %.200s (%s)", name, command, note)
		}
	}
}

func TestPresentExchange_of_an_answered_attempt(t *testing.T) {
	t.Parallel()
	a := tried("", 201)
	a.Number, a.EndpointVersion, a.Request = 2, 7, awkward
	a.Response.Body, a.Response.Truncated = []byte("ok"), true
	x := presentExchange(manage.DeliveryDetail{}, a)
	if x.Title != "Attempt 2" || x.Settings != "settings version 7" || !x.Answered || x.Response.Tone != component.Good || x.Error != "" {
		t.Errorf("got %+v", x)
	}
	if !x.Response.Body.Received || x.Request.Body.Received {
		t.Error("only the response's body was received")
	}
	if x.Request.Line != "POST "+awkward.URL || x.Curl == "" || !strings.Contains(x.Response.Body.Note, "64 KB at most") {
		t.Errorf("line %q, note %q", x.Request.Line, x.Response.Body.Note)
	}
}

func TestPresentExchange_of_an_attempt_that_nobody_wrote_down(t *testing.T) {
	t.Parallel()
	x := presentExchange(manage.DeliveryDetail{}, manage.AttemptDetail{Attempt: webhook.Attempt{Outcome: webhook.OutcomeUnknown, Error: "the node was lost"}, BodyNote: "gone"})
	if x.Answered || x.Curl != "" || x.Request.Line != "The request was not written down." || x.Error != "The node was lost." || x.Request.Body.Note != "gone" {
		t.Errorf("got %+v", x)
	}
}

func TestPresentHeaders_marks_masked_values(t *testing.T) {
	t.Parallel()
	got := presentHeaders([]webhook.HeaderLine{{Name: "X-A", Value: "1"}, {Name: "X-S", Value: "abcd****"}})
	if got[0].Masked || !got[1].Masked {
		t.Errorf("got %+v", got)
	}
}

func TestPresentBody_sets_out_what_is_only_the_beginning_of_JSON(t *testing.T) {
	t.Parallel()
	r := webhook.Response{Body: []byte(`{"a":[1,{"b":"x, y: {z}\"","e":{}},[]],"cut":"of`), Truncated: true}
	want := "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x, y: {z}\\\"\",\n      \"e\": {}\n    },\n    []\n  ],\n  \"cut\": \"of"
	if b := presentAnswer(r); b.Text != want || b.Kind != "json" || b.Raw != string(r.Body) {
		t.Errorf("got %s\n%q", b.Kind, b.Text)
	}
	r.Truncated = false
	if b := presentAnswer(r); b.Kind != "text" || b.Raw != "" {
		t.Errorf("a whole answer that is not JSON is taken as %s", b.Kind)
	}
	long := []byte(`{"items":[` + strings.Repeat(`{"n":1},`, 10_000) + `{}]}`)
	if b := presentBody(long, ""); b.Kind != "json" || !strings.HasPrefix(b.Text, "{\n  \"items\": [\n") || len(b.Raw) > shownBody {
		t.Errorf("the first part of a long body is %s", b.Kind)
	}
	deep := webhook.Response{Body: []byte(strings.Repeat("[", 60_000)), Truncated: true}
	if b := presentAnswer(deep); len(b.Text) > 60_000 {
		t.Errorf("brackets alone grow to %d bytes", len(b.Text))
	}
}
