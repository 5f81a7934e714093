package config_test

import (
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/config"
)

func good() config.Flags {
	return config.Flags{Addr: "127.0.0.1:8080", DatabaseURL: "sqlite://./x.db", Workers: "8", Retention: "1h"}
}

func TestParse_defaults_are_accepted(t *testing.T) {
	t.Parallel()
	c, err := good().Parse()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.BaseURL.String(); got != "http://127.0.0.1:8080" {
		t.Errorf("base URL made from the address: got %q", got)
	}
	if got := c.SQLitePath(); got != "./x.db" {
		t.Errorf("SQLite path: got %q", got)
	}
}

func TestParse_names_every_problem_at_once(t *testing.T) {
	t.Parallel()
	f := config.Flags{
		Addr: "nowhere", BaseURL: "ftp://x/y", DatabaseURL: "mysql://x", MasterKey: "short",
		EgressAllow: "10.0.0.0/99", EgressProxy: "socks", EgressPorts: "0,x", TrustedProxies: "all",
		EgressIPs: "1.2.3", Workers: "many", PublishRate: "-1", Retention: "1m", AdminEmail: "a@example.com", AllowHTTP: "maybe", LogLevel: "loud", SecondFactor: "everybody",
		OIDCIssuer: "login.example.com",
	}
	_, err := f.Parse()
	if err == nil {
		t.Fatal("nothing was refused")
	}
	for _, variable := range []string{
		"BELLWIRE_ADDR", "BELLWIRE_BASE_URL", "BELLWIRE_DATABASE_URL", "BELLWIRE_MASTER_KEY", "BELLWIRE_EGRESS_ALLOW",
		"BELLWIRE_EGRESS_PROXY", "BELLWIRE_EGRESS_PORTS", "BELLWIRE_TRUSTED_PROXIES", "BELLWIRE_EGRESS_IPS",
		"BELLWIRE_WORKERS", "BELLWIRE_PUBLISH_RATE", "BELLWIRE_RETENTION", "BELLWIRE_ADMIN_EMAIL", "BELLWIRE_ALLOW_HTTP", "BELLWIRE_LOG_LEVEL",
		"BELLWIRE_REQUIRE_SECOND_FACTOR", "BELLWIRE_OIDC_ISSUER",
	} {
		if !strings.Contains(err.Error(), variable+":") {
			t.Errorf("%s is not named in:\n%v", variable, err)
		}
	}
	if !strings.Contains(err.Error(), "--egress-ips, BELLWIRE_EGRESS_IPS: ") {
		t.Errorf("the flags are not named beside their variables:\n%v", err)
	}
}

func TestParse_asks_staff_for_a_second_factor_when_told_to(t *testing.T) {
	t.Parallel()
	f := good()
	if c, err := f.Parse(); err != nil || c.StaffSecondFactor {
		t.Errorf("by itself: %v, %v", c.StaffSecondFactor, err)
	}
	f.SecondFactor = "staff"
	if c, err := f.Parse(); err != nil || !c.StaffSecondFactor {
		t.Errorf("when told to: %v, %v", c.StaffSecondFactor, err)
	}
}

func TestParse_takes_an_identity_provider_whole_or_not_at_all(t *testing.T) {
	t.Parallel()
	f := good()
	if c, err := f.Parse(); err != nil || c.OIDC != nil {
		t.Errorf("without one: %v, %v", c.OIDC, err)
	}
	f.OIDCIssuer, f.OIDCClientID, f.OIDCSecret = "https://login.example.com/realms/x", "bellwire", "s3cret"
	if c, err := f.Parse(); err != nil || *c.OIDC != (config.OIDC{Issuer: f.OIDCIssuer, ClientID: "bellwire", Secret: "s3cret"}) {
		t.Errorf("with one: %v, %v", c.OIDC, err)
	}
	for _, without := range []*string{&f.OIDCIssuer, &f.OIDCClientID, &f.OIDCSecret} {
		kept := *without
		*without = ""
		if _, err := f.Parse(); err == nil || !strings.Contains(err.Error(), "go together") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("without %q: %v", kept, err)
		}
		*without = kept
	}
}

func TestParse_requires_a_master_key_with_postgres(t *testing.T) {
	t.Parallel()
	f := good()
	f.DatabaseURL = "postgres://u@localhost:5432/bellwire"
	if _, err := f.Parse(); err == nil || !strings.Contains(err.Error(), "BELLWIRE_MASTER_KEY") {
		t.Errorf("got %v", err)
	}
}

func TestParse_keeps_key_material_out_of_the_error(t *testing.T) {
	t.Parallel()
	f := good()
	f.MasterKey = "c2VjcmV0LXNlY3JldA=="
	_, err := f.Parse()
	if err == nil || strings.Contains(err.Error(), f.MasterKey) {
		t.Errorf("got %v", err)
	}
}

func TestDevelopment_is_refused_off_loopback(t *testing.T) {
	t.Parallel()
	for addr, ok := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:8080": true, "[::1]:8080": true,
		"0.0.0.0:8080": false, ":8080": false, "192.168.1.2:8080": false,
	} {
		c := config.Config{Addr: addr}
		if err := c.Development(); (err == nil) != ok {
			t.Errorf("%s: got %v, want allowed %v", addr, err, ok)
		}
	}
}
