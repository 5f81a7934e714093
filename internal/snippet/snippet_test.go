package snippet_test

import (
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/snippet"
	"github.com/bellwire/bellwire/internal/webhook"
)

// endpoints are one of each format, and custom ones that are hard to quote.
func endpoints() map[string]snippet.Endpoint {
	all := map[string]snippet.Endpoint{}
	for _, f := range []webhook.FormatName{
		webhook.FormatStandard, webhook.FormatAbba, webhook.FormatAbv, webhook.FormatAICommerce, webhook.FormatPlain, webhook.FormatHub,
	} {
		all[string(f)] = snippet.Endpoint{Format: f}
	}
	for name, c := range map[string]webhook.CustomFormat{
		"custom":         {Header: "X-Acme-Signature", Signed: "{t}.{body}", Encoding: "hex", Value: "t={t},v1={signature}", Body: "plain"},
		"custom base64":  {Header: "X-Shopify-Hmac-Sha256", Signed: "body", Encoding: "base64", Value: "{signature}", Body: "data"},
		"custom id":      {Header: "X-Acme-Signature", Signed: "{id}.{t}.{body}", Encoding: "base64", Value: "v1,{signature}", Body: "flat"},
		"custom time":    {Header: "X-Acme-Signature", Signed: "body", Encoding: "hex", Value: "{t}:{signature}", Body: "flat"},
		"custom hostile": {Header: "X-'$`|#!%*+.^_~&", Signed: "{t}.{body}", Encoding: "hex", Value: `"'\$x #@y %s ${t}` + "`" + `{signature}"`, Body: "plain"},
	} {
		all[name] = snippet.Endpoint{Format: webhook.FormatCustom, Custom: &c}
	}
	for name, e := range all {
		e.Topic, e.Example = "product.viewed", []byte(`{"name":"it's $HOME \\ café"}`)
		all[name] = e
	}
	return all
}

func write(t *testing.T, l snippet.Language, e snippet.Endpoint) snippet.Snippet {
	t.Helper()
	s, err := snippet.Write(l, e)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCodeIsWrittenForEveryLanguageAndFormatWithoutALooseEnd(t *testing.T) {
	t.Parallel()
	for name, e := range endpoints() {
		for _, l := range snippet.Languages() {
			s := write(t, l.Language, e)
			if !strings.HasSuffix(s.Text, "\n") || regexp.MustCompile(`[ \t]\n|\n\n\n\n|\{\{|<no value>`).MatchString(s.Text) {
				t.Errorf("%s for %s is untidy:\n%s", l.Label, name, s.Text)
			}
			if !strings.Contains(s.Text, "WEBHOOK_SECRET") || strings.Contains(s.Text, "whsec_M") {
				t.Errorf("%s for %s does not read its secret from the environment:\n%s", l.Label, name, s.Text)
			}
			if lines := strings.Count(s.Text, "\n"); lines > 110 {
				t.Errorf("%s for %s has %d lines", l.Label, name, lines)
			}
		}
	}
}

func TestGoCodeIsFormattedAsGofmtDoes(t *testing.T) {
	t.Parallel()
	for name, e := range endpoints() {
		text := write(t, snippet.Go, e).Text
		formatted, err := format.Source([]byte(text))
		if err != nil || string(formatted) != text {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}

// TestCodeParses asks each interpreter that is there; that every one runs is
// shown end to end.
func TestCodeParses(t *testing.T) {
	t.Parallel()
	checks := map[snippet.Language][]string{
		snippet.Python: {"python3", "-c", "import ast,sys;ast.parse(open(sys.argv[1]).read())"}, snippet.Node: {"node", "--check"},
		snippet.PHP: {"php", "-l"}, snippet.Ruby: {"ruby", "-wc"}, snippet.Curl: {"sh", "-n"},
	}
	for l, check := range checks {
		for name, e := range endpoints() {
			s := write(t, l, e)
			file := filepath.Join(t.TempDir(), s.File)
			if err := os.WriteFile(file, []byte(s.Text), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(check[0], append(check[1:], file)...).CombinedOutput()
			if err != nil || strings.Contains(string(out), "warning") {
				t.Errorf("%s for %s: %v\n%s\n%s", l, name, err, out, s.Text)
			}
		}
	}
}

func TestCodeNamesTheFormatsOwnHeaders(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"standard": "webhook-signature", "abba": "x-abba-signature", "abv": "x-abv-signature", "aicommerce": "x-webhook-signature",
		"plain": "x-webhook-signature", "hub": "x-hub-signature-256", "custom base64": "x-shopify-hmac-sha256",
	} {
		for _, l := range snippet.Languages() {
			text := strings.ToLower(write(t, l.Language, endpoints()[name]).Text)
			if !strings.Contains(text, header) {
				t.Errorf("%s for %s does not name %s", l.Label, name, header)
			}
			second := strings.Contains(text, header+"-next") && strings.Contains(text, header+"-previous")
			if wanted := name != "standard" && l.Language != snippet.Curl; second != wanted {
				t.Errorf("%s for %s names the headers of a rotation: %v, want %v", l.Label, name, second, wanted)
			}
		}
	}
}

func TestOnlyFormatsThatSignTheTimeCheckIt(t *testing.T) {
	t.Parallel()
	for name, e := range endpoints() {
		signs := name == "standard" || name == "abv" || name == "custom" || name == "custom id" || name == "custom hostile"
		for _, l := range snippet.Languages() {
			if l.Language == snippet.Curl {
				continue
			}
			text := write(t, l.Language, e).Text
			if got := regexp.MustCompile(`5 \* (60|time\.Minute)`).MatchString(text); got != signs {
				t.Errorf("%s for %s checks the time: %v, want %v", l.Label, name, got, signs)
			}
		}
	}
}

func TestWhatIsNotKnownIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := snippet.Write("cobol", endpoints()["abba"]); webhook.KindOf(err) != webhook.KindInvalid || !strings.Contains(err.Error(), "python, node") {
		t.Errorf("an unknown language: %v", err)
	}
	if _, err := snippet.Write(snippet.Go, snippet.Endpoint{Format: "mystery"}); webhook.KindOf(err) != webhook.KindInvalid {
		t.Errorf("an unknown format: %v", err)
	}
}

func TestAnExampleThatIsTooLongIsLeftOut(t *testing.T) {
	t.Parallel()
	e := endpoints()["abba"]
	e.Example = []byte(`{"x":"` + strings.Repeat("y", 5000) + `"}`)
	if text := write(t, snippet.Curl, e).Text; strings.Contains(text, "yyy") {
		t.Errorf("the script has %d bytes", len(text))
	}
}
