package wire_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// places are the locations that an Invalid error names; nil without error.
func places(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var e *webhook.Error
	if !errors.As(err, &e) || e.Kind != webhook.KindInvalid {
		t.Fatalf("not Invalid: %v", err)
	}
	var at []string
	for _, f := range e.Fields {
		at = append(at, f.Location)
	}
	return at
}

func TestReservedHeaderNamesAreRefusedInAnySpelling(t *testing.T) {
	t.Parallel()
	always := strings.Fields("Content-Type User-Agent Host Content-Length Transfer-Encoding Connection Keep-Alive TE " +
		"Trailer Upgrade Expect Proxy-Authorization Proxy-Anything Cookie Accept-Encoding traceparent webhook-id " +
		"webhook-anything X-Bellwire-Hop X-Bellwire-New Idempotency-Key X-Idempotency-Key")
	for _, name := range always {
		for _, spelt := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			err := wire.CheckHeaders([]webhook.Header{{Name: spelt}}, webhook.FormatAbba, nil)
			if got := places(t, err); len(got) != 1 || got[0] != "headers[0].name" {
				t.Errorf("%s: refused at %v", spelt, got)
			}
		}
	}
}

func TestAFormatsOwnHeadersAreRefusedForThatFormatOnly(t *testing.T) {
	t.Parallel()
	custom := &webhook.CustomFormat{Header: "X-Mine", Body: "plain"}
	own := map[webhook.FormatName]string{
		webhook.FormatAbba:       "X-Abba-Signature x-abba-signature-next X-Abba-Signature-Previous",
		webhook.FormatAbv:        "X-Abv-Signature x-abv-signature-Next",
		webhook.FormatAICommerce: "x-webhook-signature X-Webhook-Id",
		webhook.FormatHub:        "X-Hub-Signature-256 x-github-delivery X-GitHub-Event X-Webhook-Id",
		webhook.FormatCustom:     "x-mine X-Mine-Next X-Mine-Previous",
	}
	for format, names := range own {
		for name := range strings.FieldsSeq(names) {
			headers := []webhook.Header{{Name: "X-Fine"}, {Name: name}}
			if got := places(t, wire.CheckHeaders(headers, format, custom)); len(got) != 1 || got[0] != "headers[1].name" {
				t.Errorf("%s with %s: refused at %v", format, name, got)
			}
			if err := wire.CheckHeaders(headers, webhook.FormatStandard, nil); err != nil {
				t.Errorf("standard with %s: %v", name, err)
			}
		}
	}
}

func TestHeadersThatCanNotBeSentAreRefused(t *testing.T) {
	t.Parallel()
	many := make([]webhook.Header, 21)
	for i := range many {
		many[i].Name = "X-" + strconv.Itoa(i)
	}
	cases := []struct {
		name    string
		headers []webhook.Header
		want    string
	}{
		{"twenty", many[:20], ""},
		{"twenty-one", many, "headers"},
		{"plain and secret", []webhook.Header{{Name: "Authorization", Value: "Bearer a\tb é"}, {Name: "X-Key", Secret: true}}, ""},
		{"no name", []webhook.Header{{Value: "a"}}, "headers[0].name"},
		{"a space in the name", []webhook.Header{{Name: "X Y"}}, "headers[0].name"},
		{"a colon in the name", []webhook.Header{{Name: "X:Y"}}, "headers[0].name"},
		{"a name that is too long", []webhook.Header{{Name: strings.Repeat("x", 101)}}, "headers[0].name"},
		{"the same name twice", []webhook.Header{{Name: "X-A"}, {Name: "x-a"}}, "headers[1].name"},
		{"a line feed", []webhook.Header{{Name: "X-A", Value: "a\nb"}}, "headers[0].value"},
		{"a carriage return", []webhook.Header{{Name: "X-A", Value: "a\r"}}, "headers[0].value"},
		{"NUL", []webhook.Header{{Name: "X-A", Value: "\x00"}}, "headers[0].value"},
		{"DEL", []webhook.Header{{Name: "X-A", Value: "\x7f"}}, "headers[0].value"},
		{"4 KiB", []webhook.Header{{Name: "X-A", Value: strings.Repeat("v", 4096)}}, ""},
		{"more than 4 KiB", []webhook.Header{{Name: "X-A", Value: strings.Repeat("v", 4097)}}, "headers[0].value"},
		{"two faults", []webhook.Header{{Name: "Host", Value: "\n"}}, "headers[0].name headers[0].value"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(places(t, wire.CheckHeaders(c.headers, webhook.FormatStandard, nil)), " "); got != c.want {
				t.Errorf("refused at %q, want %q", got, c.want)
			}
		})
	}
}

