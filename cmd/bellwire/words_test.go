package main_test

import (
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// say runs the binary with nothing in its environment.
func say(t *testing.T, words ...string) (out string, status int) {
	t.Helper()
	c := exec.Command(binary, words...)
	c.Env = append(clean(nil), "PATH=/usr/bin:/bin", "HOME="+t.TempDir())
	c.Dir = t.TempDir()
	printed, _ := c.CombinedOutput() // the status is judged by the caller
	return string(printed), c.ProcessState.ExitCode()
}

func TestCommands_without_a_word_and_help_are_answered_with_help(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		words  string
		status int
		part   string
	}{
		{"", 0, "bench pages"}, {"help", 0, "bench pages"}, {"help serve", 0, "BELLWIRE_WORKERS"}, {"serve --help", 0, "BELLWIRE_WORKERS"},
		{"serv", 2, "serv"}, {"serve --nope", 2, "--nope"}, {"publish --topic a", 2, "--key"},
		{"publish --topic a.b --key k --url http://127.0.0.1:1", 1, "Is it running, and is --url (BELLWIRE_URL) its address?"},
		{"listen --key k --forward foo --url http://127.0.0.1:1", 1, "--forward foo is no http:// or https:// URL"},
		{"key create --project shop --scopes read", 1, `--project "shop" is neither a project's id nor ext:`},
		{"project create --name Shop --owner you@example.com", 1, `--owner "you@example.com": there is no such person in this database, and no project was made`},
		{"listen --format x", 2, `--format must be one of "auto","abba"`},
		{"member add --project ext:shop --email a@example.com", 1, "there is no such project in this database"},
	} {
		t.Run(c.words, func(t *testing.T) {
			t.Parallel()
			if out, status := say(t, strings.Fields(c.words)...); status != c.status || !strings.Contains(out, c.part) {
				t.Errorf("status %d, want %d with %q in:\n%s", status, c.status, c.part, out)
			}
		})
	}
}

func TestTheFirstStepsOfTheReadme_lead_an_admin_into_a_project_of_their_own(t *testing.T) {
	t.Parallel()
	n := newNode(t, "sqlite://"+t.TempDir()+"/b.db").start()
	if want := "Sign in at " + n.url + " as admin@example.com"; !strings.Contains(n.log.String(), want) {
		t.Errorf("%q is not in what serve prints", want)
	}
	id := n.command("project", "create", "--name", "Shop", "--owner", "Admin@example.com")
	members := n.must(200, n.instance, "GET", "/projects/"+id+"/members", nil).list("data")
	if len(members) != 1 || members[0].text("email") != "admin@example.com" || members[0].text("role") != "owner" {
		t.Errorf("the project's members are %v", members)
	}
	out, status := say(t, "publish", "--url", n.url, "--key", n.key("--project", id), "--topic", "order.created")
	if status != 1 || strings.Count(out, "is not known") != 1 || !strings.Contains(out, "POST /api/v1/topics") || strings.Contains(out, "prompt.created") {
		t.Errorf("an unknown topic: status %d\n%s", status, out)
	}
}

func TestServe_and_demo_promise_nothing_on_an_address_that_is_taken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, command := range []string{"serve", "demo"} {
		out, status := say(t, command, "--addr", taken.Addr().String())
		if status != 1 || !strings.Contains(out, "choose another address") || strings.Contains(out, "http://") {
			t.Errorf("%s: status %d:\n%s", command, status, out)
		}
	}
}

func TestListen_on_a_port_names_the_topic_and_says_what_is_not_verified(t *testing.T) {
	t.Parallel()
	out := &buffer{}
	c := exec.Command(binary, "listen", "--port", "0", "--quiet")
	c.Env, c.Stdout, c.Stderr = clean(nil), out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { c.Process.Kill(); c.Wait() }()
	eventually(t, 20*time.Second, "the receiver says that nothing is verified", func() bool { return strings.Contains(out.String(), "nothing is verified: --secret") })
	at, _, _ := strings.Cut(strings.TrimPrefix(out.String(), "listening on "), "\n")
	for _, body := range []string{`{"type":"order.made","data":{}}`, `{"eventId":"1","eventType":"order.flat","type":"gift"}`, `{"event":"order.store"}`, `[]`} {
		resp, err := http.Post(at, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	eventually(t, 20*time.Second, "each line names its topic", func() bool {
		printed := out.String()
		return strings.Contains(printed, "  order.made  event") && strings.Contains(printed, "  order.flat  event") && strings.Contains(printed, "  order.store  event") && strings.Count(printed, "  event ") == 4
	})
}
