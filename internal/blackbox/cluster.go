package blackbox

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Cluster is a PostgreSQL server of this process, with Debian's programs, in a
// directory that goes when this process ends in whatever way.
type Cluster struct {
	// Dir holds the data, the socket and the log.
	Dir string

	bin      string
	settings []string
	who      *syscall.Credential
	guard    *exec.Cmd
	// alive is a pipe that the guard reads: it is open as long as this process
	// lives and the server is wanted.
	alive io.Closer
}

// NewCluster makes a cluster below a directory, the system's for an empty one.
// Settings are PostgreSQL's, as "fsync=off". PostgreSQL refuses to run as root,
// so root becomes the user postgres that Debian's package makes.
func NewCluster(below string, settings ...string) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(below, "bellwire-pg-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{Dir: dir, bin: bin, settings: settings}
	if c.who, err = unprivileged(dir); err != nil {
		return nil, err
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", c.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, &syscall.SysProcAttr{Credential: c.who}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return c, nil
}

func (c *Cluster) data() string { return filepath.Join(c.Dir, "data") }

// Socket is the server's socket.
func (c *Cluster) Socket() string { return filepath.Join(c.Dir, ".s.PGSQL.5432") }

// URL names a database of the cluster; through is the directory of the socket,
// the cluster's own if it is empty.
func (c *Cluster) URL(database, through string) string {
	if through == "" {
		through = c.Dir
	}
	return "postgres:///" + database + "?" + url.Values{"host": {through}, "user": {"postgres"}}.Encode()
}

// watching is a shell that watches for the end of its standard input, which the
// system closes when this process ends in whatever way: then the server goes,
// and the directory unless the server was only stopped.
const watching = `"$0" "$@" >>"$PGDIR/log" 2>&1 & pid=$!; cat >/dev/null; kill -INT $pid 2>/dev/null; wait $pid; [ -e "$PGDIR/stopped" ] || rm -rf "$PGDIR"`

// Start starts the server; it takes connections a little later.
func (c *Cluster) Start() (err error) {
	if err := os.RemoveAll(c.stopped()); err != nil {
		return err
	}
	args := []string{"-c", watching, filepath.Join(c.bin, "postgres"), "-D", c.data(), "-k", c.Dir, "-c", "listen_addresses="}
	for _, setting := range c.settings {
		args = append(args, "-c", setting)
	}
	c.guard = exec.Command("/bin/sh", args...)
	c.guard.Dir, c.guard.Env = c.Dir, append(os.Environ(), "PGDIR="+c.Dir)
	c.guard.SysProcAttr = &syscall.SysProcAttr{Credential: c.who, Setpgid: true}
	if c.alive, err = c.guard.StdinPipe(); err != nil {
		return err
	}
	return c.guard.Start()
}

// stopped is a file that says that the directory is kept.
func (c *Cluster) stopped() string { return filepath.Join(c.Dir, "stopped") }

// Stop ends the server with a signal (SIGINT: in good order, SIGQUIT: at once,
// SIGKILL) and waits until it is gone. Start starts it again.
func (c *Cluster) Stop(signal syscall.Signal) error {
	if err := os.WriteFile(c.stopped(), nil, 0o600); err != nil {
		return err
	}
	pid, err := c.PID()
	if err != nil {
		return c.end() // it has ended by itself
	}
	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal PostgreSQL: %w", err)
	}
	for deadline := time.Now().Add(stopsWithin); syscall.Kill(pid, 0) == nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("PostgreSQL still runs %s after %s", stopsWithin, signal)
		}
	}
	return c.end()
}

// end lets the guard end.
func (c *Cluster) end() error {
	err := c.alive.Close()
	_ = c.guard.Wait() // it answers how the server ended, which is known
	return err
}

// PID is the server's first process.
func (c *Cluster) PID() (int, error) {
	text, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil {
		return 0, fmt.Errorf("PostgreSQL does not run: %w", err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(strings.TrimSpace(first))
}

// Close ends the server and removes the directory.
func (c *Cluster) Close() error {
	return errors.Join(os.RemoveAll(c.stopped()), c.end(), os.RemoveAll(c.Dir))
}

// Log is what the server wrote.
func (c *Cluster) Log() string {
	log, _ := os.ReadFile(filepath.Join(c.Dir, "log"))
	return string(log)
}

// Run runs one of PostgreSQL's programs as the server's user.
func (c *Cluster) Run(program string, args ...string) (string, error) {
	command := exec.Command(filepath.Join(c.bin, program), append([]string{"-h", c.Dir, "-U", "postgres"}, args...)...)
	command.Dir, command.SysProcAttr = c.Dir, &syscall.SysProcAttr{Credential: c.who}
	out, err := command.CombinedOutput()
	return string(out), err
}

// binaries finds the newest server programs, Debian's or those on the PATH.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err == nil && len(found) > 0 {
		return filepath.Dir(slices.Max(found)), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("PostgreSQL's server programs are missing: run `make test`, which installs them (Debian: apt-get install postgresql)")
	}
	return filepath.Dir(path), nil
}

// unprivileged gives dir to the user that the server runs as; nil means the
// present one.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
}
