package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/store/storetest"
)

// benched is what a scenario wrote.
type benched struct {
	t                *testing.T
	out              string
	Columns          []string
	Figures, Details []struct {
		Name   string
		Values []float64
		Note   string
	}
	Missed []string
}

// benchSmall runs a scenario on a few events. Bars of speed may be missed: how
// fast the tests' machine is says nothing.
func benchSmall(t *testing.T, database string, args ...string) benched {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	file := filepath.Join(t.TempDir(), "result.json")
	c := exec.CommandContext(ctx, binary, append(append([]string{"bench"}, args...), "--settle", "50ms", "--database-url", database, "--json", file)...)
	var out bytes.Buffer
	c.Env, c.Stdout, c.Stderr, c.WaitDelay = clean(os.Environ()), &out, &out, 10*time.Second
	ended := c.Run()
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("no result: %v\n%s", ended, out.String())
	}
	b := benched{t: t, out: out.String()}
	if err := json.Unmarshal(written, &b); err != nil {
		t.Fatal(err)
	}
	for _, words := range b.Missed {
		if strings.Contains(words, "lost") || strings.Contains(words, "failed") {
			t.Errorf("MISSED %s\n%s", words, b.out)
		}
	}
	if (ended != nil) != (len(b.Missed) > 0) {
		t.Errorf("%d bars were missed and the bench ended with %v", len(b.Missed), ended)
	}
	return b
}

// value is a figure's value in a column.
func (b benched) value(figure, column string) float64 {
	b.t.Helper()
	at := slices.Index(b.Columns, column)
	for _, f := range b.Figures {
		if f.Name == figure && at >= 0 && at < len(f.Values) {
			return f.Values[at]
		}
	}
	b.t.Fatalf("no %q of %q in:\n%s", column, figure, b.out)
	return 0
}

func TestBench_speed_measures_every_course_beside_its_limit_and_misses_nothing(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		b := benchSmall(t, n.setting("BELLWIRE_DATABASE_URL"), "--rounds", "1", "--events", "200", "--drain", "400", "--paced", "20", "--idle", "0s")
		for _, course := range []string{"single, 32 publishers", "single, 128 publishers", "fan-out 10", "batches of 100", "paced, 50/s", "drain of a backlog", "drain of one endpoint"} {
			for _, column := range []string{"per s", "limit", "ratio", "peak MiB"} {
				if v := b.value(course, column); v <= 0 {
					t.Errorf("%s: %s is %v", course, column, v)
				}
			}
			if lost, twice := b.value(course, "lost"), b.value(course, "twice"); lost != 0 || twice != 0 {
				t.Errorf("%s: %v lost, %v twice", course, lost, twice)
			}
		}
		if len(b.Figures) != 7+6 || len(b.Details) < len(b.Figures) {
			t.Errorf("%d lines and %d details:\n%s", len(b.Figures), len(b.Details), b.out)
		}
	})
}

func TestBench_speed_refuses_a_database_with_something_in_it(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		n.project("somebody's")
		c := exec.Command(binary, "bench", "--idle", "0s", "--database-url", n.setting("BELLWIRE_DATABASE_URL"))
		c.Env = clean(os.Environ())
		if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "give an empty one") {
			t.Errorf("%v: %s", err, out)
		}
	})
}

func TestBench_long_compares_an_empty_log_with_a_long_one_and_shows_the_claims_plan(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		b := benchSmall(t, n.setting("BELLWIRE_DATABASE_URL"), "long", "--deliveries", "500", "--rounds", "1", "--events", "200", "--paced", "20")
		if len(b.Figures) != 4 {
			t.Errorf("%d lines:\n%s", len(b.Figures), b.out)
		}
		for _, f := range b.Figures {
			if b.value(f.Name, "ratio") <= 0 || b.value(f.Name, "lost") != 0 || b.value(f.Name, "twice") != 0 {
				t.Errorf("%+v", f)
			}
		}
		said, err := json.Marshal(b.Details)
		if err != nil || !bytes.Contains(said, []byte("deliveries_waiting")) || !bytes.Contains(said, []byte("claim p99, an empty log")) {
			t.Errorf("the details lack the claim: %s %v", said, err)
		}
		if strings.Contains(b.out, "claim p99 0.00") {
			t.Errorf("no claim was timed:\n%s", b.out)
		}
	})
}

func TestBench_neighbour_measures_alone_and_beside_the_troubled(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		b := benchSmall(t, n.setting("BELLWIRE_DATABASE_URL"), "neighbour",
			"--rounds", "1", "--events", "30", "--waiting", "100", "--slow", "5", "--slow-for", "300ms", "--ramp", "300ms", "--slow-per-second", "5")
		for _, name := range []string{"alone", "beside the others"} {
			if b.value(name, "times") <= 0 || b.value(name, "p99 ms") <= 0 || b.value(name, "lost") != 0 || b.value(name, "twice") != 0 {
				t.Errorf("%s:\n%s", name, b.out)
			}
		}
		if strings.Contains(b.out, "the slow endpoints got nothing") {
			t.Error(b.out)
		}
	})
}

func TestBench_restart_kills_the_server_and_times_the_first_delivery(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		b := benchSmall(t, n.setting("BELLWIRE_DATABASE_URL"), "restart", "--waiting", "3000", "--rounds", "2", "--delivered", "300")
		for _, column := range []string{"s to first", "peak MiB", "per s"} {
			if v := b.value("restart with 3000 waiting", column); v <= 0 {
				t.Errorf("%s is %v:\n%s", column, v, b.out)
			}
		}
	})
}

// TestBench_fanout kills only a server that is alone on its database: another
// one has to wait for the leases.
func TestBench_fanout_reaches_every_endpoint_once_and_loses_nothing_to_a_kill(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		database, kill, rows := n.setting("BELLWIRE_DATABASE_URL"), "--no-kill", 1
		if strings.HasPrefix(database, "sqlite://") {
			kill, rows = "--kill", 2
		}
		b := benchSmall(t, database, "fanout", "--endpoints", "300", "--projects", "3", kill)
		if len(b.Figures) != rows || b.value("undisturbed", "accept ms") <= 0 || b.value("undisturbed", "twice") != 0 {
			t.Errorf("%d lines:\n%s", len(b.Figures), b.out)
		}
		for _, f := range b.Figures {
			if b.value(f.Name, "lost") != 0 || b.value(f.Name, "per s") <= 0 {
				t.Errorf("%+v", f)
			}
		}
	})
}

func TestBench_nodes_share_a_postgresql_and_deliver_once(t *testing.T) {
	t.Parallel()
	b := benchSmall(t, storetest.Postgres(t), "nodes", "--deliveries", "600", "--one", "300", "--killed", "0")
	for _, name := range []string{"one node", "3 nodes"} {
		if b.value(name, "ratio") <= 0 || b.value(name, "lost") != 0 || b.value(name, "twice") != 0 {
			t.Errorf("%s:\n%s", name, b.out)
		}
	}
	c := exec.Command(binary, "bench", "nodes", "--database-url", "sqlite://"+filepath.Join(t.TempDir(), "b.db"))
	c.Env = clean(os.Environ())
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "need PostgreSQL") {
		t.Errorf("several nodes on SQLite: %v %s", err, out)
	}
}
