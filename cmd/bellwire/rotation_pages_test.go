package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/receiver"
	"github.com/bellwire/bellwire/internal/webhook"
	"github.com/bellwire/bellwire/internal/wire"
)

// rotated is a receiver and its endpoint while the secret is rotated. It
// verifies as the documents' receivers do, and knows one secret or two.
type rotated struct {
	name   string
	format webhook.FormatName
	custom *webhook.CustomFormat
	path   string
	// whole has it read -Next and -Previous too.
	whole bool
	grace string

	mu       sync.Mutex
	secrets  []string
	seen     map[string]int
	rejected []string
}

func (r *rotated) know(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = secrets
}

func (r *rotated) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	header := wire.SignatureHeader(r.format, r.custom)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, suffix := range []string{"", "-Next", "-Previous"} {
		if q.Header.Get(header+suffix) != "" {
			r.seen[suffix]++
		}
	}
	if len(strings.Fields(q.Header.Get("webhook-signature"))) == 2 {
		r.seen["list"]++
	}
	if fault := r.verify(header, q.Header, body); fault != nil {
		r.rejected = append(r.rejected, fault.Error())
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// verify tries every secret that it knows on every header that it reads.
func (r *rotated) verify(header string, got http.Header, body []byte) (fault error) {
	for _, suffix := range []string{"", "-Next", "-Previous"} {
		if suffix != "" && !r.whole {
			break
		}
		seen := got.Clone()
		seen.Set(header, got.Get(header+suffix))
		for _, secret := range r.secrets {
			err := receiver.Verify(r.format, r.custom, secret, seen, body)
			if err == nil {
				return nil
			}
			if fault == nil {
				fault = err
			}
		}
	}
	return fault
}

// TestPages_rotate_every_formats_secret_at_20_events_a_second_and_nothing_is_rejected
// takes two receivers of each format through a rotation by the pages' own
// forms: one that holds both secrets and reads the format's main header only,
// one that holds a single secret at a time and reads every header.
func TestPages_rotate_every_formats_secret_at_20_events_a_second_and_nothing_is_rejected(t *testing.T) {
	n := newNode(t, "sqlite://"+t.TempDir()+"/bellwire.db")
	n.start()
	project := n.project("rotation")
	key := n.key("--project", project)
	v := newVisitor(t, n.url)
	v.post("/sign-in", url.Values{"email": {"admin@example.com"}, "password": {"correct horse battery"}})
	all := rotatedReceivers(t, n, key, "/p/"+project)
	stop, published := make(chan struct{}), make(chan int)
	go publishSteadily(n, key, stop, published)
	inEach := func(step func(r *rotated)) {
		for _, r := range all {
			step(r)
		}
		time.Sleep(time.Second)
	}
	inEach(func(r *rotated) { r.begin(t, v) })
	inEach(func(r *rotated) {
		page := v.post(r.path+"/test", url.Values{"topic": {"product.viewed"}, "useNext": {"true"}})
		if !strings.Contains(page, "The receiver knows the next secret") {
			t.Errorf("%s: the test with the next secret was not taken", r.name)
		}
	})
	inEach(func(r *rotated) { v.post(r.path+"/secret/switch", nil) })
	inEach(func(r *rotated) {
		if r.grace != "0" {
			v.post(r.path+"/secret/undo", nil)
		}
	})
	inEach(func(r *rotated) {
		if r.grace != "0" {
			v.post(r.path+"/secret/switch", nil)
		}
	})
	close(stop)
	events := <-published
	eventually(t, 20*time.Second, "nothing waits any more", func() bool {
		return len(n.must(http.StatusOK, key, "GET", "/deliveries?state=waiting", nil).list("data")) == 0 &&
			len(n.must(http.StatusOK, key, "GET", "/deliveries?state=sending", nil).list("data")) == 0
	})
	for _, r := range all {
		r.judge(t, v, events)
	}
	if lost := n.must(http.StatusOK, key, "GET", "/deliveries?state=exhausted", nil).list("data"); len(lost) > 0 {
		t.Errorf("%d deliveries were given up", len(lost))
	}
	t.Logf("%d events to %d receivers through a rotation each", events, len(all))
}

func rotatedReceivers(t *testing.T, n *node, key, project string) []*rotated {
	t.Helper()
	var all []*rotated
	for _, info := range wire.Formats() {
		for _, whole := range []bool{false, true} {
			r := &rotated{name: fmt.Sprintf("%s, both secrets", info.Name), format: info.Name, whole: whole, grace: "24", seen: map[string]int{}}
			if whole {
				r.name, r.grace = fmt.Sprintf("%s, one secret at a time", info.Name), "0"
			}
			body := map[string]any{"format": info.Name}
			if info.Name == webhook.FormatCustom {
				r.custom = &webhook.CustomFormat{Header: "X-Acme-Signature", Signed: "{t}.{body}", Encoding: "base64", Value: "t={t},v1={signature}", Body: "flat"}
				body["custom"] = map[string]any{"header": r.custom.Header, "signed": r.custom.Signed, "encoding": r.custom.Encoding, "value": r.custom.Value, "body": r.custom.Body}
			}
			server := httptest.NewServer(r)
			t.Cleanup(server.Close)
			e := n.endpoint(key, server.URL, body)
			r.path = project + "/endpoints/" + e.text("id")
			r.know(e.text("secret"))
			all = append(all, r)
		}
	}
	return all
}

// publishSteadily publishes 20 events a second and answers how many there were.
func publishSteadily(n *node, key string, stop chan struct{}, published chan int) {
	beat := time.NewTicker(50 * time.Millisecond)
	defer beat.Stop()
	defer close(published) // a call that fails ends this with none
	for count := 0; ; {
		select {
		case <-stop:
			published <- count
			return
		case <-beat.C:
			count++
			n.must(http.StatusAccepted, key, "POST", "/events", fmt.Sprintf(`{"topic":"product.viewed","data":{"n":%d,%s}}`, count, awkward))
		}
	}
}

var shownNext = regexp.MustCompile(`id="secret-next"[^>]*>(whsec_[A-Za-z0-9+/=]+)<`)

// begin makes the next secret by the page's form and gives it to the receiver:
// beside the old one, or in its place.
func (r *rotated) begin(t *testing.T, v *visitor) {
	t.Helper()
	page := v.post(r.path+"/secret/rotate", url.Values{"graceHours": {r.grace}})
	found := shownNext.FindStringSubmatch(page)
	if found == nil || !strings.Contains(page, "Test with the next one") {
		t.Fatalf("%s: the page shows no next secret:\n%s", r.name, page)
	}
	r.mu.Lock()
	old := r.secrets[0]
	r.mu.Unlock()
	if r.whole {
		r.know(found[1])
	} else {
		r.know(old, found[1])
	}
}

func (r *rotated) judge(t *testing.T, v *visitor, events int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.rejected) > 0 {
		t.Errorf("%s rejected %d requests, first: %s", r.name, len(r.rejected), r.rejected[0])
	}
	if got := r.seen[""]; got != events+1 {
		t.Errorf("%s got %d requests, want %d events and a test", r.name, got, events)
	}
	switch {
	case r.format == webhook.FormatStandard:
		if r.seen["list"] < 10 {
			t.Errorf("%s saw two signatures in %d requests only", r.name, r.seen["list"])
		}
	case r.seen["-Next"] < 10 || r.grace != "0" && r.seen["-Previous"] < 10:
		t.Errorf("%s saw -Next in %d and -Previous in %d requests only", r.name, r.seen["-Next"], r.seen["-Previous"])
	}
	want := "Undo the switch"
	if r.grace == "0" {
		want = "Make next secret"
	}
	if !strings.Contains(v.get(r.path+"?tab=secret"), want) {
		t.Errorf("%s: the page after the rotation does not offer %q", r.name, want)
	}
}
