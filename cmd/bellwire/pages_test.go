package main_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	setupLink  = regexp.MustCompile(`http://\S+/setup\?token=\S+`)
	shownKey   = regexp.MustCompile(`bwsk_[A-Za-z0-9_-]+`)
	shownWhsec = regexp.MustCompile(`whsec_[A-Za-z0-9+/=]{30,}`)
	anyID      = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`
)

// TestPages_lead_from_the_set_up_link_to_a_resend_without_JavaScript walks as
// the first operator of a new installation does.
func TestPages_lead_from_the_set_up_link_to_a_resend_without_JavaScript(t *testing.T) {
	databases(t, func(t *testing.T, n *node) {
		n.env = without(n.env, "BELLWIRE_ADMIN_")
		n.start()
		v := newVisitor(t, n.url)
		token := setupLink.FindString(n.log.String())
		v.post("/setup", url.Values{"token": {token[strings.Index(token, "token=")+6:]}, "email": {"ada@example.com"}, "password": {"a very long phrase"}})
		_, home := v.postTo("/projects", url.Values{"name": {"Shop"}})
		if !regexp.MustCompile(`^/p/` + anyID + `$`).MatchString(home) {
			t.Fatalf("the new project is at %q", home)
		}
		key := shownKey.FindString(v.post(home+"/keys", url.Values{"name": {"backend"}, "scope": {"publish", "read"}}))
		if key == "" {
			t.Fatal("the new key's secret is not on the page")
		}
		if strings.Contains(v.get(home+"/keys"), key) {
			t.Error("the key's secret is shown a second time")
		}
		receiver, seen := answering(t, 500)
		form := url.Values{"name": {"orders"}, "url": {receiver + "/hook"}, "topic": {"product.viewed"}, "retry": {"custom"}, "delays": {"1"}, "clientErrors": {"true"}, "do": {"save"}}
		_, endpoint := v.postTo(home+"/endpoints/new", form)
		n.must(202, key, "POST", "/events", viewed)
		eventually(t, 15*time.Second, "the retry arrived", func() bool { return len(seen()) == 2 })
		delivery := wantDelivered(t, v, home)
		if page := v.get(delivery); !strings.Contains(page, "Delivered at try 2") || !strings.Contains(page, "500 Internal Server Error") {
			t.Errorf("the delivery page does not tell of both attempts:\n%s", page)
		}
		page, resent := v.postTo(delivery+"/resend", nil)
		if resent == delivery || !strings.Contains(page, "Resent by ada@example.com") {
			t.Errorf("the resend is at %s and does not say who asked", resent)
		}
		eventually(t, 10*time.Second, "the resend arrived", func() bool { return len(seen()) == 3 })
		rotateOnPages(t, v, endpoint)
	})
}

// wantDelivered waits for the log to show a delivered row and follows it.
func wantDelivered(t *testing.T, v *visitor, home string) string {
	t.Helper()
	link := regexp.MustCompile(home + "/deliveries/" + anyID)
	found := ""
	eventually(t, 10*time.Second, "the log shows the delivery as delivered", func() bool {
		found = link.FindString(v.get(home + "/deliveries?state=delivered"))
		return found != ""
	})
	return found
}

func rotateOnPages(t *testing.T, v *visitor, endpoint string) {
	t.Helper()
	current := shownWhsec.FindString(v.post(endpoint+"/secret/reveal", url.Values{"which": {"current"}}))
	next := shownWhsec.FindString(v.post(endpoint+"/secret/rotate", url.Values{"graceHours": {"24"}}))
	if current == "" || next == "" || current == next {
		t.Fatalf("revealed %q, rotated to %q", current, next)
	}
	if page := v.post(endpoint+"/test", url.Values{"topic": {"product.viewed"}, "useNext": {"true"}}); !strings.Contains(page, "knows the next secret") {
		t.Errorf("the test with the next secret does not say that it was taken:\n%s", page)
	}
	if page := v.post(endpoint+"/secret/switch", nil); !strings.Contains(page, "-Previous") {
		t.Error("the page after the switch does not show the grace")
	}
	if now := shownWhsec.FindString(v.post(endpoint+"/secret/reveal", url.Values{"which": {"current"}})); now != next {
		t.Error("the next secret is not current after the switch")
	}
	v.post(endpoint+"/secret/undo", nil)
	if now := shownWhsec.FindString(v.post(endpoint+"/secret/reveal", url.Values{"which": {"current"}})); now != current {
		t.Error("the first secret is not current after the undo")
	}
}

func without(env []string, prefix string) []string {
	var kept []string
	for _, v := range env {
		if !strings.HasPrefix(v, prefix) {
			kept = append(kept, v)
		}
	}
	return kept
}
