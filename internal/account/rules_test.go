package account_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bellwire/bellwire/internal/account"
	"github.com/bellwire/bellwire/internal/webhook"
)

func TestEmailsAreKeptLowerCaseAndNonsenseRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		" Ada@Example.COM ":                 "ada@example.com",
		"a+b@x.io":                          "a+b@x.io",
		"":                                  "",
		"ada":                               "",
		"Ada <ada@example.com>":             "",
		"a b@example.com":                   "",
		"a@example.com\nBcc: b@example.com": "",
		strings.Repeat("a", 250) + "@example.com": "",
	}
	for raw, want := range tests {
		got, err := account.Email(raw)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", raw, got, err, want)
		}
	}
}

func TestScopesAreReadOnceEachAndUnknownOnesRefused(t *testing.T) {
	t.Parallel()
	got, err := account.Scopes([]string{"read", "publish", "read"})
	if err != nil || !slices.Equal(got, []account.Scope{account.ScopePublish, account.ScopeRead}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, words := range [][]string{nil, {""}, {"read", "root"}} {
		if _, err := account.Scopes(words); webhook.KindOf(err) != webhook.KindInvalid {
			t.Errorf("%v: %v, want invalid", words, err)
		}
	}
}

func TestRolesBelongToTheirPlace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		role                    account.Role
		instance, project, link bool
	}{
		{account.Admin, true, false, false},
		{account.Support, true, false, false},
		{account.Member, true, false, false},
		{account.Owner, false, true, false},
		{account.Developer, false, true, true},
		{account.Viewer, false, true, true},
		{"", false, false, false},
		{"root", false, false, false},
	}
	for _, test := range tests {
		if got := account.CheckInstanceRole(test.role) == nil; got != test.instance {
			t.Errorf("%q on the instance: %v", test.role, got)
		}
		if got := account.CheckProjectRole(test.role) == nil; got != test.project {
			t.Errorf("%q in a project: %v", test.role, got)
		}
		if got := account.CheckLinkRole(test.role) == nil; got != test.link {
			t.Errorf("%q by link: %v", test.role, got)
		}
	}
}

func TestAKeyGrantsNoMoreThanItHas(t *testing.T) {
	t.Parallel()
	c := key(ours, account.ScopeManage, account.ScopeRead)
	if err := c.Grants([]account.Scope{account.ScopeRead}); err != nil {
		t.Error(err)
	}
	if err := c.Grants([]account.Scope{account.ScopeRead, account.ScopeSecrets}); webhook.KindOf(err) != webhook.KindForbidden {
		t.Errorf("a stronger key: %v, want forbidden", err)
	}
	if err := callers["owner"].Grants([]account.Scope{account.ScopeSecrets}); err != nil {
		t.Errorf("people grant any scope: %v", err)
	}
}

func TestKeySecretsAreLongAndDifferent(t *testing.T) {
	t.Parallel()
	a, b := account.NewKeySecret(), account.NewKeySecret()
	if a == b || !strings.HasPrefix(a, "bwsk_") || len(a) != len("bwsk_")+43 {
		t.Errorf("%q and %q", a, b)
	}
	if account.HashToken(a) == account.HashToken(b) {
		t.Error("a hash stands for one secret")
	}
}
