package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// signing is one way in which requests are signed, and what the server sent in
// it: one delivery before a rotation, one with a next secret, one after the
// switch.
type signing struct {
	name      string
	format    string
	custom    *webhook.CustomFormat
	brought   string
	signsTime bool
	// everySecret is where programs are tried with each secret alone, too.
	everySecret bool

	id, old, new            string
	before, rotating, after captured
	code                    map[string]object // by language
	relay                   *relay
	goBinary                string
}

func signings() []*signing {
	custom := func(header, signed, encoding, value, body string) *webhook.CustomFormat {
		return &webhook.CustomFormat{Header: header, Signed: signed, Encoding: encoding, Value: value, Body: body}
	}
	return []*signing{
		{name: "abba", format: "abba", everySecret: true}, {name: "abv", format: "abv", signsTime: true}, {name: "aicommerce", format: "aicommerce"},
		{name: "standard", format: "standard", signsTime: true, everySecret: true}, {name: "plain", format: "plain"}, {name: "hub", format: "hub"},
		{name: "standard, own secret", format: "standard", brought: "a-secret-of-my-own", signsTime: true},
		{name: "custom, time", format: "custom", signsTime: true, everySecret: true, custom: custom("X-Acme-Signature", "{t}.{body}", "hex", "t={t},v1={signature}", "flat")},
		{name: "custom, base64", format: "custom", custom: custom("X-Shopify-Hmac-Sha256", "body", "base64", "{signature}", "data")},
		{name: "custom, id", format: "custom", signsTime: true, custom: custom("X-Acme", "{id}.{t}.{body}", "base64", "v1,{signature}", "plain")},
	}
}

// captured is a request as it came from the server.
type captured struct {
	header http.Header
	body   []byte
}

// relay keeps what the server sends and passes it on to the programs; it says
// 200 only if each of them took it.
type relay struct {
	url  string
	mu   sync.Mutex
	seen []captured
	to   []*receiving
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	r := &relay{}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *relay) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	c := captured{q.Header.Clone(), body}
	r.mu.Lock()
	r.seen = append(r.seen, c)
	to := r.to
	r.mu.Unlock()
	for _, p := range to {
		if status, err := p.post(c); err != nil || status != http.StatusNoContent {
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprintf(w, "%s said %d %v", p.name, status, err)
		}
	}
}

func (r *relay) last(n int) (captured, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.seen) < n {
		return captured{}, false
	}
	return r.seen[n-1], true
}

// receiving is shown code that runs.
type receiving struct {
	name, url string
	out       *buffer
}

func (p *receiving) post(c captured) (int, error) {
	request, err := http.NewRequest("POST", p.url+"/", bytes.NewReader(c.body))
	if err != nil {
		return 0, err
	}
	request.Header = c.header.Clone()
	response, err := (&http.Client{Timeout: 10 * time.Second}).Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return response.StatusCode, nil
}

// handled counts the events of which the program wrote that it received them.
// What it writes comes through a pipe, after its answers: it has five seconds
// to come to as many as are wanted.
func (p *receiving) handled(wanted int) int {
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if n := strings.Count(p.out.String(), "received"); n >= wanted || time.Now().After(deadline) {
			return n
		}
	}
}

// runCode starts a shown program with a secret.
func (s *signing) runCode(t *testing.T, language, secret string) (*receiving, error) {
	dir := t.TempDir()
	file := filepath.Join(dir, s.code[language].text("fileName"))
	if err := os.WriteFile(file, []byte(s.code[language].text("code")), 0o600); err != nil {
		return nil, err
	}
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	command := map[string][]string{
		"python": {"python3", file}, "node": {"node", file}, "go": {s.goBinary}, "php": {"php", "-S", addr, file}, "ruby": {"ruby", file},
	}[language]
	p := &receiving{name: s.name + " in " + language, url: "http://" + addr, out: &buffer{}}
	c := exec.Command(command[0], command[1:]...)
	c.Env = append(os.Environ(), "WEBHOOK_SECRET="+secret, "PORT="+port, "TMPDIR="+dir, "PYTHONDONTWRITEBYTECODE=1")
	c.Stdout, c.Stderr = p.out, p.out
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("%s is needed (make test installs it): %w", command[0], err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			return p, conn.Close()
		}
		if time.Now().After(deadline) {
			return nil, errors.New(p.name + " does not listen: " + p.out.String())
		}
	}
}

