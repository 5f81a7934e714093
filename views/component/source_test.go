package component_test

import (
	"strings"
	"testing"

	"github.com/bellwire/bellwire/views/component"
)

func TestSourceKeepsEveryByteAndColoursWhatItKnows(t *testing.T) {
	t.Parallel()
	for language, c := range map[string]struct{ text, want string }{
		"python": {"def f(x):  # it's \"so\"\n    return f\"a{x}\" <b>\n", `<span class="j-key">def</span> f(x):  <span class="c-note"># it&#39;s &#34;so&#34;</span>`},
		"go":     {"x := `a\nb` // é\n", `<span class="j-str">` + "`a\nb`" + `</span> <span class="c-note">// é</span>`},
		"curl":   {"a=$# b=${c#d} 'it'\\''s'\n", `a=$# b=${c#d} <span class="j-str">&#39;it&#39;</span>`},
		"php":    {"$if = 'x\\'y';\n", `$if = <span class="j-str">&#39;x\&#39;y&#39;</span>;`},
		"none":   {"def \"unclosed\n</pre><script>", `def &#34;unclosed`},
	} {
		html, page := render(t, component.Source("file", language, c.text))
		if !strings.Contains(html, c.want) || page.Find("pre").Text() != c.text {
			t.Errorf("%s: got %s", language, html)
		}
	}
}
