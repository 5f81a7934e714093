package config

import (
	"net/url"
	"strings"
)

// The services outside that this installation may work with.

func (p *problems) oidc(f Flags) *OIDC {
	if f.OIDCIssuer == "" && f.OIDCClientID == "" && f.OIDCSecret == "" {
		return nil
	}
	p.check(f.OIDCIssuer != "" && f.OIDCClientID != "" && f.OIDCSecret != "", "BELLWIRE_OIDC_ISSUER",
		"and BELLWIRE_OIDC_CLIENT_ID and BELLWIRE_OIDC_CLIENT_SECRET go together")
	if u, err := url.Parse(f.OIDCIssuer); f.OIDCIssuer != "" {
		p.check(err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && u.RawQuery == "" && u.User == nil, "BELLWIRE_OIDC_ISSUER",
			"is not the URL of a provider, such as https://login.example.com")
	}
	return &OIDC{Issuer: f.OIDCIssuer, ClientID: f.OIDCClientID, Secret: f.OIDCSecret}
}

func (p *problems) slack(f Flags) (*Slack, *url.URL) {
	raw := f.SlackAPIURL
	if raw == "" {
		raw = DefaultSlackAPI
	}
	api, err := url.Parse(strings.TrimSuffix(raw, "/") + "/")
	ok := err == nil && api.Host != "" && (api.Scheme == "https" || api.Scheme == "http") && api.RawQuery == "" && api.User == nil
	p.check(ok, "BELLWIRE_SLACK_API_URL", "is not a URL such as %s", DefaultSlackAPI)
	if f.SlackClientID == "" && f.SlackSecret == "" {
		return nil, api
	}
	p.check(f.SlackClientID != "" && f.SlackSecret != "", "BELLWIRE_SLACK_CLIENT_ID", "and BELLWIRE_SLACK_CLIENT_SECRET go together")
	return &Slack{ClientID: f.SlackClientID, Secret: f.SlackSecret}, api
}
