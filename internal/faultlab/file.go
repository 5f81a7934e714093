package faultlab

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the checker reads the file
)

// file is an SQLite database on a disk of its own.
type file struct {
	lab *lab
	*disk
}

func newFile(l *lab) *file { return &file{lab: l} }

func (f *file) open(context.Context) (err error) {
	f.disk, err = f.lab.openDisk()
	return err
}

func (f *file) space() *disk { return f.disk }

// roomy has nothing to do: SQLite goes on by itself.
func (f *file) roomy(context.Context, *Fault) error { return nil }

func (f *file) path() string { return filepath.Join(f.mount, "bellwire.db") }

func (f *file) url(int) string { return "sqlite://" + f.path() }

func (f *file) db() (*sql.DB, error) { return sql.Open("sqlite", "file:"+f.path()) }

func (f *file) rows(ctx context.Context) (*rows, error) {
	db, err := f.db()
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return readRows(ctx, db, func(column string) string { return "hex(" + column + ")" })
}

func (f *file) sound(ctx context.Context) error {
	db, err := f.db()
	if err != nil {
		return err
	}
	defer db.Close()
	var says string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&says); err != nil {
		return err
	}
	if says != "ok" {
		return fmt.Errorf("integrity_check: %s", says)
	}
	return nil
}

// fileKinds are done to the SQLite file and what it lies on.
func fileKinds() []*kind {
	traced := func(*lab) string {
		if _, err := exec.LookPath("strace"); err != nil {
			return "needs strace"
		}
		return ""
	}
	return []*kind{
		{name: "kill-syncing", within: startWithin, can: traced, do: killSyncing},
		{name: "disk-full", within: diskWithin, blurs: true, can: mounted, do: diskFull},
		{name: "power-cut", within: startWithin, can: mounted, do: powerCut},
	}
}

// killSyncing kills the server as it enters one of its next waits for the disk:
// between the write of a commit and its safety.
func killSyncing(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	n, nth := l.nodes[0], 1+random.IntN(20)
	tracing := exec.CommandContext(ctx, "strace", "-f", "-qq", "-o", os.DevNull, "-p", fmt.Sprint(n.PID()),
		"-e", "trace=fdatasync,fsync", "-e", fmt.Sprintf("inject=fdatasync,fsync:signal=KILL:when=%d", nth))
	if err := tracing.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Wait() }()
	select {
	case err := <-ended:
		f.From, f.Took = time.Now(), killed(err)
		f.Detail = fmt.Sprintf("ended by signal 9 at the %d. wait for the disk", nth)
	case <-time.After(pointWithin):
		f.Detail = "no wait for the disk came"
	}
	_ = tracing.Process.Kill()
	_ = tracing.Wait() // it was killed, or has nothing to trace any more
	if !f.Took {
		return nil
	}
	f.Node = n.n
	return l.restart(ctx, f, n)
}

// powerCut goes on with a copy of what is on the disk at one moment: what only
// the page cache knew is lost. A file that nobody waited for must be among it.
func powerCut(ctx context.Context, l *lab, random *rand.Rand, f *Fault) error {
	disk, n := l.store.space(), l.nodes[0]
	pause(ctx, between(random, 0, time.Second))
	canary := filepath.Join(disk.mount, "canary")
	if err := os.WriteFile(canary, []byte("never waited for"), 0o600); err != nil {
		return err
	}
	f.From, f.Node = time.Now(), n.n
	if err := n.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	disk.cuts++
	before, after := disk.image, filepath.Join(l.dir, fmt.Sprintf("image-%d", disk.cuts))
	if err := command("cp", "--sparse=always", before, after); err != nil {
		return err
	}
	n.Kill()
	if err := command("umount", disk.mount); err != nil {
		return err
	}
	disk.image = after
	if err := errors.Join(disk.mountImage(), os.Remove(before)); err != nil {
		return err
	}
	survived, _ := os.ReadFile(canary) // it may not be there
	f.Took = len(survived) == 0
	if err := l.store.sound(ctx); err != nil {
		return fmt.Errorf("after the power cut: %w", err)
	}
	f.Detail = "the page cache was lost (a file without fsync was gone), integrity_check ok"
	if err := os.RemoveAll(canary); err != nil {
		return err
	}
	return l.restart(ctx, f, n)
}
