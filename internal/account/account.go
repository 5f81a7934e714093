// Package account decides who someone is and what they may do: users,
// sessions, API keys, roles. It hashes and compares; it never stores, and
// knows neither cookies nor headers.
package account

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/bellwire/bellwire/internal/webhook"
)

// Role is what a person is, on the instance or in one project.
type Role string

// Instance roles (admin, support, member) and project roles (owner,
// developer, viewer).
const (
	Admin     Role = "admin"
	Support   Role = "support"
	Member    Role = "member"
	Owner     Role = "owner"
	Developer Role = "developer"
	Viewer    Role = "viewer"
)

// Scope is what an API key may do.
type Scope string

// The scopes of API keys; reveal and rotate need Secrets.
const (
	ScopePublish Scope = "publish"
	ScopeManage  Scope = "manage"
	ScopeRead    Scope = "read"
	ScopeSecrets Scope = "secrets"
)

// User is a person who can sign in.
type User struct {
	ID    webhook.UserID
	Email string
	Name  string
	Role  Role
	// PasswordHash is empty for people who came by a sign-in link only.
	PasswordHash string
	CreatedAt    time.Time
	LastSeenAt   time.Time
	DisabledAt   time.Time
	// SecondFactorAt is when the person turned their second factor on; zero
	// while it is off.
	SecondFactorAt time.Time
}

// Proof stands for all that lets somebody in: password, second factor, role.
// What was begun under another one, such as a session, is worth nothing.
func (u User) Proof() string {
	since := int64(0)
	if !u.SecondFactorAt.IsZero() {
		since = u.SecondFactorAt.UnixMilli()
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d\n%s", u.ID, u.Role, since, u.PasswordHash))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Failures are the sign-ins that failed since the last one that went well.
type Failures struct {
	Count int
	// At and Addr tell of the latest.
	At   time.Time
	Addr string
}

// Membership is a user's role in a project.
type Membership struct {
	ProjectID webhook.ProjectID
	UserID    webhook.UserID
	Email     string
	Name      string
	Role      Role
	CreatedAt time.Time
	// LastSeenAt is zero for somebody who has not come yet.
	LastSeenAt time.Time
	// SecondFactor says whether it is on; false also for callers who may not
	// know.
	SecondFactor bool
}

// Key is an API key. The secret itself is never kept, only its SHA-256.
type Key struct {
	ID webhook.KeyID
	// ProjectID is zero for an instance key: the platform's own.
	ProjectID  webhook.ProjectID
	Name       string
	Scopes     []Scope
	Hash       [32]byte
	CreatedBy  webhook.Actor
	CreatedAt  time.Time
	LastUsedAt time.Time
	RevokedAt  time.Time
	// Prefix are the first characters of the secret, to tell keys apart by;
	// empty for keys of an older version.
	Prefix string
	// ExpiresAt is zero for a key that lasts.
	ExpiresAt time.Time
	// LastUsedAddr is where LastUsedAt came from.
	LastUsedAddr string
}

// LinkKind says what a one-time link is for.
type LinkKind string

// The kinds of one-time link.
const (
	LinkSetup      LinkKind = "setup"
	LinkSignIn     LinkKind = "sign-in"
	LinkInvitation LinkKind = "invitation"
)

// Link is a single-use link; only the SHA-256 of its token is kept.
type Link struct {
	ID        webhook.LinkID
	Kind      LinkKind
	Hash      [32]byte
	ProjectID webhook.ProjectID
	Email     string
	Role      Role
	CreatedAt time.Time
	CreatedBy webhook.Actor
	ExpiresAt time.Time
	UsedAt    time.Time
}

// Caller is who asks for something, as far as rights go.
type Caller struct {
	Actor webhook.Actor
	// User is set for people, Key for programs, neither for the system (the
	// command line and the demo).
	User *User
	Key  *Key
	// Projects are the caller's memberships; empty for keys.
	Projects map[webhook.ProjectID]Role
	// SteppedUp says that the person gave their password within 10 minutes.
	SteppedUp bool
	// System may do everything: commands on the machine itself.
	System bool
	// Addr is the caller's network address, for the audit log.
	Addr string
}

// Session is one browser that somebody is signed in with.
type Session struct {
	// Token is the hashed token, the session's key in the store.
	Token      string
	UserID     webhook.UserID
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
	Addr       string
	Agent      string
}