func TestCustomFormatsAreCheckedMemberByMember(t *testing.T) {
	t.Parallel()
	good := webhook.CustomFormat{Header: "X-Acme", Signed: "{id}.{t}.{body}", Encoding: "base64", Value: "t={t},v1={signature}", Body: "flat"}
	cases := []struct {
		name  string
		spoil func(*webhook.CustomFormat)
		want  string
	}{
		{"a good one", func(*webhook.CustomFormat) {}, ""},
		{"no header", func(c *webhook.CustomFormat) { c.Header = "" }, "custom.header"},
		{"a reserved header", func(c *webhook.CustomFormat) { c.Header = "Webhook-Signature" }, "custom.header"},
		{"a header that is no token", func(c *webhook.CustomFormat) { c.Header = "X\r\nY" }, "custom.header"},
		{"another content", func(c *webhook.CustomFormat) { c.Signed = "{body}.{t}" }, "custom.signed"},
		{"another encoding", func(c *webhook.CustomFormat) { c.Encoding = "HEX" }, "custom.encoding"},
		{"a value without signature", func(c *webhook.CustomFormat) { c.Value = "{t}" }, "custom.value"},
		{"a value with two", func(c *webhook.CustomFormat) { c.Value = "{signature}{signature}" }, "custom.value"},
		{"an unknown placeholder", func(c *webhook.CustomFormat) { c.Value = "{signature}{id}" }, "custom.value"},
		{"a line break in the value", func(c *webhook.CustomFormat) { c.Value = "{signature}\n" }, "custom.value"},
		{"a value that is too long", func(c *webhook.CustomFormat) { c.Value = "{signature}" + strings.Repeat("x", 250) }, "custom.value"},
		{"another body", func(c *webhook.CustomFormat) { c.Body = "xml" }, "custom.body"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			custom := good
			c.spoil(&custom)
			if got := strings.Join(places(t, wire.CheckCustom(&custom)), " "); got != c.want {
				t.Errorf("refused at %q, want %q", got, c.want)
			}
		})
	}
	if places(t, wire.CheckCustom(nil)) == nil {
		t.Error("a missing description is accepted")
	}
}

func TestVerifySaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	m := message(webhook.FormatAbv)
	built, values := build(t, m)
	for _, name := range []string{"x-abv-signature", "webhook-timestamp"} {
		get := func(asked string) string {
			if asked == name {
				return ""
			}
			return values[asked]
		}
		err := wire.Verify(m.Format, nil, firstSecret, get, built.Body)
		if err == nil || !strings.Contains(err.Error(), name+" is missing") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestAICommerceIsVerifiedOverTheParsedBodyAsItsDocumentDoes(t *testing.T) {
	t.Parallel()
	m := message(webhook.FormatAICommerce)
	built, values := build(t, m)
	get := func(name string) string { return values[name] }
	spaced := strings.Replace(string(built.Body), `{"id":1}`, `{ "id": 1.0 }`, 1)
	if err := wire.Verify(m.Format, nil, firstSecret, get, []byte(spaced)); err != nil {
		t.Errorf("the same values in another spelling: %v", err)
	}
	if err := wire.Verify(m.Format, nil, firstSecret, get, []byte(`{"broken"`)); err == nil {
		t.Error("a body that is no JSON is accepted")
	}
}
