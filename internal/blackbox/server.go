// Package blackbox has what harnesses outside the product share: the built
// binary as a process, its API as a caller uses it, and a PostgreSQL cluster to
// throw away. It knows public interfaces only: commands, environment, HTTP. It
// must not be imported by the product, but for the bench.
package blackbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Server is the binary on one database.
type Server struct {
	URL, Database string

	binary  string
	env     []string
	process *exec.Cmd
	ended   chan struct{} // closed when the process was waited for
	err     error         // what waiting answered; read it after ended
	log     output
}

// NewServer makes a server on a free port of this machine; env is put after
// the environment of this process without settings of ours.
func NewServer(binary, database string, env ...string) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, err
	}
	return &Server{
		URL: "http://" + addr, Database: database, binary: binary,
		env: append(append(WithoutOurs(os.Environ()), "BELLWIRE_ADDR="+addr, "BELLWIRE_DATABASE_URL="+database), env...),
	}, nil
}

// WithoutOurs drops settings of ours that the shell may carry.
func WithoutOurs(env []string) []string {
	var kept []string
	for _, v := range env {
		if !strings.HasPrefix(v, "BELLWIRE_") {
			kept = append(kept, v)
		}
	}
	return kept
}

// readyWithin is how long a start may take.
const readyWithin = 30 * time.Second

// stopsWithin is how long an end may take before it is made one.
const stopsWithin = 30 * time.Second

// Start serves until Stop, or until the context ends.
func (s *Server) Start(ctx context.Context) error {
	if err := s.Launch(ctx); err != nil {
		return err
	}
	return s.Ready()
}

// Launch is a start that nobody waits for.
func (s *Server) Launch(ctx context.Context) error {
	process := exec.CommandContext(ctx, s.binary, "serve")
	process.Env, process.Stdout, process.Stderr = s.env, &s.log, &s.log
	process.Cancel = func() error { return process.Process.Signal(syscall.SIGTERM) }
	process.WaitDelay = stopsWithin
	if err := process.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	ended := make(chan struct{})
	s.process, s.ended = process, ended
	go func() {
		s.err = process.Wait()
		close(ended)
	}()
	return nil
}

// Ready waits until the server takes requests.
func (s *Server) Ready() error {
	client := &http.Client{Timeout: time.Second}
	for deadline := time.Now().Add(readyWithin); time.Now().Before(deadline) && s.Runs(); time.Sleep(50 * time.Millisecond) {
		response, err := client.Get(s.URL + "/readyz")
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return nil
		}
	}
	return errors.Join(fmt.Errorf("the server is not ready after %s:\n%s", readyWithin, s.Log()), s.Stop())
}

// Runs reports whether the process was started and has not ended.
func (s *Server) Runs() bool {
	if s.process == nil {
		return false
	}
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

// Signal sends the process a signal.
func (s *Server) Signal(signal syscall.Signal) error { return s.process.Process.Signal(signal) }

// Stop asks the server to end and answers how it did.
func (s *Server) Stop() error {
	if !s.Runs() {
		return nil
	}
	if err := s.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	timer := time.AfterFunc(stopsWithin, func() { _ = s.process.Process.Kill() })
	defer timer.Stop()
	return s.Wait()
}

// Wait waits for the end of the process and answers how it ended.
func (s *Server) Wait() error {
	<-s.ended
	return s.err
}

// Kill ends the server without warning.
func (s *Server) Kill() {
	if s.Runs() {
		_ = s.process.Process.Kill()
		<-s.ended
	}
}

// PID is the process's id.
func (s *Server) PID() int { return s.process.Process.Pid }

// Log is everything that the processes wrote.
func (s *Server) Log() string { return s.log.String() }

// Command runs another command of the binary on the same database.
func (s *Server) Command(ctx context.Context, input string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, s.binary, args...)
	var complaint bytes.Buffer
	c.Env, c.Stdin, c.Stderr = s.env, strings.NewReader(input), &complaint
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("bellwire %s: %w: %s", strings.Join(args[:min(2, len(args))], " "), err, complaint.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// InstanceKey makes an API key with every scope.
func (s *Server) InstanceKey(ctx context.Context) (string, error) {
	out, err := s.Command(ctx, "", "key", "create", "--json", "--instance", "--scopes", "publish,manage,read,secrets")
	if err != nil {
		return "", err
	}
	var made struct{ Secret string }
	return made.Secret, json.Unmarshal([]byte(out), &made)
}

// Version is what the binary says of itself.
func (s *Server) Version(ctx context.Context) string {
	out, err := s.Command(ctx, "", "--version")
	if err != nil {
		return "unknown"
	}
	return out
}

// output collects what processes write.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
