package static_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/static"
)

func TestPath_carriesTheContentHash(t *testing.T) {
	t.Parallel()
	got := static.Path("dist/app.css")
	if !regexp.MustCompile(`^/static/dist/app\.[0-9a-f]{12}\.css$`).MatchString(got) {
		t.Fatalf("Path = %q", got)
	}
}

func TestPath_panicsOnAFileThatIsNotEmbedded(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	static.Path("dist/missing.css")
}

func TestLookup_findsTheFileBehindAServedPath(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"dist/app.css", "js/app.js", "vendor/htmx-2.0.11.min.js", "img/favicon.svg"} {
		served := static.Path(name)
		file, ok := static.Lookup(served)
		if !ok || file.Name != name {
			t.Fatalf("Lookup(%q) = %v, %v", served, file, ok)
		}
		if again, ok := static.Lookup(strings.TrimPrefix(served, static.Prefix)); !ok || again != file {
			t.Errorf("Lookup without the prefix differs for %q", name)
		}
		if file.Gzip != nil {
			r, err := gzip.NewReader(bytes.NewReader(file.Gzip))
			if err != nil {
				t.Fatal(err)
			}
			if plain, err := io.ReadAll(r); err != nil || !bytes.Equal(plain, file.Data) {
				t.Errorf("%s: the compressed copy differs (%v)", name, err)
			}
		}
	}
}

func TestLookup_refusesWhatIsNotServed(t *testing.T) {
	t.Parallel()
	for _, served := range []string{"", "/static/", "/static/dist/app.css", "/static/dist/app.000000000000.css", "/static/../embed.go"} {
		if file, ok := static.Lookup(served); ok {
			t.Errorf("Lookup(%q) = %v", served, file.Name)
		}
	}
}

// The pages run under a policy without unsafe-eval; a script that needs it
// would fail in the browser only.
func TestOwnScript_hasNoEval(t *testing.T) {
	t.Parallel()
	data, err := static.FS.ReadFile("js/app.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"eval(", "new Function", "innerHTML", "setAttribute(\"style\"", "document.write", "http://", "https://"} {
		if bytes.Contains(data, []byte(word)) {
			t.Errorf("app.js has %q", word)
		}
	}
}

func TestStyle_loadsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	data, err := static.FS.ReadFile("dist/app.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`url\(["']?(https?:)?//[^)]*\)|@import`).FindAll(data, -1) {
		t.Errorf("app.css loads %s", found)
	}
}
