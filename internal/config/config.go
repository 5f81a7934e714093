// Package config turns flags and environment variables into a Config, and
// says every problem at once. It reads nothing but what it is given and knows
// no part that it configures.
package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Flags are the settings as people write them; kong fills them from flags and
// from the environment variables named in the tags.
type Flags struct {
	Addr           string `help:"Address to listen on." env:"BELLWIRE_ADDR" default:"127.0.0.1:8080"`
	BaseURL        string `help:"Public URL, for links. Default: made from the address." env:"BELLWIRE_BASE_URL"`
	DatabaseURL    string `help:"sqlite://PATH or postgres://…" env:"BELLWIRE_DATABASE_URL" default:"sqlite://./bellwire.db"`
	MasterKey      string `help:"32 bytes in base64, or several joined by commas, newest first. SQLite without it: a key file beside the new database." env:"BELLWIRE_MASTER_KEY"`
	EgressAllow    string `help:"CIDRs that endpoints may reach although private, joined by commas." env:"BELLWIRE_EGRESS_ALLOW"`
	AllowHTTP      Switch `help:"Let endpoints be http://." env:"BELLWIRE_ALLOW_HTTP" name:"allow-http"`
	EgressProxy    string `help:"CONNECT proxy for deliveries; targets are judged before." env:"BELLWIRE_EGRESS_PROXY"`
	NAT64Prefix    string `help:"A declared NAT64 network." env:"BELLWIRE_NAT64_PREFIX" name:"nat64-prefix"`
	EgressIPs      string `help:"Addresses that deliveries come from, as told to receivers." env:"BELLWIRE_EGRESS_IPS" name:"egress-ips"`
	EgressPorts    string `help:"Ports that endpoints may use, joined by commas. Default: 80, 443 and from 1024 except database and mail ports." env:"BELLWIRE_EGRESS_PORTS"`
	EgressCAFile   string `help:"Extra trust roots (PEM) for deliveries." env:"BELLWIRE_EGRESS_CA_FILE" name:"egress-ca-file"`
	TrustedProxies string `help:"CIDRs whose X-Forwarded-For counts." env:"BELLWIRE_TRUSTED_PROXIES"`
	Workers        string `help:"Most deliveries in flight at once on this node." env:"BELLWIRE_WORKERS" default:"512"`
	PublishRate    string `help:"Most events a second that each API key may publish on this node; 0 for no bound." env:"BELLWIRE_PUBLISH_RATE" default:"20000"`
	Retention      string `help:"How long payloads and attempts are kept." env:"BELLWIRE_RETENTION" default:"720h"`
	MetricsAddr    string `help:"Listener for /metrics; off if empty (admins see /metrics on the main address)." env:"BELLWIRE_METRICS_ADDR"`
	AdminEmail     string `help:"First admin, made on an empty database." env:"BELLWIRE_ADMIN_EMAIL"`
	AdminPassword  string `help:"The first admin's password." env:"BELLWIRE_ADMIN_PASSWORD"`
	SecondFactor   string `help:"staff: admins and support must turn on a second factor before anything else." env:"BELLWIRE_REQUIRE_SECOND_FACTOR" name:"require-second-factor"`
	OIDCIssuer     string `help:"URL of an OpenID Connect provider at which people can sign in." env:"BELLWIRE_OIDC_ISSUER" name:"oidc-issuer"`
	OIDCClientID   string `help:"What the provider knows this server as." env:"BELLWIRE_OIDC_CLIENT_ID" name:"oidc-client-id"`
	OIDCSecret     string `help:"This server's secret at the provider." env:"BELLWIRE_OIDC_CLIENT_SECRET,BELLWIRE_OIDC_SECRET" name:"oidc-client-secret"`
	SlackClientID  string `help:"Client id of the Slack app that posts for projects." env:"BELLWIRE_SLACK_CLIENT_ID" name:"slack-client-id"`
	SlackSecret    string `help:"The Slack app's client secret." env:"BELLWIRE_SLACK_CLIENT_SECRET,BELLWIRE_SLACK_SECRET" name:"slack-client-secret"`
	SlackAPIURL    string `help:"Where Slack's methods are." env:"BELLWIRE_SLACK_API_URL" name:"slack-api-url" default:"https://slack.com/api/"`
	LogLevel       string `help:"debug, info, warn or error." env:"BELLWIRE_LOG_LEVEL" default:"info"`
}

// The defaults of settings, also for commands that have no flag for them.
const (
	DefaultWorkers     = 512
	DefaultPublishRate = 20_000
	DefaultRetention   = 720 * time.Hour
	DefaultLogLevel    = "info"
)

// Switch is a flag without a value, or true or false from the environment. It
// is kept as written, so that a bad one is named together with all others.
type Switch string

// IsBool lets the flag stand alone.
func (Switch) IsBool() bool { return true }

// Decode takes the word as it stands.
func (s *Switch) Decode(ctx *kong.DecodeContext) error {
	*s = "true"
	if ctx.Scan.Peek().Type == kong.FlagValueToken {
		*s = Switch(fmt.Sprint(ctx.Scan.Pop().Value))
	}
	return nil
}

