package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/store/storetest"
)

type exec = func(string, ...any) (int64, error)

// crowded is SQLite with its writing connection held, so that writers gather.
type crowded struct {
	*store.Store
	t       *testing.T
	release func() error
}

func crowd(t *testing.T) *crowded {
	t.Helper()
	s := storetest.Open(t, store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "bellwire.db")})
	release, err := s.HoldWriter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &crowded{s, t, release}
}

// write begins a write that waits; its answer comes through the channel.
func (c *crowded) write(ctx context.Context, f func(any, exec) error) <-chan error {
	c.t.Helper()
	before := c.Writers()
	answer := make(chan error, 1)
	go func() { answer <- c.Writing(ctx, f) }()
	c.waiting(before + 1)
	return answer
}

func (c *crowded) waiting(n int) {
	c.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); c.Writers() != n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("%d wait, not %d", c.Writers(), n)
		}
	}
}

// goOn lets those who wait write.
func (c *crowded) goOn() {
	c.t.Helper()
	if err := c.release(); err != nil {
		c.t.Fatal(err)
	}
}

func insertNode(exec exec, name string) error {
	_, err := exec("INSERT INTO nodes (id, name, version, started_at, heartbeat_at) VALUES (?, ?, '', 0, 0)", []byte(fmt.Sprintf("%-16s", name)), name)
	return err
}

func (c *crowded) nodes() int {
	c.t.Helper()
	nodes, err := c.Nodes(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return len(nodes)
}

func TestWritersOfOneMomentShareATransaction(t *testing.T) {
	t.Parallel()
	c := crowd(t)
	used := make(chan any, 5)
	var answers []<-chan error
	for i := range 5 {
		answers = append(answers, c.write(t.Context(), func(tx any, exec exec) error {
			used <- tx
			return insertNode(exec, fmt.Sprint(i))
		}))
	}
	c.goOn()
	first := <-used
	for i, answer := range answers {
		if err := <-answer; err != nil {
			t.Fatal(err)
		}
		if i > 0 && <-used != first {
			t.Error("a writer had a transaction of its own")
		}
	}
	if n := c.nodes(); n != 5 {
		t.Errorf("%d of 5 writes are stored", n)
	}
}

func TestAWriteThatFailsUndoesOnlyItself(t *testing.T) {
	t.Parallel()
	c := crowd(t)
	refusal := errors.New("refused")
	good := c.write(t.Context(), func(tx any, exec exec) error { return insertNode(exec, "a") })
	bad := c.write(t.Context(), func(tx any, exec exec) error { return errors.Join(insertNode(exec, "b"), refusal) })
	late := c.write(t.Context(), func(tx any, exec exec) error { return insertNode(exec, "c") })
	c.goOn()
	if err := <-bad; !errors.Is(err, refusal) {
		t.Errorf("the bad write answered %v", err)
	}
	if err := errors.Join(<-good, <-late); err != nil {
		t.Errorf("its neighbours answered %v", err)
	}
	if n := c.nodes(); n != 2 {
		t.Errorf("%d writes are stored, not the 2 good ones", n)
	}
}

func TestAWriterWhoGivesUpLetsTheOthersWrite(t *testing.T) {
	t.Parallel()
	for name, leads := range map[string]bool{"the one who leads": true, "one who follows": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := crowd(t)
			ctx, cancel := context.WithCancel(t.Context())
			impatient, patient := ctx, t.Context()
			if !leads {
				impatient, patient = patient, impatient
			}
			first := c.write(impatient, func(tx any, exec exec) error { return insertNode(exec, "first") })
			second := c.write(patient, func(tx any, exec exec) error { return insertNode(exec, "second") })
			cancel()
			c.waiting(1)
			c.goOn()
			gaveUp, wrote := first, second
			if !leads {
				gaveUp, wrote = second, first
			}
			if err := <-gaveUp; !errors.Is(err, context.Canceled) {
				t.Errorf("who gave up was answered %v", err)
			}
			if err := <-wrote; err != nil {
				t.Errorf("who waited was answered %v", err)
			}
			if n := c.nodes(); n != 1 {
				t.Errorf("%d writes are stored, not 1", n)
			}
		})
	}
}