var codeLanguages = []string{"python", "node", "go", "php", "ruby"}

// TestSnippets_shown_verify_real_deliveries_of_every_format runs the code that
// the page shows, as it is shown, against what the server sends.
func TestSnippets_shown_verify_real_deliveries_of_every_format(t *testing.T) {
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db"))
	n.start()
	n.must(http.StatusCreated, n.instance, "POST", "/topics", `{"name":"thing.happened","example":{"amount":100,"note":"it's $5 \\ \"é\" 🔔"}}`)
	all := signings()
	key := n.key("--project", n.project("snippets"))
	for _, s := range all {
		s.connect(t, n, key)
	}
	buildGo(t, all)
	for phase := range 3 {
		for _, s := range all {
			s.enter(n, key, phase)
		}
		n.must(http.StatusAccepted, key, "POST", "/events", `{"topic":"thing.happened","data":{"amount":100,`+awkward+`}}`)
		for _, s := range all {
			s.capture(t, phase)
		}
	}
	room := make(chan struct{}, 4)
	var wg sync.WaitGroup
	for _, s := range all {
		for _, language := range codeLanguages {
			wg.Go(func() {
				room <- struct{}{}
				defer func() { <-room }()
				s.judge(t, language)
			})
		}
	}
	wg.Wait()
	// The last event goes straight to every program, and all must take it.
	event := n.must(http.StatusAccepted, key, "POST", "/events", `{"topic":"thing.happened","data":{"amount":1,`+awkward+`}}`).text("id")
	eventually(t, 30*time.Second, "every endpoint's programs took a real delivery", func() bool {
		rows := n.must(http.StatusOK, key, "GET", "/deliveries?state=delivered&eventId="+event, nil).list("data")
		return len(rows) == len(all)
	})
}

func (s *signing) connect(t *testing.T, n *node, key string) {
	t.Helper()
	s.relay = newRelay(t)
	body := map[string]any{"name": s.name, "url": s.relay.url, "topics": []string{"thing.*"}, "format": s.format, "retry": quickRetry}
	if s.custom != nil {
		body["custom"] = map[string]any{"header": s.custom.Header, "signed": s.custom.Signed, "encoding": s.custom.Encoding, "value": s.custom.Value, "body": s.custom.Body}
	}
	if s.brought != "" {
		body["secret"] = s.brought
	}
	e := n.must(http.StatusCreated, key, "POST", "/endpoints", body)
	s.id, s.old, s.code = e.text("id"), e.text("secret"), map[string]object{}
	for _, language := range append([]string{"curl"}, codeLanguages...) {
		s.code[language] = n.must(http.StatusOK, key, "GET", "/endpoints/"+s.id+"/code?language="+language, nil)
	}
}

// buildGo compiles all Go code at once.
func buildGo(t *testing.T, all []*signing) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"go.mod": "module receivers\n\ngo 1.26\n"}
	for i, s := range all {
		files[fmt.Sprintf("r%d/receiver.go", i)] = s.code["go"].text("code")
		s.goBinary = filepath.Join(dir, "bin", fmt.Sprintf("r%d", i))
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("go", "build", "-ldflags=-s -w", "-o", "bin/", "./...")
	c.Dir, c.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("the Go code does not compile: %v\n%s", err, out)
	}
}

// enter takes the endpoint's rotation to a phase.
func (s *signing) enter(n *node, key string, phase int) {
	n.t.Helper()
	switch phase {
	case 1:
		s.new = n.must(http.StatusOK, key, "POST", "/endpoints/"+s.id+"/secret/rotate", nil).text("secret")
	case 2:
		n.must(http.StatusOK, key, "POST", "/endpoints/"+s.id+"/secret/switch", nil)
	}
}

