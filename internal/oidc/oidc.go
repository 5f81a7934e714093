// Package oidc asks an identity provider who somebody is, by the authorization
// code flow of OpenID Connect with PKCE.
//
// It must not know users, roles or sessions: whom an identity belongs to and
// what they may do is decided elsewhere. Its requests leave through the client
// that it is given.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/bellwire/bellwire/internal/account"
)

// patience bounds what one sign-in waits for the provider.
const patience = 20 * time.Second

// Options say which provider, and who asks it.
type Options struct {
	// Issuer is the provider's URL as its discovery document spells it.
	Issuer           string
	ClientID, Secret string
	// RedirectURL is where it sends people back; it must be registered there.
	RedirectURL string
	Client      *http.Client
}

// Provider is safe for concurrent use. It is asked for its addresses at the
// first sign-in, not at the start: it may be away then.
type Provider struct {
	options Options
	name    string

	mu    sync.Mutex
	found *oidc.Provider // guarded by mu; nil until it was reached
}

// New connects to nothing. The issuer must be a URL.
func New(options Options) (*Provider, error) {
	issuer, err := url.Parse(options.Issuer)
	if err != nil || issuer.Host == "" {
		return nil, errors.New("the identity provider's issuer is not a URL")
	}
	return &Provider{options: options, name: issuer.Host}, nil
}

// Name is what people know the provider by: its host.
func (p *Provider) Name() string { return p.name }

// Begin answers where to send somebody. With fresh they are asked to prove
// themselves even if the provider still knows them.
func (p *Provider) Begin(ctx context.Context, fresh bool) (string, account.Challenge, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", account.Challenge{}, err
	}
	challenge := account.Challenge{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	options := []oauth2.AuthCodeOption{oidc.Nonce(challenge.Nonce), oauth2.S256ChallengeOption(challenge.Verifier)}
	if fresh {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return p.flow(found).AuthCodeURL(challenge.State, options...), challenge, nil
}

// Finish takes what the person came back with and asks the provider who that is.
func (p *Provider) Finish(ctx context.Context, challenge account.Challenge, state, code string) (account.Identity, error) {
	var none account.Identity
	if challenge.State == "" || subtle.ConstantTimeCompare([]byte(challenge.State), []byte(state)) != 1 {
		return none, errors.New("the answer belongs to no sign-in that was begun here")
	}
	found, err := p.discover(ctx)
	if err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.options.Client), patience)
	defer cancel()
	token, err := p.flow(found).Exchange(ctx, code, oauth2.VerifierOption(challenge.Verifier))
	if err != nil {
		return none, fmt.Errorf("trade the code: %w", withoutBody(err))
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return none, errors.New("the provider sent no id_token")
	}
	proof, err := found.Verifier(&oidc.Config{ClientID: p.options.ClientID}).Verify(ctx, raw)
	if err != nil {
		return none, fmt.Errorf("check the id_token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(proof.Nonce), []byte(challenge.Nonce)) != 1 {
		return none, errors.New("the id_token belongs to another sign-in")
	}
	return p.identify(ctx, found, token, proof)
}

// claims are those of an id_token or of the provider's answer about a person.
type claims struct {
	Email         string `json:"email"`
	EmailVerified any    `json:"email_verified"` // some write it as a string
	AuthTime      int64  `json:"auth_time"`
}

func (c claims) verified() bool { return c.EmailVerified == true || c.EmailVerified == "true" }

func (p *Provider) identify(ctx context.Context, found *oidc.Provider, token *oauth2.Token, proof *oidc.IDToken) (account.Identity, error) {
	var said claims
	if err := proof.Claims(&said); err != nil {
		return account.Identity{}, fmt.Errorf("read the id_token: %w", err)
	}
	identity := account.Identity{Issuer: proof.Issuer, Subject: proof.Subject, Email: said.Email, EmailVerified: said.verified()}
	if said.AuthTime > 0 {
		identity.ProvenAt = time.Unix(said.AuthTime, 0)
	}
	if said.Email != "" || found.UserInfoEndpoint() == "" {
		return identity, nil
	}
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return account.Identity{}, fmt.Errorf("ask for the email address: %w", withoutBody(err))
	}
	if info.Subject != proof.Subject {
		return account.Identity{}, errors.New("the provider answered about somebody else")
	}
	var more claims
	if err := info.Claims(&more); err != nil {
		return account.Identity{}, fmt.Errorf("read the email address: %w", err)
	}
	identity.Email, identity.EmailVerified = more.Email, more.verified()
	return identity, nil
}

// withoutBody drops what a failed exchange quotes of the provider's answer: it
// may hold tokens, and errors are logged.
func withoutBody(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil {
		return fmt.Errorf("the provider answered %d %s", refused.Response.StatusCode, refused.ErrorCode)
	}
	return err
}

func (p *Provider) flow(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.options.ClientID, ClientSecret: p.options.Secret, RedirectURL: p.options.RedirectURL,
		Endpoint: found.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "email"},
	}
}

// discover reads the provider's addresses and keys, once it answers.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	if found := p.known(nil); found != nil {
		return found, nil
	}
	// The provider keeps the context's client for later requests, not its end.
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.options.Client), patience)
	defer cancel()
	found, err := oidc.NewProvider(ctx, p.options.Issuer)
	if err != nil {
		return nil, fmt.Errorf("reach the identity provider: %w", err)
	}
	return p.known(found), nil
}

// known keeps what was found first.
func (p *Provider) known(found *oidc.Provider) *oidc.Provider {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		p.found = found
	}
	return p.found
}
