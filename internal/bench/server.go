package bench

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
	"syscall"
	"time"
)

// Who the bench is on its own servers. The key seals nothing but the bench's
// own secrets.
const (
	adminEmail = "admin@bench.example"
	password   = "a long phrase of the bench"
	masterKey  = "YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtLi4="
)

// server is the binary on one database.
type server struct {
	binary, database, url string
	env                   []string
	process               *exec.Cmd
	log                   bytes.Buffer
}

func newServer(o Options, database string) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, err
	}
	return &server{
		binary: o.Binary, database: database, url: "http://" + addr,
		env: append(withoutOurs(os.Environ()), "BELLWIRE_ADDR="+addr, "BELLWIRE_DATABASE_URL="+database, "BELLWIRE_MASTER_KEY="+masterKey,
			"BELLWIRE_ADMIN_EMAIL="+adminEmail, "BELLWIRE_ADMIN_PASSWORD="+password, "BELLWIRE_LOG_LEVEL=warn",
			// The receiver is on this machine, and the past that is made up stays.
			"BELLWIRE_EGRESS_ALLOW=127.0.0.0/8", "BELLWIRE_ALLOW_HTTP=true", "BELLWIRE_RETENTION=2400h"),
	}, nil
}

// withoutOurs drops settings of ours that the shell may carry.
func withoutOurs(env []string) []string {
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

// start serves until stop, or until the context ends.
func (s *server) start(ctx context.Context) error {
	if err := s.launch(ctx); err != nil {
		return err
	}
	return s.ready()
}

// launch is a start that nobody waits for.
func (s *server) launch(ctx context.Context) error {
	s.process = exec.CommandContext(ctx, s.binary, "serve")
	s.process.Env, s.process.Stdout, s.process.Stderr = s.env, &s.log, &s.log
	s.process.Cancel = func() error { return s.process.Process.Signal(syscall.SIGTERM) }
	s.process.WaitDelay = stopsWithin
	if err := s.process.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	return nil
}

func (s *server) ready() error {
	client := &http.Client{Timeout: time.Second}
	for deadline := time.Now().Add(readyWithin); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		response, err := client.Get(s.url + "/readyz")
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return nil
		}
	}
	return errors.Join(fmt.Errorf("the server is not ready after %s:\n%s", readyWithin, s.log.String()), s.stop())
}

func (s *server) stop() error {
	if s.process == nil || s.process.ProcessState != nil {
		return nil
	}
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	timer := time.AfterFunc(stopsWithin, func() { _ = s.process.Process.Kill() })
	defer timer.Stop()
	return s.process.Wait()
}

// kill ends the server as a power failure would.
func (s *server) kill() {
	if s.process != nil && s.process.ProcessState == nil {
		_ = s.process.Process.Kill()
		_ = s.process.Wait() // it was killed
	}
}

// pid is the process's id.
func (s *server) pid() int { return s.process.Process.Pid }

// command runs another command of the binary on the same database.
func (s *server) command(ctx context.Context, input string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, s.binary, args...)
	var complaint bytes.Buffer
	c.Env, c.Stdin, c.Stderr = s.env, strings.NewReader(input), &complaint
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("bellwire %s: %w: %s", strings.Join(args[:min(2, len(args))], " "), err, complaint.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// instanceKey makes an API key with every scope.
func (s *server) instanceKey(ctx context.Context) (string, error) {
	out, err := s.command(ctx, "", "key", "create", "--json", "--instance", "--scopes", "publish,manage,read,secrets")
	if err != nil {
		return "", err
	}
	var made struct{ Secret string }
	return made.Secret, json.Unmarshal([]byte(out), &made)
}

// version is what the binary says of itself.
func (s *server) version(ctx context.Context) string {
	out, err := s.command(ctx, "", "--version")
	if err != nil {
		return "unknown"
	}
	return out
}

// result begins what a scenario measures on this server.
func (s *server) result(ctx context.Context, scenario string, columns ...string) Result {
	return Result{
		Scenario: scenario, At: time.Now(), Version: s.version(ctx), Database: dialect(s.database), Machine: newMachine(), Columns: columns, Missed: []string{},
	}
}
