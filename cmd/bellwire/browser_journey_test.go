package main_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/receiver"
	"github.com/bellwire/bellwire/internal/webhook"
)

// newcomer is somebody who has never seen the product: they press what the page
// shows, by its words, and know no address but the one they were given.
type newcomer struct {
	*browser
	script bool
	clicks int
	began  time.Time
}

// The bound for a first delivery.
const (
	firstWithin = 2 * time.Minute
	firstClicks = 15
)

func arrive(t *testing.T, script bool, url string) *newcomer {
	t.Helper()
	p := &newcomer{browser: newBrowser(t), script: script}
	if !script {
		p.withoutScript()
	}
	p.size(1440, 900, "light")
	p.began = time.Now()
	p.open(url)
	return p
}

// chooses presses the link or button with these words. It must be the only one
// on the page, and not far below the fold. A page that is live may have put
// another in its place before it was pressed: then that one is pressed.
func (p *newcomer) chooses(words string) {
	p.t.Helper()
	p.clicks++
	for range 5 {
		found := eval[string](p.browser, `(()=>{const all=[...document.querySelectorAll("main a,main button")].filter(e=>e.innerText.trim()===`+quoted(words)+`&&e.checkVisibility());
		if(all.length!==1)return all.length+" of them";const far=all[0].getBoundingClientRect().top-innerHeight;
		if(far>innerHeight/2)return far+" px below the fold";document.querySelectorAll("[data-chosen]").forEach(e=>delete e.dataset.chosen);all[0].dataset.chosen="1";return ""})()`)
		if found != "" {
			p.t.Fatalf("to press %q: %s\n%s", words, found, p.text("main"))
		}
		err := p.presses(`[data-chosen]`, 10*time.Second)
		if err == nil {
			return
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			p.t.Fatalf("browser: press %q: %v", words, err)
		}
	}
	p.t.Fatalf("%q was replaced whenever it was to be pressed\n%s", words, p.text("main"))
}

// fills types into a field, which takes a click unless the cursor is there.
func (p *newcomer) fills(field, text string) {
	p.t.Helper()
	if !eval[bool](p.browser, `document.activeElement===document.querySelector(`+quoted(field)+`)`) {
		p.clicks++
		p.click(field)
	}
	eval[bool](p.browser, `(document.querySelector(`+quoted(field)+`).select(),true)`) // what is there is typed over
	p.typed(field, text)
}

// sees waits for words on the page; without script it looks again by the
// page's own link.
func (p *newcomer) sees(words string) {
	p.t.Helper()
	eventually(p.t, firstWithin, "the page says "+words, func() bool {
		if strings.Contains(eval[string](p.browser, `document.querySelector("main").innerText`), words) {
			return true
		}
		if !p.script && eval[bool](p.browser, `!!document.querySelector("main noscript a")`) {
			p.chooses("Look again")
		}
		return false
	})
}

// project is the way from the set-up link to an empty project.
func (p *newcomer) project() {
	p.t.Helper()
	p.fills(`#email`, "ada@example.com")
	p.fills(`#password`, "correct horse battery")
	p.chooses("Create administrator")
	p.fills(`#name`, "Shop")
	p.chooses("Create project")
	p.wants("No endpoint yet", "Choose a receiver")
}

// publishes is the end of every way: the event, and what the page says of it.
func (p *newcomer) publishes(verdict string) {
	p.t.Helper()
	p.chooses("Publish commission.earned")
	p.sees("It arrived")
	p.wants("delivered", verdict, "What next")
	took := time.Since(p.began)
	p.t.Logf("first verified delivery: %d clicks, %.1f s", p.clicks, took.Seconds())
	if p.clicks > firstClicks || took > firstWithin {
		p.t.Errorf("it took %d clicks and %s", p.clicks, took)
	}
}

// untouched is a server on an empty database, and its set-up link.
func untouched(t *testing.T) (n *node, link string) {
	t.Helper()
	n = newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db"))
	var env []string
	for _, v := range n.env {
		if !strings.HasPrefix(v, "BELLWIRE_ADMIN_") {
			env = append(env, v)
		}
	}
	n.env = env
	n.start()
	eventually(t, 10*time.Second, "the set-up link is printed", func() bool { return setupLink.MatchString(n.log.String()) })
	return n, setupLink.FindString(n.log.String())
}

// terminal runs a line as a shell of somebody who has bellwire installed.
func terminal(t *testing.T, line string) *buffer {
	t.Helper()
	out := &buffer{}
	c := exec.Command("sh", "-c", "exec "+line)
	c.Env = append(clean(os.Environ()), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(os.Interrupt)
		c.Wait()
		if t.Failed() {
			t.Logf("%s printed:\n%s", strings.Fields(line)[1], out.String())
		}
	})
	return out
}

// ownProgram is a receiver of the newcomer's own, which verifies with the secret
// that they give it.
type ownProgram struct {
	url  string
	mu   sync.Mutex
	key  string
	seen []receiver.Seen
}

