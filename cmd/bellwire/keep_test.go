package main_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/store/storetest"
)

const newerKey = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="

// refused runs a command that must fail, and answers what it says.
func (n *node) refused(args ...string) string {
	n.t.Helper()
	c := exec.Command(binary, args...)
	c.Env = n.env
	out, err := c.CombinedOutput()
	if err == nil {
		n.t.Fatalf("bellwire %s: no error, but %s", strings.Join(args, " "), out)
	}
	return string(out)
}

func (n *node) masterKey(keys string) { n.env = append(n.env, "BELLWIRE_MASTER_KEY="+keys) }

// vault is a project with an endpoint whose secrets are under the first key.
func vault(n *node, receiver string) (key, endpoint, secret string) {
	key = n.key("--project", n.project("vault"))
	made := n.must(201, key, "POST", "/endpoints", object{
		"name": "vault", "url": receiver, "topics": []string{"product.viewed"}, "format": "standard",
		"headers": []object{{"name": "X-Token", "value": "tok_0123456789", "secret": true}},
	})
	return key, made.text("id"), made.text("secret")
}

// tokens is a receiver that counts the requests which bear the secret header.
func tokens(t *testing.T) (url string, seen func() int) {
	var mu sync.Mutex
	right := 0
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Header.Get("X-Token") == "tok_0123456789" {
			right++
		}
	}))
	t.Cleanup(receiver.Close)
	return receiver.URL, func() int { mu.Lock(); defer mu.Unlock(); return right }
}

// publishing publishes until stopped and answers the ids that were accepted.
func (n *node) publishing(key string) (stop func() []string) {
	ctx, cancel := context.WithCancel(context.Background())
	accepted := make(chan []string, 1)
	go func() {
		var ids []string
		for ctx.Err() == nil {
			if status, answer := n.call(key, "POST", "/events", `{"topic":"product.viewed","data":{}}`); status == 202 {
				ids = append(ids, answer.text("id"))
			}
		}
		accepted <- ids
	}()
	return sync.OnceValue(func() []string { cancel(); return <-accepted })
}

func TestSecrets_are_rewrapped_beside_a_busy_server_and_the_old_key_is_needed_no_more(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		receiver, seen := tokens(t)
		n.start()
		key, endpoint, secret := vault(n, receiver)
		n.stop()
		n.masterKey(newerKey + "," + masterKey)
		n.start()
		stop := n.publishing(key)
		defer stop()
		if said := n.command("secrets", "rewrap"); !strings.HasPrefix(said, "3 of 3 secrets were sealed anew") {
			t.Errorf("it says %q", said)
		}
		if said := n.command("secrets", "rewrap"); !strings.HasPrefix(said, "0 of 3 ") {
			t.Errorf("the second time it says %q", said)
		}
		accepted := len(stop())
		eventually(t, 30*time.Second, "everything arrives with its secret header", func() bool { return seen() == accepted && accepted > 0 })
		n.stop()
		n.masterKey(masterKey)
		if said := n.refused("migrate"); !strings.Contains(said, "master key is not the one") {
			t.Errorf("the old key alone: %s", said)
		}
		n.masterKey(newerKey)
		n.start()
		if got := n.must(200, key, "POST", "/endpoints/"+endpoint+"/secret/reveal", object{}).text("secret"); got != secret {
			t.Errorf("the signing secret is %q, it was %q", got, secret)
		}
		n.must(202, key, "POST", "/events", `{"topic":"product.viewed","data":{}}`)
		eventually(t, 30*time.Second, "a delivery under the new key alone", func() bool { return seen() == accepted+1 })
	})
}

func TestBackup_of_a_busy_server_holds_all_that_was_accepted_and_starts(t *testing.T) {
	t.Parallel()
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db"))
	receiver, seen := tokens(t)
	n.start()
	key, _, _ := vault(n, receiver)
	earlier := n.publishing(key)
	eventually(t, 30*time.Second, "it is busy", func() bool { return seen() > 50 })
	before := earlier()
	stop := n.publishing(key)
	copied := filepath.Join(t.TempDir(), "copy.db")
	if said := n.command("backup", copied); !strings.Contains(said, "copy.db: ") || !strings.Contains(said, " bytes, checked") {
		t.Errorf("it says %q", said)
	}
	stop()
	if said := n.refused("backup", copied); !strings.Contains(said, "exists already") {
		t.Errorf("the second time it says %q", said)
	}
	n.kill()

	restored := newNode(t, "sqlite://"+copied)
	restored.start()
	for _, id := range before {
		restored.must(200, key, "GET", "/events/"+id, nil)
	}
	arrived := seen()
	restored.must(202, key, "POST", "/events", `{"topic":"product.viewed","data":{}}`)
	eventually(t, 30*time.Second, "the copy delivers", func() bool { return seen() > arrived })
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy's mode is %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(copied + ".part*"); left != nil {
		t.Errorf("left over: %v", left)
	}
}

func TestBackup_says_what_it_cannot_copy(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing.db")
	for database, words := range map[string]string{
		storetest.Postgres(t): "pg_dump",
		"sqlite://" + missing: "no such file",
	} {
		n := newNode(t, database)
		if said := n.refused("backup", missing+".copy"); !strings.Contains(said, words) {
			t.Errorf("%s: it says %q", words, said)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a database was made to be copied")
	}
}
