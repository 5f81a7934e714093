package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/store/storetest"
)

// binary is the product as people run it, built once without cgo.
var binary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "bellwire-e2e")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "bellwire")
	build := exec.Command("go", append([]string{"build", "-o", binary}, ".")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build: %v\n%s", err, out))
	}
	return m.Run()
}

// databases runs a test on a fresh SQLite file and on a fresh PostgreSQL
// database.
func databases(t *testing.T, test func(t *testing.T, n *node)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newNode(t, storetest.Postgres(t)))
	})
}

// node is one server process and what calls it.
type node struct {
	t       *testing.T
	url     string
	env     []string
	process *exec.Cmd
	log     *buffer
	// instance is the secret of an instance key with every scope.
	instance string
}

const masterKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

func newNode(t *testing.T, database string) *node {
	t.Helper()
	addr := freeAddr(t)
	n := &node{t: t, url: "http://" + addr, log: &buffer{}, env: append(clean(os.Environ()),
		"BELLWIRE_ADDR="+addr, "BELLWIRE_DATABASE_URL="+database, "BELLWIRE_MASTER_KEY="+masterKey,
		"BELLWIRE_ADMIN_EMAIL=admin@example.com", "BELLWIRE_ADMIN_PASSWORD=correct horse battery")}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("server log:\n%s", n.log.String())
		}
	})
	return n
}

// clean drops settings of ours that the machine may carry.
func clean(env []string) []string {
	var kept []string
	for _, v := range env {
		if !strings.HasPrefix(v, "BELLWIRE_") {
			kept = append(kept, v)
		}
	}
	return kept
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start runs "serve --dev" and waits until it is ready.
func (n *node) start() *node { return n.run("serve", "--dev") }

// startStrict runs "serve" with the rules of production.
func (n *node) startStrict() *node { return n.run("serve") }

func (n *node) run(args ...string) *node {
	n.t.Helper()
	n.process = exec.Command(binary, args...)
	n.process.Env = n.env
	n.process.Stdout, n.process.Stderr = n.log, n.log
	if err := n.process.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(n.kill)
	eventually(n.t, 30*time.Second, "the server is ready", func() bool {
		response, err := http.Get(n.url + "/readyz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	if n.instance == "" {
		n.instance = n.key("--instance")
	}
	return n
}

// kill ends the server as a power failure would.
func (n *node) kill() {
	if n.process != nil && n.process.ProcessState == nil {
		n.process.Process.Signal(syscall.SIGKILL)
		n.process.Wait()
	}
}

// stop asks the server to end and returns how it did.
func (n *node) stop() error {
	n.process.Process.Signal(syscall.SIGTERM)
	return n.process.Wait()
}

// command runs another command of the binary on the same database.
func (n *node) command(args ...string) string {
	n.t.Helper()
	c := exec.Command(binary, args...)
	c.Env = n.env
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		n.t.Fatalf("bellwire %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

func (n *node) project(name string) string {
	n.t.Helper()
	return n.command("project", "create", "--name", name)
}

// key makes an API key with every scope and returns its secret.
func (n *node) key(owner ...string) string {
	n.t.Helper()
	var made struct{ ID, Secret string }
	out := n.command(append([]string{"key", "create", "--json", "--scopes", "publish,manage,read,secrets"}, owner...)...)
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.Secret == "" {
		n.t.Fatalf("key create printed %q: %v", out, err)
	}
	return made.Secret
}

// object is a decoded JSON answer.
type object map[string]any

// call makes one API call and returns the status and the answer.
func (n *node) call(key, method, path string, body any) (int, object) {
	n.t.Helper()
	status, raw := n.raw(key, method, path, body)
	answer := object{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &answer); err != nil {
			n.t.Fatalf("%s %s answered %d with %q", method, path, status, raw)
		}
	}
	return status, answer
}

func (n *node) raw(key, method, path string, body any) (int, []byte) {
	n.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		encoded, err := json.Marshal(b)
		if err != nil {
			n.t.Fatal(err)
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, n.url+"/api/v1"+path, reader)
	if err != nil {
		n.t.Fatal(err)
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	if reader != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		n.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return response.StatusCode, raw
}

// must is call for a status that the test relies on.
func (n *node) must(want int, key, method, path string, body any) object {
	n.t.Helper()
	status, answer := n.call(key, method, path, body)
	if status != want {
		n.t.Fatalf("%s %s: got %d, want %d: %v", method, path, status, want, answer)
	}
	return answer
}

func (o object) text(name string) string {
	s, _ := o[name].(string)
	return s
}

func (o object) list(name string) []object {
	items, _ := o[name].([]any)
	var objects []object
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			objects = append(objects, m)
		}
	}
	return objects
}

// eventually polls until the condition holds.
func eventually(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(50 * time.Millisecond) {
		if holds() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// buffer collects output from several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// program is a receiver that runs as a process of its own.
type program struct {
	url string
}

// seen is one request as a receiver's own code judged it.
type seen struct {
	Event, Attempt, Delivery, Timestamp, Body string
	Said, Answered                            int
}

// startReceiver runs one of testdata/receivers; secret may be set later with
// the env it names, so endpoints are made first.
func startReceiver(t *testing.T, addr, file string, env ...string) *program {
	t.Helper()
	interpreter := "python3"
	if strings.HasSuffix(file, ".mjs") {
		interpreter = "node"
	}
	_, port, _ := net.SplitHostPort(addr)
	c := exec.Command(interpreter, file)
	c.Dir = "testdata/receivers"
	c.Env = append(append(os.Environ(), env...), "PORT="+port, "FAIL_FIRST=1", "PYTHONDONTWRITEBYTECODE=1")
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatalf("%s is needed (make test installs it): %v", interpreter, err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); strings.TrimSpace(line) != "ready" {
		t.Fatalf("%s did not start: %q %v", file, line, err)
	}
	return &program{url: "http://" + addr}
}

func (p *program) seen(t *testing.T) []seen {
	t.Helper()
	response, err := http.Get(p.url + "/__seen")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var all []seen
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}