func (s *signing) capture(t *testing.T, phase int) {
	t.Helper()
	to := []*captured{&s.before, &s.rotating, &s.after}[phase]
	eventually(t, 20*time.Second, s.name+" was sent to", func() bool {
		c, ok := s.relay.last(phase + 1)
		*to = c
		return ok
	})
}

// judge asks programs about what they must take and what not: one that knows
// both secrets, and where the code to find a signature differs also one for each.
func (s *signing) judge(t *testing.T, language string) {
	knowing := map[string]string{"both": s.old + " " + s.new}
	if s.everySecret {
		knowing["old"], knowing["new"] = s.old, s.new
	}
	run := map[string]*receiving{}
	for name, secret := range knowing {
		p, err := s.runCode(t, language, secret)
		if err != nil {
			t.Error(err)
			return
		}
		run[name] = p
	}
	said := func(who string, c captured, want bool, what string) {
		if run[who] == nil {
			return
		}
		status, err := run[who].post(c)
		if wanted := map[bool]int{true: http.StatusNoContent, false: http.StatusUnauthorized}[want]; err != nil || status != wanted {
			t.Errorf("%s, knowing %s, said %d %v to %s; want %d\n%s", run[who].name, who, status, err, what, wanted, run[who].out.String())
		}
	}
	for _, who := range []string{"old", "both"} {
		said(who, s.before, true, "a delivery")
		said(who, s.rotating, true, "one with a next secret")
		said(who, s.after, true, "one after the switch")
	}
	said("new", s.before, false, "a delivery signed with the old secret")
	said("new", s.rotating, true, "one with a next secret")
	said("new", s.after, true, "one after the switch")
	said("both", s.before, true, "the first delivery again")
	if got := run["both"].handled(3); got != 3 {
		t.Errorf("%s handled 3 events %d times\n%s", run["both"].name, got, run["both"].out.String())
	}
	for _, real := range []captured{s.before, s.rotating, s.after} {
		said("both", captured{real.header, bytes.Replace(real.body, []byte("100"), []byte("900"), 1)}, false, "a changed body")
		said("both", captured{real.header, append(bytes.Clone(real.body), ' ')}, false, "a longer body")
		said("both", s.forged(real), false, "a changed signature")
		said("both", unsigned(real), false, "no signature")
	}
	for _, by := range []time.Duration{-time.Hour, -6 * time.Minute, 6 * time.Minute} {
		said("both", s.sentAt(t, time.Now().Add(by)), !s.signsTime, "one signed "+by.String()+" from now")
	}
	said("both", s.sentAt(t, time.Now().Add(-4*time.Minute)), true, "one signed 4 minutes ago")
	if language == "python" {
		s.sample(t, run["both"])
		s.shell(t)
	}
	s.relay.mu.Lock()
	defer s.relay.mu.Unlock()
	s.relay.to = slices.AppendSeq(s.relay.to, maps.Values(run))
}

// signatureHeaders are those of a request that carry signatures.
func (s *signing) signatureHeaders() []string {
	header := wire.SignatureHeader(webhook.FormatName(s.format), s.custom)
	return []string{header, header + "-Next", header + "-Previous", "webhook-signature"}
}

// forged changes one character of every signature.
func (s *signing) forged(c captured) captured {
	header := c.header.Clone()
	for _, name := range s.signatureHeaders() {
		value := []byte(c.header.Get(name)) // as it came: a name may be in the list twice
		if len(value) < 10 {
			continue
		}
		at := len(value) - 8
		if value[at] != 'a' {
			value[at] = 'a'
		} else {
			value[at] = 'b'
		}
		list := strings.Fields(string(value))
		if len(list) > 1 { // a list of two: the first as well
			list[0] = "v1," + strings.Repeat("A", 43) + "="
			value = []byte(list[0] + " " + list[1])
		}
		header.Set(name, string(value))
	}
	return captured{header, c.body}
}

