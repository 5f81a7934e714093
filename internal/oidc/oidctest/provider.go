// Package oidctest is an identity provider for tests: discovery, keys, the
// authorization code flow with PKCE, and answers that a test can make wrong.
package oidctest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// The client that the provider knows.
const (
	ClientID = "bellwire"
	Secret   = "provider-secret-0123456789"
)

// Provider answers at URL, which is its issuer.
type Provider struct {
	URL string

	key *rsa.PrivateKey
	mu  sync.Mutex // guards all below
	// claims are told of whoever signs in; about, if set, stands in what
	// /userinfo tells.
	claims, about map[string]any
	grants        map[string]grant
	away          bool
}

// grant is a code that was given out.
type grant struct{ nonce, challenge, redirect string }

// New starts a provider at which the person with this subject and verified
// address is signed in.
func New(t testing.TB, subject, email string) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{key: key, grants: map[string]grant{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("/keys", p.keys)
	mux.HandleFunc("/authorize", p.authorize)
	mux.HandleFunc("/token", p.token)
	mux.HandleFunc("/userinfo", p.userinfo)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.away {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	p.Person(subject, email, nil)
	return p
}

// Person changes who is signed in, and with change what is told of them.
func (p *Provider) Person(subject, email string, change map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.claims = map[string]any{"sub": subject, "email": email, "email_verified": true}
	for name, value := range change {
		if value == nil {
			delete(p.claims, name)
			continue
		}
		p.claims[name] = value
	}
}

// About is what /userinfo tells.
func (p *Provider) About(claims map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.about = claims
}

// Away makes every answer an error, or ends that.
func (p *Provider) Away(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = away
}

// Visit is the browser's way through the provider, where the person is signed
// in: from the address that it was sent to, to the one that it is sent back to.
func (p *Provider) Visit(t testing.TB, to string) (back *url.URL) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(to)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	back, err = response.Location()
	if err != nil {
		t.Fatalf("%s: %s, %v", to, response.Status, err)
	}
	return back
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "userinfo_endpoint": p.URL + "/userinfo", "id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": encode(p.key.N.Bytes()), "e": encode([]byte{1, 0, 1}),
	}}})
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" {
		http.Error(w, "this client is not known, or asks in another way", http.StatusBadRequest)
		return
	}
	if q.Get("max_age") == "0" && p.claims["auth_time"] == nil {
		p.claims["auth_time"] = time.Now().Unix()
	}
	code := rand.Text()
	p.grants[code] = grant{q.Get("nonce"), q.Get("code_challenge"), q.Get("redirect_uri")}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	code := r.FormValue("code")
	given, ok := p.grants[code]
	delete(p.grants, code)
	proof := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || id != ClientID || secret != Secret || given.redirect != r.FormValue("redirect_uri") || encode(proof[:]) != given.challenge {
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]any{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{"iss": p.URL, "aud": ClientID, "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(), "nonce": given.nonce}
	for name, value := range p.claims {
		claims[name] = value
	}
	answer(w, map[string]any{"access_token": "access", "token_type": "Bearer", "id_token": p.sign(claims)})
}

func (p *Provider) userinfo(w http.ResponseWriter, _ *http.Request) { answer(w, p.about) }

// sign makes a JWT (RFC 7519) under RS256.
func (p *Provider) sign(claims map[string]any) string {
	head, _ := json.Marshal(map[string]string{"alg": "RS256", "kid": "1"})
	body, _ := json.Marshal(claims)
	text := encode(head) + "." + encode(body)
	sum := sha256.Sum256([]byte(text))
	signature, _ := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	return text + "." + encode(signature)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
