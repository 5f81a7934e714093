package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// benchPages runs the command on a small log and answers what it printed and
// wrote.
func benchPages(t *testing.T, database string, more ...string) (out string, result struct {
	Figures, Details []struct {
		Name   string
		Values []float64
	}
	Missed []string
}, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "result.json")
	c := exec.Command(binary, append([]string{"bench", "pages", "--deliveries", "1000", "--endpoints", "6", "--wide", "12", "--rounds", "1",
		"--database-url", database, "--json", file}, more...)...)
	c.Env = clean(os.Environ())
	text, err := c.CombinedOutput()
	written, missing := os.ReadFile(file)
	if missing != nil {
		t.Fatalf("no result: %v\n%s", missing, text)
	}
	if wrong := json.Unmarshal(written, &result); wrong != nil {
		t.Fatal(wrong)
	}
	return string(text), result, err
}

func TestBench_pages_fills_a_database_and_judges_every_page(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		database := n.setting("BELLWIRE_DATABASE_URL")
		out, all, err := benchPages(t, database, "--limit", "1m")
		if err != nil || len(all.Missed) > 0 {
			t.Fatalf("%v\n%s", err, out)
		}
		if !strings.Contains(out, "Every bar is held.") || len(all.Figures) < 30 || len(all.Details) < 500 {
			t.Errorf("%d routes and %d addresses:\n%s", len(all.Figures), len(all.Details), out)
		}
		out, tight, err := benchPages(t, database, "--limit", "1us", "--only", "/p/:project/topics")
		if err == nil || len(tight.Missed) != len(tight.Details) || len(tight.Details) == 0 || !strings.Contains(out, "using the log") {
			t.Errorf("a bar that nothing can hold was missed by %d of %d: %v\n%s", len(tight.Missed), len(tight.Details), err, out)
		}
	})
}

func TestBench_refuses_a_database_of_somebody(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		n.project("somebody's")
		c := exec.Command(binary, "bench", "pages", "--deliveries", "10", "--database-url", n.setting("BELLWIRE_DATABASE_URL"))
		c.Env = clean(os.Environ())
		if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "give an empty one") {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// setting is one of the node's environment variables.
func (n *node) setting(name string) string {
	for _, v := range n.env {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	n.t.Fatalf("%s is not set", name)
	return ""
}