func unsigned(c captured) captured {
	header := http.Header{}
	for name, values := range c.header {
		if !strings.Contains(strings.ToLower(name), "sign") && !strings.Contains(strings.ToLower(name), "hmac") && name != "X-Acme" {
			header[name] = values
		}
	}
	for name := range header {
		if strings.HasPrefix(name, "X-Acme") {
			header.Del(name)
		}
	}
	return captured{header, c.body}
}

// sentAt is a request that was signed with the old secret at another time.
func (s *signing) sentAt(t *testing.T, at time.Time) captured {
	secret := webhook.Secret{Value: s.old}
	built, err := wire.Build(wire.Message{
		Event:  webhook.Event{ID: webhook.EventID{UUID: webhook.UUID{7}}, Topic: "thing.happened", Data: []byte(`{"amount":100}`), OccurredAt: at},
		Format: webhook.FormatName(s.format), Custom: s.custom, SentAt: at, Signing: webhook.Signing{Current: &secret}, Attempt: 1,
	})
	if err != nil {
		t.Error(err)
	}
	c := captured{http.Header{}, built.Body}
	for _, line := range built.Headers {
		c.header.Set(line.Name, line.Value)
	}
	return c
}

// sample runs the shell script against a program.
func (s *signing) sample(t *testing.T, to *receiving) {
	file := filepath.Join(t.TempDir(), "send-sample.sh")
	if err := os.WriteFile(file, []byte(s.code["curl"].text("code")), 0o600); err != nil {
		t.Error(err)
		return
	}
	for secret, want := range map[string]string{s.old: "204", s.old + " " + s.new: "204", "whsec_" + strings.Repeat("A", 43) + "=": "401"} {
		c := exec.Command("sh", file, to.url+"/")
		c.Env = append(os.Environ(), "WEBHOOK_SECRET="+secret)
		out, err := c.CombinedOutput()
		if first, _, _ := strings.Cut(string(out), "\n"); err != nil || !strings.Contains(first, want) {
			t.Errorf("%s: the script's sample was answered %q %v, want %s\n%s", s.name, first, err, want, out)
		}
	}
}

// shell has the script's own lines sign real deliveries: with openssl it must
// come to the header that the server sent, and to another one for another body,
// secret or time.
func (s *signing) shell(t *testing.T) {
	header := wire.SignatureHeader(webhook.FormatName(s.format), s.custom)
	script := s.code["curl"].text("code")
	setup, rest, _ := strings.Cut(script, "\n}\n") // to the end of sign
	var digest, line string
	for text := range strings.Lines(rest) {
		if strings.HasPrefix(text, "digest=") {
			digest = text
		}
		if value, ok := strings.CutPrefix(text, "  --header "); ok && strings.Contains(text, header+": ") {
			line = strings.TrimSuffix(strings.TrimSpace(value), " \\")
		}
	}
	signs := func(c captured, secret string) bool {
		run := exec.Command("sh", "-c", setup+"\n}\nid=$ID sent=$SENT body=$BODY\n"+digest+"printf %s "+line)
		run.Env = append(os.Environ(), "WEBHOOK_SECRET="+secret, "ID="+c.header.Get("webhook-id"), "SENT="+c.header.Get("webhook-timestamp"), "BODY="+string(c.body))
		out, err := run.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v in\n%s", s.name, err, out)
		}
		name, value, _ := strings.Cut(string(out), ": ")
		return strings.EqualFold(name, header) && slices.Contains(strings.Fields(c.header.Get(header)), value)
	}
	later := captured{s.before.header.Clone(), s.before.body}
	later.header.Set("webhook-timestamp", "1700000000")
	for what, c := range map[string]struct{ got, want bool }{
		"a delivery":                 {signs(s.before, s.old), true},
		"one after the switch":       {signs(s.after, s.new), true},
		"one of another secret":      {signs(s.after, s.old), s.format == "standard"}, // its list has both
		"a longer body":              {signs(captured{s.before.header, append(bytes.Clone(s.before.body), ' ')}, s.old), false},
		"a delivery of another time": {signs(later, s.old), !s.signsTime},
	} {
		if c.got != c.want {
			t.Errorf("%s: the script signs %s as the server did: %v, want %v", s.name, what, c.got, c.want)
		}
	}
}