// Config is what the composition root needs, checked.
type Config struct {
	Addr           string
	BaseURL        *url.URL
	DatabaseURL    string
	MasterKeys     [][]byte // newest first; empty: SQLite's key file
	EgressAllow    []netip.Prefix
	AllowHTTP      bool
	EgressProxy    *url.URL     // nil for none
	NAT64Prefix    netip.Prefix // invalid for none
	EgressIPs      []string
	EgressPorts    []uint16 // empty for the default policy
	EgressCAFile   string
	TrustedProxies []string
	Workers        int
	PublishRate    int // 0 for no bound
	Retention      time.Duration
	MetricsAddr    string
	AdminEmail     string
	AdminPassword  string
	LogLevel       string
	// OIDC is the identity provider; nil for none.
	OIDC *OIDC
	// Slack is the app that posts for projects; nil for none.
	Slack *Slack
	// SlackAPI is where Slack's methods are, with a slash at the end.
	SlackAPI *url.URL
	// StaffSecondFactor asks admins and support for a second factor.
	StaffSecondFactor bool
	// Dev allows http and loopback targets and says so in a banner.
	Dev bool
}

// OIDC names an identity provider and what it knows this server as.
type OIDC struct{ Issuer, ClientID, Secret string }

// Slack names a Slack app.
type Slack struct{ ClientID, Secret string }

// DefaultSlackAPI is where Slack itself is.
const DefaultSlackAPI = "https://slack.com/api/"

// Parse checks the flags; the error joins every problem, one a line, each
// beginning with the names of flag and variable.
func (f Flags) Parse() (Config, error) {
	var p problems
	c := Config{
		Addr: f.Addr, DatabaseURL: f.DatabaseURL, EgressCAFile: f.EgressCAFile, MetricsAddr: f.MetricsAddr,
		AdminEmail: f.AdminEmail, AdminPassword: f.AdminPassword, EgressIPs: list(f.EgressIPs),
		AllowHTTP: p.toggle("BELLWIRE_ALLOW_HTTP", f.AllowHTTP), LogLevel: p.level(f.LogLevel),
		Workers: p.whole("BELLWIRE_WORKERS", f.Workers, DefaultWorkers), PublishRate: p.whole("BELLWIRE_PUBLISH_RATE", f.PublishRate, DefaultPublishRate),
		Retention: p.duration("BELLWIRE_RETENTION", f.Retention, DefaultRetention),
	}
	p.listener("BELLWIRE_ADDR", f.Addr)
	if f.MetricsAddr != "" {
		p.listener("BELLWIRE_METRICS_ADDR", f.MetricsAddr)
	}
	c.BaseURL = p.baseURL(f.BaseURL, f.Addr)
	p.database(f.DatabaseURL)
	c.MasterKeys = p.keys(f.MasterKey, f.DatabaseURL)
	c.EgressAllow = p.prefixes("BELLWIRE_EGRESS_ALLOW", f.EgressAllow)
	c.EgressProxy = p.proxy(f.EgressProxy)
	if nat := p.prefixes("BELLWIRE_NAT64_PREFIX", f.NAT64Prefix); len(nat) > 0 {
		c.NAT64Prefix = nat[0]
	}
	c.EgressPorts = p.ports(f.EgressPorts)
	for _, prefix := range p.prefixes("BELLWIRE_TRUSTED_PROXIES", f.TrustedProxies) {
		c.TrustedProxies = append(c.TrustedProxies, prefix.String())
	}
	for _, ip := range c.EgressIPs {
		if _, err := netip.ParseAddr(ip); err != nil {
			p.add("BELLWIRE_EGRESS_IPS", "%q is not an address", ip)
		}
	}
	c.OIDC = p.oidc(f)
	c.Slack, c.SlackAPI = p.slack(f)
	c.StaffSecondFactor = f.SecondFactor == "staff"
	p.check(c.StaffSecondFactor || f.SecondFactor == "", "BELLWIRE_REQUIRE_SECOND_FACTOR", "%q is not staff; leave it out to ask nobody", f.SecondFactor)
	p.check(c.Workers >= 1 && c.Workers <= 100_000, "BELLWIRE_WORKERS", "must be 1 to 100000")
	p.check(c.PublishRate >= 0 && c.PublishRate <= 10_000_000, "BELLWIRE_PUBLISH_RATE", "must be 0 to 10000000")
	p.check(c.Retention >= time.Hour, "BELLWIRE_RETENTION", "must be at least 1h")
	p.check((f.AdminEmail == "") == (f.AdminPassword == ""), "BELLWIRE_ADMIN_EMAIL", "and BELLWIRE_ADMIN_PASSWORD go together")
	return c, errors.Join(p...)
}

// Development opens http and loopback targets. It refuses unless the server
// listens on loopback only.
func (c *Config) Development() error {
	host, _, _ := net.SplitHostPort(c.Addr)
	ip, err := netip.ParseAddr(host)
	if host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s: this server opens loopback to every endpoint, so it must listen on loopback, not on %q", bothNames("BELLWIRE_ADDR"), c.Addr)
	}
	c.Dev = true
	c.AllowHTTP = true
	c.EgressAllow = append(c.EgressAllow, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
	return nil
}

