package app_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/bellwire/bellwire/"

// allowed is the import law: each package of the house and the packages of the
// house that it may import. A package that is not here fails the test.
var allowed = map[string][]string{
	"internal/webhook":         {},
	"internal/mint":            {"internal/webhook"},
	"internal/rawjson":         {"internal/webhook"},
	"internal/wire":            {"internal/webhook", "internal/rawjson"},
	"internal/shelf":           {},
	"internal/filter":          {"internal/webhook", "internal/rawjson", "internal/shelf"},
	"internal/snippet":         {"internal/webhook", "internal/wire"},
	"internal/products":        {"internal/webhook", "internal/rawjson"},
	"internal/daily":           {"internal/rawjson"},
	"internal/retry":           {"internal/webhook"},
	"internal/secret":          {"internal/webhook"},
	"internal/account":         {"internal/webhook", "internal/mint"},
	"internal/egress":          {"internal/webhook"},
	"internal/oidc":            {"internal/account"},
	"internal/oidc/oidctest":   {},
	"internal/receiver":        {"internal/webhook", "internal/rawjson"},
	"internal/sender":          {"internal/webhook", "internal/wire", "internal/payload", "internal/retry", "internal/egress"},
	"internal/payload":         {"internal/webhook", "internal/rawjson", "internal/shelf", "internal/filter"},
	"internal/preset":          {"internal/webhook"},
	"internal/blocks":          {"internal/webhook", "internal/rawjson"},
	"internal/slack":           {"internal/webhook", "internal/blocks"},
	"internal/slack/slacktest": {},
	"internal/publish":         {"internal/webhook", "internal/mint", "internal/rawjson", "internal/filter", "internal/account"},
	"internal/prompts":         {"internal/webhook", "internal/rawjson"},
	"internal/forward":         {"internal/webhook", "internal/mint"},
	"internal/dispatch":        {"internal/webhook", "internal/mint", "internal/retry"},
	"internal/manage": {"internal/webhook", "internal/mint", "internal/rawjson", "internal/account", "internal/wire", "internal/filter",
		"internal/retry", "internal/publish", "internal/snippet", "internal/prompts", "internal/products", "internal/daily", "internal/blocks", "internal/payload"},
	"internal/store":           {"internal/webhook", "internal/mint", "internal/account", "internal/manage", "migrations"},
	"internal/store/storetest": {"internal/webhook", "internal/mint", "internal/account", "internal/manage", "internal/store", "internal/blackbox", "migrations"},
	"internal/store/storeseed": {"internal/webhook", "internal/store"},
	"internal/blackbox":        {},
	"internal/bench":           {"internal/webhook", "internal/store/storeseed", "internal/blackbox"},
	"internal/faultlab":        {"internal/blackbox"},
	"internal/api": {"internal/webhook", "internal/account", "internal/manage", "internal/publish", "internal/rawjson", "internal/wire",
		"internal/retry", "internal/mint", "internal/filter", "internal/snippet", "internal/prompts"},
	"internal/web": {"internal/webhook", "internal/account", "internal/manage", "internal/publish", "internal/rawjson", "internal/wire",
		"internal/retry", "internal/mint", "internal/filter", "internal/snippet", "internal/prompts", "internal/blocks", "internal/payload", "internal/preset", "views", "static"},
	"internal/server": {"internal/webhook", "internal/account", "internal/manage", "internal/api", "internal/web", "internal/mint", "static", "views"},
	"internal/config": {},
	"internal/demo": {"internal/webhook", "internal/account", "internal/manage", "internal/publish", "internal/receiver", "internal/mint",
		"internal/rawjson", "internal/prompts", "internal/slack/slacktest"},
	"internal/client": {"internal/webhook", "internal/sender"},
	"internal/app":    {"internal", "migrations", "static"},
	"views":           {"views", "static"},
	"static":          {},
	"migrations":      {},
	"cmd/bellwire":    {"internal/config", "internal/app", "internal/client", "internal/egress", "internal/receiver", "internal/webhook", "internal/bench"},
	"cmd/storybook":   {"views", "static"},
	"cmd/faultlab":    {"internal/faultlab"},
}

// bans are outside packages and the only places that may import them.
var bans = map[string][]string{
	"gorm.io/":                  {"internal/store"},
	"github.com/jackc/pgx":      {"internal/store", "internal/faultlab"},
	"modernc.org/sqlite":        {"internal/store", "internal/faultlab"},
	"github.com/gin-gonic/gin":  {"internal/api", "internal/web", "internal/server", "internal/bench"},
	"github.com/coreos/go-oidc": {"internal/oidc"},
	"golang.org/x/oauth2":       {"internal/oidc"},
	"github.com/slack-go/slack": {"internal/slack", "internal/blocks"},
	"github.com/a-h/templ":      {"internal/web", "internal/server", "views", "cmd/storybook"},
}

type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func TestImports_flow_one_way(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		may, known := rule(name)
		if !known {
			t.Errorf("%s has no line in the import law", name)
			continue
		}
		for _, imported := range p.Imports {
			if own, ok := strings.CutPrefix(imported, module); ok && !within(own, may) {
				t.Errorf("%s must not import %s", name, own)
			}
			for outside, places := range bans {
				if strings.HasPrefix(imported, outside) && !within(name, places) {
					t.Errorf("%s must not import %s", name, imported)
				}
			}
			if name == "internal/webhook" && strings.Contains(imported, ".") {
				t.Errorf("the language must import the standard library only, not %s", imported)
			}
		}
	}
}

func TestImports_no_bucket_packages(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		name := p.ImportPath[strings.LastIndex(p.ImportPath, "/")+1:]
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "models", "types", "services", "core", "pkg"}, name) {
			t.Errorf("%s is a bucket, not an idea", p.ImportPath)
		}
	}
}

// rule finds the line for a package: its own, or that of a folder above it.
func rule(name string) ([]string, bool) {
	for n := name; n != ""; {
		if may, ok := allowed[n]; ok {
			return may, true
		}
		i := strings.LastIndex(n, "/")
		if i < 0 || n == "internal" {
			break
		}
		n = n[:i]
	}
	return nil, false
}

func within(name string, places []string) bool {
	return slices.ContainsFunc(places, func(place string) bool {
		return name == place || strings.HasPrefix(name, place+"/")
	})
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// TestFilters_reach_nothing: expressions come from strangers, so what
// evaluates them must have no way out.
func TestFilters_reach_nothing(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", module+"internal/filter").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for name := range strings.Lines(string(out)) {
		if name = strings.TrimSpace(name); name == "net" || name == "os/exec" || strings.HasPrefix(name, "net/http") {
			t.Errorf("the filters import %s", name)
		}
	}
}