func ownReceiver(t *testing.T, format webhook.FormatName) *ownProgram {
	t.Helper()
	p := &ownProgram{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: receiver.New(receiver.Options{
		Format: format, Secret: func() string { p.mu.Lock(); defer p.mu.Unlock(); return p.key },
		Saw: func(s receiver.Seen) { p.mu.Lock(); defer p.mu.Unlock(); p.seen = append(p.seen, s) },
	})}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	p.url = fmt.Sprintf("http://%s/hook", listener.Addr())
	return p
}

func (p *ownProgram) uses(secret string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key = secret
}

// verified fails the test unless one request came, with a good signature.
func (p *ownProgram) verified(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.seen) != 1 || p.seen[0].Fault != nil || p.key == "" || p.seen[0].Status != http.StatusOK {
		t.Errorf("the program saw %+v", p.seen)
	}
}

// journeys plays one with and without JavaScript.
func journeys(t *testing.T, play func(t *testing.T, script bool)) {
	for name, script := range map[string]bool{"with JavaScript": true, "without JavaScript": false} {
		t.Run(name, func(t *testing.T) { play(t, script) })
	}
}

const command, signingSecret = `pre[aria-label="Command"]`, `pre[aria-label="Signing secret"]`

func TestJourney_from_setup_to_a_verified_delivery_with_the_test_receiver(t *testing.T) {
	journeys(t, func(t *testing.T, script bool) {
		_, link := untouched(t)
		p := arrive(t, script, link)
		p.project()
		if script {
			p.looked("journey-empty")
		}
		out := terminal(t, p.text(command))
		eventually(t, 20*time.Second, "the receiver listens", func() bool { return strings.Contains(out.String(), "listening on") })
		p.chooses("Connect")
		p.publishes("The test receiver verified the signature and answered 200")
		if got := out.String(); strings.Count(got, "signature ok  answered 200") != 1 {
			t.Errorf("the receiver printed:\n%s", got)
		}
		if script {
			p.looked("journey-arrived")
		}
	})
}

func TestJourney_from_setup_to_a_verified_delivery_at_a_url_of_ones_own(t *testing.T) {
	journeys(t, func(t *testing.T, script bool) {
		mine := ownReceiver(t, webhook.FormatAbba)
		_, link := untouched(t)
		p := arrive(t, script, link)
		p.project()
		p.chooses("My own URL")
		p.fills(`#url`, mine.url)
		mine.uses(p.text(signingSecret))
		p.chooses("Connect")
		p.wants("in the format abba")
		p.publishes("Your server answered 200")
		mine.verified(t)
	})
}

var printedSecret = regexp.MustCompile(`secret\s+(whsec_\S+)`)

func TestJourney_from_setup_to_a_verified_delivery_to_a_local_program(t *testing.T) {
	journeys(t, func(t *testing.T, script bool) {
		mine := ownReceiver(t, webhook.FormatStandard)
		_, link := untouched(t)
		p := arrive(t, script, link)
		p.project()
		p.chooses("My local program")
		p.fills(`#to`, mine.url)
		p.chooses("Make a key and show the command")
		out := terminal(t, p.text(command))
		eventually(t, 20*time.Second, "the command prints its secret", func() bool { return printedSecret.MatchString(out.String()) })
		mine.uses(printedSecret.FindStringSubmatch(out.String())[1])
		p.sees("It gets the events of every topic.")
		if script {
			p.looked("journey-forward")
		}
		p.publishes("Your server answered 200")
		mine.verified(t)
	})
}

func TestJourney_of_a_developer_who_was_invited_into_an_empty_project(t *testing.T) {
	journeys(t, func(t *testing.T, script bool) {
		n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db")).start()
		s := n.stage(t)
		link := s.must(http.StatusCreated, s.instance, "POST", "/projects/"+s.project+"/invitations", map[string]any{"email": "grace@example.com", "role": "developer"}).text("url")
		p := arrive(t, script, link)
		p.fills(`#name`, "Grace")
		p.fills(`#password`, "a very long phrase")
		p.clicks++
		p.press(`main form button`)
		p.wants("You belong to this project now", "Choose a receiver")
		out := terminal(t, p.text(command))
		eventually(t, 20*time.Second, "the receiver listens", func() bool { return strings.Contains(out.String(), "listening on") })
		p.chooses("Connect")
		p.publishes("The test receiver verified the signature")
	})
}

func TestJourney_that_goes_wrong_says_why_and_is_mended_where_it_stands(t *testing.T) {
	_, link := untouched(t)
	p := arrive(t, true, link)
	p.project()
	line := p.text(command)
	p.chooses("Connect")
	p.chooses("Publish commission.earned")
	p.sees("Your server refused the connection.")
	p.wants("start the command of step 1")
	p.looked("journey-refused")
	p.chooses("Show the command with its secret")
	if again := p.text(command); again != line {
		t.Errorf("first shown as %s\nthen as %s", line, again)
	}
	out := terminal(t, p.text(command))
	eventually(t, 20*time.Second, "the receiver listens", func() bool { return strings.Contains(out.String(), "listening on") })
	p.chooses("Send it again now")
	p.sees("It arrived")
}