// SQLitePath is the database file, empty for PostgreSQL.
func (c Config) SQLitePath() string {
	path, ok := strings.CutPrefix(c.DatabaseURL, "sqlite://")
	if !ok {
		return ""
	}
	return path
}

type problems []error

func (p *problems) add(variable, format string, args ...any) {
	*p = append(*p, fmt.Errorf("%s: %s", bothNames(variable), fmt.Sprintf(format, args...)))
}

// bothNames are a setting's flag and its variable: whoever typed one finds it.
func bothNames(variable string) string {
	flag := strings.TrimPrefix(variable, "BELLWIRE_")
	return "--" + strings.ReplaceAll(strings.ToLower(flag), "_", "-") + ", " + variable
}

func (p *problems) check(ok bool, variable, format string, args ...any) {
	if !ok {
		p.add(variable, format, args...)
	}
}

func (p *problems) toggle(variable string, raw Switch) bool {
	if raw == "" {
		return false
	}
	on, err := strconv.ParseBool(string(raw))
	p.check(err == nil, variable, "%q is neither true nor false", raw)
	return on
}

// whole and duration answer the usual value for one that can't be read, which
// is named alone.
func (p *problems) whole(variable, raw string, usual int) int {
	if raw == "" {
		return usual
	}
	n, err := strconv.Atoi(raw)
	if err != nil {
		p.add(variable, "%q is not a whole number", raw)
		return usual
	}
	return n
}

func (p *problems) duration(variable, raw string, usual time.Duration) time.Duration {
	if raw == "" {
		return usual
	}
	d, err := time.ParseDuration(raw)
	if err != nil {
		p.add(variable, "%q is not a duration such as 720h", raw)
		return usual
	}
	return d
}

func (p *problems) level(raw string) string {
	if raw == "" {
		return DefaultLogLevel
	}
	p.check(slices.Contains([]string{"debug", "info", "warn", "error"}, raw), "BELLWIRE_LOG_LEVEL", "%q is not debug, info, warn or error", raw)
	return raw
}

func (p *problems) listener(variable, addr string) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		p.add(variable, "%q is not host:port", addr)
		return
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		p.add(variable, "port %q is not 0 to 65535", port)
	}
}

func (p *problems) baseURL(raw, addr string) *url.URL {
	if raw == "" {
		raw = "http://" + reachable(addr)
	}
	u, err := url.Parse(strings.TrimSuffix(raw, "/"))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		p.add("BELLWIRE_BASE_URL", "%q is not http(s)://host[:port] without a path", raw)
		return nil
	}
	return u
}

// reachable turns a listen address into one that a browser on this machine
// can open.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip, err := netip.ParseAddr(host); host == "" || (err == nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func (p *problems) database(raw string) {
	switch {
	case strings.HasPrefix(raw, "sqlite://"):
		p.check(len(raw) > len("sqlite://"), "BELLWIRE_DATABASE_URL", "has no path after sqlite://")
	case strings.HasPrefix(raw, "postgres://"), strings.HasPrefix(raw, "postgresql://"):
		if u, err := url.Parse(raw); err != nil || u.Host == "" && u.Query().Get("host") == "" {
			p.add("BELLWIRE_DATABASE_URL", "is not postgres://user:password@host:port/database")
		}
	default:
		p.add("BELLWIRE_DATABASE_URL", "must begin with sqlite:// or postgres://")
	}
}

func (p *problems) keys(raw, databaseURL string) [][]byte {
	if raw == "" {
		p.check(strings.HasPrefix(databaseURL, "sqlite://"), "BELLWIRE_MASTER_KEY", "is required with PostgreSQL: 32 bytes in base64, for example from: openssl rand -base64 32")
		return nil
	}
	var keys [][]byte
	for i, text := range list(raw) {
		key, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(key) != 32 {
			p.add("BELLWIRE_MASTER_KEY", "key %d is not 32 bytes in base64", i+1)
			continue
		}
		keys = append(keys, key)
	}
	return keys
}

func (p *problems) prefixes(variable, raw string) []netip.Prefix {
	var prefixes []netip.Prefix
	for _, text := range list(raw) {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			p.add(variable, "%q is not a CIDR such as 10.20.0.0/16", text)
			continue
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes
}

func (p *problems) proxy(raw string) *url.URL {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		p.add("BELLWIRE_EGRESS_PROXY", "is not http(s)://host:port")
		return nil
	}
	return u
}

func (p *problems) ports(raw string) []uint16 {
	var ports []uint16
	for _, text := range list(raw) {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			p.add("BELLWIRE_EGRESS_PORTS", "%q is not a port", text)
			continue
		}
		ports = append(ports, uint16(n))
	}
	return ports
}

// list splits at commas and drops empty parts.
func list(raw string) []string {
	var parts []string
	for part := range strings.SplitSeq(raw, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
