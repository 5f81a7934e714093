package main_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/oidc/oidctest"
)

// The provider is on this machine, which serve --dev opens: what leaves for it
// is judged as deliveries are.
func TestServe_signs_people_in_at_an_identity_provider(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t, "sub-1", "admin@example.com")
	n := newNode(t, "sqlite://"+filepath.Join(t.TempDir(), "bellwire.db"))
	n.env = append(n.env, "BELLWIRE_OIDC_ISSUER="+p.URL, "BELLWIRE_OIDC_CLIENT_ID="+oidctest.ClientID, "BELLWIRE_OIDC_SECRET="+oidctest.Secret)
	n.start()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	response, err := client.Get(n.url + "/sign-in/oidc?next=" + url.QueryEscape("/profile"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.Request.URL.Path != "/profile" || !strings.Contains(string(text), "admin@example.com") {
		t.Errorf("ended at %s, %s, %v:\n%s", response.Request.URL, response.Status, err, text)
	}
	if log := n.log.String(); strings.Contains(log, oidctest.Secret) || strings.Contains(log, "code=") {
		t.Errorf("the log holds the client's secret, or a code:\n%s", log)
	}
}
