package account

import (
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Email is the spelling under which an address is kept and looked up: trimmed
// and lower-case. It refuses what no mail could be sent to.
func Email(raw string) (string, error) {
	email := strings.ToLower(strings.TrimSpace(raw))
	if email == "" {
		return "", webhook.Invalid("email", "is missing")
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > 254 || strings.ContainsFunc(email, unicode.IsSpace) {
		return "", webhook.Invalid("email", "is not an email address")
	}
	return email, nil
}

// Scopes reads a list of scopes, each once, in the order of their rank.
func Scopes(words []string) ([]Scope, error) {
	all := []Scope{ScopePublish, ScopeManage, ScopeRead, ScopeSecrets}
	var found []Scope
	for _, s := range all {
		if slices.Contains(words, string(s)) {
			found = append(found, s)
		}
	}
	for _, w := range words {
		if !slices.Contains(all, Scope(w)) {
			return nil, webhook.Invalid("scopes", "has %q; the scopes are publish, manage, read and secrets", w)
		}
	}
	if len(found) == 0 {
		return nil, webhook.Invalid("scopes", "must name at least one of publish, manage, read and secrets")
	}
	return found, nil
}

// CheckInstanceRole refuses what is no role on the instance.
func CheckInstanceRole(role Role) error {
	if slices.Contains([]Role{Admin, Support, Member}, role) {
		return nil
	}
	return webhook.Invalid("role", "must be admin, support or member")
}

// CheckProjectRole refuses what is no role in a project.
func CheckProjectRole(role Role) error {
	if slices.Contains(anyone, role) {
		return nil
	}
	return webhook.Invalid("role", "must be owner, developer or viewer")
}

// CheckLinkRole refuses what a sign-in link can't give: links travel through
// other people's pages.
func CheckLinkRole(role Role) error {
	if role == Developer || role == Viewer {
		return nil
	}
	return webhook.Invalid("role", "must be developer or viewer")
}

// Grants refuses to let a caller hand on scopes that it lacks itself: a key
// can make keys, but no stronger ones.
func (c Caller) Grants(scopes []Scope) error {
	if c.Key == nil {
		return nil
	}
	for _, s := range scopes {
		if !slices.Contains(c.Key.Scopes, s) {
			return webhook.Forbidden("this API key lacks the scope %s, so it can't make a key with it", s)
		}
	}
	return nil
}
