package oidc_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/oidc"
	"github.com/bellwire/bellwire/internal/oidc/oidctest"
)

const back = "https://bell.example/sign-in/oidc/callback"

func client(t *testing.T, p *oidctest.Provider) *oidc.Provider {
	t.Helper()
	c, err := oidc.New(oidc.Options{Issuer: p.URL, ClientID: oidctest.ClientID, Secret: oidctest.Secret, RedirectURL: back, Client: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// visit goes to the provider and back.
func visit(t *testing.T, c *oidc.Provider, p *oidctest.Provider, fresh bool) (account.Challenge, url.Values) {
	t.Helper()
	to, challenge, err := c.Begin(t.Context(), fresh)
	if err != nil {
		t.Fatal(err)
	}
	returned := p.Visit(t, to)
	if !strings.HasPrefix(returned.String(), back+"?") {
		t.Fatalf("sent back to %s", returned)
	}
	return challenge, returned.Query()
}

func TestFinish_tells_who_the_provider_vouches_for(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t, "sub-1", "ann@example.com")
	c := client(t, p)
	challenge, said := visit(t, c, p, false)
	got, err := c.Finish(t.Context(), challenge, said.Get("state"), said.Get("code"))
	want := account.Identity{Issuer: p.URL, Subject: "sub-1", Email: "ann@example.com", EmailVerified: true}
	if err != nil || got != want {
		t.Fatalf("got %+v, %v", got, err)
	}
	challenge, said = visit(t, c, p, true)
	if got, err = c.Finish(t.Context(), challenge, said.Get("state"), said.Get("code")); err != nil || !got.Fresh(time.Now()) {
		t.Errorf("asked to prove themselves again: %+v, %v", got, err)
	}
	if got.Fresh(time.Now().Add(time.Hour)) || want.Fresh(time.Now()) {
		t.Error("a sign-in of an hour ago, or of no time, counts as fresh")
	}
}

func TestFinish_asks_for_an_address_that_the_token_lacks(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t, "sub-1", "")
	p.Person("sub-1", "", map[string]any{"email": nil, "email_verified": nil})
	c := client(t, p)
	for name, about := range map[string]map[string]any{
		"a word for yes":        {"sub": "sub-1", "email": "ann@example.com", "email_verified": "true"},
		"about somebody else":   {"sub": "sub-2", "email": "bob@example.com", "email_verified": true},
		"an unverified address": {"sub": "sub-1", "email": "ann@example.com", "email_verified": false},
	} {
		p.About(about)
		challenge, said := visit(t, c, p, false)
		got, err := c.Finish(t.Context(), challenge, said.Get("state"), said.Get("code"))
		if other := about["sub"] != "sub-1"; (err != nil) != other || !other && (got.Email != about["email"] || got.EmailVerified != (about["email_verified"] == "true")) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestFinish_takes_no_answer_that_was_not_asked_for(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t, "sub-1", "ann@example.com")
	c := client(t, p)
	for name, wrong := range map[string]func(challenge *account.Challenge, said url.Values){
		"another state":    func(_ *account.Challenge, said url.Values) { said.Set("state", "x") },
		"nothing asked":    func(c *account.Challenge, said url.Values) { *c = account.Challenge{}; said.Set("state", "") },
		"another nonce":    func(c *account.Challenge, _ url.Values) { c.Nonce = "x" },
		"another verifier": func(c *account.Challenge, _ url.Values) { c.Verifier = strings.Repeat("x", 43) },
		"another code":     func(_ *account.Challenge, said url.Values) { said.Set("code", "x") },
	} {
		challenge, said := visit(t, c, p, false)
		wrong(&challenge, said)
		if got, err := c.Finish(t.Context(), challenge, said.Get("state"), said.Get("code")); err == nil {
			t.Errorf("%s: taken for %+v", name, got)
		} else if strings.Contains(err.Error(), oidctest.Secret) {
			t.Errorf("%s: the error holds the secret: %v", name, err)
		}
	}
	challenge, said := visit(t, c, p, false)
	for i := range 2 {
		if _, err := c.Finish(t.Context(), challenge, said.Get("state"), said.Get("code")); (err == nil) != (i == 0) {
			t.Errorf("use %d of one code: %v", i+1, err)
		}
	}
	for name, claims := range map[string]map[string]any{
		"another issuer": {"iss": "https://other.example"}, "for another client": {"aud": "other"}, "of yesterday": {"exp": time.Now().Add(-time.Hour).Unix()},
	} {
		p.Person("sub-1", "ann@example.com", claims)
		challenge, said := visit(t, c, p, false)
		if got, err := c.Finish(t.Context(), challenge, said.Get("state"), said.Get("code")); err == nil {
			t.Errorf("a token %s was taken for %+v", name, got)
		}
	}
}

func TestBegin_works_once_the_provider_is_back(t *testing.T) {
	t.Parallel()
	p := oidctest.New(t, "sub-1", "ann@example.com")
	p.Away(true)
	c := client(t, p)
	if to, _, err := c.Begin(t.Context(), false); err == nil {
		t.Fatalf("sent to %s", to)
	}
	p.Away(false)
	if _, _, err := c.Begin(t.Context(), false); err != nil {
		t.Error(err)
	}
}
